// SPDX-License-Identifier: Apache-2.0
#include <xrayon/io/csv.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "../support/catch.hpp"
#include "../support/property.hpp"

using namespace xrayon;
using test::draws;

namespace {

/// Any double: of all bit patterns, of a few digits, or from the edges of the type.
double draw_number(draws& draw) {
    constexpr auto top = std::numeric_limits<double>::max();
    constexpr auto least = std::numeric_limits<double>::denorm_min();
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    switch (draw.between("kind", 0, 2)) {
    case 0: return static_cast<double>(draw.between("whole", 0, 1000)) - 500;
    case 1:
        return draw.one_of("edge", 0.0, -0.0, 1.0, top, -top, least, -least, std::numeric_limits<double>::min(), infinity, -infinity, 5e-324, 2.2250738585072011e-308,
                           9007199254740993.0, 0.1, std::nan(""));
    default: return std::bit_cast<double>(std::uint64_t{draw.between("bits", 0, ~std::size_t{0})});
    }
}

/// 17 digits tell every double from its neighbours. The C library's text, so that our own number printing is not judged by itself.
std::string text_of(double number) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", number);
    return text;
}

struct table {
    std::size_t rows, columns;
    std::vector<double> numbers;
    csv_options options;
    std::string line_end;
};

table draw_table(draws& draw) {
    table drawn{draw.between("rows", 1, 6), draw.between("columns", 1, 5), {}, {}, {}};
    drawn.options.header = draw.flip("header");
    drawn.options.delimiter = draw.one_of(",;\\t| by number", ',', ';', '\t', '|', ' ');
    drawn.line_end = draw.one_of<const char*>("line end", "\n", "\r\n", "\r");
    for (std::size_t i = 0; i < drawn.rows * drawn.columns; ++i) {
        drawn.numbers.push_back(draw_number(draw));
    }
    return drawn;
}

std::string name_of(std::size_t column) { return "c" + std::to_string(column); }

template <class At>
std::string print(std::size_t rows, std::size_t columns, const table& like, bool quoted, const At& at) {
    std::string text;
    const auto row_of = [&](const auto& field) {
        for (std::size_t j = 0; j < columns; ++j) {
            const std::string quote = quoted && j % 2 == 0 ? "\"" : "";
            text += (j == 0 ? "" : std::string(1, like.options.delimiter)) + quote + field(j) + quote;
        }
        text += like.line_end;
    };
    if (like.options.header) {
        row_of(name_of);
    }
    for (std::size_t i = 0; i < rows; ++i) {
        row_of([&](std::size_t j) { return text_of(at(i, j)); });
    }
    return text;
}

bool same_number(double a, double b) { return std::isnan(a) ? std::isnan(b) : std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

std::string print_and_parse_are_inverse(draws& draw) {
    const table drawn = draw_table(draw);
    const bool quoted = draw.flip("quoted");
    const auto at = [&](std::size_t i, std::size_t j) { return drawn.numbers[i * drawn.columns + j]; };
    const std::string text = print(drawn.rows, drawn.columns, drawn, quoted, at);
    const csv_table parsed = parse_csv(text, "drawn", drawn.options);
    if (parsed.rows() != drawn.rows || parsed.column_count() != drawn.columns) {
        return "another shape";
    }
    for (std::size_t i = 0; i < drawn.rows; ++i) {
        for (std::size_t j = 0; j < drawn.columns; ++j) {
            if (!same_number(parsed.values(i, j), at(i, j))) {
                return text_of(at(i, j)) + " was read as " + text_of(parsed.values(i, j));
            }
        }
    }
    for (std::size_t j = 0; drawn.options.header && j < drawn.columns; ++j) {
        if (parsed.columns[j] != name_of(j)) {
            return "another column name";
        }
    }
    return print(drawn.rows, drawn.columns, drawn, quoted, [&](std::size_t i, std::size_t j) { return parsed.values(i, j); }) == text
               ? ""
               : "printed again it is another text";
}

std::string a_spoilt_field_is_found(draws& draw) {
    table drawn = draw_table(draw);
    drawn.options.header = false;
    if (drawn.options.delimiter == ' ') {
        drawn.options.delimiter = ',';  // so that columns are easy to count
    }
    const std::size_t row = draw.between("spoilt row", 0, drawn.rows - 1);
    const std::size_t column = draw.between("spoilt column", 0, drawn.columns - 1);
    std::string text;
    std::size_t expected_column = 0;
    for (std::size_t i = 0; i < drawn.rows; ++i) {
        std::size_t in_line = 1;
        for (std::size_t j = 0; j < drawn.columns; ++j) {
            const bool here = i == row && j == column;
            if (here) {
                expected_column = in_line;
            }
            const std::string field = (j == 0 ? "" : std::string(1, drawn.options.delimiter)) + (here ? "x1" : text_of(drawn.numbers[i * drawn.columns + j]));
            text += field;
            in_line += field.size();
        }
        text += drawn.line_end;
    }
    expected_column += column != 0;  // behind the delimiter
    try {
        (void)parse_csv(text, "drawn", drawn.options);
    } catch (const data_error& error) {
        return error.line() == row + 1 && error.column() == expected_column
                   ? ""
                   : "line " + std::to_string(error.line()) + " column " + std::to_string(error.column()) + ", not line " + std::to_string(row + 1)
                         + " column " + std::to_string(expected_column);
    }
    return "it was read as a number";
}

} // namespace

XRAYON_PROPERTY("property: a table that is printed and parsed is the same table, bit by bit, and prints the same", "[io][property]",
                print_and_parse_are_inverse)
XRAYON_PROPERTY("property: a field that is no number is an error at its line and column", "[io][property]", a_spoilt_field_is_found)
