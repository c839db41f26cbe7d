// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_AMDAHL_FIT_HPP
#define XRAYON_ANALYZE_AMDAHL_FIT_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/analyze/amdahl_law.hpp>
#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon::analyze {

/// A running time at a thread count.
struct timed_threads {
    std::size_t threads = 0;
    double seconds = 0;
};

struct amdahl_fit_options {
    double trusted_error = 0.05;  ///< A fit that misses a point by more than this share of its time is not trusted.
    std::size_t cores = 0;        ///< Points with more threads are left out; 0: none are.
};

/// How the law missed one point.
struct amdahl_residual {
    std::size_t threads = 0;
    double measured = 0;  ///< Seconds.
    double fitted = 0;    ///< Seconds; for a point left out, what the law says there.
    double relative = 0;  ///< (measured - fitted) / measured.
    bool left_out = false;
};

/// T(n) = serial + parallel / n, and what follows from it.
struct amdahl_fit_result {
    double serial_seconds = 0;           ///< a >= 0: what no thread shortens.
    double parallel_seconds = 0;         ///< b >= 0: what n threads share, at one thread.
    double parallel_fraction = 0;        ///< p = b / (a + b).
    double max_speed_up = 1;             ///< (a + b) / a = 1 / (1 - p) over one thread; infinite when p is 1.
    double fit_error = 0;                ///< The largest |relative| residual of the points fitted.
    std::vector<amdahl_residual> residuals = {};  ///< Per point, in the order given.
    std::size_t counts_fitted = 0;       ///< Distinct thread counts behind the fit.
    std::size_t most_threads_fitted = 0;
    std::vector<std::size_t> superlinear = {};  ///< Fitted counts n more than n/b times as fast as the smallest count b: beyond the law.
    std::vector<std::size_t> slowdown = {};     ///< Fitted counts slower than the smallest one: beyond it, too.
    bool trusted = false;
    std::string reason = {};             ///< Why it is not trusted; empty when it is.

    /// T(1) / T(n) by the law, for any n >= 1.
    [[nodiscard]] double speed_up_at(std::size_t threads) const { return amdahl_speed_up(parallel_fraction, threads); }
    /// T(n) by the law, in seconds, for any n >= 1.
    [[nodiscard]] double seconds_at(std::size_t threads) const {
        check(threads >= 1, "amdahl_fit_result: threads must be >= 1", threads);
        return serial_seconds + parallel_seconds / static_cast<double>(threads);
    }
};

namespace detail {

struct amdahl_coefficients {
    double serial = 0;
    double parallel = 0;
};

/// Least squares of a + b x with weights 1/T^2, x = 1/n, under a, b >= 0. With two unknowns the active sets are few enough to try:
/// the unconstrained minimum, else the better of the edges a = 0 and b = 0 (the objective is convex, so it lies on one of them).
template <class = when_called>
amdahl_coefficients fit_amdahl_coefficients(const std::vector<timed_threads>& points) {
    double w = 0;
    double wx = 0;
    double wt = 0;
    double wxx = 0;
    double wxt = 0;
    for (const auto& [threads, seconds] : points) {
        const double x = 1 / static_cast<double>(threads);
        const double weight = 1 / (seconds * seconds);
        w += weight;
        wx += weight * x;
        wt += weight * seconds;
        wxx += weight * x * x;
        wxt += weight * x * seconds;
    }
    const double mean_x = wx / w;
    const double mean_t = wt / w;
    double spread = 0;  // centred: the plain normal equations cancel
    double slope = 0;
    for (const auto& [threads, seconds] : points) {
        const double x = 1 / static_cast<double>(threads) - mean_x;
        const double weight = 1 / (seconds * seconds);
        spread += weight * x * x;
        slope += weight * x * (seconds - mean_t);
    }
    const amdahl_coefficients inside{mean_t - slope / spread * mean_x, slope / spread};
    if (inside.serial >= 0 && inside.parallel >= 0) {
        return inside;
    }
    const std::array edges{amdahl_coefficients{0, wxt / wxx}, amdahl_coefficients{mean_t, 0}};
    const auto loss = [&](const amdahl_coefficients& c) {
        double sum = 0;
        for (const auto& [threads, seconds] : points) {
            const double relative = 1 - (c.serial + c.parallel / static_cast<double>(threads)) / seconds;
            sum += relative * relative;
        }
        return sum;
    };
    return loss(edges[0]) <= loss(edges[1]) ? edges[0] : edges[1];
}

template <class = when_called>
void check_timed_threads(std::span<const timed_threads> points) {
    for (std::size_t i = 0; i < points.size(); ++i) {
        const std::string point = "amdahl_fit: point " + to_text(i) + ": ";
        check(points[i].threads >= 1, point + "threads must be >= 1", points[i].threads);
        check(std::isfinite(points[i].seconds) && points[i].seconds > 0, point + "duration must be positive and finite", points[i].seconds);
    }
}

/// Fills trusted and reason.
template <class = when_called>
void judge(amdahl_fit_result& fit, double trusted_error) {
    if (fit.fit_error > trusted_error) {
        fit.reason = "misses a point by " + percent(fit.fit_error, 1) + ", more than " + percent(trusted_error, 1);
    } else if (fit.counts_fitted < 3) {
        fit.reason = "two thread counts fit any law of two unknowns";
    }
    fit.trusted = fit.reason.empty();
}

} // namespace detail

/// @brief Fits Amdahl's law T(n) = a + b/n to running times: weighted linear least squares, weights 1/T^2 (so that relative errors count,
/// as the noise of times is relative), a and b not negative.
///
/// @param points   One or more times per thread count, any order, in seconds.
/// @param options  See amdahl_fit_options; points above `cores` threads get a residual, but no part in the fit.
/// @returns        a, b, p, the limit, residuals. `trusted` is false, with the reason, where the law misses a point by more than
///                 `trusted_error`, and with two counts, which any law of two unknowns fits. Counts without 1 among them are fitted
///                 all the same: p is then the share at one thread by extrapolation.
/// @throws argument_error  for fewer than two distinct counts to fit, and for times or counts out of range (points counted from 0).
/// Times within a factor of 1e100 of a second are safe from overflow.
template <class = when_called>
[[nodiscard]] amdahl_fit_result amdahl_fit(const std::vector<timed_threads>& points, const amdahl_fit_options& options = {}) {
    check(options.trusted_error > 0, "amdahl_fit: options.trusted_error must be positive", options.trusted_error);
    detail::check_timed_threads(points);
    const auto left_out = [&](std::size_t threads) { return options.cores != 0 && threads > options.cores; };
    std::vector<timed_threads> fitted;
    std::vector<std::size_t> counts;
    for (const timed_threads& point : points) {
        if (!left_out(point.threads)) {
            fitted.push_back(point);
            counts.push_back(point.threads);
        }
    }
    std::sort(counts.begin(), counts.end());
    counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
    check(counts.size() >= 2,
          "amdahl_fit: needs at least 2 thread counts"
              + (fitted.size() < points.size() ? " within the " + detail::counted(options.cores, "usable core") : std::string()),
          counts.size());

    const auto [serial, parallel] = detail::fit_amdahl_coefficients(fitted);
    amdahl_fit_result fit;
    fit.serial_seconds = serial;
    fit.parallel_seconds = parallel;
    fit.parallel_fraction = parallel / (serial + parallel);
    fit.max_speed_up = serial == 0 ? std::numeric_limits<double>::infinity() : (serial + parallel) / serial;
    fit.counts_fitted = counts.size();
    fit.most_threads_fitted = counts.back();
    double base = 0;  // the fastest run of the smallest count
    for (const timed_threads& point : fitted) {
        if (point.threads == counts.front()) {
            base = base == 0 ? point.seconds : std::min(base, point.seconds);
        }
    }
    for (const auto& [threads, seconds] : points) {
        const double law = fit.seconds_at(threads);
        fit.residuals.push_back({threads, seconds, law, (seconds - law) / seconds, left_out(threads)});
        if (left_out(threads)) {
            continue;
        }
        fit.fit_error = std::max(fit.fit_error, std::abs(fit.residuals.back().relative));
        const double ideal = static_cast<double>(threads) / static_cast<double>(counts.front());
        if (threads != counts.front() && base / seconds > ideal * (1 + 1e-9)) {  // beyond rounding
            fit.superlinear.push_back(threads);
        }
        if (threads != counts.front() && base / seconds < 1 - 1e-9) {
            fit.slowdown.push_back(threads);
        }
    }
    detail::judge(fit, options.trusted_error);
    return fit;
}

/// @brief As above, over the medians of a report; points with more threads than the report's usable cores are left out.
template <class = when_called>
[[nodiscard]] amdahl_fit_result amdahl_fit(const scalability_report& report, amdahl_fit_options options = {}) {
    if (options.cores == 0) {
        options.cores = report.cores;
    }
    std::vector<timed_threads> points;
    for (const scaling_point& point : report.points) {
        points.push_back({point.threads, point.median});
    }
    return amdahl_fit(points, options);
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_AMDAHL_FIT_HPP
