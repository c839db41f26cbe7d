// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_HTML_REPORT_HPP
#define XRAYON_ANALYZE_HTML_REPORT_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/detail/report_charts.hpp>
#include <xrayon/analyze/detail/report_style.hpp>
#include <xrayon/analyze/detail/svg.hpp>
#include <xrayon/analyze/json.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/analyze/summary.hpp>
#include <xrayon/analyze/what_if.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/exec/call_summary.hpp>
#include <xrayon/exec/task_trace.hpp>

namespace xrayon::analyze {

/// What a page shows of one workload.
struct html_section {
    scalability_report report = {};
    std::string what = {};                       ///< What it does, in a line or two.
    std::optional<what_if_result> what_if = {};  ///< From a trace on one thread: bounds, replay and reason.
    std::optional<task_trace> trace = {};        ///< Of one run, for the time line and the table of calls.
    std::vector<std::string> explanation = {};   ///< Sentences above the drawings, see explain_scaling.
};

struct html_options {
    std::vector<std::string> environment = {};  ///< Versions and the machine, a line each.
    json_context context = {};                  ///< For the data in the page.
};

/// "batch_inference: 6.94x on 8 threads, 87 % efficient": what a report found, at its best setting.
template <class = when_called>
[[nodiscard]] std::string finding_of(const scalability_report& report, const text_options& options = {}) {
    const scaling_point& best = best_setting(report);
    return (report.label.empty() ? "workload" : report.label) + ": " + detail::times(best.speed_up, 2, options) + " on "
           + detail::counted(best.threads, "thread") + ", " + detail::percent(best.efficiency, 0) + " efficient"
           + (report.trusted ? "" : " (not trusted)");
}

namespace detail {

template <class = when_called>
std::string html_row(const std::vector<std::string>& cells, std::string_view element) {
    std::string text = "<tr>";
    for (const std::string& cell : cells) {
        text += "<" + std::string(element) + ">" + html_text(cell) + "</" + std::string(element) + ">";
    }
    return text + "</tr>\n";
}

/// Wide tables scroll by themselves, not the page.
template <class = when_called>
std::string html_table(const std::vector<std::vector<std::string>>& rows, std::string_view caption) {
    std::string text = "<div class=\"wide\"><table><caption>" + html_text(caption) + "</caption>\n<thead>" + html_row(rows.front(), "th")
                       + "</thead><tbody>\n";
    for (std::size_t i = 1; i < rows.size(); ++i) {
        text += html_row(rows[i], "td");
    }
    return text + "</tbody></table></div>\n";
}

template <class = when_called>
std::string interval_text(const confidence_interval& interval, double scale, int decimals) {
    return interval.state == interval_state::one_value
               ? "-"
               : fixed(scale * interval.lower, decimals) + " to " + fixed(scale * interval.upper, decimals);
}

template <class = when_called>
std::string result_table(const scalability_report& report) {
    std::vector<std::vector<std::string>> rows{
        {"threads", "median (ms)", "95 % interval", "speed-up", "95 % interval", "efficiency", "busy", "serial part", ""}};
    for (const scaling_point& point : report.points) {
        rows.push_back({to_text(point.threads), fixed(1e3 * point.median, 3), interval_text(point.interval, 1e3, 3), with_x(point.speed_up),
                        interval_text(point.speed_up_interval, 1, 2), percent(point.efficiency, 1), percent(point.busy, 0),
                        point.serial_part ? percent(*point.serial_part, 1) : "",
                        std::string(point.oversubscribed ? "more threads than cores; in no fit " : "")
                            + (point.answer_matches ? "" : "ANSWER DIFFERS")});
    }
    return html_table(rows, "What was measured");
}

template <class = when_called>
std::string what_if_table(const what_if_result& more) {
    std::vector<std::vector<std::string>> rows{{"threads", "at most", "at least", "replayed", "longest first"}};
    for (const what_if_point& point : more.points) {
        rows.push_back({to_text(point.threads), with_x(more.work / point.least), with_x(more.work / point.most),
                        with_x(more.speed_up(point)), with_x(more.work / point.longest_first)});
    }
    return html_table(rows, "What more threads would bring, by a trace on one: work " + fixed(1e3 * more.work, 3) + " ms, span "
                                + fixed(1e3 * more.span, 3) + " ms, parallelism " + fixed(more.parallelism, 1));
}

template <class = when_called>
std::string calls_table(const task_trace& trace) {
    std::vector<std::vector<std::string>> rows{
        {"call", "calls", "items", "tasks", "wall (ms)", "mean cores", "item p50 (us)", "p95 (us)", "max (us)", "imbalance", "scheduling"}};
    for (const call_summary& call : summarize_calls(trace)) {
        rows.push_back({call.name, to_text(call.calls), to_text(call.items), to_text(call.tasks), fixed(1e3 * call.wall, 3),
                        fixed(call.mean_cores, 2), fixed(1e6 * call.item_median, 2), fixed(1e6 * call.item_p95, 2),
                        fixed(1e6 * call.item_max, 2), fixed(call.imbalance, 2), percent(call.scheduling_share, 1)});
    }
    return html_table(rows, "Parallel calls of the traced run");
}

template <class = when_called>
std::string figure(std::string drawing, std::string_view caption) {
    return "<figure>" + std::move(drawing) + "<figcaption>" + html_text(caption) + "</figcaption></figure>\n";
}

template <class = when_called>
std::string section_html(const html_section& section) {
    const scalability_report& report = section.report;
    const what_if_result* const more = section.what_if ? &*section.what_if : nullptr;
    std::string text = "<section>\n<h2>" + html_text(finding_of(report)) + "</h2>\n";
    if (!section.what.empty()) {
        text += "<p>" + html_text(section.what) + "</p>\n";
    }
    if (!report.trusted) {
        text += "<div class=\"warning\" role=\"note\"><strong>Not trusted.</strong><ul>";
        for (const std::string& reason : report.distrust) {
            text += "<li>" + html_text(reason) + "</li>";
        }
        text += "</ul></div>\n";
    }
    text += "<ul>";
    for (const std::string& sentence : section.explanation) {
        text += "<li>" + html_text(sentence) + ".</li>";
    }
    const std::string summary = to_summary(report);
    for (std::size_t begin = 0; begin < summary.size();) {
        const std::size_t end = summary.find('\n', begin);
        const std::string line = summary.substr(begin, end - begin);
        if (!line.starts_with("Not trusted")) {
            text += "<li>" + html_text(line) + "</li>";
        }
        begin = end + 1;
    }
    text += "</ul>\n<div class=\"figures\">\n";
    if (report.points.size() > 1) {
        text += figure(speed_up_chart(report, more),
                       std::string("Points: measured, with 95 % intervals. Solid: Amdahl's law as fitted. Dotted: ideal.")
                           + (more != nullptr ? " Shaded: bounds by work and span of the trace; dashed: its replay." : ""));
        text += figure(efficiency_chart(report), "Speed-up divided by threads.");
    }
    text += figure(repetition_chart(report), "A level band is what one wants to see.");
    if (section.trace) {
        text += figure(timeline_chart(*section.trace), "Hover a bar for its items and its length.");
    }
    text += "</div>\n" + result_table(report);
    if (more != nullptr) {
        text += what_if_table(*more);
    }
    if (section.trace) {
        text += calls_table(*section.trace);
    }
    return text + "</section>\n";
}

/// Inside of a script element nothing may look like its end.
inline std::string script_text(std::string_view json) {
    std::string out;
    for (const char c : json) {
        out += c == '<' ? "\\u003c" : std::string(1, c);
    }
    return out;
}

} // namespace detail

/// @brief A page for a browser: findings, drawings, tables, the machine, and the data (Google Benchmark's JSON, in an element `#data`).
///
/// One file, no network, no script that runs. Colours are those of M. Okabe and K. Ito, which the colour-blind tell apart, light or dark as the
/// reader's system is; it prints. Drawings have a title and a description for screen readers, and all they show stands in the tables too.
/// @throws argument_error  if there is no section, or a report without points
template <class = when_called>
[[nodiscard]] std::string to_html(const std::vector<html_section>& sections, const html_options& options = {}) {
    check(!sections.empty(), "to_html: there must be at least one section", sections.size());
    std::vector<scalability_report> reports;
    for (const html_section& section : sections) {
        check(!section.report.points.empty(), "to_html: a report has no points");
        reports.push_back(section.report);
    }
    const std::string title = sections.size() == 1
                                  ? finding_of(reports.front())
                                  : detail::counted(sections.size(), "workload") + ", first " + finding_of(reports.front());
    std::string text =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>"
        + detail::html_text(title) + "</title>\n<style>" + std::string(detail::report_style) + "</style>\n</head>\n<body>\n<main>\n<h1>"
        + (sections.size() == 1 ? "Scalability" : "Scalability of " + detail::counted(sections.size(), "workload")) + "</h1>\n";
    if (sections.size() > 1) {
        text += "<ul>";
        for (const scalability_report& report : reports) {
            text += "<li>" + detail::html_text(finding_of(report)) + "</li>";
        }
        text += "</ul>\n";
    }
    for (const html_section& section : sections) {
        text += detail::section_html(section);
    }
    text += "<section>\n<h2>Where this was measured</h2>\n<ul>";
    for (const std::string& line : options.environment) {
        text += "<li>" + detail::html_text(line) + "</li>";
    }
    text += "</ul>\n<details><summary>Every time that was measured, in seconds</summary>\n";
    for (const scalability_report& report : reports) {
        std::vector<std::vector<std::string>> rows{{"threads", "times"}};
        for (const scaling_point& point : report.points) {
            std::string times;
            for (const double seconds : point.repetitions) {
                times += (times.empty() ? "" : " ") + to_text(seconds);
            }
            rows.push_back({to_text(point.threads), times});
        }
        text += detail::html_table(rows, report.label);
    }
    return text + "</details>\n</section>\n</main>\n<script type=\"application/json\" id=\"data\">"
           + detail::script_text(to_json(reports, options.context)) + "</script>\n</body>\n</html>\n";
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_HTML_REPORT_HPP
