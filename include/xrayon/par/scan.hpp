// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SCAN_HPP
#define XRAYON_PAR_SCAN_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/ranges.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/scan_blocks.hpp>
#include <xrayon/par/loop_options.hpp>
#include <xrayon/par/results.hpp>
#include <xrayon/par/sort.hpp>

// Running totals: of sums, products, maxima, or whatever else is associative.
//
// Same at every thread count: all bits, also where `op` is associative up to rounding only. Elements are taken in leaves of 1,024. The total of a
//   leaf is folded from its first element on, left to right. What goes into a leaf is what went into the one before, `op` that one's total; for
//   the first it is `identity`. Within a leaf, each result is `op` of the one before (at first: what goes in) and the element. So up to
//   1,024 elements have the bits of std::inclusive_scan, and of integers any number.
// Errors: what the lowest failing leaf throws, of totals before results, a million elements after the other; the same at every thread count.
//   In place, the range then holds some elements that are results already.
// Cost: up to 2 n + n / 1024 calls of `op`; for large n one pass through memory.

namespace xrayon {

/// An associative operation on values of T, and on one with an element, that several threads may call at once.
template <class Op, class T, class Element>
concept scan_operation = std::copy_constructible<T> && std::is_move_assignable_v<T> && std::constructible_from<
    T, Element> && std::is_invocable_r_v<T, const Op&, const T&, Element> && std::is_invocable_r_v<T, const Op&, const T&, const T&>;

namespace detail {

/// What `op(identity, x)` gives: scanning doubles from 0 gives doubles.
template <class Range, class Identity, class Op>
using scanned_t = stored_t<std::invoke_result_t<const Op&, const Identity&, element_t<Range>>>;

} // namespace detail

/// A range into whose elements results of T can be written side by side.
template <class Range, class T>
concept scan_output =
    !disable_indexed_range<std::remove_cvref_t<
        Range>> && std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range> && std::ranges::borrowed_range<Range> && std::is_assignable_v<std::ranges::range_reference_t<Range>, const T&>;

namespace detail {

template <class Out>
void check_scan_size(std::size_t n, const Out& out, std::string_view name) {
    const auto size = static_cast<std::size_t>(std::ranges::size(out));
    if (size != n) [[unlikely]] {
        check(false, std::string(name) + ": out must have as many elements as the range (" + to_text(n) + ")", size);
    }
}

} // namespace detail

/// @brief Inclusive scan: `identity op x[0]`, `identity op x[0] op x[1]`, ...
/// @param identity  What `op` leaves everything as it is with. Used once, at the very front.
/// @returns         n values of the type that `op(identity, x)` has; the last one is the total.
template <indexed_range Range, class Identity, class Op, class T = detail::scanned_t<Range, Identity, Op>>
    requires scan_operation<Op, T, element_t<Range>>
[[nodiscard]] results<T> scan(const Range& range, const Identity& identity, const Op& op, const loop_options& options = {}) {
    return detail::scan_to_results<T, true>(range, T(identity), op, options, "scan");
}

/// @brief Exclusive scan: `identity`, `identity op x[0]`, ..., without the last element.
/// @returns n values; the total is not among them.
template <indexed_range Range, class Identity, class Op, class T = detail::scanned_t<Range, Identity, Op>>
    requires scan_operation<Op, T, element_t<Range>>
[[nodiscard]] results<T> scan_exclusive(const Range& range, const Identity& identity, const Op& op, const loop_options& options = {}) {
    return detail::scan_to_results<T, false>(range, T(identity), op, options, "scan_exclusive");
}

/// scan whose results are assigned to the elements of `out`, which is the range itself or apart from it.
/// @throws argument_error  if `out` has another size
template <indexed_range Range, class Out, class Identity, class Op, class T = detail::scanned_t<Range, Identity, Op>>
    requires scan_operation<Op, T, element_t<Range>> && scan_output<Out, T>
void scan_into(const Range& range, Out&& out, const Identity& identity, const Op& op, const loop_options& options = {}) {
    detail::check_scan_size(element_count(range), out, "scan_into");
    detail::scan_in_blocks<T, true>(range, T(identity), op, detail::assign_to{std::ranges::data(out)}, options, "scan_into");
}

/// scan_exclusive whose results are assigned to the elements of `out`, which is the range itself or apart from it.
/// @throws argument_error  if `out` has another size
template <indexed_range Range, class Out, class Identity, class Op, class T = detail::scanned_t<Range, Identity, Op>>
    requires scan_operation<Op, T, element_t<Range>> && scan_output<Out, T>
void scan_exclusive_into(const Range& range, Out&& out, const Identity& identity, const Op& op, const loop_options& options = {}) {
    detail::check_scan_size(element_count(range), out, "scan_exclusive_into");
    detail::scan_in_blocks<T, false>(range, T(identity), op, detail::assign_to{std::ranges::data(out)}, options, "scan_exclusive_into");
}

/// @brief Inclusive scan in place, which needs no identity: the first element stays, each other becomes what is before it `op` itself.
template <sortable_range Range, class Op, class T = std::ranges::range_value_t<Range>>
    requires scan_operation<Op, T, const T&>
void par_scan(Range&& range, const Op& op, const loop_options& options = {}) {
    detail::scan_in_place(std::ranges::data(range), static_cast<std::size_t>(std::ranges::size(range)), op, options, "par_scan");
}

/// Exclusive scan in place: the first element becomes `identity`.
template <sortable_range Range, class Op, class T = std::ranges::range_value_t<Range>>
    requires scan_operation<Op, T, const T&>
void par_scan_exclusive(Range&& range, const std::type_identity_t<T>& identity, const Op& op, const loop_options& options = {}) {
    T* const data = std::ranges::data(range);
    const auto n = static_cast<std::size_t>(std::ranges::size(range));
    detail::scan_in_blocks<T, false>(std::span<const T>(data, n), T(identity), op, detail::assign_to{data}, options, "par_scan_exclusive");
}

} // namespace xrayon

#endif // XRAYON_PAR_SCAN_HPP
