// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_SCHEDULE_INVOKE_OPTIONS_HPP
#define XRAYON_SCHEDULE_INVOKE_OPTIONS_HPP

#include <cstdint>
#include <string_view>
#include <vector>

#include <xrayon/core/balance_stats.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/schedule/task_costs.hpp>

namespace xrayon {

class cost_model;

/// How tasks of different cost are run (invoke_all, zip_invoke). Nothing in here changes a result, their order, or which exception comes out.
struct invoke_options {
    /// What each task costs, or the size of its input: `{3, 1, 2}`, a range, or a function of the index. The dearest begin first.
    task_costs costs = {};
    /// Says what the tasks cost by what they have cost, and learns from this call; must outlive it. Null: only `costs` counts.
    cost_model* model = nullptr;
    std::string_view key = {};             ///< What the model knows these tasks by; one for each call of the program that uses the model.
    std::vector<std::uint64_t> ids = {};   ///< The model's numbers of the tasks, where their indices change from call to call. Empty: indices.
    /// Is told how evenly the work lay on the threads: seconds of tasks per thread, of the pool's threads those without any included. Filled
    /// when the call ends, also when it throws. Times, so not the same from run to run.
    balance_stats* balance = nullptr;
    run_options run = {};
};

} // namespace xrayon

#endif // XRAYON_SCHEDULE_INVOKE_OPTIONS_HPP
