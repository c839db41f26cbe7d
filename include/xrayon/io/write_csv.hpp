// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_WRITE_CSV_HPP
#define XRAYON_IO_WRITE_CSV_HPP

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/io/atomic_file.hpp>
#include <xrayon/io/csv.hpp>
#include <xrayon/io/csv_options.hpp>

namespace xrayon {

/// How a CSV file is written.
struct csv_write_options {
    char delimiter = ',';                      ///< As csv_options::delimiter.
    bool refuse_formulas = false;              ///< A name that a spreadsheet would run is an error; false: it is written as it is.
    std::optional<unsigned> permissions = {};  ///< As in atomic_file_options.
    bool durable = true;                       ///< Wait until the disk has it.
};

/// Numbers that a CSV file can hold, and that a double can give back: not bool, not characters, not long double.
template <class T>
concept csv_number = std::same_as<T, double> || std::same_as<T, float>
                     || (std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t>
                         && !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>);

namespace detail {

/// Letters, digits and _ - . need no quotes, unless _ is the delimiter; anything else may mean something to somebody: blanks at an end,
/// comment marks, byte order marks.
[[nodiscard]] inline std::string csv_name(std::string_view name, char delimiter) {
    const auto plain = [delimiter](char c) {
        return c != delimiter
               && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.');
    };
    if (!name.empty() && std::all_of(name.begin(), name.end(), plain)) {
        return std::string(name);
    }
    std::string out = "\"";
    for (const char c : name) {
        out.append(c == '"' ? 2 : 1, c);
    }
    return out + '"';
}

inline void check_csv_name(std::string_view name, const csv_write_options& options) {
    using namespace std::string_view_literals;
    check(name.find_first_of("\0\r\n"sv) == name.npos, "write_csv: a name must hold no line end and no NUL byte",
          "\"" + escaped(name) + "\"");
    check(!options.refuse_formulas || name.empty() || "=+-@\t"sv.find(name.front()) == std::string_view::npos,
          "write_csv: a name must not begin with = + - @ or a tab (refuse_formulas)", "\"" + escaped(name) + "\"");
}

/// The shortest text that reads back as the same value.
template <csv_number T>
void append_csv_number(std::string& out, T value) {
    if constexpr (std::floating_point<T>) {
        if (std::isnan(value)) {
            out += "nan";
            return;
        }
    }
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

} // namespace detail

/// @brief Writes a table of numbers as a CSV file, which appears whole or not at all.
///
/// @param path    Replaced in one step, see atomic_file.
/// @param values  Anything with memory and two axes (rows, columns), of double, float or integers: an array_view, an
///                xtensor container, adaptor or view.
/// @param names   One for each column, for a header row; or none, and there is no header row.
/// @throws argument_error  before the file is touched: another number of names, rows without columns, a name that holds a line end or a NUL
///                         byte (read_csv would refuse it), a delimiter that may be part of a number or a name, permissions above 0777.
/// @throws shape_error     if values has another rank than 2.
/// @throws io_error        as atomic_file: the old file is still there.
///
/// **Numbers** are written in the fewest digits that read back as the same value: read_csv gives every double, float and integer up to 2^53
/// back bit for bit. Infinities are `inf` and `-inf`, negative zero is `-0`, every NaN is `nan`, without sign and payload.
///
/// **Names** are quoted by RFC 4180 unless they are made of letters, digits, `-`, `.`, and `_` where that is not the delimiter. A name such
/// as `=cmd()` is written as it is: quotes do not keep a spreadsheet from running it, so refuse_formulas does, for files that go to people.
///
/// **Cost.** One thread, one pass; 64 KiB and one row beside the array. Lines end with LF.
///
/// **Example.**
/// @code
/// xrayon::write_csv("scores.csv", scores, {"fold", "score"});
/// @endcode
/// @see read_csv, write_npy
template <class X>
    requires viewable_as<const X&, 2>
void write_csv(const std::string& path, const X& values, const std::vector<std::string>& names = {},
               const csv_write_options& options = {}) {
    const auto view = view_of<2>(values);
    using value = std::remove_cvref_t<decltype(view(0, 0))>;
    static_assert(csv_number<value>, "xrayon: write_csv writes double, float and integers");
    const std::size_t rows = view.shape()[0];
    const std::size_t columns = view.shape()[1];
    detail::check_csv_options({.delimiter = options.delimiter}, "write_csv");
    check(names.empty() || names.size() == columns, "write_csv: names must be none or " + to_text(columns), names.size());
    check(columns != 0 || rows == 0, "write_csv: values must have columns or no rows", "shape " + shape_text(view.shape()));
    for (const std::string& name : names) {
        detail::check_csv_name(name, options);
    }

    atomic_file file(path, {.permissions = options.permissions, .durable = options.durable, .function = "write_csv"});
    constexpr std::size_t piece = std::size_t{64} << 10;
    std::string text;
    for (std::size_t column = 0; column != names.size(); ++column) {
        text += detail::csv_name(names[column], options.delimiter);
        text += column + 1 == columns ? '\n' : options.delimiter;
    }
    for (std::size_t row = 0; row != rows; ++row) {
        for (std::size_t column = 0; column != columns; ++column) {
            detail::append_csv_number(text, view(row, column));
            text += column + 1 == columns ? '\n' : options.delimiter;
        }
        if (text.size() >= piece) {
            file.write(text);
            text.clear();
        }
    }
    file.write(text);
    file.commit();
}

/// As write_csv of the table's values and names.
inline void write_csv(const std::string& path, const csv_table& table, const csv_write_options& options = {}) {
    write_csv(path, table.values, table.columns, options);
}

} // namespace xrayon

#endif // XRAYON_IO_WRITE_CSV_HPP
