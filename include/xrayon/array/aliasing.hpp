// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_ALIASING_HPP
#define XRAYON_ARRAY_ALIASING_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/batches.hpp>
#include <xrayon/array/detail/overlap.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/core/ranges.hpp>

// Do the slots that an algorithm writes lie in the memory that it reads? Answered without looking at every element, for ranges whose
// memory is known: contiguous ranges, views of one axis, and rows, batches and elements of arrays.

namespace xrayon {

/// What the slots of an `_into` algorithm may have to do with its input.
enum class aliasing {
    none,        ///< They lie apart; an overlap that can be seen is an argument_error.
    same_slice,  ///< Slot i may be the memory of item i: the algorithm works in place.
};

/// Bytes [begin, end), counted from the first byte of an array.
struct byte_range {
    std::size_t begin = 0;
    std::size_t end = 0;
    friend bool operator==(const byte_range&, const byte_range&) = default;
};

namespace detail {

/// A view with the same elements and two axes, if there is one: overlap() is exact for those.
template <class T, std::size_t N>
[[nodiscard]] std::optional<array_view<const T, 2>> two_axes(const array_view<T, N>& view) {
    if constexpr (N == 1) {
        return array_view<const T, 2>(view.data(), {view.shape(0), 1}, {view.stride(0), 1});
    } else if constexpr (N == 2) {
        return array_view<const T, 2>(view);
    } else {
        if (view.empty()) {
            return array_view<const T, 2>(view.data(), {0, 1});
        }
        if (view.is_contiguous()) {
            return array_view<const T, 2>(view.data(), {1, view.size()});
        }
        if (!view[0].is_contiguous()) {
            return std::nullopt;
        }
        return array_view<const T, 2>(view.data(), {view.shape(0), view[0].size()}, {view.stride(0), 1});
    }
}

/// The memory that the elements of a range lie in, or nothing where that is not known.
template <class Range>
[[nodiscard]] auto element_memory(const Range& range) {
    if constexpr (std::ranges::contiguous_range<const Range>) {
        using element = std::remove_reference_t<std::ranges::range_reference_t<const Range>>;
        return two_axes(array_view<const element, 1>(std::ranges::data(range), {element_count(range)}));
    } else {
        return std::optional<array_view<const char, 2>>{};
    }
}
template <class T>
[[nodiscard]] auto element_memory(const array_view<T, 1>& view) {
    return two_axes(view);
}
template <class Function>
    requires requires(const Function& function) { function.view.strides(); }
[[nodiscard]] auto element_memory(const indexed_view<Function>& range) {
    return two_axes(range.function().view);
}

template <class T, std::size_t N>
[[nodiscard]] bool same_slice(const array_view<T, N>& a, const array_view<T, N>& b) {
    return a.data() == b.data() && a.shape() == b.shape() && a.strides() == b.strides();
}

} // namespace detail

/// The bytes that elements of both ranges lie in, from the lowest to the highest, counted from the first byte of `b`. Nothing if
/// there are none, or if the memory of one of the ranges is not known (ranges that compute their elements; arrays of three axes
/// or more with gaps inside an index of the first). O(1) where the ranges lie far apart, else at most O(rows).
template <indexed_range A, indexed_range B>
[[nodiscard]] std::optional<byte_range> shared_bytes(const A& a, const B& b) {
    const auto x = detail::element_memory(a);
    const auto y = detail::element_memory(b);
    if (!x || !y || !detail::overlap(*x, *y)) {
        return std::nullopt;
    }
    const detail::byte_runs p(*x);
    const detail::byte_runs q(*y);
    const std::uintptr_t begin = std::max(p.first, q.first);
    const std::uintptr_t end = std::min(p.end(p.count - 1), q.end(q.count - 1));
    return byte_range{begin - q.first, end - q.first};
}

/// True when element i of `a` is the memory of element i of `b`, for every i: the same address and, for views, the same shape and
/// strides. O(n).
template <indexed_range A, indexed_range B>
[[nodiscard]] bool same_slices(const A& a, const B& b) {
    const std::size_t n = element_count(a);
    if (n != element_count(b)) {
        return false;
    }
    for (std::size_t i = 0; i < n; ++i) {
        if constexpr (std::is_lvalue_reference_v<element_t<A>> && std::is_lvalue_reference_v<element_t<B>>) {
            const void* const left = std::addressof(element(a, i));
            const void* const right = std::addressof(element(b, i));
            if (left != right || sizeof(element_t<A>) != sizeof(element_t<B>)) {
                return false;
            }
        } else if constexpr (requires {
                                 typename std::remove_cvref_t<element_t<A>>::strides_type;
                                 typename std::remove_cvref_t<element_t<B>>::strides_type;
                             }) {
            using left = std::remove_cvref_t<element_t<A>>;
            using right = std::remove_cvref_t<element_t<B>>;
            if constexpr (left::rank != right::rank || !std::is_same_v<typename left::value_type, typename right::value_type>) {
                return false;
            } else {
                using shared = array_view<const typename left::value_type, left::rank>;
                if (!detail::same_slice(shared(element(a, i)), shared(element(b, i)))) {
                    return false;
                }
            }
        } else {
            return false;
        }
    }
    return true;
}

/// False when two elements of the range are known to lie in the same memory, as the rows of a view with stride 0 do.
template <indexed_range Range>
[[nodiscard]] bool elements_lie_apart(const Range& range) {
    const auto memory = detail::element_memory(range);
    return !memory || detail::elements_are_distinct(*memory);
}

} // namespace xrayon

#endif // XRAYON_ARRAY_ALIASING_HPP
