// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_MARKDOWN_HPP
#define XRAYON_ANALYZE_MARKDOWN_HPP

#include <cstddef>
#include <string>
#include <vector>

#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon::analyze {

/// @brief A report as a table in Markdown, for a README or an issue: threads, median, speed-up with its interval, efficiency, busy, serial part.
/// @throws argument_error  if the report has no points
template <class = when_called>
[[nodiscard]] std::string to_markdown(const scalability_report& report) {
    check(!report.points.empty(), "to_markdown: the report has no points");
    std::string text =
        "| threads | median (ms) | " + std::string(detail::speed_up_name(report)) + " | 95 % interval | efficiency | busy | serial part | "
        "|\n|---:|---:|---:|---|---:|---:|---:|---|\n";
    for (const scaling_point& point : report.points) {
        const confidence_interval& interval = point.speed_up_interval;
        text += "| " + to_text(point.threads) + " | " + detail::fixed(1e3 * point.median, 3) + " | " + detail::fixed(point.speed_up, 2)
                + "x | "
                + (interval.state == interval_state::one_value
                       ? "-"
                       : detail::fixed(interval.lower, 2) + " to " + detail::fixed(interval.upper, 2) + "x")
                + " | " + detail::percent(point.efficiency, 1) + " | " + detail::percent(point.busy, 0) + " | "
                + (point.serial_part ? detail::percent(*point.serial_part, 1) : "-") + " | "
                + (point.oversubscribed ? "more threads than cores" : "") + (point.answer_matches ? "" : " ANSWER DIFFERS") + " |\n";
    }
    return text;
}

/// @brief A report as CSV with a header row (RFC 4180): a line for each repetition of each thread count, times in seconds with all their digits.
/// Columns: label, threads, repetition, seconds, cpu_seconds; the last is empty where it is not known.
/// @throws argument_error  if the report has no points
template <class = when_called>
[[nodiscard]] std::string to_csv(const scalability_report& report, bool with_header = true) {
    check(!report.points.empty(), "to_csv: the report has no points");
    std::string label;
    for (const char c : report.label) {
        label += c == '"' ? "\"\"" : std::string(1, c);
    }
    std::string text = with_header ? "label,threads,repetition,seconds,cpu_seconds\n" : "";
    for (const scaling_point& point : report.points) {
        for (std::size_t k = 0; k < point.repetitions.size(); ++k) {
            text += "\"" + label + "\"," + to_text(point.threads) + "," + to_text(k) + "," + to_text(point.repetitions[k]) + ","
                    + (k < point.cpu_repetitions.size() ? to_text(point.cpu_repetitions[k]) : "") + "\n";
        }
    }
    return text;
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_MARKDOWN_HPP
