// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_STAGE_MAP_INIT_HPP
#define XRAYON_PAR_STAGE_MAP_INIT_HPP

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <xrayon/exec/scratch.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/give.hpp>

namespace xrayon::detail {

/// `function(scratch, item)`, where the scratch object is lent to one run of items at a time: never shared, never re-entered by a call
/// within an item, made by `init()` as often as it is in use at the same time. Shared, because a source may be moved.
template <indexed_source Source, class Init, class Function>
class map_init_source {
    using object = std::remove_cvref_t<std::invoke_result_t<const Init&>>;

public:
    map_init_source(Source source, Init init, Function function)
        : source_(std::move(source)), function_(std::move(function)), scratch_(std::make_unique<scratch<object>>(std::move(init))) {}
    [[nodiscard]] std::size_t size() const { return source_.size(); }
    [[nodiscard]] auto open() const {
        using result = settled_t<std::invoke_result_t<const Function&, object&, source_item_t<Source>>>;
        return [read = source_.open(), &function = function_, lent = scratch_->borrow()](std::size_t i) mutable -> result {
            return static_cast<result>(std::invoke(function, *lent, read(i)));
        };
    }

private:
    Source source_;
    Function function_;
    std::unique_ptr<scratch<object>> scratch_;
};

/// The same for what comes out of a stage.
template <class Before, class Init, class Function>
class map_init_stage {
    using object = std::remove_cvref_t<std::invoke_result_t<const Init&>>;

public:
    template <class In>
    using item = settled_t<std::invoke_result_t<const Function&, object&, typename Before::template item<In>>>;

    map_init_stage(Before before, Init init, Function function)
        : before_(std::move(before)), function_(std::move(function)), scratch_(std::make_unique<scratch<object>>(std::move(init))) {}

    template <class Step>
    auto open(Step step) const {
        return before_.open([step = std::move(step), &function = function_, lent = scratch_->borrow()](auto acc, auto&& x) mutable {
            using result = settled_t<std::invoke_result_t<const Function&, object&, decltype(x)>>;
            return step(std::move(acc), static_cast<result>(std::invoke(function, *lent, std::forward<decltype(x)>(x))));
        });
    }

private:
    [[no_unique_address]] Before before_;
    Function function_;
    std::unique_ptr<scratch<object>> scratch_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_STAGE_MAP_INIT_HPP
