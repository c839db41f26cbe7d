// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_MEMORY_BANDWIDTH_HPP
#define XRAYON_ANALYZE_MEMORY_BANDWIDTH_HPP

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include <xrayon/analyze/detail/best_rates.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::analyze {

/// Bytes that so many threads move in a second.
struct bandwidth_point {
    std::size_t threads = 1;
    double bytes_per_second = 0;
};

struct bandwidth_options {
    std::size_t bytes = std::size_t{192} << 20;  ///< Of the three arrays together, >= 3 MiB; well above the last cache.
    std::size_t repetitions = 5;                 ///< The best one counts, >= 1.
};

/// @brief Measures what memory gives: the triad a[i] = b[i] + 3 c[i] of J. D. McCalpin's STREAM (1995), 24 bytes an element, at each thread count.
///
/// Where twice as many threads do not get twice as much, neither does any work that waits for memory; no scheduler changes that.
/// @param threads  1 to 1024 each
/// @returns        One point for each count, in the order given.
/// @throws argument_error  if a count or an option is out of range
/// @throws std::bad_alloc, resource_error
template <class = when_called>
[[nodiscard]] std::vector<bandwidth_point> measure_bandwidth(const std::vector<std::size_t>& threads,
                                                             const bandwidth_options& options = {}) {
    check(options.bytes >= std::size_t{3} << 20, "measure_bandwidth: options.bytes must be >= 3145728", options.bytes);
    constexpr std::size_t block = 8192;  // elements: a task is long enough, and a vector loop
    const std::size_t blocks = options.bytes / (3 * sizeof(double)) / block;
    const std::size_t n = blocks * block;
    const auto a = std::make_unique_for_overwrite<double[]>(n);
    const auto b = std::make_unique_for_overwrite<double[]>(n);
    const auto c = std::make_unique_for_overwrite<double[]>(n);
    const auto triad = [&](std::size_t repetition) {
        for_each_index(blocks, [&](std::size_t i) {
            double* const to = a.get() + i * block;
            double* const left = b.get() + i * block;
            double* const right = c.get() + i * block;
            if (repetition == 0) {
                std::fill_n(left, block, 1.0);
                std::fill_n(right, block, 2.0);
            }
            for (std::size_t k = 0; k < block; ++k) {
                to[k] = left[k] + 3 * right[k];
            }
        });
    };
    const auto rates = detail::best_rates("measure_bandwidth", threads, options.repetitions, 3 * sizeof(double) * n, triad);
    // And nobody may leave it out.
    check(threads.empty() || a[n - 1] == 7, "measure_bandwidth: internal error: the triad gave another number");
    std::vector<bandwidth_point> points;
    for (std::size_t i = 0; i < threads.size(); ++i) {
        points.push_back({threads[i], rates[i]});
    }
    return points;
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_MEMORY_BANDWIDTH_HPP
