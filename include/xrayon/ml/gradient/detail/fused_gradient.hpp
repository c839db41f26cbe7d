// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_DETAIL_FUSED_GRADIENT_HPP
#define XRAYON_ML_GRADIENT_DETAIL_FUSED_GRADIENT_HPP

#include <concepts>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <xrayon/core/concepts.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/gradient/detail/call_on_batch.hpp>
#include <xrayon/ml/gradient/detail/gradient_fold.hpp>

// Gradients that are summed as they come: of functions that give them, and of functions that add them to what they are handed.

namespace xrayon::ml::detail {

enum class fused_result { sum, mean };

inline void check_some(std::string_view op, std::size_t n, std::string_view what) {
    if (n == 0) [[unlikely]] {
        throw argument_error(std::string(op) + ": 0 " + std::string(what), "0");
    }
}

template <class Value, class Fold, class Leaf>
[[nodiscard]] Value run_fused(Fold& fold, const Leaf& leaf, const fold_request& request, fused_result what, gradient_report* report) {
    auto all = fold.run(leaf);
    if (what == fused_result::mean) {
        divide(all.sum(), all.weight);
    }
    Value value = narrowed<Value>(all.sum());
    report_to(report, all, request.weights);
    return value;
}

/// Of f(batch), which gives a gradient.
template <class F, class Batches>
[[nodiscard]] auto fuse_given(const Batches& batches, const F& f, const fold_request& request, fused_result what, gradient_report* report) {
    using given = stored_t<batch_result_t<F, element_t<Batches>>>;
    using sum = gradient_wide<given>;
    // What is summed in its own type came in memory of its own, and goes with it; doubles beside floats stay for the next ones.
    gradient_fold<sum> fold(request, !std::same_as<given, sum>);
    const auto leaf = [&](std::size_t i, std::size_t) { return fold.single(i, call_on_batch<given>(request.op, f, batches, i)); };
    return run_fused<gradient_value<given>>(fold, leaf, request, what, report);
}

/// What a call of f(batch, into) adds to: a gradient alone, or one with the loss that f gives.
template <class G, class Result>
struct filled_types {
    static constexpr bool with_loss = std::convertible_to<Result, double>;
    using value = std::conditional_t<with_loss, loss_and_gradient<G>, G>;
    using sum = gradient_wide<value>;
};

template <class G>
void make_zero_again(G& g, const auto& make_zero) {
    if constexpr (gradient_kind_v<G> == gradient_kind::accumulating) {
        g = make_zero();
    } else {
        clear(g);
    }
}

/// Of f(batch, into), which adds to a gradient that make_zero() gave.
template <class G, class F, class Batches, class MakeZero>
[[nodiscard]] auto fuse_filled(const Batches& batches, const MakeZero& make_zero, const F& f, const fold_request& request, fused_result what,
                               gradient_report* report) {
    using types = filled_types<G, batch_result_t<F, element_t<Batches>, G&>>;
    using sum = typename types::sum;
    gradient_fold<sum> fold(request, true);
    const auto fill_batches = [&](G& into, std::size_t begin, std::size_t end) {
        double loss = 0;
        for (std::size_t i = begin; i < end; ++i) {
            if constexpr (types::with_loss) {
                const double one = call_on_batch<double>(request.op, f, batches, i, into);
                loss = i == begin ? one : loss + one;
            } else {
                call_on_batch<void>(request.op, f, batches, i, into);
            }
        }
        return loss;
    };
    // The shapes of zero, from whoever comes first: places are used again, and f may give what it is handed another shape.
    outline zero;
    std::once_flag zero_is_known;
    const auto is_reshaped = [&](const G& g) {
        if constexpr (gradient_kind_v<G> == gradient_kind::accumulating) {
            return false;  // made anew each time
        } else {
            return outline_of(g) != zero;
        }
    };
    // Adds batches [begin, end) to `into`, which `place` holds; gives their loss.
    const auto fill = [&](auto& place, G& into, std::size_t begin, std::size_t end) {
        if constexpr (gradient_kind_v<G> != gradient_kind::accumulating) {
            std::call_once(zero_is_known, [&] { zero = outline_of(into); });
        }
        try {
            return fill_batches(into, begin, end);
        } catch (...) {
            place.reset();
            throw;
        }
    };
    const auto zeroed = [&](std::optional<G>& place) -> G& {
        if (place) {
            make_zero_again(*place, make_zero);
        } else {
            place.emplace(make_zero());
        }
        return *place;
    };
    scratch<std::optional<G>> narrow([] { return std::optional<G>(); });  // where f writes floats
    const auto leaf = [&](std::size_t begin, std::size_t end) {
        auto fresh = fold.open(begin);
        std::optional<sum>& slot = fold.slot_of(fresh);
        if constexpr (std::same_as<sum, G>) {
            G& into = zeroed(slot);
            fill(slot, into, begin, end);
            fresh.reshaped = is_reshaped(into);
        } else if constexpr (std::same_as<sum, loss_and_gradient<G>>) {
            if (slot) {
                make_zero_again(slot->gradient, make_zero);
            } else {
                slot.emplace(0.0, make_zero());
            }
            slot->loss = fill(slot, slot->gradient, begin, end);
            fresh.reshaped = is_reshaped(slot->gradient);
        } else {
            const auto place = narrow.borrow();
            G& into = zeroed(*place);
            const double loss = fill(*place, into, begin, end);
            if (!slot) {
                slot.emplace();
            }
            if constexpr (types::with_loss) {
                assign(slot->gradient, into);
                slot->loss = loss;
            } else {
                assign(*slot, into);
            }
            if (is_reshaped(into)) [[unlikely]] {
                place->reset();
            }
        }
        return fold.filled(std::move(fresh), end - begin, begin);
    };
    return run_fused<typename types::value>(fold, leaf, request, what, report);
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_GRADIENT_DETAIL_FUSED_GRADIENT_HPP
