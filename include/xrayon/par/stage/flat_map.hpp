// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_STAGE_FLAT_MAP_HPP
#define XRAYON_PAR_STAGE_FLAT_MAP_HPP

#include <optional>
#include <type_traits>
#include <utility>

#include <xrayon/core/ranges.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/give.hpp>

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
            return result ? step(std::move(acc), *std::move(result)) : acc;
        });
    }

private:
    [[no_unique_address]] Before before_;
    Function function_;
};

/// The elements of each range that `function(item)` gives, one after the other, by the thread that has the item.
template <class Before, class Function>
class flat_map_stage {
    template <class In>
    using inner = given_t<Function, typename Before::template item<In>>;

public:
    template <class In>
    using item = std::ranges::range_reference_t<inner<In>>;

    flat_map_stage(Before before, Function function) : before_(std::move(before)), function_(std::move(function)) {}

    template <class Step>
    auto open(Step step) const {
        return before_.open([step = std::move(step), &function = function_](auto acc, auto&& x) mutable {
            auto&& elements = give(function, std::forward<decltype(x)>(x));
            for (auto&& each : elements) {
                acc = step(std::move(acc), std::forward<decltype(each)>(each));
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
