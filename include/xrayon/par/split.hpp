// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SPLIT_HPP
#define XRAYON_PAR_SPLIT_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <xrayon/par/chunks.hpp>
#include <xrayon/par/loop_options.hpp>
#include <xrayon/par/results.hpp>
#include <xrayon/par/sequence.hpp>
#include <xrayon/par/source/subranges.hpp>

// Contiguous ranges cut where their elements say so, as sequences of spans: to be written to unless the range is const. Where the cuts are
// is found at once, in parallel, run as `options` say; the sequence that comes out knows its size. The range must outlive it.
//
// Errors: what the function throws, at the lowest place; `cancelled`.

namespace xrayon {

namespace detail {

/// Of a spannable range.
template <class Range>
using element_of = typename decltype(std::span(std::declval<Range&>()))::element_type;

/// Pieces that end at, or right behind, the places that were found; the last one at the end of the range.
struct cut_at {
    std::shared_ptr<const results<std::size_t>> places;
    std::size_t items;
    std::size_t left_out;  // 1: the element at a place belongs to no piece
    [[nodiscard]] std::size_t begin(std::size_t k) const noexcept { return k == 0 ? 0 : (*places)[k - 1] + left_out; }
    [[nodiscard]] std::size_t end(std::size_t k) const noexcept { return k == places->size() ? items : (*places)[k]; }
};

template <class T>
auto pieces_at(std::span<T> all, results<std::size_t> places, std::size_t left_out, std::size_t count) {
    cut_at cut{std::make_shared<const results<std::size_t>>(std::move(places)), all.size(), left_out};
    return sequence(span_source<T, cut_at>(all, count, std::move(cut)));
}

/// The places in [first, last) for which `is_place(i)` holds.
template <class F>
results<std::size_t> find_places(std::size_t first, std::size_t last, const F& is_place, loop_options options, std::string_view name) {
    if (options.name.empty()) {
        options.name = name;
    }
    return par(iota(first, last)).with(std::move(options)).filter([&is_place](std::size_t i) { return static_cast<bool>(is_place(i)); }).collect();
}

} // namespace detail

/// The pieces between the elements for which `separates(element)` holds: one more than there are such elements, empty ones too.
template <spannable Range, class F>
auto par_split(Range& range, const F& separates, const loop_options& options = {}) {
    const std::span<detail::element_of<Range>> all(range);
    auto places = detail::find_places(
        0, all.size(), [&](std::size_t i) { return std::invoke(separates, std::as_const(all[i])); }, options, "par_split");
    const std::size_t count = places.size() + 1;
    return detail::pieces_at(all, std::move(places), 1, count);
}

/// The pieces that end with an element for which `ends(element)` holds, and what is left behind the last one unless that is nothing.
template <spannable Range, class F>
auto par_split_inclusive(Range& range, const F& ends, const loop_options& options = {}) {
    const std::span<detail::element_of<Range>> all(range);
    auto places = detail::find_places(
        1, all.size() + 1, [&](std::size_t i) { return std::invoke(ends, std::as_const(all[i - 1])); }, options, "par_split_inclusive");
    const std::size_t whole = places.size();
    const std::size_t count = (whole == 0 ? 0 : places[whole - 1]) < all.size() ? whole + 1 : whole;
    return detail::pieces_at(all, std::move(places), 0, count);
}

/// The longest pieces of neighbours a, b for which `same(a, b)` holds.
template <spannable Range, class F>
auto par_chunk_by(Range& range, const F& same, const loop_options& options = {}) {
    const std::span<detail::element_of<Range>> all(range);
    auto places = detail::find_places(
        1, std::max<std::size_t>(all.size(), 1), [&](std::size_t i) { return !static_cast<bool>(std::invoke(same, std::as_const(all[i - 1]), std::as_const(all[i]))); },
        options, "par_chunk_by");
    const std::size_t count = all.empty() ? 0 : places.size() + 1;
    return detail::pieces_at(all, std::move(places), 0, count);
}

} // namespace xrayon

#endif // XRAYON_PAR_SPLIT_HPP
