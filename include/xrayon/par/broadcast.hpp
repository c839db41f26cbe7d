// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_BROADCAST_HPP
#define XRAYON_PAR_BROADCAST_HPP

#include <atomic>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/stored.hpp>
#include <xrayon/exec/blas_guard.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/spawn.hpp>

namespace xrayon {

/// What a function that is broadcast is told.
struct broadcast_context {
    std::size_t index = 0;        ///< 0 to num_threads - 1, each once.
    std::size_t num_threads = 1;  ///< Of the pool.
    bool own_thread = false;      ///< This is the thread with that current_thread_index; else the one who broadcasts, in its place.
};

template <class F>
concept broadcastable = std::invocable<const F&, broadcast_context>
                        && (std::is_void_v<std::invoke_result_t<const F&, broadcast_context>> || storable<std::invoke_result_t<const F&, broadcast_context>>);

namespace detail {

/// Who has come to a broadcast, and who still may.
class broadcast_call {
public:
    explicit broadcast_call(std::size_t threads) : outer_(current_call()), called_(threads), errors_(threads) {
        state_.name = "broadcast";
        state_.count = threads;
    }

    /// `call(context)` for every index, each by its own thread if that comes in time. Does not throw what it throws.
    template <class Call>
    void run(const Call& call) {
        std::optional<blas_guard> blas;
        if (!in_call(outer_)) {
            blas.emplace();
        }
        const std::thread::id caller = std::this_thread::get_id();
        const auto take_part = [&](pool_state* pool, bool inside) noexcept {
            const call_frame frame{outer_, pool, inside, &state_, pool->thread_index(inside)};
            const bool is_caller = std::this_thread::get_id() == caller;
            if (!is_caller && !may_come()) {
                return;
            }
            const frame_scope scope(frame);
            if (!is_caller || !begun_) {
                call_own(call, frame.index);
            }
            if (is_caller) {
                begun_ = true;
            }
            wait_for_all(is_caller);
        };
        const call_frame here{outer_, outer_ == nullptr ? nullptr : outer_->pool, outer_ != nullptr && outer_->inside};
        try {
            run_with_helpers(here, called_.size() - 1, take_part);
        } catch (...) {
            if (mark_.in_child()) {
                throw;
            }
            // No memory to let us in: alone.
        }
        call_frame frame{here.parent, here.pool, here.inside, &state_, 0};
        for (std::size_t index = 0; index < called_.size(); ++index) {
            if (!called_[index].exchange(true)) {
                frame.index = index;
                const frame_scope scope(frame);
                call_one(call, {index, called_.size(), false});
            }
        }
    }

    /// Throws what the lowest index ended with, if any did not end well.
    void check_errors() const {
        for (const std::exception_ptr& each : errors_) {
            if (each) {
                std::rethrow_exception(each);
            }
        }
    }

private:
    /// How long the others are waited for after the caller's own turn. A worker that sleeps is there after some tens of microseconds; one
    /// that is at work elsewhere may take any time, and nothing may hang on it.
    static constexpr std::chrono::milliseconds patience{20};

    bool may_come() {
        const std::lock_guard lock(mutex_);
        return !over_;
    }

    template <class Call>
    void call_own(const Call& call, std::size_t index) noexcept {
        if (index < called_.size() && !called_[index].exchange(true)) {
            call_one(call, {index, called_.size(), true});
        }
        const std::lock_guard lock(mutex_);
        ++here_;
        if (here_ >= called_.size()) {
            over_ = true;
            changed_.notify_all();
        }
    }

    template <class Call>
    void call_one(const Call& call, const broadcast_context& context) noexcept {
        try {
            call(context);
        } catch (...) {
            errors_[context.index] = std::current_exception();
        }
    }

    /// Whoever has had its turn stays, so that it does not come a second time in place of another.
    void wait_for_all(bool is_caller) noexcept {
        if (mark_.in_child()) [[unlikely]] {
            return;  // run_with_helpers says so
        }
        std::unique_lock lock(mutex_);
        if (is_caller) {
            changed_.wait_for(lock, patience, [this] { return over_; });
            over_ = true;
            lock.unlock();
            changed_.notify_all();
        } else {
            changed_.wait(lock, [this] { return over_; });
        }
    }

    const call_frame* outer_;
    call_state state_;
    fork_mark mark_;
    bool begun_ = false;  // the caller's
    std::vector<std::atomic<bool>> called_;
    std::vector<std::exception_ptr> errors_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t here_ = 0;
    bool over_ = false;
};

} // namespace detail

/// @brief Calls `f(context)` once for each thread of the pool in use, if possible on that thread.
///
/// Each index in [0, num_threads) is used exactly once. Index i is called by the thread whose current_thread_index is i if that
/// thread comes in time: the caller calls its own, waits at most 20 ms for the others, and then calls what is left itself, in order;
/// `context.own_thread` says which of the two it is. So a broadcast never hangs on workers that are busy, as Rayon's may, and does not promise
/// Rayon's "on every thread". On an idle pool it is so, but where the caller is itself a worker: 0 is no worker's number.
///
/// @param f  Called from several threads at once, as const; all calls are made, whatever one of them throws.
/// @returns  The results, by index; nothing if `f` returns nothing.
/// @throws   what the call with the lowest index threw
/// Exempt from the law by nature: which thread calls what, and what it finds in its thread_locals. A call that is cancelled is no reason not
/// to make one.
/// **Cost.** As long as the dearest call, and up to 20 ms where a thread of the pool does not come.
template <broadcastable F>
auto broadcast(const F& f) {
    using result = std::invoke_result_t<const F&, broadcast_context>;
    detail::broadcast_call call(current_num_threads());
    if constexpr (std::is_void_v<result>) {
        call.run([&](const broadcast_context& context) { std::invoke(f, context); });
        call.check_errors();
    } else {
        std::vector<std::optional<stored_t<result>>> values(current_num_threads());
        call.run([&](const broadcast_context& context) { values[context.index].emplace(std::invoke(f, context)); });
        call.check_errors();
        std::vector<stored_t<result>> results;
        results.reserve(values.size());
        for (auto& each : values) {
            results.push_back(*std::move(each));
        }
        return results;
    }
}

/// @brief The same without waiting: a spawned task that broadcasts `f`. See spawn for what `f` must own, and for what it throws.
template <class F>
    requires broadcastable<std::decay_t<F>>
void spawn_broadcast(F&& f) {
    spawn([own = std::decay_t<F>(std::forward<F>(f))] {
        if constexpr (std::is_void_v<std::invoke_result_t<const std::decay_t<F>&, broadcast_context>>) {
            broadcast(own);
        } else {
            broadcast([&own](const broadcast_context& context) { static_cast<void>(std::invoke(own, context)); });
        }
    });
}

} // namespace xrayon

#endif // XRAYON_PAR_BROADCAST_HPP
