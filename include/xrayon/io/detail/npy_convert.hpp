// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_DETAIL_NPY_CONVERT_HPP
#define XRAYON_IO_DETAIL_NPY_CONVERT_HPP

#include <algorithm>
#include <cmath>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include <xrayon/io/npy_type.hpp>

namespace xrayon::detail {

/// An integer as a number that std::in_range takes; a bool is 0 or 1.
template <class T>
[[nodiscard]] constexpr auto as_number(T value) noexcept {
    if constexpr (std::same_as<T, bool>) {
        return static_cast<int>(value);
    } else {
        return value;
    }
}

/// Writes `value` to `out` if `To` has an equal value; a NaN is taken for any NaN. Otherwise `out` means nothing.
template <npy_value To, npy_value From>
[[nodiscard]] bool convert_exactly(From value, To& out) noexcept {
    if constexpr (is_npy_complex<From> || is_npy_complex<To>) {
        if constexpr (is_npy_complex<From> && is_npy_complex<To>) {
            typename To::value_type real{}, imag{};
            const bool exact = convert_exactly(value.real(), real) && convert_exactly(value.imag(), imag);
            out = {real, imag};
            return exact;
        } else if constexpr (is_npy_complex<To>) {
            typename To::value_type real{};
            const bool exact = convert_exactly(value, real);
            out = {real, 0};
            return exact;
        } else {
            return value.imag() == 0 && convert_exactly(value.real(), out);
        }
    } else if constexpr (std::same_as<To, bool>) {
        out = value != From{};
        return value == From{} || value == From{1};
    } else if constexpr (std::integral<From> && std::integral<To>) {
        out = static_cast<To>(value);
        return std::in_range<To>(as_number(value));
    } else if constexpr (std::integral<From>) {
        if constexpr (std::same_as<From, bool>) {
            out = static_cast<To>(value ? 1 : 0);
            return true;
        } else {
            out = static_cast<To>(value);
            // Rounding may go up to 2^63 or 2^64, which has no way back; both are powers of 2, and so exact as To.
            constexpr To beyond = static_cast<To>(std::numeric_limits<From>::max() / 2 + 1) * 2;
            return out < beyond && static_cast<From>(out) == value;
        }
    } else if constexpr (std::integral<To>) {
        constexpr From beyond = static_cast<From>(std::numeric_limits<To>::max() / 2 + 1) * 2;
        constexpr From least = std::is_signed_v<To> ? -beyond : From{0};
        if (!(value >= least && value < beyond && value == std::trunc(value))) {
            return false;
        }
        out = static_cast<To>(value);
        return true;
    } else {
        out = static_cast<To>(value);
        return static_cast<From>(out) == value || std::isnan(value);
    }
}

/// Reverses the bytes of each number; the parts of a complex number are two numbers.
inline void swap_bytes(char* bytes, std::size_t count, const npy_type& type) noexcept {
    const std::size_t size = type.kind == 'c' ? type.size / 2 : type.size;
    const std::size_t numbers = type.kind == 'c' ? 2 * count : count;
    const auto all = [&](auto width) {
        for (std::size_t i = 0; i != numbers; ++i) {
            char number[width()];
            std::memcpy(number, bytes + i * width(), width());
            std::reverse(number, number + width());
            std::memcpy(bytes + i * width(), number, width());
        }
    };
    switch (size) {
        case 2:
            return all(std::integral_constant<std::size_t, 2>{});
        case 4:
            return all(std::integral_constant<std::size_t, 4>{});
        case 8:
            return all(std::integral_constant<std::size_t, 8>{});
        default:
            return;
    }
}

/// The index of the first byte that is no bool, `count` if all are: reading such a bool would be undefined.
[[nodiscard]] inline std::size_t first_bad_bool(const char* bytes, std::size_t count) noexcept {
    return static_cast<std::size_t>(std::find_if(bytes, bytes + count, [](char byte) { return static_cast<unsigned char>(byte) > 1; })
                                    - bytes);
}

/// Converts native numbers of type From, unaligned, one by one; the index of the first that is not exact, `count` if all are.
template <npy_value To, npy_value From>
[[nodiscard]] std::size_t convert_all(const char* bytes, std::size_t count, To* out) noexcept {
    for (std::size_t i = 0; i != count; ++i) {
        From value;
        std::memcpy(&value, bytes + i * sizeof(From), sizeof(From));
        if (!convert_exactly(value, out[i])) [[unlikely]] {
            return i;
        }
    }
    return count;
}

/// A number as messages show it.
template <npy_value T>
[[nodiscard]] std::string number_text(T value) {
    if constexpr (is_npy_complex<T>) {
        return "(" + to_text(value.real()) + ", " + to_text(value.imag()) + ")";
    } else {
        return to_text(value);
    }
}

} // namespace xrayon::detail

#endif // XRAYON_IO_DETAIL_NPY_CONVERT_HPP
