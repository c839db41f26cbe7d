// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_WHAT_IF_HPP
#define XRAYON_ANALYZE_WHAT_IF_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/detail/graph_replay.hpp>
#include <xrayon/analyze/task_graph.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/exec/task_trace.hpp>

// What more threads would bring, from one run on one: no machine with so many is needed, as far as tasks do not slow each other down (for that
// see memory_bandwidth.hpp).

namespace xrayon::analyze {

struct what_if_options {
    std::vector<std::size_t> threads = {1, 2, 4, 8, 16, 32, 64};  ///< 1 to 1024 each.
    dispatch_costs costs = {};
};

/// One thread count. Times in seconds.
struct what_if_point {
    std::size_t threads = 1;
    double least = 0;          ///< max(work / threads, span): nothing is quicker.
    double most = 0;           ///< work / threads + span (1 - 1 / threads): no greedy schedule without dispatch costs is slower.
    double in_order = 0;       ///< Replayed: tasks in the order of the library, with dispatch costs.
    double longest_first = 0;  ///< Replayed: of the tasks that could begin, the one with the longest span does.
};

/// What it is that more threads cannot shorten.
enum class scaling_limit {
    serial_part,  ///< Work outside of all calls.
    few_tasks,    ///< The dominating call has few tasks, about equal.
    long_task,    ///< One task of it is much longer than the others, or in each of many calls one is.
    spawn_chain,  ///< Tasks of it that spawn one another, so that they run one after the other.
};

struct what_if_result {
    double work = 0;           ///< T1: seconds on one thread, dispatch costs left out.
    double span = 0;           ///< The longest chain of pieces that wait for each other.
    double burdened_span = 0;  ///< The same with dispatch costs.
    double parallelism = 1;    ///< work / span: no number of threads is more than so many times as fast.
    double serial_part = 0;    ///< Share of the work that is in no call.
    std::size_t tasks = 0;
    std::size_t left_out = 0;  ///< Tasks of the trace that do not hang below its root: other threads', and spawned into pools.
    std::vector<what_if_point> points = {};
    scaling_limit limit = scaling_limit::serial_part;
    std::string reason = {};  ///< The limit in words.

    /// Work over the replayed time of a point.
    [[nodiscard]] double speed_up(const what_if_point& point) const noexcept { return point.in_order > 0 ? work / point.in_order : 1; }
};

namespace detail {

/// The parts that a task's span is made of: its own work, and the spans of its calls by name.
struct span_parts {
    double own = 0;
    struct part {
        std::string name;
        double span = 0;
        std::size_t longest_call = graph_step::none;
        std::vector<std::size_t> all = {};  // of this name
    };
    std::vector<part> calls = {};
};

template <class = when_called>
span_parts parts_of_span(const task_graph& graph, const graph_times& times, std::size_t t) {
    span_parts parts;
    parts.own = graph.tasks[t].seconds;
    for (const graph_step& step : graph.tasks[t].steps) {
        parts.own += step.seconds;
        if (step.call == graph_step::none) {
            continue;
        }
        const std::string& name = graph.calls[step.call].name;
        auto found = std::find_if(parts.calls.begin(), parts.calls.end(), [&](const span_parts::part& each) { return each.name == name; });
        if (found == parts.calls.end()) {
            parts.calls.push_back({name});
            found = parts.calls.end() - 1;
        }
        found->span += times.call_span[step.call];
        found->all.push_back(step.call);
        if (found->longest_call == graph_step::none || times.call_span[step.call] > times.call_span[found->longest_call]) {
            found->longest_call = step.call;
        }
    }
    return parts;
}

/// Of a call, the task with the longest span and how many items there are, tasks that are spawned in it included.
struct call_shape {
    std::size_t items = 0;
    std::size_t longest = 0;
    double longest_span = -1;
    double work = 0;
};

template <class = when_called>
call_shape shape_of(const task_graph& graph, const graph_times& times, std::size_t call) {
    call_shape shape;
    std::vector<std::size_t> tasks = graph.calls[call].tasks;
    for (std::size_t next = 0; next < tasks.size(); ++next) {
        const std::size_t t = tasks[next];
        double below = 0;  // in tasks that it spawned, which count for themselves
        for (const graph_step& step : graph.tasks[t].steps) {
            if (step.spawn != graph_step::none) {
                tasks.push_back(step.spawn);
                below += times.task_work[step.spawn];
            }
        }
        const bool only_spawns = below > 0 && times.task_work[t] - below < 0.01 * times.task_work[t];
        shape.items += only_spawns ? 0 : graph.tasks[t].items;  // the body of a scope is seldom one of its tasks
        shape.work += times.task_work[t] - below;
        if (times.task_span[t] > shape.longest_span) {
            shape.longest_span = times.task_span[t];
            shape.longest = t;
        }
    }
    return shape;
}

/// Whether the longest items of calls are much longer than the mean ones, over all these calls together.
template <class = when_called>
bool is_uneven(const task_graph& graph, const graph_times& times, const std::vector<std::size_t>& calls) {
    double longest = 0;
    double mean = 0;
    for (const std::size_t call : calls) {
        const call_shape shape = shape_of(graph, times, call);
        longest += std::max(0.0, shape.longest_span);
        mean += shape.work / static_cast<double>(std::max<std::size_t>(1, shape.items));
    }
    return longest > 1.5 * mean;
}

/// Fills limit and reason: goes down from the root into whatever most of the span is, until that cannot be divided.
template <class = when_called>
void explain(what_if_result& result, const task_graph& graph, const graph_times& times) {
    const std::string never = "never more than " + fixed(result.parallelism, result.parallelism < 10 ? 1 : 0) + "x";
    std::size_t t = 0;
    std::string where;
    for (;;) {
        const span_parts parts = parts_of_span(graph, times, t);
        const auto most = std::max_element(parts.calls.begin(), parts.calls.end(),
                                           [](const span_parts::part& a, const span_parts::part& b) { return a.span < b.span; });
        if (most == parts.calls.end() || most->span <= parts.own) {
            if (t == 0) {
                result.limit = scaling_limit::serial_part;
                result.reason = "serial part " + percent(result.serial_part, 1) + " of the work is " + percent(parts.own / result.span, 0)
                                + " of the span: " + never;
            } else {
                result.limit = scaling_limit::long_task;
                result.reason = where + " alone is " + percent(times.task_span[t] / result.span, 0) + " of the span: " + never;
            }
            return;
        }
        const call_shape shape = shape_of(graph, times, most->longest_call);
        const bool many = most->all.size() > 1;
        const graph_task& longest = graph.tasks[shape.longest];
        const std::string item =
            (longest.items == 1 ? "item " + to_text(longest.begin)
                                : "one of the items " + to_text(longest.begin) + " to " + to_text(longest.begin + longest.items - 1))
            + " of " + most->name;
        // Items that were claimed together are no calls in which one could look on.
        const bool parallel_inside = !longest.steps.empty() && times.task_work[shape.longest] > 1.2 * times.task_span[shape.longest];
        const std::string share = percent(most->span / result.span, 0) + " of the span: " + never;
        // A call lasts longer than its longest task only where a task is spawned when another one has run for a while.
        if (times.call_span[most->longest_call] > 1.5 * shape.longest_span) {
            result.limit = scaling_limit::spawn_chain;
            result.reason = "tasks that spawn one another in " + most->name + " are " + share;
            return;
        }
        if (!parallel_inside) {
            const bool uneven = is_uneven(graph, times, most->all);
            result.limit = uneven ? scaling_limit::long_task : scaling_limit::few_tasks;
            if (uneven && !(many && shape.longest_span < 0.5 * most->span)) {
                result.reason = item + " alone is " + percent(shape.longest_span / result.span, 0) + " of the span: " + never;
            } else {
                result.reason = most->name + " (" + (many ? counted(most->all.size(), "call") + " one after the other, of " : std::string())
                                + (uneven ? "items of unequal length" : counted(shape.items, "item"))
                                + (!uneven && shape.items > 1 ? " of about the same length" : "") + ") is " + share;
            }
            return;
        }
        t = shape.longest;
        where = item;
    }
}

} // namespace detail

/// @brief Says what a graph of tasks gains on so many threads: bounds, and replays of two schedules with dispatch costs; and why it is not more.
/// @throws argument_error  for thread counts outside 1 to 1024, negative costs, a graph that is none, or one without any work
/// **Cost.** O(P t log t) for t tasks and P thread counts.
template <class = when_called>
[[nodiscard]] what_if_result what_if(const task_graph& graph, const what_if_options& options = {}) {
    for (const std::size_t threads : options.threads) {
        check(threads >= 1 && threads <= 1024, "what_if: threads must be 1 to 1024", threads);
    }
    check(options.costs.call >= 0 && options.costs.task >= 0 && options.costs.inline_call >= 0, "what_if: options.costs must be >= 0");
    const graph_times times = times_of(graph);
    check(times.work > 0, "what_if: the graph has no work");
    what_if_result result;
    result.work = times.work;
    result.span = times.span;
    result.burdened_span = times_of(graph, options.costs).span;
    result.parallelism = times.work / times.span;
    result.serial_part = detail::parts_of_span(graph, times, 0).own / times.work;
    result.tasks = graph.tasks.size();
    result.left_out = graph.left_out;
    for (const std::size_t threads : options.threads) {
        const auto n = static_cast<double>(threads);
        what_if_point point{.threads = threads};
        point.least = std::max(times.work / n, times.span);
        point.most = times.work / n + times.span * (1 - 1 / n);
        point.in_order = detail::graph_replay(graph, times, threads, options.costs, false).run();
        point.longest_first = detail::graph_replay(graph, times, threads, options.costs, true).run();
        result.points.push_back(point);
    }
    detail::explain(result, graph, times);
    return result;
}

/// @brief As above, for a recorded run; best one on a single thread (see graph_of).
/// @throws argument_error  as above and as graph_of
template <class = when_called>
[[nodiscard]] what_if_result what_if(const task_trace& trace, const what_if_options& options = {}) {
    return what_if(graph_of(trace), options);
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_WHAT_IF_HPP
