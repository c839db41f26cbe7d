// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_LIST_SCHEDULE_HPP
#define XRAYON_CORE_LIST_SCHEDULE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/core/index_order.hpp>

// Which worker does which task, worked out in virtual time. List scheduling is Graham's ("Bounds for certain multiprocessing anomalies",
// 1966): whoever is free first takes the next task of a list. Whatever the list, the makespan is at most 2 - 1/P times the best possible
// one; with the longest task first ("Bounds on multiprocessing timing anomalies", 1969) at most 4/3 - 1/(3P) times.

namespace xrayon {

/// Who does what and when, one entry per task or per worker.
struct task_assignment {
    std::vector<std::size_t> worker;              ///< Of each task.
    std::vector<std::vector<std::size_t>> order;  ///< The tasks of each worker, in the order in which it does them.
    std::vector<double> loads;                    ///< Cost of each worker's tasks, added up in that order.
    double makespan = 0;                          ///< The greatest load; 0 without tasks.
};

/// Throws argument_error `<what> must be finite and >= 0, got <value>` for the first cost that is not.
inline void check_costs(std::span<const double> costs, std::string_view what) {
    for (const double cost : costs) {
        if (!(cost >= 0) || std::isinf(cost)) [[unlikely]] {
            check(false, std::string(what) + " must be finite and >= 0", cost);
        }
    }
}

/// @brief The indices of `costs` by descending cost; of equal costs the lower index comes first.
/// @throws argument_error  if a cost is negative, infinite or NaN.
/// **Cost.** O(n log n).
template <class = when_called>
[[nodiscard]] std::vector<std::size_t> longest_first(std::span<const double> costs) {
    check_costs(costs, "longest_first: costs");
    std::vector<std::size_t> order = input_order(costs.size());
    std::sort(order.begin(), order.end(), [costs](std::size_t a, std::size_t b) { return costs[a] != costs[b] ? costs[a] > costs[b] : a < b; });
    return order;
}

/// @brief Replays a list in virtual time: the next task of `order` goes to the worker that is free first, of several to the lowest.
///
/// This is what threads do that take tasks from one counter, if taking costs nothing.
/// @param costs    What each task takes, in any unit.
/// @param order    A permutation of 0 ... n - 1.
/// @param workers  >= 1; more than tasks are idle.
/// @throws argument_error  if a cost is negative, infinite or NaN, if `order` is no permutation of n, or without workers.
/// **Cost.** O(n log workers).
template <class = when_called>
[[nodiscard]] task_assignment greedy_schedule(std::span<const double> costs, std::span<const std::size_t> order, std::size_t workers) {
    check(workers >= 1, "greedy_schedule: workers must be >= 1", workers);
    check_costs(costs, "greedy_schedule: costs");
    if (order.size() != costs.size()) [[unlikely]] {
        check(false, "greedy_schedule: order must be as long as costs (" + to_text(costs.size()) + ")", order.size());
    }
    check_order(order, "greedy_schedule");
    task_assignment all{std::vector<std::size_t>(costs.size()), std::vector<std::vector<std::size_t>>(workers), std::vector<double>(workers, 0.0)};
    // A heap of (load, worker) whose top is the least; more workers than tasks need not enter it.
    using entry = std::pair<double, std::size_t>;
    std::vector<entry> free(std::min(workers, costs.size()));
    for (std::size_t w = 0; w < free.size(); ++w) {
        free[w] = {0.0, w};  // ascending, so a heap already
    }
    for (const std::size_t task : order) {
        std::pop_heap(free.begin(), free.end(), std::greater<>{});
        auto& [load, worker] = free.back();
        all.worker[task] = worker;
        all.order[worker].push_back(task);
        load += costs[task];
        all.loads[worker] = load;
        all.makespan = std::max(all.makespan, load);
        std::push_heap(free.begin(), free.end(), std::greater<>{});
    }
    return all;
}

/// @brief Longest processing time first: Graham's list schedule of `longest_first(costs)`.
/// @param workers  >= 1
/// @returns        An assignment whose makespan is at most 4/3 - 1/(3 workers) times the least possible one.
/// @throws argument_error  if a cost is negative, infinite or NaN, or without workers.
/// **Cost.** O(n log n).
template <class = when_called>
[[nodiscard]] task_assignment lpt(std::span<const double> costs, std::size_t workers) {
    check(workers >= 1, "lpt: workers must be >= 1", workers);
    check_costs(costs, "lpt: costs");
    return greedy_schedule(costs, longest_first(costs), workers);
}

/// What no schedule of tasks that cannot be cut is quicker than: max(all / workers, the dearest task).
/// @throws argument_error  as lpt.
[[nodiscard]] inline double makespan_bound(std::span<const double> costs, std::size_t workers) {
    check(workers >= 1, "makespan_bound: workers must be >= 1", workers);
    check_costs(costs, "makespan_bound: costs");
    double total = 0;
    double dearest = 0;
    for (const double cost : costs) {
        total += cost;
        dearest = std::max(dearest, cost);
    }
    return std::max(total / static_cast<double>(workers), dearest);
}

} // namespace xrayon

#endif // XRAYON_CORE_LIST_SCHEDULE_HPP
