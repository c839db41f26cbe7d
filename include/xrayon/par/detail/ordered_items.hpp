// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_ORDERED_ITEMS_HPP
#define XRAYON_PAR_DETAIL_ORDERED_ITEMS_HPP

#include <chrono>
#include <cstddef>
#include <exception>
#include <mutex>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/core/error.hpp>
#include <xrayon/core/index_order.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/call_progress.hpp>
#include <xrayon/par/detail/call_history.hpp>
#include <xrayon/par/detail/call_outcome.hpp>
#include <xrayon/par/detail/call_work.hpp>
#include <xrayon/par/detail/each_item.hpp>
#include <xrayon/par/detail/guarded_call.hpp>
#include <xrayon/par/loop_options.hpp>

// Items that begin in another order than that of their indices. The guarded call claims *ranks*, 0 ... n - 1: who is how far in the
// order. It never hears of a failure, because its cut would be one of ranks. Failures, the cut, reports, paths and hooks speak of
// *indices*: they have a state and an outcome of their own, and calls nested in an item see a frame with its index, in place of the guarded
// call's with the rank. So what holds of a loop holds here: an item below the lowest failing index always runs, one above it may be
// left out, and the lowest index wins. Only that items above a failure do not end the claiming: a lower one may come behind them.

namespace xrayon::detail {

/// The outcome of one such call, by index.
class ordered_outcome {
public:
    /// As messages begin; `options` outlives this. @throws argument_error if order is no permutation
    ordered_outcome(std::span<const std::size_t> order, const guarded_call& ranks, std::chrono::steady_clock::time_point begin,
                    const loop_options& options)
        : outcome_(state_, current_call(), options.run), finished_(order.size(), 0) {
        check_order(order, ranks.name());
        state_.name = ranks.name();
        state_.count = order.size();
        state_.stop = options.run.stop;
        state_.shown_elsewhere = options.shown_elsewhere;
        state_.admits_memory = options.run.memory_budget != 0;
        const std::chrono::nanoseconds after = options.run.deadline;
        if (after != std::chrono::nanoseconds{} && after < std::chrono::steady_clock::time_point::max() - begin) {
            state_.deadline = begin + after;
        }
    }

    [[nodiscard]] const call_state& state() const noexcept { return state_; }
    [[nodiscard]] call_outcome& outcome() noexcept { return outcome_; }
    [[nodiscard]] bool left_out(std::size_t index) const noexcept { return state_.cut.load(std::memory_order_relaxed) <= index; }
    void finish(std::size_t index) noexcept { finished_[index] = 1; }

    /// Progress of the call, which calls nested in items must see. Before a thread's first item.
    void set_progress(call_progress* progress) {
        std::call_once(progress_set_, [&] { state_.progress = progress; });
    }

    /// After the run: what finished, and the report. True: everything.
    bool end(std::size_t threads) noexcept {
        outcome_.set_threads(threads);
        outcome_.set_claimed(finished_.size());
        std::size_t done = 0;
        for (std::size_t i = 0; i < finished_.size(); ++i) {
            done += finished_[i];
            if (finished_[i] == 0) {
                outcome_.lose(i);
            }
        }
        outcome_.add_finished(done);
        outcome_.report();
        return outcome_.succeeded();
    }

    /// Calls `f(i)` for every item that finished.
    template <class F>
    void for_each_finished(const F& f) const {
        for (std::size_t i = 0; i < finished_.size(); ++i) {
            if (finished_[i] != 0) {
                f(i);
            }
        }
    }

private:
    call_state state_;
    call_outcome outcome_;
    std::vector<unsigned char> finished_;  // by index, each written by the thread that ran it
    std::once_flag progress_set_;
};

/// Work of a guarded call over ranks: `item(order[r])`.
template <class Item>
class ordered_items final : public call_work {
    static inline constinit call_history history_here = {};

public:
    ordered_items(const Item& item, std::span<const std::size_t> order, ordered_outcome& outcome)
        : call_work(history_here), item_(item), order_(order), outcome_(outcome) {}

    [[nodiscard]] std::size_t item_of(std::size_t claimed) const noexcept override { return order_[claimed]; }

    /// Ranks are watched one by one: an order is for items that are dear. Returns how many of them did not finish.
    std::size_t run(guarded_call& call, call_frame& frame, std::size_t begin, std::size_t end, bool, const item_watch* watch) override {
        if (watch != nullptr) [[unlikely]] {
            outcome_.set_progress(frame.call->progress);
        }
        std::size_t left = 0;
        for (std::size_t rank = begin; rank < end; ++rank) {
            frame.index = rank;
            if (rank != begin) {
                call.watch(frame);
            }
            const std::size_t index = order_[rank];
            if (outcome_.left_out(index) || !run_item(frame, index, rank, watch)) {
                ++left;
            }
        }
        return left;
    }

private:
    /// False: the item threw.
    bool run_item(const call_frame& rank_frame, std::size_t index, std::size_t rank, const item_watch* watch) noexcept {
        const call_frame frame{rank_frame.parent, rank_frame.pool, rank_frame.inside, &outcome_.state(), index};
        const frame_scope scope(frame);
        try {
            if (watch != nullptr) [[unlikely]] {
                watch->reach(rank);
                const hooked_item around(*watch, frame);
                item_(index);
            } else {
                item_(index);
            }
            outcome_.finish(index);
            return true;
        } catch (const cancelled&) {
            // Not this item's doing if we, or a call around us, are being cancelled: the nested call only says so.
            if (!is_cancelled(&frame)) {
                outcome_.outcome().keep(index, std::current_exception());
            }
        } catch (...) {
            outcome_.outcome().keep(index, std::current_exception());
        }
        return false;
    }

    /// What the hook is told around one item, also when it throws.
    class hooked_item {
    public:
        hooked_item(const item_watch& watch, const call_frame& frame) noexcept : watch_(watch), frame_(frame) {
            watch_.before_hook(frame_);
        }
        ~hooked_item() { watch_.after(frame_); }
        hooked_item(const hooked_item&) = delete;
        hooked_item& operator=(const hooked_item&) = delete;

    private:
        const item_watch& watch_;
        const call_frame& frame_;
    };

    const Item& item_;
    std::span<const std::size_t> order_;
    ordered_outcome& outcome_;
};

/// Runs `item(i)` for every i of `order`, begun in that order. `undo(outcome)` is called before a call that did not succeed throws.
template <class Item, class Undo>
void run_ordered(std::span<const std::size_t> order, const Item& item, const Undo& undo, const loop_options& options,
                 std::string_view name) {
    // The indices' deadline must not lie behind that of the ranks: who asks why the call ended would find no reason.
    const auto begin =
        options.run.deadline == std::chrono::nanoseconds{} ? std::chrono::steady_clock::time_point{} : std::chrono::steady_clock::now();
    guarded_call ranks(order.size(), options, name);
    ordered_outcome outcome(order, ranks, begin, options);
    ordered_items<Item> work(item, order, outcome);
    ranks.run(work);
    if (!outcome.end(ranks.outcome().threads())) [[unlikely]] {
        undo(outcome);
        outcome.outcome().raise();
    }
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_ORDERED_ITEMS_HPP
