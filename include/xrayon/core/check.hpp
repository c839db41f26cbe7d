// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_CHECK_HPP
#define XRAYON_CORE_CHECK_HPP

#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include <xrayon/core/error.hpp>

namespace xrayon {

/// A number as the messages show it: the shortest text that reads back as the same value, no locale.
template <class Number>
    requires std::is_arithmetic_v<Number>
[[nodiscard]] std::string to_text(Number value) {
    if constexpr (std::same_as<Number, bool>) {
        return value ? "true" : "false";
    } else {
        char buffer[64];
        const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
        return {buffer, end};
    }
}
[[nodiscard]] inline std::string to_text(std::string_view text) { return std::string(text); }

namespace detail {

template <class Value>
XRAYON_COLD [[noreturn]] void fail_check(std::string_view rule, const Value& value) {
    std::string text = to_text(value);
    throw argument_error(std::string(rule) + ", got " + text, text);
}

} // namespace detail

/// Throws argument_error `<rule>, got <value>` unless `holds`; the rule begins with the name of the function.
template <class Value>
void check(bool holds, std::string_view rule, const Value& value) {
    if (!holds) [[unlikely]] {
        detail::fail_check(rule, value);
    }
}

/// Throws argument_error `<rule>` unless `holds`, where there is no single value to show.
inline void check(bool holds, std::string_view rule) {
    if (!holds) [[unlikely]] {
        throw argument_error(std::string(rule));
    }
}

/// `text` with what a terminal could misread written as its number in hexadecimal digits, cut to `limit` bytes (then "..." follows).
[[nodiscard]] inline std::string escaped(std::string_view text, std::size_t limit = 32) {
    constexpr char digits[] = "0123456789abcdef";
    const std::string_view shown = text.substr(0, limit);
    std::string out;
    for (const char c : shown) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\') {
            out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
        } else {
            out += c;
        }
    }
    return shown.size() < text.size() ? out + "..." : out;
}

} // namespace xrayon

#endif // XRAYON_CORE_CHECK_HPP
