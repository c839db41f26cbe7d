// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_GRAPH_REPLAY_HPP
#define XRAYON_ANALYZE_DETAIL_GRAPH_REPLAY_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <queue>
#include <utility>
#include <vector>

#include <xrayon/analyze/task_graph.hpp>

namespace xrayon::analyze::detail {

/// Runs a task graph on so many workers in virtual time. Greedy: no worker idles while a task could begin, or one whose call has ended go on.
/// So without dispatch costs the time is at most work / workers + span (1 - 1 / workers), whatever the order (R. Graham 1966; R. Brent 1974).
class graph_replay {
public:
    /// @param longest_first  Ready tasks go by descending span; else inner calls first, and within a call by index, as the library does.
    graph_replay(const task_graph& graph, const graph_times& times, std::size_t workers, const dispatch_costs& costs, bool longest_first)
        : graph_(graph),
          times_(times),
          workers_(workers),
          costs_(workers > 1 ? costs : dispatch_costs{0, 0, 0}),
          longest_first_(longest_first) {}

    [[nodiscard]] double run() {
        open_.assign(graph_.calls.size(), {});
        idle_ = workers_;
        make_ready({});
        double now = 0;
        for (;;) {
            while (idle_ != 0 && !ready_.empty()) {
                const strand next = ready_.top().what;
                ready_.pop();
                --idle_;
                work_to_next_step(next, now);
            }
            if (events_.empty()) {
                return now;
            }
            now = events_.top().time;
            while (!events_.empty() && events_.top().time == now) {
                const event happens = events_.top();
                events_.pop();
                switch (happens.kind) {
                    case event::is_ready:
                        make_ready(happens.what);
                        break;
                    case event::call_is_over:
                        work_to_next_step(happens.what, now);
                        break;
                    case event::at_step:
                        take_step(happens.what, now);
                        break;
                }
            }
        }
    }

private:
    /// A task, or a piece of one, and how far it has come.
    struct strand {
        std::size_t task = 0;
        std::size_t call = graph_step::none;  // that waits for it
        std::size_t depth = 0;                // of calls
        double share = 1;                     // of a task that is cut into pieces
        std::size_t next_step = 0;
    };
    struct event {
        enum kind_type { is_ready, at_step, call_is_over };
        double time;
        std::size_t number;
        kind_type kind;
        strand what;
        bool operator<(const event& other) const { return time != other.time ? time > other.time : number > other.number; }  // least on top
    };
    struct ready_strand {
        double priority;
        std::size_t number;
        strand what;
        bool operator<(const ready_strand& other) const {
            return priority != other.priority ? priority < other.priority : number > other.number;
        }
    };
    struct open_call {
        std::size_t running = 0;
        strand caller = {};
    };

    void make_ready(const strand& what) {
        const double priority = longest_first_ ? times_.task_span[what.task] : static_cast<double>(what.depth);
        ready_.push({priority, numbers_++, what});
    }

    void at(double time, event::kind_type kind, const strand& what) { events_.push({time, numbers_++, kind, what}); }

    /// A worker has it.
    void work_to_next_step(const strand& what, double now) {
        const graph_task& task = graph_.tasks[what.task];
        const double begins = what.next_step == 0 && what.call != graph_step::none ? costs_.task : 0;
        const bool last = what.next_step == task.steps.size();
        at(now + begins + (last ? task.seconds * what.share : task.steps[what.next_step].seconds), event::at_step, what);
    }

    void take_step(strand what, double now) {
        const graph_task& task = graph_.tasks[what.task];
        if (what.next_step == task.steps.size()) {
            ++idle_;
            end(what.call);
            return;
        }
        const graph_step& step = task.steps[what.next_step++];
        if (step.spawn != graph_step::none) {
            const strand spawned{.task = step.spawn, .call = what.call, .depth = what.depth};
            for_each_piece(spawned, [&](const strand& piece) { make_ready(piece); });
        }
        if (step.call == graph_step::none || graph_.calls[step.call].tasks.empty()) {
            work_to_next_step(what, now);
        } else if (workers_ > 1 && times_.call_work[step.call] < costs_.inline_call) {
            at(now + times_.call_work[step.call], event::call_is_over, what);
        } else {
            ++idle_;
            open(step.call, what, now);
        }
    }

    /// A task of a call, or each piece that it is cut into: claims of cheap items are made anew for each number of threads. Counts them in.
    template <class Take>
    void for_each_piece(strand task_of_call, const Take& take) {
        const graph_task& task = graph_.tasks[task_of_call.task];
        std::size_t pieces = 1;
        if (workers_ > 1 && task.steps.empty() && task.items > 1) {
            // Where they cost nothing, as fine as they can be, which is what the bounds are about.
            const bool costs_nothing = costs_.call == 0 && costs_.task == 0;
            const double work = task_of_call.call == graph_step::none ? task.seconds : times_.call_work[task_of_call.call];
            const double target = std::clamp(work / static_cast<double>(4 * workers_), 1e-6, 5e-5);
            pieces = costs_nothing ? task.items
                                   : std::min(task.items, static_cast<std::size_t>(std::ceil(std::max(1.0, task.seconds / target))));
        }
        task_of_call.share = 1 / static_cast<double>(pieces);
        for (std::size_t piece = 0; piece < pieces; ++piece) {
            if (task_of_call.call != graph_step::none) {
                ++open_[task_of_call.call].running;
            }
            take(task_of_call);
        }
    }

    /// The first task of a call is begun by who makes it, the others when the pool's threads have come.
    void open(std::size_t call, const strand& caller, double now) {
        open_[call].caller = caller;
        bool first = true;
        for (const std::size_t t : graph_.calls[call].tasks) {
            for_each_piece({.task = t, .call = call, .depth = caller.depth + 1}, [&](const strand& piece) {
                if (first || costs_.call == 0) {
                    make_ready(piece);
                } else {
                    at(now + costs_.call, event::is_ready, piece);
                }
                first = false;
            });
        }
    }

    /// A task of `call` has ended; with the last one its caller can go on.
    void end(std::size_t call) {
        if (call != graph_step::none && --open_[call].running == 0) {
            make_ready(open_[call].caller);
        }
    }

    const task_graph& graph_;
    const graph_times& times_;
    std::size_t workers_;
    dispatch_costs costs_;
    bool longest_first_;
    std::size_t idle_ = 0;
    std::size_t numbers_ = 0;
    std::vector<open_call> open_;
    std::priority_queue<event> events_;
    std::priority_queue<ready_strand> ready_;
};

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_GRAPH_REPLAY_HPP
