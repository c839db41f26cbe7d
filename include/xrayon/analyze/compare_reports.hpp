// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_COMPARE_REPORTS_HPP
#define XRAYON_ANALYZE_COMPARE_REPORTS_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/analyze/statistics.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon::analyze {

enum class comparison_verdict {
    faster,
    slower,
    no_change,  ///< The interval holds 1, or lies within the noise that is allowed for.
    unknown,    ///< Too few repetitions for an interval.
};

[[nodiscard]] constexpr std::string_view verdict_name(comparison_verdict verdict) noexcept {
    switch (verdict) {
        case comparison_verdict::faster:
            return "faster";
        case comparison_verdict::slower:
            return "slower";
        case comparison_verdict::no_change:
            return "no change";
        case comparison_verdict::unknown:
            break;
    }
    return "unknown";
}

/// One thread count, before and now.
struct compared_point {
    std::size_t threads = 0;
    double before = 0;  ///< Median, seconds.
    double now = 0;
    double ratio = 1;                   ///< now / before: below 1 is faster.
    confidence_interval interval = {};  ///< Of the ratio, both sides resampled.
    comparison_verdict verdict = comparison_verdict::unknown;
};

struct compare_options {
    double noise = 0.02;  ///< Changes that lie within so much of 1 are none: two runs of one program differ by that on a good machine.
    bootstrap_options bootstrap = {};
};

/// @brief Compares the times of two reports at the thread counts that both have.
/// @throws argument_error  if they have none in common, or an option is out of range
template <class = when_called>
[[nodiscard]] std::vector<compared_point> compare_reports(const scalability_report& before, const scalability_report& now,
                                                          const compare_options& options = {}) {
    check(options.noise >= 0 && options.noise < 1, "compare_reports: options.noise must be in [0, 1)", options.noise);
    std::vector<compared_point> out;
    for (const scaling_point& point : now.points) {
        const auto old = std::find_if(before.points.begin(), before.points.end(),
                                      [&](const scaling_point& each) { return each.threads == point.threads; });
        if (old == before.points.end() || old->repetitions.empty() || point.repetitions.empty()) {
            continue;
        }
        compared_point one{.threads = point.threads, .before = median(old->repetitions), .now = median(point.repetitions)};
        one.ratio = one.now / one.before;
        one.interval = median_ratio_interval(point.repetitions, old->repetitions, options.bootstrap);
        if (one.interval.state == interval_state::enough_values) {
            one.verdict = one.interval.upper < 1 - options.noise   ? comparison_verdict::faster
                          : one.interval.lower > 1 + options.noise ? comparison_verdict::slower
                                                                   : comparison_verdict::no_change;
        }
        out.push_back(one);
    }
    check(!out.empty(), "compare_reports: the reports have no thread count in common");
    return out;
}

/// One line for each thread count: "2 threads: 12.3 ms, was 14.0 ms: 0.88 (0.86 to 0.90): faster".
template <class = when_called>
[[nodiscard]] std::string to_summary(const std::vector<compared_point>& points) {
    std::string text;
    for (const compared_point& point : points) {
        text += detail::counted(point.threads, "thread") + ": " + detail::fixed(1e3 * point.now, 3) + " ms, was "
                + detail::fixed(1e3 * point.before, 3) + " ms: " + detail::fixed(point.ratio, 3);
        if (point.interval.state != interval_state::one_value) {
            text += " (" + detail::fixed(point.interval.lower, 3) + " to " + detail::fixed(point.interval.upper, 3) + ")";
        }
        text += ": " + std::string(verdict_name(point.verdict)) + "\n";
    }
    return text;
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_COMPARE_REPORTS_HPP
