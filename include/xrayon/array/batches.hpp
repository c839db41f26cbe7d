// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_BATCHES_HPP
#define XRAYON_ARRAY_BATCHES_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <utility>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/index_block.hpp>
#include <xrayon/core/indexed_view.hpp>

namespace xrayon {

namespace detail {

/// Block i of [0, count) cut into blocks of `size`. No product here overflows: i < block_count(count, size).
struct block_at {
    std::size_t count = 0;
    std::size_t size = 1;
    constexpr index_block operator()(std::size_t i) const noexcept {
        const std::size_t begin = i * size;
        return {begin, begin + std::min(size, count - begin)};
    }
};

[[nodiscard]] constexpr std::size_t block_count(std::size_t count, std::size_t size) noexcept {
    return count / size + (count % size != 0);
}

template <class T, std::size_t N>
struct batch_at {
    array_view<T, N> view = {};
    std::size_t rows_per_batch = 1;
    constexpr array_view<T, N> operator()(std::size_t i) const {
        const index_block block = block_at{view.shape(0), rows_per_batch}(i);
        return view.slice(block.begin, block.end);
    }
};

template <class T, std::size_t N, std::integral Size>
[[nodiscard]] constexpr auto batches_of(const array_view<T, N>& view, Size rows_per_batch) {
    check(rows_per_batch >= 1, "batches: rows_per_batch must be >= 1", rows_per_batch);
    const auto rows = static_cast<std::size_t>(rows_per_batch);
    return indexed_view(block_count(view.shape(0), rows), batch_at<T, N>{view, rows});
}

} // namespace detail

/// @brief [0, n) in blocks of `size` indices: (0, size), (size, 2 size), ...; the last block may be shorter, none is empty.
///
/// @param n     Indices; 0 gives no block.
/// @param size  Indices per block, >= 1.
/// @returns     An indexed_range of ceil(n / size) index_blocks.
/// @throws argument_error  if size < 1.
template <std::integral Size>
[[nodiscard]] constexpr auto row_blocks(std::size_t n, Size size) {
    check(size >= 1, "row_blocks: size must be >= 1", size);
    const auto block = static_cast<std::size_t>(size);
    return indexed_view(detail::block_count(n, block), detail::block_at{n, block});
}

/// @brief An array in batches of rows: an indexed_range of its slices along axis 0.
///
/// @param x               Anything that view_of takes, with one axis or more; xarray says `batches<N>(x, rows)`. It is borrowed.
/// @param rows_per_batch  Extent of each batch along axis 0, >= 1; the last batch holds what is left, so it may be shorter.
/// @returns               ceil(x.shape(0) / rows_per_batch) elements of `array_view<T, N>`, made afresh at each access, so tasks may
///                        share the range. T is const where `x` is; a temporary container is refused at compile time. An array
///                        without rows has no batch.
/// @throws argument_error  if rows_per_batch < 1.
/// @throws shape_error     (`batches<N>`) if `x` has another rank.
///
/// @code
/// auto y = ml::batch_inference(batches(X, 256), model);
/// @endcode
/// @see rows, row_blocks
template <viewable X, std::integral Size>
[[nodiscard]] constexpr auto batches(X&& x, Size rows_per_batch) {
    return detail::batches_of(view_of(std::forward<X>(x)), rows_per_batch);
}
template <std::size_t N, viewable_as<N> X, std::integral Size>
[[nodiscard]] constexpr auto batches(X&& x, Size rows_per_batch) {
    return detail::batches_of(view_of<N>(std::forward<X>(x)), rows_per_batch);
}

} // namespace xrayon

#endif // XRAYON_ARRAY_BATCHES_HPP
