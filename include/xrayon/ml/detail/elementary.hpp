// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_DETAIL_ELEMENTARY_HPP
#define XRAYON_ML_DETAIL_ELEMENTARY_HPP

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include <xrayon/core/config.hpp>

// exp, tanh and log for networks and searches. The C library's change their bits from version to version and from scalar to vector code;
// these are straight lines of exact operations, sums, products and std::fma, without branches or tables, so that a loop over them is
// vectorised and gives the same bits at every width.

namespace xrayon::ml::detail {

template <std::floating_point Real>
struct exp_numbers;
template <>
struct exp_numbers<double> {
    using word = std::uint64_t;
    static constexpr double log2_e = 0x1.71547652b82fep+0;
    static constexpr double ln_2_high = 0x1.62e42fefa39efp-1;  // and the rest of ln 2:
    static constexpr double ln_2_low = 0x1.abc9e3b39803fp-56;
    static constexpr double magic = 0x1.8p52;  // a number below 2^51 added to it is rounded to a whole one, in its lowest bits
    static constexpr int mantissa = 52;
    static constexpr word bias = 1023;
    static constexpr double lowest = -708;  // e^-708 is a normal number
    static constexpr double flat = 20;      // tanh is 1 from here on
    static constexpr std::size_t degree = 13;
};
template <>
struct exp_numbers<float> {
    using word = std::uint32_t;
    static constexpr float log2_e = 0x1.715476p+0f;
    static constexpr float ln_2_high = 0x1.62e430p-1f;
    static constexpr float ln_2_low = -0x1.05c610p-29f;
    static constexpr float magic = 0x1.8p23f;
    static constexpr int mantissa = 23;
    static constexpr word bias = 127;
    static constexpr float lowest = -87;
    static constexpr float flat = 10;
    static constexpr std::size_t degree = 7;
};

/// 1 / k!
template <std::floating_point Real>
inline constexpr auto reciprocal_factorials = [] {
    std::array<Real, exp_numbers<Real>::degree + 1> all{};
    double factorial = 1;
    for (std::size_t k = 0; k < all.size(); ++k) {
        factorial *= k == 0 ? 1.0 : static_cast<double>(k);
        all[k] = static_cast<Real>(1 / factorial);
    }
    return all;
}();

/// 1/K! + x/(K+1)! + ..., by Horner's rule.
template <std::floating_point Real, std::size_t K>
[[gnu::always_inline]] [[nodiscard]] inline Real exp_tail(Real x) noexcept {
    if constexpr (K == exp_numbers<Real>::degree) {
        return reciprocal_factorials<Real>[K];
    } else {
        return std::fma(exp_tail<Real, K + 1>(x), x, reciprocal_factorials<Real>[K]);
    }
}

/// e^x = scale (1 + rest), |rest| < 0.42 and accurate also where it is small, for `lowest` <= x <= -lowest; NaN for NaN.
template <std::floating_point Real>
struct exp_parts {
    Real scale;
    Real rest;

    [[gnu::always_inline]] explicit exp_parts(Real x) noexcept {
        using numbers = exp_numbers<Real>;
        const Real shifted = std::fma(x, numbers::log2_e, numbers::magic);
        const Real n = shifted - numbers::magic;
        const Real r = std::fma(n, -numbers::ln_2_low, std::fma(n, -numbers::ln_2_high, x));  // |r| <= ln(2) / 2
        rest = std::fma(r * r, exp_tail<Real, 2>(r), r);
        using word = typename numbers::word;
        scale = std::bit_cast<Real>((std::bit_cast<word>(shifted) + numbers::bias) << numbers::mantissa);
    }
};

/// e^x for x <= 0, within 1.1 units in the last place; exactly 1 for 0, 0 below -708 (float: -87), NaN for NaN.
template <std::floating_point Real>
[[gnu::always_inline]] [[nodiscard]] inline Real exp_below(Real x) noexcept {
    constexpr Real lowest = exp_numbers<Real>::lowest;
    const exp_parts<Real> e(x < lowest ? lowest : x);
    const Real value = std::fma(e.scale, e.rest, e.scale);
    return x < lowest ? Real{0} : value;
}

/// tanh x within 3 units in the last place, odd; NaN for NaN.
///
/// -d / (2 + d) with d = e^(-2|x|) - 1, which loses nothing where x is small.
template <std::floating_point Real>
[[gnu::always_inline]] [[nodiscard]] inline Real tanh_of(Real x) noexcept {
    constexpr Real flat = exp_numbers<Real>::flat;
    const Real size = std::fabs(x);
    const exp_parts<Real> e(Real{-2} * (size > flat ? flat : size));
    const Real d = std::fma(e.scale, e.rest, e.scale - 1);
    return std::copysign(-d / (2 + d), x);
}

/// 2 atanh(s) / s in powers of s^2, from the term K on.
template <unsigned K, unsigned Last>
[[gnu::always_inline]] [[nodiscard]] inline double atanh_tail(double s2) noexcept {
    constexpr double coefficient = 2.0 / (2 * K + 1);
    if constexpr (K == Last) {
        return coefficient;
    } else {
        return std::fma(atanh_tail<K + 1, Last>(s2), s2, coefficient);
    }
}

/// ln y for y >= 1, within 2 units in the last place; exactly 0 for 1, infinity for infinity, NaN for NaN.
///
/// y = 2^e m with m in [sqrt(1/2), sqrt(2)); ln m = 2 atanh(s) with s = (m - 1) / (m + 1).
[[nodiscard]] inline double log_above(double y) noexcept {
    if (!(y <= 0x1.fffffffffffffp+1023)) [[unlikely]] {
        return y;
    }
    constexpr std::uint64_t lowest_m = 0x3fe6a09e667f3bcdu;  // sqrt(1/2)
    const auto bits = std::bit_cast<std::uint64_t>(y);
    const std::uint64_t e = (bits - lowest_m) >> 52;
    const double m = std::bit_cast<double>(bits - (e << 52));
    const double s = (m - 1) / (m + 1);
    const double s2 = s * s;
    const double log_m = std::fma(s * s2, atanh_tail<1, 11>(s2), s + s);
    const auto exponent = static_cast<double>(e);
    return std::fma(exponent, exp_numbers<double>::ln_2_high, std::fma(exponent, exp_numbers<double>::ln_2_low, log_m));
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_DETAIL_ELEMENTARY_HPP
