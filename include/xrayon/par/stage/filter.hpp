// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_STAGE_FILTER_HPP
#define XRAYON_PAR_STAGE_FILTER_HPP

#include <type_traits>
#include <utility>

#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/give.hpp>

namespace xrayon::detail {

/// An item of which it is known that the first filter of a flow keeps it.
template <class Item>
struct kept_item {
    Item&& value;
};
template <class T>
inline constexpr bool is_kept_item = false;
template <class Item>
inline constexpr bool is_kept_item<kept_item<Item>> = true;

/// The items for which `keeps(item)` holds.
template <class Before, class Predicate>
class filter_stage {
public:
    template <class In>
    using item = typename Before::template item<In>;

    filter_stage(Before before, Predicate keeps) : before_(std::move(before)), keeps_(std::move(keeps)) {}

    template <class Step>
    auto open(Step step) const {
        return before_.open([step = std::move(step), &keeps = keeps_](auto acc, auto&& x) mutable {
            if constexpr (is_kept_item<std::remove_cvref_t<decltype(x)>>) {
                return step(std::move(acc), std::forward<decltype(x.value)>(x.value));
            } else {
                return static_cast<bool>(give(keeps, std::as_const(x))) ? step(std::move(acc), std::forward<decltype(x)>(x)) : std::move(acc);
            }
        });
    }

    [[nodiscard]] const Before& before() const noexcept { return before_; }
    [[nodiscard]] const Predicate& predicate() const noexcept { return keeps_; }

private:
    [[no_unique_address]] Before before_;
    Predicate keeps_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_STAGE_FILTER_HPP
