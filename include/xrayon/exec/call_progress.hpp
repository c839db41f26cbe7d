// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_CALL_PROGRESS_HPP
#define XRAYON_EXEC_CALL_PROGRESS_HPP

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include <pthread.h>
#include <unistd.h>

#include <xrayon/core/config.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/detail/fork_watch.hpp>
#include <xrayon/exec/detail/process_state.hpp>
#include <xrayon/exec/detail/progress_output.hpp>
#include <xrayon/exec/detail/progress_printer.hpp>
#include <xrayon/exec/progress.hpp>
#include <xrayon/exec/run_options.hpp>

// Counting the finished items of a call while it runs, and showing the count. Only the outermost call that asks has one of these.

namespace xrayon {

/// How many items one participant of a call has finished. Only that one writes, on a cache line of its own.
class alignas(64) progress_counter {
public:
    void set(std::size_t finished) noexcept { finished_.store(finished, std::memory_order_relaxed); }
    [[nodiscard]] std::size_t get() const noexcept { return finished_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::size_t> finished_{0};
};

/// What a participant does around items while somebody looks on: the hook of the process, the count, or both.
class item_watch {
public:
    item_watch(item_hook* hook, progress_counter* counter) noexcept : hook_(hook), counter_(counter) {}

    [[nodiscard]] bool watches() const noexcept { return hook_ != nullptr || counter_ != nullptr; }
    /// True when the hook wants to see each item.
    [[nodiscard]] bool hooked() const noexcept { return hook_ != nullptr; }

    /// A run of items begins at `begin`; `finished` had been finished by this participant before.
    XRAYON_NOINLINE void begin_run(std::size_t begin, std::size_t finished) noexcept {
        begin_ = begin;
        finished_ = finished;
        reach(begin);
    }
    /// The run has come to item `index`: what it has of lower ones has finished.
    void reach(std::size_t index) const noexcept {
        if (counter_ != nullptr) {
            counter_->set(finished_ + (index - begin_));
        }
    }

    void before(const call_frame& frame) const noexcept {
        reach(frame.index);
        before_hook(frame);
    }
    /// The same where frame.index says nothing of how far the run is.
    void before_hook(const call_frame& frame) const noexcept {
        if (hook_ != nullptr) {
            hook_->before(frame);
        }
    }
    void after(const call_frame& frame) const noexcept {
        if (hook_ != nullptr) {
            hook_->after(frame);
        }
    }

private:
    item_hook* hook_;
    progress_counter* counter_;
    std::size_t begin_ = 0;
    std::size_t finished_ = 0;
};

/// The counters of a call and the thread that shows them, from the constructor to the destructor. The thread looks ten times a second,
/// first after a tenth of one. It is there from the start, because an item may take an hour and nobody else would notice that a bar
/// is due. It takes no signals: they are the program's, and that of a broken pipe must not end it.
class call_progress {
public:
    using clock = std::chrono::steady_clock;

    /// Progress of the call `state` for `participants` threads, if `options` ask for it and no call of the chain `outer` shows its own.
    /// Null if not, and also where there is no thread or no memory for it: the work goes on without. @throws environment_error
    XRAYON_COLD [[nodiscard]] static std::unique_ptr<call_progress> begin(const run_options& options, const call_state& state,
                                                                          const call_frame* outer, std::size_t participants) {
        for (const call_frame* frame = outer; frame != nullptr; frame = frame->parent) {
            if (frame->call != nullptr && (frame->call->progress != nullptr || frame->call->shown_elsewhere)) {
                return nullptr;
            }
        }
        const progress_mode mode = resolve_progress_mode(options.progress);
        if (mode == progress_mode::off && !options.on_progress) {
            return nullptr;
        }
        try {
            return std::make_unique<call_progress>(state.name, state.count, participants, mode, options.on_progress);
        } catch (...) {
            return nullptr;
        }
    }

    /// `name`, `function` and whatever they refer to outlive this. @throws std::system_error if there is no thread, std::bad_alloc
    call_progress(std::string_view name, std::size_t total, std::size_t participants, progress_mode mode, const progress_function& function)
        : name_(name),
          total_(total),
          counters_(participants),
          output_(STDERR_FILENO),
          printer_(name, total, detail::look_of(mode, detail::read_progress_surroundings(STDERR_FILENO)), output_,
                   detail::process().progress_line, function),
          process_(::getpid()) {
        ::sigset_t all;
        ::sigset_t before;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);
        try {
            thread_ = std::thread([this] { run(); });
        } catch (...) {
            ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
            throw;
        }
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    /// Shows how the call ended, and returns when that is done. In a child that was forked meanwhile there is no such thread any more,
    /// but what it waited for still counts it as waiting: there the object is left as it is.
    XRAYON_COLD static void end(std::unique_ptr<call_progress> progress) noexcept {
        if (::getpid() != progress->process_) {
            static_cast<void>(progress.release());
        }
    }

    ~call_progress() {
        {
            const std::lock_guard lock(mutex_);
            over_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }
    call_progress(const call_progress&) = delete;
    call_progress& operator=(const call_progress&) = delete;

    /// The counter of one participant: numbered by who takes part, from 0.
    [[nodiscard]] progress_counter* counter(std::size_t participant) noexcept {
        return &counters_[std::min(participant, counters_.size() - 1)];
    }

private:
    static constexpr std::chrono::milliseconds interval{100};

    void run() noexcept {
#if defined(__linux__)
        ::pthread_setname_np(::pthread_self(), "xrayon-progress");
#endif
        std::unique_lock lock(mutex_);
        auto next = begin_ + interval;
        while (!wake_.wait_until(lock, next, [this] { return over_; })) {
            lock.unlock();
            printer_.look(clock::now() - begin_, finished());
            check_not_in_child();
            next = std::max(next + interval, clock::now());
            lock.lock();
        }
        printer_.end(clock::now() - begin_, finished());
        check_not_in_child();
    }

    /// A function that forked and returned in the child has left this thread there, alone: nobody would ever tell it that the call is over,
    /// and to return from a process's only thread is to exit with 0, destructors of statics and all.
    void check_not_in_child() const noexcept {
        if (::getpid() != process_) [[unlikely]] {
            detail::refuse_lost_teller(name_);  // ends in std::terminate
        }
    }

    /// Each counter only ascends, so what this thread sees of their sum does too.
    [[nodiscard]] std::size_t finished() const noexcept {
        std::size_t sum = 0;
        for (const progress_counter& each : counters_) {
            sum += each.get();
        }
        return std::min(sum, total_);
    }

    std::string_view name_;
    std::size_t total_;
    std::vector<progress_counter> counters_;
    detail::descriptor_output output_;
    detail::progress_printer printer_;
    ::pid_t process_;
    const clock::time_point begin_ = clock::now();
    std::mutex mutex_;
    std::condition_variable wake_;
    bool over_ = false;  // guarded by mutex_
    std::thread thread_;
};

} // namespace xrayon

#endif // XRAYON_EXEC_CALL_PROGRESS_HPP
