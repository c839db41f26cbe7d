// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_AGGREGATE_GRADIENTS_HPP
#define XRAYON_ML_GRADIENT_AGGREGATE_GRADIENTS_HPP

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/canonical_tree.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/gradient/aggregate.hpp>
#include <xrayon/ml/gradient/batch_rows.hpp>
#include <xrayon/ml/gradient/detail/element_jobs.hpp>
#include <xrayon/ml/gradient/detail/fused_gradient.hpp>
#include <xrayon/ml/gradient/gradient.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

struct aggregate_gradients_options {
    nan_gradient nan = nan_gradient::propagate;
    gradient_report* report = nullptr;      ///< Where to say which gradients were used; must outlive the call.
    std::optional<std::size_t> grain = {};  ///< Blocks of elements (gradients, of those that add themselves) per claim, >= 1.
    run_options run = {};                   ///< Stop token, deadline, label, error policy, report; its items are those that grain counts.
};

namespace detail {

inline constexpr std::string_view aggregating = "aggregate_gradients";

/// The gradients, in memory: those that a range computes when asked are kept.
template <class Gradients>
class gradients_at_hand {
public:
    using type = std::remove_cvref_t<element_t<Gradients>>;

    explicit gradients_at_hand(const Gradients& range) {
        const std::size_t n = element_count(range);
        pointers_.reserve(n);
        if constexpr (!std::is_lvalue_reference_v<element_t<Gradients>>) {
            kept_.reserve(n);
        }
        for (std::size_t i = 0; i < n; ++i) {
            if constexpr (std::is_lvalue_reference_v<element_t<Gradients>>) {
                pointers_.push_back(&element(range, i));
            } else {
                kept_.push_back(element(range, i));
                pointers_.push_back(&kept_.back());
            }
        }
    }
    [[nodiscard]] const std::vector<const type*>& pointers() const noexcept { return pointers_; }

    /// Does about NaN what was asked; gives the gradients that are left out.
    [[nodiscard]] std::vector<std::size_t> look_at_nan(nan_gradient what) {
        std::vector<std::size_t> skipped;
        if (what == nan_gradient::propagate) {
            return skipped;
        }
        const auto found = map_index(pointers_.size(), [&](std::size_t i) { return find_nan(*pointers_[i]); }, {.name = aggregating});
        for (std::size_t i = 0; i < found.size(); ++i) {
            if (found[i] && what == nan_gradient::raise) {
                fail_nan(aggregating, i, *found[i]);
            }
            if (found[i]) {
                skipped.push_back(i);
                pointers_[i] = nullptr;
            }
        }
        if (skipped.size() == found.size()) {
            throw argument_error(std::string(aggregating) + ": all " + count_text(found.size(), "gradient", "gradients") + " hold NaN and were skipped");
        }
        return skipped;
    }

    /// The first that is used; all others must have its outline.
    [[nodiscard]] const type& reference() const {
        const type* first = nullptr;
        for (std::size_t i = 0, first_at = 0; i < pointers_.size(); ++i) {
            if (pointers_[i] == nullptr) {
                continue;
            }
            if (first == nullptr) {
                first = pointers_[i];
                first_at = i;
            } else if (!same_outline(*first, *pointers_[i])) {
                fail_outline(aggregating, "batch " + to_text(i), outline_of(*pointers_[i]), "batch " + to_text(first_at), outline_of(*first));
            }
        }
        return *first;
    }

    void drop_holes() { std::erase(pointers_, nullptr); }

private:
    std::vector<type> kept_;
    std::vector<const type*> pointers_;
};

/// Whether aggregates can go element by element.
template <class G>
inline constexpr bool looked_into = elementwise<G>;
template <class G>
inline constexpr bool looked_into<loss_and_gradient<G>> = elementwise<G>;

/// Weights of those that are left, added along the tree as their gradients are.
template <class Pointers>
[[nodiscard]] double weight_of(const Pointers& pointers, const scaled_weights* weights) {
    const auto leaf = [&](std::size_t i) {
        return pointers[i] == nullptr ? 0.0 : weights == nullptr ? 1.0 : weights->values[i];
    };
    return canonical_fold(0, pointers.size(), leaf, [](double a, double b) { return a + b; });
}

template <class Gradients, class Kernel>
[[nodiscard]] auto aggregate_elements(gradients_at_hand<Gradients>& gradients, const Kernel& kernel, const double* weights,
                                      const aggregate_gradients_options& options) {
    gradient_value<typename gradients_at_hand<Gradients>::type> out = {};
    shape_like(out, gradients.reference());
    element_jobs<Kernel> jobs(kernel, weights);
    jobs.add(out, gradients.pointers());
    jobs.run({.grain = options.grain, .run = options.run, .name = aggregating});
    return out;
}

template <class Gradients>
[[nodiscard]] auto aggregate_sum(const Gradients& range, const scaled_weights* weights, fused_result what, const aggregate_gradients_options& options) {
    using type = std::remove_cvref_t<element_t<Gradients>>;
    if constexpr (looked_into<type>) {
        gradients_at_hand<Gradients> gradients(range);
        std::vector<std::size_t> skipped = gradients.look_at_nan(options.nan);
        const double weight = weight_of(gradients.pointers(), weights);
        static_cast<void>(gradients.reference());
        if (weight == 0) {
            fail_weight_sum(aggregating);
        }
        const sum_kernel kernel{weight, what == fused_result::mean};
        auto out = aggregate_elements(gradients, kernel, weights == nullptr ? nullptr : weights->values.data(), options);
        if (options.report != nullptr) {
            *options.report = {element_count(range) - skipped.size(), weights == nullptr ? weight : std::ldexp(weight, weights->exponent),
                               std::move(skipped)};
        }
        return out;
    } else {
        const fold_request request{.op = aggregating, .n = element_count(range), .nan = options.nan, .weights = weights,
                                   .loop = {.grain = options.grain, .run = options.run, .name = aggregating}};
        return fuse_given(range, [](const type& g) -> const type& { return g; }, request, what, options.report);
    }
}

/// Median and trimmed mean: of those that are left, in any order. `make_kernel(n)` checks what it has to.
template <class Gradients, class MakeKernel>
[[nodiscard]] auto aggregate_order(const Gradients& range, const MakeKernel& make_kernel, const aggregate_gradients_options& options) {
    gradients_at_hand<Gradients> gradients(range);
    std::vector<std::size_t> skipped = gradients.look_at_nan(options.nan);
    static_cast<void>(gradients.reference());
    gradients.drop_holes();
    const std::size_t used = gradients.pointers().size();
    auto out = aggregate_elements(gradients, make_kernel(used), nullptr, options);
    if (options.report != nullptr) {
        *options.report = {used, static_cast<double>(used), std::move(skipped)};
    }
    return out;
}

} // namespace detail

/// @brief Makes one gradient of many.
///
/// @param gradients  `n` >= 1 gradients of the same outline (gradient.hpp): what compute_gradients gave, or any indexed_range of them, such as
///                   the rows of a matrix. Only read.
/// `how` is           aggregate::mean, sum, weighted_mean{weights}, median or trimmed_mean{trim}.
/// @returns          The aggregate, in the gradients' own type (gradient_value_t); the same bits at every thread count and grain. Sums and
///                   means go along the canonical tree over gradients.
/// @throws argument_error  `aggregate_gradients: 0 gradients`; `3 weights for 4 gradients`, `weight 2 is NaN`, `weights sum to 0`;
///                         `trim 5 of 10 leaves nothing`; by nan_gradient `batch 3 parameter 2 element 17 is NaN` or that all were skipped.
/// @throws shape_error     `batch 3 has 5 parameters, batch 0 has 4`; `batch 3 parameter 2 has shape (4, 5), batch 0 has (5, 4)`. Nothing is
///                         broadcast: (n, 1) and (n,) differ.
///
/// **Precision.** Floats are summed in double and rounded once, at the end: a mean of floats does not overflow.
///
/// **Cost.** Blocks of elements are shared among threads; each gradient is read once. Gradients that add themselves (a member `accumulate`)
/// are copied and folded instead; for them, and for a loss_and_gradient, there is no median.
///
/// @see compute_gradients, mean_gradient (which keeps no gradients)
template <indexed_range Gradients>
    requires mean_gradient_type<element_t<Gradients>>
[[nodiscard]] auto aggregate_gradients(const Gradients& gradients, aggregate::mean_of_gradients, const aggregate_gradients_options& options = {}) {
    detail::check_some(detail::aggregating, element_count(gradients), "gradients");
    return detail::aggregate_sum(gradients, nullptr, detail::fused_result::mean, options);
}
template <indexed_range Gradients>
    requires gradient<element_t<Gradients>>
[[nodiscard]] auto aggregate_gradients(const Gradients& gradients, aggregate::sum_of_gradients, const aggregate_gradients_options& options = {}) {
    detail::check_some(detail::aggregating, element_count(gradients), "gradients");
    return detail::aggregate_sum(gradients, nullptr, detail::fused_result::sum, options);
}
template <indexed_range Gradients>
    requires mean_gradient_type<element_t<Gradients>>
[[nodiscard]] auto aggregate_gradients(const Gradients& gradients, const aggregate::weighted_mean& how, const aggregate_gradients_options& options = {}) {
    detail::check_some(detail::aggregating, element_count(gradients), "gradients");
    const detail::scaled_weights weights = detail::checked_weights(detail::aggregating, how.weights, element_count(gradients), "gradient", "gradients");
    return detail::aggregate_sum(gradients, &weights, detail::fused_result::mean, options);
}
template <indexed_range Gradients>
    requires elementwise_gradient<element_t<Gradients>>
[[nodiscard]] auto aggregate_gradients(const Gradients& gradients, aggregate::median_of_gradients, const aggregate_gradients_options& options = {}) {
    detail::check_some(detail::aggregating, element_count(gradients), "gradients");
    return detail::aggregate_order(gradients, [](std::size_t) { return detail::median_kernel(); }, options);
}
template <indexed_range Gradients>
    requires elementwise_gradient<element_t<Gradients>>
[[nodiscard]] auto aggregate_gradients(const Gradients& gradients, aggregate::trimmed_mean how, const aggregate_gradients_options& options = {}) {
    detail::check_some(detail::aggregating, element_count(gradients), "gradients");
    const auto checked = [&](std::size_t n) {
        if (how.trim >= n - n / 2) [[unlikely]] {
            throw argument_error(std::string(detail::aggregating) + ": trim " + to_text(how.trim) + " of " + to_text(n) + " leaves nothing",
                                 to_text(how.trim));
        }
        return detail::trimmed_mean_kernel{how.trim};
    };
    static_cast<void>(checked(element_count(gradients)));
    return detail::aggregate_order(gradients, checked, options);
}

} // namespace xrayon::ml

#endif // XRAYON_ML_GRADIENT_AGGREGATE_GRADIENTS_HPP
