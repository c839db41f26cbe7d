// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_GIVE_HPP
#define XRAYON_PAR_DETAIL_GIVE_HPP

#include <concepts>
#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace xrayon::detail {

template <class F, class Tuple, class Indices>
inline constexpr bool takes_elements = false;
template <class F, class Tuple, std::size_t... I>
inline constexpr bool takes_elements<F, Tuple, std::index_sequence<I...>> = std::invocable<const F&, decltype(std::get<I>(std::declval<Tuple>()))...>;

template <class F, class Item>
inline constexpr bool takes_tuple = false;
template <class F, class Item>
    requires requires { std::tuple_size<std::remove_cvref_t<Item>>::value; }
inline constexpr bool takes_tuple<F, Item> = takes_elements<F, Item, std::make_index_sequence<std::tuple_size_v<std::remove_cvref_t<Item>>>>;

/// A function that several threads may call at once with an item, or with the elements of one that is a tuple.
template <class F, class Item>
concept takes_item = std::invocable<const F&, Item> || takes_tuple<F, Item>;

/// `function(item)`; `function(a, b ...)` where items are tuples or pairs, as those of zip and enumerate are, and it takes their elements.
template <class F, class Item>
    requires takes_item<F, Item>
constexpr decltype(auto) give(const F& function, Item&& item) {
    if constexpr (std::invocable<const F&, Item>) {
        return std::invoke(function, std::forward<Item>(item));
    } else {
        return std::apply(function, std::forward<Item>(item));
    }
}

template <class F, class Item>
using given_t = decltype(give(std::declval<const F&>(), std::declval<Item>()));

template <class F, class Item>
concept tests_item = takes_item<F, const std::remove_reference_t<Item>&>
                     && std::convertible_to<given_t<F, const std::remove_reference_t<Item>&>, bool>;

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_GIVE_HPP
