// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_IO_CSV_OUTCOME_HPP
#define XRAYON_TESTS_IO_CSV_OUTCOME_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/core/error.hpp>
#include <xrayon/io/csv.hpp>

namespace xrayon::test {

/// All that can come of a CSV text, so that two ways of reading it can be compared: the table to the last bit, or the fault.
struct csv_outcome {
    std::vector<std::string> names;
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::vector<std::uint64_t> values;
    std::string fault;
    std::size_t line = 0;
    std::size_t column = 0;
    std::size_t offset = 0;

    friend bool operator==(const csv_outcome&, const csv_outcome&) = default;
};

/// `read()` gives a csv_table. What it throws besides data_error comes out.
template <class Read>
[[nodiscard]] csv_outcome csv_outcome_of(const Read& read) {
    csv_outcome out;
    try {
        const csv_table table = read();
        out.names = table.columns;
        out.rows = table.rows();
        out.columns = table.column_count();
        for (const double value : table.values.storage()) {
            out.values.push_back(std::bit_cast<std::uint64_t>(value));
        }
    } catch (const data_error& error) {
        out.fault = error.what();
        out.line = error.line();
        out.column = error.column();
        out.offset = error.offset();
    }
    return out;
}

/// The text in chunks of so many bytes.
[[nodiscard]] inline csv_outcome csv_in_chunks(std::string_view text, const csv_options& options, std::size_t chunk_bytes) {
    return csv_outcome_of([&] { return detail::parse_csv_text(text, "t.csv", options, "parse_csv", chunk_bytes); });
}

/// The text in one chunk, in which it is read from the first byte to the last.
[[nodiscard]] inline csv_outcome csv_in_one_piece(std::string_view text, const csv_options& options) {
    return csv_in_chunks(text, options, std::numeric_limits<std::size_t>::max() / 2);
}

/// A file of any size, piece by piece, in chunks of so many bytes. `source` of the outcome's fault is replaced by t.csv.
[[nodiscard]] inline csv_outcome csv_file_in_chunks(const std::string& path, const csv_options& options, std::size_t chunk_bytes) {
    csv_outcome out = csv_outcome_of([&] { return detail::read_csv_file(path, options, "read_csv", 0, chunk_bytes); });
    if (out.fault.starts_with(path)) {
        out.fault.replace(0, path.size(), "t.csv");
    }
    return out;
}

} // namespace xrayon::test

#endif // XRAYON_TESTS_IO_CSV_OUTCOME_HPP
