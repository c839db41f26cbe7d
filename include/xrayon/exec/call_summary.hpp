// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_CALL_SUMMARY_HPP
#define XRAYON_EXEC_CALL_SUMMARY_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/core/balance_stats.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/exec/task_events.hpp>
#include <xrayon/exec/task_trace.hpp>

namespace xrayon {

/// What a trace says of all calls of one name together. Times in seconds.
struct call_summary {
    std::string name;
    std::size_t calls = 0;
    std::size_t items = 0;   ///< That ran.
    std::size_t tasks = 0;   ///< Pieces that threads claimed.
    double wall = 0;         ///< From the beginning to the end of each call, added up.
    double work = 0;         ///< What all threads did in their tasks and in calls nested in these.
    double mean_cores = 0;   ///< work / wall: "ran on 4.3 cores".
    double item_median = 0;  ///< Of an item with all that is nested in it. Items claimed together count with their mean.
    double item_p95 = 0;
    double item_max = 0;
    double imbalance = 0;  ///< Of the threads' task times, (max - min) / mean (core/balance_stats.hpp): the mean over calls, by wall time.
    /// Of the time from each thread's first task of a call to its last one, and from the call's beginning to the first of all, what was in no
    /// task.
    double scheduling_share = 0;
};

namespace detail {

/// The tasks of each call, in the order of their starts.
template <class = when_called>
std::vector<std::vector<std::size_t>> tasks_of_calls(const task_trace& trace) {
    std::vector<std::vector<std::size_t>> tasks(trace.calls.size());
    for (std::size_t i = 0; i < trace.tasks.size(); ++i) {
        if (trace.tasks[i].call != no_trace_index) {
            tasks[trace.tasks[i].call].push_back(i);
        }
    }
    return tasks;
}

/// The value that so much of the weight does not exceed.
template <class = when_called>
double weighted_quantile(const std::vector<std::pair<double, std::size_t>>& sorted, double probability) {
    double total = 0;
    for (const auto& [value, weight] : sorted) {
        total += static_cast<double>(weight);
    }
    double sum = 0;
    for (const auto& [value, weight] : sorted) {
        sum += static_cast<double>(weight);
        if (sum >= probability * total) {
            return value;
        }
    }
    return 0;
}

} // namespace detail

/// @brief Summaries of the calls in a trace, by name; those that took longest come first.
///
/// A call nested in one of its own name counts in both. A call of many items has many tasks, so quantiles are those of the items as good as
/// claims show them.
/// **Cost.** O(n log n) for n tasks.
template <class = when_called>
[[nodiscard]] std::vector<call_summary> summarize_calls(const task_trace& trace) {
    const std::vector<std::int64_t> own = own_times(trace);
    const std::vector<std::vector<std::size_t>> tasks = detail::tasks_of_calls(trace);
    const auto seconds = [](std::int64_t nanoseconds) { return 1e-9 * static_cast<double>(nanoseconds); };

    // Calls begin after the one that they are nested in, so backwards the inner ones come first.
    std::vector<double> task_work(trace.tasks.size());
    std::transform(own.begin(), own.end(), task_work.begin(), seconds);
    std::vector<double> call_work(trace.calls.size(), 0.0);
    for (std::size_t c = trace.calls.size(); c-- > 0;) {
        for (const std::size_t t : tasks[c]) {
            call_work[c] += task_work[t];
        }
        if (trace.calls[c].parent != no_trace_index) {
            task_work[trace.calls[c].parent] += call_work[c];
        }
    }

    struct sums {
        std::vector<std::pair<double, std::size_t>> items = {};  // seconds of one, how many
        double span = 0;
        double in_tasks = 0;
        double imbalance = 0;
    };
    struct thread_time {
        std::int64_t first = std::numeric_limits<std::int64_t>::max();
        std::int64_t last = 0;
        std::int64_t busy = 0;
        bool came = false;
    };
    std::vector<call_summary> out;
    std::vector<sums> all;
    for (std::size_t c = 0; c < trace.calls.size(); ++c) {
        const traced_call& call = trace.calls[c];
        const auto found = std::find_if(out.begin(), out.end(), [&](const call_summary& each) { return each.name == call.name; });
        const auto at = static_cast<std::size_t>(found - out.begin());
        if (found == out.end()) {
            out.emplace_back().name = call.name;
            all.emplace_back();
        }
        call_summary& summary = out[at];
        sums& more = all[at];
        const double wall = seconds(call.stop - call.start);
        summary.calls += 1;
        summary.tasks += tasks[c].size();
        summary.wall += wall;
        summary.work += call_work[c];

        std::vector<thread_time> threads(trace.threads.size());
        std::int64_t first = call.stop;
        for (const std::size_t t : tasks[c]) {
            const traced_task& task = trace.tasks[t];
            const std::size_t items = std::max<std::size_t>(1, task.end - task.begin);
            const double each = seconds(task.stop - task.start) / static_cast<double>(items);
            more.items.emplace_back(each, items);
            summary.items += items;
            summary.item_max = std::max(summary.item_max, each);
            thread_time& thread = threads[task.thread];
            thread.first = std::min(thread.first, task.start);
            thread.last = std::max(thread.last, task.stop);
            thread.busy += task.stop - task.start;
            thread.came = true;
            first = std::min(first, task.start);
        }
        more.span += seconds(first - call.start);
        std::vector<double> loads;
        for (const thread_time& thread : threads) {
            if (thread.came) {
                more.span += seconds(thread.last - thread.first);
                more.in_tasks += seconds(thread.busy);
                loads.push_back(seconds(thread.busy));
            }
        }
        loads.resize(std::max(loads.size(), std::min(call.threads, tasks[c].size())), 0.0);  // who might have come
        if (!loads.empty()) {
            more.imbalance += wall * balance_stats(std::move(loads)).imbalance;
        }
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
        call_summary& summary = out[i];
        std::sort(all[i].items.begin(), all[i].items.end());
        summary.item_median = detail::weighted_quantile(all[i].items, 0.5);
        summary.item_p95 = detail::weighted_quantile(all[i].items, 0.95);
        summary.mean_cores = summary.wall > 0 ? summary.work / summary.wall : 0;
        summary.imbalance = summary.wall > 0 ? all[i].imbalance / summary.wall : 0;
        summary.scheduling_share = all[i].span > 0 ? std::max(0.0, 1 - all[i].in_tasks / all[i].span) : 0;
    }
    std::stable_sort(out.begin(), out.end(), [](const call_summary& a, const call_summary& b) { return a.wall > b.wall; });
    return out;
}

} // namespace xrayon

#endif // XRAYON_EXEC_CALL_SUMMARY_HPP
