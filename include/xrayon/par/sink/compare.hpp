// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SINK_COMPARE_HPP
#define XRAYON_PAR_SINK_COMPARE_HPP

#include <algorithm>
#include <compare>
#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include <xrayon/par/detail/first_hit.hpp>
#include <xrayon/par/detail/flow.hpp>

namespace xrayon::detail {

/// What `test(a, b)`, an optional, gives for the first pair of items side by side for which it gives something.
template <class Value, class Flow, class Other, class Test>
std::optional<Value> first_pair(const Flow& flow, const Other& other, const Test& test, std::string_view name) {
    const auto make_probe = [&] {
        return [a = flow.source.open(), b = other.open(), &test](std::size_t i) mutable -> std::optional<Value> {
            auto&& left = a(i);  // before the other one, which may throw too
            return test(left, b(i));
        };
    };
    return first_hit<Value>(std::min(flow.source.size(), other.size()), make_probe, flow.run_options(), name);
}

/// `a <=> b`. A pair can only be compared with a pair of the very same types before C++23, and items of enumerate and zip hold references:
/// those are compared element by element.
template <class A, class B>
constexpr auto order_of(const A& a, const B& b) {
    if constexpr (requires { a <=> b; }) {
        return a <=> b;
    } else {
        static_assert(requires { std::get<1>(a), std::get<1>(b); } && std::tuple_size_v<A> == 2 && std::tuple_size_v<B> == 2,
                      "xrayon: items can only be compared where a <=> b is defined");
        using order = std::common_comparison_category_t<decltype(order_of(std::get<0>(a), std::get<0>(b))),
                                                        decltype(order_of(std::get<1>(a), std::get<1>(b)))>;
        const order first = order_of(std::get<0>(a), std::get<0>(b));
        return first != 0 ? first : static_cast<order>(order_of(std::get<1>(a), std::get<1>(b)));
    }
}

/// `a == b`, likewise.
template <class A, class B>
constexpr bool same_item(const A& a, const B& b) {
    if constexpr (requires { a == b; }) {
        return static_cast<bool>(a == b);
    } else {
        static_assert(requires { std::get<1>(a), std::get<1>(b); } && std::tuple_size_v<A> == 2 && std::tuple_size_v<B> == 2,
                      "xrayon: items can only be compared where a == b is defined");
        return same_item(std::get<0>(a), std::get<0>(b)) && same_item(std::get<1>(a), std::get<1>(b));
    }
}

/// Lexicographic, as std::lexicographical_compare_three_way: the first two items for which `a <=> b` is not equal decide, else the lengths.
template <class Flow, class Other>
auto compare(const Flow& flow, const Other& other, std::string_view name) {
    using order = std::common_comparison_category_t<decltype(order_of(std::declval<const typename Flow::item&>(), std::declval<const source_item_t<Other>&>())),
                                                    std::strong_ordering>;
    const auto differ = [](const auto& a, const auto& b) {
        const order result = order_of(a, b);
        return result != 0 ? std::optional<order>(result) : std::nullopt;
    };
    const auto found = first_pair<order>(flow, other, differ, name);
    return found ? *found : static_cast<order>(flow.source.size() <=> other.size());
}

/// True when both have the same length and equal items side by side.
template <class Flow, class Other>
bool equal(const Flow& flow, const Other& other, std::string_view name) {
    struct yes {};
    const auto differ = [](const auto& a, const auto& b) { return same_item(a, b) ? std::nullopt : std::optional<yes>(yes{}); };
    return flow.source.size() == other.size() && !first_pair<yes>(flow, other, differ, name).has_value();
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_SINK_COMPARE_HPP
