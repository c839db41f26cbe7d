// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_PROGRESS_LINE_HPP
#define XRAYON_EXEC_PROGRESS_LINE_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <xrayon/core/check.hpp>
#include <xrayon/exec/progress.hpp>

// Progress as a line of text, in the manner of tqdm (https://github.com/tqdm/tqdm, format_meter), which is what people know.

namespace xrayon {

/// What a progress line is made of.
enum class progress_style {
    utf8,   ///< A bar of eighths of blocks: |██████▏   |
    ascii,  ///< A bar of tenths: |######2   |. Everything that is not ASCII in the name becomes '?'.
};

namespace detail {

/// The next character of UTF-8 text, taken from its front; nothing where the bytes are not valid, and then one byte is taken.
[[nodiscard]] inline std::optional<char32_t> take_character(std::string_view& text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    const std::size_t length = first < 0x80                   ? 1
                               : first < 0xc2 || first > 0xf4 ? 0
                               : first < 0xe0                 ? 2
                               : first < 0xf0                 ? 3
                                                              : 4;
    std::optional<char32_t> result;
    if (length == 1) {
        result = first;
    } else if (length != 0 && length <= text.size()) {
        char32_t value = first & (0x7fu >> length);
        bool valid = true;
        for (std::size_t i = 1; i < length; ++i) {
            valid = valid && (byte(i) & 0xc0) == 0x80;
            value = value << 6 | (byte(i) & 0x3fu);
        }
        constexpr std::array<char32_t, 5> lowest{0, 0, 0x80, 0x800, 0x10000};
        if (valid && value >= lowest[length] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff)) {
            result = value;
        }
    }
    text.remove_prefix(result ? length : 1);
    return result;
}

/// How many columns a terminal gives a printable character: 2 to the wide ones of East Asia and to pictures, 0 to what is put on top
/// of the one before. Coarse blocks; what they miss only makes the bar a column too long or too short.
[[nodiscard]] constexpr std::size_t columns_of(char32_t c) noexcept {
    using range = std::pair<char32_t, char32_t>;
    constexpr std::array<range, 4> none{{{0x300, 0x36f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}}};
    constexpr std::array<range, 9> wide{{{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
                                         {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}}};
    const auto within = [c](const range& each) { return c >= each.first && c <= each.second; };
    return std::any_of(none.begin(), none.end(), within) ? 0 : std::any_of(wide.begin(), wide.end(), within) ? 2 : 1;
}

/// Text and how many columns it takes.
struct measured_text {
    std::string text = {};
    std::size_t columns = 0;
};

/// `text` with what would upset a terminal (control characters, invalid bytes) as '?', cut to at most `most` columns.
[[nodiscard]] inline measured_text printable(std::string_view text, progress_style style, std::size_t most) {
    measured_text out;
    while (!text.empty()) {
        const std::string_view before = text;
        const std::optional<char32_t> c = take_character(text);
        const bool shown = c && *c >= 0x20 && (*c < 0x7f || (*c >= 0xa0 && style == progress_style::utf8));
        const std::size_t columns = shown ? columns_of(*c) : 1;
        if (out.columns + columns > most) {
            break;
        }
        out.text += shown ? before.substr(0, before.size() - text.size()) : std::string_view("?");
        out.columns += columns;
    }
    return out;
}

/// 75 s is "01:15", 4000 s "1:06:40", as tqdm has it; "?" when it is not known, or not worth knowing.
[[nodiscard]] inline std::string interval_text(std::optional<std::chrono::duration<double>> time) {
    if (!time || !(time->count() >= 0) || time->count() >= 3.6e9) {  // a million hours
        return "?";
    }
    const auto seconds = static_cast<std::int64_t>(time->count());
    const auto two_digits = [](std::int64_t value) { return (value < 10 ? "0" : "") + to_text(value); };
    const std::string minutes = two_digits(seconds / 60 % 60) + ":" + two_digits(seconds % 60);
    return seconds < 3600 ? minutes : to_text(seconds / 3600) + ":" + minutes;
}

/// "2.6 it/s"; below one a second "3.8 s/it"; above a thousand "12.3k it/s".
[[nodiscard]] inline std::string rate_text(std::optional<double> rate) {
    if (!rate || !(*rate > 0) || !std::isfinite(*rate)) {
        return "? it/s";
    }
    const bool slow = *rate < 1;
    double value = slow ? 1 / *rate : *rate;
    std::string_view scale = "";
    for (const std::string_view next : {"k", "M", "G", "T"}) {
        if (slow || value < 999.95) {  // from there on it would be shown as "1000.0"
            break;
        }
        value /= 1000;
        scale = next;
    }
    if (value > 1e9) {
        return "? it/s";
    }
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 1).ptr;
    return std::string(digits, end) + (slow ? " s/it" : std::string(scale) + " it/s");
}

/// A bar of `width` columns, filled to done / total.
[[nodiscard]] inline std::string bar_text(std::size_t done, std::size_t total, std::size_t width, progress_style style) {
    static constexpr std::array<std::string_view, 9> eighths{" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
    static constexpr std::array<std::string_view, 11> tenths{" ", "1", "2", "3", "4", "5", "6", "7", "8", "9", "#"};
    const std::size_t parts = style == progress_style::utf8 ? eighths.size() - 1 : tenths.size() - 1;
    const auto symbol = [&](std::size_t part) { return style == progress_style::utf8 ? eighths[part] : tenths[part]; };
    const double fraction = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
    const double wanted = fraction * static_cast<double>(width) * static_cast<double>(parts);
    const std::size_t filled = std::min(width * parts, static_cast<std::size_t>(wanted));
    std::string bar;
    for (std::size_t i = 0; i < width; ++i) {
        bar += symbol(i < filled / parts ? parts : i == filled / parts ? filled % parts : 0);
    }
    return bar;
}

/// done / total in whole percent, rounded down: 100 means all. Exact also where 100 x done does not fit.
[[nodiscard]] inline std::size_t percent_of(std::size_t done, std::size_t total) noexcept {
    if (done >= total) {
        return 100;
    }
    const std::size_t hundredth = total / 100;
    const std::size_t quick = hundredth >= (std::size_t{1} << 50) ? done / hundredth : 100 * done / total;
    return std::min<std::size_t>(quick, 99);
}

} // namespace detail

/// @brief `label  62%|██████▏   | 31/50 [00:12<00:07, 2.6 it/s]`: name, share, bar, items, elapsed < remaining time, rate.
///
/// @param state  What to show; what is not known is '?'. A share is rounded down: 100% means all.
/// @param width  Columns of the line. The bar takes what is left, one at least; then the name is cut, and last of all the end of the
///               line. Unset: ten for the bar and nothing is cut, for logs.
/// @returns      One line without its end; no colours, no control characters.
[[nodiscard]] inline std::string progress_line(const progress_state& state, std::optional<std::size_t> width, progress_style style) {
    constexpr auto no_limit = std::size_t(-1);
    const std::string percent = to_text(detail::percent_of(state.done, state.total));
    const std::string left = (state.name.empty() ? "" : " ") + std::string(3 - percent.size(), ' ') + percent + "%|";
    const std::string right = "| " + to_text(state.done) + "/" + to_text(state.total) + " [" + detail::interval_text(state.elapsed) + "<"
                              + detail::interval_text(state.remaining) + ", " + detail::rate_text(state.rate) + "]";
    const std::size_t fixed = left.size() + right.size();  // all of it ASCII
    const std::size_t room = !width ? no_limit : *width > fixed ? *width - fixed : 1;
    const detail::measured_text name = detail::printable(state.name, style, room - 1);
    const std::size_t bar = width ? room - name.columns : 10;
    const std::string line = name.text + left + detail::bar_text(state.done, state.total, bar, style) + right;
    return width ? detail::printable(line, style, *width).text : line;
}

} // namespace xrayon

#endif // XRAYON_EXEC_PROGRESS_LINE_HPP
