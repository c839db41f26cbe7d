// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_HTML_REPORT_HPP
#define XRAYON_ANALYZE_HTML_REPORT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/detail/report_charts.hpp>
#include <xrayon/analyze/detail/report_page.hpp>
#include <xrayon/analyze/detail/report_tables.hpp>
#include <xrayon/analyze/json.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/analyze/summary.hpp>
#include <xrayon/analyze/what_if.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/exec/task_events.hpp>
#include <xrayon/exec/task_trace.hpp>

namespace xrayon::analyze {

/// What a page shows of one workload: what was measured, or what was traced, or both.
struct html_section {
    scalability_report report = {};              ///< Without points: nothing was measured, its label names the section.
    std::string what = {};                       ///< What it does, in a line or two.
    std::optional<what_if_result> what_if = {};  ///< From a trace on one thread: bounds, replay and reason.
    std::optional<task_trace> trace = {};        ///< Of one run, for the time line and the table of calls.
    std::vector<std::string> explanation = {};   ///< Sentences above the drawings, see explain_scaling.
};

struct html_options {
    std::vector<std::string> environment = {};  ///< Versions and the machine, a line each.
    json_context context = {};                  ///< For the data in the page.
};

namespace detail {

/// The time of all tasks over the time from the beginning of the first one to the end of the last; 0 where there is none.
template <class = when_called>
double threads_at_work(const task_trace& trace) {
    std::int64_t first = std::numeric_limits<std::int64_t>::max();
    std::int64_t last = 0;
    for (const traced_task& task : trace.tasks) {
        first = std::min(first, task.start);
        last = std::max(last, task.stop);
    }
    double busy = 0;
    for (const std::int64_t own : own_times(trace)) {
        busy += static_cast<double>(own);
    }
    return last > first ? busy / static_cast<double>(last - first) : 0;
}

} // namespace detail

/// "batch_inference: 6.94x on 8 threads, 87 % efficient": what a report found, at its best setting.
template <class = when_called>
[[nodiscard]] std::string finding_of(const scalability_report& report, const text_options& options = {}) {
    const scaling_point& best = best_setting(report);
    return (report.label.empty() ? "workload" : report.label) + ": " + detail::times(best.speed_up, 2, options)
           + (report.weak ? " the work on " : " on ") + detail::counted(best.threads, "thread") + ", " + detail::percent(best.efficiency, 0)
           + " efficient" + (report.trusted ? "" : " (not trusted)");
}

/// As above; of a section with nothing but a trace how many threads were at work on average, from the first task to the last, and what they
/// could be where all tasks are in the prediction.
template <class = when_called>
[[nodiscard]] std::string finding_of(const html_section& section, const text_options& options = {}) {
    if (!section.report.points.empty()) {
        return finding_of(section.report, options);
    }
    std::string text = section.report.label.empty() ? "trace" : section.report.label;
    if (section.trace) {
        const double at_work = detail::threads_at_work(*section.trace);
        text += at_work > 0 ? ": " + detail::fixed(at_work, 2) + " threads at work on average" : "";
    }
    if (section.what_if && section.what_if->left_out == 0) {
        text += ", never more than " + detail::times(section.what_if->parallelism, 1, options);
    }
    return text;
}

namespace detail {

/// The lines of to_summary, without what a box of its own says.
template <class = when_called>
std::vector<std::string> summary_lines(const scalability_report& report) {
    std::vector<std::string> lines;
    const std::string summary = to_summary(report);
    for (std::size_t begin = 0; begin < summary.size();) {
        const std::size_t end = summary.find('\n', begin);
        const std::string line = summary.substr(begin, end - begin);
        if (!line.starts_with("Not trusted")) {
            lines.push_back(line);
        }
        begin = end + 1;
    }
    return lines;
}

template <class = when_called>
std::string measured_figures(const scalability_report& report, const what_if_result* more) {
    std::string text;
    if (report.weak || report.baseline_threads != 1) {
        more = nullptr;  // it is of the same work, against one thread
    }
    if (report.points.size() > 1) {
        const auto law = law_curve_of(report);
        text +=
            figure(speed_up_chart(report, more),
                   "Points: measured, with 95 % intervals."
                       + (law ? " Solid: " + std::string(law->name()) + "'s law as fitted." : std::string()) + " Dotted: ideal."
                       + (more != nullptr
                              ? " Shaded: bounds by work and span of the trace; dashed: its replay, which also pays for handing out tasks."
                              : ""));
        text += figure(efficiency_chart(report), report.weak ? "Scaled speed-up divided by threads." : "Speed-up divided by threads.");
    }
    return text + figure(repetition_chart(report), "A level band is what one wants to see.");
}

template <class = when_called>
std::string section_html(const html_section& section) {
    const scalability_report& report = section.report;
    const bool measured = !report.points.empty();
    const what_if_result* const more = section.what_if ? &*section.what_if : nullptr;
    std::string text = "<section>\n<h2>" + html_text(finding_of(section)) + "</h2>\n";
    if (!section.what.empty()) {
        text += "<p>" + html_text(section.what) + "</p>\n";
    }
    if (!report.trusted) {
        text += "<div class=\"warning\" role=\"note\"><strong>Not trusted.</strong>" + html_list(report.distrust) + "</div>\n";
    }
    std::vector<std::string> lines;
    for (const std::string& sentence : section.explanation) {
        lines.push_back(sentence + ".");
    }
    if (measured) {
        const auto summary = summary_lines(report);
        lines.insert(lines.end(), summary.begin(), summary.end());
    }
    text += (lines.empty() ? std::string() : html_list(lines)) + "<div class=\"figures\">\n";
    if (measured) {
        text += measured_figures(report, more);
    }
    if (section.trace) {
        text += figure(timeline_chart(*section.trace), "Hover a bar for its items and its length.");
    }
    text += "</div>\n";
    if (measured) {
        text += result_table(report);
    }
    if (more != nullptr) {
        text += what_if_table(*more);
    }
    if (section.trace) {
        text += calls_table(*section.trace);
    }
    return text + "</section>\n";
}

} // namespace detail

/// @brief A page for a browser: findings, drawings, tables, the machine, and the data (Google Benchmark's JSON, in an element `#data`).
///
/// One file, no network, no script that runs. Colours are those of M. Okabe and K. Ito, which the colour-blind tell apart, light or dark as the
/// reader's system is; it prints. Drawings have a title and a description for screen readers, and all they show stands in the tables too.
/// @throws argument_error  if there is no section, or one with neither points nor a trace
template <class = when_called>
[[nodiscard]] std::string to_html(const std::vector<html_section>& sections, const html_options& options = {}) {
    check(!sections.empty(), "to_html: there must be at least one section", sections.size());
    std::vector<scalability_report> reports;
    for (const html_section& section : sections) {
        check(!section.report.points.empty() || section.trace, "to_html: a section has neither points nor a trace");
        if (!section.report.points.empty()) {
            reports.push_back(section.report);
        }
    }
    const std::string many = detail::counted(sections.size(), "workload");
    std::string body;
    if (sections.size() > 1) {
        std::vector<std::string> findings;
        for (const html_section& section : sections) {
            findings.push_back(finding_of(section));
        }
        body += detail::html_list(findings);
    }
    for (const html_section& section : sections) {
        body += detail::section_html(section);
    }
    if (!options.environment.empty() || !reports.empty()) {
        body += "<section>\n<h2>Where this was measured</h2>\n" + detail::html_list(options.environment);
        if (!reports.empty()) {
            body += "<details><summary>Every time that was measured, in seconds</summary>\n";
            for (const scalability_report& report : reports) {
                body += detail::repetitions_table(report);
            }
            body += "</details>\n";
        }
        body += "</section>\n";
    }
    return detail::html_page((sections.size() == 1 ? "" : many + ", first ") + finding_of(sections.front()),
                             reports.empty()        ? "Trace"
                             : sections.size() == 1 ? "Scalability"
                                                    : "Scalability of " + many,
                             body, to_json(reports, options.context));
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_HTML_REPORT_HPP
