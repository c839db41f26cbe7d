// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_GUSTAFSON_FIT_HPP
#define XRAYON_ANALYZE_GUSTAFSON_FIT_HPP

#include <algorithm>
#include <cstddef>
#include <vector>

#include <xrayon/analyze/detail/fit_law.hpp>
#include <xrayon/analyze/gustafson_law.hpp>
#include <xrayon/analyze/law_fit.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon::analyze {

struct gustafson_fit_result : law_fit {
    double one_thread_seconds = 0;  ///< The measured one: the law has a single unknown.
    double serial_fraction = 0;     ///< alpha, in [0, 1].
    confidence_interval serial_fraction_interval = {};

    /// n T(1) / T(n) by the law.
    [[nodiscard]] double speed_up_at(std::size_t threads) const { return gustafson_speed_up(serial_fraction, threads); }
    /// What n times the work take on n threads by the law, in seconds.
    [[nodiscard]] double seconds_at(std::size_t threads) const {
        return one_thread_seconds * static_cast<double>(threads) / speed_up_at(threads);
    }
};

namespace detail {

/// The median of the times at one thread.
template <class = when_called>
double one_thread_time(const std::vector<timed_threads>& points) {
    std::vector<double> times;
    for (const auto& [threads, seconds] : points) {
        if (threads == 1) {
            times.push_back(seconds);
        }
    }
    return median_in_place(times);
}

/// alpha by least squares of the relative errors of the scaled speed-ups, cut off to [0, 1]: with one unknown that is where the minimum is.
template <class = when_called>
double gustafson_serial_fraction(const std::vector<timed_threads>& points) {
    const double one = one_thread_time(points);
    double above = 0;
    double below = 0;
    for (const auto& [threads, seconds] : points) {
        const auto n = static_cast<double>(threads);
        const double speed_up = n * one / seconds;
        const double slope = (n - 1) / speed_up;
        above += slope * (n - speed_up) / speed_up;
        below += slope * slope;
    }
    return std::clamp(above / below, 0.0, 1.0);
}

template <class = when_called>
gustafson_fit_result fit_gustafson(const law_points& points, const law_fit_options& options) {
    check(points.times.front().threads == 1, "gustafson_fit: needs a time at 1 thread; the smallest count must be 1",
          points.times.front().threads);
    gustafson_fit_result fit;
    fit.one_thread_seconds = one_thread_time(points.fitted);
    fit.serial_fraction = gustafson_serial_fraction(points.fitted);
    fit.serial_fraction_interval = law_interval(points, options.bootstrap, gustafson_serial_fraction<>);
    // The time at one thread is taken from the points: with alpha that makes two unknowns.
    judge_fit(fit, points, options, 2, [&](std::size_t threads) { return fit.seconds_at(threads); });
    fit.superlinear.clear();  // these speak of the same work at every count
    fit.slowdown.clear();
    return fit;
}

} // namespace detail

/// @brief Fits Gustafson's law to times of weak scaling: `seconds` of n times the work on n threads.
///
/// @param points   One or more times per thread count, any order, among them 1 thread.
/// @param options  See law_fit_options.
/// @returns        The serial share with its interval (as amdahl_fit), residuals, whether to trust it.
/// @throws argument_error  for fewer than two distinct counts to fit, none of them 1, and for times or counts out of range.
template <class = when_called>
[[nodiscard]] gustafson_fit_result gustafson_fit(const std::vector<timed_threads>& points, const law_fit_options& options = {}) {
    return detail::fit_gustafson(detail::sort_out(points, options, "gustafson_fit"), options);
}

/// @brief As above, over the medians of a report of weak scaling.
/// @throws argument_error  also if the report is of strong scaling.
template <class = when_called>
[[nodiscard]] gustafson_fit_result gustafson_fit(const scalability_report& report, law_fit_options options = {}) {
    const detail::law_points points = detail::sort_out(report, options, "gustafson_fit", true);
    return detail::fit_gustafson(points, options);
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_GUSTAFSON_FIT_HPP
