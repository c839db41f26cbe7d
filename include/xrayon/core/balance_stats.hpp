// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_BALANCE_STATS_HPP
#define XRAYON_CORE_BALANCE_STATS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iosfwd>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon {

/// @brief How evenly work lies on workers.
///
/// Loads are in any unit: seconds, items, bytes. Where they add up to 0, nobody waits for anybody: imbalance 0 and efficiency 1.
/// **Example.** `balance_stats({3.0, 1.0})` has mean 2, stddev 1, imbalance 1 and efficiency 2/3.
struct balance_stats {
    std::vector<double> loads;  ///< Of each worker; never empty but in one that was default-constructed.
    double mean = 0;
    double stddev = 0;          ///< Of the loads as a whole population (ddof 0).
    double min = 0;
    double max = 0;
    double imbalance = 0;       ///< (max - min) / mean: 0 when all carry the same, `workers` when one carries everything.
    double efficiency = 1;      ///< mean / max: the share of its time that a worker works, if all wait for the last one.

    balance_stats() = default;

    /// @param worker_loads  One per worker.
    /// @throws argument_error  if there are none, or one is negative, infinite or NaN.
    explicit balance_stats(std::vector<double> worker_loads) : loads(std::move(worker_loads)) {
        check(!loads.empty(), "balance_stats: there must be at least one worker", std::size_t{0});
        for (const double load : loads) {
            check_finite(load, "loads");
        }
        const auto workers = static_cast<double>(loads.size());
        for (const double load : loads) {
            mean += load;
        }
        mean /= workers;
        if (std::isinf(mean)) {  // the sum may be too large for a double where the mean is not
            mean = 0;
            for (const double load : loads) {
                mean += load / workers;
            }
        }
        double squares = 0;
        for (const double load : loads) {
            squares += (load - mean) * (load - mean) / workers;
        }
        stddev = std::sqrt(squares);
        const auto [least, most] = std::minmax_element(loads.begin(), loads.end());
        min = *least;
        max = *most;
        if (mean > 0) {
            imbalance = (max - min) / mean;
            efficiency = std::min(1.0, mean / max);  // the mean of equal numbers may be rounded up
        }
    }

    /// Of tasks: `seconds[i]`, or any other cost, on worker `worker[i]` < workers.
    /// @throws argument_error  if the lengths differ, a worker is not below `workers`, a cost is negative, infinite or NaN, or workers is 0.
    balance_stats(std::span<const std::size_t> worker, std::span<const double> seconds, std::size_t workers)
        : balance_stats(loads_of(worker, seconds, workers)) {}

private:
    static void check_finite(double value, const char* what) {
        if (!(value >= 0) || std::isinf(value)) [[unlikely]] {
            check(false, std::string("balance_stats: ") + what + " must be finite and >= 0", value);
        }
    }
    static std::vector<double> loads_of(std::span<const std::size_t> worker, std::span<const double> seconds, std::size_t workers) {
        if (worker.size() != seconds.size()) [[unlikely]] {
            check(false, "balance_stats: seconds must be as long as worker (" + to_text(worker.size()) + ")", seconds.size());
        }
        std::vector<double> loads(workers, 0.0);
        for (std::size_t i = 0; i < worker.size(); ++i) {
            if (worker[i] >= workers) [[unlikely]] {
                check(false, "balance_stats: worker must be < workers (" + to_text(workers) + ")", worker[i]);
            }
            check_finite(seconds[i], "seconds");
            loads[worker[i]] += seconds[i];
        }
        return loads;
    }
};

/// One line: "2 workers, mean 2, stddev 1, min 1, max 3, imbalance 1, efficiency 0.6666666666666666".
[[nodiscard]] inline std::string to_text(const balance_stats& stats) {
    return to_text(stats.loads.size()) + (stats.loads.size() == 1 ? " worker, mean " : " workers, mean ") + to_text(stats.mean) + ", stddev "
           + to_text(stats.stddev) + ", min " + to_text(stats.min) + ", max " + to_text(stats.max) + ", imbalance " + to_text(stats.imbalance)
           + ", efficiency " + to_text(stats.efficiency);
}

template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const balance_stats& stats) {
    return out << to_text(stats);
}

} // namespace xrayon

#endif // XRAYON_CORE_BALANCE_STATS_HPP
