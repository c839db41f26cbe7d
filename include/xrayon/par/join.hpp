// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_JOIN_HPP
#define XRAYON_PAR_JOIN_HPP

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/run_each.hpp>
#include <xrayon/par/loop_options.hpp>
#include <xrayon/par/no_value.hpp>

namespace xrayon {

namespace detail {

template <class F>
struct joined {
    using type = stored_t<std::invoke_result_t<F>>;
};
template <class F>
    requires std::is_void_v<std::invoke_result_t<F>>
struct joined<F> {
    using type = no_value;
};

template <class F>
using joined_t = typename joined<F>::type;

/// Calls `function` and keeps what it returns.
template <class F>
void join_call(F& function, std::optional<joined_t<F&>>& result) {
    if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
        std::invoke(function);
        result.emplace();
    } else {
        result.emplace(std::invoke(function));
    }
}

} // namespace detail

/// @brief Calls `first()` and `second()`, in parallel if a thread is free, and gives both results.
///
/// @param first, second  Each called once, by one thread; they may be mutable. Void results become no_value.
/// @returns  `pair(first's result, second's)`, lazy ones evaluated (core/stored.hpp).
/// @throws   what `first` threw, else what `second` threw: as `first(); second();` would have. If `first` has thrown before `second`
///           has begun, it does not begin; Rayon's does.
///
/// Calls may be nested to any depth; where both functions have been cheap so far, both run on the calling thread.
/// **Cost.** About 0.2 us where nothing is shared; no allocation.
template <class F, class G>
    requires std::invocable<F&> && std::invocable<G&>
auto join(F&& first, G&& second, const loop_options& options = {}) -> std::pair<detail::joined_t<F&>, detail::joined_t<G&>> {
    std::optional<detail::joined_t<F&>> a;
    std::optional<detail::joined_t<G&>> b;
    const auto item = [&](std::size_t i) {
        if (i == 0) {
            detail::join_call(first, a);
        } else {
            detail::join_call(second, b);
        }
    };
    detail::run_each(2, item, options, "join");
    return {*std::move(a), *std::move(b)};
}

/// What join_context tells a function.
class join_position {
public:
    explicit join_position(bool migrated) noexcept : migrated_(migrated) {}
    /// The function runs on another thread than the one that called join_context.
    [[nodiscard]] bool migrated() const noexcept { return migrated_; }

private:
    bool migrated_;
};

/// @brief join, whose functions are told whether they have come to another thread: `first(context)`, `second(context)`.
/// For algorithms that split anew when they have been taken up elsewhere. What is told is exempt from the law; a result must not depend on it.
template <class F, class G>
    requires std::invocable<F&, join_position> && std::invocable<G&, join_position>
auto join_context(F&& first, G&& second, const loop_options& options = {}) {
    const std::thread::id caller = std::this_thread::get_id();
    const auto here = [caller] { return join_position(std::this_thread::get_id() != caller); };
    return join([&]() -> decltype(auto) { return std::invoke(first, here()); }, [&]() -> decltype(auto) { return std::invoke(second, here()); },
                options);
}

} // namespace xrayon

#endif // XRAYON_PAR_JOIN_HPP
