// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_SCHEDULE_INVOKE_ALL_HPP
#define XRAYON_SCHEDULE_INVOKE_ALL_HPP

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>

#include <xrayon/core/concepts.hpp>
#include <xrayon/schedule/detail/task_call.hpp>
#include <xrayon/schedule/invoke_options.hpp>

// Tasks that have little in common but that all of them must be done. What all forms promise:
//
// Same at every thread count, with every cost and every model: the results, their order, and the exception.
// Order: results stand where their tasks do. Tasks *begin* with the dearest one, as far as options say what they cost; else in input order.
// Errors: the exception of the lowest failing task in *input* order, unchanged (options.run.error says otherwise): tasks before it run to
//   their end, those behind it are left out if they have not begun. argument_error if options.costs or options.ids do not fit the tasks;
//   else as map_index.
// Cost: tasks are taken one by one; about 20 ns each on one thread, 60 ns more where times are taken (options.balance), 130 ns more with a
//   model. n log n where costs are known.

namespace xrayon {

/// A range of tasks, each callable as const and without arguments.
template <class Range>
concept task_range = indexed_range<Range> && detail::keeps_task<element_t<Range>>;

/// @brief Calls each of several functions once, in parallel, and gives all results as a tuple.
///
/// @param options  Costs, model, report: `invoke_all({.costs = {5, 1, 1}}, f, g, h)`.
/// @param tasks    Each called once, by one thread; they may be mutable.
/// @returns        `tuple(result of the first, of the second, ...)`; functions that return nothing give no_value, lazy results are evaluated
///                 (core/stored.hpp).
/// @see zip_invoke, join, map_index_in_order
template <class... Tasks>
    requires(sizeof...(Tasks) >= 1) && (detail::keeps_task<Tasks&> && ...)
auto invoke_all(const invoke_options& options, Tasks&&... tasks) -> std::tuple<detail::task_result_t<Tasks&>...> {
    const std::tuple<Tasks&...> all(tasks...);
    return detail::run_unlike<detail::task_result_t<Tasks&>...>(
        [&](auto number) -> decltype(auto) { return detail::call_task(std::get<decltype(number)::value>(all)); }, options, "invoke_all");
}
template <class... Tasks>
    requires(sizeof...(Tasks) >= 1) && (detail::keeps_task<Tasks&> && ...)
auto invoke_all(Tasks&&... tasks) -> std::tuple<detail::task_result_t<Tasks&>...> {
    return invoke_all(invoke_options{}, tasks...);
}

/// @brief The same of a range of tasks: `tasks[i]()` is result i of a results<R>. Of no tasks: nothing.
///
/// **Example.**
/// @code
/// std::vector<std::function<double()>> fits = ...;
/// auto scores = xrayon::invoke_all(fits, {.costs = [&](std::size_t i) { return rows[i]; }});
/// @endcode
template <task_range Range>
auto invoke_all(const Range& tasks, const invoke_options& options = {}) {
    return detail::run_alike(
        element_count(tasks), [&](std::size_t i) -> decltype(auto) { return detail::call_task(element(tasks, i)); }, options, "invoke_all");
}

} // namespace xrayon

#endif // XRAYON_SCHEDULE_INVOKE_ALL_HPP
