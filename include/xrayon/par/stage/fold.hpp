// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_STAGE_FOLD_HPP
#define XRAYON_PAR_STAGE_FOLD_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/try_result.hpp>

namespace xrayon::detail {

/// Of each `length` items of a flow's source one accumulator: `init()` with all that comes out of them taken in by `step(acc, item)`.
template <class Flow, class Init, class Step>
class fold_source {
    using value = stored_t<std::invoke_result_t<const Init&>>;

public:
    fold_source(Flow flow, std::size_t length, Init init, Step step)
        : flow_(std::move(flow)), length_(length), init_(std::move(init)), step_(std::move(step)) {}
    [[nodiscard]] std::size_t size() const { return flow_.source.size() / length_ + (flow_.source.size() % length_ != 0); }
    [[nodiscard]] auto open() const {
        const auto step = [&step = step_](value acc, auto&& x) -> value {
            return std::invoke(step, std::move(acc), std::forward<decltype(x)>(x));
        };
        return [read = flow_.source.open(), take = flow_.stage.open(step), this](std::size_t k) mutable -> value {
            const std::size_t begin = k * length_;
            const std::size_t end = begin + std::min(length_, flow_.source.size() - begin);
            value acc = std::invoke(init_);
            for (std::size_t i = begin; i < end; ++i) {
                acc = take(std::move(acc), read(i));
            }
            return acc;
        };
    }

private:
    Flow flow_;
    std::size_t length_;
    Init init_;
    Step step_;
};

/// fold_source whose step gives a result (par/try_result.hpp): an accumulator that failed takes in nothing more.
template <class Flow, class Init, class Step>
class try_fold_source {
    using value = stored_t<std::invoke_result_t<const Init&>>;
    using result = std::remove_cvref_t<std::invoke_result_t<const Step&, value, typename Flow::item>>;
    using traits = try_traits<result>;
    static_assert(try_result<result>, "xrayon: try_fold: the step must give a std::optional, std::expected or another try_result");

public:
    try_fold_source(Flow flow, std::size_t length, Init init, Step step)
        : flow_(std::move(flow)), length_(length), init_(std::move(init)), step_(std::move(step)) {}
    [[nodiscard]] std::size_t size() const { return flow_.source.size() / length_ + (flow_.source.size() % length_ != 0); }
    [[nodiscard]] auto open() const {
        const auto step = [&step = step_](result acc, auto&& x) -> result {
            return traits::succeeded(acc) ? std::invoke(step, traits::take(std::move(acc)), std::forward<decltype(x)>(x)) : std::move(acc);
        };
        return [read = flow_.source.open(), take = flow_.stage.open(step), this](std::size_t k) mutable -> result {
            const std::size_t begin = k * length_;
            const std::size_t end = begin + std::min(length_, flow_.source.size() - begin);
            result acc = traits::success(std::invoke(init_));
            for (std::size_t i = begin; i < end && traits::succeeded(acc); ++i) {
                acc = take(std::move(acc), read(i));
            }
            return acc;
        };
    }

private:
    Flow flow_;
    std::size_t length_;
    Init init_;
    Step step_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_STAGE_FOLD_HPP
