// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SINK_EXTREME_HPP
#define XRAYON_PAR_SINK_EXTREME_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/block_extreme.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/fold_leaves.hpp>
#include <xrayon/par/detail/give.hpp>
#include <xrayon/par/detail/leaf_cursor.hpp>
#include <xrayon/par/sink/reduce.hpp>
#include <xrayon/par/stage/map.hpp>

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

/// min_item or max_item of numbers by natural_less. The order of joining does not show in the result (block_extreme.hpp), so the numbers of a part
/// of a leaf are compared several at a time; where they are made for the call they are written down first.
template <bool Greatest, class Flow>
auto extreme_number(const Flow& flow, std::string_view name) {
    using number = stored_t<typename Flow::item>;
    if constexpr (Flow::indexed && std::is_arithmetic_v<number>) {
        using maybe = accumulator<number>;
        const auto join = [](maybe a, maybe b) -> maybe {
            if (a.any && b.any) {
                const std::array both{a.kept, b.kept};
                a.kept = extreme_in_order<Greatest>(both.data(), 2);
                return a;
            }
            return a.any ? a : b;
        };
        const auto leaf = [&](std::size_t begin, std::size_t end, const leaf_cursor& cursor) {
            maybe best;
            auto read = flow.source.open();
            cursor.in_parts(begin, end, [&](std::size_t first, std::size_t last) {
                if constexpr (requires { flow.source.data(); }) {
                    maybe here;
                    here.put(block_extreme<Greatest>(flow.source.data() + first, last - first));
                    best = join(best, here);
                    return;
                }
                number values[leaf_cursor::part];
                std::size_t i = first;
                for (; last - i >= 8; i += 8) {  // a known number of neighbours, which g++ -O2 can turn into vector instructions
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
                    for (std::size_t lane = 0; lane < 8; ++lane) {
                        cursor.at(i + lane);
                        values[i + lane - first] = static_cast<number>(read(i + lane));
                    }
                }
                for (; i < last; ++i) {
                    cursor.at(i);
                    values[i - first] = static_cast<number>(read(i));
                }
                maybe here;
                here.put(block_extreme<Greatest>(values, last - first));
                best = join(best, here);
            });
            return best;
        };
        const std::size_t n = flow.source.size();
        const std::size_t leaf_size = is_plain_source<decltype(flow.source)> ? 1024 : fold_leaf(n);
        const maybe all = fold_leaves<maybe>(n, leaf_size, leaf, [] { return maybe(); }, join, flow.run_options(), name);
        return all.any ? std::optional<number>(all.kept) : std::nullopt;
    } else if constexpr (Greatest) {
        return max_item(flow, natural_less{}, name);
    } else {
        return min_item(flow, natural_less{}, name);
    }
}

/// Items with their keys: `key(item)` is called once for each.
template <class Item, class Key>
class keyed_item {
    using given = given_t<Key, const std::remove_reference_t<Item>&>;
    // A reference that the key function gives may refer to the item, which stays only if it is an lvalue.
    using kept = std::conditional_t<std::is_lvalue_reference_v<Item> && std::is_lvalue_reference_v<given>, given, stored_t<given>>;

public:
    explicit keyed_item(const Key& key) : key_(&key) {}
    std::pair<kept, Item> operator()(Item x) const {
        kept of_x = static_cast<kept>(give(*key_, std::as_const(x)));
        return {static_cast<kept&&>(of_x), std::forward<Item>(x)};
    }

private:
    const Key* key_;
};

/// min_item or max_item by what `key(item)` gives.
template <bool Greatest, class Flow, class Key>
auto extreme_by_key(Flow&& flow, const Key& key, std::string_view name) {
    using item = typename Flow::item;
    using value = stored_t<item>;
    using with_key = keyed_item<item, Key>;
    const auto less = [](const auto& a, const auto& b) { return natural_less{}(a.first, b.first); };
    const auto extreme = [&](const auto& keyed) {
        auto found = [&] {
            if constexpr (Greatest) {
                return max_item(keyed, less, name);
            } else {
                return min_item(keyed, less, name);
            }
        }();
        return found ? std::optional<value>(std::move(found->second)) : std::nullopt;
    };
    if constexpr (Flow::indexed) {
        using source = map_source<decltype(flow.source), with_key>;
        return extreme(detail::flow<source, no_stage>{source(std::move(flow.source), with_key(key)), {}, std::move(flow.options)});
    } else {
        using stage = map_stage<decltype(flow.stage), with_key>;
        return extreme(detail::flow<decltype(flow.source), stage>{std::move(flow.source), stage(std::move(flow.stage), with_key(key)), std::move(flow.options)});
    }
}

} // namespace detail

} // namespace xrayon

#endif // XRAYON_PAR_SINK_EXTREME_HPP
