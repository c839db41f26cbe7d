// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_FORMAT_HPP
#define XRAYON_ANALYZE_DETAIL_FORMAT_HPP

#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

#include <xrayon/core/check.hpp>

namespace xrayon::analyze::detail {

/// With a fixed number of decimals, rounded to nearest, no locale; "-" where there is no number.
inline std::string fixed(double value, int decimals) {
    if (std::isnan(value)) {
        return "-";
    }
    if (std::isinf(value)) {
        return value < 0 ? "-inf" : "inf";
    }
    char buffer[512];  // the largest double has 309 digits before the point
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, decimals).ptr;
    const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
    // What rounds to nothing has no sign.
    return std::string(text.starts_with('-') && text.find_first_of("123456789") == std::string_view::npos ? text.substr(1) : text);
}

/// A share as "91.9 %".
inline std::string percent(double share, int decimals) {
    return std::isnan(share) ? "-" : fixed(100 * share, decimals) + " %";
}

/// "1 thread", "2 threads".
inline std::string counted(std::size_t count, std::string_view noun) {
    return to_text(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

/// Columns that a text takes on a terminal, for UTF-8 whose characters are all one column wide.
inline std::size_t columns(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) {
        count += (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;
    }
    return count;
}

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_FORMAT_HPP
