// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_ARITHMETIC_RATE_HPP
#define XRAYON_ANALYZE_ARITHMETIC_RATE_HPP

#include <array>
#include <cstddef>
#include <vector>

#include <xrayon/analyze/detail/best_rates.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::analyze {

/// Multiplications and additions that so many threads do in a second.
struct arithmetic_point {
    std::size_t threads = 1;
    double operations_per_second = 0;
};

struct arithmetic_options {
    std::size_t tasks = 256;      ///< Of about 50 us each, >= 1.
    std::size_t repetitions = 5;  ///< The best one counts, >= 1.
};

/// @brief Measures what the processors give by themselves: x = 0.5 x + 1 over and over, for 256 numbers that never leave the first cache.
///
/// The counterpart of measure_bandwidth. Where twice as many threads do not do twice as much of this, processors share a core, lower their
/// clock together, or belong to a host that has less to give; no program changes that either.
/// @param threads  1 to 1024 each
/// @returns        One point for each count, in the order given.
/// @throws argument_error  if a count or an option is out of range
/// @throws std::bad_alloc, resource_error
template <class = when_called>
[[nodiscard]] std::vector<arithmetic_point> measure_arithmetic(const std::vector<std::size_t>& threads,
                                                               const arithmetic_options& options = {}) {
    check(options.tasks >= 1, "measure_arithmetic: options.tasks must be >= 1", options.tasks);
    constexpr std::size_t width = 256;
    constexpr std::size_t rounds = 1024;
    std::vector<double> ends(options.tasks);
    const auto work = [&](std::size_t repetition) {
        for_each_index(options.tasks, [&](std::size_t i) {
            std::array<double, width> values;
            values.fill(static_cast<double>(repetition));
            for (std::size_t round = 0; round < rounds; ++round) {
                for (double& value : values) {
                    value = 0.5 * value + 1;
                }
            }
            ends[i] = values[i % width];
        });
    };
    const auto rates = detail::best_rates("measure_arithmetic", threads, options.repetitions, 2 * width * rounds * options.tasks, work);
    // The limit of the sum is 2, and nobody may leave it out.
    check(threads.empty() || ends.back() == 2, "measure_arithmetic: internal error: the sums gave another number", ends.back());
    std::vector<arithmetic_point> points;
    for (std::size_t i = 0; i < threads.size(); ++i) {
        points.push_back({threads[i], rates[i]});
    }
    return points;
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_ARITHMETIC_RATE_HPP
