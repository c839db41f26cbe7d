// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_XTENSOR_HPP
#define XRAYON_ARRAY_XTENSOR_HPP

// The only door to xtensor. What lies behind it, and why:
//
// 1. xtensor up to 0.25 is broken in C++20. Since C++17 a template template parameter with two parameters also matches a
//    template with four of which two have defaults, so svector<size_t, 4, ...> is taken for a shape of fixed rank 4:
//    xt::stddev(xarray, {0}) and xt::sum(xarray, {1}, xt::evaluation_strategy::immediate) write past their result (g++), and no
//    xarray compiles at all (clang >= 19). Full specialisations for the two shapes that xarray uses win over every partial one
//    and mend it without compiler flags. They must be seen before such an expression is first used.
// 2. Lazy expressions and views fill caches (strides, shapes) on their first const use: sharing one between threads is a race and
//    has given wrong values. So the caller's thread turns them into an array_view, and a task makes its own xtensor object from
//    that (`as_xtensor`).
// 3. An expression that a function returns may refer to the function's locals: a result is kept evaluated (`stored`).

#if defined(XTENSOR_USE_TBB) || defined(XTENSOR_USE_OPENMP)
#error "xrayon: compile without XTENSOR_USE_TBB and XTENSOR_USE_OPENMP: xtensor would start threads inside every assignment of a task"
#endif

#if __has_include(<xtensor/containers/xtensor.hpp>) // 0.26 and later have folders
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xfixed.hpp>
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/core/xnoalias.hpp>
#include <xtensor/core/xtensor_config.hpp>
#include <xtensor/views/xstrided_view.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xtensor_config.hpp>
// The order matters: the repair stands between the declarations and everything that uses them.
#include <xtensor/xexception.hpp>
#include <xtensor/xstorage.hpp>
#include <xtensor/xutils.hpp>
#if XTENSOR_VERSION_MAJOR == 0 && XTENSOR_VERSION_MINOR <= 25
#if defined(__clang__) && __clang_major__ >= 19
namespace xt {
template <>
struct rebind_container<std::ptrdiff_t, svector<std::size_t>> {
    using type = svector<std::ptrdiff_t>;
};
template <>
struct rebind_container<std::size_t, svector<std::size_t>> {
    using type = svector<std::size_t>;
};
template <>
struct rebind_container<std::size_t, svector<std::ptrdiff_t>> {
    using type = svector<std::size_t>;
};
template <>
struct rebind_container<std::ptrdiff_t, svector<std::ptrdiff_t>> {
    using type = svector<std::ptrdiff_t>;
};
} // namespace xt
#endif
#include <xtensor/xexpression_traits.hpp>
namespace xt::detail {
template <>
struct xtype_for_shape<svector<std::size_t>> {
    template <class T, layout_type L>
    using type = xarray<T, L>;
};
template <>
struct xtype_for_shape<svector<std::ptrdiff_t>> {
    template <class T, layout_type L>
    using type = xarray<T, L>;
};
} // namespace xt::detail
#endif
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xfixed.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>
#endif

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include <xrayon/array/array_view.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/core/stored.hpp>

namespace xrayon {

namespace detail {

/// The rank of an expression, -1 where only the object knows it.
template <class E>
inline constexpr std::ptrdiff_t static_rank = xt::static_dimension<typename E::shape_type>::value;

template <class E>
inline constexpr bool is_xtensor_container = false;
template <class EC, std::size_t N, xt::layout_type L, class Tag>
inline constexpr bool is_xtensor_container<xt::xtensor_container<EC, N, L, Tag>> = true;
template <class EC, xt::layout_type L, class SC, class Tag>
inline constexpr bool is_xtensor_container<xt::xarray_container<EC, L, SC, Tag>> = true;
template <class ET, class S, xt::layout_type L, bool SH, class Tag>
inline constexpr bool is_xtensor_container<xt::xfixed_container<ET, S, L, SH, Tag>> = true;

/// Containers and adaptors: they keep their shape and strides as plain members, without caches.
template <class E>
inline constexpr bool is_xtensor_memory = is_xtensor_container<E>;
template <class EC, std::size_t N, xt::layout_type L, class Tag>
inline constexpr bool is_xtensor_memory<xt::xtensor_adaptor<EC, N, L, Tag>> = true;
template <class EC, xt::layout_type L, class SC, class Tag>
inline constexpr bool is_xtensor_memory<xt::xarray_adaptor<EC, L, SC, Tag>> = true;
template <class EC, class S, xt::layout_type L, bool SH, class Tag>
inline constexpr bool is_xtensor_memory<xt::xfixed_adaptor<EC, S, L, SH, Tag>> = true;

/// The container that keeps the values of an expression.
template <class E>
constexpr auto evaluated() {
    using value = std::remove_cv_t<typename E::value_type>;
    if constexpr (is_xtensor_container<E>) {
        return std::type_identity<E>{};
    } else if constexpr (static_rank<E> == -1) {
        return std::type_identity<xt::xarray<value, xt::layout_type::row_major>>{};
    } else {
        return std::type_identity<xt::xtensor<value, static_cast<std::size_t>(static_rank<E>), xt::layout_type::row_major>>{};
    }
}

/// An object that only borrows its elements may be a temporary: a buffer that owns nothing, or a view of an lvalue.
template <class Closure>
inline constexpr bool borrows_elements = std::is_lvalue_reference_v<Closure>;
template <class Pointer, class Allocator>
inline constexpr bool borrows_elements<xt::xbuffer_adaptor<Pointer, xt::no_ownership, Allocator>> = true;
template <class EC, std::size_t N, xt::layout_type L, class Tag>
inline constexpr bool borrows_elements<xt::xtensor_adaptor<EC, N, L, Tag>> = borrows_elements<EC>;
template <class EC, xt::layout_type L, class SC, class Tag>
inline constexpr bool borrows_elements<xt::xarray_adaptor<EC, L, SC, Tag>> = borrows_elements<EC>;
template <class CT, class... S>
inline constexpr bool borrows_elements<xt::xview<CT, S...>> = borrows_elements<CT>;
template <class CT, class S, xt::layout_type L, class FST>
inline constexpr bool borrows_elements<xt::xstrided_view<CT, S, L, FST>> = borrows_elements<CT>;

/// An expression with memory behind it: a pointer to its elements, an offset and strides.
template <class X>
concept xtensor_with_memory = requires(std::remove_reference_t<X>& x) {
    requires std::is_pointer_v<decltype(x.data())>;
    requires std::same_as<std::remove_cv_t<std::remove_pointer_t<decltype(x.data())>>, typename std::remove_cvref_t<X>::value_type>;
    x.data_offset();
    x.strides();
    x.shape();
};

template <class X>
concept viewable_xtensor = xt::is_xexpression<std::remove_cvref_t<X>>::value && xtensor_with_memory<X>
                           && (std::is_lvalue_reference_v<X> || borrows_elements<std::remove_cvref_t<X>>);

/// The view of x, whose rank is N.
template <std::size_t N, class X>
[[nodiscard]] auto make_array_view(X& x) {
    std::array<std::size_t, N> shape;
    std::array<std::ptrdiff_t, N> strides;
    const auto& from_shape = x.shape();
    const auto& from_strides = x.strides();
    for (std::size_t axis = 0; axis < N; ++axis) {
        shape[axis] = static_cast<std::size_t>(from_shape[axis]);
        strides[axis] = static_cast<std::ptrdiff_t>(from_strides[axis]);
    }
    using element = std::remove_pointer_t<decltype(x.data())>;
    element* const first = x.data() == nullptr ? nullptr : x.data() + static_cast<std::ptrdiff_t>(x.data_offset());
    return array_view<element, N>(first, shape, strides);
}

} // namespace detail

/// Anything of xtensor that has elements: containers, adaptors, views and lazy expressions.
template <class X>
concept xtensor_expression = xt::is_xexpression<std::remove_cvref_t<X>>::value;

/// A result is kept evaluated, row-major: an expression, view or adaptor as `xt::xtensor<T, N>` where the rank is static
/// and as `xt::xarray<T>` otherwise; a container as itself.
template <xtensor_expression T>
struct stored<T> {
    using type = typename decltype(detail::evaluated<T>())::type;
};

/// Containers and adaptors of one axis are ranges of their elements. Arrays of more axes say `rows(X)` or `elements(X)`; lazy
/// expressions and views are a race when shared: evaluate them, or pass `view_of(view)`.
template <xtensor_expression T>
inline constexpr bool disable_indexed_range<T> = !(detail::is_xtensor_memory<T> && detail::static_rank<T> == 1);

/// @brief An xtensor container, adaptor or view as an array_view: what tasks may share.
///
/// @param x  An lvalue, or a temporary view or adaptor of what outlives it (`view_of(xt::view(X, ...))`). Its rank is static, at
///           least 1: for xarray and views of it say `view_of<N>(x)`. It has memory behind it: a lazy expression, or a
///           view through `xt::keep`, is evaluated into a container first.
/// Gives     `array_view<T, N>`, or `array_view<const T, N>` where x gives only const elements. It borrows: resizing or
///           destroying the container ends it.
///
/// Call it on the thread that made `x`: reading the strides of an xtensor view for the first time writes its cache.
template <detail::viewable_xtensor X>
    requires(detail::static_rank<std::remove_cvref_t<X>> >= 1)
[[nodiscard]] auto view_of(X&& x) {
    return detail::make_array_view<static_cast<std::size_t>(detail::static_rank<std::remove_cvref_t<X>>)>(x);
}

/// As view_of(x), for a rank that is only known while running. @throws shape_error  if x has another rank than `N`.
template <std::size_t N, detail::viewable_xtensor X>
    requires(N >= 1 && (detail::static_rank<std::remove_cvref_t<X>> == -1 || detail::static_rank<std::remove_cvref_t<X>> == N))
[[nodiscard]] auto view_of(X&& x) {
    if (x.dimension() != N) [[unlikely]] {
        const shape_error::shape shape(x.shape().begin(), x.shape().end());
        throw shape_error("view_of: X must have rank " + to_text(N) + ", got shape " + shape_text(shape), shape, {});
    }
    return detail::make_array_view<N>(x);
}

// The names of the parameters are what the compiler shows when one of these is chosen.
template <xtensor_expression X>
    requires(!detail::xtensor_with_memory<X>)
void view_of(X&& evaluate_this_expression_into_a_container_first) = delete;
template <xtensor_expression X>
    requires(detail::xtensor_with_memory<X> && !detail::viewable_xtensor<X>)
void view_of(X&& keep_this_container_in_a_variable) = delete;
template <detail::viewable_xtensor X>
    requires(detail::static_rank<std::remove_cvref_t<X>> == -1)
void view_of(X&& give_the_rank_as_in_view_of_2_of_X) = delete;

/// What view_of takes: an array_view, span or vector, an xtensor container or adaptor that outlives the call, a view of one.
template <class X>
concept viewable = requires(X&& x) { view_of(std::forward<X>(x)); };

/// As viewable, for a rank that is given or known.
template <class X, std::size_t N>
concept viewable_as = requires(X&& x) { view_of<N>(std::forward<X>(x)); };

/// @brief A fresh xtensor object over the elements of a view, for xtensor's own functions inside a task.
///
/// Any strides. `as_xtensor(v) = e` and `xt::noalias(as_xtensor(v)) = e` write through; a shape that does not fit throws
/// xtensor's error. xtensor steps through it element by element; for its fast paths use as_contiguous_xtensor. Make one per
/// task: like every xtensor view it is not for sharing.
template <class T, std::size_t N>
[[nodiscard]] auto as_xtensor(const array_view<T, N>& view) {
    // A strided view over a flat adaptor, not an adaptor with strides: assigning to the latter copies a contiguous temporary over
    // the buffer and forgets the strides, so it would write between the elements.
    std::ptrdiff_t lowest = 0;
    std::ptrdiff_t highest = view.empty() ? -1 : 0;
    for (std::size_t axis = 0; !view.empty() && axis < N; ++axis) {
        const std::ptrdiff_t last = view.stride(axis) * static_cast<std::ptrdiff_t>(view.shape(axis) - 1);
        (last < 0 ? lowest : highest) += last;
    }
    std::array<std::ptrdiff_t, N> strides = view.strides();
    const auto count = static_cast<std::size_t>(highest - lowest + 1);
    T* first = view.empty() ? view.data() : view.data() + lowest;
    using flat = decltype(xt::adapt(std::move(first), count, xt::no_ownership(), std::array<std::size_t, 1>{count}));
    return xt::xstrided_view<flat, std::array<std::size_t, N>>(
        xt::adapt(std::move(first), count, xt::no_ownership(), std::array<std::size_t, 1>{count}), view.shape(), std::move(strides),
        static_cast<std::size_t>(-lowest), xt::layout_type::dynamic);
}

/// As as_xtensor, row-major by type, so that xtensor vectorises. Write with `xt::noalias(as_contiguous_xtensor(v)) = e`.
/// @throws argument_error  unless view.is_contiguous().
template <class T, std::size_t N>
[[nodiscard]] auto as_contiguous_xtensor(const array_view<T, N>& view) {
    const std::span<T> elements = view.span();
    T* first = elements.data();
    // An rvalue pointer: given an lvalue, xtensor keeps a reference to this local.
    return xt::adapt<xt::layout_type::row_major>(std::move(first), elements.size(), xt::no_ownership(), view.shape());
}

} // namespace xrayon

#endif // XRAYON_ARRAY_XTENSOR_HPP
