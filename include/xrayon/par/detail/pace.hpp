// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_PACE_HPP
#define XRAYON_PAR_DETAIL_PACE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <xrayon/exec/tick_clock.hpp>

namespace xrayon::detail {

/// How many items the next claim of one participant takes. Only time is decided here, never a result.
///
/// A call whose items are cheap (call_history) starts inline: claims grow fourfold, from one item. No claim is much larger than what has been
/// seen so far: after one cheap item the next ten may be dear. Where the last call's items were trivial, claims begin with 32 items and grow
/// eightfold, so that a call of 64 of them reads the clock twice.
/// Shared claims last about 50 us, shrink towards the end, and never take more than a fair part of what is left.
class pace {
public:
    using ticks = tick_clock::ticks;

    /// @param trivial  What call_history says of the items.
    pace(std::optional<std::size_t> grain, std::size_t threads, bool trivial = false) noexcept
        : grain_(grain.value_or(0)), threads_(threads), first_(trivial ? 32 : 1), growth_(trivial ? 7 : 3) {}

    /// The pace of a helper, which joins a call whose items cost about what they cost its caller.
    pace(const pace& caller, ticks now) noexcept
        : grain_(caller.grain_), threads_(caller.threads_), item_cost_(caller.item_cost_), done_(caller.done_), last_(now), shared_(true) {}

    void start(ticks now) noexcept { start_ = last_ = now; }

    /// Items to claim next, >= 1, when `left` >= 1 are unclaimed.
    [[nodiscard]] std::size_t want(std::size_t left) const noexcept {
        if (grain_ != 0) {
            return grain_;
        }
        if (threads_ == 1) {
            // Nobody to share with: claims only bound how long a stop goes unnoticed.
            return done_ == 0 ? std::min(left, first_) : std::max<std::size_t>(1, std::min({left, (growth_ + 1) * done_, in_ticks(long_claim)}));
        }
        if (done_ == 0) {
            return first_;  // nobody knows yet what an item costs
        }
        const std::size_t fair = std::max<std::size_t>(1, left / (4 * threads_));
        if (!shared_) {
            return std::max<std::size_t>(1, std::min({growth_ * done_, std::max(2 * fair, std::min(left, in_ticks(short_claim))), in_ticks(share_after)}));
        }
        return std::max({std::size_t{1}, std::min(fair, in_ticks(long_claim)), std::min(left, in_ticks(short_claim))});
    }

    /// True when items are dear enough that looking for a stop before each of them costs nothing, or when nobody knows yet.
    [[nodiscard]] bool dear() const noexcept {
        return (done_ == 0 && first_ == 1) || item_cost_ >= 0.1 * real(tick_clock::per_microsecond());
    }

    void finished(std::size_t items, ticks now) noexcept {
        done_ += items;
        item_cost_ = real(now - last_) / real(items);
        last_ = now;
    }

    /// When the last claim ended.
    [[nodiscard]] ticks last() const noexcept { return last_; }

    /// True when the call has been running inline long enough, and what is left seems worth a fork (1 to 2 us).
    [[nodiscard]] bool should_share(std::size_t left) const noexcept {
        return threads_ > 1 && left > 0 && last_ - start_ >= share_after * tick_clock::per_microsecond()
               && real(left) * item_cost_ >= real(worth_sharing * tick_clock::per_microsecond());
    }

private:
    static constexpr ticks share_after = 5;     // microseconds, as all of these
    static constexpr ticks worth_sharing = 3;
    static constexpr ticks long_claim = 50;
    static constexpr ticks short_claim = 1;

    /// How many items take `microseconds`, by the last claim's cost.
    [[nodiscard]] std::size_t in_ticks(ticks microseconds) const noexcept {
        const double items = real(microseconds * tick_clock::per_microsecond()) / std::max(item_cost_, 0.01);
        return static_cast<std::size_t>(static_cast<std::int64_t>(std::min(items, 1e9)));
    }

    /// By way of a signed number: one instruction instead of a branch. What is counted here is far below 2^63.
    template <class Unsigned>
    static double real(Unsigned count) noexcept {
        return static_cast<double>(static_cast<std::int64_t>(count));
    }

    std::size_t grain_;
    std::size_t threads_;
    std::size_t first_ = 1;   // items of the first claim
    std::size_t growth_ = 3;  // a claim is at most so many times what has been done
    double item_cost_ = 0;  // ticks
    std::size_t done_ = 0;
    ticks start_ = 0;
    ticks last_ = 0;
    bool shared_ = false;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_PACE_HPP
