// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_TRACE_COST_HPP
#define XRAYON_ANALYZE_TRACE_COST_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include <xrayon/analyze/statistics.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/task_trace.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::analyze {

/// @brief What recording adds to a task on this machine, in seconds: the median difference, over pairs of runs, between 10,000 recorded tasks of nothing
/// and as many that are not. About a hundredth of a second in all.
template <class = when_called>
[[nodiscard]] double measure_trace_cost() {
    constexpr std::size_t tasks = 10'000;
    const auto run = [] { for_each_index(tasks, [](std::size_t) {}, {.grain = 1}); };
    const auto seconds_of = [](const auto& work) {
        const auto begin = std::chrono::steady_clock::now();
        work();
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    return pool(1).install([&] {
        std::vector<double> costs;
        for (int pair = 0; pair < 9; ++pair) {
            const double bare = seconds_of(run);
            const double recorded = seconds_of([&] {
                const trace_recording recording;
                run();
            });
            costs.push_back((recorded - bare) / static_cast<double>(tasks));
        }
        return std::max(0.0, median(costs));
    });
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_TRACE_COST_HPP
