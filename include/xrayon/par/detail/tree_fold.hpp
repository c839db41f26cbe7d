// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_TREE_FOLD_HPP
#define XRAYON_PAR_DETAIL_TREE_FOLD_HPP

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include <xrayon/core/canonical_tree.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/call_progress.hpp>
#include <xrayon/par/detail/call_history.hpp>
#include <xrayon/par/detail/each_item.hpp>
#include <xrayon/par/detail/guarded_call.hpp>

namespace xrayon::detail {

/// Work of a guarded call: leaves folded along the canonical tree. A claim is one node of the tree, so it ends as one value;
/// whoever completes the second child of a node combines both and goes on with the parent. Nobody waits.
template <class Value, class Leaf, class Combine>
class tree_fold {
public:
    static inline constinit call_history history = {};

    tree_fold(std::size_t leaves, const Leaf& leaf, const Combine& combine) : leaves_(leaves), leaf_(leaf), combine_(combine) {}
    tree_fold(const tree_fold&) = delete;
    tree_fold& operator=(const tree_fold&) = delete;

    /// Takes the next node of at most `want` leaves: a power of two that divides its first leaf.
    template <bool Alone>
    index_block claim(std::atomic<std::size_t>& next, std::size_t unclaimed, std::size_t want, std::size_t count) const noexcept {
        for (;;) {
            if (unclaimed >= count) {
                return {count, count};
            }
            std::size_t size = std::bit_floor(std::min(want, std::bit_ceil(count)));
            if (unclaimed != 0) {
                size = std::min(size, std::size_t{1} << std::countr_zero(unclaimed));
            }
            const std::size_t end = count - unclaimed < size ? count : unclaimed + size;
            if constexpr (Alone) {
                next.store(end, std::memory_order_relaxed);
                return {unclaimed, end};
            } else if (next.compare_exchange_weak(unclaimed, end, std::memory_order_relaxed, std::memory_order_relaxed)) {
                return {unclaimed, end};
            }
        }
    }

    /// Runs leaves [begin, end). The whole of a claim is one node; what is left of one behind a failed leaf is several.
    /// Returns how many finished in vain, because the merges that they led to failed.
    std::size_t run(guarded_call& call, call_frame& frame, std::size_t begin, std::size_t end, bool, const item_watch* watch) {
        const std::size_t first = begin;
        std::size_t lost = 0;
        while (begin < end) {
            canonical_node node{begin, 0};
            while (!node.is_root(leaves_) && !node.is_right() && node.parent().end(leaves_) <= end) {
                node = node.parent();
            }
            const std::size_t node_end = node.end(leaves_);
            Value value = fold_node(call, frame, begin, node_end, begin == first, watch);
            lost += publish(call, frame, node, std::move(value)) ? 0 : 1;
            begin = node_end;
        }
        return lost;
    }

    /// False when a merge was cancelled or failed: every leaf may have finished all the same.
    [[nodiscard]] bool complete() const noexcept { return root_.has_value(); }
    /// The value of the root, once complete.
    [[nodiscard]] Value take() { return std::move(*root_); }

private:
    Value fold_node(guarded_call& call, call_frame& frame, std::size_t lo, std::size_t hi, bool first, const item_watch* watch) {
        if (hi - lo == 1) {
            frame.index = lo;
            if (!first) {
                call.watch(frame);
            }
            if (watch != nullptr) [[unlikely]] {
                return watched_leaf(frame, lo, *watch);
            }
            return leaf_(lo);
        }
        const std::size_t middle = canonical_split(lo, hi);
        Value left = fold_node(call, frame, lo, middle, first, watch);
        Value right = fold_node(call, frame, middle, hi, false, watch);
        frame.index = hi - 1;  // in order, this merge comes right after leaf hi - 1
        return combine_(std::move(left), std::move(right));
    }

    /// Not inlined: what only watching needs would take registers from the recursion.
    XRAYON_NOINLINE Value watched_leaf(const call_frame& frame, std::size_t leaf, const item_watch& watch) {
        const watched_item around(watch, frame);
        return leaf_(leaf);
    }

    /// Hands in the value of a node; combines upwards as far as the other halves are there. What is thrown on the way, by a merge, by a
    /// move of a value or for want of memory, belongs to the last leaf that it came to, which may lie far outside of this claim: then false.
    bool publish(guarded_call& call, call_frame& frame, canonical_node node, Value&& finished) noexcept {
        try {
            combine_upwards(call, frame, node, std::move(finished));
            return true;
        } catch (const cancelled&) {
            if (is_cancelled(&frame)) {
                return true;  // a call inside the merge only says what is being done to us
            }
            call.outcome().keep(frame.index, std::current_exception());
        } catch (...) {
            call.outcome().keep(frame.index, std::current_exception());
        }
        call.outcome().lose(frame.index);
        return false;
    }

    void combine_upwards(const guarded_call& call, call_frame& frame, canonical_node node, Value&& finished) {
        std::optional<Value> value(std::move(finished));
        while (!node.is_root(leaves_)) {
            if (node.alone(leaves_)) {
                node = node.parent();
                continue;
            }
            std::optional<Value> other;
            {
                const std::lock_guard lock(mutex_);
                const auto found = waiting_.find({node.sibling().begin, node.level});
                if (found == waiting_.end()) {
                    waiting_.emplace(std::pair(node.begin, node.level), std::move(*value));
                    return;
                }
                other.emplace(std::move(found->second));
                waiting_.erase(found);
            }
            const canonical_node parent = node.parent();
            const std::size_t last = parent.end(leaves_) - 1;
            if (call.above_cut(last)) {
                return;  // in order, this merge would not have been reached
            }
            frame.index = last;
            value.emplace(node.is_right() ? combine_(std::move(*other), std::move(*value)) : combine_(std::move(*value), std::move(*other)));
            node = parent;
        }
        root_.emplace(std::move(*value));
    }

    std::size_t leaves_;
    const Leaf& leaf_;
    const Combine& combine_;
    std::mutex mutex_;
    std::map<std::pair<std::size_t, unsigned>, Value> waiting_;  // by first leaf and level: values whose sibling is not there yet
    std::optional<Value> root_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_TREE_FOLD_HPP
