// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_DETAIL_NORMAL_CURVE_HPP
#define XRAYON_RANDOM_DETAIL_NORMAL_CURVE_HPP

#include <bit>
#include <cmath>
#include <cstdint>

#include <xrayon/random/detail/natural_log.hpp>

// 64 random bits to a standard normal number, by the inverse of its distribution function. With q = P - 1/2 and w = -ln(1 - 4 q^2),
// the quotient z / q is smooth in w where w is small, and z in sqrt(w) where it is not: the change of variable is that of Giles
// ("Approximating the erfinv function", GPU Computing Gems 2, 2012), polynomials and ranges are ours. docs/design/random.md.

namespace xrayon::detail {

/// z / q in powers of w - 2.5, for 0 <= w <= 5. From tests/random/golden/make_coefficients.py.
inline constexpr double normal_centre_quotient[] = {
    0x1.0fc8bc55fe004p+2, 0x1.652c5b9e4a461p-1, -0x1.83296808f7077p-7, -0x1.d069d456b9836p-9,
    0x1.43a5452e703eap-11, -0x1.da28c51956063p-17, -0x1.444233fe92130p-17, 0x1.6b78e0ec1fe6ep-20,
    0x1.45f96f8c02fa8p-25, -0x1.07e20c9f73674p-25, 0x1.60b4b8aa7749ep-29, 0x1.73f6e7db68248p-32,
    -0x1.82f7ff45ae973p-34, 0x1.6adc260093d35p-39, 0x1.aba891ad5cfd1p-40, -0x1.e4d8118a5ca8fp-43,
    -0x1.43a862f4d83fep-47, 0x1.82870e72dd403p-48, -0x1.4ad7d4ede82bcp-52, -0x1.5dbeed8378f60p-54,
    0x1.091cef4b41a37p-57, 0x1.1b3133d15fb43p-61};

/// z in powers of sqrt(w) - 4.125, for 5 <= w <= 36.04. From the same.
inline constexpr double normal_tail_value[] = {
    0x1.66f5d5ff9e8e9p+2, 0x1.6d9372d43d91ap+0, 0x1.63b19bade1ca9p-10, -0x1.0a796a597dd31p-10,
    0x1.6eac389ddae73p-12, -0x1.9dd51096a7ce6p-14, 0x1.a1c791681a4a5p-16, -0x1.75d6f50480f87p-18,
    0x1.f9fedb6ddbe50p-21, 0x1.f55c32a05ead5p-28, -0x1.e7fda81ba348ap-24, 0x1.2a49ba7d7df3ep-24,
    -0x1.d5d270daf7467p-26, 0x1.dc7f6d3076f1ap-28, -0x1.950bf03c6a130p-32, -0x1.75d9599a1ed7bp-31,
    0x1.b7047257240dbp-32, -0x1.fde7b5223d86ap-34, 0x1.46ba20a8dee30p-37, 0x1.dda02ccf7a3f2p-38,
    -0x1.cfae4f25b4d38p-39, 0x1.378161ecc80c0p-40, -0x1.82b24d8c96271p-42, -0x1.03256bea8aa56p-46,
    0x1.1c218ff6c3e14p-44, -0x1.2092d5774bdb2p-46, -0x1.9ff4e25ca2682p-50, 0x1.20e3f7ad1d4a3p-50,
    -0x1.b43233245f25bp-54};

/// Bits 11 to 62 of the word say how far from the middle, 0 to 2^52 - 1; bit 63 to which side (set: below 0).
[[gnu::always_inline]] [[nodiscard]] constexpr std::uint64_t normal_distance(std::uint64_t word) noexcept {
    return word >> 11 & 0xfffffffffffffu;
}

/// One word in 296.
[[gnu::always_inline]] [[nodiscard]] constexpr bool is_normal_tail(std::uint64_t word) noexcept {
    return normal_distance(word) > 0xff22d678a25b3u;  // w > 5
}

/// 2 |q|: the distance and a half, times 2^-52. Exact.
[[gnu::always_inline]] [[nodiscard]] inline double normal_2q(std::uint64_t word) noexcept {
    return (std::bit_cast<double>(normal_distance(word) | 0x4330000000000000u) - 0x1.fffffffffffffp51) * 0x1p-52;
}

[[gnu::always_inline]] [[nodiscard]] inline double normal_with_sign(double magnitude, std::uint64_t word) noexcept {
    return std::bit_cast<double>(std::bit_cast<std::uint64_t>(magnitude) | (word & 0x8000000000000000u));
}

/// For words that are not in the tail. Within 4 units in the last place of the true quantile.
[[gnu::always_inline]] [[nodiscard]] inline double normal_centre(std::uint64_t word) noexcept {
    const double q2 = normal_2q(word);
    const double x = negative_log(std::fma(-q2, q2, 1.0)) - 2.5;
    return normal_with_sign(0.5 * q2 * polynomial<normal_centre_quotient, 21>(x), word);
}

/// For words in the tail. Likewise.
[[gnu::always_inline]] [[nodiscard]] inline double normal_tail(std::uint64_t word) noexcept {
    const double q2 = normal_2q(word);
    const double x = std::sqrt(negative_log(std::fma(-q2, q2, 1.0))) - 4.125;
    return normal_with_sign(polynomial<normal_tail_value, 28>(x), word);
}

} // namespace xrayon::detail

#endif // XRAYON_RANDOM_DETAIL_NORMAL_CURVE_HPP
