// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_RANDOM_STATISTICS_HPP
#define XRAYON_TESTS_RANDOM_STATISTICS_HPP

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <xrayon/random/detail/run_one.hpp>

// Statistical tests have fixed seeds, so they pass always or never. Each bound is passed by a perfect generator for all but one seed in
// a million.

namespace xrayon::test {

/// For a standard normal variable, on either side: P(|Z| > z) = 1e-6.
inline constexpr double one_in_a_million = 4.8916385;

/// Where the chi-square distribution of so many degrees of freedom has 1e-6 left (mpmath).
inline double chi_square_bound(std::size_t degrees) {
    switch (degrees) {
        case 5: return 35.888187;
        case 9: return 44.810938;
        case 19: return 63.677052;
        case 23: return 70.549557;
        case 63: return 131.3697;
        case 99: return 180.79202;
        case 255: return 377.07812;
        default: return 0;
    }
}

/// Of counts that are all expected to be the same.
inline double chi_square(const std::vector<std::size_t>& counts) {
    double total = 0;
    for (const std::size_t count : counts) {
        total += static_cast<double>(count);
    }
    const double expected = total / static_cast<double>(counts.size());
    double sum = 0;
    for (const std::size_t count : counts) {
        const double off = static_cast<double>(count) - expected;
        sum += off * off / expected;
    }
    return sum;
}

/// How many doubles lie between two of the same sign.
inline std::uint64_t ulps_apart(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; }

inline std::uint64_t bits_of(double x) { return std::bit_cast<std::uint64_t>(x); }
inline std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }

/// Those that this machine runs; the portable one is always among them.
inline std::vector<instruction_set> instruction_sets() {
    std::vector<instruction_set> sets;
    for (const auto set : {instruction_set::portable, instruction_set::avx2, instruction_set::avx512}) {
        if (runs(set)) {
            sets.push_back(set);
        }
    }
    return sets;
}

} // namespace xrayon::test

#endif // XRAYON_TESTS_RANDOM_STATISTICS_HPP
