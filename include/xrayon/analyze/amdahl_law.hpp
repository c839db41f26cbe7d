// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_AMDAHL_LAW_HPP
#define XRAYON_ANALYZE_AMDAHL_LAW_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>

#include <xrayon/core/check.hpp>

// Amdahl's law and its inverse. A share p of the work (measured at one thread) is divided among n threads and the rest is not:
//     T(n) = T(1) * ((1 - p) + p / n)
// (G. M. Amdahl: "Validity of the single processor approach to achieving large scale computing capabilities", AFIPS 1967).
// A speed-up S may be measured against a baseline of b > 1 threads, S = T(b) / T(n); the formulas below hold for any b and are
// the usual ones at b = 1.

namespace xrayon::analyze {

namespace detail {

inline void check_fraction(double parallel_fraction, const char* rule) {
    check(parallel_fraction >= 0 && parallel_fraction <= 1, rule, parallel_fraction);
}

inline void check_against_baseline(const std::string& function, double speed_up, std::size_t threads, std::size_t baseline) {
    check(std::isfinite(speed_up) && speed_up > 0, function + ": speed_up must be positive and finite", speed_up);
    check(baseline >= 1, function + ": baseline must be >= 1", baseline);
    check(threads > baseline, function + ": threads must be above the baseline of " + to_text(baseline), threads);
}

/// The denominator of both inverses: (1 - 1/n) - (1 - 1/b) / S. At or below 0 no share explains so deep a slowdown.
inline double amdahl_denominator(double speed_up, std::size_t threads, std::size_t baseline) {
    return (1 - 1 / static_cast<double>(threads)) - (1 - 1 / static_cast<double>(baseline)) / speed_up;
}

} // namespace detail

/// The speed-up over one thread that a parallel share in [0, 1] allows at `threads` >= 1: 1 / ((1 - p) + p / n).
[[nodiscard]] inline double amdahl_speed_up(double parallel_fraction, std::size_t threads) {
    detail::check_fraction(parallel_fraction, "amdahl_speed_up: parallel_fraction must be in [0, 1]");
    check(threads >= 1, "amdahl_speed_up: threads must be >= 1", threads);
    return 1 / ((1 - parallel_fraction) + parallel_fraction / static_cast<double>(threads));
}

/// The speed-up that no number of threads exceeds: 1 / (1 - p); infinite at p = 1. At p = 0.9 it is 10.
[[nodiscard]] inline double amdahl_limit(double parallel_fraction) {
    detail::check_fraction(parallel_fraction, "amdahl_limit: parallel_fraction must be in [0, 1]");
    return parallel_fraction == 1 ? std::numeric_limits<double>::infinity() : 1 / (1 - parallel_fraction);
}

/// @brief The parallel share that one measured speed-up speaks for: Amdahl's law solved for p,
/// p = (1 - 1/S) / (1 - 1/n), for a baseline of b threads p = (1 - 1/S) / ((1 - 1/n) - (1 - 1/b) / S).
///
/// @param speed_up  T(baseline) / T(threads), positive.
/// @returns  p, cut off to [0, 1]: a slowdown (S < 1) gives 0 and a superlinear speed-up (S > n/b) gives 1. The law explains
///           neither; `amdahl_fit` flags both.
/// @throws argument_error  if the speed-up is not positive and finite, or threads <= baseline: one count alone tells nothing.
[[nodiscard]] inline double parallel_fraction(double speed_up, std::size_t threads, std::size_t baseline = 1) {
    detail::check_against_baseline("parallel_fraction", speed_up, threads, baseline);
    if (speed_up <= 1) {
        return 0;
    }
    return std::min((1 - 1 / speed_up) / detail::amdahl_denominator(speed_up, threads, baseline), 1.0);
}

/// @brief The serial part that one measured speed-up speaks for, (1/S - 1/n) / (1 - 1/n), as A. H. Karp and H. P. Flatt define it
/// ("Measuring parallel processor performance", CACM 33 (1990) 539); for a baseline of b threads (1/(bS) - 1/n) over
/// (1 - 1/n) - (1 - 1/b) / S. Not cut off: below 0 the speed-up is superlinear, above 1 it is a slowdown, and where it grows with the
/// number of threads, the overhead does.
/// @returns  nothing where a baseline above 1 leaves no share that explains the slowdown.
/// @throws argument_error  as `parallel_fraction`.
[[nodiscard]] inline std::optional<double> karp_flatt_serial_part(double speed_up, std::size_t threads, std::size_t baseline = 1) {
    detail::check_against_baseline("karp_flatt_serial_part", speed_up, threads, baseline);
    const double denominator = detail::amdahl_denominator(speed_up, threads, baseline);
    if (denominator <= 0) {
        return std::nullopt;
    }
    return (1 / (static_cast<double>(baseline) * speed_up) - 1 / static_cast<double>(threads)) / denominator;
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_AMDAHL_LAW_HPP
