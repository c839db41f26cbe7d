// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_CSV_HPP
#define XRAYON_IO_CSV_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/io/csv_options.hpp>
#include <xrayon/io/detail/csv_scanner.hpp>
#include <xrayon/io/detail/read_file.hpp>

namespace xrayon {

/// A table of numbers and the names of its columns.
struct csv_table {
    std::string source;                ///< The path, or what parse_csv was told.
    std::vector<std::string> columns;  ///< The header row; empty when the text has none.
    xt::xtensor<double, 2> values;     ///< Row-major, (rows, columns).

    [[nodiscard]] std::size_t rows() const { return values.shape()[0]; }
    [[nodiscard]] std::size_t column_count() const { return values.shape()[1]; }

    /// The index of the column with this name. Throws argument_error if no column, or more than one, has it.
    [[nodiscard]] std::size_t column_index(std::string_view name) const {
        const auto found = std::find(columns.begin(), columns.end(), name);
        const std::string function = "csv_table::column_index: ";
        check(found != columns.end(), function + "name must be a column of " + source, "\"" + escaped(name) + "\"");
        check(std::find(found + 1, columns.end(), name) == columns.end(), function + "name must be the name of one column only",
              "\"" + escaped(name) + "\"");
        return static_cast<std::size_t>(found - columns.begin());
    }

    /// @brief A column of whole numbers, such as labels, as integers.
    ///
    /// Throws argument_error if there is no such column, and data_error at the first value, by row, that is not an integer within
    /// both `Int` and +-2^53, up to which a double counts without gaps; NaN is none.
    template <std::integral Int = int>
        requires(!std::same_as<Int, bool>)
    [[nodiscard]] std::vector<Int> integers(std::size_t column) const {
        check(column < column_count(), "csv_table::integers: column must be < " + to_text(column_count()), column);
        constexpr double exact = 9007199254740992.0;
        constexpr double least = std::max(static_cast<double>(std::numeric_limits<Int>::min()), -exact);
        constexpr double most = std::min(static_cast<double>(std::numeric_limits<Int>::max()), exact);
        std::vector<Int> out(rows());
        for (std::size_t row = 0; row != out.size(); ++row) {
            const double value = values(row, column);
            if (!(value >= least && value <= most && value == std::trunc(value))) [[unlikely]] {
                throw data_error(source + ": values(" + to_text(row) + ", " + to_text(column) + ") must be an integer from "
                                     + to_text(static_cast<Int>(least)) + " to " + to_text(static_cast<Int>(most)) + ", got "
                                     + to_text(value),
                                 source, 0, 0, 0);
            }
            out[row] = static_cast<Int>(value);
        }
        return out;
    }
    template <std::integral Int = int>
        requires(!std::same_as<Int, bool>)
    [[nodiscard]] std::vector<Int> integers(std::string_view name) const { return integers<Int>(column_index(name)); }
};

namespace detail {

/// Throws unless the text looks like one that a table can be in.
inline void check_csv_encoding(const csv_scanner& scanner, std::string_view text) {
    using namespace std::string_view_literals;
    struct magic {
        std::string_view bytes, what;
    };
    static constexpr magic known[] = {
        {"\x1f\x8b"sv, "compressed file (gzip)"},          {"PK\x03\x04"sv, "compressed file (zip)"},
        {"\3757zXZ\0"sv, "compressed file (xz)"},          {"\x28\xb5\x2f\xfd"sv, "compressed file (zstd)"},
        {"\xff\xfe"sv, "UTF-16 text; only UTF-8 is read"}, {"\xfe\xff"sv, "UTF-16 text; only UTF-8 is read"},
    };
    for (const auto& [bytes, what] : known) {
        if (text.starts_with(bytes)) {
            scanner.fail({text}, text.data(), std::string(what));
        }
    }
    if (text.size() > 10 && text.starts_with("BZh") && text.substr(4, 6) == "1AY&SY") {
        scanner.fail({text}, text.data(), "compressed file (bzip2)");
    }
}

/// Which line end a text begins with; the first line may have none within the longest line that is read.
[[nodiscard]] inline line_end first_line_end(std::string_view text, std::size_t max_line) {
    const std::size_t at = text.substr(0, max_line < text.size() ? max_line + 1 : text.size()).find_first_of("\r\n");
    if (at == text.npos || text[at] == '\n') {
        return line_end::lf;
    }
    return at + 1 < text.size() && text[at + 1] == '\n' ? line_end::crlf : line_end::cr;
}

} // namespace detail

/// @brief Reads a table of numbers from a text in memory.
///
/// @param text     ASCII or UTF-8, with or without a byte order mark; only read.
/// @param source   Stands before line and column in messages.
/// @param options  Header, delimiter, quotes, comments, missing values, limits.
/// @returns        The names of the columns and a row-major (rows, columns) array; (0, columns) for a header without rows.
/// @throws argument_error  if the options do not fit together, before the text is looked at.
/// @throws data_error      `<source>:<line>:<column>: <what>` for the first fault of the text; line, column (in bytes, from 1,
///                         behind a byte order mark) and offset in the text are members too.
///
/// **Numbers** are `[+-] digits [. digits] [e [+-] digits]`, with at least one digit, or nan, inf, infinity in any case with an
/// optional sign; the decimal point is a point in every locale. They are correctly rounded: any double written with 17 digits
/// comes back as itself, denormals too. 1e400 is an error. Blanks and tabs around a field do not count. A field may be quoted; a
/// doubled quote inside is one quote, a line end inside is an error.
///
/// **Lines** end with LF, CR LF or CR, the same one throughout. Every row has the same number of fields. Blank lines at the end
/// are skipped, elsewhere they are an error. With `header = true` the first row is taken for names whatever it holds.
///
/// **Cost.** Two passes over the text, one of which only counts line ends; the result is allocated once, at its size, and never
/// more than 8 bytes per byte of text whatever the text claims. One thread.
///
/// **Example.**
/// @code
/// auto table = xrayon::parse_csv("x,label\n0.5,1\n0.25,0\n", "inline");
/// auto labels = table.integers("label");   // {1, 0}
/// @endcode
[[nodiscard]] inline csv_table parse_csv(std::string_view text, std::string source, const csv_options& options = {}) {
    detail::check_csv_options(options, "parse_csv");
    csv_table table;
    table.source = std::move(source);
    detail::csv_scanner scanner(text, table.source, options);

    std::string_view body = text;
    if (body.starts_with("\xef\xbb\xbf")) {
        body.remove_prefix(3);
    }
    detail::check_csv_encoding(scanner, body);
    scanner.ends = detail::first_line_end(body, options.max_line);

    const char* const begin = body.data();
    const char* const end = begin + body.size();
    const char* const last = begin + (body.find_last_not_of("\r\n") + 1);  // behind the last row; npos + 1 is 0

    const char* next = begin;
    detail::csv_line first{body.substr(0, 0), 1};
    for (;; ++first.number) {
        if (next >= last) {
            scanner.fail({body.substr(static_cast<std::size_t>(next - begin), 0), first.number}, next,
                         options.header ? "no header row" : "no rows");
        }
        const char* const start = next;
        first = scanner.read_line(next, end, first.number);
        if (first.text.empty()) {
            scanner.fail(first, start, "blank line before the first row");
        }
        if (!scanner.is_comment(first.text)) {
            break;
        }
    }
    std::size_t columns = 0;
    if (options.header) {
        scanner.for_each_field(first, [&](const detail::csv_field& field) { table.columns.push_back(scanner.unquoted(field)); });
        columns = table.columns.size();
        ++first.number;
    } else {
        columns = scanner.count_fields(first);
        next = first.text.data();
    }

    // A row of k fields takes k bytes at least, delimiters and line end, so that no long first row followed by many short ones
    // makes this large. One row more is for the fields of a row that turns out to be too short, which ends the reading.
    const auto bytes = static_cast<std::size_t>(end - next);
    const std::size_t rows = next < last ? std::min(scanner.count_rows(next, last), (bytes + 1) / columns + 1) : 0;
    table.values = xt::xtensor<double, 2>::from_shape(std::array<std::size_t, 2>{rows, columns});
    scanner.read_rows(next, end, first.number, columns, table.values.data());
    return table;
}

/// @brief Reads a table of numbers from a file: parse_csv of its bytes, with the path as source.
///
/// @throws io_error    with path and errno, if the file cannot be opened or read or is not a regular file (a directory, a FIFO).
/// @throws argument_error, data_error  as parse_csv.
///
/// **Cost.** As parse_csv, plus one buffer of the size of the file.
[[nodiscard]] inline csv_table read_csv(const std::string& path, const csv_options& options = {}) {
    detail::check_csv_options(options, "read_csv");
    const detail::file_bytes bytes = detail::read_file(path, "read_csv");
    return parse_csv(bytes.view(), path, options);
}

} // namespace xrayon

#endif // XRAYON_IO_CSV_HPP
