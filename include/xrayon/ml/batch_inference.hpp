// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_BATCH_INFERENCE_HPP
#define XRAYON_ML_BATCH_INFERENCE_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <type_traits>

#include <xrayon/array/assign.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

/// A model that many threads may call at once: `model(batch)` is const, free of races and gives one value that can be kept.
template <class Model, class Batch>
concept batch_predictor = std::regular_invocable<const Model&, Batch> && storable<std::invoke_result_t<const Model&, Batch>>;

/// A model that fills a given slot, `model(batch, slot)`, or whose result is copied into it.
template <class Model, class Batch, class Slot>
concept batch_predictor_into = std::invocable<const Model&, Batch, Slot>
                               || (std::regular_invocable<const Model&, Batch> && array_assignable<Slot, std::invoke_result_t<const Model&, Batch>>);

struct batch_inference_options {
    std::optional<std::size_t> grain = {};  ///< Batches per claim, >= 1. Unset: found while running, from what batches cost.
    run_options run = {};                   ///< Stop token, deadline, label, error policy, report.
};

/// @brief Runs a model over independent batches in parallel and keeps their order.
///
/// @param batches  `n` batches, each of any shape the model takes; only read, alive until the call returns.
/// @param model    Called exactly once per batch, from several threads (see batch_predictor).
/// @returns        `n` values; element `i` is `model(batches[i])`, the same bits at every thread count.
/// @throws argument_error  if `options.grain` is 0.
/// @throws cancelled       if options.run asks for it.
/// @throws ...             what the lowest-index failing batch threw, unchanged; options.run.report says which.
///
/// A lazy result (an xtensor expression or view) is evaluated inside its task, so it may refer to the batch.
/// **Cost.** n calls of the model, one allocation of n results, each built in place; no locks. Span: the dearest batch.
///
/// **Example.**
/// @code
/// auto y = xrayon::ml::batch_inference(batches, [&](const matrix& x) { return net.forward(x); });
/// @endcode
/// Runs as examples/010_batch_inference.cpp.
template <indexed_range Batches, batch_predictor<element_t<Batches>> Model>
[[nodiscard]] auto batch_inference(const Batches& batches, const Model& model, const batch_inference_options& options = {}) {
    using value = stored_t<std::invoke_result_t<const Model&, element_t<Batches>>>;
    // Stored in the expression that made the batch: a lazy result may refer to a batch that is itself a temporary.
    return map_index(
        element_count(batches), [&](std::size_t i) { return value(std::invoke(model, element(batches, i))); },
        {.grain = options.grain, .run = options.run, .name = "batch_inference"});
}

/// @brief As batch_inference, into memory that exists: batch `i`'s result goes to `slots[i]`, and nothing is allocated.
///
/// @param slots    `n` places to write, each its own: `rows(Y)` for one row per batch, or `batches(Y, 256)` beside
///                 `batches(X, 256)` for one row per row. Slots must not overlap each other or the batches.
/// @param model    `model(batch, slot)` writes into the slot; or `model(batch)`, whose result must have the slot's shape.
/// @throws shape_error     if there are not as many slots as batches, before anything runs; from the lowest batch whose result
///                         has another shape than its slot: nothing is ever broadcast.
/// @throws argument_error, cancelled, ...  as batch_inference. Slots of batches that finished have then been written,
///                         the others may have been in part; options.run.report lists the finished ones.
/// Same at every thread count: every bit of every slot.
template <indexed_range Batches, indexed_range Slots, class Model>
    requires batch_predictor_into<Model, element_t<Batches>, element_t<Slots>>
void batch_inference_into(const Batches& batches, const Model& model, const Slots& slots, const batch_inference_options& options = {}) {
    const std::size_t n = element_count(batches);
    check_shapes(element_count(slots) == n, "batch_inference_into", "slots", std::array{element_count(slots)}, "batches", std::array{n});
    const auto item = [&](std::size_t i) {
        if constexpr (std::invocable<const Model&, element_t<Batches>, element_t<Slots>>) {
            std::invoke(model, element(batches, i), element(slots, i));
        } else {
            assign_array("batch_inference_into", element(slots, i), std::invoke(model, element(batches, i)));
        }
    };
    for_each_index(n, item, {.grain = options.grain, .run = options.run, .name = "batch_inference_into"});
}

} // namespace xrayon::ml

#endif // XRAYON_ML_BATCH_INFERENCE_HPP
