// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_CALL_OUTCOME_HPP
#define XRAYON_PAR_DETAIL_CALL_OUTCOME_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/index_block.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/run_options.hpp>

namespace xrayon::detail {

/// What came of the items of one call: how many finished, what they threw, which were left undone, and what the call ends with.
class call_outcome {
public:
    /// `state` outlives this; a failure lowers its cut.
    call_outcome(call_state& state, const call_frame* outer, const run_options& options)
        : state_(state), outer_(outer), options_(options) {}

    void add_finished(std::size_t items) noexcept { finished_.fetch_add(items, std::memory_order_relaxed); }
    void set_threads(std::size_t threads) noexcept { threads_ = threads; }
    [[nodiscard]] std::size_t threads() const noexcept { return threads_; }

    /// Keeps what an item threw, or a merge that comes right after it in order. True: the items behind it still run.
    bool keep(std::size_t index, std::exception_ptr error) noexcept {
        const std::lock_guard lock(mutex_);
        if (options_.error == on_error::collect) {
            try {
                errors_.push_back({index, error});
                return true;
            } catch (...) {
                // No memory for the list: end as any other call would.
            }
        }
        if (index < failed_) {
            failed_ = index;
            error_.swap(error);
            lower_cut(index);
        }
        return false;
    }

    /// Item `index` finished, but what was made of it came to nothing: the merge right after it failed, and keep() was told why.
    void lose(std::size_t index) noexcept {
        const std::lock_guard lock(mutex_);
        try {
            lost_.push_back(index);
        } catch (...) {
            // No memory to say so: it is then listed as completed.
        }
    }

    /// Item `index` makes those above it needless: what a search looks for. `keep()` is called if no item below has done so.
    template <class Keep>
    void hit(std::size_t index, const Keep& keep) {
        const std::lock_guard lock(mutex_);
        if (index < hit_) {
            keep();
            hit_ = index;
            lower_cut(index);
        }
    }

    /// Room for what `participants` threads may leave undone, beside the caller's own. Before they start.
    void make_room(std::size_t participants) { helper_holes_.resize(participants); }
    /// Where participant `number` says what it claimed and did not run; an empty block when there is nothing.
    [[nodiscard]] index_block& hole(std::size_t number) noexcept {
        return number < helper_holes_.size() ? helper_holes_[number] : caller_hole_;
    }
    [[nodiscard]] index_block& caller_hole() noexcept { return caller_hole_; }
    /// Items [claimed, count) were never claimed. After the run.
    void set_claimed(std::size_t claimed) noexcept { claimed_ = std::min(claimed, state_.count); }

    /// After the run, before anything is asked: what failed above a hit would not have been reached in order; nor what the item of the
    /// hit threw, which gave something before that.
    void forget_above_hit() noexcept {
        if (failed_ != call_state::none && failed_ >= hit_) {
            failed_ = call_state::none;
            error_ = nullptr;
        }
        std::erase_if(errors_, [this](const item_error& each) { return each.index >= hit_; });
    }

    /// True when all that a plain loop would have run finished: every item up to the hit.
    [[nodiscard]] bool searched() const noexcept {
        return hit_ == call_state::none ? succeeded() : !error_ && errors_.empty() && done_below_hit();
    }

    /// True when every item finished. A stop that comes too late to leave anything undone changes nothing.
    [[nodiscard]] bool succeeded() const noexcept { return finished_ == state_.count && !error_ && errors_.empty(); }

    /// Calls `f(begin, end)` for what finished, ascending and apart.
    template <class F>
    void for_each_completed(const F& f) {
        sort();
        // Everything but ascending lists: failed items, lost ones, what helpers left undone, what the caller did.
        std::size_t begin = 0;
        const auto leave_out = [&](std::size_t from, std::size_t to) {
            if (from < to) {
                if (begin < from) {
                    f(begin, from);
                }
                begin = std::max(begin, to);
            }
        };
        auto error = errors_.begin();
        auto lost = lost_.begin();
        const auto leave_out_errors_below = [&](std::size_t limit) {
            for (;;) {
                const std::size_t failed = error != errors_.end() ? error->index : limit;
                const std::size_t gone = lost != lost_.end() ? *lost : limit;
                const std::size_t next = std::min(failed, gone);
                if (next >= limit) {
                    return;
                }
                leave_out(next, next + 1);
                error += failed == next ? 1 : 0;
                lost += gone == next ? 1 : 0;
            }
        };
        const auto leave_out_hole = [&](const index_block& each) {
            leave_out_errors_below(each.begin);
            leave_out(each.begin, each.end);
        };
        bool caller = false;
        for (const index_block& each : helper_holes_) {
            if (!caller && caller_hole_.begin <= each.begin) {
                leave_out_hole(caller_hole_);
                caller = true;
            }
            leave_out_hole(each);
        }
        if (!caller) {
            leave_out_hole(caller_hole_);
        }
        leave_out_errors_below(claimed_);
        leave_out(claimed_, state_.count);
        leave_out(state_.count, state_.count + 1);
    }

    /// Fills the report if one was asked for; what there is no memory for is left out.
    void report() noexcept {
        if (options_.report != nullptr) [[unlikely]] {
            fill_report();
        }
    }

    /// Throws what a call that did not succeed ends with.
    XRAYON_COLD [[noreturn]] void raise() {
        if (error_) {
            raise_error();
        }
        // A call that was stopped has not collected all there is: it says that it was stopped.
        if (!errors_.empty() && (finished_ + errors_.size() >= state_.count || (hit_ != call_state::none && done_below_hit()))) {
            raise_collected();
        }
        const auto own = state_.stopped();
        const cancel_reason reason = own ? *own : cancel_reason::outer_call;
        throw cancelled_call(state_.name, reason, finished_, state_.count);
    }

    /// Calls `raise` while `error` is being handled, so that what it throws nests it.
    template <class Raise>
    [[noreturn]] static void raise_nesting(std::exception_ptr error, const Raise& raise) {
        try {
            std::rethrow_exception(std::move(error));
        } catch (...) {
            raise();
        }
        std::terminate();  // raise always throws
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

private:
    XRAYON_COLD void fill_report() noexcept {
        run_report& report = *options_.report;
        report = run_report{};
        report.total = state_.count;
        report.done = finished_;
        report.threads = threads_;
        if (succeeded()) {
            return;
        }
        sort();
        const std::size_t lowest = errors_.empty() ? failed_ : std::min(failed_, errors_.front().index);
        try {
            if (lowest != call_state::none) {
                report.failed = lowest;
                report.path = path_to(lowest);
            }
            for_each_completed([&](std::size_t begin, std::size_t end) { report.completed.push_back({begin, end}); });
        } catch (...) {}
    }

    /// With the mutex held.
    void lower_cut(std::size_t index) noexcept {
        state_.cut.store(std::min(state_.cut.load(std::memory_order_relaxed), index), std::memory_order_relaxed);
    }

    /// True when nothing below the hit was left undone.
    [[nodiscard]] bool done_below_hit() const noexcept {
        const auto above = [this](const index_block& hole) { return hole.size() == 0 || hole.begin >= hit_; };
        return above(caller_hole_) && std::all_of(helper_holes_.begin(), helper_holes_.end(), above);
    }

    void sort() noexcept {
        std::sort(errors_.begin(), errors_.end(), [](const item_error& a, const item_error& b) { return a.index < b.index; });
        std::sort(lost_.begin(), lost_.end());
        std::sort(helper_holes_.begin(), helper_holes_.end(), [](const index_block& a, const index_block& b) { return a.begin < b.begin; });
    }

    [[noreturn]] void raise_error() {
        std::exception_ptr error = std::exchange(error_, nullptr);
        if (options_.error == on_error::rethrow) {
            std::rethrow_exception(std::move(error));
        }
        const std::string text =
            std::string(state_.name) + ": item " + to_text(failed_) + " of " + to_text(state_.count) + " failed" + cause_text(error);
        raise_nesting(std::move(error), [&] { throw task_error(text, failed_, state_.count, path_to(failed_)); });
    }

    [[noreturn]] void raise_collected() {
        sort();
        const std::size_t lowest = errors_.front().index;
        const std::string text = std::string(state_.name) + ": " + to_text(errors_.size()) + " of " + to_text(state_.count)
                                 + " items failed, item " + to_text(lowest) + " first" + cause_text(errors_.front().error);
        raise_nesting(errors_.front().error, [&] { throw task_errors(text, std::move(errors_), state_.count, path_to(lowest)); });
    }

    [[nodiscard]] std::string path_to(std::size_t index) const {
        const call_frame here{.parent = outer_, .call = &state_, .index = index};
        return call_path(&here);
    }

    call_state& state_;
    const call_frame* outer_;
    const run_options& options_;
    std::atomic<std::size_t> finished_{0};
    std::size_t threads_ = 0;
    std::size_t claimed_ = 0;
    index_block caller_hole_;
    std::vector<index_block> helper_holes_;
    std::mutex mutex_;
    std::size_t failed_ = call_state::none;  // lowest failing item, and what it threw
    std::exception_ptr error_;
    std::size_t hit_ = call_state::none;  // lowest item that ends a search
    std::vector<item_error> errors_;      // on_error::collect
    std::vector<std::size_t> lost_;       // finished in vain
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_CALL_OUTCOME_HPP
