// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_DETAIL_GRADIENT_FOLD_HPP
#define XRAYON_ML_GRADIENT_DETAIL_GRADIENT_FOLD_HPP

#include <cmath>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/gradient/detail/gradient_arithmetic.hpp>
#include <xrayon/ml/gradient/detail/gradient_weights.hpp>
#include <xrayon/ml/gradient/gradient.hpp>
#include <xrayon/par/index.hpp>

// The sum of gradients along the canonical tree over batches, while they come. Sums lie in slots that a store lends and takes back, so that
// no more are alive than the tree has open nodes; with `keep`, a slot's memory stays for the next one.
//
// A batch of another shape is not an error on the spot: who is the odd one is known when batch 0 is, and that may be computed last. So the
// node carries the lowest batch that differs from the node's first, and the call ends with the error that looking at all gradients in order
// would have given.

namespace xrayon::ml::detail {

/// How a fold was asked for.
struct fold_request {
    std::string_view op;
    std::size_t n = 0;
    std::size_t leaf_size = 1;
    nan_gradient nan = nan_gradient::propagate;
    const scaled_weights* weights = nullptr;  // by batch; none: 1 each
    loop_options loop;
};

/// A batch whose gradient has another outline than the first one.
struct odd_batch {
    std::size_t batch = 0;
    outline shapes;
};

/// The sum of some neighbouring batches.
template <class Sum>
struct gradient_node {
    using store = scratch<std::optional<Sum>>;

    std::optional<typename store::lease> slot = {};  // none where every batch was skipped
    std::size_t first = 0;                           // the lowest batch that was used
    std::size_t used = 0;
    double weight = 0;
    std::vector<std::size_t> skipped = {};
    std::unique_ptr<odd_batch> odd = {};
    bool reshaped = false;  // f gave the slot another shape: no other batch is to find it there

    [[nodiscard]] Sum& sum() const { return ***slot; }
};

template <class Sum>
class gradient_fold {
public:
    using node = gradient_node<Sum>;

    gradient_fold(const fold_request& request, bool keep) : request_(request), keep_(keep) {}

    /// A node without any batch yet.
    [[nodiscard]] node open(std::size_t first) {
        node fresh;
        fresh.slot.emplace(store_.borrow());
        fresh.first = first;
        return fresh;
    }
    /// The slot of a new node; what is in it is left over.
    [[nodiscard]] static std::optional<Sum>& slot_of(node& open) { return **open.slot; }

    /// The gradient of batch i, as a node. @throws argument_error  if it holds NaN and that is to be said.
    template <class G>
    [[nodiscard]] node single(std::size_t i, G&& g) {
        if (skips(i, g)) {
            return skipped(i);
        }
        node fresh = open(i);
        put(slot_of(fresh), std::forward<G>(g));
        count(fresh, 1, i);
        return fresh;
    }

    /// The leaf was filled with `batches` batches from i on. Weights only go with leaves of one batch.
    [[nodiscard]] node filled(node&& fresh, std::size_t batches, std::size_t i) {
        if (request_.nan != nan_gradient::propagate && skips(i, fresh.sum())) {
            slot_of(fresh).reset();  // it may have any shape
            return skipped(i);
        }
        count(fresh, batches, i);
        return std::move(fresh);
    }

    [[nodiscard]] node combine(node&& left, node&& right) {
        if (right.used == 0) {
            left.skipped.insert(left.skipped.end(), right.skipped.begin(), right.skipped.end());
            return std::move(left);
        }
        if (left.used == 0) {
            right.skipped.insert(right.skipped.begin(), left.skipped.begin(), left.skipped.end());
            return std::move(right);
        }
        left.skipped.insert(left.skipped.end(), right.skipped.begin(), right.skipped.end());
        if (left.odd == nullptr) {
            if (!same_outline(left.sum(), right.sum())) [[unlikely]] {
                left.odd = std::make_unique<odd_batch>(right.first, outline_of(right.sum()));
            } else if (right.odd != nullptr) [[unlikely]] {
                left.odd = std::move(right.odd);
            } else {
                add(left.sum(), right.sum());
            }
        }
        left.used += right.used;
        left.weight += right.weight;
        if (!keep_ || right.reshaped) {
            slot_of(right).reset();
        }
        return std::move(left);
    }

    /// Runs the fold over `leaf(begin, end)` and gives the sum.
    template <class Leaf>
    [[nodiscard]] node run(const Leaf& leaf) {
        node all = fold_index(
            request_.n, request_.leaf_size, leaf, [this](node left, node right) { return combine(std::move(left), std::move(right)); },
            request_.loop);
        if (all.used == 0) [[unlikely]] {
            throw argument_error(std::string(request_.op) + ": all " + count_text(request_.n, "gradient", "gradients") + " hold NaN and were skipped");
        }
        if (all.odd != nullptr) [[unlikely]] {
            fail_outline(request_.op, "batch " + to_text(all.odd->batch), all.odd->shapes, "batch " + to_text(all.first), outline_of(all.sum()));
        }
        if (request_.weights != nullptr && all.weight == 0) [[unlikely]] {
            fail_weight_sum(request_.op);
        }
        return all;
    }

private:
    template <class G>
    [[nodiscard]] bool skips(std::size_t i, const G& g) const {
        if (request_.nan == nan_gradient::propagate) {
            return false;
        }
        const std::optional<nan_place> at = find_nan(g);
        if (at && request_.nan == nan_gradient::raise) {
            fail_nan(request_.op, i, *at);
        }
        return at.has_value();
    }
    [[nodiscard]] static node skipped(std::size_t i) {
        node none;
        none.skipped.push_back(i);
        return none;
    }

    template <class G>
    static void put(std::optional<Sum>& slot, G&& g) {
        if constexpr (std::same_as<std::remove_cvref_t<G>, Sum>) {
            slot.emplace(std::forward<G>(g));
        } else {
            if (!slot) {
                slot.emplace();
            }
            assign(*slot, g);
        }
    }

    void count(node& fresh, std::size_t batches, std::size_t i) const {
        fresh.used = batches;
        fresh.weight = static_cast<double>(batches);
        if (request_.weights != nullptr) {
            fresh.weight = request_.weights->values[i];
            multiply(fresh.sum(), fresh.weight);
        }
    }

    const fold_request& request_;
    bool keep_;
    typename node::store store_{[] { return std::optional<Sum>(); }};
};

/// The value that a fold of wide sums ends as.
template <class Value, class Sum>
[[nodiscard]] Value narrowed(Sum& sum) {
    if constexpr (std::same_as<Value, Sum>) {
        return std::move(sum);
    } else {
        Value value = {};
        assign(value, sum);
        return value;
    }
}

template <class Node>
void report_to(gradient_report* report, Node& all, const scaled_weights* weights) {
    if (report != nullptr) {
        *report = {all.used, weights == nullptr ? all.weight : std::ldexp(all.weight, weights->exponent), std::move(all.skipped)};
    }
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_GRADIENT_DETAIL_GRADIENT_FOLD_HPP
