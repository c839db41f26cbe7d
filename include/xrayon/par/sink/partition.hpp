// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SINK_PARTITION_HPP
#define XRAYON_PAR_SINK_PARTITION_HPP

#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/give.hpp>
#include <xrayon/par/results.hpp>
#include <xrayon/par/sink/collect.hpp>

namespace xrayon::detail {

template <class T>
inline constexpr bool is_variant_of_two = false;
template <class A, class B>
inline constexpr bool is_variant_of_two<std::variant<A, B>> = true;

/// Two results at once: `put(kept, item)` for each item, where `kept` is a pair of vectors.
template <class First, class Second, class Flow, class Put>
std::pair<results<First>, results<Second>> collect_pair(const Flow& flow, const Put& put, std::string_view name) {
    using lists = std::pair<std::vector<First>, std::vector<Second>>;
    auto kept = keep_blocks<lists>(flow, put, name);
    auto first = join_blocks<First>(kept, [](lists& each) -> auto& { return each.first; }, name);
    return {std::move(first), join_blocks<Second>(kept, [](lists& each) -> auto& { return each.second; }, name)};
}

/// The items for which `matches(item)` holds, and the others.
template <class Flow, class Predicate>
auto partition(const Flow& flow, const Predicate& matches) {
    using value = stored_t<typename Flow::item>;
    const auto put = [&matches](auto& kept, auto&& x) {
        (static_cast<bool>(give(matches, std::as_const(x))) ? kept.first : kept.second).emplace_back(std::forward<decltype(x)>(x));
    };
    return collect_pair<value, value>(flow, put, "partition");
}

/// What `function(item)`, a std::variant of two, holds as its first alternative, and what it holds as its second.
template <class Flow, class Function>
auto partition_map(const Flow& flow, const Function& function) {
    using either = std::remove_cvref_t<given_t<Function, typename Flow::item>>;
    static_assert(is_variant_of_two<either>, "xrayon: partition_map: the function must give a std::variant of two types");
    const auto put = [&function](auto& kept, auto&& x) {
        either one = give(function, std::forward<decltype(x)>(x));
        if (one.index() == 0) {
            kept.first.emplace_back(std::get<0>(std::move(one)));
        } else {
            kept.second.emplace_back(std::get<1>(std::move(one)));
        }
    };
    return collect_pair<stored_t<std::variant_alternative_t<0, either>>, stored_t<std::variant_alternative_t<1, either>>>(flow, put, "partition_map");
}

/// The first elements of pairs, and the second ones.
template <class Flow>
auto unzip(const Flow& flow) {
    using pair = std::remove_cvref_t<typename Flow::item>;
    static_assert(std::tuple_size_v<pair> == 2, "xrayon: unzip: items must be pairs, or tuples of two");
    const auto put = [](auto& kept, auto&& x) {
        kept.first.emplace_back(std::get<0>(std::forward<decltype(x)>(x)));
        kept.second.emplace_back(std::get<1>(std::forward<decltype(x)>(x)));
    };
    return collect_pair<stored_t<std::tuple_element_t<0, pair>>, stored_t<std::tuple_element_t<1, pair>>>(flow, put, "unzip");
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_SINK_PARTITION_HPP
