// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_USL_FIT_HPP
#define XRAYON_ANALYZE_USL_FIT_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <xrayon/analyze/detail/fit_law.hpp>
#include <xrayon/analyze/law_fit.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>

// The Universal Scalability Law of N. J. Gunther ("Guerrilla capacity planning", 2007): with contention sigma and coherency kappa the
// speed-up at n threads is
//     S(n) = n / (1 + sigma (n - 1) + kappa n (n - 1)).
// Kappa is what threads pay for each other's company: above 0 there is a count beyond which more threads are slower. With kappa 0 it is
// Amdahl's law, and sigma its serial part. As a time it is linear in three unknowns,
//     T(n) = a / n + b + c (n - 1)   with   T(1) = a + b,  sigma = b / T(1),  kappa = c / T(1),
// which is how it is fitted here; the book's regression on n/S - 1 gives the point at n = 1 all the weight in the world.

namespace xrayon::analyze {

/// The law of given parameters: the speed-up over one thread at n >= 1 threads.
/// @throws argument_error  if a parameter is negative or NaN, or threads is 0
[[nodiscard]] inline double usl_speed_up(double sigma, double kappa, std::size_t threads) {
    check(sigma >= 0, "usl_speed_up: sigma must be >= 0", sigma);
    check(kappa >= 0, "usl_speed_up: kappa must be >= 0", kappa);
    check(threads >= 1, "usl_speed_up: threads must be >= 1", threads);
    const auto n = static_cast<double>(threads);
    return n / (1 + sigma * (n - 1) + kappa * n * (n - 1));
}

/// The number of threads, in general not whole, with the highest speed-up: sqrt((1 - sigma) / kappa), 1 at least; infinite at kappa 0.
[[nodiscard]] inline double usl_peak(double sigma, double kappa) {
    check(sigma >= 0, "usl_peak: sigma must be >= 0", sigma);
    check(kappa >= 0, "usl_peak: kappa must be >= 0", kappa);
    if (kappa == 0) {
        return sigma < 1 ? std::numeric_limits<double>::infinity() : 1;
    }
    return sigma < 1 ? std::fmax(1, std::sqrt((1 - sigma) / kappa)) : 1;
}

struct usl_fit_result : law_fit {
    double one_thread_seconds = 0;  ///< T(1) by the law.
    double sigma = 0;               ///< >= 0: contention, what is done by one at a time.
    confidence_interval sigma_interval = {};
    double kappa = 0;  ///< >= 0: coherency, what each thread costs each other one.
    confidence_interval kappa_interval = {};
    double peak_threads = std::numeric_limits<double>::infinity();  ///< See usl_peak.

    /// T(1) / T(n) by the law, for any n >= 1.
    [[nodiscard]] double speed_up_at(std::size_t threads) const { return usl_speed_up(sigma, kappa, threads); }
    /// T(n) by the law, in seconds, for any n >= 1.
    [[nodiscard]] double seconds_at(std::size_t threads) const { return one_thread_seconds / usl_speed_up(sigma, kappa, threads); }
};

namespace detail {

template <class = when_called>
usl_fit_result fit_usl(const law_points& points, const law_fit_options& options) {
    const auto coefficients = [](const std::vector<timed_threads>& times) {
        return fit_times<3>(times, [](double n) { return std::array{1 / n, 1.0, n - 1}; });
    };
    const auto relative = [&](std::size_t which) {
        return law_interval(points, options.bootstrap, [&](const std::vector<timed_threads>& times) {
            const auto c = coefficients(times);
            const double one = c[0] + c[1];
            return one > 0 ? c[which] / one : std::numeric_limits<double>::infinity();
        });
    };
    usl_fit_result fit;
    const auto [shared, alone, each_other] = coefficients(points.fitted);
    fit.one_thread_seconds = shared + alone;
    if (fit.one_thread_seconds > 0) {  // else the times are those of no law, and the residuals say so
        fit.sigma = alone / fit.one_thread_seconds;
        fit.kappa = each_other / fit.one_thread_seconds;
    }
    fit.sigma_interval = relative(1);
    fit.kappa_interval = relative(2);
    fit.peak_threads = usl_peak(fit.sigma, fit.kappa);
    judge_fit(fit, points, options, 3, [&](std::size_t threads) { return fit.seconds_at(threads); });
    return fit;
}

} // namespace detail

/// @brief Fits the Universal Scalability Law to running times: least squares of the relative errors, linear in T(1), sigma T(1) and
/// kappa T(1), none of them negative.
///
/// @param points   One or more times per thread count, any order, in seconds. Throughputs X are times 1/X.
/// @param options  See law_fit_options; points above `cores` threads get a residual, but no part in the fit.
/// @returns        Parameters with intervals (as amdahl_fit), the peak, residuals. `trusted` is false, with the reason, where the law misses a
///                 point by more than `trusted_error`, and with fewer than four counts: any law of three unknowns fits three.
/// @throws argument_error  for fewer than two distinct counts to fit, and for times or counts out of range (points counted from 0).
template <class = when_called>
[[nodiscard]] usl_fit_result usl_fit(const std::vector<timed_threads>& points, const law_fit_options& options = {}) {
    return detail::fit_usl(detail::sort_out(points, options, "usl_fit"), options);
}

/// @brief As above, over the medians of a report; see amdahl_fit.
template <class = when_called>
[[nodiscard]] usl_fit_result usl_fit(const scalability_report& report, law_fit_options options = {}) {
    const detail::law_points points = detail::sort_out(report, options, "usl_fit");
    return detail::fit_usl(points, options);
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_USL_FIT_HPP
