// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_NPY_TYPE_HPP
#define XRAYON_IO_NPY_TYPE_HPP

#include <bit>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include <xrayon/core/check.hpp>

namespace xrayon {

/// The type of the elements of an NPY file: what numpy calls a dtype.
struct npy_type {
    char kind = 'f';                                            ///< 'b' bool, 'i' signed, 'u' unsigned, 'f' floating, 'c' complex.
    std::size_t size = 8;                                       ///< Bytes of an element; both parts of a complex number.
    bool big_endian = std::endian::native == std::endian::big;  ///< False for single bytes.

    friend bool operator==(const npy_type&, const npy_type&) = default;

    /// As the file says it: "<f8", "|b1".
    [[nodiscard]] std::string text() const { return std::string{size == 1 ? '|' : big_endian ? '>' : '<', kind} + to_text(size); }
};

namespace detail {

template <class T>
inline constexpr bool is_npy_complex = false;
template <>
inline constexpr bool is_npy_complex<std::complex<float>> = true;
template <>
inline constexpr bool is_npy_complex<std::complex<double>> = true;

/// Numbers, and no letters.
template <class T>
inline constexpr bool is_npy_integer = std::is_integral_v<T> && sizeof(T) <= 8;
template <>
inline constexpr bool is_npy_integer<bool> = false;
template <>
inline constexpr bool is_npy_integer<char> = false;
template <>
inline constexpr bool is_npy_integer<wchar_t> = false;
template <>
inline constexpr bool is_npy_integer<char8_t> = false;
template <>
inline constexpr bool is_npy_integer<char16_t> = false;
template <>
inline constexpr bool is_npy_integer<char32_t> = false;

template <class T>
inline constexpr bool is_npy_floating = std::is_same_v<T, float> || std::is_same_v<T, double>;
static_assert(std::numeric_limits<float>::is_iec559 && std::numeric_limits<double>::is_iec559, "NPY files hold IEC 559 numbers");

} // namespace detail

/// What is read from and written to NPY files: bool, signed and unsigned integers of 1 to 8 bytes, float, double, and std::complex of
/// those two.
template <class T>
concept npy_value = std::same_as<T, bool> || detail::is_npy_integer<T> || detail::is_npy_floating<T> || detail::is_npy_complex<T>;

/// The type of `T` as this machine keeps it.
template <npy_value T>
[[nodiscard]] constexpr npy_type npy_type_of() noexcept {
    npy_type type;
    type.kind = std::same_as<T, bool>       ? 'b'
                : detail::is_npy_complex<T> ? 'c'
                : std::floating_point<T>    ? 'f'
                : std::is_signed_v<T>       ? 'i'
                                            : 'u';
    type.size = sizeof(T);
    type.big_endian = sizeof(T) > 1 && std::endian::native == std::endian::big;
    return type;
}

namespace detail {

/// Calls `f.template operator()<T>()` for the C++ type of `type`, whatever its byte order.
template <class F>
decltype(auto) with_npy_type(const npy_type& type, const F& f) {
    const auto sized = [&]<class T1, class T2, class T4, class T8>() -> decltype(auto) {
        switch (type.size) {
            case 1:
                return f.template operator()<T1>();
            case 2:
                return f.template operator()<T2>();
            case 4:
                return f.template operator()<T4>();
            default:
                return f.template operator()<T8>();
        }
    };
    switch (type.kind) {
        case 'b':
            return f.template operator()<bool>();
        case 'i':
            return sized.template operator()<std::int8_t, std::int16_t, std::int32_t, std::int64_t>();
        case 'u':
            return sized.template operator()<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>();
        case 'f':
            return type.size == 4 ? f.template operator()<float>() : f.template operator()<double>();
        default:
            return type.size == 8 ? f.template operator()<std::complex<float>>() : f.template operator()<std::complex<double>>();
    }
}

/// The type that a descr says, such as "<f8"; size 0 where it is none of ours.
[[nodiscard]] inline npy_type npy_type_from(std::string_view text) {
    npy_type none;
    none.size = 0;
    if (text.size() < 3 || text.size() > 4) {
        return none;
    }
    npy_type type;
    type.kind = text[1];
    const std::string_view digits = text.substr(2);
    type.size = digits == "1" ? 1 : digits == "2" ? 2 : digits == "4" ? 4 : digits == "8" ? 8 : digits == "16" ? 16 : 0;
    const bool known = type.kind == 'b'                       ? type.size == 1
                       : type.kind == 'i' || type.kind == 'u' ? type.size >= 1 && type.size <= 8
                       : type.kind == 'f'                     ? type.size == 4 || type.size == 8
                       : type.kind == 'c'                     ? type.size == 8 || type.size == 16
                                                              : false;
    const char order = text[0];  // '|' says that there is none, which fits single bytes alone
    if (!known || !(order == '<' || order == '>' || (order == '|' && type.size == 1))) {
        return none;
    }
    type.big_endian = order == '>' && type.size > 1;
    return type;
}

} // namespace detail

} // namespace xrayon

#endif // XRAYON_IO_NPY_TYPE_HPP
