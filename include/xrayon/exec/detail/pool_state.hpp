// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_POOL_STATE_HPP
#define XRAYON_EXEC_DETAIL_POOL_STATE_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
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
#include <xrayon/exec/detail/thread_crew.hpp>
#include <xrayon/exec/detail/worker_reservation.hpp>
#include <xrayon/exec/thread_count.hpp>

namespace xrayon::detail {

/// What a pool is: an arena, and a count of the callers inside it. oneTBB lets a caller wait when every slot is taken; ours
/// never waits: `visitors` slots are kept for callers, and one that finds them taken works alone on its own thread.
/// In a forked child, where oneTBB is out of use, it has a crew of plain threads instead of an arena.
struct pool_state {
    pool_state(const arena_config& config, thread_count_origin why, std::size_t visitor_slots)
        : threads(config.threads), origin(why), visitors(visitor_slots), name(config.name), reservation(std::in_place, config.threads) {
        if (is_forked()) {
            crew.emplace(config.threads - 1, config.name);
        } else {
            kind = config;
            workers = arena_cache::get(config, visitor_slots);
        }
    }

    /// Attached to the arena that the calling thread is in: its size and its rules of entry are its owner's.
    explicit pool_state(arena::attach_current attach)
        : threads(arena::current_arena_threads()), origin(thread_count_origin::arena), visitors(std::numeric_limits<std::size_t>::max()),
          name("attached"), workers(std::make_unique<arena>(attach)) {}

    ~pool_state() {
        if (!usable()) {
            static_cast<void>(workers.release());  // taking it apart in a child would ask oneTBB for locks that nobody will ever open
        } else if (kind) {
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
};

/// Slots kept for callers. More would make every steal look through more empty slots; a caller without one works alone.
inline std::size_t visitor_slots(std::size_t threads) { return std::clamp<std::size_t>(threads, 2, 8); }

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_POOL_STATE_HPP
