// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_TASK_TRACE_HPP
#define XRAYON_EXEC_TASK_TRACE_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/core/config.hpp>
#include <xrayon/exec/detail/fork_watch.hpp>
#include <xrayon/exec/detail/trace_log.hpp>
#include <xrayon/exec/trace_scopes.hpp>

// Who did what and when: a record of the calls of a program and of the pieces in which threads did them.

namespace xrayon {

inline constexpr std::size_t no_trace_index = std::numeric_limits<std::size_t>::max();

/// One piece of work on one thread: items that it claimed together, usually one where items are dear and about 50 us of them where they are
/// cheap; a task of a scope; a task spawned into a pool; or what a recording began with.
struct traced_task {
    std::size_t call = no_trace_index;  ///< Whose; none: spawned into a pool, or a beginning.
    std::size_t begin = 0;              ///< Items [begin, end) of the call.
    std::size_t end = 1;
    std::size_t thread = 0;
    std::int64_t start = 0;  ///< Nanoseconds from the beginning of the recording.
    std::int64_t stop = 0;
    std::size_t within = no_trace_index;   ///< The task that the thread was in when it began this one; none: in none.
    std::size_t spawner = no_trace_index;  ///< In a scope: the task that spawned this one; none for its body.
    std::int64_t spawned = 0;              ///< When.
};

/// One call of a parallel algorithm, by the thread that made it.
struct traced_call {
    std::string name;
    std::size_t items = 0;                ///< 0: nobody knew beforehand, as in a scope.
    std::size_t threads = 0;              ///< Threads that might take part.
    std::size_t parent = no_trace_index;  ///< The task that made it; none: outside of all.
    std::size_t thread = 0;
    std::int64_t start = 0;
    std::int64_t stop = 0;
};

/// What was recorded. Tasks are in the order of their starts, calls too; thread 0 is the one that recorded.
struct task_trace {
    std::vector<traced_task> tasks = {};
    std::vector<traced_call> calls = {};
    std::vector<std::string> threads = {};  ///< Their names.
    std::size_t root = no_trace_index;      ///< The task that is what was recorded, where that was one function.
    std::int64_t duration = 0;              ///< Nanoseconds.
    std::size_t dropped = 0;                ///< Tasks and calls for which there was no room: a thread keeps the first million of each.
};

/// @brief Records from its making to `finish()`: every call of the library in the whole process, whichever thread makes it.
///
/// Recordings may overlap; each has its own span of time. What another thread has begun before or has not ended by the end is cut off there.
/// **Cost.** While one lives, about 0.1 us for a task and for a call, 72 bytes each, a million of each for a thread at most. Without one, a
/// branch for each call and each claim: about 50 instructions of the 2,000 that a call over 64 trivial items takes.
class trace_recording {
public:
    trace_recording() {
        detail::watch_forks();
        detail::trace_log& log = detail::tracing();
        const std::lock_guard lock(log.mutex);
        if (log.recorders++ == 0) {
            log.era.fetch_add(1, std::memory_order_relaxed);
            log.on.store(true, std::memory_order_relaxed);
        }
        era_ = log.era.load(std::memory_order_relaxed);
        begin_ = detail::trace_now();
    }
    ~trace_recording() {
        if (!finished_) {
            leave();
        }
    }
    trace_recording(const trace_recording&) = delete;
    trace_recording& operator=(const trace_recording&) = delete;

    /// Ends the recording and gives what there is; once. @throws std::bad_alloc
    template <class = when_called>
    [[nodiscard]] task_trace finish() {
        task_trace trace;
        trace.duration = detail::trace_now() - begin_;
        detail::trace_lane* const here = detail::trace_lane_here();
        {
            detail::trace_log& log = detail::tracing();
            const std::lock_guard lock(log.mutex);
            std::vector<detail::trace_lane*> lanes = log.lanes;
            std::stable_partition(lanes.begin(), lanes.end(), [here](const detail::trace_lane* each) { return each == here; });
            collect(trace, lanes);
        }
        leave();
        return trace;
    }

private:
    /// Where entries of lanes have come to in the trace: places[lane][place].
    using places = std::vector<std::vector<std::size_t>>;

    [[nodiscard]] static std::size_t found(const places& at, detail::trace_id id) {
        if (id == 0 || detail::lane_of(id) >= at.size()) {
            return no_trace_index;
        }
        const std::vector<std::size_t>& lane = at[detail::lane_of(id)];
        return detail::place_of(id) < lane.size() ? lane[detail::place_of(id)] : no_trace_index;
    }

    template <class Entry>
    struct found_entry {
        std::size_t thread;
        std::size_t lane;
        std::size_t place;
        Entry entry;
    };

    /// Copies the entries of `list` that began in this recording, of all lanes, sorted by their beginning, and says where each has come to.
    template <class Entry>
    std::vector<found_entry<Entry>> gather(const std::vector<detail::trace_lane*>& lanes, std::vector<Entry> detail::trace_lane::*list,
                                           places& at) const {
        const std::uint64_t era = era_;
        std::vector<found_entry<Entry>> all;
        at.assign(lanes.size(), {});
        for (std::size_t thread = 0; thread < lanes.size(); ++thread) {
            const detail::trace_lane& lane = *lanes[thread];
            if (lane.era != era) {
                continue;
            }
            const std::vector<Entry>& entries = lane.*list;
            at[lane.number].assign(entries.size(), no_trace_index);
            for (std::size_t place = 0; place < entries.size(); ++place) {
                if (entries[place].start >= begin_) {
                    all.push_back({thread, lane.number, place, entries[place]});
                }
            }
        }
        std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.entry.start < b.entry.start; });
        for (std::size_t i = 0; i < all.size(); ++i) {
            at[all[i].lane][all[i].place] = i;
        }
        return all;
    }

    /// With the log locked. Lanes stay locked together, so that no task is of a call that is not here.
    template <class = when_called>
    void collect(task_trace& trace, const std::vector<detail::trace_lane*>& lanes) const {
        std::vector<std::unique_lock<std::mutex>> locks;
        for (detail::trace_lane* lane : lanes) {
            locks.emplace_back(lane->mutex);
        }
        places tasks_at;
        places calls_at;
        const auto calls = gather(lanes, &detail::trace_lane::calls, calls_at);
        const auto tasks = gather(lanes, &detail::trace_lane::tasks, tasks_at);
        const auto since = [&](std::int64_t time) { return std::clamp<std::int64_t>(time - begin_, 0, trace.duration); };
        const auto stop_of = [&](std::int64_t stop) { return stop == 0 ? trace.duration : since(stop); };
        for (const auto& [thread, lane, place, call] : calls) {
            trace.calls.push_back(
                {call.name, call.items, call.threads, found(tasks_at, call.parent), thread, since(call.start), stop_of(call.stop)});
        }
        for (const auto& [thread, lane, place, task] : tasks) {
            trace.tasks.push_back({found(calls_at, task.call), task.begin, task.end, thread, since(task.start), stop_of(task.stop),
                                   found(tasks_at, task.within), found(tasks_at, task.spawner), since(task.spawned)});
        }
        for (const detail::trace_lane* lane : lanes) {
            trace.threads.emplace_back(lane->name);
            trace.dropped += lane->era == era_ ? lane->dropped : 0;
        }
    }

    void leave() noexcept {
        finished_ = true;
        detail::trace_log& log = detail::tracing();
        const std::lock_guard lock(log.mutex);
        if (log.era.load(std::memory_order_relaxed) != era_) {
            return;  // this is a forked child, and the recording is the parent's
        }
        if (--log.recorders != 0) {
            return;
        }
        log.on.store(false, std::memory_order_relaxed);
        log.era.fetch_add(1, std::memory_order_relaxed);
        for (detail::trace_lane* lane : log.lanes) {
            const std::lock_guard held(lane->mutex);
            lane->tasks = {};
            lane->calls = {};
            lane->dropped = 0;
        }
    }

    std::int64_t begin_ = 0;
    std::uint64_t era_ = 0;
    bool finished_ = false;
};

/// @brief Calls `function()` and records it: the trace's root is the call, and what it did in parallel hangs below.
/// @throws what `function` throws; then there is no trace.
template <std::invocable F>
[[nodiscard]] task_trace record_tasks(F&& function) {
    trace_recording recording;
    {
        detail::traced_task_scope root;
        root.begin(0, 0, 1);
        std::invoke(std::forward<F>(function));
    }
    task_trace trace = recording.finish();
    for (std::size_t i = 0; i < trace.tasks.size() && trace.root == no_trace_index; ++i) {
        if (trace.tasks[i].call == no_trace_index && trace.tasks[i].thread == 0) {
            trace.root = i;  // the first that this thread began
        }
    }
    return trace;
}

} // namespace xrayon

#endif // XRAYON_EXEC_TASK_TRACE_HPP
