// SPDX-License-Identifier: Apache-2.0
#include <xrayon/io/npy_header.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"
#include "npy_text.hpp"

#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_literals;
using xrayon::npy_header;
using xrayon::parse_npy_header;
using xrayon::test::npy_array;
using xrayon::test::npy_file;

namespace {

using shape = std::vector<std::size_t>;

npy_header header_of(const std::string& bytes) { return parse_npy_header(bytes, "t.npy"); }

/// The bytes are a data_error at `offset` with this text, in which "@" stands for the offset.
void refuses(const std::string& bytes, std::size_t offset, std::string what) {
    const std::size_t at = what.find('@');
    REQUIRE(at != std::string::npos);
    what.replace(at, 1, std::to_string(offset));
    try {
        const npy_header header = header_of(bytes);
        FAIL_CHECK("read as " << header.type.text() << ": " << what);
    } catch (const xrayon::data_error& error) {
        CHECK(error.what() == "t.npy: npy: " + what);
        CHECK(error.offset() == offset);
        CHECK(error.source() == "t.npy");
        CHECK(error.line() == 0);
        CHECK(error.column() == 0);
    }
}

// A dictionary begins at byte 10 of version 1.
std::string with_shape(const std::string& text) { return npy_file("{'descr': '<f8', 'fortran_order': False, 'shape': " + text + "}"); }
constexpr std::size_t shape_at = 10 + 50;
std::string with_type(const std::string& text) { return npy_file("{'fortran_order': False, 'shape': (3,), 'descr': " + text + "}"); }
constexpr std::size_t type_at = 10 + 49;
std::string with_order(const std::string& text) { return npy_file("{'descr': '<f8', 'shape': (3,), 'fortran_order': " + text + "}"); }
constexpr std::size_t order_at = 10 + 49;

} // namespace

TEST_CASE("npy header: says type, order, shape, and where the data begin", "[io][npy]") {
    const npy_header header = header_of(npy_array("<f8", "(3, 4)", "", true));
    CHECK(header.source == "t.npy");
    CHECK(header.type == xrayon::npy_type_of<double>());
    CHECK(header.type.text() == "<f8");
    CHECK(header.fortran_order);
    CHECK(header.shape == shape{3, 4});
    CHECK(header.size == 12);
    CHECK(header.data_size() == 96);
    CHECK(header.data_offset == npy_array("<f8", "(3, 4)", "", true).size());
    CHECK(header.version[0] == 1);
    CHECK_FALSE(header_of(npy_array("<f8", "(3, 4)")).fortran_order);
}

TEST_CASE("npy header: every type that is read says itself again", "[io][npy]") {
    for (const char* type : {"|b1",  "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "<f4", "<f8", "<c8",
                             "<c16", ">i2", ">i4", ">i8", ">u2", ">u4", ">u8", ">f4", ">f8", ">c8", ">c16"}) {
        CHECK(header_of(npy_array(type, "(3,)")).type.text() == type);
    }
    for (const char* type : {"<b1", ">b1", "<i1", ">u1"}) {  // numpy takes these for single bytes too
        CHECK(header_of(npy_array(type, "(3,)")).type.text() == "|"s + (type + 1));
    }
    CHECK(xrayon::npy_type_of<bool>().text() == "|b1");
    CHECK(xrayon::npy_type_of<signed char>().text() == "|i1");
    CHECK(xrayon::npy_type_of<unsigned long>().text() == "<u8");
    CHECK(xrayon::npy_type_of<unsigned long long>() == xrayon::npy_type_of<unsigned long>());
    CHECK(xrayon::npy_type_of<std::complex<double>>().text() == "<c16");
    STATIC_REQUIRE_FALSE(xrayon::npy_value<char>);  // a letter is no number
    STATIC_REQUIRE_FALSE(xrayon::npy_value<long double>);
    STATIC_REQUIRE_FALSE(xrayon::npy_value<std::string>);
}

TEST_CASE("npy header: keys come in any order and either quotes, with any blanks", "[io][npy][N8]") {
    for (const char* text :
         {"{'descr': '<i4', 'fortran_order': True, 'shape': (2, 5), }", "{'shape':(2,5),'fortran_order':True,'descr':'<i4'}",
          "{\"fortran_order\": True, \"descr\": \"<i4\", \"shape\": (2, 5)}\n",
          "  {\t'fortran_order' :True\n, 'shape' : ( 2 ,5, ) ,\r\n'descr': '<i4' , } \n"}) {
        INFO(text);
        const npy_header header = header_of(npy_file(text));
        CHECK(header.type.text() == "<i4");
        CHECK(header.fortran_order);
        CHECK(header.shape == shape{2, 5});
    }
}

TEST_CASE("npy header: versions 1.0, 2.0 and 3.0 are read", "[io][npy][N3]") {
    for (const int version : {1, 2, 3}) {
        const npy_header header = header_of(npy_file("{'descr': '<f8', 'fortran_order': False, 'shape': (7,), }\n", "", version));
        CHECK(header.shape == shape{7});
        CHECK(header.version[0] == static_cast<unsigned>(version));
        CHECK(header.data_offset == (version == 1 ? 10 : 12) + 58);
    }
}

TEST_CASE("npy header: shapes with no axis, with none of an extent, and with 32 axes", "[io][npy][N11][N12]") {
    CHECK(header_of(with_shape("()")).shape.empty());
    CHECK(header_of(with_shape("()")).size == 1);
    CHECK(header_of(with_shape("( )")).size == 1);
    CHECK(header_of(with_shape("(0,)")).size == 0);
    CHECK(header_of(with_shape("(0, 5)")).shape == shape{0, 5});
    CHECK(header_of(with_shape("(3, 0, 2)")).size == 0);
    std::string ones = "(";
    for (int axis = 0; axis != 32; ++axis) {
        ones += "1,";
    }
    CHECK(header_of(with_shape(ones + ")")).shape.size() == 32);
    refuses(with_shape(ones + "1)"), shape_at + 1 + 2 * 32, "too many dimensions at byte @; at most 32 are read");
    // Python 2's long integers, which numpy reads too; version 3.0 is younger than Python 2
    CHECK(header_of(with_shape("(3L, 4L)")).shape == shape{3, 4});
    refuses(npy_file("{'descr': '<f8', 'fortran_order': False, 'shape': (3L,)}", "", 3), 12 + 52,
            "expected ',' behind the dimension at byte @, got \"L,)}\"");
}

TEST_CASE("npy header: no file is cut anywhere without notice", "[io][npy][errors][N1][N6]") {
    const std::string whole = npy_array("<f8", "(3, 4)");
    for (std::size_t length = 0; length != 10; ++length) {
        refuses(whole.substr(0, length), length, "truncated header at byte @");
    }
    for (std::size_t length = 10; length != whole.size(); ++length) {
        refuses(whole.substr(0, length), length,
                "truncated header at byte @; it says " + std::to_string(whole.size() - 10) + " bytes from byte 10");
    }
    for (const int version : {2, 3}) {
        const std::string longer = npy_file("{}", "", version);
        for (std::size_t length = 0; length != 12; ++length) {
            refuses(longer.substr(0, length), length, "truncated header at byte @");
        }
    }
}

TEST_CASE("npy header: what is no NPY file is named", "[io][npy][errors][N2][N4][N32]") {
    refuses("a,b\n1,2\n", 0, "bad magic at byte @");
    refuses("\x93NUMPX\x01", 0, "bad magic at byte @");
    refuses("N", 0, "bad magic at byte @");
    refuses("PK\x03\x04 and so on", 0, "zip container at byte @ (npz); only single arrays (npy) are read");
    refuses("PK\x05\x06"s + std::string(18, '\0'), 0, "zip container at byte @ (npz); only single arrays (npy) are read");
    const std::string end = "\x93NUMPY";
    refuses(end + "\4\0"s, 6, "version 4.0 at byte @; 1.0, 2.0 and 3.0 are read");
    refuses(end + "\0\0"s, 6, "version 0.0 at byte @; 1.0, 2.0 and 3.0 are read");
    refuses(end + "\1\1"s, 6, "version 1.1 at byte @; 1.0, 2.0 and 3.0 are read");
    refuses(end + "\xff\xff"s, 6, "version 255.255 at byte @; 1.0, 2.0 and 3.0 are read");
}

TEST_CASE("npy header: its length is checked before anything is read", "[io][npy][errors][N5][N6][N7]") {
    refuses("\x93NUMPY\x02\x00\xf0\xff\xff\xff"s, 8, "header longer than 65536 at byte @: it says 4294967280");
    refuses("\x93NUMPY\x03\x00\x01\x00\x01\x00"s, 8, "header longer than 65536 at byte @: it says 65537");
    refuses("\x93NUMPY\x02\x00\x00\x00\x01\x00"s, 12, "truncated header at byte @; it says 65536 bytes from byte 12");
    refuses("\x93NUMPY\x01\x00\xff\xff"s, 10, "truncated header at byte @; it says 65535 bytes from byte 10");
    refuses("\x93NUMPY\x01\x00\x00\x00"s, 10, "expected '{' at byte @, got the end of the header");
    refuses(npy_file("   "), 13, "expected '{' at byte @, got the end of the header");
    const std::string longest = "{'descr': '<f8', 'fortran_order': False, 'shape': (7,), }";
    CHECK(header_of(npy_file(longest + std::string(65536 - longest.size(), ' '), "", 2)).data_offset == 65548);
}

TEST_CASE("npy header: keys are these three, once each", "[io][npy][errors][N9]") {
    refuses(npy_file("{'descr': '<f8', 'fortran_order': False, }"), 10 + 41, "missing key 'shape' at byte @");
    refuses(npy_file("{'descr': '<f8', 'shape': ()}"), 10 + 28, "missing key 'fortran_order' at byte @");
    refuses(npy_file("{}"), 11, "missing key 'descr' at byte @");
    refuses(npy_file("{'descr': '<f8', 'descr': '<f8'}"), 10 + 17, "duplicate key 'descr' at byte @");
    refuses(npy_file("{'shape': (), 'shape': ()}"), 10 + 14, "duplicate key 'shape' at byte @");
    refuses(npy_file("{'fortran_order': True, 'fortran_order': True}"), 10 + 24, "duplicate key 'fortran_order' at byte @");
    refuses(npy_file("{'descr': '<f8', 'Shape': ()}"), 10 + 17, "unknown key 'Shape' at byte @");
    refuses(npy_file("{'a\x1b': 1}"), 11, "unknown key 'a\\x1b' at byte @");
}

TEST_CASE("npy header: what is not this dictionary is refused where it begins", "[io][npy][errors]") {
    const std::string whole = "{'descr': '<f8', 'fortran_order': False, 'shape': ()}";
    refuses(npy_file(whole + "x"), 10 + 53, "text behind the header at byte @, got \"x\"");
    refuses(npy_file(whole + " \n" + whole), 10 + 55, "text behind the header at byte @, got \"{'descr': '<...\"");
    refuses(npy_file(whole.substr(0, 52)), 10 + 52, "expected '}' at byte @, got the end of the header");
    refuses(npy_file("{'descr' '<f8'}"), 10 + 9, "expected ':' at byte @, got \"'<f8'}\"");
    refuses(npy_file("{descr: '<f8'}"), 11, "expected a quoted word at byte @, got \"descr: '<f8'...\"");
    refuses(npy_file("{,}"), 11, "expected a quoted word at byte @, got \",}\"");
    refuses(npy_file("{'descr': '<f8',, }"), 10 + 16, "expected a quoted word at byte @, got \", }\"");
    refuses(npy_file("{'descr': '<f8}"), 10 + 10, "quote is not closed at byte @");
    refuses(npy_file("{'descr\": '<f8\"}"), 11, "unknown key 'descr\\x22: ' at byte @");
    refuses(npy_file("__import__('os')"), 10, "expected '{' at byte @, got \"__import__('...\"");
}

TEST_CASE("npy header: a dimension is a whole number", "[io][npy][errors][N10]") {
    const std::string number = "dimension at byte @ must be a whole number, got ";
    refuses(with_shape("('abc',)"), shape_at + 1, number + "\"'abc',)}\"");
    refuses(with_shape("(-1,)"), shape_at + 1, number + "\"-1,)}\"");
    refuses(with_shape("(+1,)"), shape_at + 1, number + "\"+1,)}\"");
    refuses(with_shape("(3, -4)"), shape_at + 4, number + "\"-4)}\"");
    refuses(with_shape("(,)"), shape_at + 1, number + "\",)}\"");
    refuses(with_shape("(3,,4)"), shape_at + 3, number + "\",4)}\"");
    refuses(with_shape("(03,)"), shape_at + 1, number + "\"03,)}\"");
    refuses(with_shape("(True,)"), shape_at + 1, number + "\"True,)}\"");
    refuses(with_shape("((3,),)"), shape_at + 1, number + "\"(3,),)}\"");
    const std::string comma = "expected ',' behind the dimension at byte @, got ";
    refuses(with_shape("(2zz,)"), shape_at + 2, comma + "\"zz,)}\"");
    refuses(with_shape("(1.5,)"), shape_at + 2, comma + "\".5,)}\"");
    refuses(with_shape("(2 3)"), shape_at + 3, comma + "\"3)}\"");
    refuses(with_shape("(2, 3 4)"), shape_at + 6, comma + "\"4)}\"");
    refuses(with_shape("(1e3,)"), shape_at + 2, comma + "\"e3,)}\"");
    refuses(with_shape("(0x3,)"), shape_at + 2, comma + "\"x3,)}\"");
    refuses(with_shape("(1_000,)"), shape_at + 2, comma + "\"_000,)}\"");
    refuses(with_shape("(3)"), shape_at + 2, comma + "\")}\"");  // to Python that is the number 3
    refuses(with_shape("[3, 4]"), shape_at, "expected '(' at byte @, got \"[3, 4]}\"");
    refuses(with_shape("3"), shape_at, "expected '(' at byte @, got \"3}\"");
    refuses(npy_file("{'shape': (3,"), 10 + 13, "dimension at byte @ must be a whole number, got the end of the header");
}

TEST_CASE("npy header: a shape that no memory can hold is refused, also with an extent of 0", "[io][npy][errors][N13]") {
    const auto overflow = [](const std::string& text) {
        refuses(with_shape(text), shape_at, "shape product overflow at byte @: " + text + " of 8 bytes");
    };
    overflow("(8589934592, 8589934592)");
    overflow("(2305843009213693952,)");
    overflow("(1152921504606846976,)");
    overflow("(0, 4294967296, 4294967296)");  // its strides would not fit
    overflow("(4294967296, 4294967296, 0)");
    overflow("(18446744073709551615,)");
    refuses(with_shape("(3, 18446744073709551616)"), shape_at + 4, "shape product overflow at byte @: a dimension has more than 64 bits");
    CHECK(header_of(with_shape("(1099511627776,)")).data_size() == std::size_t{8} << 40);
    const npy_header largest = header_of(with_shape("(1152921504606846960,)"));
    CHECK(largest.data_offset + largest.data_size() <= static_cast<std::size_t>(PTRDIFF_MAX));
}

TEST_CASE("npy header: Python objects are refused, whatever they look like", "[io][npy][errors][N17]") {
    for (const char* type : {"'|O'", "'O'", "'<O8'", "\"|O\""}) {
        refuses(with_type(type), type_at, "object arrays are refused at byte @: they hold pickled code");
    }
}

TEST_CASE("npy header: other types are named", "[io][npy][errors][N18]") {
    for (const char* type : {"<U3", "|S5", "<M8[s]", "<m8[ns]", "|V8",  "<f2",  "<f16", "<c32", "f8", "=f8", "|f8",  "<f3",         "<i16",
                             "<u0", "b1",  "|b2",    "float64", "<f8 ", "<f08", "<f",   "<",    "",   "<F8", "<i-1", "\xff\xff\xff"}) {
        const std::string shown = type == "\xff\xff\xff"s ? "\\xff\\xff\\xff" : type;
        refuses(with_type("'"s + type + "'"), type_at,
                "dtype '" + shown + "' at byte @ is not read; bool, integers, float, double and complex of those are");
    }
    refuses(with_type("[('x', '<f4'), ('y', '<f4')]"), type_at, "structured dtype at byte @ is not read");
    refuses(with_type("('<f4', (2,))"), type_at, "structured dtype at byte @ is not read");
    refuses(with_type("8"), type_at, "expected a quoted word at byte @, got \"8}\"");
}

TEST_CASE("npy header: fortran_order is True or False", "[io][npy][errors][N23]") {
    for (const char* text : {"\"true\"", "1", "0", "true", "None", "'True'", "tRUE"}) {
        std::string shown = text;
        for (std::size_t at = 0; (at = shown.find('"', at)) != std::string::npos;) {
            shown.replace(at, 1, "\\x22");
        }
        refuses(with_order(text), order_at, "fortran_order must be True or False at byte @, got \"" + shown + "}\"");
    }
    refuses(with_order("Trueish"), order_at + 4, "expected '}' at byte @, got \"ish}\"");
}

TEST_CASE("read_npy_header: reads the header of a file however long it is, and nothing else", "[io][npy]") {
    xrayon::test::fixture_root root;
    const std::string dictionary = "{'descr': '<f8', 'fortran_order': False, 'shape': (7,), }";
    for (const int version : {1, 2}) {
        for (const std::size_t length : {std::size_t{57}, std::size_t{118}, std::size_t{499}, std::size_t{500}, std::size_t{501},
                                         std::size_t{502}, std::size_t{503}, std::size_t{65535}}) {
            const std::string bytes = npy_file(dictionary + std::string(length - 57, ' '), "data", version);
            root.file("t.npy", bytes);
            const npy_header header = xrayon::read_npy_header(root.path() + "/t.npy");
            CHECK(header.shape == shape{7});
            CHECK(header.data_offset == bytes.size() - 4);
            CHECK(header.source == root.path() + "/t.npy");
        }
    }
    root.file("t.npy", npy_file(dictionary + std::string(65536 - 57, ' '), "", 2));
    CHECK(xrayon::read_npy_header(root.path() + "/t.npy").data_offset == 65548);
    root.file("t.npy", std::string("\x93NUMPY\x02\x00\xf0\xff\xff\xff", 12) + std::string(1000, 'x'));
    REQUIRE_THROWS_WITH(xrayon::read_npy_header(root.path() + "/t.npy"),
                        root.path() + "/t.npy: npy: header longer than 65536 at byte 8: it says 4294967280");
    root.file("t.npy", std::string(2000, 'x'));
    REQUIRE_THROWS_WITH(xrayon::read_npy_header(root.path() + "/t.npy"), root.path() + "/t.npy: npy: bad magic at byte 0");
    root.file("t.npy", "");
    REQUIRE_THROWS_WITH(xrayon::read_npy_header(root.path() + "/t.npy"), root.path() + "/t.npy: npy: truncated header at byte 0");
    REQUIRE_THROWS_WITH(xrayon::read_npy_header(root.path() + "/absent"),
                        "read_npy_header: open " + root.path() + "/absent: No such file or directory");
}
