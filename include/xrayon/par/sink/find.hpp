// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SINK_FIND_HPP
#define XRAYON_PAR_SINK_FIND_HPP

#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/call_end.hpp>
#include <xrayon/par/detail/first_hit.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/fold_leaves.hpp>
#include <xrayon/par/detail/give.hpp>
#include <xrayon/par/loop_options.hpp>

namespace xrayon::detail {

/// The first thing that `test(item)`, an optional, gives; of the things that come out for one item the first.
template <class Flow, class Test>
auto find_map(const Flow& flow, const Test& test, std::string_view name) {
    using found = std::remove_cvref_t<given_t<Test, typename Flow::item>>;
    using value = typename found::value_type;
    // The first hit ends the item at once: what else would come out of it need not be evaluated, and may throw.
    const auto make_item = [&flow, &test](const call_end<value>& end) {
        return [read = flow.source.open(), take = flow.stage.open([&test, &end](no_fold, auto&& x) {
                    if (found result = give(test, std::forward<decltype(x)>(x))) {
                        end(*std::move(result));
                    }
                    return no_fold{};
                })](std::size_t i) mutable { take(no_fold{}, read(i)); };
    };
    return first_end<value>(flow.source.size(), make_item, flow.run_options(), name);
}

/// Options of a call whose item i is item n - 1 - i of what the user declared the memory of.
inline loop_options from_the_back(loop_options options, std::size_t n) {
    if (options.run.item_bytes) {
        options.run.item_bytes = [bytes = std::move(options.run.item_bytes), n](std::size_t i) { return bytes(n - 1 - i); };
    }
    return options;
}

/// The last thing that `test(item)` gives: items are searched from the back, those in front of a hit are cancelled; of the things that come
/// out for one item the last.
template <class Flow, class Test>
auto find_map_last(const Flow& flow, const Test& test, std::string_view name) {
    using found = std::remove_cvref_t<given_t<Test, typename Flow::item>>;
    const auto make_probe = [&flow, &test] {
        return [read = flow.source.open(), n = flow.source.size(), take = flow.stage.open([&test](found acc, auto&& x) -> found {
                    found next = give(test, std::forward<decltype(x)>(x));
                    return next ? std::move(next) : std::move(acc);
                })](std::size_t i) mutable { return take(found{}, read(n - 1 - i)); };
    };
    return first_hit<typename found::value_type>(flow.source.size(), make_probe, from_the_back(flow.run_options(), flow.source.size()), name);
}

/// `matches(item)` as a test that gives the item.
template <class Value, class Predicate>
auto test_of(const Predicate& matches) {
    return [&matches](auto&& x) -> std::optional<Value> {
        if (!static_cast<bool>(give(matches, std::as_const(x)))) {
            return std::nullopt;
        }
        return std::optional<Value>(std::in_place, std::forward<decltype(x)>(x));
    };
}

/// The first item for which `matches(item)` holds.
template <class Flow, class Predicate>
auto find_first(const Flow& flow, const Predicate& matches, std::string_view name) {
    return find_map(flow, test_of<stored_t<typename Flow::item>>(matches), name);
}

/// The last item for which `matches(item)` holds.
template <class Flow, class Predicate>
auto find_last(const Flow& flow, const Predicate& matches, std::string_view name) {
    return find_map_last(flow, test_of<stored_t<typename Flow::item>>(matches), name);
}

/// The index of the first item for which `matches(item)` holds.
template <class Flow, class Predicate>
std::optional<std::size_t> position_first(const Flow& flow, const Predicate& matches, std::string_view name) {
    const auto make_probe = [&flow, &matches] {
        return [read = flow.source.open(), &matches](std::size_t i) mutable {
            auto&& x = read(i);
            return static_cast<bool>(give(matches, std::as_const(x))) ? std::optional<std::size_t>(i) : std::nullopt;
        };
    };
    return first_hit<std::size_t>(flow.source.size(), make_probe, flow.run_options(), name);
}

/// True when `matches(item)` is `wanted` for some item.
template <class Flow, class Predicate>
bool some(const Flow& flow, const Predicate& matches, bool wanted, std::string_view name) {
    struct yes {};
    const auto test = [&matches, wanted](auto&& x) {
        return static_cast<bool>(give(matches, std::as_const(x))) == wanted ? std::optional<yes>(yes{}) : std::nullopt;
    };
    return find_map(flow, test, name).has_value();
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_SINK_FIND_HPP
