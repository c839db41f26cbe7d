// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_SAME_ANSWER_HPP
#define XRAYON_ANALYZE_DETAIL_SAME_ANSWER_HPP

#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xrayon/core/config.hpp>
#include <xrayon/core/ranges.hpp>

namespace xrayon::analyze::detail {

template <class T>
inline constexpr bool is_tuple_like = false;
template <class... Ts>
inline constexpr bool is_tuple_like<std::tuple<Ts...>> = true;
template <class A, class B>
inline constexpr bool is_tuple_like<std::pair<A, B>> = true;

/// A range whose elements are something else than the range: not a path, which is a range of paths.
template <class T>
concept plain_range = std::ranges::input_range<const T> && !std::same_as<std::ranges::range_value_t<const T>, T>;

/// Whether same_answer can compare two values of the type.
template <class T>
constexpr bool has_comparable_answer() {
    if constexpr (std::floating_point<T>) {
        return true;
    } else if constexpr (plain_range<T>) {
        return has_comparable_answer<std::ranges::range_value_t<const T>>();
    } else if constexpr (is_tuple_like<T>) {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (has_comparable_answer<std::remove_cvref_t<std::tuple_element_t<I, T>>>() && ...);
        }(std::make_index_sequence<std::tuple_size_v<T>>{});
    } else {
        return std::equality_comparable<T>;
    }
}

/// Equal as answers: floating-point numbers bit by bit (a NaN equals itself, -0 is not 0), ranges element by element and in shape
/// where they have one, pairs and tuples member by member, everything else by ==.
template <class T>
[[nodiscard]] bool same_answer(const T& a, const T& b) {
    if constexpr (std::floating_point<T>) {
        if constexpr (sizeof(T) == sizeof(std::uint64_t) && std::numeric_limits<T>::is_iec559) {
            return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
        } else if constexpr (sizeof(T) == sizeof(std::uint32_t) && std::numeric_limits<T>::is_iec559) {
            return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
        } else {  // long double has bytes that mean nothing
            return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
        }
    } else if constexpr (plain_range<T>) {
        if constexpr (requires { { a.shape() == b.shape() } -> std::convertible_to<bool>; }) {
            if (!(a.shape() == b.shape())) {
                return false;
            }
        }
        using value = std::ranges::range_value_t<const T>;
        auto left = std::ranges::begin(a);
        auto right = std::ranges::begin(b);
        const auto left_end = std::ranges::end(a);
        const auto right_end = std::ranges::end(b);
        for (; left != left_end && right != right_end; ++left, ++right) {
            if (!same_answer<value>(*left, *right)) {
                return false;
            }
        }
        return left == left_end && right == right_end;
    } else if constexpr (is_tuple_like<T>) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return (same_answer<std::remove_cvref_t<std::tuple_element_t<I, T>>>(std::get<I>(a), std::get<I>(b)) && ...);
        }(std::make_index_sequence<std::tuple_size_v<T>>{});
    } else {
        return static_cast<bool>(a == b);
    }
}

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_SAME_ANSWER_HPP
