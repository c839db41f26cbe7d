// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_RUN_OPTIONS_HPP
#define XRAYON_EXEC_RUN_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <xrayon/core/config.hpp>
#include <xrayon/core/index_block.hpp>
#include <xrayon/exec/progress.hpp>

namespace xrayon {

/// What a call does when items throw.
enum class on_error {
    rethrow,  ///< The lowest failing item's own exception comes out, unchanged; the items above it are cancelled.
    wrap,     ///< The same, as a task_error with index and path; the original is nested.
    collect,  ///< Every item runs; then task_errors with all that failed.
};

/// What happened in one call; filled when the call ends, also when it throws.
struct run_report {
    std::size_t total = 0;                   ///< Items of the call.
    std::size_t done = 0;                    ///< Items that finished.
    std::size_t threads = 0;                 ///< Threads that took part, the caller included.
    std::optional<std::size_t> failed = {};  ///< Lowest failing item.
    std::string path = {};                   ///< Where that is, outermost first: "grid_search[17] > cross_validate[3]".
    std::vector<index_block> completed = {}; ///< When it did not succeed: what finished, ascending and apart.
};

/// How a call runs, the same for every algorithm: member `run` of its options. Nothing in here changes a result.
struct run_options {
    std::stop_token stop = {};               ///< Requested: the call ends with `cancelled` as soon as running items have ended.
    std::chrono::nanoseconds deadline = {};  ///< From the start of the call; passed: `cancelled`. 0: none.
    progress_mode progress = {};             ///< Shows on stderr how far the call is; off unless asked.
    /// Is told the same ten times a second and at the end, by a thread of its own. Never called for 0 items, nor inside an item of a call that
    /// shows or tells its own: of calls inside each other the outermost one that asks is counted.
    progress_function on_progress = {};
    /// Bytes that items may need together while they run; 0: no bound. Needs item_bytes. Of calls inside each other the outermost one that has a
    /// budget keeps to it: what an item's own calls need is part of what it needs. Results are the same; fewer items may run at once.
    std::size_t memory_budget = 0;
    /// What item i needs while it runs, in bytes; of a fold's leaf, the most that one of its items needs. One that needs more than the whole budget is
    /// an argument_error before anything runs. Called several times for each i, by one thread at a time.
    std::function<std::size_t(std::size_t index)> item_bytes = {};
    std::string label = {};                  ///< Name of the call in paths and messages; empty: the algorithm's own.
    on_error error = on_error::rethrow;
    run_report* report = nullptr;            ///< Where to say what happened; must outlive the call.
};

} // namespace xrayon

#endif // XRAYON_EXEC_RUN_OPTIONS_HPP
