// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_BEST_RATES_HPP
#define XRAYON_ANALYZE_DETAIL_BEST_RATES_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/thread_count.hpp>

namespace xrayon::analyze::detail {

/// For each count, `amount` over the shortest time that `body(repetition)` takes on a pool of so many threads. Repetition 0 touches pages and wakes
/// threads, and does not count.
template <class Body>
std::vector<double> best_rates(const std::string& op, const std::vector<std::size_t>& threads, std::size_t repetitions, std::size_t amount,
                               const Body& body) {
    for (const std::size_t count : threads) {
        check(count >= 1 && count <= max_threads, op + ": threads must be 1 to " + to_text(max_threads), count);
    }
    check(repetitions >= 1, op + ": options.repetitions must be >= 1", repetitions);
    std::vector<double> rates;
    for (const std::size_t count : threads) {
        const pool workers(count);
        double best = 0;
        for (std::size_t repetition = 0; repetition <= repetitions; ++repetition) {
            const auto begin = std::chrono::steady_clock::now();
            workers.install([&] { body(repetition); });
            const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
            if (repetition != 0 && seconds > 0) {
                best = std::max(best, static_cast<double>(amount) / seconds);
            }
        }
        rates.push_back(best);
    }
    return rates;
}

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_BEST_RATES_HPP
