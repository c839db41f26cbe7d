// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_GUARDED_CALL_HPP
#define XRAYON_PAR_DETAIL_GUARDED_CALL_HPP

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/index_block.hpp>
#include <xrayon/exec/blas_guard.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/call_progress.hpp>
#include <xrayon/exec/trace_scopes.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/tick_clock.hpp>
#include <xrayon/par/detail/call_outcome.hpp>
#include <xrayon/par/detail/call_work.hpp>
#include <xrayon/par/detail/memory_admission.hpp>
#include <xrayon/par/detail/pace.hpp>
#include <xrayon/par/loop_options.hpp>

// The guarded core. Everything parallel in the library is a guarded call: items [0, count) claimed in ascending order from one
// counter, by the caller and by whoever helps. What it keeps, whatever the schedule:
//
// - The lowest failing item wins. A failure lowers the cut; items above the cut are not started any more, items below it run to
//   their end, because one of them may still fail. Claims ascend, so no unclaimed item lies below a failure.
// - A call inside an item asks up the chain of frames, and ends with `cancelled` when the item it serves is above a cut.
// - The caller takes part, and everything could be done by it alone: progress never needs another thread.
//
// A claim that is given up midway leaves a hole. Holes, at most one per participant, say afterwards which items finished.

namespace xrayon::detail {

class guarded_call {
public:
    /// Thrown inside a claim by work that finds itself cancelled between two items; never leaves the call.
    struct stop_claim {};

    /// `options` outlives this. @throws argument_error, environment_error
    guarded_call(std::size_t count, const loop_options& options, std::string_view default_name)
        : options_(options),
          outer_(current_call()),
          threads_(current_num_threads()),
          outcome_(state_, outer_, options.run),
          nested_(in_call(outer_)) {
        state_.name = !options.run.label.empty() ? std::string_view(options.run.label)
                      : !options.name.empty()    ? options.name
                                                 : default_name;
        state_.count = count;
        state_.stop = options.run.stop;
        state_.shown_elsewhere = options.shown_elsewhere;
        if (options.grain && *options.grain == 0) {
            check(false, std::string(state_.name) + ": options.grain must be >= 1", *options.grain);
        }
        if (options.run.deadline != std::chrono::nanoseconds{}) {
            set_deadline(options.run.deadline);
        }
        watched_ = nested_ || options.run.stop.stop_possible() || options.run.deadline != std::chrono::nanoseconds{};
    }
    guarded_call(const guarded_call&) = delete;
    guarded_call& operator=(const guarded_call&) = delete;

    /// Runs all items by `work` until they are done or cancelled. Does not throw what items throw: ask the outcome.
    /// @throws environment_error before any item runs, if XRAYON_PROGRESS is needed and cannot be read
    void run(call_work& work) {
        if (state_.count == 0) {
            return;
        }
        traced_call_scope traced;
        if (is_tracing()) [[unlikely]] {
            traced.begin(state_.name, state_.count, threads_);
            state_.traced = traced.id();
        }
        if (memory_admission::applies(options_.run, outer_)) [[unlikely]] {
            state_.admits_memory = true;
            memory_admission admission(options_.run, state_.count, threads_, state_.name);
            run_admitted(work, admission);
            return;
        }
        const progress_scope progress(*this);
        // Nested calls are under the guard of the outermost one.
        std::optional<blas_guard> blas;
        if (!nested_) {
            blas.emplace();
        }
        const auto begin = tick_clock::now();
        pace pace(options_.grain, threads_, work.history().trivial());
        pace.start(begin);
        outcome_.set_threads(1);
        bool share = threads_ > 1 && state_.count > work.least_claim() && work.history().share_at_once();
        if (!share) {
            call_frame frame = frame_here();
            const frame_scope scope(frame);
            share = claim_until_done<true>(work, frame, pace, outcome_.caller_hole(), 0);
        }
        if (share) {
            const fork_mark mark;
            share_rest(work, pace, mark);
            mark.check_not_in_child(state_.name);  // what its helpers had begun nobody will end
        }
        outcome_.set_claimed(next_);
        if (outcome_.succeeded()) {
            // Reading the clock is a tenth of a call of one item; alone, the end of the last claim is that of the call.
            work.history().note((share ? tick_clock::now() : pace.last()) - begin, outcome_.threads(), state_.count);
        }
    }

    [[nodiscard]] call_outcome& outcome() noexcept { return outcome_; }
    /// As messages begin.
    [[nodiscard]] std::string_view name() const noexcept { return state_.name; }

    /// True when item `index` need not run any more.
    [[nodiscard]] bool above_cut(std::size_t index) const noexcept { return state_.cut.load(std::memory_order_relaxed) <= index; }

    /// For work that runs items one by one: throws stop_claim if `frame.index` need not run any more.
    void watch(const call_frame& frame) const {
        if (is_over(frame)) {
            throw stop_claim{};
        }
    }

private:
    /// The progress of this call while it runs.
    class progress_scope {
    public:
        explicit progress_scope(guarded_call& call) : call_(call) {
            const run_options& options = call.options_.run;
            if (options.progress != progress_mode::off || options.on_progress) [[unlikely]] {
                // Every thread, the caller alone before that, and the caller once more at the end.
                call.state_.progress = call_progress::begin(options, call.state_, call.outer_, call.threads_ + 2).release();
            }
        }
        ~progress_scope() {
            if (call_.state_.progress != nullptr) [[unlikely]] {
                call_progress::end(std::unique_ptr<call_progress>(std::exchange(call_.state_.progress, nullptr)));
            }
        }
        progress_scope(const progress_scope&) = delete;
        progress_scope& operator=(const progress_scope&) = delete;

    private:
        guarded_call& call_;
    };

    void set_deadline(std::chrono::nanoseconds after) {
        if (after < std::chrono::nanoseconds{}) {
            check(false, std::string(state_.name) + ": options.run.deadline must be >= 0 ns", after.count());
        }
        const auto now = std::chrono::steady_clock::now();
        if (after < std::chrono::steady_clock::time_point::max() - now) {  // else it never comes
            state_.deadline = now + after;
        }
    }

    /// A frame for items of this call that run on the calling thread as it stands.
    [[nodiscard]] call_frame frame_here() const noexcept {
        return {outer_, outer_ == nullptr ? nullptr : outer_->pool, outer_ != nullptr && outer_->inside, &state_, 0};
    }

    [[nodiscard]] bool is_over(const call_frame& frame) const noexcept {
        return above_cut(frame.index) || (watched_ && is_cancelled(&frame));
    }

    /// Claims and runs until nothing is left. While `Alone` the calling thread is the only one, and true means: share the rest.
    template <bool Alone>
    bool claim_until_done(call_work& work, call_frame& frame, pace& pace, index_block& hole, std::size_t participant) noexcept {
        item_watch watch(process().hook.load(std::memory_order_acquire),
                         state_.progress == nullptr ? nullptr : state_.progress->counter(participant));
        item_watch* const watched = watch.watches() ? &watch : nullptr;
        std::size_t finished = 0;
        bool share = false;
        for (;;) {
            const std::size_t unclaimed = next_.load(std::memory_order_relaxed);
            if (unclaimed >= state_.count) {
                break;
            }
            const index_block claim = work.claim<Alone>(next_, unclaimed, pace.want(state_.count - unclaimed), state_.count);
            if (claim.begin >= state_.count) {
                break;
            }
            traced_task_scope traced;
            if (state_.traced != 0) [[unlikely]] {
                traced.begin(state_.traced, claim.begin, claim.end);
            }
            if (!run_claim(work, frame, claim, pace.dear(), watched, finished)) {
                hole = {frame.index, claim.end};
                break;
            }
            pace.finished(claim.size(), tick_clock::now());
            if (Alone && pace.should_share(state_.count - claim.end)) {
                share = true;
                break;
            }
        }
        if (watched != nullptr) [[unlikely]] {
            watched->begin_run(0, finished);  // there is none: this only counts the last one
        }
        outcome_.add_finished(finished);
        return share;
    }

    /// Runs one claim. False: it was given up at frame.index, which has not finished.
    [[gnu::always_inline]] inline bool run_claim(call_work& work, call_frame& frame, const index_block& claim, bool one_by_one,
                                                 item_watch* watch, std::size_t& finished) noexcept {
        std::size_t begin = claim.begin;
        for (;;) {
            if (watch != nullptr) [[unlikely]] {
                watch->begin_run(begin, finished);
            }
            frame.index = begin;
            if (is_over(frame)) {
                return false;
            }
            bool goes_on = false;
            try {
                finished += claim.end - begin - work.run(*this, frame, begin, claim.end, one_by_one, watch);
                return true;
            } catch (const stop_claim&) {
            } catch (const cancelled&) {
                // Not this item's doing if we, or a call around us, are being cancelled: the nested call only says so.
                goes_on = !is_cancelled(&frame) && outcome_.keep(frame.index, std::current_exception());
            } catch (...) {
                goes_on = outcome_.keep(frame.index, std::current_exception());
            }
            finished += frame.index - begin;
            if (!goes_on) {
                return false;
            }
            begin = frame.index + 1;  // on_error::collect goes on behind the item that failed
            if (begin == claim.end) {
                return true;
            }
        }
    }

    /// run() where a memory budget says how many items run at once.
    XRAYON_COLD void run_admitted(call_work& work, memory_admission& admission) {
        const progress_scope progress(*this);
        std::optional<blas_guard> blas;
        if (!nested_) {
            blas.emplace();
        }
        outcome_.make_room(threads_ + 1);
        const fork_mark mark;
        std::atomic<std::size_t> most{0};
        gathering* calls = nullptr;
        const auto begin = [&](pool_state*, bool, gathering* others) noexcept { calls = others; };
        const auto help = [&](pool_state* pool, bool inside) noexcept { run_what_is_admitted(work, admission, pool, inside, calls, most); };
        const call_frame here = frame_here();
        try {
            if (threads_ > 1) {
                run_gathering(here, threads_ - 1, begin, help);
            }
        } catch (...) {
            // oneTBB had no memory to let us in; or an item forked, and this is the child.
        }
        mark.check_not_in_child(state_.name);
        calls = nullptr;
        help(here.pool, here.inside);  // what is left: by now nothing runs that it would not fit beside
        outcome_.set_threads(std::max<std::size_t>(1, most));
        outcome_.set_claimed(next_);
    }

    XRAYON_COLD void run_what_is_admitted(call_work& work, memory_admission& admission, pool_state* pool, bool inside, gathering* calls,
                                          std::atomic<std::size_t>& most) noexcept {
        call_frame frame{outer_, pool, inside, &state_, 0};
        const frame_scope scope(frame);
        memory_admission::participant mine = admission.enter();
        item_watch watch(process().hook.load(std::memory_order_acquire),
                         state_.progress == nullptr ? nullptr : state_.progress->counter(mine.number));
        item_watch* const watched = watch.watches() ? &watch : nullptr;
        for (;;) {
            const memory_admission::grant given = admission.admit(work, next_, mine);
            if (given.claim.size() == 0) {
                return;
            }
            if (given.call_another && (calls == nullptr || !calls->offer())) {
                admission.not_called();
            }
            for (std::size_t seen = most; seen <= mine.number && !most.compare_exchange_weak(seen, mine.number + 1);) {}
            const std::size_t before = mine.finished;
            traced_task_scope traced;
            if (state_.traced != 0) [[unlikely]] {
                traced.begin(state_.traced, given.claim.begin, given.claim.end);
            }
            const bool goes_on = run_claim(work, frame, given.claim, true, watched, mine.finished);
            traced.end();
            if (!goes_on) {
                outcome_.hole(mine.number) = {frame.index, given.claim.end};
            }
            outcome_.add_finished(mine.finished - before);
            if (watched != nullptr) [[unlikely]] {
                watched->begin_run(0, mine.finished);  // there is none: this counts what has been run
            }
            admission.release(given, goes_on);
        }
    }

    void share_rest(call_work& work, const pace& pace, const fork_mark& mark) noexcept {
        const std::size_t left = state_.count - next_.load(std::memory_order_relaxed);
        const std::size_t least = std::max(options_.grain.value_or(1), work.least_claim());
        const std::size_t claims = left / least + (left % least != 0);
        std::size_t helpers = std::min(threads_ - 1, std::max<std::size_t>(1, claims) - 1);
        try {
            outcome_.make_room(helpers + 2);  // every helper, the caller, the caller once more
        } catch (...) {
            helpers = 0;  // no memory to say what helpers would leave undone: work alone
        }
        std::atomic<std::size_t> entered{0};
        const auto take_part = [&](pool_state* pool, bool inside) noexcept {
            const std::size_t unclaimed = next_.load(std::memory_order_relaxed);
            if (unclaimed >= state_.count || above_cut(unclaimed)) {
                return;
            }
            call_frame frame{outer_, pool, inside, &state_, 0};
            const frame_scope scope(frame);
            detail::pace own(pace, tick_clock::now());
            const std::size_t number = entered.fetch_add(1, std::memory_order_relaxed);
            claim_until_done<false>(work, frame, own, outcome_.hole(number), number + 1);  // 0 was the caller alone
        };
        const call_frame here = frame_here();
        try {
            if (helpers != 0) {
                run_with_helpers(here, helpers, take_part);
            }
        } catch (...) {
            // oneTBB had no memory to let us in; or an item forked, and this is the child.
        }
        if (mark.in_child()) [[unlikely]] {
            return;
        }
        outcome_.set_threads(std::max<std::size_t>(1, entered.load(std::memory_order_relaxed)));
        take_part(here.pool, here.inside);  // what is left, if anything
    }

    const loop_options& options_;
    const call_frame* outer_;
    std::size_t threads_;
    call_state state_;
    call_outcome outcome_;
    bool nested_;                                   // inside an item of another call
    bool watched_ = false;                          // something but an item's failure may end it
    alignas(64) std::atomic<std::size_t> next_{0};  // the first unclaimed item, on a cache line of its own
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_GUARDED_CALL_HPP
