// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_JSON_WRITER_HPP
#define XRAYON_CORE_JSON_WRITER_HPP

#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include <xrayon/core/check.hpp>

namespace xrayon {

namespace detail {

/// Bytes of the well-formed UTF-8 character that `text` begins with (Unicode 15, table 3-7), 0 if it begins with none.
inline std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const auto in = [](unsigned value, unsigned low, unsigned high) { return value >= low && value <= high; };
    const auto follows = [&](std::size_t i) { return in(byte(i), 0x80, 0xbf); };
    const unsigned first = byte(0);
    if (first < 0x80) {
        return text.empty() ? 0 : 1;
    }
    if (in(first, 0xc2, 0xdf)) {
        return follows(1) ? 2 : 0;
    }
    if (in(first, 0xe0, 0xef)) {
        const bool second = in(byte(1), first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf);
        return second && follows(2) ? 3 : 0;
    }
    if (in(first, 0xf0, 0xf4)) {
        const bool second = in(byte(1), first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf);
        return second && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

} // namespace detail

/// A JSON string (RFC 8259): UTF-8 passes, control characters are escaped, a byte that is not UTF-8 becomes U+FFFD.
inline std::string json_string(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out = "\"";
    while (!text.empty()) {
        const std::size_t length = detail::utf8_length(text);
        const char c = text.front();
        if (length == 0) {
            out += "\xef\xbf\xbd";
        } else if (c == '"' || c == '\\') {
            out += {'\\', c};
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            const auto byte = static_cast<unsigned char>(c);
            out += {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out + '"';
}

/// Writes objects and arrays, indented by two. Calls must nest as the JSON does; keys are the caller's to keep apart.
class json_writer {
public:
    void begin_object() { line(), open('{'); }
    void begin_object(std::string_view key) { name(key), open('{'); }
    void end_object() { close('}'); }
    void begin_array(std::string_view key) { name(key), open('['); }
    void end_array() { close(']'); }

    void element(std::string_view value) { line(), text_ += json_string(value); }

    void member(std::string_view key, std::string_view value) { name(key), text_ += json_string(value); }
    void member(std::string_view key, const char* value) { member(key, std::string_view(value)); }
    /// JSON has no NaN and no infinity: such a member is left out.
    template <class Number>
        requires std::is_arithmetic_v<Number>
    void member(std::string_view key, Number value) {
        if constexpr (std::floating_point<Number>) {
            if (!std::isfinite(value)) {
                return;
            }
        }
        name(key), text_ += to_text(value);
    }

    [[nodiscard]] std::string finish() && { return std::move(text_) + "\n"; }

private:
    /// Where the next value goes: after a comma unless it is the first, on a line of its own.
    void line() {
        if (depth_ > 0) {
            text_ += first_ ? "\n" : ",\n";
            text_.append(2 * depth_, ' ');
        }
        first_ = false;
    }
    void name(std::string_view key) {
        line();
        text_ += json_string(key) + ": ";
    }
    void open(char bracket) {
        text_ += bracket;
        ++depth_;
        first_ = true;
    }
    void close(char bracket) {
        --depth_;
        if (!first_) {
            text_ += "\n" + std::string(2 * depth_, ' ');
        }
        text_ += bracket;
        first_ = false;
    }

    std::string text_;
    std::size_t depth_ = 0;
    bool first_ = true;
};

} // namespace xrayon

#endif // XRAYON_CORE_JSON_WRITER_HPP
