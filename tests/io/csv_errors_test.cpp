// SPDX-License-Identifier: Apache-2.0
#include <xrayon/io/csv.hpp>

#include "../support/catch.hpp"

#include <algorithm>
#include <string>

using xrayon::argument_error;
using xrayon::csv_options;
using xrayon::data_error;
using xrayon::missing_values;
using xrayon::parse_csv;

namespace {

using namespace std::string_literals;

const csv_options numbers_only{.header = false};

/// The text must fail at this place; line, column and offset must agree with each other and with the message.
void fails(const std::string& text, std::size_t line, std::size_t column, const std::string& what, const csv_options& options = {}) {
    INFO("text: " << xrayon::escaped(text, 80) << "  expected: " << what);
    try {
        const auto table = parse_csv(text, "t.csv", options);
        FAIL("read " << table.rows() << " rows");
    } catch (const data_error& error) {
        CHECK(error.what() == "t.csv:" + std::to_string(line) + ":" + std::to_string(column) + ": " + what);
        CHECK(error.source() == "t.csv");
        CHECK(error.line() == line);
        CHECK(error.column() == column);
        // The offset, told from line and column by walking the text.
        std::size_t offset = text.rfind("\xef\xbb\xbf", 0) == 0 ? 3 : 0;
        const std::size_t end_size = text.compare(std::min(text.find_first_of("\r\n"), text.size()), 2, "\r\n") == 0 ? 2 : 1;
        for (std::size_t ends = 1; ends != line; ++ends) {
            offset = text.find_first_of("\r\n", offset) + end_size;
        }
        CHECK(error.offset() == offset + column - 1);
    }
}

const std::string mixed = "another kind of line end than before (LF, CR LF and CR are mixed)";

} // namespace

TEST_CASE("csv errors: a text without rows", "[io][csv][errors][C1]") {
    fails("", 1, 1, "no header row");
    fails("\xef\xbb\xbf", 1, 1, "no header row");
    fails("\n\n", 1, 1, "no header row");
    fails("", 1, 1, "no rows", numbers_only);
    fails("\r\n", 1, 1, "no rows", numbers_only);
    fails("# only\n# this\n", 3, 1, "no header row", {.comment = '#'});
}

TEST_CASE("csv errors: rows of unequal length", "[io][csv][errors][C3][C4][C8]") {
    fails("1\n1,2,3\n1,2\n", 2, 3, "3 fields, expected 1", numbers_only);
    fails("1,2\n3\n", 2, 2, "1 field, expected 2", numbers_only);
    fails("a,b,c\n1,2,3\n4,5\n", 3, 4, "2 fields, expected 3");
    fails("a,b\n1,2\n3,4,\n", 3, 5, "3 fields, expected 2");
    fails("a,b,c,d,e,f\n1\n", 2, 2, "1 field, expected 6");  // fewer bytes than columns
    fails("a,b,c,d,e,f,g,h\n1,2", 2, 4, "2 fields, expected 8");
    // A long first row and many short ones do not make the reader ask for their product.
    std::string text = std::string(100'000, ',') + "\n";
    for (int i = 0; i != 100'000; ++i) {
        text += "1\n";
    }
    fails(text, 2, 2, "1 field, expected 100001");
}

TEST_CASE("csv errors: blank lines before and between rows", "[io][csv][errors][C5]") {
    fails("a\n1\n\n2\n", 3, 1, "blank line between rows");
    fails("a\n1\n\n\n2\n\n", 3, 1, "blank line between rows");
    fails("a\r\n1\r\n\r\n2\r\n", 3, 1, "blank line between rows");
    fails("\na\n1\n", 1, 1, "blank line before the first row");
    fails("a\n\n1\n", 2, 1, "blank line between rows", {.missing = missing_values::nan});
    fails("a\n1\n\n#\n", 3, 1, "blank line between rows", {.comment = '#'});
}

TEST_CASE("csv errors: what is not a number", "[io][csv][errors][C6][C11]") {
    fails("a,b\n1,2\n0.125,1.5abc\n", 3, 7, "field 2: \"1.5abc\" is not a number");
    fails("a\n  x \n", 2, 3, "field 1: \"x\" is not a number");
    for (const std::string text : {"0x1p3", "1e",   "1e+",    "--1", "+-1",     "-",         "+",  ".",    "-.",  "e5",       "1_000",
                                   "1 000", "1..2", "nan(1)", "na",  "infinit", "infinityx", "1f", "True", "1d5", "\302\2401"}) {
        fails("a\n" + text + "\n", 2, 1, "field 1: \"" + xrayon::escaped(text) + "\" is not a number");
    }
    fails("a\n\"1,5\"\n", 2, 2, "field 1: \"1,5\" is not a number");
    fails("a\n\"1\"\"\"\n", 2, 2, "field 1: \"1\\x22\\x22\" is not a number");
    fails("a\n" + std::string(100, 'z') + "\n", 2, 1, "field 1: \"" + std::string(32, 'z') + "...\" is not a number");
    fails("\357\273\2771,y\n", 1, 3, "field 2: \"y\" is not a number (if this is a header row, set header = true)", numbers_only);
    fails("1,2\n1,y\n", 2, 3, "field 2: \"y\" is not a number", numbers_only);
}

TEST_CASE("csv errors: a header row where none is expected", "[io][csv][errors][C9]") {
    fails("x,y\n1,2\n", 1, 1, "field 1: \"x\" is not a number (if this is a header row, set header = true)", numbers_only);
}

TEST_CASE("csv errors: numbers beyond the largest double", "[io][csv][errors][C13]") {
    fails("a\n1e400\n", 2, 1, "field 1: \"1e400\" is out of the range of a double");
    fails("a,b\n1,-1e400\n", 2, 3, "field 2: \"-1e400\" is out of the range of a double");
    fails("a\n1.7976931348623159e308\n", 2, 1, "field 1: \"1.7976931348623159e308\" is out of the range of a double");
    fails("a\n1e99999999999999999999999\n", 2, 1, "field 1: \"1e99999999999999999999999\" is out of the range of a double");
    fails("a\n0.0001e400\n", 2, 1, "field 1: \"0.0001e400\" is out of the range of a double");
    fails("a\n" + std::string(400, '9') + "\n", 2, 1, "field 1: \"" + std::string(32, '9') + "...\" is out of the range of a double");
    fails("a\n" + std::string(700, '9') + "e-300\n", 2, 1, "field 1: \"" + std::string(32, '9') + "...\" is out of the range of a double");
}

TEST_CASE("csv errors: empty fields", "[io][csv][errors][C7][C8]") {
    fails("a,b,c\n1,,3\n", 2, 3, "field 2: empty");
    fails("a,b,c\n,2,3\n", 2, 1, "field 1: empty");
    fails("1,2,\n", 1, 5, "field 3: empty", numbers_only);
    fails("a,b\n1,\"\"\n", 2, 4, "field 2: empty");
    fails("a\n  \n", 2, 3, "field 1: empty");
}

TEST_CASE("csv errors: line ends of more than one kind", "[io][csv][errors][C16]") {
    fails("a\n1\r\n2\n", 2, 2, mixed);
    fails("a\n1\r2\n", 2, 2, mixed);
    fails("a\r\n1\n2\r\n", 2, 2, mixed);
    fails("a\r\n1\r\n2\n", 3, 2, mixed);
    fails("a\r\n1\r2\r\n", 2, 2, mixed);
    fails("a\r1\r2\r\n", 4, 1, mixed);
    fails("a\n1\n\r\n", 3, 1, mixed);
    fails("a,b\n1,2\r\n", 2, 4, mixed);
}

TEST_CASE("csv errors: quotes", "[io][csv][errors][C19][C20]") {
    fails("a,b\n1,2\n3,\"4\n5,6\n", 3, 3, "field 2: the quote opened here is not closed on its line");
    fails("a,b\n1,\"2\n\"\n", 2, 3, "field 2: the quote opened here is not closed on its line");
    fails("a\r1\r\"2\n3\"\r", 3, 3, "field 1: line end inside quotes");
    fails("a\r\n\"2\r3\"\r\n", 2, 3, "field 1: line end inside quotes");
    fails("\"a\n", 1, 1, "field 1: the quote opened here is not closed on its line");
    fails("\"a\"\"\n", 1, 1, "field 1: the quote opened here is not closed on its line");
    fails("a,b\n1,\"2\"3\n", 2, 6, "field 2: text after the closing quote");
    fails("a,b\n1,2\"3\"\n", 2, 4, "field 2: a quote inside a field that does not begin with one");
    fails("a,b\"\n1,2\n", 1, 4, "field 2: a quote inside a field that does not begin with one");
}

TEST_CASE("csv errors: NUL bytes and UTF-16", "[io][csv][errors][C18]") {
    fails("a,b\n1,2\0\n"s, 2, 4, "field 2: NUL byte (UTF-16 or binary data?)");
    fails("a,b\0c\n1,2\n"s, 1, 4, "field 2: NUL byte (UTF-16 or binary data?)");
    fails(
        "1\0,\0"
        "2\0\n\0"s,
        1, 2, "field 1: NUL byte (UTF-16 or binary data?)", numbers_only);
    fails(
        "\xff\xfe"
        "1\0\n\0"s,
        1, 1, "UTF-16 text; only UTF-8 is read");
    fails(
        "\xfe\xff\0"
        "1\0\n"s,
        1, 1, "UTF-16 text; only UTF-8 is read");
}

TEST_CASE("csv errors: compressed files", "[io][csv][errors][C30]") {
    fails("\x1f\x8b\x08\0\0"s, 1, 1, "compressed file (gzip)");
    fails("PK\x03\x04\x14\0"s, 1, 1, "compressed file (zip)");
    fails("\3757zXZ\0\0"s, 1, 1, "compressed file (xz)");
    fails("\x28\xb5\x2f\xfd\x04"s, 1, 1, "compressed file (zstd)");
    fails("BZh91AY&SY\x01\x02"s, 1, 1, "compressed file (bzip2)");
}

TEST_CASE("csv errors: limits of lines and columns", "[io][csv][errors][C21][C22]") {
    fails("a\n1234567\n12345678\n", 3, 8, "line is longer than 7 bytes (max_line)", {.max_line = 7});
    REQUIRE(parse_csv("a\r\n1234567\r\n", "t.csv", {.max_line = 7}).rows() == 1);
    fails("a\r\n12345678\r\n", 2, 8, "line is longer than 7 bytes (max_line)", {.max_line = 7});
    fails("a\r\n123456789\r\n", 2, 8, "line is longer than 7 bytes (max_line)", {.max_line = 7});
    fails("aaaaaaaa", 1, 8, "line is longer than 7 bytes (max_line)", {.max_line = 7});
    const std::size_t limit = 16u << 20;
    fails(std::string(limit + 2'000'000, '1'), 1, limit + 1, "line is longer than 16777216 bytes (max_line)");
    fails("a,b,c\n", 1, 5, "line has more than 2 fields (max_columns)", {.max_columns = 2});
    fails("1,2,3\n", 1, 5, "line has more than 2 fields (max_columns)", {.header = false, .max_columns = 2});
    REQUIRE(parse_csv("1,2\n", "t.csv", {.header = false, .max_columns = 2}).column_count() == 2);
    fails(std::string(1'500'000, ','), 1, 1'000'001, "line has more than 1000000 fields (max_columns)");
}

TEST_CASE("csv errors: the first fault of the text wins", "[io][csv][errors]") {
    fails("a,b\n1,x\n1\ny,2\n", 2, 3, "field 2: \"x\" is not a number");
    fails("a,b\nx,2,3\n", 2, 1, "field 1: \"x\" is not a number");
}

TEST_CASE("csv errors: lines are counted with comments", "[io][csv][errors]") {
    fails("# one\na\n# three\n1\nx\n", 5, 1, "field 1: \"x\" is not a number", {.comment = '#'});
}

TEST_CASE("csv errors: options that do not fit together are refused before the text is read", "[io][csv][errors][C24]") {
    const auto refuses = [](const csv_options& options, const std::string& what) {
        REQUIRE_THROWS_AS(parse_csv("\"", "t.csv", options), argument_error);
        REQUIRE_THROWS_WITH(parse_csv("\"", "t.csv", options), what);
    };
    const std::string delimiter = "parse_csv: delimiter must be a tab or an ASCII mark other than + - ., got ";
    refuses({.delimiter = '\n'}, delimiter + "\\x0a");
    refuses({.delimiter = '\r'}, delimiter + "\\x0d");
    refuses({.delimiter = '\0'}, delimiter + "\\x00");
    refuses({.delimiter = '7'}, delimiter + "7");
    refuses({.delimiter = 'e'}, delimiter + "e");
    refuses({.delimiter = '.'}, delimiter + ".");
    refuses({.delimiter = '-'}, delimiter + "-");
    refuses({.delimiter = '+'}, delimiter + "+");
    refuses({.delimiter = '\xc3'}, delimiter + "\\xc3");
    refuses({.delimiter = '\'', .quote = '\''}, "parse_csv: delimiter and quote must differ, got '");
    refuses({.quote = '\n'}, "parse_csv: quote must be an ASCII mark other than + - . or '\\0', got \\x0a");
    refuses({.quote = '\t'}, "parse_csv: quote must be an ASCII mark other than + - . or '\\0', got \\x09");
    refuses({.comment = ' '}, "parse_csv: comment must be an ASCII mark other than + - . or '\\0', got  ");
    refuses({.comment = '"'}, "parse_csv: quote and comment must differ, got \\x22");
    refuses({.comment = ','}, "parse_csv: delimiter and comment must differ, got ,");
    refuses({.max_columns = 0}, "parse_csv: max_columns must be >= 1, got 0");
    refuses({.max_line = 0}, "parse_csv: max_line must be >= 1, got 0");
}
