// SPDX-License-Identifier: Apache-2.0
#include <xrayon/io/csv.hpp>

#include "../support/catch.hpp"

#include <algorithm>
#include <bit>
#include <clocale>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

using xrayon::csv_options;
using xrayon::csv_table;
using xrayon::missing_values;
using xrayon::parse_csv;

namespace {

std::vector<double> numbers(const csv_table& table) { return {table.values.storage().begin(), table.values.storage().end()}; }

/// The one field of a text without header.
double number(const std::string& field) {
    const csv_table table = parse_csv(field + "\n", "t.csv", {.header = false});
    REQUIRE(table.rows() == 1);
    REQUIRE(table.column_count() == 1);
    return table.values(0, 0);
}

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

} // namespace

TEST_CASE("csv: a header row gives the names, the other rows the values in row-major order", "[io][csv]") {
    const csv_table table = parse_csv("x,y,label\n1,2.5,-3\n4,5e2,6\n", "t.csv");
    REQUIRE(table.source == "t.csv");
    REQUIRE(table.columns == std::vector<std::string>{"x", "y", "label"});
    REQUIRE(table.rows() == 2);
    REQUIRE(table.column_count() == 3);
    REQUIRE(numbers(table) == std::vector<double>{1, 2.5, -3, 4, 500, 6});
    REQUIRE(table.values(1, 2) == 6);
}

TEST_CASE("csv: without a header every row holds numbers", "[io][csv]") {
    const csv_table table = parse_csv("1,2\n3,4\n5,6", "t.csv", {.header = false});
    REQUIRE(table.columns.empty());
    REQUIRE(table.rows() == 3);
    REQUIRE(numbers(table) == std::vector<double>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("csv: a header alone is a table of 0 rows", "[io][csv][C2]") {
    for (const char* text : {"a,b,c", "a,b,c\n", "a,b,c\r\n\r\n", "a,b,c\n\n\n"}) {
        const csv_table table = parse_csv(text, "t.csv");
        REQUIRE(table.columns == std::vector<std::string>{"a", "b", "c"});
        REQUIRE(table.rows() == 0);
        REQUIRE(table.column_count() == 3);
    }
}

TEST_CASE("csv: LF, CR LF and CR end rows, and the last row needs no line end", "[io][csv][C5][C16]") {
    for (const std::string end : {"\n", "\r\n", "\r"}) {
        for (const std::string& tail : {std::string(), end, end + end, end + end + end}) {
            const csv_table table = parse_csv("a,b" + end + "1,2" + end + "3,4" + tail, "t.csv");
            REQUIRE(table.columns == std::vector<std::string>{"a", "b"});
            REQUIRE(numbers(table) == std::vector<double>{1, 2, 3, 4});
        }
    }
}

TEST_CASE("csv: a UTF-8 byte order mark is skipped, names are any UTF-8", "[io][csv][C17]") {
    const csv_table table = parse_csv("\357\273\277gr\303\266\303\237e\n1\n", "t.csv");
    REQUIRE(table.columns == std::vector<std::string>{"gr\303\266\303\237e"});
    REQUIRE(numbers(parse_csv("\357\273\2771,2\n", "t.csv", {.header = false})) == std::vector<double>{1, 2});
}

TEST_CASE("csv: quoted numbers are numbers, quoted names may hold delimiters and doubled quotes", "[io][csv][C19]") {
    const csv_table table = parse_csv("\"a,b\",\"say \"\"hi\"\"\",\"\"\"\",\"\",e\n\"1\",2,\"3\",\"-4e1\",5\n", "t.csv");
    REQUIRE(table.columns == std::vector<std::string>{"a,b", "say \"hi\"", "\"", "", "e"});
    REQUIRE(numbers(table) == std::vector<double>{1, 2, 3, -40, 5});
    const csv_table other = parse_csv("'a;b';c\n'1';2\n", "t.csv", {.delimiter = ';', .quote = '\''});
    REQUIRE(other.columns == std::vector<std::string>{"a;b", "c"});
    REQUIRE(numbers(other) == std::vector<double>{1, 2});
    REQUIRE(parse_csv("\"a\",b\n", "t.csv", {.quote = '\0'}).columns == std::vector<std::string>{"\"a\"", "b"});
}

TEST_CASE("csv: blanks and tabs around a field do not count, unless they are the delimiter", "[io][csv]") {
    const csv_table table = parse_csv(" a , \"b \"\t,c\n 1 ,\t2, \"3\" \n", "t.csv");
    REQUIRE(table.columns == std::vector<std::string>{"a", "b ", "c"});
    REQUIRE(numbers(table) == std::vector<double>{1, 2, 3});
    REQUIRE(numbers(parse_csv("1\t 2\t3 \n", "t.csv", {.header = false, .delimiter = '\t'})) == std::vector<double>{1, 2, 3});
    REQUIRE(numbers(parse_csv("1 2 \"3\"\n", "t.csv", {.header = false, .delimiter = ' '})) == std::vector<double>{1, 2, 3});
}

TEST_CASE("csv: lines that begin with the comment mark are skipped, wherever they stand", "[io][csv][C23]") {
    const std::string text = "# a comment, longer than any row of the table\na,b\n#\n1,2\n# \"\n3,4\n#end";
    const csv_table table = parse_csv(text, "t.csv", {.comment = '#'});
    REQUIRE(table.columns == std::vector<std::string>{"a", "b"});
    REQUIRE(table.rows() == 2);
    REQUIRE(numbers(table) == std::vector<double>{1, 2, 3, 4});
    REQUIRE(numbers(parse_csv("%\r1\r%x\r2\r\r", "t.csv", {.header = false, .comment = '%'})) == std::vector<double>{1, 2});
}

TEST_CASE("csv: missing = nan reads an empty field as NaN, and a blank line still as none", "[io][csv][C7]") {
    const csv_table table = parse_csv("a,b,c\n,2,\n3, ,\"\"\n", "t.csv", {.missing = missing_values::nan});
    REQUIRE(table.rows() == 2);
    REQUIRE(std::isnan(table.values(0, 0)));
    REQUIRE(table.values(0, 1) == 2);
    REQUIRE(std::isnan(table.values(0, 2)));
    REQUIRE(table.values(1, 0) == 3);
    REQUIRE(std::isnan(table.values(1, 1)));
    REQUIRE(std::isnan(table.values(1, 2)));
    REQUIRE(parse_csv("a\n1\n\n", "t.csv", {.missing = missing_values::nan}).rows() == 1);
}

TEST_CASE("csv: the documented spellings of numbers, and what they mean", "[io][csv][C10]") {
    REQUIRE(number("0") == 0);
    REQUIRE(number("+1.5") == 1.5);
    REQUIRE(number(".5") == 0.5);
    REQUIRE(number("5.") == 5);
    REQUIRE(number("-.5E+1") == -5);
    REQUIRE(number("00012") == 12);
    REQUIRE(number("1e-0001") == 0.1);
    REQUIRE(bits(number("-0")) == bits(-0.0));
    REQUIRE(number("123456789012345") == 123456789012345.0);
    REQUIRE(number("9007199254740993") == 9007199254740992.0);  // halfway, to even
    REQUIRE(number("9007199254740995") == 9007199254740996.0);
    REQUIRE(number("123456789012345678901234567890") == 123456789012345678901234567890.0);
    const double infinity = std::numeric_limits<double>::infinity();
    for (const char* text : {"inf", "Inf", "INF", "+inf", "infinity", "Infinity", "+INFINITY"}) {
        REQUIRE(number(text) == infinity);
        REQUIRE(number(text[0] == '+' ? "-" + std::string(text + 1) : "-" + std::string(text)) == -infinity);
    }
    for (const char* text : {"nan", "NaN", "NAN", "+nan", "-nan"}) {
        REQUIRE(std::isnan(number(text)));
    }
}

TEST_CASE("csv: denormals are read, what is smaller becomes the nearest double", "[io][csv][C12]") {
    REQUIRE(number("1e-320") == 1e-320);
    REQUIRE(number("4.9406564584124654e-324") == std::numeric_limits<double>::denorm_min());
    REQUIRE(number("3e-324") == std::numeric_limits<double>::denorm_min());
    REQUIRE(bits(number("2e-324")) == bits(0.0));
    REQUIRE(bits(number("-1e-400")) == bits(-0.0));
    REQUIRE(bits(number("1e-99999999999999999999999")) == bits(0.0));
    REQUIRE(bits(number("0." + std::string(400, '0') + "1")) == bits(0.0));
    REQUIRE(bits(number(std::string(50, '1') + "e-400")) == bits(0.0));
    REQUIRE(bits(number(std::string(400, '0') + "1e-400")) == bits(0.0));
    REQUIRE(number("0." + std::string(400, '0') + "1e401") == 1.0);
    REQUIRE(number("1.7976931348623157e308") == std::numeric_limits<double>::max());
}

TEST_CASE("csv: random doubles written with 17 digits come back bit for bit", "[io][csv][C14]") {
    std::uint64_t state = 20240601;  // splitmix64
    std::string text;
    std::vector<double> expected;
    while (expected.size() != 200'000) {
        std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        const double value = std::bit_cast<double>(z ^ (z >> 31));
        if (std::isfinite(value)) {
            char field[40];
            std::snprintf(field, sizeof field, "%.17g", value);
            text += field;
            expected.push_back(value);
            text += expected.size() % 4 == 0 ? '\n' : ',';
        }
    }
    const csv_table table = parse_csv(text, "t.csv", {.header = false});
    REQUIRE(table.rows() == 50'000);
    std::size_t different = 0;
    for (std::size_t i = 0; i != expected.size(); ++i) {
        different += bits(table.values.data()[i]) == bits(expected[i]) ? 0 : 1;
    }
    REQUIRE(different == 0);
}

TEST_CASE("csv: the decimal point is a point in every locale", "[io][csv][C25]") {
    const std::string before = std::setlocale(LC_NUMERIC, nullptr);
    for (const char* name : {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8"}) {  // where one is installed
        if (std::setlocale(LC_NUMERIC, name) != nullptr) {
            break;
        }
    }
    const csv_table table = parse_csv("0.5;2\n", "t.csv", {.header = false, .delimiter = ';'});
    REQUIRE_THROWS_WITH(parse_csv("1,5;2\n", "t.csv", {.header = false, .delimiter = ';'}),
                        xrayon::test::contains("t.csv:1:1: field 1: \"1,5\" is not a number"));
    std::setlocale(LC_NUMERIC, before.c_str());
    REQUIRE(numbers(table) == std::vector<double>{0.5, 2});
}

TEST_CASE("csv: column_index finds a name, and says why it cannot", "[io][csv][errors]") {
    const csv_table table = parse_csv("a,b,a\n1,2,3\n", "t.csv");
    REQUIRE(table.column_index("b") == 1);
    REQUIRE_THROWS_AS(table.column_index("c"), xrayon::argument_error);
    REQUIRE_THROWS_WITH(table.column_index("c"), "csv_table::column_index: name must be a column of t.csv, got \"c\"");
    REQUIRE_THROWS_WITH(table.column_index("a"), "csv_table::column_index: name must be the name of one column only, got \"a\"");
    REQUIRE_THROWS_AS(parse_csv("1\n", "t.csv", {.header = false}).column_index(""), xrayon::argument_error);
}

TEST_CASE("csv: integers gives a column of whole numbers, and refuses what is none", "[io][csv][errors][C15]") {
    const csv_table table = parse_csv("i,x,big\n0,3.9,9007199254740992\n-1,1,18446744073709551616\n127,nan,2\n", "t.csv");
    REQUIRE(table.integers("i") == std::vector<int>{0, -1, 127});
    REQUIRE(table.integers<signed char>(0) == std::vector<signed char>{0, -1, 127});
    REQUIRE_THROWS_AS(table.integers("x"), xrayon::data_error);
    REQUIRE_THROWS_WITH(table.integers("x"), "t.csv: values(0, 1) must be an integer from -2147483648 to 2147483647, got 3.9");
    REQUIRE_THROWS_WITH(table.integers<unsigned char>("i"), "t.csv: values(1, 0) must be an integer from 0 to 255, got -1");
    REQUIRE_THROWS_WITH(table.integers<std::uint64_t>("big"),
                        "t.csv: values(1, 2) must be an integer from 0 to 9007199254740992, got 18446744073709551616");
    REQUIRE_THROWS_WITH(parse_csv("a\nnan\n", "t.csv").integers<std::int64_t>("a"),
                        "t.csv: values(0, 0) must be an integer from -9007199254740992 to 9007199254740992, got nan");
    REQUIRE_THROWS_AS(table.integers(3), xrayon::argument_error);
    REQUIRE_THROWS_WITH(table.integers(3), "csv_table::integers: column must be < 3, got 3");
}

TEST_CASE("csv: empty_ok reads a text without rows as a table of shape (0, 0)", "[io][csv][C1]") {
    for (const std::string text : {"", "\n\n", "\r\n", "\xef\xbb\xbf", "# nothing\n"}) {
        for (const bool header : {true, false}) {
            const csv_table table = parse_csv(text, "t.csv", {.header = header, .comment = '#', .empty_ok = true});
            REQUIRE(table.rows() == 0);
            REQUIRE(table.column_count() == 0);
            REQUIRE(table.columns.empty());
        }
    }
    REQUIRE(parse_csv("a,b\n", "t.csv", {.empty_ok = true}).column_count() == 2);
    REQUIRE_THROWS_WITH(parse_csv("\n1\n", "t.csv", {.empty_ok = true}), "t.csv:1:1: blank line before the first row");
}

TEST_CASE("csv: non_finite = false refuses the words, and missing values stay NaN where they may be missing", "[io][csv][errors][C10]") {
    const csv_options options{.header = false, .missing = missing_values::nan, .non_finite = false};
    REQUIRE_THROWS_WITH(parse_csv("1,nan\n", "t.csv", options), "t.csv:1:3: field 2: \"nan\" is not a finite number");
    REQUIRE_THROWS_WITH(parse_csv("1\n-Infinity\n", "t.csv", options), "t.csv:2:1: field 1: \"-Infinity\" is not a finite number");
    REQUIRE(std::isnan(parse_csv("1,\n", "t.csv", options).values(0, 1)));
}

TEST_CASE("csv: overflow = infinity reads what is too large as an infinity with its sign", "[io][csv][C13]") {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const csv_options options{.header = false, .overflow = xrayon::overflowing_values::infinity};
    const csv_table table = parse_csv("1e400,-1e400\n1e-400,1e999999999999999999\n", "t.csv", options);
    REQUIRE(numbers(table) == std::vector<double>{infinity, -infinity, 0, infinity});
    // An overflow that was asked for is no word, and non_finite does not concern it.
    REQUIRE(parse_csv("1e400\n", "t.csv", {.header = false, .non_finite = false, .overflow = options.overflow}).values(0, 0) == infinity);
}
