// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_STUDENT_T_HPP
#define XRAYON_CORE_STUDENT_T_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>

// Student's t distribution ("The probable error of a mean", Biometrika 6 (1908) 1), as far as intervals need it.

namespace xrayon {

namespace detail {

/// Gamma(a + 1/2) / Gamma(a), a > 0. The series for large a is that of Tricomi and Erdelyi ("The asymptotic expansion of a ratio of gamma
/// functions", Pacific Journal of Mathematics 1 (1951) 133); the recurrence leads there. No difference of logarithms, which would cancel.
template <class = when_called>
double gamma_ratio(double a) {
    double scale = 1;
    for (; a < 32; ++a) {
        scale *= a / (a + 0.5);
    }
    const double x = 1 / a;
    const double series =
        1 + x * (-1.0 / 8 + x * (1.0 / 128 + x * (5.0 / 1024 + x * (-21.0 / 32768 + x * (-399.0 / 262144 + x * (869.0 / 4194304 + x * (39325.0 / 33554432)))))));
    return scale * std::sqrt(a) * series;
}

/// P(|T| <= t) - level, t > 0. The smaller of the two tails of the incomplete beta function is summed, of positive terms only
/// (Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 26.5.4), so nothing cancels that is not equal.
template <class = when_called>
double student_t_excess(double t, double degrees, double level, double ratio) {
    const double b = degrees / 2;
    const double square = t * t / degrees;
    const double x = 1 / (1 + square);   // cos^2 of the angle
    const double y = square / (1 + square);
    const bool outside = square >= 1;
    // Outside: I_x(b, 1/2) = x^b y^(1/2) / (b B) sum (b + 1/2)_k / (b + 1)_k x^k; inside: I_y(1/2, b) likewise; 1 / B = ratio / sqrt(pi).
    const double step = outside ? x : y;
    const double first = outside ? b : 0.5;
    double term = 1;
    double sum = 1;
    for (double k = 0; term > sum * 1e-18; ++k) {
        term *= (b + 0.5 + k) / (first + 1 + k) * step;
        sum += term;
    }
    const double share = ratio * std::numbers::inv_sqrtpi * std::exp(-b * std::log1p(square)) * std::sqrt(y) / first * sum;
    return outside ? (1 - level) - share : share - level;
}

} // namespace detail

/// @brief How far from 0 Student's t stays with probability `level`: the t with P(|T| <= t) = level. Of a 95 % interval: level 0.95.
///
/// @param level    Inside (0, 1).
/// @param degrees  Of freedom, > 0; need not be whole. Beyond about 1e15 this is the normal distribution.
/// @returns        Within 1e-13 + 1e-16 / (1 - level) of the true value, relatively: a level near 1 has few digits left for 1 - level.
/// @throws argument_error  for another level or degrees.
/// **Cost.** Some microseconds.
template <class = when_called>
[[nodiscard]] double student_t_bound(double level, double degrees) {
    check(level > 0 && level < 1, "student_t_bound: level must be inside (0, 1)", level);
    check(degrees > 0, "student_t_bound: degrees must be > 0", degrees);
    degrees = std::min(degrees, 1e15);
    const double ratio = detail::gamma_ratio(degrees / 2);
    const double density = 2 * ratio / std::sqrt(degrees * std::numbers::pi);
    // P(|T| <= t) rises and bends downwards, so Newton's steps from below never go too far; and it lies below its tangent at 0.
    double t = level / density;
    if (level < 1e-100) {
        return t;  // its square would underflow, and it is right to the last digit
    }
    for (int i = 0; i < 2000; ++i) {
        const double slope = density * std::exp(-(degrees + 1) / 2 * std::log1p(t * t / degrees));
        const double next = t - detail::student_t_excess(t, degrees, level, ratio) / slope;
        if (!(next > t * (1 + 2e-16))) {
            return next > 0 ? next : t;
        }
        t = next;
    }
    return t;
}

} // namespace xrayon

#endif // XRAYON_CORE_STUDENT_T_HPP
