// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_SCOPE_CORE_HPP
#define XRAYON_PAR_DETAIL_SCOPE_CORE_HPP

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/blas_guard.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/exec/tick_clock.hpp>
#include <xrayon/exec/trace_scopes.hpp>
#include <xrayon/par/detail/call_history.hpp>
#include <xrayon/par/detail/call_outcome.hpp>
#include <xrayon/par/detail/task_tree.hpp>

namespace xrayon::detail {

enum class task_order { last_first, first_first };

/// A scope while it lives: its tasks that have not begun, where each stands in the order of a plain program, and what came of them.
///
/// It keeps what a guarded call keeps (detail/guarded_call.hpp), with a place in the tree of spawns instead of an index: the first failure
/// in the order of a plain program wins; what stands behind it is not begun, or, if it runs, is cancelled in its nested calls; what stands
/// before it runs to its end. The caller takes part, and could do all of it alone.
///
/// One lock guards it all; a task takes it twice. What is the user's (functions and their destructors) never runs under it.
class scope_core {
    /// What a thread that runs tasks one after the other shows to calls nested in them.
    struct runner final : call_state {
        scope_task* task = nullptr;  // null between two tasks
        call_frame* frame = nullptr;
        runner* next = nullptr;
        runner** link = nullptr;
    };

public:
    /// `options` outlives this. @throws argument_error, environment_error
    scope_core(task_order order, const run_options& options, std::string_view name, call_history& history)
        : order_(order),
          options_(options),
          name_(options.label.empty() ? name : std::string_view(options.label)),
          history_(history),
          outer_(current_call()),
          threads_(current_num_threads()),
          nested_(in_call(outer_)) {
        if (options.progress != progress_mode::off || options.on_progress) {
            check(false,
                  std::string(name_) + ": options.progress and on_progress must be unset: nobody knows how many tasks there will be");
        }
        if (options.memory_budget != 0) {
            check(false, std::string(name_) + ": options.memory_budget must be 0: nobody knows what tasks need", options.memory_budget);
        }
        if (options.deadline < std::chrono::nanoseconds{}) {
            check(false, std::string(name_) + ": options.deadline must be >= 0 ns", options.deadline.count());
        }
        const auto now = options.deadline == std::chrono::nanoseconds{} ? std::chrono::steady_clock::time_point::max()
                                                                        : std::chrono::steady_clock::now();
        if (options.deadline < std::chrono::steady_clock::time_point::max() - now) {
            deadline_ = now + options.deadline;
        }
        watched_ = nested_ || options.stop.stop_possible() || deadline_ != std::chrono::steady_clock::time_point::max();
    }
    ~scope_core() {
        if (!mark_.in_child()) {
            tree_.clear();
        }
    }
    scope_core(const scope_core&) = delete;
    scope_core& operator=(const scope_core&) = delete;

    /// Takes a task over. Where a plain program would not have come to it, it is destroyed.
    /// @throws resource_error  if the process was forked in the middle of a scope that others help with, and this is the child
    void spawn(std::unique_ptr<scope_task> task) {
        if (calls_.load(std::memory_order_relaxed) != nullptr) {
            mark_.check_not_in_child(name_);  // whoever holds the lock may not be there
        }
        const call_frame* const here = current_call();
        const call_frame* frame = here;
        while (frame != nullptr && (frame->call == nullptr || frame->call->family != this)) {
            frame = frame->parent;
        }
        runner* const by = frame == nullptr ? nullptr : static_cast<runner*>(const_cast<call_state*>(frame->call));
        const bool directly = by != nullptr && here == by->frame;
        if (traced_.id() != 0) [[unlikely]] {
            task->spawner = current_trace_task;
            task->spawned_at = trace_now();
        }
        bool call = false;
        {
            const std::lock_guard lock(mutex_);
            ++spawned_;
            const bool drop =
                over_ || (by != nullptr && by->task != nullptr ? by->cut.load(std::memory_order_relaxed) == 0 : cut_ != nullptr);
            if (drop) {
                ++dropped_;
            } else {
                scope_task& spawner = by != nullptr && by->task != nullptr ? *by->task : root_;
                tree_.add(*task, spawner);
                push(*task.release());
                if (directly && &spawner == &root_) {
                    by->frame->index = root_.spawned;
                }
                call = directly && should_call();
            }
        }
        if (call) {
            call_another();
        }
    }

    /// Runs one task on the calling thread, in the middle of something; false: none waits to begin.
    bool yield() {
        if (calls_.load(std::memory_order_relaxed) != nullptr) {
            mark_.check_not_in_child(name_);
        }
        {
            const std::lock_guard lock(mutex_);
            if (first_ == nullptr) {
                return false;
            }
        }
        const call_frame* const here = current_call();
        take_part(here == nullptr ? nullptr : here->pool, here != nullptr && here->inside, 1);
        return true;
    }

    /// Runs the body and all tasks. Does not throw what they throw: raise() does.
    template <class Body>
    void run(Body& body) {
        std::optional<blas_guard> blas;
        if (!nested_) {
            blas.emplace();
        }
        if (is_tracing()) [[unlikely]] {
            traced_.begin(name_, 0, threads_);
        }
        const auto begin = tick_clock::now();
        if (threads_ == 1 || !history_.share_at_once()) {
            // As a guarded call whose items have been cheap: a few microseconds alone first.
            run_body(body, outer_ == nullptr ? nullptr : outer_->pool, outer_ != nullptr && outer_->inside);
            const bool all = take_part(outer_ == nullptr ? nullptr : outer_->pool, outer_ != nullptr && outer_->inside,
                                       threads_ == 1 ? 0 : begin + share_after * tick_clock::per_microsecond());
            if (!all) {
                share([](pool_state*, bool, gathering*) {});
            }
        } else {
            share([&](pool_state* pool, bool inside, gathering*) { run_body(body, pool, inside); });
            if (!body_begun_) {  // no memory to go to the pool
                run_body(body, outer_ == nullptr ? nullptr : outer_->pool, outer_ != nullptr && outer_->inside);
            }
        }
        if (shared_) {
            mark_.check_not_in_child(name_);
        }
        take_part(outer_ == nullptr ? nullptr : outer_->pool, outer_ != nullptr && outer_->inside, 0);  // what is left, if anything
        if (succeeded()) {
            history_.note(tick_clock::now() - begin, most_helping_, spawned_ + 1);
        }
    }

    [[nodiscard]] bool succeeded() const noexcept { return body_done_ && failed_ == nullptr && dropped_ == 0; }

    void report() noexcept {
        if (options_.report == nullptr) {
            return;
        }
        run_report& report = *options_.report;
        report = run_report{};
        report.total = spawned_;
        report.done = done_;
        report.threads = most_helping_;
        if (failed_ != nullptr) {
            sort_failed();
            report.failed = index_of(*failed_);
            try {
                report.path = path_to(*failed_);
            } catch (...) {
                // No memory for it.
            }
        }
    }

    /// Throws what a scope that did not succeed ends with.
    XRAYON_COLD [[noreturn]] void raise() {
        if (failed_ != nullptr && (options_.error != on_error::collect || dropped_ == 0)) {
            sort_failed();
            raise_failed();
        }
        call_state state;
        state.stop = options_.stop;
        state.deadline = deadline_;
        const auto own = state.stopped();
        const cancel_reason reason = own ? *own : cancel_reason::outer_call;
        throw cancelled_call(name_, reason, done_, spawned_, " tasks");
    }

private:
    static constexpr tick_clock::ticks share_after = 5;  // microseconds

    struct body_task final : scope_task {
        void run(scope_core&) override {}
    };

    /// A runner among those whose tasks a failure may cancel.
    class on_list {
    public:
        on_list(scope_core& scope, runner& mine, call_frame& frame) : scope_(scope), mine_(mine) {
            mine.name = scope.name_;
            mine.stop = scope.options_.stop;
            mine.deadline = scope.deadline_;
            mine.family = &scope;
            mine.frame = &frame;
            frame.call = &mine;
        }
        on_list(const on_list&) = delete;
        on_list& operator=(const on_list&) = delete;

        /// With the lock.
        void begin(scope_task& task) noexcept {
            mine_.task = &task;
            mine_.cut.store(call_state::none, std::memory_order_relaxed);
            mine_.next = scope_.running_;
            mine_.link = &scope_.running_;
            if (mine_.next != nullptr) {
                mine_.next->link = &mine_.next;
            }
            scope_.running_ = &mine_;
        }
        /// With the lock.
        void end() noexcept {
            mine_.task = nullptr;
            *mine_.link = mine_.next;
            if (mine_.next != nullptr) {
                mine_.next->link = mine_.link;
            }
        }

    private:
        scope_core& scope_;
        runner& mine_;
    };

    template <class Begin>
    void share(const Begin& begin) noexcept {
        shared_ = true;
        const auto start = [&](pool_state* pool, bool inside, gathering* calls) noexcept {
            calls_.store(calls, std::memory_order_release);
            begin(pool, inside, calls);
        };
        const auto help = [&](pool_state* pool, bool inside) noexcept { help_out(pool, inside); };
        const call_frame here{outer_, outer_ == nullptr ? nullptr : outer_->pool, outer_ != nullptr && outer_->inside};
        try {
            run_gathering(here, threads_ - 1, start, help);
        } catch (...) {
            // oneTBB had no memory to let us in; or a task forked, and this is the child.
        }
        if (!mark_.in_child()) {
            calls_.store(nullptr, std::memory_order_relaxed);
        }
    }

    template <class Body>
    void run_body(Body& body, pool_state* pool, bool inside) noexcept {
        body_begun_ = true;
        runner mine;
        call_frame frame{outer_, pool, inside};
        on_list listed(*this, mine, frame);
        std::exception_ptr error;
        {
            const std::lock_guard lock(mutex_);
            listed.begin(root_);
        }
        bool cancel = false;
        {
            const frame_scope scope(frame);
            traced_task_scope traced;
            if (traced_.id() != 0) [[unlikely]] {
                traced.begin(traced_.id(), 0, 1);
            }
            try {
                body();
            } catch (const cancelled&) {
                error = std::current_exception();
                cancel = is_cancelled(&frame);
            } catch (...) {
                error = std::current_exception();
            }
        }
        if (lost()) [[unlikely]] {
            return;
        }
        const std::lock_guard lock(mutex_);
        root_.ended = true;
        body_done_ = !error;
        end_task(listed, mine, root_, error, cancel);
    }

    /// A helper's turn, or the caller's after its body.
    void help_out(pool_state* pool, bool inside) noexcept {
        if (lost()) [[unlikely]] {
            return;
        }
        {
            const std::lock_guard lock(mutex_);
            called_ -= std::min<std::size_t>(called_, 1);  // one call has been answered, or is not needed
            if (std::this_thread::get_id() != caller_ || !std::exchange(caller_helps_, true)) {
                most_helping_ = std::max(most_helping_, ++helping_);
            }
        }
        take_part(pool, inside, 0, true);
    }

    /// Runs tasks until there are none that have not begun, or, if `until` is not 0, until then: false says that some are left. A thread
    /// that
    /// `helps` is one that does not any more from the moment at which it finds none: whoever spawns afterwards is to call somebody.
    bool take_part(pool_state* pool, bool inside, tick_clock::ticks until, bool helps = false) noexcept {
        runner mine;
        call_state inner;
        inner.name = "spawn";
        call_frame frame{outer_, pool, inside};
        call_frame inner_frame{&frame, pool, inside, &inner};
        on_list listed(*this, mine, frame);
        item_hook* const hook = process().hook.load(std::memory_order_acquire);
        std::unique_lock lock(mutex_);
        scope_task* removed = nullptr;
        std::exception_ptr error;  // it and what is removed have the user's destructors, and go without the lock
        for (;;) {
            if (watched_ && !over_ && first_ != nullptr && (is_cancelled(outer_) || is_stopped())) {
                over_ = true;
            }
            scope_task* const task = pop();
            if (task == nullptr) {
                break;
            }
            if (over_ || (cut_ != nullptr && task_tree::is_behind(*task, *cut_))) {
                ++dropped_;
                task->ended = true;
                tree_.settle(*task, removed);
                lock.unlock();
                remove(removed);
                error = nullptr;
                lock.lock();
                continue;
            }
            listed.begin(*task);
            const bool call = should_call();
            lock.unlock();
            remove(removed);
            error = nullptr;
            if (call) {
                call_another();
            }
            frame.index = task->outermost;
            inner_frame.index = task->number;
            call_frame& innermost = task->nested ? inner_frame : frame;
            mine.frame = &innermost;
            bool cancel = false;
            {
                const frame_scope scope(innermost);
                traced_task_scope traced;
                if (traced_.id() != 0) [[unlikely]] {
                    traced.begin(traced_.id(), task->number, task->number + 1, task->spawner, task->spawned_at);
                }
                if (hook != nullptr) [[unlikely]] {
                    hook->before(innermost);
                }
                try {
                    task->run(*this);
                } catch (const cancelled&) {
                    error = std::current_exception();
                    cancel = is_cancelled(&innermost);
                } catch (...) {
                    error = std::current_exception();
                }
                if (hook != nullptr) [[unlikely]] {
                    hook->after(innermost);
                }
            }
            if (lost()) [[unlikely]] {
                return true;
            }
            lock.lock();
            task->ended = true;
            end_task(listed, mine, *task, error, cancel);
            tree_.settle(*task, removed);
            if (until != 0 && first_ != nullptr && tick_clock::now() >= until) {
                break;
            }
        }
        if (helps) {
            --helping_;
            caller_helps_ &= std::this_thread::get_id() != caller_;
        }
        const bool all = first_ == nullptr;
        lock.unlock();
        remove(removed);
        return all;
    }

    /// With the lock: what `mine` was running has ended.
    void end_task(on_list& listed, runner& mine, scope_task& task, std::exception_ptr& error, bool cancel) noexcept {
        const bool behind = mine.cut.load(std::memory_order_relaxed) == 0;
        listed.end();
        if (!error) {
            done_ += &task != &root_ ? 1 : 0;
        } else if (behind || cancel) {
            ++dropped_;
        } else {
            fail(task, error);
        }
    }

    /// With the lock. What is behind a failure has been told so: this one comes before all so far, unless errors are collected.
    void fail(scope_task& task, std::exception_ptr& error) noexcept {
        task.error.swap(error);
        if (options_.error == on_error::collect) {
            task.next = std::exchange(failed_, &task);
            return;
        }
        scope_task* const before = std::exchange(failed_, &task);
        task.next = nullptr;
        cut_ = &task;
        for (runner* each = running_; each != nullptr; each = each->next) {
            if (task_tree::is_behind(*each->task, task)) {
                each->cut.store(0, std::memory_order_relaxed);
            }
        }
        if (before != nullptr) {
            error.swap(before->error);  // destroyed by the caller, without the lock
            scope_task* removed = nullptr;
            tree_.settle(*before, removed);
            while (removed != nullptr) {
                scope_task* const next = removed->next;
                delete removed;  // its function is gone, and its error
                removed = next;
            }
        }
    }

    void push(scope_task& task) noexcept {
        ++waiting_;
        if (order_ == task_order::last_first) {
            task.next = std::exchange(first_, &task);
        } else {
            task.next = nullptr;
            (first_ == nullptr ? first_ : last_->next) = &task;
            last_ = &task;
        }
    }
    scope_task* pop() noexcept {
        scope_task* const task = first_;
        if (task != nullptr) {
            first_ = task->next;
            --waiting_;
        }
        return task;
    }

    /// With the lock: is there more than those who have been called will take? Counts the call.
    bool should_call() noexcept {
        if (calls_.load(std::memory_order_relaxed) == nullptr || waiting_ <= called_ || called_ + helping_ >= threads_) {
            return false;
        }
        ++called_;
        return true;
    }
    void call_another() noexcept {
        if (!calls_.load(std::memory_order_acquire)->offer()) {
            const std::lock_guard lock(mutex_);
            called_ -= std::min<std::size_t>(called_, 1);
        }
    }

    static void remove(scope_task*& tasks) noexcept {
        while (tasks != nullptr) {
            delete std::exchange(tasks, tasks->next);
        }
    }

    [[nodiscard]] bool is_stopped() const noexcept {
        return options_.stop.stop_requested()
               || (deadline_ != std::chrono::steady_clock::time_point::max() && std::chrono::steady_clock::now() >= deadline_);
    }
    /// This is a child of the process that others help in: the lock may be held by nobody, for ever.
    [[nodiscard]] bool lost() const noexcept { return shared_ && mark_.in_child(); }

    /// How messages count a failure: by the body's own spawns.
    [[nodiscard]] std::size_t index_of(const scope_task& task) const noexcept { return &task == &root_ ? root_.spawned : task.outermost; }

    void sort_failed() {
        if (failed_->next == nullptr) {
            return;
        }
        std::vector<scope_task*> all;
        for (scope_task* each = failed_; each != nullptr; each = each->next) {
            all.push_back(each);
        }
        std::sort(all.begin(), all.end(), [](const scope_task* a, const scope_task* b) { return a != b && task_tree::is_behind(*b, *a); });
        failed_ = nullptr;
        for (auto each = all.rbegin(); each != all.rend(); ++each) {
            (*each)->next = std::exchange(failed_, *each);
        }
    }

    [[noreturn]] void raise_failed() {
        const scope_task& first = *failed_;
        if (options_.error == on_error::rethrow) {
            std::rethrow_exception(std::exchange(failed_->error, nullptr));
        }
        std::vector<item_error> errors;
        for (const scope_task* each = failed_; each != nullptr; each = each->next) {
            errors.push_back({index_of(*each), each->error});
        }
        const std::string where = path_to(first);
        const std::string which = &first == &root_
                                      ? "the body failed after " + to_text(root_.spawned) + " spawns"
                                      : "task " + to_text(first.outermost) + (first.nested ? ", or one spawned by it, failed" : " failed");
        const std::string cause = call_outcome::cause_text(first.error);
        call_outcome::raise_nesting(first.error, [&] {
            if (options_.error == on_error::wrap) {
                throw task_error(std::string(name_) + ": " + which + cause, index_of(first), 0, where);
            }
            const std::size_t count = errors.size();
            throw task_errors(
                std::string(name_) + ": " + to_text(count) + " of " + to_text(spawned_) + " tasks failed, first: " + which + cause,
                std::move(errors), spawned_, where);
        });
    }

    [[nodiscard]] std::string path_to(const scope_task& task) const {
        call_state here;
        here.name = name_;
        const call_frame frame{.parent = outer_, .call = &here, .index = index_of(task)};
        call_state inner;
        inner.name = "spawn";
        const call_frame inner_frame{.parent = &frame, .call = &inner, .index = task.number};
        return call_path(task.nested ? &inner_frame : &frame);
    }

    const task_order order_;
    const run_options& options_;
    std::string_view name_;
    call_history& history_;
    const call_frame* outer_;
    std::size_t threads_;
    bool nested_;           // inside an item of another call
    bool watched_ = false;  // something but a failure may end it
    bool shared_ = false;
    bool body_begun_ = false;
    std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
    const std::thread::id caller_ = std::this_thread::get_id();
    fork_mark mark_;
    traced_call_scope traced_;
    std::atomic<gathering*> calls_{nullptr};  // null: nobody can be called

    std::mutex mutex_;  // guards all below while it runs
    body_task root_;
    task_tree tree_{root_};
    scope_task* first_ = nullptr;  // tasks that have not begun
    scope_task* last_ = nullptr;
    std::size_t waiting_ = 0;       // how many
    std::size_t called_ = 0;        // threads that were called and have not come yet
    std::size_t helping_ = 1;       // threads that run the body or look for tasks
    bool caller_helps_ = true;      // and the caller is one of them
    std::size_t most_helping_ = 1;  // the most so far
    runner* running_ = nullptr;
    scope_task* cut_ = nullptr;  // what stands behind this one is not to run
    scope_task* failed_ = nullptr;
    bool over_ = false;  // stopped
    bool body_done_ = false;
    std::size_t spawned_ = 0;
    std::size_t done_ = 0;
    std::size_t dropped_ = 0;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_SCOPE_CORE_HPP
