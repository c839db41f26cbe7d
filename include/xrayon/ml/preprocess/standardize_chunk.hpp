// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_STANDARDIZE_CHUNK_HPP
#define XRAYON_ML_PREPROCESS_STANDARDIZE_CHUNK_HPP

#include <cstddef>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/preprocess/column_scaler.hpp>
#include <xrayon/ml/preprocess/detail/column_map.hpp>
#include <xrayon/ml/preprocess/detail/column_moments.hpp>
#include <xrayon/ml/preprocess/detail/matrix_access.hpp>
#include <xrayon/ml/preprocess/detail/pinned_floating_point.hpp>
#include <xrayon/ml/nan_policy.hpp>
#include <xrayon/ml/preprocess/recycled_matrix.hpp>
#include <xrayon/ml/preprocess/standard_scaler.hpp>

namespace xrayon::ml {

struct standardize_chunk_options {
    std::size_t ddof = 0;  ///< Deviations are divided by rows - ddof.
    nan_policy nan = nan_policy::propagate;
    bool allow_inf = false;  ///< Infinite cells are an argument_error unless this is set.
};

namespace detail {

/// x by its own means and deviations, to y, which may be x. Cells were looked at with the statistics, so they are not looked at again.
template <class T, class U>
void standardize_to(std::string_view op, const array_view<const T, 2>& x, const array_view<U, 2>& y, const standardize_chunk_options& options) {
    check(x.shape(0) > options.ddof, std::string(op) + ": the number of rows must be > options.ddof (" + to_text(options.ddof) + ")", x.shape(0));
    const pinned_floating_point pinned;
    const matrix_source source(x);
    const std::vector<column_moment> moments = column_moments(source, nullptr, {op, options.nan, options.allow_inf}, {});
    column_map map(x.shape(1));
    for (std::size_t j = 0; j < map.columns; ++j) {
        map.set(j, towards(moments[j].mean, deviation_of(moments[j], moments[j].weight - static_cast<double>(options.ddof)), 1, 0));
    }
    map_columns(map, source, matrix_target(y), {op, nan_policy::propagate, true}, {}, row_order::descending);
}

} // namespace detail

/// @brief One chunk by its *own* column means and standard deviations: (x - mean) / deviation, "z-scores".
///
/// Each chunk's columns come out with mean 0 and deviation 1, so differences *between* chunks are gone. Where all chunks are to go by the same
/// numbers, as a model's input must, fit a standard_scaler to all of them instead. The two are not the same transformation.
///
/// Statistics, constant columns, NaN, infinities and layouts as of standard_scaler; so are the bits of standard_scaler(...).fit_transform(chunk).
/// Made for preprocess and preprocess_in_place; large chunks are also shared between threads.
///
/// @param chunk   Rows by columns, >= 1 row.
/// `memory` is      Where the result's memory comes from; must outlive it. Without it: fresh memory.
/// @throws argument_error  if there are no more rows than options.ddof; for the first cell in row order that may not be.
/// **Cost.** The chunk is read twice, the second time from cache where it fits.
///
/// @code
/// auto z = preprocess(chunks, [](const auto& chunk) { return standardize_chunk(chunk); });
/// preprocess_in_place(chunks, [](auto chunk) { standardize_chunk_in_place(chunk); });
/// @endcode
template <scalable_matrix X>
[[nodiscard]] auto standardize_chunk(X&& chunk, const standardize_chunk_options& options = {}) {
    const auto view = detail::read_only(chunk);
    auto out = detail::make_matrix<scaled_element<X>>(view.shape(0), view.shape(1));
    detail::standardize_to("standardize_chunk", view, view_of<2>(out), options);
    return out;
}
template <scalable_matrix X>
[[nodiscard]] auto standardize_chunk(X&& chunk, std::pmr::memory_resource& memory, const standardize_chunk_options& options = {}) {
    const auto view = detail::read_only(chunk);
    auto out = make_recycled_matrix<scaled_element<X>>(view.shape(0), view.shape(1), memory);
    detail::standardize_to("standardize_chunk", view, view_of<2>(out), options);
    return out;
}
template <scaled_matrix X>
void standardize_chunk_in_place(X&& chunk, const standardize_chunk_options& options = {}) {
    const auto view = view_of<2>(std::forward<X>(chunk));
    const auto from = detail::read_only(view);
    detail::check_target("standardize_chunk_in_place", from, view);
    detail::standardize_to("standardize_chunk_in_place", from, view, options);
}
/// To memory that exists and has the chunk's shape.
template <scalable_matrix X, scaled_matrix Y>
void standardize_chunk_into(X&& chunk, Y&& out, const standardize_chunk_options& options = {}) {
    const auto from = detail::read_only(chunk);
    const auto to = view_of<2>(std::forward<Y>(out));
    detail::check_target("standardize_chunk_into", from, to);
    detail::standardize_to("standardize_chunk_into", from, to, options);
}

} // namespace xrayon::ml

#endif // XRAYON_ML_PREPROCESS_STANDARDIZE_CHUNK_HPP
