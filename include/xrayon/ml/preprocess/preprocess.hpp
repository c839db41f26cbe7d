// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_PREPROCESS_HPP
#define XRAYON_ML_PREPROCESS_PREPROCESS_HPP

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/batch_inference.hpp>
#include <xrayon/ml/detail/slot_scratch.hpp>
#include <xrayon/ml/preprocess/detail/chunk_memory.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

/// A function that many threads may call at once: `f(chunk)` is const, free of races and gives one value that can be kept.
template <class F, class Chunk>
concept chunk_function = std::regular_invocable<const F&, Chunk> && storable<std::invoke_result_t<const F&, Chunk>>;

/// A list of chunks that can be written to: its elements are mutable views, or references to what is not const.
template <class Chunks>
concept chunk_list = indexed_range<decltype(detail::writable_chunks(std::declval<std::remove_reference_t<Chunks>&>()))>;

namespace detail {

template <class Chunks>
using writable_chunk_t = element_t<std::remove_cvref_t<decltype(writable_chunks(std::declval<std::remove_reference_t<Chunks>&>()))>>;

} // namespace detail

/// A function that writes to the chunk it is given. What it returns is dropped.
template <class F, class Chunk>
concept chunk_writer = std::invocable<const F&, Chunk>;

struct preprocess_options {
    std::optional<std::size_t> grain = {};  ///< Chunks per claim, >= 1. Unset: found while running, from what chunks cost.
    run_options run = {};                   ///< Stop token, deadline, label, error policy, report.
};

struct preprocess_in_place_options {
    std::optional<std::size_t> grain = {};  ///< As in preprocess_options.
    run_options run = {};                   ///< Likewise.
    /// All chunks are written, by the caller at the end, or none is: functions work on copies until then.
    bool transactional = false;
};

/// @brief Calls a function of each chunk of a data set, in parallel, and keeps the results in the order of the chunks.
///
/// A chunk is worked on by itself. What is computed inside of `f` (a mean, say) is of *that chunk*: standardize_chunk is such a function. Statistics
/// of *all* chunks are fitted first, by standard_scaler and its kin, and then applied to each; the two are not the same.
///
/// @param chunks  `n` chunks of any kind: `batches(X, 1000)`, a vector of matrices. Only read, alive until the call returns.
/// @param f       Called exactly once per chunk, from several threads (see chunk_function).
/// @returns       `n` values; element `i` is `f(chunks[i])`, the same bits at every thread count.
/// @throws argument_error  if `options.grain` is 0.
/// @throws cancelled       if options.run asks for it.
/// @throws ...             what the lowest-index failing chunk threw, unchanged; options.run.report says which.
///
/// A lazy result (an xtensor expression) is evaluated inside its task. Fresh large results cost page faults, three times the time of the
/// work itself for something as cheap as scaling: let `f` take its memory from an exec/recycling_resource.hpp where calls repeat, or work in place.
/// **Cost.** n calls, one allocation of n results beside what `f` allocates. Span: the dearest chunk.
///
/// @code
/// auto z = xrayon::ml::preprocess(xrayon::batches(X, 1000), [](const auto& chunk) { return xrayon::ml::standardize_chunk(chunk); });
/// @endcode
/// Runs as examples/040_preprocessing.cpp. @see preprocess_in_place, standard_scaler
template <indexed_range Chunks, chunk_function<element_t<Chunks>> F>
[[nodiscard]] auto preprocess(const Chunks& chunks, const F& f, const preprocess_options& options = {}) {
    using value = stored_t<std::invoke_result_t<const F&, element_t<Chunks>>>;
    const std::size_t n = element_count(chunks);
    auto out = map_index(
        n, [&](std::size_t i) { return value(std::invoke(f, element(chunks, i))); }, {.grain = options.grain, .run = options.run, .name = "preprocess"});
    detail::check_still(chunks, n, "preprocess", "chunks");
    return out;
}

/// @brief As preprocess, where `f(chunk)` writes to its chunk and nothing is returned.
///
/// @param chunks  Mutable views (`batches(X, 1000)` of an X that is not const), or containers in a vector, array or span that is not const.
/// @param f       Called exactly once per chunk, from several threads; the chunk is its own while the call lasts.
/// @throws argument_error  "preprocess_in_place: chunks 2 and 5 overlap", before anything runs, for the first chunk that shares memory
///                         with one before it: two threads would write to the same place. If `options.grain` is 0.
/// @throws cancelled, ...  as preprocess. Chunks that finished have then been written, others may have been in part;
///                         options.run.report->completed lists the finished ones.
///
/// **All or nothing.** With `transactional`, chunks are written when the last call has ended well; if one throws, not one bit of them has changed.
/// It costs a copy of all chunks, and the caller's time to write them.
/// **Cost.** n calls. Looking for overlaps: n log n, and for each pair of chunks whose memory interleaves (blocks of columns do) up to their rows.
///
/// @code
/// xrayon::ml::preprocess_in_place(xrayon::batches(X, 1000), [](auto chunk) { xrayon::ml::standardize_chunk_in_place(chunk); });
/// @endcode
template <chunk_list Chunks, chunk_writer<detail::writable_chunk_t<Chunks>> F>
void preprocess_in_place(Chunks&& chunks, const F& f, const preprocess_in_place_options& options = {}) {
    decltype(auto) writable = detail::writable_chunks(chunks);
    using chunk = detail::writable_chunk_t<Chunks>;
    using scratch = detail::slot_scratch<chunk>;
    const std::size_t n = element_count(writable);
    const loop_options loop{.grain = options.grain, .run = options.run, .name = "preprocess_in_place"};
    detail::check_chunks_apart("preprocess_in_place", writable);
    if (!options.transactional) {
        for_each_index(n, [&](std::size_t i) { std::invoke(f, element(writable, i)); }, loop);
        detail::check_still(writable, n, "preprocess_in_place", "chunks");
        return;
    }
    check(scratch::possible, "preprocess_in_place: with transactional, chunks must be views or references of what can be copied");
    if constexpr (scratch::possible) {
        scratch copies(writable, n);
        for_each_index(n, [&](std::size_t i) { std::invoke(f, copies.fresh(i, element(writable, i))); }, loop);
        detail::check_still(writable, n, "preprocess_in_place", "chunks");
        for (std::size_t i = 0; i < n; ++i) {
            copies.commit(i, element(writable, i));
        }
    }
}

} // namespace xrayon::ml

#endif // XRAYON_ML_PREPROCESS_PREPROCESS_HPP
