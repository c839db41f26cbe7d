// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_DETAIL_CSV_HEAD_HPP
#define XRAYON_IO_DETAIL_CSV_HEAD_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/io/csv_options.hpp>
#include <xrayon/io/detail/csv_scanner.hpp>
#include <xrayon/io/detail/csv_source.hpp>

namespace xrayon::detail {

/// What the beginning of a text says about the rest of it.
struct csv_head {
    line_end ends = line_end::lf;
    std::vector<std::string> names;
    std::size_t columns = 0;  // 0: there is no first row, and options.empty_ok
    std::size_t begin = 0;    // of the first line to read numbers from
    std::size_t number = 1;   // that line's
};

/// Reads up to the first row, and that one too if it holds the names.
class csv_head_reader {
public:
    /// Looks at `at_once` bytes of a file at a time, within limits: a byte order mark and the longest magic number must fit.
    csv_head_reader(const csv_source& source, const std::string& name, const csv_options& options, std::size_t at_once) noexcept
        : source_(source), name_(name), options_(options), piece_(std::clamp(at_once, std::size_t{16}, std::size_t{64} << 10)) {}

    [[nodiscard]] csv_head read() {
        source_.load(window_, 0, piece_);
        head_.begin = window_.bytes.starts_with("\xef\xbb\xbf") ? 3 : 0;
        check_encoding();
        hold_line("\r\n");
        head_.ends = first_line_end();
        for (csv_line line;; ++head_.number) {
            hold_line(head_.ends == line_end::cr ? "\r" : "\n");
            const char* next = window_.at(head_.begin);
            const char* const end = window_.at(window_.end());
            line = {{next, std::size_t{0}}, head_.number};
            if ((next == end || *next == '\r' || *next == '\n') && !has_content(head_.begin)) {
                if (options_.empty_ok) {
                    return std::move(head_);
                }
                scanner().fail(line, next, options_.header ? "no header row" : "no rows");
            }
            line = scanner().read_line(next, end, head_.number);
            if (line.text.empty()) {
                scanner().fail(line, line.text.data(), "blank line before the first row");
            }
            const bool comment = scanner().is_comment(line.text);
            if (!comment) {
                read_first_row(line);
            }
            if (comment || options_.header) {
                head_.begin = window_.offset + static_cast<std::size_t>(next - window_.bytes.data());
            }
            if (!comment) {
                head_.number += options_.header ? 1 : 0;
                return std::move(head_);
            }
        }
    }

private:
    [[nodiscard]] csv_scanner scanner() const noexcept { return {window_.bytes, window_.offset, head_.ends, name_, options_}; }

    void check_encoding() const {
        using namespace std::string_view_literals;
        struct magic {
            std::string_view bytes, what;
        };
        static constexpr magic known[] = {
            {"\x1f\x8b"sv, "compressed file (gzip)"},          {"PK\x03\x04"sv, "compressed file (zip)"},
            {"\3757zXZ\0"sv, "compressed file (xz)"},          {"\x28\xb5\x2f\xfd"sv, "compressed file (zstd)"},
            {"\xff\xfe"sv, "UTF-16 text; only UTF-8 is read"}, {"\xfe\xff"sv, "UTF-16 text; only UTF-8 is read"},
        };
        const std::string_view text = window_.bytes.substr(head_.begin);
        for (const auto& [bytes, what] : known) {
            if (text.starts_with(bytes)) {
                scanner().fail({text}, text.data(), std::string(what));
            }
        }
        if (text.size() > 10 && text.starts_with("BZh") && text.substr(4, 6) == "1AY&SY") {
            scanner().fail({text}, text.data(), "compressed file (bzip2)");
        }
    }

    /// Which line end the text begins with; the first line may have none within the longest line that is read.
    [[nodiscard]] line_end first_line_end() const noexcept {
        const std::string_view text = window_.bytes.substr(head_.begin - window_.offset);
        const std::size_t at = text.substr(0, options_.max_line < text.size() ? options_.max_line + 1 : text.size()).find_first_of("\r\n");
        if (at == text.npos || text[at] == '\n') {
            return line_end::lf;
        }
        return at + 1 < text.size() && text[at + 1] == '\n' ? line_end::crlf : line_end::cr;
    }

    void read_first_row(const csv_line& line) {
        head_.columns = scanner().count_fields(line);
        if (options_.header) {
            head_.names.reserve(head_.columns);
            scanner().for_each_field(line, [&](const csv_field& field) { head_.names.push_back(scanner().unquoted(field)); });
        }
    }

    /// Makes the window hold the line that begins at head_.begin, with one of `marks` and one byte more, or more of it than a line
    /// may have.
    void hold_line(std::string_view marks) {
        const std::size_t enough = std::min(std::max(piece_, source_.longest_line(options_.max_line)), source_.size() - head_.begin);
        if (holds(marks, enough)) {
            return;
        }
        source_.load(window_, head_.begin, std::min(std::max(piece_, window_.end() - head_.begin), enough));
        if (holds(marks, enough)) {
            return;
        }
        const std::size_t found = source_.find(marks, head_.begin, head_.begin + enough, piece_);
        source_.load(window_, head_.begin, std::min(found + 3 - head_.begin, enough));  // a CR LF and one byte
    }

    /// True if the window holds that line already.
    [[nodiscard]] bool holds(std::string_view marks, std::size_t enough) const noexcept {
        const std::string_view held = window_.bytes.substr(head_.begin - window_.offset);
        const std::size_t found = marks.size() == 1 ? held.find(marks.front()) : held.find_first_of(marks);
        return held.size() >= enough || source_.changed() || (found != held.npos && found + 1 != held.size());
    }

    /// True if something but line ends stands at or behind `begin`, which is in the window.
    [[nodiscard]] bool has_content(std::size_t begin) const {
        std::string_view held = window_.bytes.substr(begin - window_.offset);
        begin = window_.end();
        csv_window ahead;
        while (held.find_first_not_of("\r\n") == held.npos) {
            if (begin == source_.size() || source_.changed()) {
                return false;
            }
            source_.load(ahead, begin, piece_);
            held = ahead.bytes;
            begin = ahead.end();
        }
        return true;
    }

    const csv_source& source_;
    const std::string& name_;
    const csv_options& options_;
    std::size_t piece_;
    csv_window window_;
    csv_head head_;
};

} // namespace xrayon::detail

#endif // XRAYON_IO_DETAIL_CSV_HEAD_HPP
