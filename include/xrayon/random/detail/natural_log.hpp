// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_DETAIL_NATURAL_LOG_HPP
#define XRAYON_RANDOM_DETAIL_NATURAL_LOG_HPP

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <xrayon/core/config.hpp>

namespace xrayon::detail {

/// Coefficients[From] + x (Coefficients[From + Step] + x (...)) over an array whose last index is Last, in straight-line code.
template <const auto& Coefficients, std::size_t From, std::size_t Step, std::size_t Last>
[[gnu::always_inline]] [[nodiscard]] inline double horner(double x) noexcept {
    if constexpr (From + Step > Last) {
        return Coefficients[From];
    } else {
        return std::fma(horner<Coefficients, From + Step, Step, Last>(x), x, Coefficients[From]);
    }
}

/// The polynomial with those coefficients, in four interleaved parts: a quarter of the length of chain, and it is the chain that one
/// number alone waits for.
template <const auto& Coefficients, std::size_t Last>
[[gnu::always_inline]] [[nodiscard]] inline double polynomial(double x) noexcept {
    const double x2 = x * x;
    const double x4 = x2 * x2;
    const double low = std::fma(horner<Coefficients, 1, 4, Last>(x4), x, horner<Coefficients, 0, 4, Last>(x4));
    const double high = std::fma(horner<Coefficients, 3, 4, Last>(x4), x, horner<Coefficients, 2, 4, Last>(x4));
    return std::fma(high, x2, low);
}

/// (2 atanh(s) - 2 s) / s^3 in powers of s^2, for |s| <= 3 - 2 sqrt(2). From tests/random/golden/make_coefficients.py.
inline constexpr double atanh_rest[] = {
    0x1.5555555555558p-1, 0x1.9999999995288p-2, 0x1.2492492df9f94p-2, 0x1.c71c62dba6605p-3,
    0x1.7462b73112de7p-3, 0x1.39fe142880193p-3, 0x1.2b5baa716e7eap-3};

/// -ln(y) for y in [2^-63, 1], within 2 units in the last place; 0 for 1. The C library's log gives other bits from version to version.
///
/// y = 2^e m with m in [sqrt(1/2), sqrt(2)); ln m = 2 atanh(s) with s = (m - 1) / (m + 1).
[[gnu::always_inline]] [[nodiscard]] inline double negative_log(double y) noexcept {
    constexpr std::uint64_t lowest_m = 0x3fe6a09e667f3bcdu;  // sqrt(1/2)
    constexpr std::uint64_t bias = 64;                       // keeps the exponent positive
    const auto bits = std::bit_cast<std::uint64_t>(y);
    const std::uint64_t biased = (bits - lowest_m + (bias << 52)) >> 52;
    const auto m = std::bit_cast<double>(bits - (biased << 52) + (bias << 52));
    const double e = std::bit_cast<double>(biased | 0x4330000000000000u) - (0x1p52 + static_cast<double>(bias));
    const double s = (m - 1) / (m + 1);
    const double s2 = s * s;
    const double log_m = std::fma(s * s2, polynomial<atanh_rest, 6>(s2), s + s);
    return 0.0 - std::fma(e, 0x1.62e42fefa39efp-1, log_m);  // not -fma: 0 for 1, and not -0
}

} // namespace xrayon::detail

#endif // XRAYON_RANDOM_DETAIL_NATURAL_LOG_HPP
