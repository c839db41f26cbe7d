// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_WORKER_RESERVATION_HPP
#define XRAYON_EXEC_DETAIL_WORKER_RESERVATION_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <mutex>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/detail/backend_tbb.hpp>
#include <xrayon/exec/detail/fork_watch.hpp>
#include <xrayon/exec/detail/process_state.hpp>
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
            check_made(threads, wanted, start_workers(wanted, state.start_rounds), EAGAIN);
        } catch (...) {
            limit.set(before);
            throw;
        }
    }

    fork_mark mark_;
    std::size_t workers_;
};

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_WORKER_RESERVATION_HPP
