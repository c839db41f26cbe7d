// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_COMPUTE_GRADIENTS_HPP
#define XRAYON_ML_GRADIENT_COMPUTE_GRADIENTS_HPP

#include <cstddef>
#include <optional>

#include <xrayon/core/concepts.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/gradient/detail/call_on_batch.hpp>
#include <xrayon/ml/gradient/gradient.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

/// A function that many threads may call at once: `f(batch)`, or `f(X, y)` where batches are pairs or tuples, is const, free of races and
/// gives a gradient.
template <class F, class Batch>
concept gradient_function = requires { typename batch_result_t<F, Batch>; } && storable<batch_result_t<F, Batch>>
                            && gradient<stored_t<batch_result_t<F, Batch>>>;

struct compute_gradients_options {
    std::optional<std::size_t> grain = {};  ///< Batches per claim, >= 1. Unset: found while running, from what batches cost.
    run_options run = {};                   ///< Stop token, deadline, label, error policy, report.
};

/// @brief The gradients of independent batches, in parallel and in order.
///
/// @param batches  `n` batches, or pairs or tuples of what belongs together (zip_batches); only read, alive until the call returns.
/// @param f        Called exactly once per batch, from several threads (see gradient_function): `f(batch)`, else `f(X, y)`.
/// @returns        `n` gradients; element `i` is that of batch `i`, the same bits at every thread count. None for no batches.
/// @throws shape_error     `compute_gradients: batch 4: X has 10 rows, y has 9`, where f takes pairs apart and both know their rows: before
///                         any call if batches are views or kept, else when their turn comes.
/// @throws argument_error  if `options.grain` is 0.
/// @throws ...             what the lowest-index failing batch threw, unchanged; options.run.report says which.
///
/// **Cost.** n calls of f and all n gradients in memory. Where only their mean or sum is wanted, mean_gradient and sum_gradient keep a few.
///
/// **Example.**
/// @code
/// auto g = ml::compute_gradients(ml::zip_batches(batches(X, 256), batches(y, 256)), [&](const auto& x, const auto& t) { return net.gradient(x, t); });
/// auto mean = ml::aggregate_gradients(g, ml::aggregate::mean);
/// @endcode
/// @see aggregate_gradients, mean_gradient
template <indexed_range Batches, gradient_function<element_t<Batches>> F>
[[nodiscard]] auto compute_gradients(const Batches& batches, const F& f, const compute_gradients_options& options = {}) {
    using value = stored_t<batch_result_t<F, element_t<Batches>>>;
    detail::check_all_rows<F>("compute_gradients", batches);
    return map_index(
        element_count(batches), [&](std::size_t i) { return detail::call_on_batch<value>("compute_gradients", f, batches, i); },
        {.grain = options.grain, .run = options.run, .name = "compute_gradients"});
}

} // namespace xrayon::ml

#endif // XRAYON_ML_GRADIENT_COMPUTE_GRADIENTS_HPP
