// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SINK_EXTREME_HPP
#define XRAYON_PAR_SINK_EXTREME_HPP

#include <concepts>
#include <functional>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/sink/reduce.hpp>

namespace xrayon {

/// The order that `min`, `max` and sorts use unless another is given: `a < b`, and for floating point NaN behind everything else. So
/// max() of numbers among which there is a NaN is NaN, and min() is the smallest number. -0.0 and 0.0 are equal.
struct natural_less {
    template <class A, class B>
    constexpr bool operator()(const A& a, const B& b) const {
        if constexpr (std::floating_point<A> && std::floating_point<B>) {
            return a < b || (b != b && a == a);
        } else if constexpr (requires { a < b; }) {
            return static_cast<bool>(a < b);
        } else {
            static_assert(requires { std::get<1>(a), std::get<1>(b); }, "xrayon: items can only be ordered where a < b is defined");
            // Pairs of different types, as enumerate's of references and what is kept of them, compare with each other from C++23 on.
            return (*this)(std::get<0>(a), std::get<0>(b)) || (!(*this)(std::get<0>(b), std::get<0>(a)) && (*this)(std::get<1>(a), std::get<1>(b)));
        }
    }
};

namespace detail {

/// The first of the smallest items by `less`.
template <class Flow, class Less>
auto min_item(const Flow& flow, const Less& less, std::string_view name) {
    using value = stored_t<typename Flow::item>;  // one of a and b is kept, the other an item as it comes
    const auto smaller = [&less](auto&& a, auto&& b) -> value {
        if (std::invoke(less, std::as_const(b), std::as_const(a))) {
            return static_cast<value>(std::forward<decltype(b)>(b));
        }
        return static_cast<value>(std::forward<decltype(a)>(a));
    };
    return reduce_with(flow, smaller, name);
}

/// The last of the greatest items by `less`.
template <class Flow, class Less>
auto max_item(const Flow& flow, const Less& less, std::string_view name) {
    using value = stored_t<typename Flow::item>;
    const auto greater = [&less](auto&& a, auto&& b) -> value {
        if (std::invoke(less, std::as_const(b), std::as_const(a))) {
            return static_cast<value>(std::forward<decltype(a)>(a));
        }
        return static_cast<value>(std::forward<decltype(b)>(b));
    };
    return reduce_with(flow, greater, name);
}

} // namespace detail

} // namespace xrayon

#endif // XRAYON_PAR_SINK_EXTREME_HPP
