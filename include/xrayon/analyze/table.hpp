// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_TABLE_HPP
#define XRAYON_ANALYZE_TABLE_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/analyze/summary.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon::analyze {

namespace detail {

/// Cells in lines, the first of which is the header; every column as wide as its widest cell, set to the right, and a rule below the
/// header. The last column is for remarks: set to the left, outside of the rule.
template <class = when_called>
std::string aligned(const std::vector<std::vector<std::string>>& lines, std::string_view rule) {
    std::vector<std::size_t> widths(lines.front().size() - 1, 0);
    std::size_t total = 0;
    for (std::size_t i = 0; i < widths.size(); ++i) {
        for (const auto& line : lines) {
            widths[i] = std::max(widths[i], columns(line[i]));
        }
        total += widths[i] + (i == 0 ? 0 : 2);
    }
    std::string text;
    for (std::size_t row = 0; row < lines.size(); ++row) {
        std::string shown;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            shown += "  " + std::string(widths[i] - columns(lines[row][i]), ' ') + lines[row][i];
        }
        shown += "  " + lines[row].back();
        text += shown.substr(0, shown.find_last_not_of(' ') + 1) + "\n";
        if (row == 0) {
            text += "  ";
            for (std::size_t column = 0; column < total; ++column) {
                text += rule;
            }
            text += "\n";
        }
    }
    return text;
}

/// Columns that the widest line takes, its remark included.
template <class = when_called>
std::size_t width_of(const std::vector<std::vector<std::string>>& lines) {
    std::size_t total = 0;
    for (std::size_t i = 0; i < lines.front().size(); ++i) {
        std::size_t widest = 0;
        for (const auto& line : lines) {
            widest = std::max(widest, columns(line[i]));
        }
        total += widest == 0 ? 0 : 2 + widest;
    }
    return total;
}

/// Leaves out columns by their names in the header, in this order, until the table fits; the first of two of one name.
template <class = when_called>
void drop_columns(std::vector<std::vector<std::string>>& lines, std::size_t width, const std::vector<std::string_view>& order) {
    for (const std::string_view name : order) {
        const auto place = std::find(lines.front().begin(), lines.front().end(), name) - lines.front().begin();
        if (width_of(lines) <= width) {
            return;
        }
        for (auto& line : lines) {
            line.erase(line.begin() + place);
        }
    }
}

/// Puts marks in the place of remarks, and gives what they mean, a line each.
template <class = when_called>
std::string remarks_below(std::vector<std::vector<std::string>>& lines) {
    std::string below;
    std::string mark;
    std::vector<std::pair<std::string, std::string>> known;
    for (auto& line : lines) {
        std::string& remark = line.back();
        if (remark.empty()) {
            continue;
        }
        auto found = std::find_if(known.begin(), known.end(), [&](const auto& each) { return each.first == remark; });
        if (found == known.end()) {
            mark += '*';
            known.emplace_back(remark, mark);
            found = known.end() - 1;
            below += mark + " " + remark + "\n";
        }
        remark = found->second;
    }
    return below;
}

/// Half the width of an interval as a share of its middle: "1.2 %".
template <class = when_called>
std::string half_width(const confidence_interval& interval, double middle) {
    return std::isnan(interval.lower) ? "-" : percent((interval.upper - interval.lower) / 2 / middle, 1);
}

struct time_unit {
    std::string_view name;
    double per_second;
};

/// The largest unit in which the shortest median keeps its two decimals: milliseconds where they will do.
template <class = when_called>
time_unit unit_for(double seconds, bool utf8) {
    const std::array units{time_unit{"ms", 1e3}, time_unit{utf8 ? "µs" : "us", 1e6}, time_unit{"ns", 1e9}};
    for (const time_unit& unit : units) {
        if (seconds * unit.per_second >= 0.1) {
            return unit;
        }
    }
    return units.back();
}

template <class = when_called>
std::string between(const confidence_interval& interval, double scale, std::string_view unit, const text_options& options) {
    return std::isnan(interval.lower)
               ? "-"
               : fixed(scale * interval.lower, 2) + (options.utf8 ? " – " : " - ") + fixed(scale * interval.upper, 2) + std::string(unit);
}

} // namespace detail

/// @brief A report as a table for a terminal: threads, median, its 95 % interval, speed-up, its interval, efficiency, busy, serial part;
/// then the lines of `to_summary`.
///
/// Times have two decimals and one unit, milliseconds unless the fastest median is below 0.1 ms; intervals of a single repetition, and
/// what is unknown, are "-". Where `options.width` columns do not hold that, intervals become shares of the value, remarks go below
/// the table, and columns are left out. Every line ends with a newline; columns are as wide as what is in them. No locale.
/// @throws argument_error  if the report has no points.
template <class = when_called>
[[nodiscard]] std::string to_table(const scalability_report& report, const text_options& options = {}) {
    check(!report.points.empty(), "to_table: the report has no points");
    const auto fastest = std::min_element(report.points.begin(), report.points.end(),
                                          [](const scaling_point& a, const scaling_point& b) { return a.median < b.median; });
    const detail::time_unit unit = detail::unit_for(fastest->median, options.utf8);
    const auto remark_of = [](const scaling_point& point) {
        std::string remark = point.oversubscribed ? "more threads than cores: not in the fit" : "";
        if (!point.answer_matches) {
            remark += remark.empty() ? "ANSWER DIFFERS" : "; ANSWER DIFFERS";
        }
        return remark;
    };
    const auto serial_part = [](const scaling_point& point) { return point.serial_part ? detail::percent(*point.serial_part, 1) : ""; };
    const std::string times = options.utf8 ? "×" : "x";
    const std::string speed_up = detail::speed_up_name(report);
    const std::string median = "median (" + std::string(unit.name) + ")";
    std::vector<std::vector<std::string>> lines{
        {"threads", median, "95 % interval", speed_up, "95 % interval", "efficiency", "busy", "serial part", ""}};
    for (const scaling_point& point : report.points) {
        lines.push_back({to_text(point.threads), detail::fixed(unit.per_second * point.median, 2),
                         detail::between(point.interval, unit.per_second, "", options), detail::times(point.speed_up, 2, options),
                         detail::between(point.speed_up_interval, 1, times, options), detail::percent(point.efficiency, 1),
                         detail::percent(point.busy, 0), serial_part(point), remark_of(point)});
    }
    std::string below;
    if (options.width != 0 && detail::width_of(lines) > options.width) {
        const std::string_view half_width = options.utf8 ? "±" : "+-";
        lines.front()[2] = lines.front()[4] = half_width;
        lines.front()[3] = report.weak ? "scaled" : speed_up;
        for (std::size_t i = 0; i < report.points.size(); ++i) {
            const scaling_point& point = report.points[i];
            lines[i + 1][2] = detail::half_width(point.interval, point.median);
            lines[i + 1][4] = detail::half_width(point.speed_up_interval, point.speed_up);
        }
        if (detail::width_of(lines) > options.width) {
            below = detail::remarks_below(lines);
        }
        detail::drop_columns(lines, options.width, {"busy", "serial part", half_width, half_width, "efficiency"});
    }
    return detail::aligned(lines, options.utf8 ? "─" : "-") + below + "\n" + to_summary(report, options);
}

/// The table on a stream, in ASCII: what a stream goes to is not known here.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const scalability_report& report) {
    return out << to_table(report, {.utf8 = false});
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_TABLE_HPP
