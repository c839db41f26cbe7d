// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_POOL_HPP
#define XRAYON_EXEC_POOL_HPP

#include <atomic>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <unistd.h>

#include <xrayon/core/called_once.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/detail/fork_watch.hpp>
#include <xrayon/exec/detail/pool_state.hpp>
#include <xrayon/exec/detail/trace_file.hpp>
#include <xrayon/exec/thread_count.hpp>

namespace xrayon {

enum class thread_priority { low = -1, normal = 0, high = 1 };

struct pool_config {
    /// 1 to 1024, the caller included. Unset: XRAYON_NUM_THREADS, else what this process may use; 0: the latter.
    std::optional<std::size_t> threads = {};
    std::string name = "xrayon";                         ///< Workers are called "<name>-1", "<name>-2" ... (15 bytes are kept).
    std::optional<int> numa_node = {};                   ///< As tbb::info::numa_nodes() lists them; unset: anywhere.
    std::optional<int> core_type = {};                   ///< As tbb::info::core_types() lists them; unset: any.
    thread_priority priority = thread_priority::normal;  ///< Which pools get threads first when all are wanted at once.
    /// Called on a worker's thread with its number, 1 to threads - 1 (current_thread_index), when it comes to work in the pool, and when it
    /// goes: in pairs, the second one when there has been nothing to do for a while, when another pool needs the thread, or at the latest
    /// while the pool is destroyed. So what is set for a thread by the one (a thread_local, a processor mask) is taken back by the other.
    /// Threads are shared between pools: a worker may come more than once, and not at all before it is needed. (Rayon's belong to one pool,
    /// and do both once.) They must not call this library. What they throw goes where failures of spawned tasks go.
    std::function<void(std::size_t)> start_handler = {};
    std::function<void(std::size_t)> exit_handler = {};  ///< See start_handler.
    /// Is told what a task of `spawn` threw, on the thread that ran it; several may be told at once. Unset, or where it throws itself: the pool
    /// keeps the error of the task that was spawned first, for wait_spawned.
    std::function<void(std::exception_ptr)> on_spawn_error = {};
};

namespace detail {

/// Before the first pool of a shared object, and of the process.
[[gnu::visibility("hidden")]] inline void prepare_process() {
    // Not a static of which one thread waits until another has made it: that one waits for the loader's lock, which the first may hold
    // (a static constructor inside dlopen). Twice does no harm.
    static std::atomic<bool> kept{false};
    if (!kept.load(std::memory_order_acquire)) {
        keep_loaded();
        kept.store(true, std::memory_order_release);
    }
    watch_forks();
    static std::atomic<bool> asked{false};
    if (!asked.load(std::memory_order_acquire)) {
        trace_as_environment_says();
        asked.store(true, std::memory_order_release);
    }
}

inline std::shared_ptr<pool_state> make_pool(const pool_config& config) {
    const thread_count count = resolve_thread_count(config.threads);
    check(!config.name.empty(), "pool: name must not be empty");
    if (!is_forked()) {  // where they have no effect, and only oneTBB knows them
        check(!config.numa_node || arena::has_numa_node(*config.numa_node), "pool: numa_node must be one that this machine has",
              config.numa_node.value_or(0));
        check(!config.core_type || arena::has_core_type(*config.core_type), "pool: core_type must be one that this machine has",
              config.core_type.value_or(0));
    }
    prepare_process();
    return std::make_shared<pool_state>(
        arena_config{count.threads, config.name, config.numa_node, config.core_type, static_cast<int>(config.priority)}, count.origin,
        visitor_slots(count.threads), pool_handlers{config.start_handler, config.exit_handler, config.on_spawn_error});
}

/// The pool of calls outside of any install; made from the environment at first use.
inline std::shared_ptr<pool_state> global_pool() {
    process_state& state = process();
    {
        const std::lock_guard lock(state.pool_mutex);
        if (state.global_pool) {
            state.global_pool->check_usable();
            return state.global_pool;
        }
    }
    auto made = make_pool({});
    const std::lock_guard lock(state.pool_mutex);
    if (!state.global_pool) {
        state.global_threads.store(made->threads, std::memory_order_release);
        state.global_pool = std::move(made);
    }
    return state.global_pool;
}

/// A spawned task and its function, in one piece of memory.
template <class F>
class spawned_function final : public spawned_task {
public:
    template <class G>
    explicit spawned_function(G&& function) : function_(std::in_place, std::forward<G>(function)) {}
    void run() override { function_(); }

private:
    called_once<F> function_;
};

template <class F>
void spawn_into(const pool_state& pool, F&& function) {
    pool.check_usable();
    const std::shared_ptr<spawned_tasks> tasks = pool.spawned;  // the task may drop the pool
    tasks->spawn(std::make_unique<spawned_function<std::decay_t<F>>>(std::forward<F>(function)));
}

/// Calls `f(pool)` with the pool of a call made here: the installed one, else the global one.
template <class F>
decltype(auto) with_current_pool(const F& f) {
    const call_frame* const frame = current_call();
    if (frame != nullptr && frame->pool != nullptr) {
        frame->pool->check_usable();
        return f(*frame->pool);
    }
    const std::shared_ptr<pool_state> global = global_pool();
    return f(*global);
}

/// The sign of a thread count is checked before it becomes unsigned.
template <std::integral Integer>
pool_config config_of(Integer threads) {
    check(std::cmp_greater_equal(threads, 0) && std::cmp_less_equal(threads, max_threads),
          "pool: threads must be 0 (automatic) or 1 to 1024", threads);
    pool_config config;
    config.threads = static_cast<std::size_t>(threads);
    return config;
}

} // namespace detail

/// An arena of worker threads. Calls of xrayon made inside `install`, however deeply nested in each other, use this pool's threads
/// and no others. (Through another scheduler the thread is lost from sight: a call of ours made by a worker of a bare
/// tbb::parallel_for runs on the global pool.)
///
/// Threads are oneTBB's: they start with the first pool that needs them, sleep when there is no work, stay when the pool goes, and are
/// shared between pools, so that making and dropping further pools is cheap (microseconds), and takes no more memory in the end unless they
/// are of more than a hundred sizes or other kinds (docs/design/pools_and_visitors.md). Several threads may install into one pool at once; each
/// of them takes part in its own call, besides the `num_threads() - 1` workers.
///
/// When the last copy of a pool goes, its spawned tasks are run to their end first, by the thread that drops it and by the workers.
class pool {
public:
    /// @throws argument_error     if a value is out of range
    /// @throws environment_error  if XRAYON_NUM_THREADS decides and cannot be read
    /// @throws resource_error     if the process may not have that many threads, or they cannot be created
    explicit pool(const pool_config& config = {}) : state_(detail::make_pool(config)) {}

    /// A pool of `threads` threads, 1 to 1024, the caller included; 0: what this process may use.
    template <std::integral Integer>
        requires(!std::same_as<Integer, bool>)
    explicit pool(Integer threads) : pool(detail::config_of(threads)) {}

    /// A pool that is the oneTBB arena the calling thread is in: xrayon then runs on the threads of the program's own
    /// tbb::task_arena. Called outside of any arena it is oneTBB's default one. Entering it follows oneTBB's rules, not ours: a
    /// thread that is not in that arena waits in `install` while all of its slots are taken.
    /// @throws resource_error  in a forked child of a process that had made a pool: oneTBB's threads are not there
    [[nodiscard]] static pool attach_current_arena() {
        if (detail::is_forked()) {
            throw resource_error("pool::attach_current_arena: pid " + to_text(::getpid())
                                     + " was forked after oneTBB had been used, whose threads are not there; create a new pool",
                                 0, 0);
        }
        detail::prepare_process();
        return pool(std::make_shared<detail::pool_state>(detail::arena::attach_current{}));
    }

    /// Calls `f()` on the calling thread, inside the arena, and returns what it returns or throws what it throws. Never waits
    /// for a thread of the pool: calls from a pool's own items, from items of other pools and from many threads at once all
    /// go on. When all slots for callers are taken (at least 2), `f` runs outside the arena, and alone.
    /// @throws resource_error  before `f` is called, in a forked child of the process that made the pool
    template <class F>
    auto install(F&& f) const -> std::invoke_result_t<F> {
        const call_frame* const outer = current_call();
        const std::shared_ptr<detail::pool_state> keep = state_;
        keep->check_usable();
        if (outer != nullptr && outer->pool == keep.get() && outer->inside) {
            return std::invoke(std::forward<F>(f));
        }
        using result = std::invoke_result_t<F>;
        using kept = std::conditional_t<std::is_void_v<result>, char,
                                        std::conditional_t<std::is_reference_v<result>, std::add_pointer_t<result>, result>>;
        std::optional<kept> value;
        const auto run = [&](bool inside) {
            const call_frame frame{.parent = outer, .pool = keep.get(), .inside = inside};
            const detail::frame_scope scope(frame);
            if constexpr (std::is_void_v<result>) {
                std::invoke(std::forward<F>(f));
            } else if constexpr (std::is_reference_v<result>) {
                auto&& reference = std::invoke(std::forward<F>(f));
                value.emplace(std::addressof(reference));
            } else {
                value.emplace(std::invoke(std::forward<F>(f)));
            }
        };
        const auto enter = [&] { run(true); };
        if (!keep->try_execute(enter)) {
            run(false);
        }
        if constexpr (std::is_reference_v<result>) {
            return static_cast<result>(**value);
        } else if constexpr (!std::is_void_v<result>) {
            return std::move(*value);
        }
    }

    /// Has `function()` called once, some time, by a worker of this pool; see xrayon::spawn.
    template <class F>
        requires std::invocable<std::decay_t<F>>
    void spawn(F&& function) const { detail::spawn_into(*state_, std::forward<F>(function)); }
    /// Waits for this pool's spawned tasks; see xrayon::wait_spawned.
    void wait_spawned() const {
        state_->check_usable();
        const std::shared_ptr<detail::spawned_tasks> tasks = state_->spawned;
        tasks->wait();
    }

    /// Threads that work on a call of one caller, that caller included.
    [[nodiscard]] std::size_t num_threads() const noexcept { return state_->threads; }
    /// Who decided that number.
    [[nodiscard]] thread_count_origin origin() const noexcept { return state_->origin; }

private:
    explicit pool(std::shared_ptr<detail::pool_state> state) : state_(std::move(state)) {}

    std::shared_ptr<detail::pool_state> state_;
};

/// Replaces the pool of calls outside of any install. May be called again: calls that have begun end on the old one.
/// @throws as pool's constructor; the pool before then stays.
inline void configure_global_pool(const pool_config& config) {
    auto made = detail::make_pool(config);
    detail::process_state& state = detail::process();
    const std::lock_guard lock(state.pool_mutex);
    state.global_threads.store(made->threads, std::memory_order_release);
    state.global_pool.swap(made);
}

/// Threads that a parallel call made here would use: those of the installed pool, else of the global one.
/// @throws environment_error  if this is the first use and XRAYON_NUM_THREADS cannot be read
/// @throws resource_error     in a forked child, if that pool was made before the fork
[[nodiscard]] inline std::size_t current_num_threads() {
    const call_frame* const frame = current_call();
    if (frame != nullptr && frame->pool != nullptr) {
        frame->pool->check_usable();
        return frame->pool->threads;
    }
    const std::size_t known = detail::process().global_threads.load(std::memory_order_acquire);
    return known != 0 ? known : detail::global_pool()->threads;
}

/// Which thread of its pool the calling one is, for per-thread tables: 0 for whoever called, 1 to num_threads - 1 for workers. Of
/// the threads that work on one call no two have the same. Nothing outside of every call and install. Exempt from the law: it
/// depends on who comes. Callers of one pool that are there at the same time are all 0; so tables are for one call, not for a pool.
/// @throws resource_error  in a forked child, if the pool was made before the fork
[[nodiscard]] inline std::optional<std::size_t> current_thread_index() {
    const call_frame* const frame = current_call();
    if (frame == nullptr) {
        return std::nullopt;
    }
    if (frame->pool == nullptr) {
        return 0;
    }
    frame->pool->check_usable();
    return frame->pool->thread_index(frame->inside);
}

/// Runs `body(pool, inside)` on the calling thread and offers it to up to `helpers` other threads of the pool that `frame`
/// stands for; returns when every begun body has ended. The caller becomes a visitor of the pool if it is not inside yet; if
/// there is no room it runs alone, with `inside` false; so it does when the process was forked in the middle of the call.
/// `body` must not throw.
template <class Body>
void run_with_helpers(const call_frame& frame, std::size_t helpers, Body& body) {
    const std::shared_ptr<detail::pool_state> global = frame.pool == nullptr ? detail::global_pool() : nullptr;
    detail::pool_state* const pool = frame.pool == nullptr ? global.get() : frame.pool;
    const auto inside = [&] { body(pool, true); };
    const auto share = [&] { pool->share(helpers, inside); };
    if (!pool->usable()) [[unlikely]] {
        body(pool, false);
    } else if (frame.inside) {
        share();
    } else if (!pool->try_execute(share)) {
        body(pool, false);
    }
}

/// Calls another thread to work that comes up while it runs; see run_gathering.
using detail::gathering;

/// As run_with_helpers, for work that comes up while it runs: `begin(pool, inside, calls)` runs on the calling thread and then
/// `help(pool, inside)`, which others run too, up to `helpers` at once, when they are called by `calls->offer()`. `help` returns when it
/// finds nothing to do. `calls` is null where nobody can be called. Returns when all have ended. Both must not throw.
template <class Begin, class Help>
void run_gathering(const call_frame& frame, std::size_t helpers, Begin& begin, Help& help) {
    const std::shared_ptr<detail::pool_state> global = frame.pool == nullptr ? detail::global_pool() : nullptr;
    detail::pool_state* const pool = frame.pool == nullptr ? global.get() : frame.pool;
    const auto begin_inside = [&](gathering* calls) { begin(pool, true, calls); };
    const auto help_inside = [&] { help(pool, true); };
    const auto gather = [&] { pool->gather(helpers, begin_inside, help_inside); };
    const auto alone = [&] {
        begin(pool, false, nullptr);
        help(pool, false);
    };
    if (helpers == 0 || !pool->usable()) [[unlikely]] {
        alone();
    } else if (frame.inside) {
        gather();
    } else if (!pool->try_execute(gather)) {
        alone();
    }
}

} // namespace xrayon

#endif // XRAYON_EXEC_POOL_HPP
