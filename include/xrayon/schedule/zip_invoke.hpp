// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_SCHEDULE_ZIP_INVOKE_HPP
#define XRAYON_SCHEDULE_ZIP_INVOKE_HPP

#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/schedule/detail/task_call.hpp>
#include <xrayon/schedule/invoke_options.hpp>

// Function i on input i, all in parallel. Promises as in schedule/invoke_all.hpp; and argument_error unless there are as many functions as
// inputs.

namespace xrayon {

/// @brief `functions[i](inputs[i])` for every i: result i of a results<R>.
/// @param functions, inputs  Ranges of the same length; functions are called as const.
/// @throws argument_error    if the lengths differ
///
/// **Example.** `zip_invoke(cores, images, {.costs = [&](std::size_t i) { return images[i].size(); }})`.
template <indexed_range Functions, indexed_range Inputs>
    requires detail::keeps_task<element_t<Functions>, element_t<Inputs>>
auto zip_invoke(const Functions& functions, const Inputs& inputs, const invoke_options& options = {}) {
    const std::size_t n = element_count(functions);
    if (element_count(inputs) != n) [[unlikely]] {
        check(false, "zip_invoke: inputs must be as many as functions (" + to_text(n) + ")", element_count(inputs));
    }
    return detail::run_alike(
        n, [&](std::size_t i) -> decltype(auto) { return detail::call_task(element(functions, i), element(inputs, i)); }, options, "zip_invoke");
}

/// @brief The same of functions of several types on a range: `zip_invoke(std::tuple(see, hear, read), inputs)` is a std::tuple.
/// @param functions  Called as const; of references (`std::tie(see, hear)`), as they are.
/// @throws argument_error  if `inputs` has another length
template <class... Functions, indexed_range Inputs>
    requires(detail::keeps_task<const Functions&, element_t<Inputs>> && ...)
auto zip_invoke(const std::tuple<Functions...>& functions, const Inputs& inputs, const invoke_options& options = {})
    -> std::tuple<detail::task_result_t<const Functions&, element_t<Inputs>>...> {
    if (element_count(inputs) != sizeof...(Functions)) [[unlikely]] {
        check(false, "zip_invoke: inputs must be as many as functions (" + to_text(sizeof...(Functions)) + ")", element_count(inputs));
    }
    return detail::run_unlike<detail::task_result_t<const Functions&, element_t<Inputs>>...>(
        [&](auto number) -> decltype(auto) {
            return detail::call_task(std::get<decltype(number)::value>(functions), element(inputs, decltype(number)::value));
        },
        options, "zip_invoke");
}

/// @brief The same of functions and inputs of several types; that there are as many of one as of the other, the compiler checks.
template <class... Functions, class... Inputs>
    requires(sizeof...(Functions) == sizeof...(Inputs)) && (detail::keeps_task<const Functions&, const Inputs&> && ...)
auto zip_invoke(const std::tuple<Functions...>& functions, const std::tuple<Inputs...>& inputs, const invoke_options& options = {})
    -> std::tuple<detail::task_result_t<const Functions&, const Inputs&>...> {
    return detail::run_unlike<detail::task_result_t<const Functions&, const Inputs&>...>(
        [&](auto number) -> decltype(auto) {
            return detail::call_task(std::get<decltype(number)::value>(functions), std::get<decltype(number)::value>(inputs));
        },
        options, "zip_invoke");
}

} // namespace xrayon

#endif // XRAYON_SCHEDULE_ZIP_INVOKE_HPP
