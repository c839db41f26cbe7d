// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_GUSTAFSON_LAW_HPP
#define XRAYON_ANALYZE_GUSTAFSON_LAW_HPP

#include <cstddef>
#include <optional>

#include <xrayon/analyze/amdahl_law.hpp>
#include <xrayon/core/check.hpp>

// Weak scaling: n threads are given n times the work. Of a time that n threads need, a share alpha does not divide; then they do
//     S(n) = n - alpha (n - 1)
// times the work of one thread in the same time (J. L. Gustafson: "Reevaluating Amdahl's law", CACM 31 (1988) 532). Measured, that scaled
// speed-up is n T(1) / T(n); against a baseline of b threads it is n/b T(b) / T(n) = S(n) / S(b).

namespace xrayon::analyze {

/// The scaled speed-up that a serial share in [0, 1] allows at `threads` >= 1.
[[nodiscard]] inline double gustafson_speed_up(double serial_fraction, std::size_t threads) {
    check(serial_fraction >= 0 && serial_fraction <= 1, "gustafson_speed_up: serial_fraction must be in [0, 1]", serial_fraction);
    check(threads >= 1, "gustafson_speed_up: threads must be >= 1", threads);
    return static_cast<double>(threads) - serial_fraction * static_cast<double>(threads - 1);
}

/// @brief The serial share that one measured scaled speed-up S speaks for, (n - S) / (n - 1); for a baseline of b threads
/// (n - bS) / ((n - 1) - (b - 1) S). Not cut off: below 0 the speed-up is superlinear, above 1 more threads do less.
/// @returns  nothing where a baseline above 1 leaves no share that explains the speed-up.
/// @throws argument_error  as `parallel_fraction`.
[[nodiscard]] inline std::optional<double> gustafson_serial_part(double speed_up, std::size_t threads, std::size_t baseline = 1) {
    detail::check_against_baseline("gustafson_serial_part", speed_up, threads, baseline);
    const double denominator = static_cast<double>(threads - 1) - speed_up * static_cast<double>(baseline - 1);
    if (denominator <= 0) {
        return std::nullopt;
    }
    return (static_cast<double>(threads) - speed_up * static_cast<double>(baseline)) / denominator;
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_GUSTAFSON_LAW_HPP
