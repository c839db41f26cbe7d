// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_CSV_OPTIONS_HPP
#define XRAYON_IO_CSV_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include <xrayon/core/check.hpp>
#include <xrayon/exec/run_options.hpp>

namespace xrayon {

/// What an empty field of a numeric table means.
enum class missing_values {
    error,  ///< data_error at the field.
    nan,    ///< A quiet NaN.
};

/// What a number beyond the largest double means.
enum class overflowing_values {
    error,     ///< data_error at the field.
    infinity,  ///< An infinity with the number's sign.
};

/// How a CSV text is written. The defaults are RFC 4180 with a header row.
struct csv_options {
    bool header = true;    ///< The first row holds the names of the columns; false: every row holds numbers.
    char delimiter = ',';  ///< Also ';', tab, blank or '|'; never a letter, a digit, one of + - . or a line end.
    char quote = '"';      ///< Encloses fields that hold a delimiter; '\0' turns quoting off.
    char comment = '\0';   ///< Lines that begin with it are skipped; '\0': there are no comments.
    missing_values missing = missing_values::error;
    bool non_finite = true;  ///< The words nan, inf and infinity are numbers; false: data_error at the field.
    overflowing_values overflow = overflowing_values::error;
    bool empty_ok = false;                ///< A text without a header row, or without rows where it has none, is a table of shape (0, 0).
    std::size_t max_columns = 1'000'000;  ///< A row with more fields is an error; >= 1.
    std::size_t max_line = std::size_t{16} << 20;  ///< A longer line, in bytes, is an error; >= 1.
    run_options run = {};  ///< Stop token, deadline, label, error policy, report: in chunks of the text, see parse_csv.
};

namespace detail {

/// A byte that may be part of a number, a name or a line end separates nothing. Bytes above ASCII would cut UTF-8 apart.
[[nodiscard]] constexpr bool may_separate(char c) noexcept {
    return c == '\t'
           || (c >= ' ' && c < 0x7f && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '+' && c != '-'
               && c != '.');
}

inline void check_csv_options(const csv_options& options, const std::string& function) {
    const auto shown = [](char c) { return escaped({&c, 1}); };
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    check(may_separate(options.delimiter), function + ": delimiter must be a tab or an ASCII mark other than + - .",
          shown(options.delimiter));
    check(options.quote == '\0' || (may_separate(options.quote) && !blank(options.quote)),
          function + ": quote must be an ASCII mark other than + - . or '\\0'", shown(options.quote));
    check(options.comment == '\0' || (may_separate(options.comment) && !blank(options.comment)),
          function + ": comment must be an ASCII mark other than + - . or '\\0'", shown(options.comment));
    check(options.delimiter != options.quote, function + ": delimiter and quote must differ", shown(options.delimiter));
    check(options.delimiter != options.comment, function + ": delimiter and comment must differ", shown(options.delimiter));
    check(options.quote == '\0' || options.quote != options.comment, function + ": quote and comment must differ", shown(options.quote));
    check(options.max_columns >= 1, function + ": max_columns must be >= 1", options.max_columns);
    check(options.max_line >= 1, function + ": max_line must be >= 1", options.max_line);
    check(options.run.deadline >= std::chrono::nanoseconds{}, function + ": options.run.deadline must be >= 0 ns",
          options.run.deadline.count());
}

} // namespace detail

} // namespace xrayon

#endif // XRAYON_IO_CSV_OPTIONS_HPP
