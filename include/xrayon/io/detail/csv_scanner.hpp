// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_DETAIL_CSV_SCANNER_HPP
#define XRAYON_IO_DETAIL_CSV_SCANNER_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/io/csv_options.hpp>
#include <xrayon/io/detail/csv_number.hpp>
#include <xrayon/io/detail/decimal.hpp>

// The grammar of a table of numbers, without any state. A quoted field may not hold a line end, so a line end always ends a row:
// any run of whole lines can be read by itself, given the number of its first line. That makes a run the unit of work, for one
// thread as for many; whoever cuts the text needs to look for line ends only (csv_reader.hpp does).

namespace xrayon::detail {

/// How the rows of a text end. The first line end decides; another kind later is an error.
enum class line_end { lf, crlf, cr };

/// A line and where it stands, which is what an error has to say.
struct csv_line {
    std::string_view text;   // without its line end
    std::size_t number = 1;  // counts from 1
};

/// One field. `text` is what stands between blanks or quotes, with doubled quotes as they are written.
struct csv_field {
    std::string_view text;
    bool quoted = false;
    const char* next = nullptr;  // the delimiter behind it, or the end of the line
};

class csv_scanner {
public:
    /// `bytes` are the part of the text that may be looked at, from `offset` on.
    csv_scanner(std::string_view bytes, std::size_t offset, line_end ends, const std::string& source, const csv_options& options) noexcept
        : bytes_(bytes), offset_(offset), ends_(ends), source_(source), options_(options) {}

    /// Throws data_error `<source>:<line>:<column>: <what>` at byte `at` of a line.
    [[noreturn]] XRAYON_COLD void fail(const csv_line& line, const char* at, const std::string& what) const {
        const auto column = static_cast<std::size_t>(at - line.text.data()) + 1;
        throw data_error(source_ + ":" + to_text(line.number) + ":" + to_text(column) + ": " + what, source_,
                         offset_ + static_cast<std::size_t>(at - bytes_.data()), line.number, column);
    }

    /// Likewise, of a line that begins with another kind of line end than before.
    [[noreturn]] XRAYON_COLD void fail_mixed(const csv_line& line) const { fail(line, line.text.data(), mixed); }

    /// The line that begins at `begin`, and where the next one begins. Checks its length and its line end.
    csv_line read_line(const char*& begin, const char* end, std::size_t number) const {
        const std::size_t left = static_cast<std::size_t>(end - begin);
        const char* const window = begin + std::min(left, options_.max_line < left ? options_.max_line + 2 : left);  // room for a CR LF
        const char* const found = find(begin, window, ends_ == line_end::cr ? '\r' : '\n');
        csv_line line{{begin, found}, number};
        begin = found == end ? end : found + 1;
        if (ends_ == line_end::crlf && found != end && found != window) {
            if (line.text.empty() || line.text.back() != '\r') {
                fail(line, found, mixed);
            }
            line.text.remove_suffix(1);
        }
        if (line.text.size() > options_.max_line) {
            fail(line, line.text.data() + options_.max_line, "line is longer than " + to_text(options_.max_line) + " bytes (max_line)");
        }
        return line;
    }

    [[nodiscard]] bool is_comment(std::string_view line) const noexcept {
        return options_.comment != '\0' && line.starts_with(options_.comment);
    }

    /// The field that begins at `begin`.
    csv_field read_field(const csv_line& line, const char* begin, std::size_t field) const {
        const char* const end = line.text.data() + line.text.size();
        const char* at = skip_blanks(begin, end);
        csv_field out;
        if (options_.quote != '\0' && at != end && *at == options_.quote) {
            const char* const first = at + 1;
            const char* last = first;
            for (;; last += 2) {  // a doubled quote is part of the text
                last = find(last, end, options_.quote);
                if (last == end) {
                    fail(line, at, field_text(field) + "the quote opened here is not closed on its line");
                }
                if (last + 1 == end || last[1] != options_.quote) {
                    break;
                }
            }
            out = {{first, last}, true, skip_blanks(last + 1, end)};
            if (out.next != end && *out.next != options_.delimiter) {
                fail(line, out.next, field_text(field) + "text after the closing quote");
            }
        } else {
            out.next = find(at, end, options_.delimiter);
            const char* last = out.next;
            while (last != at && is_blank(last[-1])) {
                --last;
            }
            out.text = {at, last};
            if (const auto quote = out.text.find(options_.quote); options_.quote != '\0' && quote != out.text.npos) {
                fail(line, at + quote, field_text(field) + "a quote inside a field that does not begin with one");
            }
        }
        if (const auto odd = out.text.find_first_of(std::string_view("\0\r\n", 3)); odd != out.text.npos) {
            fail(line, out.text.data() + odd,
                 out.text[odd] == '\0' ? field_text(field) + "NUL byte (UTF-16 or binary data?)"
                 : out.quoted          ? field_text(field) + "line end inside quotes"
                                       : mixed);
        }
        return out;
    }

    /// A field's text as it was meant: each doubled quote is one.
    [[nodiscard]] std::string unquoted(const csv_field& field) const {
        std::string out(field.text);
        for (std::size_t at = 0; field.quoted && (at = out.find(options_.quote, at)) != out.npos; ++at) {
            out.erase(at, 1);
        }
        return out;
    }

    /// How many fields a line has, at most max_columns.
    std::size_t count_fields(const csv_line& line) const {
        std::size_t count = 0;
        for_each_field(line, [&](const csv_field&) { ++count; });
        return count;
    }

    /// Calls `f(field)` for each field of a line, left to right.
    template <class F>
    void for_each_field(const csv_line& line, F f) const {
        const char* at = line.text.data();
        const char* const end = at + line.text.size();
        for (std::size_t count = 1;; ++count) {
            if (count > options_.max_columns) {
                fail(line, at, "line has more than " + to_text(options_.max_columns) + " fields (max_columns)");
            }
            const csv_field field = read_field(line, at, count);
            f(field);
            if (field.next == end) {
                return;
            }
            at = field.next + 1;
        }
    }

    /// Reads the lines that begin in [begin, stop), the first one at `begin` and with `number`, into `out`, `columns` doubles a row; the
    /// last one may reach beyond `stop`, to a line end before `end`. Returns how many rows there were; limit + 1 if there are more than
    /// `limit`, of which the rest is not read. No line is blank.
    std::size_t read_rows(const char* begin, const char* stop, const char* end, std::size_t number, std::size_t columns, double* out,
                          std::size_t limit) const {
        std::size_t rows = 0;
        for (; begin < stop; ++number) {
            const csv_line line = read_line(begin, end, number);
            if (is_comment(line.text)) {
                continue;
            }
            if (line.text.empty()) {
                fail(line, line.text.data(), "blank line between rows");
            }
            if (rows++ == limit) {
                break;
            }
            read_row(line, columns, out);
            out += columns;
        }
        return rows;
    }

    /// The first `c` in [begin, end); end if there is none.
    static const char* find(const char* begin, const char* end, char c) noexcept {
        const void* const found = begin == end ? nullptr : std::memchr(begin, c, static_cast<std::size_t>(end - begin));
        return found != nullptr ? static_cast<const char*>(found) : end;
    }

private:
    static constexpr const char* mixed = "another kind of line end than before (LF, CR LF and CR are mixed)";

    [[nodiscard]] bool is_blank(char c) const noexcept { return (c == ' ' || c == '\t') && c != options_.delimiter; }
    const char* skip_blanks(const char* at, const char* end) const noexcept {
        while (at != end && is_blank(*at)) {
            ++at;
        }
        return at;
    }
    static std::string field_text(std::size_t field) { return "field " + to_text(field) + ": "; }

    void read_row(const csv_line& line, std::size_t columns, double* out) const {
        const char* at = line.text.data();
        const char* const end = at + line.text.size();
        const char* const readable = bytes_.data() + bytes_.size();
        for (std::size_t field = 0; field != columns; ++field) {
            // A number that stands alone between delimiters and blanks, in digits that are soon read; whatever else is there is looked
            // at slowly. The bytes behind the line may be read along: its end is no part of a number.
            double value = 0.0;
            const char* stop = read_decimal(skip_blanks(at, end), readable, value);
            if (stop != nullptr) {
                stop = skip_blanks(stop, end);
            }
            if (stop != nullptr && (stop == end || *stop == options_.delimiter)) {
                at = stop;
            } else {
                at = read_number(line, at, field + 1, value);
            }
            out[field] = value;
            if (at == end) {
                if (field + 1 != columns) {
                    fail_ragged(line, end, columns);
                }
                return;
            }
            ++at;
        }
        fail_ragged(line, at, columns);
    }

    const char* read_number(const csv_line& line, const char* at, std::size_t field, double& value) const {
        const csv_field found = read_field(line, at, field);
        if (found.text.empty()) {
            if (options_.missing == missing_values::error) {
                fail(line, found.text.data(), field_text(field) + "empty");
            }
            value = std::numeric_limits<double>::quiet_NaN();
            return found.next;
        }
        const number_status status = parse_number(found.text, value);
        if (status == number_status::not_a_number) {
            const bool perhaps_header = line.number == 1 && !options_.header;
            fail(line, found.text.data(),
                 field_text(field) + "\"" + escaped(found.text) + "\" is not a number"
                     + (perhaps_header ? " (if this is a header row, set header = true)" : ""));
        }
        if (status == number_status::out_of_range) {
            if (options_.overflow == overflowing_values::infinity) {
                return found.next;
            }
            fail(line, found.text.data(), field_text(field) + "\"" + escaped(found.text) + "\" is out of the range of a double");
        }
        if (!std::isfinite(value) && !options_.non_finite) {
            fail(line, found.text.data(), field_text(field) + "\"" + escaped(found.text) + "\" is not a finite number");
        }
        return found.next;
    }

    XRAYON_COLD [[noreturn]] void fail_ragged(const csv_line& line, const char* at, std::size_t columns) const {
        const std::size_t count = count_fields(line);
        fail(line, at, to_text(count) + (count == 1 ? " field" : " fields") + ", expected " + to_text(columns));
    }

    std::string_view bytes_;
    std::size_t offset_;
    line_end ends_;
    const std::string& source_;
    const csv_options& options_;
};

} // namespace xrayon::detail

#endif // XRAYON_IO_DETAIL_CSV_SCANNER_HPP
