// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_GUARDED_CALL_HPP
#define XRAYON_PAR_DETAIL_GUARDED_CALL_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/blas_guard.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/exec/tick_clock.hpp>
#include <xrayon/par/detail/pace.hpp>
#include <xrayon/par/loop_options.hpp>

// The guarded core. Everything parallel in the library is a guarded call: items [0, count) claimed in ascending order from one
// counter, by the caller and by whoever helps. What it keeps, whatever the schedule:
//
// - The lowest failing item wins. A failure lowers `cut`; items above the cut are not started any more, items below it run to
//   their end, because one of them may still fail. Claims ascend, so no unclaimed item lies below a failure.
// - A call inside an item asks up the chain of frames, and ends with `cancelled` when the item it serves is above a cut.
// - The caller takes part, and everything could be done by it alone: progress never needs another thread.
//
// A claim that is given up midway leaves a hole. Holes, at most one per participant, say afterwards which items finished.

namespace xrayon::detail {

/// Items that were claimed but not run; `begin == end` when there are none.
using hole = index_block;

class guarded_call {
public:
    guarded_call(std::size_t count, const loop_options& options, std::string_view default_name)
        : options_(options), outer_(current_call()), threads_(current_num_threads()) {
        state_.name = !options.run.label.empty() ? std::string_view(options.run.label)
                      : !options.name.empty()    ? options.name
                                                 : default_name;
        state_.count = count;
        state_.stop = options.run.stop;
        if (options.run.deadline != std::chrono::nanoseconds{}) {
            state_.deadline = std::chrono::steady_clock::now() + options.run.deadline;
        }
        if (options.grain && *options.grain == 0) {
            check(false, std::string(state_.name) + ": options.grain must be >= 1", *options.grain);
        }
        watched_ = outer_ != nullptr || options.run.stop.stop_possible() || options.run.deadline != std::chrono::nanoseconds{};
    }
    guarded_call(const guarded_call&) = delete;
    guarded_call& operator=(const guarded_call&) = delete;

    /// Runs `work(frame, begin, end, watch)` over claims of [0, count) until all are done or cancelled. A failing item leaves
    /// `work` by exception with frame.index set to it. Does not throw what items throw: ask `succeeded`, then `raise`.
    template <class Work>
    void run(Work& work) {
        if (state_.count == 0) {
            return;
        }
        // Nested calls are under the guard of the outermost one.
        std::optional<blas_guard> blas;
        if (!in_call(outer_)) {
            blas.emplace();
        }
        pace pace(options_.grain, threads_);
        pace.start(tick_clock::now());
        bool share = false;
        {
            call_frame frame{outer_, outer_ == nullptr ? nullptr : outer_->pool, outer_ != nullptr && outer_->inside, &state_, 0};
            const frame_scope scope(frame);
            share = claim_until_done<true>(work, frame, pace, caller_hole_);
        }
        participants_ = 1;
        if (share) {
            share_rest(work, pace);
        }
    }

    /// True when every item finished. A stop that comes too late to leave anything undone changes nothing.
    [[nodiscard]] bool succeeded() const noexcept { return done_ == state_.count && !error_ && errors_.empty(); }

    /// Calls `f(begin, end)` for what finished, ascending and apart. For after the run.
    template <class F>
    void for_each_completed(const F& f) noexcept {
        const auto by_begin = [](const auto& a, const auto& b) { return a.begin < b.begin; };
        std::sort(helper_holes_.begin(), helper_holes_.end(), by_begin);
        sort_errors();
        std::size_t begin = 0;
        const auto leave_out = [&](std::size_t from, std::size_t to) {
            if (from < to) {
                if (begin < from) {
                    f(begin, from);
                }
                begin = std::max(begin, to);
            }
        };
        // Three ascending lists merged: failed items, what helpers gave up, what the caller gave up.
        auto error = errors_.begin();
        auto given_up = helper_holes_.begin();
        bool callers = false;
        const auto skip_to = [&](std::size_t limit) {
            for (; error != errors_.end() && error->index < limit; ++error) {
                leave_out(error->index, error->index + 1);
            }
        };
        const auto skip_hole = [&](const hole& each) {
            skip_to(each.begin);
            leave_out(each.begin, each.end);
        };
        for (; given_up != helper_holes_.end(); ++given_up) {
            if (!callers && caller_hole_.begin <= given_up->begin) {
                skip_hole(caller_hole_);
                callers = true;
            }
            skip_hole(*given_up);
        }
        if (!callers) {
            skip_hole(caller_hole_);
        }
        const std::size_t claimed = std::min(next_.load(), state_.count);
        skip_to(claimed);
        leave_out(claimed, state_.count);
        leave_out(state_.count, state_.count + 1);
    }

    /// Records what an item (or a merge that comes right after it) threw. Keeps the lowest.
    void fail(std::size_t index, std::exception_ptr error) noexcept {
        const std::lock_guard lock(mutex_);
        if (index < failed_) {
            failed_ = index;
            error_.swap(error);  // the loser is released by our caller's copy, after the lock
            state_.cut.store(index, std::memory_order_relaxed);
        }
    }

    /// True when item `index` of this call need not run any more.
    [[nodiscard]] bool above_cut(std::size_t index) const noexcept { return state_.cut.load(std::memory_order_relaxed) <= index; }

    /// Fills the report if one was asked for.
    void report() {
        if (run_report* const report = options_.run.report) {
            *report = run_report{};
            report->total = state_.count;
            report->done = done_;
            report->threads = participants_;
            if (!succeeded()) {
                sort_errors();
                const std::size_t lowest = errors_.empty() ? failed_ : std::min(failed_, errors_.front().index);
                if (lowest != call_state::none) {
                    report->failed = lowest;
                    report->path = path_to(lowest);
                }
                for_each_completed([&](std::size_t begin, std::size_t end) { report->completed.push_back({begin, end}); });
            }
        }
    }

    /// Throws what a call that did not succeed ends with.
    XRAYON_COLD [[noreturn]] void raise() {
        const std::string name(state_.name);
        if (!errors_.empty() && !error_) {
            sort_errors();
            const std::size_t lowest = errors_.front().index;
            const std::string text = name + ": " + to_text(errors_.size()) + " of " + to_text(state_.count) + " items failed, item "
                                     + to_text(lowest) + " first" + cause_text(errors_.front().error);
            rethrow_as(errors_.front().error, [&] { throw task_errors(text, std::move(errors_), state_.count, path_to(lowest)); });
        }
        if (error_) {
            if (options_.run.error != on_error::rethrow) {
                const std::string text = name + ": item " + to_text(failed_) + " of " + to_text(state_.count) + " failed" + cause_text(error_);
                rethrow_as(error_, [&] { throw task_error(text, failed_, state_.count, path_to(failed_)); });
            }
            std::rethrow_exception(std::exchange(error_, nullptr));
        }
        const auto own = state_.stopped();
        const cancel_reason reason = own ? *own : cancel_reason::outer_call;
        const std::string why = reason == cancel_reason::stop_requested ? "stop requested"
                                : reason == cancel_reason::deadline     ? "deadline passed"
                                                                        : "outer call cancelled";
        throw cancelled(name + ": " + why + ", " + to_text(done_.load()) + " of " + to_text(state_.count) + " done", reason, done_,
                        state_.count);
    }

private:
    /// Claims and runs until nothing is left. While `Inline` the calling thread is alone, and true means: share the rest.
    template <bool Inline, class Work>
    bool claim_until_done(Work& work, call_frame& frame, pace& pace, hole& left_over) noexcept {
        item_hook* const hook = process().hook.load(std::memory_order_acquire);
        std::size_t finished = 0;
        bool share = false;
        for (;;) {
            const std::size_t unclaimed = next_.load(std::memory_order_relaxed);
            if (unclaimed >= state_.count) {
                break;
            }
            const index_block claim = work.template claim<Inline>(next_, unclaimed, pace.want(state_.count - unclaimed), state_.count);
            if (claim.begin >= state_.count) {
                break;
            }
            if (!run_claim(work, frame, claim, pace.dear() || hook != nullptr, hook, finished)) {
                left_over = {frame.index, claim.end};
                break;
            }
            pace.finished(claim.size(), tick_clock::now());
            if constexpr (Inline) {
                if (pace.should_share(state_.count - claim.end)) {
                    share = true;
                    break;
                }
            }
        }
        done_.fetch_add(finished, std::memory_order_relaxed);
        return share;
    }

    /// Runs one claim. False: it was given up at frame.index, which has not finished.
    template <class Work>
    bool run_claim(Work& work, call_frame& frame, const index_block& claim, bool each, item_hook* hook, std::size_t& finished) noexcept {
        std::size_t begin = claim.begin;
        for (;;) {
            frame.index = begin;
            try {
                if (above_cut(begin) || (watched_ && is_cancelled(&frame))) {
                    return false;
                }
                work.run(*this, frame, begin, claim.end, each, hook);
                finished += claim.end - begin;
                return true;
            } catch (const stop_claim&) {
                finished += frame.index - begin;
                return false;
            } catch (const cancelled&) {
                finished += frame.index - begin;
                // Not this item's doing if we, or a call around us, are being cancelled: the nested call only says so.
                if (is_cancelled(&frame)) {
                    return false;
                }
                if (!keep_error(frame.index, std::current_exception())) {
                    return false;
                }
            } catch (...) {
                finished += frame.index - begin;
                if (!keep_error(frame.index, std::current_exception())) {
                    return false;
                }
            }
            begin = frame.index + 1;  // on_error::collect goes on behind the item that failed
            if (begin == claim.end) {
                return true;
            }
        }
    }

    /// Keeps what an item threw. True: the items behind it still run.
    bool keep_error(std::size_t index, std::exception_ptr error) noexcept {
        if (options_.run.error == on_error::collect) {
            try {
                const std::lock_guard lock(mutex_);
                errors_.push_back({index, error});
                return true;
            } catch (...) {
                // No memory for the list: end as any other call would.
            }
        }
        fail(index, std::move(error));
        return false;
    }

    template <class Work>
    void share_rest(Work& work, pace& pace) noexcept {
        const std::size_t left = state_.count - next_.load(std::memory_order_relaxed);
        const std::size_t claims = options_.grain ? (left + *options_.grain - 1) / *options_.grain : left;
        std::size_t helpers = std::min(threads_ - 1, claims - 1);
        try {
            helper_holes_.resize(helpers + 2);  // every helper, the caller, the caller once more
        } catch (...) {
            helpers = 0;  // no memory to say what helpers would leave undone: work alone
        }
        std::atomic<std::size_t> entered{0};
        const auto take_part = [&](pool_state* pool, bool inside) noexcept {
            if (next_.load(std::memory_order_relaxed) >= state_.count) {
                return;
            }
            call_frame frame{outer_, pool, inside, &state_, 0};
            const frame_scope scope(frame);
            detail::pace own(pace, tick_clock::now());
            const std::size_t number = entered.fetch_add(1, std::memory_order_relaxed);
            claim_until_done<false>(work, frame, own, number < helper_holes_.size() ? helper_holes_[number] : caller_hole_);
        };
        const call_frame here{outer_, outer_ == nullptr ? nullptr : outer_->pool, outer_ != nullptr && outer_->inside, &state_, 0};
        try {
            if (helpers != 0) {
                run_with_helpers(here, helpers, take_part);
            }
        } catch (...) {
            // oneTBB had no memory to let us in.
        }
        take_part(here.pool, here.inside);  // what is left, if anything
        participants_ = std::max<std::size_t>(1, entered.load(std::memory_order_relaxed));
    }

    void sort_errors() noexcept {
        std::sort(errors_.begin(), errors_.end(), [](const item_error& a, const item_error& b) { return a.index < b.index; });
    }

    [[nodiscard]] std::string path_to(std::size_t index) const {
        const call_frame here{outer_, nullptr, false, &state_, index};
        return call_path(&here);
    }

    /// ": <what>" of an exception, or that it has none.
    static std::string cause_text(const std::exception_ptr& error) {
        try {
            std::rethrow_exception(error);
        } catch (const std::exception& cause) {
            const char* const text = cause.what();
            return std::string(": ") + (text == nullptr ? "(no text)" : text);
        } catch (...) {
            return ": non-std exception";
        }
    }

    /// Calls `raise` while `error` is the exception being handled, so that what it throws nests it.
    template <class Raise>
    static void rethrow_as(std::exception_ptr error, const Raise& raise) {
        try {
            std::rethrow_exception(std::move(error));
        } catch (...) {
            raise();
        }
    }

public:
    /// Thrown inside a claim by work that finds itself cancelled between two items; never leaves the call.
    struct stop_claim {};

    /// For work that runs items one by one: throws stop_claim if `frame.index` need not run any more.
    void watch(const call_frame& frame) const {
        if (above_cut(frame.index) || (watched_ && is_cancelled(&frame))) {
            throw stop_claim{};
        }
    }

private:
    const loop_options& options_;
    const call_frame* outer_;
    std::size_t threads_;
    bool watched_ = false;
    call_state state_;
    std::size_t participants_ = 0;

    alignas(64) std::atomic<std::size_t> next_{0};
    alignas(64) std::atomic<std::size_t> done_{0};
    hole caller_hole_;
    std::vector<hole> helper_holes_;
    std::mutex mutex_;
    std::size_t failed_ = call_state::none;
    std::exception_ptr error_;
    std::vector<item_error> errors_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_GUARDED_CALL_HPP
