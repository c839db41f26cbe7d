// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_AXIS_SLICES_HPP
#define XRAYON_ARRAY_AXIS_SLICES_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <utility>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/indexed_view.hpp>

namespace xrayon {

namespace detail {

template <class T, std::size_t N>
struct axis_slice_at {
    T* data = nullptr;
    std::ptrdiff_t step = 0;  // from one slice to the next
    std::array<std::size_t, N - 1> shape = {};
    std::array<std::ptrdiff_t, N - 1> strides = {};

    constexpr array_view<T, N - 1> operator()(std::size_t i) const noexcept {
        // An array without elements may have no memory, and null has no neighbours.
        return array_view<T, N - 1>(data == nullptr ? data : data + static_cast<std::ptrdiff_t>(i) * step, shape, strides);
    }
};

template <class T, std::size_t N, std::integral Axis>
[[nodiscard]] constexpr auto axis_slices_of(const array_view<T, N>& view, Axis axis) {
    static_assert(N >= 2, "axis_slices: x must have two axes or more; an array of one axis is already a range of its elements");
    check(axis >= 0 && static_cast<std::size_t>(axis) < N, "axis_slices: axis must be one of x", axis);
    const auto along = static_cast<std::size_t>(axis);
    axis_slice_at<T, N> at{view.data(), view.stride(along), {}, {}};
    for (std::size_t from = 0, to = 0; from < N; ++from) {
        if (from != along) {
            at.shape[to] = view.shape(from);
            at.strides[to++] = view.stride(from);
        }
    }
    return indexed_view(view.shape(along), at);
}

} // namespace detail

/// @brief The sub-arrays of an array along one of its axes: an indexed_range; element i has that axis fixed at i. Along axis 0 they are its rows.
///
/// @param x     As for rows, with two axes or more; xarray says `axis_slices<N>(x, axis)`. It is borrowed.
/// @param axis  From 0 to N - 1.
/// @returns     `x.shape(axis)` elements of `array_view<T, N - 1>`, the other axes in their order; made afresh at each access, so tasks may
///              share the range. T is const where `x` is.
/// @throws argument_error  if `x` has no such axis.
/// @throws shape_error     (`axis_slices<N>`) if `x` has another rank.
///
/// @code
/// par(axis_slices(X, 1)).map([](auto column) { return norm(column); }).collect();
/// @endcode
/// @see rows, elements, batches
template <viewable X, std::integral Axis>
[[nodiscard]] constexpr auto axis_slices(X&& x, Axis axis) {
    return detail::axis_slices_of(view_of(std::forward<X>(x)), axis);
}
template <std::size_t N, viewable_as<N> X, std::integral Axis>
[[nodiscard]] constexpr auto axis_slices(X&& x, Axis axis) {
    return detail::axis_slices_of(view_of<N>(std::forward<X>(x)), axis);
}

} // namespace xrayon

#endif // XRAYON_ARRAY_AXIS_SLICES_HPP
