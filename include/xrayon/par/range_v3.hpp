// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_RANGE_V3_HPP
#define XRAYON_PAR_RANGE_V3_HPP

#include <concepts>

#include <range/v3/range/concepts.hpp>

#include <xrayon/core/ranges.hpp>
#include <xrayon/par/sequence.hpp>

// range-v3 beside sequences. Its views of random access and known size are sources as they are, also without this header:
//
//     par(ranges::views::zip(a, b)).map(f).collect();      transform, iota, zip, chunk, sliding, stride, take, drop, reverse, concat,
//     par(v | ranges::views::chunk(64)).map(g).sum();      cartesian_product ...
//
// What only knows its elements one after the other (filter, join, split, cache1, getlines) is one for par_bridge (par/bridge.hpp). Stages belong
// behind `par`: a view evaluates nothing ahead, and a filter among views is several times slower than one of a sequence.
//
// With this header range-v3's views are views for the standard library too, so that std::ranges algorithms and std::views take them by value.

/// @cond
template <class View>
    requires std::derived_from<View, ::ranges::view_base>
inline constexpr bool std::ranges::enable_view<View> = true;
/// @endcond

#endif // XRAYON_PAR_RANGE_V3_HPP
