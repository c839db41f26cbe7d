// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_DETAIL_JOURNAL_LINES_HPP
#define XRAYON_IO_DETAIL_JOURNAL_LINES_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/io/checksum.hpp>
#include <xrayon/io/journal_error.hpp>

// The lines of a journal: a checksum in hexadecimal, a blank, the record.

namespace xrayon::detail {

inline constexpr std::size_t longest_journal_record = std::size_t{1} << 20;
inline constexpr std::size_t longest_journal_line = longest_journal_record + 10;

/// "9b3c01f2 the record\n"
[[nodiscard]] inline std::string journal_line(std::string_view record) {
    std::array<char, 10> sum{};
    std::snprintf(sum.data(), sum.size(), "%08x ", crc32(record));
    std::string out(sum.data(), 9);
    out += record;
    out += '\n';
    return out;
}

/// The checksum that a line states, if it begins as one of a journal. One spelling only.
[[nodiscard]] inline bool stated_checksum(std::string_view line, std::uint32_t& sum) {
    if (line.size() < 9 || line[8] != ' '
        || !std::all_of(line.begin(), line.begin() + 8, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); })) {
        return false;
    }
    std::from_chars(line.data(), line.data() + 8, sum, 16);
    return true;
}

/// The record of a line without its end, if the checksum is right.
[[nodiscard]] inline bool unframed(std::string_view line, std::string_view& record) {
    std::uint32_t sum = 0;
    if (line.size() >= longest_journal_line || !stated_checksum(line, sum)) {
        return false;
    }
    record = line.substr(9);
    return sum == crc32(record);
}

/// Where in a line the first record begins that goes to the line's end; npos: none does. A record of hexadecimal numbers looks like the
/// beginning of one everywhere, so the checksums are computed from right to left, all in one pass: 1 MiB took 80 s otherwise.
[[nodiscard]] inline std::size_t record_within(std::string_view line) {
    std::size_t first = 0;
    std::uint32_t stated = 0;
    while (!stated_checksum(line.substr(first), stated)) {
        if (++first > line.size()) {
            return std::string_view::npos;
        }
    }
    // The checksum is linear: a byte has the share of its bits, taken through as many zero bytes as there are behind it.
    const auto through_zero = [](std::uint32_t sum) { return ~crc32(std::string_view("", 1), ~sum); };
    std::array<std::uint32_t, 8> share{};
    for (std::size_t bit = 0; bit < 8; ++bit) {
        share[bit] = through_zero(std::uint32_t{1} << bit);
    }
    std::uint32_t sum = 0;
    std::uint32_t initial = ~std::uint32_t{0};
    std::size_t found = std::string_view::npos;
    for (std::size_t at = line.size(); at >= first + 9; --at) {  // sum is that of what stands from here on
        if (line[at - 1] == ' ' && stated_checksum(line.substr(at - 9), stated) && stated == ~(sum ^ initial)) {
            found = at - 9;
        }
        for (std::size_t bit = 0; bit < 8; ++bit) {
            sum ^= (static_cast<unsigned char>(line[at - 1]) >> bit & 1) != 0 ? share[bit] : 0;
            share[bit] = through_zero(share[bit]);
        }
        initial = through_zero(initial);
    }
    return found;
}

/// What the first line of a journal says it is of; `text` is how the file begins.
[[nodiscard]] inline std::string journal_identity(std::string_view text, const std::string& path) {
    const std::size_t end = text.find('\n');
    std::string_view head;
    std::string_view version;
    if (end != text.npos && unframed(text.substr(0, end), head) && head.starts_with("xrayon-journal ")) {
        version = head.substr(15, head.find(' ', 15) - 15);
    }
    if (!version.empty() && version != "1") {
        throw journal_error("journal: format " + escaped(version) + ", this library knows 1: " + path, path, 0, 0);
    }
    if (version.empty() || head.size() < 17) {
        throw journal_error("journal: not a journal: " + path, path, 0, 0);
    }
    return std::string(head.substr(17));
}
[[nodiscard]] inline std::string first_journal_line(const std::string& identity) { return journal_line("xrayon-journal 1 " + identity); }

} // namespace xrayon::detail

#endif // XRAYON_IO_DETAIL_JOURNAL_LINES_HPP
