// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_ROWS_HPP
#define XRAYON_ARRAY_ROWS_HPP

#include <cstddef>
#include <utility>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/indexed_view.hpp>

namespace xrayon {

namespace detail {

template <class X>
using view_of_t = decltype(view_of(std::declval<X>()));

template <class T, std::size_t N>
struct row_at {
    array_view<T, N> view = {};
    constexpr array_view<T, N - 1> operator()(std::size_t i) const noexcept { return view[i]; }
};

template <class T, std::size_t N>
struct element_at {
    array_view<T, N> view = {};
    bool contiguous = true;

    constexpr T& operator()(std::size_t i) const noexcept {
        if (contiguous) {
            return view.data()[i];
        }
        std::ptrdiff_t offset = 0;
        for (std::size_t axis = N; axis-- > 0;) {
            offset += static_cast<std::ptrdiff_t>(i % view.shape(axis)) * view.stride(axis);
            i /= view.shape(axis);
        }
        return view.data()[offset];
    }
};

template <class T, std::size_t N>
[[nodiscard]] constexpr auto rows_of(const array_view<T, N>& view) {
    static_assert(N >= 2, "rows: X must have two axes or more; an array of one axis is already a range of its elements");
    return indexed_view(view.shape(0), row_at<T, N>{view});
}

template <class T, std::size_t N>
[[nodiscard]] constexpr auto elements_of(const array_view<T, N>& view) {
    if constexpr (N == 1) {
        return view;
    } else {
        return indexed_view(view.size(), element_at<T, N>{view, view.is_contiguous()});
    }
}

} // namespace detail

/// @brief The rows of an array: an indexed_range of its sub-arrays along axis 0.
///
/// @param x  Anything that view_of takes, with two axes or more; xarray says `rows<N>(x)`. It is borrowed.
/// @returns  `x.shape(0)` elements of `array_view<T, N - 1>`, made afresh at each access, so tasks may share the range. T is const
///           where `x` is; a temporary container is refused at compile time.
/// @throws shape_error  (`rows<N>`) if `x` has another rank.
///
/// @code
/// par(rows(X)).map([](auto row) { return norm(row); }).collect();
/// @endcode
/// @see elements, batches
template <viewable X>
[[nodiscard]] constexpr auto rows(X&& x) {
    return detail::rows_of(view_of(std::forward<X>(x)));
}
template <std::size_t N, viewable_as<N> X>
[[nodiscard]] constexpr auto rows(X&& x) {
    return detail::rows_of(view_of<N>(std::forward<X>(x)));
}

/// @brief All elements of an array in row-major order, whatever its layout: an indexed_range of references.
///
/// @param x  As for rows, with one axis or more; xarray says `elements<N>(x)`. It is borrowed.
/// @returns  `x.size()` elements; const references where `x` is const.
///
/// **Cost.** An access costs one addition where `x` is contiguous, else N divisions.
template <viewable X>
[[nodiscard]] constexpr auto elements(X&& x) {
    return detail::elements_of(view_of(std::forward<X>(x)));
}
template <std::size_t N, viewable_as<N> X>
[[nodiscard]] constexpr auto elements(X&& x) {
    return detail::elements_of(view_of<N>(std::forward<X>(x)));
}

} // namespace xrayon

#endif // XRAYON_ARRAY_ROWS_HPP
