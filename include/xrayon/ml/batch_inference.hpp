// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_BATCH_INFERENCE_HPP
#define XRAYON_ML_BATCH_INFERENCE_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <xrayon/array/aliasing.hpp>
#include <xrayon/array/assign.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/detail/slot_scratch.hpp>
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

struct batch_inference_into_options {
    std::optional<std::size_t> grain = {};  ///< As in batch_inference_options.
    run_options run = {};                   ///< Likewise.
    xrayon::aliasing aliasing = xrayon::aliasing::none;  ///< What the slots may have to do with the batches.
    /// All slots are written, by the caller at the end, or none is: results are kept in one scratch copy of the slots until then.
    bool transactional = false;
};

namespace detail {

/// A range that shrinks or grows while it is read is a race, and mostly undefined. Where its size can still be asked, it is.
template <class Range>
void check_still(const Range& range, std::size_t n, std::string_view op, std::string_view name) {
    if (const std::size_t now = element_count(range); now != n) [[unlikely]] {
        check(false, std::string(op) + ": the number of " + std::string(name) + " must stay " + to_text(n) + " while the call runs", now);
    }
}

/// Slots must lie apart from each other, and from the batches unless `aliasing` allows for it.
template <class Batches, class Slots>
void check_aliasing(const Batches& batches, const Slots& slots, aliasing allowed) {
    check(elements_lie_apart(slots), "batch_inference_into: slots must not overlap each other");
    if (const auto bytes = shared_bytes(slots, batches)) [[unlikely]] {
        const std::string where = "bytes " + to_text(bytes->begin) + " to " + to_text(bytes->end);
        if (allowed == aliasing::none) {
            throw argument_error("batch_inference_into: slots must not overlap batches without aliasing::same_slice, got overlap in " + where,
                                 where);
        }
        if (!same_slices(slots, batches)) {
            throw argument_error(
                "batch_inference_into: with aliasing::same_slice each slot must be its batch or lie apart from all, got overlap in " + where,
                where);
        }
    }
}

} // namespace detail

/// @brief Runs a model over independent batches in parallel and keeps their order.
///
/// @param batches  `n` batches, each of any shape the model takes; only read, alive until the call returns.
/// @param model    Called exactly once per batch, from several threads (see batch_predictor).
/// @returns        `n` values; element `i` is `model(batches[i])`, the same bits at every thread count.
/// @throws argument_error  if `options.grain` is 0.
/// @throws cancelled       if options.run asks for it.
/// @throws ...             what the lowest-index failing batch threw, unchanged; options.run.report says which.
///
/// A lazy result (an xtensor expression or view) is evaluated inside its task, so it may refer to the batch. A reference is kept as its
/// value. What only looks like a value (a std::string_view, a span, an array_view) is kept as it is: it may refer to what outlives the
/// call, and not to a local of the model or to a batch that the range makes when asked.
/// The range must not change while the call runs. A size that has changed is an argument_error at the end, where it can still be asked.
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
    const std::size_t n = element_count(batches);
    // Stored in the expression that made the batch: a lazy result may refer to a batch that is itself a temporary.
    auto out = map_index(
        n, [&](std::size_t i) { return value(std::invoke(model, element(batches, i))); },
        {.grain = options.grain, .run = options.run, .name = "batch_inference"});
    detail::check_still(batches, n, "batch_inference", "batches");
    return out;
}

/// @brief As batch_inference, into memory that exists: batch `i`'s result goes to `slots[i]`, and nothing is allocated.
///
/// @param slots    `n` places to write, each its own: `rows(Y)` for one row per batch, or `batches(Y, 256)` beside
///                 `batches(X, 256)` for one row per row. Slots must not overlap each other or the batches.
/// @param model    `model(batch, slot)` writes into the slot; or `model(batch)`, whose result must have the slot's shape.
/// @throws shape_error     if there are not as many slots as batches, before anything runs; from the lowest batch whose result
///                         has another shape than its slot: nothing is ever broadcast.
/// @throws argument_error  if slots overlap each other or the batches, where that can be seen (array/aliasing.hpp), before anything
///                         runs.
/// @throws argument_error, cancelled, ...  as batch_inference. Slots of batches that finished have then been written,
///                         the others may have been in part; options.run.report lists the finished ones.
/// Same at every thread count: every bit of every slot.
///
/// **In place.** With `aliasing::same_slice`, slot i may be the memory of batch i (both `batches(X, 256)`, say). A result is then made
/// whole before it is written, at one allocation per array; `model(batch, slot)` sees to that itself.
///
/// **All or nothing.** With `transactional`, slots are written when the last batch has ended well; if the call throws, not one bit of them
/// has changed (the report then lists batches that finished, but no slot is written). The model writes to a copy of its slot, so
/// batches and slots may overlap in any way. Slots must be views or references whose elements can be copied, and moved without throwing.
/// It costs memory for one copy of the slots, and the caller's time to write them.
template <indexed_range Batches, indexed_range Slots, class Model>
    requires batch_predictor_into<Model, element_t<Batches>, element_t<Slots>>
void batch_inference_into(const Batches& batches, const Model& model, const Slots& slots, const batch_inference_into_options& options = {}) {
    const std::size_t n = element_count(batches);
    check_shapes(element_count(slots) == n, "batch_inference_into", "slots", std::array{element_count(slots)}, "batches", std::array{n});
    using scratch = detail::slot_scratch<element_t<Slots>>;
    const loop_options loop{.grain = options.grain, .run = options.run, .name = "batch_inference_into"};
    const auto write = [&](std::size_t i, element_t<Slots> slot) {
        if constexpr (std::invocable<const Model&, element_t<Batches>, element_t<Slots>>) {
            std::invoke(model, element(batches, i), static_cast<element_t<Slots>>(slot));
        } else {
            assign_array("batch_inference_into", static_cast<element_t<Slots>>(slot), std::invoke(model, element(batches, i)));
        }
    };
    if (options.transactional) {
        check(scratch::possible, "batch_inference_into: with transactional, slots must be views or references of what can be copied");
        check(elements_lie_apart(slots), "batch_inference_into: slots must not overlap each other");
        if constexpr (scratch::possible) {
            scratch copies(slots, n);
            for_each_index(n, [&](std::size_t i) { write(i, copies.fresh(i, element(slots, i))); }, loop);
            detail::check_still(batches, n, "batch_inference_into", "batches");
            detail::check_still(slots, n, "batch_inference_into", "slots");
            for (std::size_t i = 0; i < n; ++i) {
                copies.commit(i, element(slots, i));
            }
        }
        return;
    }
    detail::check_aliasing(batches, slots, options.aliasing);
    const bool whole_first = options.aliasing == aliasing::same_slice && !std::invocable<const Model&, element_t<Batches>, element_t<Slots>>;
    const auto item = [&](std::size_t i) {
        if constexpr (scratch::possible && scratch::of_views) {
            if (whole_first) {
                const auto slot = element(slots, i);
                scratch copy(slot);
                write(i, copy.fresh(0, slot));
                copy.commit(0, slot);
                return;
            }
        }
        write(i, element(slots, i));
    };
    for_each_index(n, item, loop);
    detail::check_still(batches, n, "batch_inference_into", "batches");
    detail::check_still(slots, n, "batch_inference_into", "slots");
}

} // namespace xrayon::ml

#endif // XRAYON_ML_BATCH_INFERENCE_HPP
