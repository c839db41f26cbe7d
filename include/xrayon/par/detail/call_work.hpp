// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_CALL_WORK_HPP
#define XRAYON_PAR_DETAIL_CALL_WORK_HPP

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>

#include <xrayon/core/index_block.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/call_progress.hpp>
#include <xrayon/par/detail/call_history.hpp>

namespace xrayon::detail {

class guarded_call;

/// What a guarded call does with its items: how they are claimed, and by `run`, what is done with a claim. The call itself knows no more of
/// it, so that its machinery is compiled once and not for each loop of a program; a claim costs an indirect call.
class call_work {
public:
    /// Runs items [begin, end), which are a claim or what is left of one behind an item that failed; by exception out of the middle, with
    /// frame.index where it stopped. Where items are dear, or hooked, `one_by_one`, the call is asked before each whether to go on. `watch`
    /// is null when nobody looks on. Returns how many items finished in vain, because what was to be made of them failed.
    virtual std::size_t run(guarded_call& call, call_frame& frame, std::size_t begin, std::size_t end, bool one_by_one,
                            const item_watch* watch) = 0;

    /// The item that is claimed as number `claimed`.
    [[nodiscard]] virtual std::size_t item_of(std::size_t claimed) const noexcept { return claimed; }

    [[nodiscard]] call_history& history() const noexcept { return history_; }
    /// Fewer items than this are only claimed at the end.
    [[nodiscard]] std::size_t least_claim() const noexcept { return leaf_; }

    /// Takes the next items of [0, count), about `want` of them. Alone, a plain store is enough; a claim costs an atomic operation only
    /// once work is shared.
    template <bool Alone>
    index_block claim(std::atomic<std::size_t>& next, std::size_t unclaimed, std::size_t want, std::size_t count) const noexcept {
        return leaves_ != 0 ? claim_node<Alone>(next, unclaimed, want, count) : claim_items<Alone>(next, unclaimed, want, count);
    }

protected:
    /// Claims are any run of items.
    explicit call_work(call_history& history) noexcept : history_(history) {}
    /// Claims are nodes of the canonical tree over `items` in leaves of `leaf`.
    call_work(call_history& history, std::size_t items, std::size_t leaf) noexcept
        : history_(history), leaf_(leaf), shift_(std::has_single_bit(leaf) ? std::countr_zero(leaf) : -1), leaves_(in_leaves(items + (leaf - 1))) {}
    ~call_work() = default;
    call_work(const call_work&) = delete;
    call_work& operator=(const call_work&) = delete;

    [[nodiscard]] std::size_t leaf_size() const noexcept { return leaf_; }
    [[nodiscard]] std::size_t leaf_count() const noexcept { return leaves_; }
    /// items / leaf size. A division costs as much as a small leaf, and most leaf sizes are powers of two.
    [[nodiscard]] std::size_t in_leaves(std::size_t items) const noexcept { return shift_ >= 0 ? items >> shift_ : items / leaf_; }

private:
    template <bool Alone>
    static index_block claim_items(std::atomic<std::size_t>& next, std::size_t unclaimed, std::size_t want, std::size_t count) noexcept {
        want = std::min({want, count, std::size_t{1} << 48});  // so that all threads together cannot count past the end of the type
        if constexpr (Alone) {
            const std::size_t end = count - unclaimed < want ? count : unclaimed + want;
            next.store(end, std::memory_order_relaxed);
            return {unclaimed, end};
        } else {
            const std::size_t begin = next.fetch_add(want, std::memory_order_relaxed);
            return {begin, begin >= count || count - begin < want ? count : begin + want};
        }
    }

    /// The next node of at most `want` items, or one leaf: a power of two of leaves that divides its first leaf.
    template <bool Alone>
    index_block claim_node(std::atomic<std::size_t>& next, std::size_t unclaimed, std::size_t want, std::size_t count) const noexcept {
        const std::size_t most = std::bit_floor(std::clamp<std::size_t>(in_leaves(want), 1, std::bit_ceil(leaves_)));
        for (;;) {
            if (unclaimed >= count) {
                return {count, count};
            }
            std::size_t size = most;
            const std::size_t first = in_leaves(unclaimed);
            if (first != 0) {
                size = std::min(size, std::size_t{1} << std::countr_zero(first));
            }
            const std::size_t end = leaves_ - first <= size ? count : (first + size) * leaf_;
            if constexpr (Alone) {
                next.store(end, std::memory_order_relaxed);
                return {unclaimed, end};
            } else if (next.compare_exchange_weak(unclaimed, end, std::memory_order_relaxed, std::memory_order_relaxed)) {
                return {unclaimed, end};
            }
        }
    }

    call_history& history_;
    std::size_t leaf_ = 1;
    int shift_ = 0;
    std::size_t leaves_ = 0;  // 0: there is no tree
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_CALL_WORK_HPP
