// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_POOL_STATE_HPP
#define XRAYON_EXEC_DETAIL_POOL_STATE_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <sys/types.h>
#include <unistd.h>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/detail/arena_cache.hpp>
#include <xrayon/exec/detail/backend_tbb.hpp>
#include <xrayon/exec/detail/fork_watch.hpp>
#include <xrayon/exec/detail/spawned_tasks.hpp>
#include <xrayon/exec/detail/thread_crew.hpp>
#include <xrayon/exec/detail/worker_reservation.hpp>
#include <xrayon/exec/thread_count.hpp>

namespace xrayon::detail {

/// The user's functions of a pool.
struct pool_handlers {
    std::function<void(std::size_t)> start = {};
    std::function<void(std::size_t)> exit = {};
    std::function<void(std::exception_ptr)> spawn_error = {};
};

/// What a pool is: an arena, and a count of the callers inside it. oneTBB lets a caller wait when every slot is taken; ours
/// never waits: `visitors` slots are kept for callers, and one that finds them taken works alone on its own thread.
/// In a forked child, where oneTBB is out of use, it has a crew of plain threads instead of an arena.
struct pool_state {
    pool_state(const arena_config& config, thread_count_origin why, std::size_t visitor_slots, const pool_handlers& handlers)
        : threads(config.threads), origin(why), visitors(visitor_slots), name(config.name), reservation(std::in_place, config.threads) {
        if (!is_forked()) {
            kind = config;
            workers = arena_cache::get(config, visitor_slots);
        }
        spawned = std::make_shared<spawned_tasks>(this, workers.get(), config.threads - 1, handlers.spawn_error);
        auto comes = told_to(handlers.start);
        auto goes = told_to(handlers.exit);
        if (!workers) {
            crew.emplace(config.threads - 1, config.name, std::move(comes), std::move(goes));
        } else if ((handlers.start || handlers.exit) && config.threads > 1) {
            workers->watch_workers(config, visitor_slots, std::move(comes), std::move(goes));
        }
    }

    /// Attached to the arena that the calling thread is in: its size and its rules of entry are its owner's.
    explicit pool_state(arena::attach_current attach)
        : threads(arena::current_arena_threads()), origin(thread_count_origin::arena), visitors(std::numeric_limits<std::size_t>::max()),
          name("attached"), workers(std::make_unique<arena>(attach)),
          spawned(std::make_shared<spawned_tasks>(this, workers.get(), threads - 1, nullptr)) {}

    ~pool_state() {
        if (usable()) {
            spawned->end();
        }
        if (!usable()) {
            static_cast<void>(workers.release());  // taking it apart in a child would ask oneTBB for locks that nobody will ever open
            new std::shared_ptr<spawned_tasks>(std::move(spawned));  // nor is what was spawned there to be seen to here
        } else if (kind && workers) {
            workers->unwatch_workers();
            arena_cache::give_back(std::move(*kind), visitors, std::move(workers));
        }
    }
    pool_state(const pool_state&) = delete;
    pool_state& operator=(const pool_state&) = delete;

    fork_mark mark;
    pid_t made_in = ::getpid();
    std::size_t threads;
    thread_count_origin origin;
    std::size_t visitors;
    std::string name;
    std::atomic<std::size_t> inside{0};
    std::optional<worker_reservation> reservation;
    std::optional<arena_config> kind;  // of an arena that another pool may have afterwards
    std::unique_ptr<arena> workers;
    std::optional<thread_crew> crew;
    std::shared_ptr<spawned_tasks> spawned;  // never null

    /// Which of the pool's threads the calling one is, 0 being whoever called: see current_thread_index.
    [[nodiscard]] std::size_t thread_index(bool in_arena) const noexcept {
        if (crew) {
            return crew->number_here();
        }
        const std::size_t slot = in_arena ? arena::slot_here() : 0;
        return !kind ? std::min(slot, threads - 1) : slot < visitors ? 0 : slot - visitors + 1;
    }

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

    /// Runs `body` here, where the caller is inside, and on up to `helpers` others of this pool. See arena::share.
    template <class Body>
    void share(std::size_t helpers, Body& body) {
        if (workers) {
            workers->share(helpers, body);
        } else {
            crew->share(helpers, body);
        }
    }

    /// Runs `begin(gathering)` and `help()` here, where the caller is inside, and lets `help()` be run by others that are called meanwhile. See
    /// arena::gather. A crew has nobody to call: `gathering` is null, and its threads come when `begin` has ended.
    template <class Begin, class Help>
    void gather(std::size_t helpers, Begin& begin, Help& help) {
        if (workers) {
            workers->gather(helpers, begin, help);
        } else {
            begin(nullptr);
            crew->share(helpers, help);
        }
    }

private:
    /// A user's handler whose exceptions go where those of spawned tasks go.
    std::function<void(std::size_t)> told_to(const std::function<void(std::size_t)>& handler) const {
        if (!handler) {
            return [](std::size_t) {};
        }
        return [handler, tasks = spawned.get()](std::size_t index) noexcept {  // it lives as long as whoever is told
            try {
                handler(index);
            } catch (...) {
                tasks->fail(0, std::current_exception());
            }
        };
    }
};

/// Slots kept for callers. More would make every steal look through more empty slots; a caller without one works alone.
inline std::size_t visitor_slots(std::size_t threads) { return std::clamp<std::size_t>(threads, 2, 8); }

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_POOL_STATE_HPP
