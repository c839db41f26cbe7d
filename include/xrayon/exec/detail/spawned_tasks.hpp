// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_SPAWNED_TASKS_HPP
#define XRAYON_EXEC_DETAIL_SPAWNED_TASKS_HPP

#include <algorithm>
#include <cfenv>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include <xrayon/core/check.hpp>
#include <xrayon/exec/blas_guard.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/detail/backend_tbb.hpp>
#include <xrayon/exec/detail/fork_watch.hpp>
#include <xrayon/exec/trace_scopes.hpp>

namespace xrayon::detail {

/// A function that nobody waits for, and where it goes from one owner to the next.
class spawned_task {
public:
    spawned_task() { std::fegetenv(&floating_point); }
    virtual ~spawned_task() = default;
    spawned_task(const spawned_task&) = delete;
    spawned_task& operator=(const spawned_task&) = delete;

    /// Calls the function and destroys it, also when it throws.
    virtual void run() = 0;

    std::fenv_t floating_point;  ///< Of the thread that spawned it.
    std::size_t number = 0;
    std::unique_ptr<spawned_task> next;
};

/// The spawned tasks of one pool: those that have not begun, how many run, and what they ended with.
///
/// They lie in a queue of ours. For each, up to the number of workers, an errand is sent to the arena, which brings a worker that runs one
/// task and sends the next errand; so oneTBB holds few, and whoever else comes by (a wait, a yield, the end of the pool) can run tasks as
/// well. An errand that comes late finds nothing, and may outlive the pool: it holds on to this object.
class spawned_tasks : public std::enable_shared_from_this<spawned_tasks> {
public:
    using error_handler = std::function<void(std::exception_ptr)>;

    /// @param workers  Where errands go; null: tasks run at once on the thread that spawns them.
    /// @param most     Errands that are out at once.
    spawned_tasks(pool_state* pool, arena* workers, std::size_t most, error_handler on_error)
        : pool_(pool), workers_(most == 0 ? nullptr : workers), most_errands_(most), on_error_(std::move(on_error)) {
        state_.name = "spawn";
        state_.family = this;
    }
    ~spawned_tasks() {
        while (first_) {  // one by one: a long list would take a long stack
            first_ = std::move(first_->next);
        }
    }
    spawned_tasks(const spawned_tasks&) = delete;
    spawned_tasks& operator=(const spawned_tasks&) = delete;

    /// Takes a task over. @throws std::bad_alloc  and it has not
    void spawn(std::unique_ptr<spawned_task> task) {
        {
            const std::lock_guard lock(mutex_);
            if (workers_ != nullptr && errands_ < most_errands_) {
                try {
                    send_errand();
                } catch (...) {
                    if (errands_ == 0) {
                        throw;
                    }
                }
            }
            task->number = numbers_++;
            spawned_task* const added = task.get();
            (first_ ? last_->next : first_) = std::move(task);
            last_ = added;
            if (waiting_ != 0) {
                changed_.notify_all();
            }
        }
        if (workers_ == nullptr && !is_inside(current_call())) {  // else whoever runs the task around us comes to it next
            while (run_one()) {}
        }
    }

    /// Runs a task on the calling thread, which may be nested in anything. False: there is none.
    bool run_one() {
        std::unique_lock lock(mutex_);
        return run_one(lock, is_in_arena());
    }

    /// Runs tasks until there are none, and waits for those that others run.
    /// @throws argument_error  on a thread that is in one of them
    /// @throws ...             what the one that was spawned first of those that failed ended with, unless a handler has had it
    void wait() {
        check(!is_inside(current_call()), "wait_spawned: must not be called by a spawned task of the same pool: it would wait for itself");
        std::exception_ptr error;
        {
            std::unique_lock lock(mutex_);
            finish(lock, 0);
            error = std::exchange(error_, nullptr);
        }
        if (error) {
            std::rethrow_exception(std::move(error));
        }
    }

    /// The pool's end: as wait, but for those tasks that the calling thread is in: its pool's last handle went there.
    void end() noexcept {
        std::unique_lock lock(mutex_);
        std::size_t mine = 0;  // more than one where tasks yielded to each other
        for (const level* each = levels_; each != nullptr; each = each->outer) {
            mine += each->of == this ? 1 : 0;
        }
        finish(lock, std::max<std::size_t>(mine, is_inside(current_call()) ? 1 : 0));
    }

    /// Keeps what a task, or a handler of the pool's, ended with, or tells the user's handler.
    void fail(std::size_t number, std::exception_ptr error) noexcept {
        if (on_error_) {
            try {
                on_error_(std::move(error));
                return;
            } catch (...) {
                error = std::current_exception();
            }
        }
        const std::lock_guard lock(mutex_);
        if (!error_ || number < failed_) {
            failed_ = number;
            error_.swap(error);  // the other one is destroyed without the lock: it was declared before
        }
    }

private:
    /// The tasks that one thread is in, innermost first.
    struct level {
        const spawned_tasks* of;
        const level* outer;
    };
    XRAYON_SHARED static inline constinit thread_local const level* levels_ = nullptr;

    [[nodiscard]] bool is_inside(const call_frame* frame) const noexcept {
        for (; frame != nullptr; frame = frame->parent) {
            if (frame->call != nullptr && frame->call->family == this) {
                return true;
            }
        }
        return false;
    }
    [[nodiscard]] bool is_in_arena() const noexcept {
        const call_frame* const frame = current_call();
        return frame != nullptr && frame->pool == pool_ && frame->inside;
    }

    /// With the lock.
    void send_errand() {
        workers_->enqueue(shared_from_this());
        ++errands_;
    }
    friend class arena;
    /// A worker has come.
    void run_errand() noexcept {
        std::unique_lock lock(mutex_);
        run_one(lock, true);
        if (mark_.in_child()) [[unlikely]] {
            end_lost_helper(mark_);
        }
        --errands_;
        while (first_ && errands_ < most_errands_) {
            // The pool is there: it waits for what is in the queue.
            try {
                send_errand();
                return;
            } catch (...) {
                run_one(lock, true);  // no memory: without going
            }
        }
    }

    bool run_one(std::unique_lock<std::mutex>& lock, bool inside) noexcept {
        if (!first_) {
            return false;
        }
        const std::unique_ptr<spawned_task> task = std::exchange(first_, std::move(first_->next));
        ++running_;
        lock.unlock();
        run(*task, inside);
        if (!mark_.in_child()) [[likely]] {
            lock.lock();
            --running_;
            if (waiting_ != 0) {
                changed_.notify_all();
            }
        }
        return true;
    }

    void run(spawned_task& task, bool inside) noexcept {
        std::fenv_t before;
        std::fegetenv(&before);
        std::fesetenv(&task.floating_point);
        const call_frame frame{nullptr, pool_, inside, &state_, task.number};
        const level here{this, levels_};
        levels_ = &here;
        {
            const frame_scope scope(frame);
            traced_task_scope traced;
            if (is_tracing()) [[unlikely]] {
                traced.begin(0, task.number, task.number + 1);
            }
            item_hook* const hook = process().hook.load(std::memory_order_acquire);
            if (hook != nullptr) [[unlikely]] {
                hook->before(frame);
            }
            try {
                const blas_guard blas;
                task.run();
            } catch (...) {
                fail(task.number, std::current_exception());
            }
            if (hook != nullptr) [[unlikely]] {
                hook->after(frame);
            }
        }
        levels_ = here.outer;
        std::fesetenv(&before);
    }

    /// Until no more than `mine` tasks run and none waits to begin. In a child that was forked in one of them: at once.
    void finish(std::unique_lock<std::mutex>& lock, std::size_t mine) noexcept {
        const bool inside = is_in_arena();
        for (;;) {
            if (!run_one(lock, inside)) {
                if (running_ <= mine) {
                    return;
                }
                ++waiting_;
                changed_.wait(lock, [&] { return first_ != nullptr || running_ <= mine; });
                --waiting_;
            }
            if (mark_.in_child()) [[unlikely]] {
                return;
            }
        }
    }

    pool_state* pool_;
    arena* workers_;
    std::size_t most_errands_;
    error_handler on_error_;
    call_state state_;
    fork_mark mark_;

    std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    std::unique_ptr<spawned_task> first_;
    spawned_task* last_ = nullptr;
    std::size_t numbers_ = 0;
    std::size_t errands_ = 0;
    std::size_t running_ = 0;
    std::size_t waiting_ = 0;  // threads
    std::size_t failed_ = 0;
    std::exception_ptr error_;
};

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_SPAWNED_TASKS_HPP
