// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SINK_REDUCE_HPP
#define XRAYON_PAR_SINK_REDUCE_HPP

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/flow.hpp>

namespace xrayon::detail {

/// A value once there is one. One of a plain type is always there: an empty std::optional of it would be copied with bytes that nobody has
/// written, of which g++ 12 warns in the user's code, and compilers make slower loops of it.
template <class T>
struct accumulator {
    static constexpr bool plain = std::is_trivially_copy_constructible_v<T> && std::is_trivially_destructible_v<T> && std::is_default_constructible_v<T>
                                  && std::is_move_assignable_v<T>;
    std::conditional_t<plain, T, std::optional<T>> kept{};
    bool any = false;

    T&& take() {
        if constexpr (plain) {
            return std::move(kept);
        } else {
            return *std::move(kept);
        }
    }
    template <class... From>
    void put(From&&... from) {
        if constexpr (plain) {
            kept = T(std::forward<From>(from)...);
        } else {
            kept.emplace(std::forward<From>(from)...);
        }
        any = true;
    }
};

/// Items joined by `join`, without a first value: nothing if there are none.
template <class Flow, class Join>
auto reduce_with(const Flow& flow, const Join& join, std::string_view name) {
    using value = stored_t<typename Flow::item>;
    using maybe = accumulator<value>;
    const auto step = [&join](maybe acc, auto&& x) -> maybe {
        if (acc.any) {
            value joined(std::invoke(join, acc.take(), std::forward<decltype(x)>(x)));  // it may refer to what put destroys
            acc.put(std::move(joined));
        } else {
            acc.put(std::forward<decltype(x)>(x));
        }
        return acc;
    };
    const auto combine = [&join](maybe left, maybe right) -> maybe {
        if (left.any && right.any) {
            value joined(std::invoke(join, left.take(), right.take()));
            left.put(std::move(joined));
            return left;
        }
        return left.any ? std::move(left) : std::move(right);
    };
    auto all = fold_flow(flow, fold_leaf(flow.source.size()), [] { return maybe(); }, step, combine, name);
    return all.any ? std::optional<value>(all.take()) : std::nullopt;
}

/// Items joined by `join`, each leaf beginning with `identity()`.
template <class Flow, class Identity, class Join>
auto reduce(const Flow& flow, const Identity& identity, const Join& join) {
    using value = stored_t<std::invoke_result_t<const Identity&>>;
    const auto step = [&join](value acc, auto&& x) -> value { return std::invoke(join, std::move(acc), std::forward<decltype(x)>(x)); };
    const auto combine = [&join](value left, value right) -> value { return std::invoke(join, std::move(left), std::move(right)); };
    return fold_flow(flow, fold_leaf(flow.source.size()), identity, step, combine, "reduce");
}

/// The number of items that come out.
template <class Flow>
std::size_t count(const Flow& flow) {
    if constexpr (Flow::indexed && is_plain_source<decltype(Flow::source)>) {
        return flow.source.size();
    } else {
        return fold_flow(flow, fold_leaf(flow.source.size()), [] { return std::size_t{0}; }, [](std::size_t n, auto&&) { return n + 1; }, std::plus<>{}, "count");
    }
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_SINK_REDUCE_HPP
