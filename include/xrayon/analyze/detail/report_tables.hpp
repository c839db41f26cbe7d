// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_REPORT_TABLES_HPP
#define XRAYON_ANALYZE_DETAIL_REPORT_TABLES_HPP

#include <string>
#include <vector>

#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/detail/report_charts.hpp>
#include <xrayon/analyze/detail/report_page.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/analyze/what_if.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/exec/call_summary.hpp>
#include <xrayon/exec/task_trace.hpp>

// The tables of the HTML report.

namespace xrayon::analyze::detail {

template <class = when_called>
std::string interval_text(const confidence_interval& interval, double scale, int decimals) {
    return interval.state == interval_state::one_value
               ? "-"
               : fixed(scale * interval.lower, decimals) + " to " + fixed(scale * interval.upper, decimals);
}

template <class = when_called>
std::string result_table(const scalability_report& report) {
    std::vector<std::vector<std::string>> rows{
        {"threads", "median (ms)", "95 % interval", speed_up_name(report), "95 % interval", "efficiency", "busy", "serial part", ""}};
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
    return html_table(rows, "What more threads would bring, by the trace: work " + fixed(1e3 * more.work, 3) + " ms, span "
                                + fixed(1e3 * more.span, 3) + " ms, parallelism " + fixed(more.parallelism, 1)
                                + ". Bounds are of work and span alone; replays also pay for handing out tasks");
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
std::string repetitions_table(const scalability_report& report) {
    std::vector<std::vector<std::string>> rows{{"threads", "times"}};
    for (const scaling_point& point : report.points) {
        std::string times;
        for (const double seconds : point.repetitions) {
            times += (times.empty() ? "" : " ") + to_text(seconds);
        }
        rows.push_back({to_text(point.threads), times});
    }
    return html_table(rows, report.label);
}

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_REPORT_TABLES_HPP
