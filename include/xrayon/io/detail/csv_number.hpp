// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_DETAIL_CSV_NUMBER_HPP
#define XRAYON_IO_DETAIL_CSV_NUMBER_HPP

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <system_error>

#include <xrayon/core/config.hpp>
#include <xrayon/io/detail/decimal.hpp>

namespace xrayon::detail {

enum class number_status { ok, not_a_number, out_of_range };

/// ASCII only, so that no locale has a say; `word` is in lower case.
[[nodiscard]] constexpr bool equals_word(std::string_view text, std::string_view word) noexcept {
    return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b; });
}

/// The power of ten of the leading digit of an unsigned decimal number. It tells 1e400 from 1e-400, which from_chars answers
/// alike: nothing near 1 is out of range. The number has a digit other than 0, or it would not be out of range.
[[nodiscard]] constexpr long long decimal_exponent(std::string_view text) noexcept {
    const std::string_view mantissa = text.substr(0, text.find_first_of("eE"));
    const auto point = static_cast<long long>(std::min(mantissa.find('.'), mantissa.size()));
    const auto first = static_cast<long long>(mantissa.find_first_of("123456789"));
    const long long leading = first < point ? point - first - 1 : point - first;

    constexpr long long plenty = 1'000'000'000'000'000;  // longer than any text, and ten times it is still a long long
    const std::string_view power = text.substr(std::min(mantissa.size() + 1, text.size()));
    long long exponent = 0;
    for (const char c : power) {
        if (is_digit(c)) {
            exponent = std::min(10 * exponent + (c - '0'), plenty);
        }
    }
    return leading + (power.starts_with('-') ? -exponent : exponent);
}

/// A whole text as a double, correctly rounded: `[+-] digits [. digits] [e [+-] digits]`, or nan, inf, infinity in any case with
/// an optional sign. No blanks, no hexadecimal, no payloads. What is too small becomes the nearest double, at last a zero with
/// its sign; what is too large has no nearest double: out of range, and an infinity.
[[nodiscard]] inline number_status parse_number(std::string_view text, double& value) noexcept {
    const bool negative = text.starts_with('-');
    const std::string_view magnitude = text.substr(negative || text.starts_with('+') ? 1 : 0);
    if (magnitude.empty()) {
        return number_status::not_a_number;
    }
    double parsed = 0.0;
    number_status status = number_status::ok;
    if (equals_word(magnitude, "nan")) {
        parsed = std::numeric_limits<double>::quiet_NaN();
    } else if (equals_word(magnitude, "inf") || equals_word(magnitude, "infinity")) {
        parsed = std::numeric_limits<double>::infinity();
    } else if (!is_digit(magnitude.front()) && magnitude.front() != '.') {
        return number_status::not_a_number;
    } else {
        const char* const end = magnitude.data() + magnitude.size();
        const auto [stop, error] = std::from_chars(magnitude.data(), end, parsed);
        if (stop != end || error == std::errc::invalid_argument) {
            return number_status::not_a_number;
        }
        if (error == std::errc::result_out_of_range) {
            const bool large = decimal_exponent(magnitude) > 0;
            parsed = large ? std::numeric_limits<double>::infinity() : 0.0;
            status = large ? number_status::out_of_range : number_status::ok;
        }
    }
    value = negative ? -parsed : parsed;
    return status;
}

} // namespace xrayon::detail

#endif // XRAYON_IO_DETAIL_CSV_NUMBER_HPP
