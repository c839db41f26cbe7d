// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_AMDAHL_FIT_HPP
#define XRAYON_ANALYZE_AMDAHL_FIT_HPP

#include <array>
#include <cstddef>
#include <limits>
#include <vector>

#include <xrayon/analyze/amdahl_law.hpp>
#include <xrayon/analyze/detail/fit_law.hpp>
#include <xrayon/analyze/law_fit.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon::analyze {

/// T(n) = serial + parallel / n, and what follows from it.
struct amdahl_fit_result : law_fit {
    double serial_seconds = 0;     ///< a >= 0: what no thread shortens.
    double parallel_seconds = 0;   ///< b >= 0: what n threads share, at one thread.
    double parallel_fraction = 0;  ///< p = b / (a + b).
    confidence_interval parallel_fraction_interval = {};
    double max_speed_up = 1;  ///< (a + b) / a = 1 / (1 - p) over one thread; infinite when p is 1.
    confidence_interval max_speed_up_interval = {};

    /// T(1) / T(n) by the law, for any n >= 1.
    [[nodiscard]] double speed_up_at(std::size_t threads) const { return amdahl_speed_up(parallel_fraction, threads); }
    /// T(n) by the law, in seconds, for any n >= 1.
    [[nodiscard]] double seconds_at(std::size_t threads) const {
        check(threads >= 1, "amdahl_fit_result: threads must be >= 1", threads);
        return serial_seconds + parallel_seconds / static_cast<double>(threads);
    }
};

namespace detail {

template <class = when_called>
amdahl_fit_result fit_amdahl(const law_points& points, const law_fit_options& options) {
    const auto coefficients = [](const std::vector<timed_threads>& times) {
        return fit_times<2>(times, [](double n) { return std::array{1.0, 1 / n}; });
    };
    amdahl_fit_result fit;
    const auto [serial, parallel] = coefficients(points.fitted);
    fit.serial_seconds = serial;
    fit.parallel_seconds = parallel;
    fit.parallel_fraction = parallel / (serial + parallel);
    fit.max_speed_up = serial == 0 ? std::numeric_limits<double>::infinity() : (serial + parallel) / serial;
    fit.parallel_fraction_interval = law_interval(points, options.bootstrap, [&](const std::vector<timed_threads>& times) {
        const auto [a, b] = coefficients(times);
        return b / (a + b);
    });
    const confidence_interval& share = fit.parallel_fraction_interval;
    if (share.state != interval_state::one_value) {
        fit.max_speed_up_interval = {amdahl_limit(share.lower), amdahl_limit(share.upper), share.state};
    }
    judge_fit(fit, points, options, 2, [&](std::size_t threads) { return fit.seconds_at(threads); });
    return fit;
}

} // namespace detail

/// @brief Fits Amdahl's law T(n) = a + b/n to running times: weighted linear least squares, weights 1/T^2 (so that relative errors count,
/// as the noise of times is relative), a and b not negative.
///
/// @param points   One or more times per thread count, any order, in seconds.
/// @param options  See law_fit_options; points above `cores` threads get a residual, but no part in the fit.
/// @returns        a, b, p, the limit, their intervals (by resampling the times of each count; NaN where a count has a single time),
///                 residuals. `trusted` is false, with the reason, where the law misses a point by more than `trusted_error`, and with
///                 two counts, which any law of two unknowns fits. Counts without 1 among them are fitted all the same: p is then the
///                 share at one thread by extrapolation.
/// @throws argument_error  for fewer than two distinct counts to fit, and for times or counts out of range (points counted from 0).
/// Times within a factor of 1e100 of a second are safe from overflow.
template <class = when_called>
[[nodiscard]] amdahl_fit_result amdahl_fit(const std::vector<timed_threads>& points, const law_fit_options& options = {}) {
    return detail::fit_amdahl(detail::sort_out(points, options, "amdahl_fit"), options);
}

/// @brief As above, over the medians of a report; points with more threads than the report's usable cores are left out. Its repetitions
/// are what is resampled for the intervals.
template <class = when_called>
[[nodiscard]] amdahl_fit_result amdahl_fit(const scalability_report& report, law_fit_options options = {}) {
    const detail::law_points points = detail::sort_out(report, options, "amdahl_fit");
    return detail::fit_amdahl(points, options);
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_AMDAHL_FIT_HPP
