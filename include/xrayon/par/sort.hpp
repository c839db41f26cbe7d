// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SORT_HPP
#define XRAYON_PAR_SORT_HPP

#include <compare>
#include <concepts>
#include <cstddef>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xrayon/core/concepts.hpp>
#include <xrayon/core/ranges.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/sort/sort_values.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/par/loop_options.hpp>
#include <xrayon/par/sink/extreme.hpp>

// Sorts in place, by Rayon's names. What all of them promise:
//
// Order: the same at every thread count and grain. The default one is natural_less (NaN last, whatever its sign; -0.0 equals 0.0).
// Errors: what a comparison, a key function or a move throws comes out, the same at every thread count; then, and when the call is stopped,
//   every value is in the range exactly once, in some order. (Of moves that throw this needs that the source keeps its value.) A comparison
//   that is no strict weak order gives some order of all values. Both also for values that can only be moved.
//   So it is with std::bad_alloc, where there is no room.
// run options: a sort is one item, for reports and progress too.
// Cost: numbers in their natural order take two passes through memory (a sample sort into 256 buckets, radix sort within); others take
//   about n log2(n) comparisons, merged in parallel. Room for n values (of those that are large or not trivially copyable: n, and 2 n pointers);
//   nothing is allocated for up to 1 KiB of values. What is in order already is seen so.
// docs/design/sorts.md says how.

namespace xrayon {

/// What can be sorted: a vector, an array, a span: values side by side that can be moved, named or borrowed.
template <class Range>
concept sortable_range =
    !disable_indexed_range<
        std::
            remove_cvref_t<
                Range>> && std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range> && std::ranges::borrowed_range<Range> && std::is_move_constructible_v<std::ranges::range_value_t<Range>> && std::is_move_assignable_v<std::ranges::range_value_t<Range>> && std::same_as<std::ranges::range_reference_t<Range>, std::ranges::range_value_t<Range>&>;

/// `less(a, b)`, called from several threads at once, says whether a comes before b; or how they compare, as `a <=> b`.
template <class Less, class T>
concept sort_order =
    std::predicate<const Less&, const T&, const T&> || std::convertible_to<std::invoke_result_t<const Less&, const T&, const T&>,
                                                                           std::partial_ordering>;

/// `key(x)`, called from several threads at once, gives what values are compared by, in natural order.
template <class Key, class T>
concept sort_key =
    std::invocable<const Key&, const T&> && storable<std::invoke_result_t<const Key&, const T&>> && std::predicate < natural_less,
        const stored_t<std::invoke_result_t<const Key&, const T&>>
&, const stored_t<std::invoke_result_t<const Key&, const T&>>& > ;

namespace detail {

/// natural_less of keys.
template <class Key>
struct less_by_key {
    const Key& key;

    template <class T>
    bool operator()(const T& a, const T& b) const {
        return natural_less{}(std::invoke(key, a), std::invoke(key, b));
    }
};

template <class Range, class Less>
void sort_range(Range&& range, const Less& less, const loop_options& options, std::string_view name) {
    const auto n = static_cast<std::size_t>(std::ranges::size(range));
    sort_call(
        n > 1, [&](const sort_steps& steps) { sort_by_less(std::ranges::data(range), n, less, steps); }, options, name);
}

} // namespace detail

/// Sorts a range in natural order; values that are equal (-0.0 and 0.0, any NaNs) keep theirs.
template <sortable_range Range>
    requires sort_order<natural_less, std::ranges::range_value_t<Range>>
void par_sort(Range&& range, const loop_options& options = {}) { detail::sort_range(range, natural_less{}, options, "par_sort"); }

/// Sorts by `less` (see sort_order); values of which neither comes first keep their order.
template <sortable_range Range, sort_order<std::ranges::range_value_t<Range>> Less>
void par_sort_by(Range&& range, const Less& less, const loop_options& options = {}) {
    detail::sort_range(range, less, options, "par_sort_by");
}

/// Sorts by what `key(x)` gives; values with equal keys keep their order. Two calls of `key` for each comparison.
template <sortable_range Range, sort_key<std::ranges::range_value_t<Range>> Key>
void par_sort_by_key(Range&& range, const Key& key, const loop_options& options = {}) {
    detail::sort_range(range, detail::less_by_key<Key>{key}, options, "par_sort_by_key");
}

/// par_sort_by_key that calls `key` once for each value and keeps what it gives: for dear keys. If a key or a comparison of keys throws,
/// the range is as it was.
template <sortable_range Range, sort_key<std::ranges::range_value_t<Range>> Key>
void par_sort_by_cached_key(Range&& range, const Key& key, const loop_options& options = {}) {
    using value = std::ranges::range_value_t<Range>;
    const auto n = static_cast<std::size_t>(std::ranges::size(range));
    value* const data = std::ranges::data(range);
    constexpr std::string_view name = "par_sort_by_cached_key";
    const auto body = [&](const detail::sort_steps& steps) {
        const auto keys = map_index(n, [&](std::size_t i) -> decltype(auto) { return std::invoke(key, std::as_const(data[i])); },
                                    {.grain = options.grain, .name = name});
        using kept = typename decltype(keys)::value_type;
        detail::sort_memory<std::size_t> memory(n);
        std::size_t* const order = memory.data();
        if constexpr (detail::has_key<natural_less, kept>) {
            detail::sort_indices_by_key(
                order, n, [&](std::size_t i) { return detail::natural_key{}(keys[i]); }, steps);
        } else {
            detail::sort_indices_by_less(
                order, n, [&](std::size_t i, std::size_t j) { return natural_less{}(keys[i], keys[j]); }, steps);
        }
        detail::sort_memory<value*> pointers(n);
        value** const sources = pointers.data();
        detail::fill_in_blocks(
            n, [&](std::size_t i) { sources[i] = data + order[i]; }, steps);
        detail::arrange(data, sources, n, steps);
    };
    detail::sort_call(n > 1, body, options, name);
}

/// par_sort that need not keep the order of equal values. Its result is nevertheless the same in every run: of floating point, -0.0 stands
/// before 0.0, and NaNs without a sign by their bits before those with one; so it is the same for the same values in whatever order.
/// All other unstable sorts give at present what the stable ones do.
template <sortable_range Range>
    requires sort_order<natural_less, std::ranges::range_value_t<Range>>
void par_sort_unstable(Range&& range, const loop_options& options = {}) {
    using value = std::ranges::range_value_t<Range>;
    const auto n = static_cast<std::size_t>(std::ranges::size(range));
    const auto body = [&](const detail::sort_steps& steps) {
        if constexpr (detail::key_sortable<value>) {
            detail::radix_sort(std::ranges::data(range), n, detail::total_key{}, steps);
        } else {
            detail::sort_by_less(std::ranges::data(range), n, natural_less{}, steps);
        }
    };
    detail::sort_call(n > 1, body, options, "par_sort_unstable");
}

/// par_sort_by that need not keep the order of equal values; their order is the same in every run.
template <sortable_range Range, sort_order<std::ranges::range_value_t<Range>> Less>
void par_sort_unstable_by(Range&& range, const Less& less, const loop_options& options = {}) {
    detail::sort_range(range, less, options, "par_sort_unstable_by");
}

/// par_sort_by_key that need not keep the order of equal values; their order is the same in every run.
template <sortable_range Range, sort_key<std::ranges::range_value_t<Range>> Key>
void par_sort_unstable_by_key(Range&& range, const Key& key, const loop_options& options = {}) {
    detail::sort_range(range, detail::less_by_key<Key>{key}, options, "par_sort_unstable_by_key");
}

} // namespace xrayon

#endif // XRAYON_PAR_SORT_HPP
