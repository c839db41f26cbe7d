// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_SCHEDULE_TASK_COSTS_HPP
#define XRAYON_SCHEDULE_TASK_COSTS_HPP

#include <concepts>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/list_schedule.hpp>
#include <xrayon/core/ranges.hpp>

namespace xrayon {

/// @brief What tasks are expected to cost, in any unit that is the same for all: a range of numbers, or a function of the task's index.
///
/// With a cost model they are taken for sizes of input, and multiplied by what a unit has cost. Values are kept, not borrowed.
class task_costs {
public:
    /// Not known.
    task_costs() = default;
    task_costs(std::initializer_list<double> costs) : values_(costs), known_(true) {}
    template <indexed_range Range>
        requires std::is_arithmetic_v<std::remove_cvref_t<element_t<Range>>>
    task_costs(const Range& costs) : known_(true) {  // NOLINT: {.costs = sizes}
        values_.reserve(element_count(costs));
        for (std::size_t i = 0; i < element_count(costs); ++i) {
            values_.push_back(static_cast<double>(element(costs, i)));
        }
    }
    template <class F>
        requires(!std::same_as<F, task_costs>) && std::invocable<const F&, std::size_t>
                && std::is_arithmetic_v<std::remove_cvref_t<std::invoke_result_t<const F&, std::size_t>>>
    task_costs(F cost)  // NOLINT: {.costs = [&](std::size_t i) { return inputs[i].size(); }}
        : function_([cost = std::move(cost)](std::size_t i) { return static_cast<double>(std::invoke(cost, i)); }), known_(true) {}

    [[nodiscard]] bool known() const noexcept { return known_; }

    /// The costs of n tasks.
    /// @throws argument_error  `<function>: costs ...` unless there are n, finite and >= 0; what the function of the index throws
    [[nodiscard]] std::vector<double> of(std::size_t n, std::string_view function) const {
        std::vector<double> costs = values_;
        if (function_) {
            costs.reserve(n);
            for (std::size_t i = 0; i < n; ++i) {
                costs.push_back(function_(i));
            }
        }
        if (costs.size() != n) [[unlikely]] {
            check(false, std::string(function) + ": options.costs must have one for each task (" + to_text(n) + ")", costs.size());
        }
        check_costs(costs, std::string(function) + ": options.costs");
        return costs;
    }

private:
    std::vector<double> values_;
    std::function<double(std::size_t)> function_;
    bool known_ = false;
};

} // namespace xrayon

#endif // XRAYON_SCHEDULE_TASK_COSTS_HPP
