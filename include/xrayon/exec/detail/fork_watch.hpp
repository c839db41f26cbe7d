// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_FORK_WATCH_HPP
#define XRAYON_EXEC_DETAIL_FORK_WATCH_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/detail/process_state.hpp>
#include <xrayon/exec/detail/trace_log.hpp>

// A forked child has one thread, and a copy of everything else as it stood: locks that other threads held, counts of calls that
// they were in, lists of workers that do not exist here. So our locks are taken around every fork, and the child starts a new
// generation: what belongs to an older one is not used any more. Reading the generation is one relaxed load, where asking for the
// process id would be a system call. Forks that run no handlers (vfork, posix_spawn, a bare clone) are followed by exec and need none.

namespace xrayon::detail {

inline std::uint32_t fork_generation() noexcept { return process().fork_generation.load(std::memory_order_relaxed); }

/// This process is a child, or a child's child, of one that had made a pool: oneTBB is out of use here.
inline bool is_forked() noexcept { return fork_generation() != 0; }

namespace fork_handlers {

inline void before() {
    process().pool_mutex.lock();
    process().blas_mutex.lock();
    process().progress_line.mutex.lock();
    tracing().mutex.lock();
    for (trace_lane* lane : tracing().lanes) {
        lane->mutex.lock();
    }
}
inline void unlock_traces() {
    for (trace_lane* lane : tracing().lanes) {
        lane->mutex.unlock();
    }
    tracing().mutex.unlock();
}
inline void after_in_parent() {
    unlock_traces();
    process().progress_line.mutex.unlock();
    process().blas_mutex.unlock();
    process().pool_mutex.unlock();
}
inline void after_in_child() {
    process_state& state = process();
    state.fork_generation.fetch_add(1, std::memory_order_relaxed);
    state.global_threads.store(0, std::memory_order_relaxed);  // so that the next use of the global pool looks at it
    state.reserved_workers = 0;
    state.started_workers = 0;
    // Whoever held BLAS at one thread is not here to let it go. It is not set back now: that may start threads, and wait for a
    // lock of the BLAS's own, in a child that perhaps only wants to exec. The next guard does it when it ends.
    const std::size_t pinned = state.blas_pinned.load(std::memory_order_relaxed) ? 1 : 0;
    if (state.blas_users.load(std::memory_order_relaxed) > pinned) {
        state.blas_users.store(pinned, std::memory_order_relaxed);
        state.blas_inherited = pinned == 0;
    }
    // What is being recorded is the parent's; the child may begin anew.
    tracing().on.store(false, std::memory_order_relaxed);
    tracing().recorders = 0;
    tracing().era.fetch_add(1, std::memory_order_relaxed);
    unlock_traces();
    state.progress_line.printer = nullptr;  // the threads that draw are the parent's
    state.progress_line.columns = 0;
    state.progress_line.mutex.unlock();
    state.blas_mutex.unlock();
    state.pool_mutex.unlock();
}

} // namespace fork_handlers

/// A shared object that has made a pool stays in memory when it is closed: oneTBB's threads come through its code, and glibc would take
/// its fork handlers away. (g++ brings that about by itself, by the way it emits the process-wide state; clang does not.) Hidden, because
/// each shared object asks for itself.
[[gnu::visibility("hidden")]] inline void keep_loaded() noexcept {
    static const char here = 0;
    Dl_info info;
    if (::dladdr(&here, &info) != 0 && info.dli_fname != nullptr) {
        // The program itself is not found by that name: it stays anyway.
        static_cast<void>(::dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE));
    }
}

/// Registers the handlers, once in a process, before its first pool.
inline void watch_forks() {
    if (process().fork_watched.load(std::memory_order_acquire) || process().fork_watched.exchange(true, std::memory_order_acq_rel)) {
        return;
    }
    if (::pthread_atfork(fork_handlers::before, fork_handlers::after_in_parent, fork_handlers::after_in_child) != 0) {
        process().fork_watched.store(false, std::memory_order_release);  // no memory: the next pool tries again
    }
}

/// Says whether the process was forked since `here` was made: then this is the child.
class fork_mark {
public:
    [[nodiscard]] bool in_child() const noexcept { return fork_generation() != generation_; }

    /// For whoever would wait for threads that the child does not have.
    /// @throws resource_error  if this is the child
    void check_not_in_child(std::string_view what) const {
        if (in_child()) [[unlikely]] {
            throw resource_error(std::string(what) + ": forked inside an item, and pid " + to_text(::getpid())
                                     + " is the child: it must not return from the item (end it with _exit or exec)",
                                 0, 0);
        }
    }

private:
    std::uint32_t generation_ = fork_generation();
};

/// The same on a worker's stack, where nobody could catch it: terminates, and says why.
XRAYON_COLD inline void end_lost_helper(const fork_mark& mark) noexcept { mark.check_not_in_child("xrayon"); }

/// For the copy of the thread that calls on_progress, where nobody could catch it either.
XRAYON_COLD [[noreturn]] inline void refuse_lost_teller(std::string_view call) {
    throw resource_error(std::string(call) + ": forked inside on_progress, and pid " + to_text(::getpid())
                             + " is the child: it must not return from the function (end it with _exit or exec)",
                         0, 0);
}

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_FORK_WATCH_HPP
