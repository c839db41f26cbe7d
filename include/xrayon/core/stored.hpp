// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_STORED_HPP
#define XRAYON_CORE_STORED_HPP

#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/config.hpp>

namespace xrayon {

/// Customisation point: how a result of type `T` is kept after its task has ended. By default as the plain value type.
/// A module whose expressions are lazy specialises it (array/xtensor.hpp does: an expression is kept evaluated), so that no
/// result refers to the locals of a task.
template <class T>
struct stored {
    using type = T;
};

/// The type in which a function's result is kept.
template <class T>
using stored_t = typename stored<std::remove_cvref_t<T>>::type;

/// Tuples and pairs are kept as values all through: those of zip and enumerate hold references to what may be gone by then.
template <class... T>
struct stored<std::tuple<T...>> {
    using type = std::tuple<stored_t<T>...>;
};
template <class A, class B>
struct stored<std::pair<A, B>> {
    using type = std::pair<stored_t<A>, stored_t<B>>;
};

/// What a std::vector<bool> gives for an element refers to its memory: kept is the bool.
template <>
struct stored<std::vector<bool>::reference> {
    using type = bool;
};

/// A result that can be kept: it is, or gives, a value of its stored type, whose destructor must not throw. A value that already
/// has that type is built where it is kept and need not even be movable.
template <class T>
concept storable = !std::is_void_v<T> && std::is_nothrow_destructible_v<stored_t<T>>
                   && (std::same_as<T, stored_t<T>> || std::constructible_from<stored_t<T>, T>);

} // namespace xrayon

#endif // XRAYON_CORE_STORED_HPP
