// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_CALL_HISTORY_HPP
#define XRAYON_PAR_DETAIL_CALL_HISTORY_HPP

#include <atomic>
#include <cstddef>

#include <xrayon/exec/tick_clock.hpp>

namespace xrayon::detail {

/// What the calls from one place of the program have cost, one object per instantiated loop. A call whose items are dear must be
/// shared before its first item, or the other threads would watch that one run: four folds of a second each would take three
/// seconds on two threads. A call whose items are cheap must not be: a fork costs more than the whole call. Nobody knows
/// beforehand, so the last calls from the same place decide; the first one is taken to be dear. Nothing but time depends on it.
class call_history {
public:
    [[nodiscard]] bool share_at_once() const noexcept { return credit_.load(std::memory_order_relaxed) != cheap; }
    /// The last call's items took less than trivial_item on average: a clock between the first few of them is most of what they cost.
    [[nodiscard]] bool trivial() const noexcept { return trivial_.load(std::memory_order_relaxed); }

    /// A call of `items` items took `elapsed` ticks on `threads` threads. Written to only when something changes, because threads that
    /// make small calls all the time share this line.
    void note(tick_clock::ticks elapsed, std::size_t threads, std::size_t items) noexcept {
        const int before = credit_.load(std::memory_order_relaxed);
        const bool was_dear = elapsed * threads >= items * (dear_item * tick_clock::per_microsecond());
        // One dear call outweighs the next few cheap ones.
        const int now = was_dear ? fresh : before == unknown ? cheap : before - (before > cheap ? 1 : 0);
        if (now != before) {
            credit_.store(now, std::memory_order_relaxed);
        }
        const bool was_trivial = elapsed * threads * 1000 < items * (trivial_item * tick_clock::per_microsecond());
        if (was_trivial != trivial_.load(std::memory_order_relaxed)) {
            trivial_.store(was_trivial, std::memory_order_relaxed);
        }
    }

private:
    static constexpr tick_clock::ticks dear_item = 5;  // microseconds: what a call may do before it is shared anyway
    static constexpr tick_clock::ticks trivial_item = 30;  // nanoseconds: 32 of them are a microsecond
    static constexpr int unknown = 0;
    static constexpr int cheap = 1;
    static constexpr int fresh = 5;

    std::atomic<int> credit_{unknown};
    std::atomic<bool> trivial_{false};
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_CALL_HISTORY_HPP
