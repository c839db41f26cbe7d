// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_POOL_STATE_HPP
#define XRAYON_EXEC_DETAIL_POOL_STATE_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <string>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/detail/backend_tbb.hpp>
#include <xrayon/exec/detail/process_state.hpp>
#include <xrayon/exec/detail/thread_probe.hpp>
#include <xrayon/exec/thread_count.hpp>

namespace xrayon::detail {

/// What a pool is: an arena, and a count of the callers inside it. oneTBB lets a caller wait when every slot is taken; ours
/// never waits: `visitors` slots are kept for callers, and one that finds them taken works alone on its own thread.
struct pool_state {
    pool_state(const arena_config& config, thread_count_origin why, std::size_t visitor_slots)
        : threads(config.threads), origin(why), visitors(visitor_slots), name(config.name), workers(config, visitor_slots) {}

    /// Attached to the arena that the calling thread is in: its size and its rules of entry are its owner's.
    explicit pool_state(arena::attach_current attach)
        : threads(arena::current_arena_threads()), origin(thread_count_origin::arena), visitors(std::numeric_limits<std::size_t>::max()),
          name("attached"), workers(attach) {}

    std::size_t threads;
    thread_count_origin origin;
    std::size_t visitors;
    std::string name;
    std::atomic<std::size_t> inside{0};
    arena workers;

    /// Runs `body` inside the arena if a slot for a caller is free; else returns false at once.
    template <class Body>
    bool try_execute(Body& body) {
        struct slot {
            pool_state& pool;
            bool taken;
            explicit slot(pool_state& p) : pool(p), taken(p.inside.fetch_add(1, std::memory_order_acq_rel) < p.visitors) {}
            ~slot() { pool.inside.fetch_sub(1, std::memory_order_acq_rel); }
        };
        const slot mine(*this);
        if (mine.taken) {
            workers.execute(body);
        }
        return mine.taken;
    }
};

/// Makes sure that `threads` threads can exist, or says why not.
inline void check_threads_available(process_state& process, std::size_t threads) {
    const std::size_t allowed = allow_threads(max_threads + 1);
    if (allowed < threads) {
        throw resource_error("pool: " + to_text(threads) + " threads asked, but a tbb::global_control of this program allows "
                                 + to_text(allowed),
                             threads, allowed);
    }
    const std::lock_guard lock(process.pool_mutex);
    if (threads > process.proven_threads) {
        const std::size_t made = probe_threads(threads - 1) + 1;
        if (made < threads) {
            throw resource_error("pool: " + to_text(threads) + " threads asked, " + to_text(made) + " could be created", threads, made);
        }
        process.proven_threads = threads;
    }
}

/// Slots kept for callers. More would make every steal look through more empty slots; a caller without one works alone.
inline std::size_t visitor_slots(std::size_t threads) { return std::clamp<std::size_t>(threads, 2, 8); }

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_POOL_STATE_HPP
