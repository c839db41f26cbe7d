// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_CONCEPTS_HPP
#define XRAYON_CORE_CONCEPTS_HPP

#include <concepts>
#include <cstddef>
#include <type_traits>

#include <xrayon/core/config.hpp>
#include <xrayon/core/ranges.hpp>

namespace xrayon {

/// Customisation point: true for a type that has the operations of an indexed_range and yet must not be taken for one, because
/// reading it from several threads is a race, or because its elements are not what a reader expects. array/xtensor.hpp sets it
/// for xtensor's lazy expressions and views and for arrays of more than one axis.
template <class T>
inline constexpr bool disable_indexed_range = false;

/// What every algorithm reads from: a range that knows its size and reaches element `i` in constant time, when const.
/// Vectors, spans, arrays, range-v3 and std views of them, `rows(X)` and `batches(X, n)` are such ranges. Reading elements
/// from several threads at once must be free of races.
template <class Range>
concept indexed_range = !disable_indexed_range<std::remove_cvref_t<Range>> && std::ranges::random_access_range<const Range>
                        && std::ranges::sized_range<const Range>;

/// What `element(range, i)` gives: a reference, or a value for ranges that compute their elements.
template <indexed_range Range>
using element_t = std::ranges::range_reference_t<const Range>;

/// Element `i` of a range.
template <indexed_range Range>
[[nodiscard]] constexpr decltype(auto) element(const Range& range, std::size_t i) {
    return std::ranges::begin(range)[static_cast<std::ranges::range_difference_t<const Range>>(i)];
}

/// The number of elements of a range.
template <indexed_range Range>
[[nodiscard]] constexpr std::size_t element_count(const Range& range) {
    return static_cast<std::size_t>(std::ranges::size(range));
}

} // namespace xrayon

#endif // XRAYON_CORE_CONCEPTS_HPP
