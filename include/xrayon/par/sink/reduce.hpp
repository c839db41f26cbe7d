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

/// Items joined by `join`, without a first value: nothing if there are none.
template <class Flow, class Join>
auto reduce_with(const Flow& flow, const Join& join, std::string_view name) {
    using value = stored_t<typename Flow::item>;
    using maybe = std::optional<value>;
    const auto step = [&join](maybe acc, auto&& x) -> maybe {
        if (acc) {
            value joined(std::invoke(join, *std::move(acc), std::forward<decltype(x)>(x)));  // it may refer to what emplace destroys
            acc.emplace(std::move(joined));
        } else {
            acc.emplace(std::forward<decltype(x)>(x));
        }
        return acc;
    };
    const auto combine = [&join](maybe left, maybe right) -> maybe {
        if (left && right) {
            value joined(std::invoke(join, *std::move(left), *std::move(right)));
            left.emplace(std::move(joined));
            return left;
        }
        return left ? std::move(left) : std::move(right);
    };
    return fold_flow(flow, fold_leaf(flow.source.size()), [] { return maybe(); }, step, combine, name);
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
