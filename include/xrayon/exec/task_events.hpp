// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_TASK_EVENTS_HPP
#define XRAYON_EXEC_TASK_EVENTS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <xrayon/core/config.hpp>
#include <xrayon/exec/task_trace.hpp>

// A trace, task by task: what each did itself, and what it called, spawned or was kept from its work by.

namespace xrayon {

/// What a task does besides its own work: it makes a call and waits for it, spawns a task in a moment, or its thread takes up a foreign task.
struct task_event {
    std::int64_t start = 0;
    std::int64_t stop = 0;
    std::size_t call = no_trace_index;
    std::size_t spawn = no_trace_index;
};

/// Of each task, its events in their order.
template <class = when_called>
std::vector<std::vector<task_event>> events_of_tasks(const task_trace& trace) {
    std::vector<std::vector<task_event>> events(trace.tasks.size());
    for (std::size_t c = 0; c < trace.calls.size(); ++c) {
        if (trace.calls[c].parent != no_trace_index) {
            events[trace.calls[c].parent].push_back({trace.calls[c].start, trace.calls[c].stop, c});
        }
    }
    for (std::size_t t = 0; t < trace.tasks.size(); ++t) {
        const traced_task& task = trace.tasks[t];
        if (task.spawner != no_trace_index) {
            events[task.spawner].push_back({task.spawned, task.spawned, no_trace_index, t});
        }
        const bool in_own_call = task.call != no_trace_index && trace.calls[task.call].parent == task.within;
        if (task.within != no_trace_index && !in_own_call) {
            events[task.within].push_back({task.start, task.stop});
        }
    }
    for (auto& mine : events) {
        std::stable_sort(mine.begin(), mine.end(), [](const task_event& a, const task_event& b) { return a.start < b.start; });
    }
    return events;
}

/// Goes through a task: `work(nanoseconds)` for each stretch of its own, `meet(event)` for each event behind that. What lies in two events, as a
/// foreign task that was taken up in a call, is no time of the task's, and not taken off twice.
template <class Work, class Meet>
void go_through(const traced_task& task, const std::vector<task_event>& events, const Work& work, const Meet& meet) {
    std::int64_t clock = task.start;
    const auto work_until = [&](std::int64_t time) {
        if (time > clock) {
            work(time - clock);
            clock = time;
        }
    };
    for (const task_event& each : events) {
        work_until(std::min(each.start, task.stop));
        meet(each);
        clock = std::max(clock, each.stop);
    }
    work_until(task.stop);
}

/// Of each task, the time of its own, nanoseconds.
template <class = when_called>
std::vector<std::int64_t> own_times(const task_trace& trace) {
    const auto events = events_of_tasks(trace);
    std::vector<std::int64_t> own(trace.tasks.size(), 0);
    for (std::size_t t = 0; t < own.size(); ++t) {
        go_through(
            trace.tasks[t], events[t], [&](std::int64_t time) { own[t] += time; }, [](const task_event&) {});
    }
    return own;
}

} // namespace xrayon

#endif // XRAYON_EXEC_TASK_EVENTS_HPP
