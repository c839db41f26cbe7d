// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SCHEDULE_HEAVY_TAILED_HPP
#define XRAYON_TESTS_SCHEDULE_HEAVY_TAILED_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

// The costs of W9, for tests and benchmarks: what a task costs is lognormal(0, 2), so that one of 200 makes up an eighth of the work.

namespace xrayon::test {

/// Number i of stream s, splitmix64's finaliser to (0, 1).
inline double uniform_of(std::uint64_t stream, std::uint64_t i) {
    std::uint64_t z = stream * 0xd1342543de82ef95u + (i + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (static_cast<double>((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53;
}

/// Normal number i of stream s, by Box and Muller.
inline double normal_of(std::uint64_t stream, std::uint64_t i) {
    return std::sqrt(-2 * std::log(uniform_of(stream, 2 * i))) * std::cos(6.283185307179586 * uniform_of(stream, 2 * i + 1));
}

/// n costs in iterations, `total` in all but for rounding down. Stream 8, n = 200 and total = 2e8 are W9a.
inline std::vector<double> heavy_tailed_costs(std::uint64_t stream = 8, std::size_t n = 200, double total = 2e8) {
    std::vector<double> costs(n);
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        sum += costs[i] = std::exp(2 * normal_of(stream, i));
    }
    for (double& cost : costs) {
        cost = std::floor(cost * total / sum);
    }
    return costs;
}

/// W9b: the same, the dearest last.
inline std::vector<double> ascending(std::vector<double> costs) {
    std::sort(costs.begin(), costs.end());
    return costs;
}

} // namespace xrayon::test

#endif // XRAYON_TESTS_SCHEDULE_HEAVY_TAILED_HPP
