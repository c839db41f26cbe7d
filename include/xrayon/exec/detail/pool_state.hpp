// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_POOL_STATE_HPP
#define XRAYON_EXEC_DETAIL_POOL_STATE_HPP

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <sys/types.h>
#include <unistd.h>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/detail/backend_tbb.hpp>
#include <xrayon/exec/detail/fork_watch.hpp>
#include <xrayon/exec/detail/process_state.hpp>
#include <xrayon/exec/detail/thread_crew.hpp>
#include <xrayon/exec/detail/thread_probe.hpp>
#include <xrayon/exec/thread_count.hpp>

namespace xrayon::detail {

/// `threads - 1` workers that exist as long as it lives. What all pools together may want at once is started when it is first
/// wanted, and stays; so of many pools that come and go only the first pays.
class worker_reservation {
public:
    /// @throws resource_error  if the process may not have so many threads
    explicit worker_reservation(std::size_t threads) : workers_(threads - 1) {
        process_state& state = process();
        const std::lock_guard lock(state.pool_mutex);
        if (!is_forked()) {
            check_allowed(threads, thread_limit::of(state.thread_limit, max_threads + 1).allowed());
        }
        // oneTBB has no more in all.
        const std::size_t wanted = std::min(state.reserved_workers + workers_, max_threads);
        if (wanted > state.started_workers) {
            const probe_result probe = probe_threads(wanted - state.started_workers);
            check_made(threads, wanted, state.started_workers + probe.threads, probe.error);
            if (!is_forked()) {  // a forked child's calls start their own threads (thread_crew), and have fewer if need be
                start(state, threads, wanted);
            }
            state.started_workers = wanted;
        }
        state.reserved_workers += workers_;
    }
    ~worker_reservation() {
        process_state& state = process();
        const std::lock_guard lock(state.pool_mutex);
        if (!mark_.in_child()) {
            state.reserved_workers -= workers_;
        }
    }
    worker_reservation(const worker_reservation&) = delete;
    worker_reservation& operator=(const worker_reservation&) = delete;

private:
    void check_allowed(std::size_t threads, std::size_t allowed) const {
        if (allowed < threads) {
            throw resource_error("pool: " + to_text(threads) + " threads asked, but a tbb::global_control of this program allows "
                                     + to_text(allowed),
                                 threads, allowed);
        }
    }
    void check_made(std::size_t threads, std::size_t wanted, std::size_t made, int error) const {
        if (made < wanted) {
            const std::size_t got = workers_ - std::min(workers_, wanted - made) + 1;
            throw resource_error("pool: " + to_text(threads) + " threads asked, " + to_text(got) + " could be created ("
                                     + thread_error_name(error) + ")",
                                 threads, got);
        }
    }
    void start(process_state& state, std::size_t threads, std::size_t wanted) const {
        thread_limit& limit = thread_limit::of(state.thread_limit, max_threads + 1);
        const std::size_t before = limit.value();
        try {
            limit.grow(wanted + 1);
            check_allowed(threads, limit.allowed());
            check_made(threads, wanted, start_workers(wanted), EAGAIN);
        } catch (...) {
            limit.set(before);
            throw;
        }
    }

    fork_mark mark_;
    std::size_t workers_;
};

/// What a pool is: an arena, and a count of the callers inside it. oneTBB lets a caller wait when every slot is taken; ours
/// never waits: `visitors` slots are kept for callers, and one that finds them taken works alone on its own thread.
/// In a forked child, where oneTBB is out of use, it has a crew of plain threads instead of an arena.
struct pool_state {
    pool_state(const arena_config& config, thread_count_origin why, std::size_t visitor_slots)
        : threads(config.threads), origin(why), visitors(visitor_slots), name(config.name), reservation(std::in_place, config.threads) {
        if (is_forked()) {
            crew.emplace(config.threads - 1, config.name);
        } else {
            workers.reset(new arena(config, visitor_slots));
        }
    }

    /// Attached to the arena that the calling thread is in: its size and its rules of entry are its owner's.
    explicit pool_state(arena::attach_current attach)
        : threads(arena::current_arena_threads()), origin(thread_count_origin::arena), visitors(std::numeric_limits<std::size_t>::max()),
          name("attached"), workers(new arena(attach)) {}

    /// Taking an arena apart in a child would ask oneTBB for locks that nobody will ever open.
    struct leave_to_parent {
        fork_mark mark;
        void operator()(arena* of_this_process) const noexcept {
            if (!mark.in_child()) {
                delete of_this_process;
            }
        }
    };

    fork_mark mark;
    pid_t made_in = ::getpid();
    std::size_t threads;
    thread_count_origin origin;
    std::size_t visitors;
    std::string name;
    std::atomic<std::size_t> inside{0};
    std::optional<worker_reservation> reservation;
    std::unique_ptr<arena, leave_to_parent> workers;
    std::optional<thread_crew> crew;

    /// False in a child of the process that made it.
    [[nodiscard]] bool usable() const noexcept { return !mark.in_child(); }

    /// @throws resource_error  if not usable
    void check_usable() const {
        if (!usable()) [[unlikely]] {
            refuse_after_fork();
        }
    }
    XRAYON_COLD [[noreturn]] void refuse_after_fork() const {
        throw resource_error("pool: used after fork in pid " + to_text(::getpid()) + " (created in pid " + to_text(made_in)
                                 + "); create a new pool",
                             threads, 0);
    }

    /// Runs `body` inside the arena if a slot for a caller is free; else returns false at once.
    template <class Body>
    bool try_execute(Body& body) {
        if (!workers) {  // a crew has no slots
            body();
            return true;
        }
        struct slot {
            pool_state& pool;
            bool taken;
            explicit slot(pool_state& p) : pool(p), taken(p.inside.fetch_add(1, std::memory_order_acq_rel) < p.visitors) {}
            ~slot() { pool.inside.fetch_sub(1, std::memory_order_acq_rel); }
        };
        const slot mine(*this);
        if (mine.taken) {
            workers->execute(body);
        }
        return mine.taken;
    }

    /// Runs `body` here, where the caller is inside, and on up to `helpers` others of this pool. See share_with.
    template <class Body>
    void share(std::size_t helpers, Body& body) {
        if (workers) {
            share_with(helpers, body);
        } else {
            crew->share(helpers, body);
        }
    }
};

/// Slots kept for callers. More would make every steal look through more empty slots; a caller without one works alone.
inline std::size_t visitor_slots(std::size_t threads) { return std::clamp<std::size_t>(threads, 2, 8); }

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_POOL_STATE_HPP
