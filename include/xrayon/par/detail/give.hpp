// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_GIVE_HPP
#define XRAYON_PAR_DETAIL_GIVE_HPP

#include <concepts>
#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xrayon/core/stored.hpp>

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

/// What a stage passes on of a function's result. A lazy result is evaluated, and what an rvalue reference refers to is moved, while the item
/// that they may refer to is still there: it is often made for this call, and gone when the next stage looks. An lvalue is passed on as it is.
template <class Result>
using settled_t = std::conditional_t<std::is_lvalue_reference_v<Result> || std::is_void_v<Result>, Result, stored_t<Result>>;

/// True where a function is given an item that is made for the call, and gives a reference to an object of that very type: to the item, or
/// to something in it that is gone as well.
template <class Result, class Item>
inline constexpr bool outlives_item = !std::is_reference_v<Item> && std::is_lvalue_reference_v<Result>
                                      && std::same_as<std::remove_cvref_t<Result>, std::remove_cvref_t<Item>>;

template <class F, class Item>
concept tests_item = takes_item<F, const std::remove_reference_t<Item>&>
                     && std::convertible_to<given_t<F, const std::remove_reference_t<Item>&>, bool>;

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_GIVE_HPP
