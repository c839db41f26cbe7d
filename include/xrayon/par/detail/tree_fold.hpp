// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_TREE_FOLD_HPP
#define XRAYON_PAR_DETAIL_TREE_FOLD_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <exception>
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
#include <xrayon/par/detail/leaf_cursor.hpp>
#include <xrayon/par/detail/waiting_nodes.hpp>

namespace xrayon::detail {

/// Work of a guarded call: items folded along the canonical tree over leaves of `leaf_size` items. A claim is one node of the tree, so it
/// ends as one value; whoever completes the second child of a node combines both and goes on with the parent. Nobody waits.
///
/// `leaf(begin, end, cursor)` gives the value of items [begin, end) and tells the cursor how far it is.
template <class Value, class Leaf, class Combine>
class tree_fold final : public call_work {
    static inline constinit call_history history_here = {};

public:
    tree_fold(std::size_t items, std::size_t leaf_size, const Leaf& leaf, const Combine& combine)
        : call_work(history_here, items, leaf_size), items_(items), leaf_size_(leaf_size), leaves_(leaf_count()), leaf_(leaf), combine_(combine) {}

    /// Runs items [begin, end). The whole of a claim is one node; what is left of one behind a failed item is a part of a leaf, which no
    /// longer has a value, and several nodes. Returns how many items finished in vain, because the merges that they led to failed.
    std::size_t run(guarded_call& call, call_frame& frame, std::size_t begin, std::size_t end, bool one_by_one, const item_watch* watch) override {
        const leaf_cursor cursor(call, frame, one_by_one || (watch != nullptr && watch->hooked()));
        const std::size_t first_item = begin;
        std::size_t lost = 0;
        std::size_t leaf = in_leaves(begin);
        if (const std::size_t past = begin - leaf * leaf_size_; past != 0) [[unlikely]] {
            const std::size_t leaf_end = leaf_size_ - past < end - begin ? begin + (leaf_size_ - past) : end;
            frame.index = begin;
            static_cast<void>(value_of(cursor, begin, leaf_end, watch));
            begin = leaf_end;
            ++leaf;
        }
        const std::size_t leaf_end = end == items_ ? leaves_ : in_leaves(end);
        while (leaf < leaf_end) {
            canonical_node node{leaf, 0};
            while (!node.is_root(leaves_) && !node.is_right() && node.parent().end(leaves_) <= leaf_end) {
                node = node.parent();
            }
            const std::size_t node_end = node.end(leaves_);
            Value value = fold_node(cursor, leaf, node_end, leaf * leaf_size_ == first_item, watch);
            lost += publish(call, frame, node, std::move(value)) ? 0 : 1;
            leaf = node_end;
        }
        return lost;
    }

    /// False when a merge was cancelled or failed: every leaf may have finished all the same.
    [[nodiscard]] bool complete() const noexcept { return root_.has_value(); }
    /// The value of the root, once complete.
    [[nodiscard]] Value take() { return std::move(*root_); }

private:
    /// The last item of the leaves below `leaf`.
    [[nodiscard]] std::size_t last_item(std::size_t leaf) const noexcept { return leaf == leaves_ ? items_ - 1 : leaf * leaf_size_ - 1; }

    Value fold_node(const leaf_cursor& cursor, std::size_t lo, std::size_t hi, bool first, const item_watch* watch) {
        if (hi - lo == 1) {
            const std::size_t begin = lo * leaf_size_;
            if (first) {
                cursor.frame().index = begin;
            } else {
                cursor.reach(begin);
            }
            return value_of(cursor, begin, hi == leaves_ ? items_ : begin + leaf_size_, watch);
        }
        const std::size_t middle = canonical_split(lo, hi);
        Value left = fold_node(cursor, lo, middle, first, watch);
        Value right = fold_node(cursor, middle, hi, false, watch);
        cursor.frame().index = last_item(hi);  // in order, this merge comes right after that one
        return combine_(std::move(left), std::move(right));
    }

    Value value_of(const leaf_cursor& cursor, std::size_t begin, std::size_t end, const item_watch* watch) {
        if (watch != nullptr) [[unlikely]] {
            return watched_leaf(cursor, begin, end, *watch);
        }
        return leaf_(begin, end, cursor);
    }

    /// Not inlined: what only watching needs would take registers from the recursion.
    XRAYON_NOINLINE Value watched_leaf(const leaf_cursor& cursor, std::size_t begin, std::size_t end, const item_watch& watch) {
        const watched_item around(watch, cursor.frame());
        return leaf_(begin, end, cursor);
    }

    /// Hands in the value of a node; combines upwards as far as the other halves are there. What is thrown on the way, by a merge, by a
    /// move of a value or for want of memory, belongs to the last item that it came to, which may lie far outside of this claim: then false.
    bool publish(guarded_call& call, call_frame& frame, canonical_node node, Value&& finished) noexcept {
        try {
            combine_upwards(call, frame, node, std::move(finished));
            return true;
        } catch (const cancelled&) {
            if (is_cancelled(&frame)) {
                return true;  // a call inside the merge only says what is being done to us
            }
            call.outcome().keep(frame.index, std::current_exception());
        } catch (const guarded_call::stop_claim&) {
            return true;  // the merge has ended the fold (detail/fold_until.hpp)
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
                if (!waiting_.take(node.sibling(), other)) {
                    waiting_.put(node, std::move(*value));
                    return;
                }
            }
            const canonical_node parent = node.parent();
            const std::size_t last = last_item(parent.end(leaves_));
            if (call.above_cut(last)) {
                return;  // in order, this merge would not have been reached
            }
            frame.index = last;
            value.emplace(node.is_right() ? combine_(std::move(*other), std::move(*value)) : combine_(std::move(*value), std::move(*other)));
            node = parent;
        }
        root_.emplace(std::move(*value));
    }

    std::size_t items_;
    std::size_t leaf_size_;
    std::size_t leaves_;
    const Leaf& leaf_;
    const Combine& combine_;
    std::mutex mutex_;
    waiting_nodes<Value> waiting_;
    std::optional<Value> root_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_TREE_FOLD_HPP
