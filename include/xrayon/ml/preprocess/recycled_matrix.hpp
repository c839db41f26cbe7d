// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_RECYCLED_MATRIX_HPP
#define XRAYON_ML_PREPROCESS_RECYCLED_MATRIX_HPP

#include <array>
#include <cstddef>
#include <memory_resource>
#include <utility>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/exec/huge_pages.hpp>
#include <xrayon/exec/resource_allocator.hpp>

namespace xrayon::ml {

/// A matrix of xtensor, row-major, whose memory comes from a std::pmr::memory_resource; that must outlive it. As good as
/// xt::xtensor<T, 2> in every expression.
template <class T>
using recycled_matrix = xt::xtensor_container<xt::uvector<T, resource_allocator<T>>, 2, xt::layout_type::row_major>;

/// A matrix with memory of `memory`, its elements not initialised.
template <class T>
[[nodiscard]] recycled_matrix<T> make_recycled_matrix(std::size_t rows, std::size_t columns, std::pmr::memory_resource& memory) {
    using matrix = recycled_matrix<T>;
    typename matrix::storage_type elements(rows * columns, resource_allocator<T>(&memory));
    typename matrix::inner_shape_type shape{rows, columns};
    // xtensor's convention: an axis of extent 1 has stride 0.
    typename matrix::inner_strides_type strides{rows == 1 ? 0 : static_cast<std::ptrdiff_t>(columns), columns == 1 ? 0 : 1};
    return matrix(std::move(elements), std::move(shape), std::move(strides));
}

namespace detail {

/// A matrix of plain memory, its elements not initialised, on huge pages where it is large.
template <class T>
[[nodiscard]] xt::xtensor<T, 2, xt::layout_type::row_major> make_matrix(std::size_t rows, std::size_t columns) {
    auto out = xt::xtensor<T, 2, xt::layout_type::row_major>::from_shape({rows, columns});
    prefer_huge_pages(out.data(), out.size() * sizeof(T));
    return out;
}

} // namespace detail

} // namespace xrayon::ml

#endif // XRAYON_ML_PREPROCESS_RECYCLED_MATRIX_HPP
