// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_CSV_HPP
#define XRAYON_IO_CSV_HPP

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/io/csv_options.hpp>
#include <xrayon/io/detail/csv_reader.hpp>
#include <xrayon/io/detail/csv_source.hpp>
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

/// parse_csv and read_csv, with all that their tests want to vary. The deadline counts from `begun`.
[[nodiscard]] inline csv_table parse_csv_text(std::string_view text, std::string name, const csv_options& options,
                                              const std::string& function, std::size_t chunk_bytes,
                                              std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now()) {
    csv_table table;
    table.source = std::move(name);
    const csv_source source(text);
    csv_content content = csv_reader(source, table.source, options, function, chunk_bytes, begun).read();
    table.columns = std::move(content.columns);
    table.values = std::move(content.values);
    return table;
}

/// Smaller files are read as a whole. So are those that say too little of themselves (/proc), and those that turn out to be shorter
/// than they said or to have changed meanwhile, whatever was made of them: a table or an error.
inline constexpr std::size_t csv_piecewise = std::size_t{512} << 10;

[[nodiscard]] inline csv_table read_csv_file(const std::string& path, const csv_options& options, const std::string& function,
                                             std::size_t piecewise, std::optional<std::size_t> chunk = {}) {
    const auto begun = std::chrono::steady_clock::now();  // of the deadline, however often the file must be read
    const regular_file file = open_regular_file(path, function);
    const std::size_t chunk_bytes = chunk.value_or(csv_chunk_bytes(file.size));
    if (file.size >= piecewise) {
        const csv_source source(file, path, function);
        csv_content content;
        try {
            content = csv_reader(source, path, options, function, chunk_bytes, begun).read();
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            if (!source.has_changed()) {
                throw;
            }
        }
        if (!source.has_changed()) {
            return {path, std::move(content.columns), std::move(content.values)};
        }
    }
    const file_bytes bytes = read_file(file, path, function);
    return parse_csv_text(bytes.view(), path, options, function, chunk_bytes, begun);
}

} // namespace detail

/// @brief Reads a table of numbers from a text in memory.
///
/// @param text     ASCII or UTF-8, with or without a byte order mark; only read.
/// @param source   Stands before line and column in messages.
/// @param options  Header, delimiter, quotes, comments, missing values, limits, run options.
/// @returns        The names of the columns and a row-major (rows, columns) array; (0, columns) for a header without rows. The
///                 same bits at every thread count.
/// @throws argument_error  if the options do not fit together, before the text is looked at.
/// @throws data_error      `<source>:<line>:<column>: <what>` for the first fault of the text; line, column (in bytes, from 1,
///                         behind a byte order mark) and offset in the text are members too. The same at every thread count.
/// @throws cancelled       if options.run asks for it.
///
/// **Numbers** are `[+-] digits [. digits] [e [+-] digits]`, with at least one digit, or nan, inf, infinity in any case with an
/// optional sign; the decimal point is a point in every locale. They are correctly rounded: any double written with 17 digits
/// comes back as itself, denormals too. 1e400 is an error, or an infinity where options.overflow says so. Blanks and tabs around a
/// field do not count. A field may be quoted; a doubled quote inside is one quote, a line end inside is an error.
///
/// **Lines** end with LF, CR LF or CR, the same one throughout. Every row has the same number of fields. Blank lines at the end are
/// skipped if they end as the others do, elsewhere they are an error. With `header = true` the first row is taken for names whatever it
/// holds.
///
/// **Run options.** The items of the call are chunks of the text: 128 KiB each, more in texts beyond 2 GiB, by the size of the text
/// alone. A text of one chunk stays on the calling thread. The deadline is that of the whole call. `on_error::wrap` and
/// `collect` concern faults in rows of numbers, one for each chunk; what is wrong before or behind them comes out as itself.
///
/// **Cost.** Two parallel passes over the text, one of which only counts line ends. The result is allocated once, at its size, and
/// never beyond 8 bytes for each byte of text and one row more, whatever the text claims (a name takes 32 bytes and more). Beyond the
/// result: 32 bytes a chunk, at most 512 KiB, and a few KiB; under 1 MiB.
///
/// **Example.**
/// @code
/// auto table = xrayon::parse_csv("x,label\n0.5,1\n0.25,0\n", "inline");
/// auto labels = table.integers("label");   // {1, 0}
/// @endcode
/// @see read_csv
[[nodiscard]] inline csv_table parse_csv(std::string_view text, std::string source, const csv_options& options = {}) {
    detail::check_csv_options(options, "parse_csv");
    return detail::parse_csv_text(text, std::move(source), options, "parse_csv", detail::csv_chunk_bytes(text.size()));
}

/// @brief Reads a table of numbers from a file: parse_csv of its bytes, with the path as source.
///
/// @throws io_error    with path and errno, if the file cannot be opened or read or is not a regular file (a directory, a FIFO).
/// @throws argument_error, data_error, cancelled  as parse_csv.
///
/// **Cost.** As parse_csv; each pass reads the file from the system's cache in chunks, and it is not in memory as a whole. Beyond the
/// result it takes 32 bytes a chunk, at most 512 KiB, and for each thread a chunk and the longest line: 128 KiB and the line, more
/// in files beyond 2 GiB. That is under 1 MiB for files up to 512 MiB with lines up to 4 KiB on up to 6 threads. The peak is then at most
/// twice the file and 1 MiB wherever a number takes 4 bytes of text on average, its delimiter included; short numbers make doubles
/// that are larger than their text ("1," takes 2 bytes and becomes 8), and no bound by the file alone can hold.
///
/// **Read as a whole** are a file of less than 512 KiB, one that does not know its size (/proc), and, once more, one that changed while it
/// was read in chunks, as far as its size and times tell: the table or the error is that of its bytes then. The deadline counts from
/// the beginning of the call.
/// @see parse_csv
[[nodiscard]] inline csv_table read_csv(const std::string& path, const csv_options& options = {}) {
    detail::check_csv_options(options, "read_csv");
    return detail::read_csv_file(path, options, "read_csv", detail::csv_piecewise);
}

} // namespace xrayon

#endif // XRAYON_IO_CSV_HPP
