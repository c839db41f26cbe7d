// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_TASK_GRAPH_HPP
#define XRAYON_ANALYZE_TASK_GRAPH_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/exec/task_events.hpp>
#include <xrayon/exec/task_trace.hpp>

// The work of a program as tasks that call, spawn and wait, each with the time of one thread that it takes; what any number of threads can do
// with it depends on nothing else, as far as tasks do not slow each other down.

namespace xrayon::analyze {

/// What a task does next: it works for a while, then makes a call and waits for it, or spawns a task and goes on.
struct graph_step {
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    double seconds = 0;
    std::size_t call = none;
    std::size_t spawn = none;
};

struct graph_task {
    std::vector<graph_step> steps = {};
    double seconds = 0;     ///< Work behind the last step; all of it where there are no steps.
    std::size_t begin = 0;  ///< Items [begin, begin + items) of its call.
    std::size_t items = 1;  ///< Above 1, and without steps: it may be cut into so many equal pieces.
};

struct graph_call {
    std::string name = {};
    std::vector<std::size_t> tasks = {};  ///< That it begins with; it has ended when these have and all that were spawned by them.
};

/// Task 0 is the whole. A task's calls and spawns are of tasks with higher indices, and each task but the first is in one call or spawned once.
struct task_graph {
    std::vector<graph_task> tasks = {};
    std::vector<graph_call> calls = {};
    std::size_t left_out = 0;  ///< Tasks of a trace that do not hang below its root.
};

/// How long a graph takes on one thread and on as many as it could ever use.
struct graph_times {
    double work = 0;                     ///< T1: seconds of all tasks together.
    double span = 0;                     ///< The longest chain of work in which each piece waits for the one before.
    std::vector<double> task_work = {};  ///< Of each task with all below it.
    std::vector<double> task_span = {};  ///< From its beginning to its own end; what it spawned may end later.
    std::vector<double> call_work = {};
    std::vector<double> call_span = {};
};

/// What it costs to hand out work, in seconds.
struct dispatch_costs {
    double call = 2e-6;         ///< Until other threads begin with a call's tasks.
    double task = 1e-7;         ///< Of each task.
    double inline_call = 5e-6;  ///< Calls of less work are done by the thread that makes them.
};

namespace detail {

template <class = when_called>
void check_graph(const task_graph& graph, const std::string& op) {
    check(!graph.tasks.empty(), op + ": the graph has no tasks");
    std::vector<char> seen(graph.tasks.size(), 0);
    std::vector<char> called(graph.calls.size(), 0);
    const auto use = [&](std::size_t by, std::size_t task) {
        check(task > by && task < graph.tasks.size(), op + ": task " + to_text(by) + " must call and spawn tasks behind it", task);
        check(seen[task] == 0, op + ": each task must be in one call or spawned once; again", task);
        seen[task] = 1;
    };
    const auto check_seconds = [&](std::size_t task, double seconds) {
        check(std::isfinite(seconds) && seconds >= 0, op + ": task " + to_text(task) + ": seconds must be finite and >= 0", seconds);
    };
    for (std::size_t t = 0; t < graph.tasks.size(); ++t) {
        check_seconds(t, graph.tasks[t].seconds);
        check(graph.tasks[t].items >= 1, op + ": task " + to_text(t) + ": items must be >= 1", graph.tasks[t].items);
        for (const graph_step& step : graph.tasks[t].steps) {
            check_seconds(t, step.seconds);
            if (step.call != graph_step::none) {
                check(step.call < graph.calls.size() && called[step.call] == 0, op + ": each call must be made once, by one task; again",
                      step.call);
                called[step.call] = 1;
                for (const std::size_t task : graph.calls[step.call].tasks) {
                    use(t, task);
                }
            }
            if (step.spawn != graph_step::none) {
                use(t, step.spawn);
            }
        }
    }
}

} // namespace detail

/// @brief Work and span of a graph, and of its parts.
/// @param costs  Added to the span of each call, and to each task: the burdened span of Y. He, C. Leiserson and W. Leiserson ("The Cilkview
///               scalability analyzer", 2010). All 0: none.
/// @throws argument_error  for a graph that is none
/// **Cost.** O(tasks + calls).
template <class = when_called>
[[nodiscard]] graph_times times_of(const task_graph& graph, const dispatch_costs& costs = {0, 0, 0}) {
    detail::check_graph(graph, "times_of");
    graph_times out;
    out.task_work.assign(graph.tasks.size(), 0);
    out.task_span.assign(graph.tasks.size(), 0);
    out.call_work.assign(graph.calls.size(), 0);
    out.call_span.assign(graph.calls.size(), 0);
    std::vector<double> all_done(graph.tasks.size(), 0);  // also what it spawned
    for (std::size_t t = graph.tasks.size(); t-- > 0;) {
        const graph_task& task = graph.tasks[t];
        double work = task.seconds;
        double clock = costs.task;
        double spawned_end = 0;
        for (const graph_step& step : task.steps) {
            work += step.seconds;
            clock += step.seconds;
            if (step.call != graph_step::none) {
                double& call_work = out.call_work[step.call];
                double& call_span = out.call_span[step.call];
                for (const std::size_t each : graph.calls[step.call].tasks) {
                    call_work += out.task_work[each];
                    call_span = std::max(call_span, all_done[each]);
                }
                call_span = call_work < costs.inline_call ? call_work : call_span + costs.call;
                work += call_work;
                clock += call_span;
            }
            if (step.spawn != graph_step::none) {
                work += out.task_work[step.spawn];
                spawned_end = std::max(spawned_end, clock + all_done[step.spawn]);
            }
        }
        const bool divisible = task.steps.empty() && task.items > 1;
        clock += divisible ? task.seconds / static_cast<double>(task.items) : task.seconds;
        out.task_work[t] = work;
        out.task_span[t] = clock;
        all_done[t] = std::max(clock, spawned_end);
    }
    out.work = out.task_work.front();
    out.span = all_done.front();
    return out;
}

/// @brief The graph below a trace's root (see record_tasks).
///
/// A task's own time is what it spent neither in its calls nor in tasks of others that its thread took up. Best recorded on one thread:
/// on several, tasks that wait for memory or for each other look longer than they are.
/// @throws argument_error  for a trace without a root, or with tasks dropped: what is missing would be taken for nothing
template <class = when_called>
[[nodiscard]] task_graph graph_of(const task_trace& trace) {
    check(trace.root < trace.tasks.size(), "graph_of: the trace has no root; record one function with record_tasks");
    check(trace.dropped == 0, "graph_of: the trace must be whole; tasks and calls dropped for want of room", trace.dropped);

    const std::vector<std::vector<task_event>> events = events_of_tasks(trace);
    std::vector<std::vector<std::size_t>> firsts(trace.calls.size());  // tasks that a call begins with
    for (std::size_t t = 0; t < trace.tasks.size(); ++t) {
        if (trace.tasks[t].spawner == no_trace_index && trace.tasks[t].call != no_trace_index) {
            firsts[trace.tasks[t].call].push_back(t);
        }
    }

    // Numbered as they are come to from the root: then a task's calls and spawns lie behind it.
    std::vector<std::size_t> order{trace.root};
    std::vector<std::size_t> number(trace.tasks.size(), graph_step::none);
    number[trace.root] = 0;
    task_graph graph;
    const auto reach = [&](std::size_t t) {
        number[t] = order.size();
        order.push_back(t);
        return number[t];
    };
    for (std::size_t next = 0; next < order.size(); ++next) {
        const traced_task& task = trace.tasks[order[next]];
        graph_task out{.begin = task.begin, .items = std::max<std::size_t>(1, task.end - task.begin)};
        double own = 0;
        const auto work = [&](std::int64_t time) { own += 1e-9 * static_cast<double>(time); };
        const auto meet = [&](const task_event& each) {
            if (each.call != no_trace_index) {
                graph_call call{.name = trace.calls[each.call].name};
                for (const std::size_t t : firsts[each.call]) {
                    call.tasks.push_back(reach(t));
                }
                out.steps.push_back({std::exchange(own, 0), graph.calls.size(), graph_step::none});
                graph.calls.push_back(std::move(call));
            } else if (each.spawn != no_trace_index) {
                out.steps.push_back({std::exchange(own, 0), graph_step::none, reach(each.spawn)});
            }
        };
        go_through(task, events[order[next]], work, meet);
        out.seconds = own;
        graph.tasks.push_back(std::move(out));
    }
    graph.left_out = trace.tasks.size() - graph.tasks.size();
    return graph;
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_TASK_GRAPH_HPP
