// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_TRACE_LOG_HPP
#define XRAYON_EXEC_DETAIL_TRACE_LOG_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <pthread.h>

#include <xrayon/core/config.hpp>
#include <xrayon/exec/detail/process_state.hpp>

// What threads write down while somebody records. Each thread has a lane of its own, with a lock that only a collector ever contends for: a task
// costs two clock readings and two uncontended locks, about 0.1 us. Lanes are never destroyed, so a call that still runs when a recording ends
// writes to memory that is there.

namespace xrayon::detail {

/// Of a task or a call: the place in its lane + 1 in the lower 40 bits, lane + 1 in 12 above, and 12 of the era: what outlives its recording must not
/// be taken for something of the next. 0: none.
using trace_id = std::uint64_t;

constexpr std::uint64_t trace_era_bits = 0xfff;
constexpr std::size_t most_trace_lanes = 4095;

constexpr trace_id make_trace_id(std::uint64_t era, std::size_t lane, std::size_t place) noexcept {
    return (era & trace_era_bits) << 52 | (static_cast<trace_id>(lane) + 1) << 40 | (static_cast<trace_id>(place) + 1);
}
constexpr bool is_of_era(trace_id id, std::uint64_t era) noexcept { return id != 0 && id >> 52 == (era & trace_era_bits); }
/// Without the era: a number that a double holds exactly.
constexpr std::uint64_t number_of(trace_id id) noexcept { return id & ((trace_id{1} << 52) - 1); }
constexpr std::size_t lane_of(trace_id id) noexcept { return static_cast<std::size_t>(number_of(id) >> 40) - 1; }
constexpr std::size_t place_of(trace_id id) noexcept { return static_cast<std::size_t>(id & ((trace_id{1} << 40) - 1)) - 1; }

struct logged_task {
    trace_id call = 0;  // 0: a root, or a task that was spawned into a pool
    std::size_t begin = 0;
    std::size_t end = 0;   // items [begin, end)
    trace_id within = 0;   // the task that this thread was in
    trace_id spawner = 0;  // of a scope: who spawned it, and when
    std::int64_t spawned = 0;
    std::int64_t start = 0;  // nanoseconds of steady_clock
    std::int64_t stop = 0;   // 0: it has not ended
};

struct logged_call {
    std::string name;
    std::size_t items = 0;
    std::size_t threads = 0;
    trace_id parent = 0;  // the task that made it
    std::int64_t start = 0;
    std::int64_t stop = 0;
};

struct trace_lane {
    std::mutex mutex;
    std::size_t number = 0;
    char name[16] = {};     // of the thread, as the system shows it; of the last one to have the lane
    bool in_use = true;     // guarded by trace_log::mutex
    std::uint64_t era = 0;  // of what is in here
    std::vector<logged_task> tasks;
    std::vector<logged_call> calls;
    std::size_t dropped = 0;
};

inline namespace state_1 {

struct XRAYON_SHARED trace_log {
    std::atomic<bool> on{false};
    std::mutex mutex;
    std::vector<trace_lane*> lanes;     // guarded by mutex
    std::size_t recorders = 0;          // guarded by mutex
    std::atomic<std::uint64_t> era{0};  // one more when the first recorder comes, and when the last one goes
    bool environment_read = false;      // XRAYON_TRACE is being obeyed, or there is none; guarded by mutex
};

XRAYON_SHARED inline constinit never_destroyed<trace_log> the_trace_log;
XRAYON_SHARED inline constinit thread_local trace_id current_trace_task = 0;

} // namespace state_1

inline trace_log& tracing() noexcept { return the_trace_log.value; }
[[nodiscard]] inline bool is_tracing() noexcept { return tracing().on.load(std::memory_order_relaxed); }

/// What one lane takes of one recording, of tasks and of calls each; what is beyond is counted.
inline constexpr std::size_t trace_lane_room = std::size_t{1} << 20;

inline std::int64_t trace_now() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }
static_assert(std::chrono::steady_clock::period::num == 1 && std::chrono::steady_clock::period::den == 1'000'000'000);

/// The lane of the calling thread, from its first use until it ends; then another thread may have it. Null without memory.
inline trace_lane* trace_lane_here() noexcept {
    struct holder {
        trace_lane* lane = nullptr;
        ~holder() {
            if (lane != nullptr) {
                const std::lock_guard lock(tracing().mutex);
                lane->in_use = false;
            }
        }
    };
    static thread_local holder mine;
    if (mine.lane == nullptr) {
        try {
            trace_log& log = tracing();
            const std::lock_guard lock(log.mutex);
            trace_lane* found = nullptr;
            for (trace_lane* each : log.lanes) {
                found = each->in_use ? found : each;
            }
            if (found == nullptr) {
                if (log.lanes.size() == most_trace_lanes) {
                    return nullptr;
                }
                log.lanes.reserve(log.lanes.size() + 1);
                found = new trace_lane;  // stays
                found->number = log.lanes.size();
                log.lanes.push_back(found);
            }
            found->in_use = true;
#if defined(__linux__)
            ::pthread_getname_np(::pthread_self(), found->name, sizeof found->name);
#endif
            mine.lane = found;
        } catch (...) {
            return nullptr;
        }
    }
    return mine.lane;
}

/// Appends to a list of this thread's lane; 0 where there is no room or nobody records.
template <class Entry>
trace_id log_entry(std::vector<Entry> trace_lane::*list, Entry&& entry) noexcept {
    trace_lane* const lane = trace_lane_here();
    if (lane == nullptr) {
        return 0;
    }
    const std::lock_guard lock(lane->mutex);
    if (!is_tracing()) {
        return 0;
    }
    const std::uint64_t era = tracing().era.load(std::memory_order_relaxed);
    if (lane->era != era) {  // what is left of an earlier recording
        lane->tasks.clear();
        lane->calls.clear();
        lane->dropped = 0;
        lane->era = era;
    }
    auto& entries = lane->*list;
    if (entries.size() >= trace_lane_room) {
        ++lane->dropped;
        return 0;
    }
    try {
        entries.push_back(std::move(entry));
    } catch (...) {
        ++lane->dropped;
        return 0;
    }
    return make_trace_id(era, lane->number, entries.size() - 1);
}

/// Writes down when an entry of this thread's lane ended.
template <class Entry>
void log_stop(std::vector<Entry> trace_lane::*list, trace_id id, std::uint64_t era) noexcept {
    if (id == 0) {
        return;
    }
    const std::int64_t now = trace_now();
    trace_lane* const lane = trace_lane_here();
    const std::lock_guard lock(lane->mutex);
    if (lane->era == era && tracing().era.load(std::memory_order_relaxed) == era && place_of(id) < (lane->*list).size()) {
        (lane->*list)[place_of(id)].stop = now;
    }
}

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_TRACE_LOG_HPP
