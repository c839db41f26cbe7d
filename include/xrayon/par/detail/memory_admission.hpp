// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_MEMORY_ADMISSION_HPP
#define XRAYON_PAR_DETAIL_MEMORY_ADMISSION_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/index_block.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/par/detail/call_work.hpp>

namespace xrayon::detail {

/// Which items of a call may run beside each other, by what they say they need: those that run never need more than the budget together.
/// Claims go by a lock, one item (or leaf of a fold) at a time, in ascending order. Who may not claim the next one leaves, and does not
/// wait; who ends an item, or claims one, and sees room for another, calls somebody in.
class memory_admission {
public:
    /// True where a call has a budget of its own to keep: the outermost one that was given one.
    [[nodiscard]] static bool applies(const run_options& options, const call_frame* outer) noexcept {
        if (options.memory_budget == 0) {
            return false;
        }
        for (; outer != nullptr; outer = outer->parent) {
            if (outer->call != nullptr && outer->call->admits_memory) {
                return false;  // what this call's items need is part of what that item needs
            }
        }
        return true;
    }

    /// @throws argument_error  if options say nothing of what items need, or one of them needs more than the budget; what item_bytes throws
    memory_admission(const run_options& options, std::size_t count, std::size_t threads, std::string_view name)
        : budget_(options.memory_budget), bytes_(options.item_bytes), count_(count), threads_(threads), numbers_(threads + 1) {
        if (!bytes_) {
            check(false, std::string(name) + ": options.run.memory_budget needs options.run.item_bytes to say what items need", budget_);
        }
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t bytes = bytes_(i);
            if (bytes > budget_) [[unlikely]] {
                check(false, std::string(name) + ": item " + to_text(i) + " must fit into options.run.memory_budget (" + to_text(budget_) + " bytes)", bytes);
            }
        }
    }

    /// A thread takes part: it has a number below threads + 1, whose earlier holders have finished so many items.
    struct participant {
        std::size_t number;
        std::size_t finished;
    };
    participant enter() noexcept {
        const std::lock_guard lock(mutex_);
        called_ -= std::min<std::size_t>(called_, 1);
        ++present_;
        std::size_t number = 0;
        while (number + 1 < numbers_.size() && numbers_[number].taken) {
            ++number;
        }
        numbers_[number].taken = true;
        return {number, numbers_[number].finished};
    }

    /// What has been granted. An empty claim: there is nothing left, or it may not run now, and the participant is one no more; at once, so that
    /// whoever makes room from then on knows that somebody is free.
    struct grant {
        index_block claim;
        std::size_t bytes = 0;
        bool call_another = false;  // the next one would fit too, and somebody is free
    };
    /// The next items, if they fit beside those that run.
    grant admit(const call_work& work, std::atomic<std::size_t>& next, const participant& mine) noexcept {
        const std::lock_guard lock(mutex_);
        const std::size_t unclaimed = next.load(std::memory_order_relaxed);
        if (closed_ || unclaimed >= count_ || !fits(peek(work, unclaimed))) {
            --present_;
            numbers_[mine.number] = {false, mine.finished};
            return {};
        }
        grant given{peeked_, peeked_bytes_};
        next.store(given.claim.end, std::memory_order_relaxed);
        in_flight_ += given.bytes;
        given.call_another = given.claim.end < count_ && present_ + called_ < threads_ && fits(peek(work, given.claim.end));
        called_ += given.call_another ? 1 : 0;
        return given;
    }
    /// Nobody came, or could be asked to.
    void not_called() noexcept {
        const std::lock_guard lock(mutex_);
        called_ -= std::min<std::size_t>(called_, 1);
    }
    /// The items of a grant do not run any more. `goes_on` is false when the call is over.
    void release(const grant& given, bool goes_on) noexcept {
        const std::lock_guard lock(mutex_);
        in_flight_ -= given.bytes;
        closed_ |= !goes_on;
    }

private:
    [[nodiscard]] bool fits(const index_block&) const noexcept { return in_flight_ == 0 || peeked_bytes_ <= budget_ - std::min(in_flight_, budget_); }

    /// The claim that begins at `unclaimed`, and in peeked_bytes_ what it needs: its items run one after the other.
    index_block peek(const call_work& work, std::size_t unclaimed) noexcept {
        if (peeked_.size() == 0 || peeked_.begin != unclaimed) {
            std::atomic<std::size_t> from{unclaimed};
            peeked_ = work.claim<true>(from, unclaimed, 1, count_);
            peeked_bytes_ = 0;
            for (std::size_t i = peeked_.begin; i < peeked_.end; ++i) {
                peeked_bytes_ = std::max(peeked_bytes_, bytes_of(work.item_of(i)));
            }
        }
        return peeked_;
    }
    [[nodiscard]] std::size_t bytes_of(std::size_t item) const noexcept {
        try {
            return std::min(bytes_(item), budget_);
        } catch (...) {
            return budget_;  // it did not throw when all were asked: this one then runs by itself
        }
    }

    std::size_t budget_;
    const std::function<std::size_t(std::size_t)>& bytes_;
    std::size_t count_;
    std::size_t threads_;
    std::mutex mutex_;
    struct number_record {
        bool taken = false;
        std::size_t finished = 0;
    };
    std::vector<number_record> numbers_;
    std::size_t present_ = 0;    // threads that take part
    std::size_t called_ = 0;     // and those that have been called
    std::size_t in_flight_ = 0;  // bytes
    bool closed_ = false;
    index_block peeked_ = {};
    std::size_t peeked_bytes_ = 0;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_MEMORY_ADMISSION_HPP
