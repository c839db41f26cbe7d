// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SPAWN_HPP
#define XRAYON_PAR_SPAWN_HPP

#include <concepts>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>

#include <xrayon/exec/pool.hpp>

namespace xrayon {

/// @brief Has `function()` called once, some time, by a thread of the pool in use: nobody waits for it.
///
/// @param function  Moved or copied in here. It must own what it uses, or refer to what outlives it: locals of the caller do not. Destroyed
///                  where it has run. What it returns is dropped.
/// @throws std::bad_alloc  if there is no memory for it; nothing has been spawned then
/// @throws resource_error  in a forked child, if the pool was made before the fork
///
/// Where the pool has no workers (one thread; a forked child's pool) it runs at once, before spawn returns, on the calling thread; one
/// that is spawned by another then runs when that one has ended. So hold no lock across spawn that the function takes.
/// **What it throws** ends neither the process nor the call that spawned it: it goes to pool_config::on_spawn_error, else the error of the
/// task that was spawned first is kept, and thrown by wait_spawned.
/// **When it ends.** A pool that is destroyed runs what has not begun and waits for the rest. The global pool is never destroyed: a
/// program that returns from main cuts its tasks off; call wait_spawned before.
/// It is no part of the call that spawned it: not cancelled with it, and not in its path. Its nested calls use its pool, under the caller's
/// floating-point settings. Exempt from the law in when it runs.
/// **Cost.** One allocation, and another where a worker has to be called; under a microsecond for the spawner.
template <class F>
    requires std::invocable<std::decay_t<F>>
void spawn(F&& function) {
    detail::with_current_pool([&](const detail::pool_state& pool) { detail::spawn_into(pool, std::forward<F>(function)); });
}

/// The same: tasks of spawn, too, begin in the order in which they were spawned.
template <class F>
    requires std::invocable<std::decay_t<F>>
void spawn_fifo(F&& function) {
    spawn(std::forward<F>(function));
}

/// @brief Waits until no spawned task of the pool in use is left, and runs those that have not begun on the calling thread as well.
/// @throws ...             what the task threw that was spawned first of those that failed, unless on_spawn_error was told; each is thrown once
/// @throws argument_error  inside of such a task, which would wait for itself
inline void wait_spawned() {
    detail::with_current_pool([](const detail::pool_state& pool) {
        const std::shared_ptr<detail::spawned_tasks> tasks = pool.spawned;
        tasks->wait();
    });
}

/// @brief Runs one spawned task of the pool in use that has not begun, in the middle of whatever calls it: also while a lock is held.
/// @returns  false where there is none; then the thread has yielded to others.
///
/// For loops that wait for what a spawned task will do. Tasks of a scope: scope_t::yield_now.
inline bool yield_now() {
    const bool ran = detail::with_current_pool([](const detail::pool_state& pool) {
        const std::shared_ptr<detail::spawned_tasks> tasks = pool.spawned;
        return tasks->run_one();
    });
    if (!ran) {
        std::this_thread::yield();
    }
    return ran;
}

} // namespace xrayon

#endif // XRAYON_PAR_SPAWN_HPP
