// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_STAGE_FLAT_MAP_HPP
#define XRAYON_PAR_STAGE_FLAT_MAP_HPP

#include <optional>
#include <type_traits>
#include <utility>

#include <xrayon/core/ranges.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/give.hpp>
#include <xrayon/par/source/range.hpp>

namespace xrayon::detail {

/// What `function(item)`, an optional, holds, where it holds something.
template <class Before, class Function>
class filter_map_stage {
    template <class In>
    using maybe = std::remove_cvref_t<given_t<Function, typename Before::template item<In>>>;

public:
    template <class In>
    using item = std::remove_reference_t<decltype(*std::declval<maybe<In>>())>;

    filter_map_stage(Before before, Function function) : before_(std::move(before)), function_(std::move(function)) {}

    template <class Step>
    auto open(Step step) const {
        return before_.open([step = std::move(step), &function = function_](auto acc, auto&& x) mutable {
            auto result = give(function, std::forward<decltype(x)>(x));
            return result ? step(std::move(acc), *std::move(result)) : std::move(acc);
        });
    }

private:
    [[no_unique_address]] Before before_;
    Function function_;
};

/// A container that was made for an item, and not a view of something or a container elsewhere.
template <class Range>
inline constexpr bool gives_away = !std::is_lvalue_reference_v<Range> && holds_elements<std::remove_cvref_t<Range>>;

/// What comes out of a range: the elements of a container that gives them away are moved out of it.
template <class Range>
using inner_element = std::conditional_t<gives_away<Range>, std::remove_reference_t<std::ranges::range_reference_t<Range>>&&,
                                         std::ranges::range_reference_t<Range>>;

template <class T>
concept collectable = requires(T&& items) { std::forward<T>(items).collect(); };

/// The elements of each range that `function(item)` gives, one after the other, by the thread that has the item. Where it gives a sequence,
/// that is evaluated first, in parallel.
template <class Before, class Function>
class flat_map_stage {
    template <class Given>
    struct range_of {
        using type = Given;
    };
    template <collectable Given>
    struct range_of<Given> {
        using type = decltype(std::declval<Given>().collect());
    };
    template <class Item>
    using inner = typename range_of<given_t<Function, Item>>::type;

public:
    template <class In>
    using item = inner_element<inner<typename Before::template item<In>>>;

    flat_map_stage(Before before, Function function) : before_(std::move(before)), function_(std::move(function)) {}

    template <class Step>
    auto open(Step step) const {
        return before_.open([step = std::move(step), &function = function_](auto acc, auto&& x) mutable {
            auto&& given = give(function, std::forward<decltype(x)>(x));
            const auto take_all = [&](auto&& elements) {
                for (auto&& each : elements) {
                    acc = step(std::move(acc), static_cast<inner_element<inner<decltype(x)>>>(each));
                }
            };
            if constexpr (collectable<given_t<Function, decltype(x)>>) {
                take_all(std::move(given).collect());
            } else {
                take_all(given);
            }
            return acc;
        });
    }

private:
    [[no_unique_address]] Before before_;
    Function function_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_STAGE_FLAT_MAP_HPP
