// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_DETAIL_DECIMAL_HPP
#define XRAYON_IO_DETAIL_DECIMAL_HPP

#include <array>
#include <bit>
#include <cfloat>
#include <cstddef>
#include <cstdint>
#include <cstring>

// Plain decimal numbers to the nearest double, ties to even, without looking at their digits twice. Three roads, each used only
// where it is proven to be exact:
//
// - Up to 2^53 and a power of ten up to 10^22 either way: both are doubles, so one multiplication or division rounds once
//   (Clinger: "How to read floating point numbers accurately", 1990).
// - Up to 19 digits and a power of ten up to 10^55 either way: the product with a 128-bit power of five
//   (Lemire: "Number parsing at a gigabyte per second", 2021). Beyond 10^-27 the table is not exact, and the few products that
//   could go either way are given back.
// - The rest is for std::from_chars, which takes any length and any power but costs two to four times as much.

#if defined(__GNUC__)
#define XRAYON_IO_INLINE [[gnu::always_inline]] inline  // a call for every few digits takes longer than the digits
#else
#define XRAYON_IO_INLINE inline
#endif

namespace xrayon::detail {

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

inline constexpr int exact_power = 22;     // 10^22 is the last power of ten that a double holds
inline constexpr int greatest_power = 55;  // 5^55 is the last power of five below 2^128

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 uint128;

/// 5^q for q in [-55, 55] as the 128 bits below its leading one, that one included. Powers below 5^0 are rounded up as far as
/// 5^-27 and down from there on, which is what the proof needs.
[[nodiscard]] constexpr std::array<uint128, 2 * greatest_power + 1> make_powers_of_five() noexcept {
    std::array<uint128, 2 * greatest_power + 1> powers{};
    uint128 power = 1;
    for (std::size_t q = 0; q <= greatest_power; ++q, power *= 5) {
        uint128 leading = power;
        while (leading >> 127 == 0) {
            leading <<= 1;
        }
        powers[greatest_power + q] = leading;
        if (q != 0) {
            uint128 rest = 1;  // long division of a power of two by 5^q
            while (rest <= power / 2) {
                rest <<= 1;
            }
            uint128 quotient = 0;
            for (int bit = 0; bit != 128; ++bit) {
                const bool carry = rest >> 127 != 0;
                rest <<= 1;
                const bool fits = carry || rest >= power;
                rest -= fits ? power : 0;
                quotient = quotient << 1 | (fits ? 1 : 0);
            }
            powers[greatest_power - q] = quotient + (q <= 27 ? 1 : 0);
        }
    }
    return powers;
}
inline constexpr std::array<uint128, 2 * greatest_power + 1> powers_of_five = make_powers_of_five();
#endif

inline constexpr std::array<double, exact_power + 1> powers_of_ten{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// digits * 10^power as the nearest double. False: this does not know.
[[nodiscard]] XRAYON_IO_INLINE bool scale_by_ten(std::uint64_t digits, int power, double& value) noexcept {
    if constexpr (FLT_EVAL_METHOD == 0) {  // else intermediate results are rounded twice
        if (digits <= std::uint64_t{1} << 53 && power >= -exact_power && power <= exact_power) {
            const auto exact = static_cast<double>(static_cast<std::int64_t>(digits));
            value = power < 0 ? exact / powers_of_ten[static_cast<std::size_t>(-power)]
                              : exact * powers_of_ten[static_cast<std::size_t>(power)];
            return true;
        }
    }
#ifdef __SIZEOF_INT128__
    if (power < -greatest_power || power > greatest_power) {
        return false;
    }
    if (digits == 0) {
        value = 0;
        return true;
    }
    const int zeros = std::countl_zero(digits);
    const std::uint64_t significand = digits << zeros;
    const uint128 five = powers_of_five[static_cast<std::size_t>(power + greatest_power)];
    uint128 product = uint128{significand} * static_cast<std::uint64_t>(five >> 64);
    constexpr std::uint64_t undecided = 0x1ff;  // what is below the 53 bits, the rounding bit and one more
    if ((static_cast<std::uint64_t>(product >> 64) & undecided) == undecided) {
        product += uint128{significand} * static_cast<std::uint64_t>(five) >> 64;
    }
    auto high = static_cast<std::uint64_t>(product >> 64);
    const auto low = static_cast<std::uint64_t>(product);
    if (low == ~std::uint64_t{0} && power < -27) {
        return false;
    }
    const int top = static_cast<int>(high >> 63);
    const int shift = top + 9;  // leaves 54 bits: one more than a double has
    std::uint64_t mantissa = high >> shift;
    if (low <= 1 && power >= -4 && power <= 23 && (mantissa & 3) == 1 && mantissa << shift == high) {
        mantissa -= 1;  // exactly halfway between two doubles, and the lower one is even
    }
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    std::int64_t exponent = ((217706 * power) >> 16) + 63 + top - zeros + 1023;  // 217706 / 2^16 is log2(10), near enough up to 10^350
    if (mantissa >> 53 != 0) {
        mantissa >>= 1;
        ++exponent;
    }
    // Between 10^-55 and 10^75: neither a denormal nor an infinity.
    value = std::bit_cast<double>((mantissa & ((std::uint64_t{1} << 52) - 1)) | static_cast<std::uint64_t>(exponent) << 52);
    return true;
#else
    return false;
#endif
}

/// Eight digits, one in each byte and the first in the lowest one, as a number: pairs, then fours, then all.
[[nodiscard]] constexpr std::uint64_t eight_digits(std::uint64_t bytes) noexcept {
    constexpr std::uint64_t pairs = 0x000000ff000000ffu;
    bytes = 10 * bytes + (bytes >> 8);
    return ((bytes & pairs) * (100 + (std::uint64_t{1'000'000} << 32)) + ((bytes >> 16) & pairs) * (1 + (std::uint64_t{10'000} << 32)))
           >> 32;
}

/// Appends the decimal digits at [at, end) to `digits`, which wraps around behind the 19th, and says where they stop. Eight bytes at
/// a time where there are eight: those behind the digits are read, and do not count.
XRAYON_IO_INLINE const char* read_digits(const char* at, const char* end, std::uint64_t& digits) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        constexpr std::uint64_t tens[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000};
        while (end - at >= 8) {
            std::uint64_t bytes = 0;
            std::memcpy(&bytes, at, 8);
            bytes ^= 0x3030303030303030u;  // digits become 0 ... 9
            const std::uint64_t other = ((bytes + 0x7676767676767676u) | bytes) & 0x8080808080808080u;  // exact up to the first other byte
            if (other == 0) {  // its own road: where the next digits are is then known before these have been looked at
                digits = 100'000'000 * digits + eight_digits(bytes);
                at += 8;
                continue;
            }
            const int count = std::countr_zero(other) / 8;
            if (count != 0) {
                digits = tens[count] * digits + eight_digits(bytes << 8 * (8 - count));  // as if zeros stood before them
            }
            return at + count;
        }
    }
    for (; at != end && is_digit(*at); ++at) {
        digits = 10 * digits + static_cast<std::uint64_t>(*at - '0');
    }
    return at;
}

/// Reads the number `[+-] digits [. digits] [e [+-] digits]` that [at, end) begins with and says where it stops; null where this is
/// not for the quick roads: no number, more than 19 digits, a power of ten far out. What follows the number is the caller's affair.
[[nodiscard]] inline const char* read_decimal(const char* at, const char* end, double& value) noexcept {
    if (at == end) {
        return nullptr;
    }
    const bool negative = *at == '-';
    at += negative || *at == '+' ? 1 : 0;
    std::uint64_t digits = 0;
    const char* const first = at;
    if (end - at >= 2 && is_digit(at[0]) && at[1] == '.') {  // the commonest beginning, and soon read
        digits = static_cast<std::uint64_t>(*at++ - '0');
    } else {
        at = read_digits(at, end, digits);
    }
    std::ptrdiff_t count = at - first;
    std::ptrdiff_t power = 0;
    if (at != end && *at == '.') {
        const char* const fraction = ++at;
        at = read_digits(at, end, digits);
        power = fraction - at;
        count -= power;
    }
    if (count == 0 || count > 19) {
        return nullptr;
    }
    if (at != end && (*at | 0x20) == 'e') {
        ++at;
        const bool down = at != end && *at == '-';
        at += at != end && (*at == '-' || *at == '+') ? 1 : 0;
        std::uint64_t exponent = 0;
        const char* const begin = at;
        at = read_digits(at, end, exponent);
        if (at == begin || at - begin > 4) {
            return nullptr;
        }
        power += down ? -static_cast<std::ptrdiff_t>(exponent) : static_cast<std::ptrdiff_t>(exponent);
    }
    double magnitude = 0;
    if (!scale_by_ten(digits, static_cast<int>(power), magnitude)) {
        return nullptr;
    }
    value = negative ? -magnitude : magnitude;
    return at;
}

} // namespace xrayon::detail

#undef XRAYON_IO_INLINE

#endif // XRAYON_IO_DETAIL_DECIMAL_HPP
