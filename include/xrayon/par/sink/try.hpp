// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SINK_TRY_HPP
#define XRAYON_PAR_SINK_TRY_HPP

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/fold_until.hpp>
#include <xrayon/par/detail/give.hpp>
#include <xrayon/par/results.hpp>
#include <xrayon/par/sink/collect.hpp>
#include <xrayon/par/sink/find.hpp>
#include <xrayon/par/try_result.hpp>

// What ends at the first failed result (par/try_result.hpp). A failed result is what an exception is to other calls: the lowest item's wins,
// items above it are cancelled, items below run to their end.

namespace xrayon::detail {

/// `function(item)` for each item: the first failed result, or a successful one.
template <class Flow, class Function>
auto try_for_each(const Flow& flow, const Function& function, std::string_view name) {
    using result = std::remove_cvref_t<given_t<Function, typename Flow::item>>;
    static_assert(try_result<result>, "xrayon: try_for_each: the function must give a std::optional, std::expected, std::error_code or another try_result");
    using traits = try_traits<result>;
    static_assert(std::is_default_constructible_v<try_output_t<result>>, "xrayon: try_for_each: what a successful result holds must be default constructible");
    const auto failed = [&function](auto&& x) -> std::optional<result> {
        result each = give(function, std::forward<decltype(x)>(x));
        return traits::succeeded(each) ? std::nullopt : std::optional<result>(std::move(each));
    };
    auto found = find_map(flow, failed, name);
    return found ? *std::move(found) : traits::success(try_output_t<result>{});
}

/// What the items, which are results, hold, joined by `join(a, b)`, which gives a result too; each leaf begins with `begin()`, an optional.
/// Nothing where that is nothing and there are no items.
template <class Flow, class Begin, class Join>
auto try_reduce(const Flow& flow, const Begin& begin, const Join& join, std::string_view name) {
    using item = std::remove_cvref_t<typename Flow::item>;
    static_assert(try_result<item>, "xrayon: try_reduce: items must be std::optional, std::expected or another try_result");
    using value = try_output_t<item>;
    using joined = std::remove_cvref_t<std::invoke_result_t<const Join&, value, value>>;
    static_assert(std::same_as<joined, item>, "xrayon: try_reduce: `join` must give what the items are");
    using traits = try_traits<item>;
    using maybe = std::optional<value>;
    std::optional<item> failed;
    const auto both = [&join](value a, value b, const call_end<item>& stop) -> value {
        item result = std::invoke(join, std::move(a), std::move(b));
        if (!traits::succeeded(result)) {
            stop(std::move(result));
        }
        return traits::take(std::move(result));
    };
    const auto leaf = [&](std::size_t first, std::size_t last, const leaf_cursor& cursor, const call_end<item>& stop) -> maybe {
        maybe acc = std::invoke(begin);
        auto read = flow.source.open();
        auto take = flow.stage.open([&](no_fold, auto&& x) {
            item each(std::forward<decltype(x)>(x));
            if (!traits::succeeded(each)) {
                stop(std::move(each));
            }
            if (acc) {
                value next = both(*std::move(acc), traits::take(std::move(each)), stop);
                acc.emplace(std::move(next));
            } else {
                acc.emplace(traits::take(std::move(each)));
            }
            return no_fold{};
        });
        cursor.each(first, last, [&](std::size_t i) { take(no_fold{}, read(i)); });
        return acc;
    };
    const auto combine = [&](maybe left, maybe right, const call_end<item>& stop) -> maybe {
        if (left && right) {
            return both(*std::move(left), *std::move(right), stop);
        }
        return left ? std::move(left) : std::move(right);
    };
    const std::size_t n = flow.source.size();
    auto total = fold_until<maybe>(n, fold_leaf(n), leaf, begin, combine, failed, flow.run_options(), name);
    if (failed) {
        return std::optional<item>(std::move(failed));
    }
    return *total ? std::optional<item>(traits::success(**std::move(total))) : std::nullopt;
}

/// What the items, which are results, hold, in order: as a result of the same kind, or the first failed one's reason.
template <class Flow>
auto try_collect(const Flow& flow, std::string_view name) {
    using item = std::remove_cvref_t<typename Flow::item>;
    static_assert(try_result<item>, "xrayon: try_collect: items must be std::optional, std::expected or another try_result");
    using traits = try_traits<item>;
    using value = stored_t<try_output_t<item>>;
    using whole = typename traits::template with<results<value>>;
    std::optional<item> failed;
    const auto put = [](std::vector<value>& list, auto&& x, const auto& stop) {
        item each(std::forward<decltype(x)>(x));
        if (!traits::succeeded(each)) {
            stop(std::move(each));
        }
        list.emplace_back(traits::take(std::move(each)));
    };
    auto kept = keep_blocks_until<std::vector<value>>(flow, put, failed, name);
    if (failed) {
        return try_traits<whole>::failure(*std::move(failed));
    }
    return try_traits<whole>::success(join_blocks<value>(kept, std::identity{}, name));
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_SINK_TRY_HPP
