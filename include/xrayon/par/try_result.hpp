// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_TRY_RESULT_HPP
#define XRAYON_PAR_TRY_RESULT_HPP

#include <concepts>
#include <system_error>
#include <type_traits>
#include <utility>

#include <xrayon/par/no_value.hpp>

namespace xrayon {

/// Customisation point: a type that holds either a value or the reason why there is none, for try_for_each, try_reduce, try_fold and
/// try_collect. `output` is what it holds (no_value where that is nothing), `with<T>` the same type for another value.
/// Known are std::optional, std::expected and what is made like them (`has_value()`, `*x`, `error()`, `unexpected_type`, the value as first
/// template argument), and std::error_code, which holds nothing and succeeds when it is 0.
template <class T>
struct try_traits {};

template <template <class...> class Either, class T, class... Error>
    requires requires(const Either<T, Error...>& x) {
        { x.has_value() } -> std::convertible_to<bool>;
    }
struct try_traits<Either<T, Error...>> {
    using output = std::conditional_t<std::is_void_v<T>, no_value, T>;
    template <class Other>
    using with = Either<Other, Error...>;

    [[nodiscard]] static bool succeeded(const Either<T, Error...>& x) { return static_cast<bool>(x.has_value()); }
    /// What a successful one holds.
    [[nodiscard]] static output take(Either<T, Error...>&& x) {
        if constexpr (std::is_void_v<T>) {
            return {};
        } else {
            return *std::move(x);
        }
    }
    [[nodiscard]] static Either<T, Error...> success(output value) {
        if constexpr (std::is_void_v<T>) {
            return {};
        } else {
            return Either<T, Error...>(std::move(value));
        }
    }
    /// A failed one, for the reason of another failed one.
    template <class Other>
    [[nodiscard]] static Either<T, Error...> failure(Other&& other) {
        if constexpr (sizeof...(Error) == 0) {
            return {};
        } else {
            return Either<T, Error...>(typename Either<T, Error...>::unexpected_type(std::forward<Other>(other).error()));
        }
    }
};

template <>
struct try_traits<std::error_code> {
    using output = no_value;

    [[nodiscard]] static bool succeeded(const std::error_code& x) noexcept { return !x; }
    [[nodiscard]] static no_value take(std::error_code&&) noexcept { return {}; }
    [[nodiscard]] static std::error_code success(no_value) noexcept { return {}; }
};

/// A type with try_traits.
template <class T>
concept try_result = requires { typename try_traits<std::remove_cvref_t<T>>::output; };

template <class T>
using try_output_t = typename try_traits<std::remove_cvref_t<T>>::output;

} // namespace xrayon

#endif // XRAYON_PAR_TRY_RESULT_HPP
