// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_STAGE_CHAIN_HPP
#define XRAYON_PAR_STAGE_CHAIN_HPP

#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/item_count.hpp>

namespace xrayon::detail {

/// The items of one source, then those of another.
template <indexed_source First, indexed_source Second>
class chain_source {
public:
    using item = std::common_reference_t<source_item_t<First>, source_item_t<Second>>;

    chain_source(First first, Second second) : first_(std::move(first)), second_(std::move(second)) {
        check_item_count(first_.size(), second_.size(), "chain");
    }
    [[nodiscard]] std::size_t size() const { return first_.size() + second_.size(); }
    [[nodiscard]] auto open() const {
        return [first = first_.open(), second = second_.open(), middle = first_.size()](std::size_t i) mutable -> item {
            if (i < middle) {
                return static_cast<item>(first(i));
            }
            return static_cast<item>(second(i - middle));
        };
    }

private:
    First first_;
    Second second_;
};

/// What comes out of one flow, then what comes out of another, behind a source that counts the items of both.
template <class First, class Second>
class chain_stage {
public:
    template <class In>
    using item = std::common_reference_t<typename First::item, typename Second::item>;

    chain_stage(First first, Second second) : first_(std::move(first)), second_(std::move(second)) {
        check_item_count(first_.source.size(), second_.source.size(), "chain");
    }

    template <class Step>
    auto open(Step step) const {
        // One step for both sides, which may hold what must not be copied.
        const auto pass = [shared = std::make_shared<Step>(std::move(step))](auto acc, auto&& x) {
            return (*shared)(std::move(acc), static_cast<item<std::size_t>>(std::forward<decltype(x)>(x)));
        };
        return [first = first_.source.open(), take_first = first_.stage.open(pass), second = second_.source.open(),
                take_second = second_.stage.open(pass), middle = first_.source.size()](auto acc, std::size_t i) mutable {
            return i < middle ? take_first(std::move(acc), first(i)) : take_second(std::move(acc), second(i - middle));
        };
    }

private:
    First first_;
    Second second_;
};

/// Items of two sources by turns, until one has none left; then, unless `shortest`, what the other one still has.
template <indexed_source First, indexed_source Second>
class interleave_source {
public:
    using item = std::common_reference_t<source_item_t<First>, source_item_t<Second>>;

    interleave_source(First first, Second second, bool shortest) : first_(std::move(first)), second_(std::move(second)), shortest_(shortest) {
        const std::size_t a = first_.size();
        const std::size_t b = second_.size();
        if (shortest) {
            check_item_count(std::min(a, b) + (b < a ? 1 : 0), std::min(a, b), "interleave_shortest");
        } else {
            check_item_count(a, b, "interleave");
        }
    }
    [[nodiscard]] std::size_t size() const {
        const std::size_t a = first_.size();
        const std::size_t b = second_.size();
        return !shortest_ ? a + b : a <= b ? 2 * a : 2 * b + 1;
    }
    [[nodiscard]] auto open() const {
        return [first = first_.open(), second = second_.open(), turns = std::min(first_.size(), second_.size()),
                longer_first = first_.size() > second_.size()](std::size_t i) mutable -> item {
            const std::size_t turn = i / 2;
            const bool from_first = turn < turns ? i % 2 == 0 : longer_first;
            const std::size_t at = turn < turns ? turn : i - turns;
            if (from_first) {
                return static_cast<item>(first(at));
            }
            return static_cast<item>(second(at));
        };
    }

private:
    First first_;
    Second second_;
    bool shortest_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_STAGE_CHAIN_HPP
