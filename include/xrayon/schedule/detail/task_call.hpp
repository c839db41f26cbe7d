// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_SCHEDULE_DETAIL_TASK_CALL_HPP
#define XRAYON_SCHEDULE_DETAIL_TASK_CALL_HPP

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/join.hpp>
#include <xrayon/par/ordered.hpp>
#include <xrayon/schedule/detail/invoke_plan.hpp>

namespace xrayon::detail {

/// How the result of `f(args...)` is kept; no type where that cannot be called, so that an overload drops out.
template <class F, class... Args>
struct task_result {};
template <class F, class... Args>
    requires std::invocable<F, Args...>
struct task_result<F, Args...> {
    using type = stored_t<std::invoke_result_t<F, Args...>>;
};
template <class F, class... Args>
    requires std::invocable<F, Args...> && std::is_void_v<std::invoke_result_t<F, Args...>>
struct task_result<F, Args...> {
    using type = no_value;
};
template <class F, class... Args>
using task_result_t = typename task_result<F, Args...>::type;

/// A function whose result can be kept, or that has none.
template <class F, class... Args>
concept keeps_task = std::invocable<F, Args...> && (std::is_void_v<std::invoke_result_t<F, Args...>> || storable<std::invoke_result_t<F, Args...>>);

/// Calls `f(args...)`; what returns nothing gives no_value.
template <class F, class... Args>
decltype(auto) call_task(F&& f, Args&&... args) {
    if constexpr (std::is_void_v<std::invoke_result_t<F, Args...>>) {
        std::invoke(std::forward<F>(f), std::forward<Args>(args)...);
        return no_value{};
    } else {
        return std::invoke(std::forward<F>(f), std::forward<Args>(args)...);
    }
}

/// The results of n tasks of one type, `call(i)`.
template <class Call>
[[nodiscard]] auto run_alike(std::size_t n, const Call& call, const invoke_options& options, std::string_view function) {
    using value = stored_t<std::invoke_result_t<const Call&, std::size_t>>;
    invoke_plan plan(n, options, function);
    const auto task = [&](std::size_t i) {
        const auto watch = plan.time(i);
        return value(call(i));  // a lazy result is evaluated while the watch runs
    };
    return map_index_in_order(plan.order(), task, plan.loop());
}

/// The results of tasks of several types: `call(std::integral_constant<std::size_t, k>)` is task k, whose result is kept as the k-th of Results.
template <class... Results, class Call>
[[nodiscard]] std::tuple<Results...> run_unlike(const Call& call, const invoke_options& options, std::string_view function) {
    return [&]<std::size_t... K>(std::index_sequence<K...>) {
        invoke_plan plan(sizeof...(Results), options, function);
        std::tuple<std::optional<Results>...> kept;
        const auto run = [&](std::size_t i) {
            const auto watch = plan.time(i);
            const auto try_one = [&]<std::size_t N>(std::integral_constant<std::size_t, N> number) {
                if (i == N) {
                    std::get<N>(kept).emplace(call(number));
                }
                return i == N;
            };
            static_cast<void>((try_one(std::integral_constant<std::size_t, K>{}) || ...));
        };
        for_each_index_in_order(plan.order(), run, plan.loop());
        return std::tuple<Results...>(*std::move(std::get<K>(kept))...);
    }(std::index_sequence_for<Results...>{});
}

} // namespace xrayon::detail

#endif // XRAYON_SCHEDULE_DETAIL_TASK_CALL_HPP
