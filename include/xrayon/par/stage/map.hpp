// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_STAGE_MAP_HPP
#define XRAYON_PAR_STAGE_MAP_HPP

#include <cstddef>
#include <type_traits>
#include <utility>

#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/give.hpp>

namespace xrayon::detail {

/// `function(item)` for each item of a source.
template <indexed_source Source, class Function>
class map_source {
public:
    map_source(Source source, Function function) : source_(std::move(source)), function_(std::move(function)) {}
    [[nodiscard]] std::size_t size() const { return source_.size(); }
    [[nodiscard]] auto open() const {
        using result = settled_t<given_t<Function, source_item_t<Source>>>;
        return [read = source_.open(), &function = function_](std::size_t i) mutable -> result { return static_cast<result>(give(function, read(i))); };
    }

private:
    Source source_;
    Function function_;
};

/// `function(item)` for each item that comes out of a stage.
template <class Before, class Function>
class map_stage {
public:
    template <class In>
    using item = settled_t<given_t<Function, typename Before::template item<In>>>;

    map_stage(Before before, Function function) : before_(std::move(before)), function_(std::move(function)) {}

    template <class Step>
    auto open(Step step) const {
        return before_.open([step = std::move(step), &function = function_](auto acc, auto&& x) mutable {
            using result = settled_t<given_t<Function, decltype(x)>>;
            return step(std::move(acc), static_cast<result>(give(function, std::forward<decltype(x)>(x))));
        });
    }

    [[nodiscard]] const Before& before() const noexcept { return before_; }

private:
    [[no_unique_address]] Before before_;
    Function function_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_STAGE_MAP_HPP
