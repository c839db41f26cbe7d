// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_MEAN_GRADIENT_HPP
#define XRAYON_ML_GRADIENT_MEAN_GRADIENT_HPP

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/gradient/batch_rows.hpp>
#include <xrayon/ml/gradient/compute_gradients.hpp>
#include <xrayon/ml/gradient/detail/fused_gradient.hpp>
#include <xrayon/ml/gradient/detail/gradient_weights.hpp>
#include <xrayon/ml/gradient/gradient.hpp>

namespace xrayon::ml {

/// A function that adds the gradient of a batch to what it is handed, from several threads at once: `f(batch, into)`, or `f(X, y, into)`. It
/// gives nothing, or the loss.
template <class F, class Batch, class G>
concept gradient_accumulator = requires { typename batch_result_t<F, Batch, G&>; }
                               && (std::is_void_v<batch_result_t<F, Batch, G&>> || std::floating_point<std::remove_cvref_t<batch_result_t<F, Batch, G&>>>);

/// `make_zero()` gives a gradient that is 0 everywhere and has its final shapes; called as const, from several threads at once.
template <class MakeZero>
concept zero_maker = std::invocable<const MakeZero&> && gradient<std::invoke_result_t<const MakeZero&>>
                     && std::same_as<gradient_value_t<std::invoke_result_t<const MakeZero&>>, std::remove_cvref_t<std::invoke_result_t<const MakeZero&>>>;

struct mean_gradient_options {
    std::vector<double> weights = {};  ///< One for each batch, finite, >= 0, not all 0: a weighted mean (batch_rows). None: all alike.
    nan_gradient nan = nan_gradient::propagate;
    /// Batches that are added into one gradient before gradients are added, where f adds; >= 1. It enters the bits, as the order of
    /// summation does. More than 1 goes with neither weights nor a look at NaN.
    std::size_t leaf_size = 1;
    gradient_report* report = nullptr;      ///< Where to say which batches were used; must outlive the call.
    std::optional<std::size_t> grain = {};  ///< Leaves per claim, >= 1. Unset: found while running, from what batches cost.
    run_options run = {};                   ///< Stop token, deadline, label, error policy, report.
};

struct sum_gradient_options {
    nan_gradient nan = nan_gradient::propagate;  ///< As in mean_gradient_options, as the others.
    std::size_t leaf_size = 1;
    gradient_report* report = nullptr;
    std::optional<std::size_t> grain = {};
    run_options run = {};
};

namespace detail {

/// Checks what was asked and hands `run` the request; weights live as long as that.
template <class Options, class Run>
auto with_request(std::string_view op, std::size_t n, const Options& options, bool adds, const Run& run) {
    check_some(op, n, "batches");
    check(options.leaf_size >= 1, std::string(op) + ": options.leaf_size must be >= 1", options.leaf_size);
    check(adds || options.leaf_size == 1, std::string(op) + ": options.leaf_size must be 1 where f gives a gradient", options.leaf_size);
    check(options.nan == nan_gradient::propagate || options.leaf_size == 1,
          std::string(op) + ": options.leaf_size must be 1 where batches are searched for NaN", options.leaf_size);
    fold_request request{.op = op, .n = n, .leaf_size = options.leaf_size, .nan = options.nan,
                         .loop = {.grain = options.grain, .run = options.run, .name = op}};
    scaled_weights weights;
    if constexpr (requires { options.weights; }) {
        if (!options.weights.empty()) {
            check(options.leaf_size == 1, std::string(op) + ": options.leaf_size must be 1 where batches have weights", options.leaf_size);
            weights = checked_weights(op, options.weights, n, "batch", "batches");
            request.weights = &weights;
        }
    }
    return run(request);
}

} // namespace detail

/// @brief The mean of the gradients of many batches, without keeping them: each is added, along the canonical tree, as soon as it is there.
///
/// @param batches  `n` >= 1 batches, as for compute_gradients.
/// @param f        As for compute_gradients: `f(batch)` or `f(X, y)` gives the gradient, or a loss_and_gradient.
/// @returns        The mean, in the gradient's own type (gradient_value_t): the very bits of
///                 `aggregate_gradients(compute_gradients(batches, f), aggregate::mean)`, at every thread count and grain.
/// @throws argument_error  `mean_gradient: 0 batches`; `3 weights for 4 batches`, `weight 2 is NaN`, `weights sum to 0`; before any call of f.
///                         By nan_gradient: `batch 3 parameter 2 element 17 is NaN`, as if that batch had thrown it; or all were skipped.
/// @throws shape_error     `mean_gradient: batch 3 parameter 2 has shape (4, 5), batch 0 has (5, 4)`: the lowest batch that differs from the
///                         first one, when all have been computed; `batch 4: X has 10 rows, y has 9`.
/// @throws ...             what the lowest failing batch threw, unchanged.
///
/// **Precision.** Floats are summed in double and rounded once, at the end.
///
/// **Cost.** n calls of f, n - 1 additions, one division. At most threads x (2 + log2 n) gradients are alive, however many batches there are.
///
/// **Example.**
/// @code
/// auto g = ml::mean_gradient(ml::zip_batches(X_batches, y_batches), gradient_of, {.weights = ml::batch_rows(X_batches)});
/// @endcode
/// @see sum_gradient, data_parallel_step
template <indexed_range Batches, gradient_function<element_t<Batches>> F>
    requires mean_gradient_type<stored_t<batch_result_t<F, element_t<Batches>>>>
[[nodiscard]] auto mean_gradient(const Batches& batches, const F& f, const mean_gradient_options& options = {}) {
    return detail::with_request("mean_gradient", element_count(batches), options, false, [&](const detail::fold_request& request) {
        detail::check_all_rows<F>(request.op, batches);
        return detail::fuse_given(batches, f, request, detail::fused_result::mean, options.report);
    });
}

/// @brief As above, with gradients that are never made afresh: `f(batch, into)` adds to what it is handed.
///
/// @param make_zero  `make_zero()` gives a zero gradient; called for at most threads x (2 + log2 n) of them, which are set to zero and used again.
/// @param f          `f(batch, into)` or `f(X, y, into)` adds the gradient of the batch to `into`, and gives nothing or the loss (then the
///                   result is a loss_and_gradient).
/// @returns          As above, of gradients that begin at 0: a zero may have another sign than there.
///
/// **Leaves.** With `options.leaf_size` L > 1, f adds L batches in a row to one gradient: fewer additions of whole gradients, other bits (the
/// order of summation is another), and n / L tasks at most.
template <indexed_range Batches, zero_maker MakeZero, class F, class G = std::remove_cvref_t<std::invoke_result_t<const MakeZero&>>>
    requires mean_gradient_type<G> && gradient_accumulator<F, element_t<Batches>, G>
[[nodiscard]] auto mean_gradient(const Batches& batches, const MakeZero& make_zero, const F& f, const mean_gradient_options& options = {}) {
    return detail::with_request("mean_gradient", element_count(batches), options, true, [&](const detail::fold_request& request) {
        detail::check_all_rows<F, G&>(request.op, batches);
        return detail::fuse_filled<G>(batches, make_zero, f, request, detail::fused_result::mean, options.report);
    });
}

/// @brief The sum of the gradients of many batches: mean_gradient without the division, in all else the same.
template <indexed_range Batches, gradient_function<element_t<Batches>> F>
[[nodiscard]] auto sum_gradient(const Batches& batches, const F& f, const sum_gradient_options& options = {}) {
    return detail::with_request("sum_gradient", element_count(batches), options, false, [&](const detail::fold_request& request) {
        detail::check_all_rows<F>(request.op, batches);
        return detail::fuse_given(batches, f, request, detail::fused_result::sum, options.report);
    });
}
template <indexed_range Batches, zero_maker MakeZero, class F, class G = std::remove_cvref_t<std::invoke_result_t<const MakeZero&>>>
    requires gradient_accumulator<F, element_t<Batches>, G>
[[nodiscard]] auto sum_gradient(const Batches& batches, const MakeZero& make_zero, const F& f, const sum_gradient_options& options = {}) {
    return detail::with_request("sum_gradient", element_count(batches), options, true, [&](const detail::fold_request& request) {
        detail::check_all_rows<F, G&>(request.op, batches);
        return detail::fuse_filled<G>(batches, make_zero, f, request, detail::fused_result::sum, options.report);
    });
}

} // namespace xrayon::ml

#endif // XRAYON_ML_GRADIENT_MEAN_GRADIENT_HPP
