// SPDX-License-Identifier: Apache-2.0
#include <xrayon/io/npy.hpp>

#include "../support/catch.hpp"
#include "golden/npy.hpp"
#include "npy_text.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

using namespace std::string_literals;
using xrayon::npy_options;
using xrayon::parse_npy;
using xrayon::test::npy_array;

namespace {

template <class T>
std::string bytes_of(const T* values, std::size_t count) {
    return {reinterpret_cast<const char*>(values), count * sizeof(T)};
}
template <class T>
std::string bytes_of(const std::vector<T>& values) {
    return bytes_of(values.data(), values.size());
}

template <class T>
std::string type_text() {
    return xrayon::npy_type_of<T>().text();
}

/// An array of one axis.
template <class T>
std::string file_of(std::initializer_list<T> values) {
    return npy_array(type_text<T>(), "(" + std::to_string(values.size()) + ",)", bytes_of(values.begin(), values.size()));
}

/// The array has one axis and these elements.
template <class Array>
bool holds(const Array& array, std::initializer_list<typename Array::value_type> values) {
    return array.dimension() == 1 && std::equal(array.begin(), array.end(), values.begin(), values.end());
}

std::size_t data_at(const std::string& file, std::size_t data_size) { return file.size() - data_size; }

template <class T>
void refuses(const std::string& bytes, std::size_t offset, const std::string& what, const npy_options& options = {}) {
    try {
        const auto array = parse_npy<T>(bytes, "t.npy", options);
        FAIL_CHECK("read " << array.size() << " elements: " << what);
    } catch (const xrayon::data_error& error) {
        CHECK(error.what() == "t.npy: npy: " + what);
        CHECK(error.offset() == offset);
    }
}

/// Reading From as To gives exactly `values` or, at the first that has no equal, an error that names it.
template <class To, class From>
void converts(std::initializer_list<From> values, std::initializer_list<To> expected) {
    const auto got = parse_npy<To, 1>(file_of(values), "t.npy", {.convert = true});
    REQUIRE(got.size() == expected.size());
    CHECK(std::memcmp(got.data(), expected.begin(), expected.size() * sizeof(To)) == 0);
}
template <class To, class From>
void has_no_equal(From value, const std::string& text) {
    const std::string file = file_of({From{0}, From{1}, value});  // 0 and 1 are in every type
    const std::size_t at = file.size() - sizeof(From);
    refuses<To>(file, at, "value " + text + " at byte " + std::to_string(at) + " has no equal " + type_text<To>(), {.convert = true});
}

} // namespace

TEST_CASE("parse_npy: what numpy saved has numpy's bits, in either layout and every rank", "[io][npy][N11][N19][N22][N24][N31]") {
    if (std::endian::native == std::endian::big) {
        WARN("left out: the table is little-endian");
        return;
    }
    REQUIRE(golden::npy_cases().size() > 100);
    for (const auto& [type, fortran_order, shape, file, elements] : golden::npy_cases()) {
        INFO(type << (fortran_order ? " by columns " : " by rows ") << xrayon::shape_text(shape));
        const xrayon::npy_header header = xrayon::parse_npy_header(file, "t.npy");
        CHECK(header.type.text() == type);
        CHECK(header.shape == shape);
        CHECK(header.fortran_order == fortran_order);
        xrayon::detail::with_npy_type(header.type, [&]<class T>() {
            const auto same = [&](const auto& array) {
                CHECK(array.dimension() == shape.size());
                std::vector<std::size_t> extents;
                for (const auto extent : array.shape()) {
                    extents.push_back(extent);
                }
                CHECK(extents == shape);
                CHECK(array.size() * sizeof(T) == elements.size());
                std::string bytes(elements.size(), '\0');
                std::size_t at = 0;
                for (auto it = array.template begin<xt::layout_type::row_major>(); at != elements.size(); ++it, at += sizeof(T)) {
                    std::memcpy(bytes.data() + at, &*it, sizeof(T));
                }
                CHECK(bytes == elements);
            };
            same(parse_npy<T>(file, "t.npy"));
            same(parse_npy<T, xt::layout_type::column_major>(file, "t.npy"));
            if (shape.size() == 2) {
                same(parse_npy<T, 2>(file, "t.npy"));
                same(parse_npy<T, 2, xt::layout_type::column_major>(file, "t.npy"));
            }
            if (shape.empty()) {
                same(parse_npy<T, 0>(file, "t.npy"));
            }
        });
    }
}

TEST_CASE("parse_npy: column-major files of any size give the values by rows", "[io][npy][N22]") {
    // Runs along the first axis that are shorter, as long and longer than the reader's window of 64 KiB, several to a window, and one.
    const std::vector<std::vector<std::size_t>> shapes{{2, 3},
                                                       {16384, 3},
                                                       {16385, 2},
                                                       {40000, 3},
                                                       {3, 40000},
                                                       {7, 1, 5000},
                                                       {1, 4, 5000},
                                                       {40000, 1, 2},
                                                       {5, 6, 7, 8},
                                                       {9000, 2, 1, 2},
                                                       {2, 2, 2, 2, 2, 2, 2, 2},
                                                       {300, 400}};
    for (const auto& shape : shapes) {
        std::string text = "(";
        std::size_t size = 1;
        for (const std::size_t extent : shape) {
            text += std::to_string(extent) + ",";
            size *= extent;
        }
        INFO(text);
        // The element at (i, j, ...) is its place by rows.
        std::vector<std::uint32_t> by_columns(size);
        std::vector<std::size_t> index(shape.size());
        for (std::uint32_t& element : by_columns) {
            std::size_t place = 0;
            for (std::size_t axis = 0; axis != shape.size(); ++axis) {
                place = place * shape[axis] + index[axis];
            }
            element = static_cast<std::uint32_t>(place);
            for (std::size_t axis = 0; axis != shape.size() && ++index[axis] == shape[axis]; ++axis) {
                index[axis] = 0;
            }
        }
        const std::string file = npy_array("<u4", text + ")", bytes_of(by_columns), true);
        const auto check_rows = [&](const auto& rows) {
            using value = typename std::remove_cvref_t<decltype(rows)>::value_type;
            REQUIRE(rows.size() == size);
            std::size_t wrong = 0;
            for (std::size_t i = 0; i != size; ++i) {
                wrong += rows.data()[i] == static_cast<value>(i) ? 0 : 1;
            }
            CHECK(wrong == 0);
        };
        check_rows(parse_npy<std::uint32_t>(file, "t.npy"));
        check_rows(parse_npy<double>(file, "t.npy", {.convert = true}));
        // The other way: rows in the file, columns in memory.
        const auto kept = parse_npy<std::uint32_t, xt::layout_type::column_major>(file, "t.npy");
        CHECK(std::memcmp(kept.data(), by_columns.data(), size * 4) == 0);
        std::vector<std::uint32_t> by_rows(size);
        for (std::size_t i = 0; i != size; ++i) {
            by_rows[i] = static_cast<std::uint32_t>(i);
        }
        const auto columns =
            parse_npy<std::uint32_t, xt::layout_type::column_major>(npy_array("<u4", text + ")", bytes_of(by_rows)), "t.npy");
        CHECK(std::memcmp(columns.data(), by_columns.data(), size * 4) == 0);
    }
}

TEST_CASE("parse_npy: fewer bytes than the shape needs are an error, however many it needs", "[io][npy][errors][N14][N16]") {
    const std::string short_file = npy_array("<f8", "(1000,)", std::string(16, 'x'));
    refuses<double>(short_file, short_file.size(), "data has 16 bytes, shape needs 8000: shape (1000,) of <f8");
    // 8 TiB: more than a machine gives
    const std::string huge = npy_array("<f8", "(1048576, 1048576)", std::string(16, 'x'));
    refuses<double>(huge, huge.size(), "data has 16 bytes, shape needs 8796093022208: shape (1048576, 1048576) of <f8");
    refuses<double>(huge, huge.size(), "data has 16 bytes, shape needs 8796093022208: shape (1048576, 1048576) of <f8",
                    {.convert = true, .allow_trailing = true});
    const std::string whole = npy_array("<f8", "(2,)", std::string(16, 'x'));
    for (std::size_t missing = 1; missing <= 16; ++missing) {
        const std::string cut = whole.substr(0, whole.size() - missing);
        refuses<double>(cut, cut.size(), "data has " + std::to_string(16 - missing) + " bytes, shape needs 16: shape (2,) of <f8");
    }
    refuses<bool>(npy_array("|b1", "()"), npy_array("|b1", "()").size(), "data has 0 bytes, shape needs 1: shape () of |b1");
}

TEST_CASE("parse_npy: bytes behind the array are an error unless they are allowed", "[io][npy][errors][N15]") {
    const std::string file = npy_array("|u1", "(3,)", "abc" + std::string(16, 'x'));
    refuses<unsigned char>(file, file.size() - 16, "16 bytes after the array at byte " + std::to_string(file.size() - 16));
    CHECK(holds(parse_npy<unsigned char, 1>(file, "t.npy", {.allow_trailing = true}), {'a', 'b', 'c'}));
    const std::string empty = npy_array("|u1", "(0, 3)", "x");
    refuses<unsigned char>(empty, empty.size() - 1, "1 bytes after the array at byte " + std::to_string(empty.size() - 1));
}

TEST_CASE("parse_npy: another type is an argument_error unless it converts", "[io][npy][errors][N20]") {
    const std::string file = file_of<float>({1.5F, -2.0F});
    REQUIRE_THROWS_AS(parse_npy<double>(file, "t.npy"), xrayon::argument_error);
    REQUIRE_THROWS_WITH(parse_npy<double>(file, "t.npy"), "parse_npy: elements of t.npy must be <f8 unless options.convert, got <f4");
    try {
        (void)parse_npy<double>(file, "t.npy");
    } catch (const xrayon::argument_error& error) {
        CHECK(error.value() == "<f4");
    }
    REQUIRE_THROWS_WITH((parse_npy<std::int32_t, 1>(npy_array(">i8", "(0,)"), "t.npy")),
                        "parse_npy: elements of t.npy must be <i4 unless options.convert, got >i8");
    CHECK(holds(parse_npy<double, 1>(file, "t.npy", {.convert = true}), {1.5, -2.0}));
    // long and long long are one type
    CHECK(parse_npy<long long, 1>(file_of<long>({7}), "t.npy")(0) == 7);
}

TEST_CASE("parse_npy: another rank is a shape_error", "[io][npy][errors]") {
    const std::string file = npy_array("|u1", "(3, 1)", "abc");
    try {
        (void)parse_npy<unsigned char, 1>(file, "t.npy");
        FAIL_CHECK("read");
    } catch (const xrayon::shape_error& error) {
        CHECK(error.what() == "parse_npy: t.npy must have rank 1, got shape (3, 1)"s);
        CHECK(error.lhs() == xrayon::shape_error::shape{3, 1});
    }
    REQUIRE_THROWS_WITH((parse_npy<unsigned char, 3>(file, "t.npy")), "parse_npy: t.npy must have rank 3, got shape (3, 1)");
    REQUIRE_THROWS_WITH((parse_npy<unsigned char, 0>(file, "t.npy")), "parse_npy: t.npy must have rank 0, got shape (3, 1)");
    REQUIRE_THROWS_WITH((parse_npy<unsigned char, 1>(npy_array("|u1", "()", "a"), "t.npy")),
                        "parse_npy: t.npy must have rank 1, got shape ()");
}

TEST_CASE("parse_npy: a bool is 0 or 1", "[io][npy][errors][N21]") {
    const std::string file = npy_array("|b1", "(2, 2)", "\1\0\2\1"s);
    const std::string what = "bool byte 2 at byte " + std::to_string(file.size() - 2);
    refuses<bool>(file, file.size() - 2, what);
    refuses<double>(file, file.size() - 2, what, {.convert = true});
    const std::string columns = npy_array("|b1", "(2, 2)", "\1\0\1\xff"s, true);
    refuses<bool>(columns, columns.size() - 1, "bool byte 255 at byte " + std::to_string(columns.size() - 1));
}

TEST_CASE("parse_npy: numbers convert where an equal one exists", "[io][npy][N20]") {
    using limits = std::numeric_limits<double>;
    converts<double, float>({1.5F, -0.0F, 1e-45F, INFINITY}, {1.5, -0.0, static_cast<double>(1e-45F), INFINITY});
    converts<float, double>({1.5, -0.0, std::ldexp(1.0, -149), -INFINITY}, {1.5F, -0.0F, 1e-45F, -INFINITY});
    converts<double, bool>({true, false}, {1.0, 0.0});
    converts<bool, double>({1.0, -0.0, 0.0}, {true, false, false});
    converts<bool, std::int64_t>({1, 0}, {true, false});
    converts<std::uint8_t, std::int64_t>({0, 255}, {0, 255});
    converts<std::int64_t, std::uint8_t>({0, 255}, {0, 255});
    converts<double, std::int64_t>({INT64_MIN, 9007199254740992, -9007199254740992, INT64_MAX - 1023},
                                   {-9223372036854775808.0, 9007199254740992.0, -9007199254740992.0, 9223372036854774784.0});
    converts<std::int64_t, double>({-9223372036854775808.0, 9223372036854774784.0, -0.0}, {INT64_MIN, INT64_MAX - 1023, 0});
    converts<std::uint64_t, double>({18446744073709549568.0, 0.0}, {18446744073709549568U, 0});
    converts<double, std::uint64_t>({18446744073709549568U}, {18446744073709549568.0});
    converts<std::int32_t, float>({-2147483648.0F, 2147483520.0F}, {INT32_MIN, 2147483520});
    converts<std::complex<double>, std::int32_t>({-7}, {{-7.0, 0.0}});
    converts<std::complex<float>, std::complex<double>>({{1.5, -2.5}}, {{1.5F, -2.5F}});
    converts<double, std::complex<float>>({{1.5F, -0.0F}}, {1.5});
    converts<std::int16_t, std::complex<double>>({{-300.0, 0.0}}, {-300});
    const auto nan = parse_npy<float, 1>(file_of<double>({limits::quiet_NaN()}), "t.npy", {.convert = true});
    CHECK(std::isnan(nan(0)));
}

TEST_CASE("parse_npy: numbers without an equal one are refused and named", "[io][npy][errors][N20]") {
    has_no_equal<float>(0.1, "0.1");
    has_no_equal<float>(1e39, "1e+39");
    has_no_equal<float>(std::ldexp(1.0, -150), xrayon::to_text(std::ldexp(1.0, -150)));
    has_no_equal<float>(std::int32_t{16777217}, "16777217");
    has_no_equal<double>(std::int64_t{9007199254740993}, "9007199254740993");
    has_no_equal<double>(INT64_MAX, "9223372036854775807");
    has_no_equal<double>(UINT64_MAX, "18446744073709551615");
    has_no_equal<float>(UINT64_MAX, "18446744073709551615");
    has_no_equal<std::int64_t>(9223372036854775808.0, "9223372036854775808");
    has_no_equal<std::int64_t>(-9223372036854777856.0, "-9223372036854777856");
    has_no_equal<std::uint64_t>(18446744073709551616.0, "18446744073709551616");
    has_no_equal<std::uint64_t>(-1.0, "-1");
    has_no_equal<std::int32_t>(2.5, "2.5");
    has_no_equal<std::int32_t>(static_cast<double>(NAN), "nan");
    has_no_equal<std::int32_t>(static_cast<double>(INFINITY), "inf");
    has_no_equal<std::int8_t>(std::int16_t{128}, "128");
    has_no_equal<std::uint8_t>(std::int8_t{-1}, "-1");
    has_no_equal<std::uint64_t>(std::int64_t{-1}, "-1");
    has_no_equal<std::int64_t>(UINT64_MAX, "18446744073709551615");
    has_no_equal<bool>(2.0, "2");
    has_no_equal<bool>(static_cast<double>(NAN), "nan");
    has_no_equal<bool>(std::uint8_t{2}, "2");
    has_no_equal<double>(std::complex<double>(1, 2), "(1, 2)");
    has_no_equal<double>(std::complex<double>(1, NAN), "(1, nan)");
    has_no_equal<std::complex<float>>(std::complex<double>(0, 0.1), "(0, 0.1)");
    has_no_equal<std::complex<float>>(0.1, "0.1");
}

TEST_CASE("parse_npy: the first value in the file that does not convert is named, in every order of reading", "[io][npy][errors]") {
    std::vector<double> values(100'000, 1.0);  // several windows
    values[45'000] = 0.5;
    values[50'001] = 0.25;  // by columns of 50,000 this one is met first
    values[99'999] = 0.125;
    for (const bool fortran_order : {false, true}) {
        for (const char* shape : {"(100000,)", "(50000, 2)", "(2, 50000)", "(10, 100, 100)"}) {
            INFO(shape << fortran_order);
            const std::string file = npy_array("<f8", shape, bytes_of(values), fortran_order);
            const std::size_t at = data_at(file, 800'000) + 8 * 45'000;
            refuses<int>(file, at, "value 0.5 at byte " + std::to_string(at) + " has no equal <i4", {.convert = true});
        }
    }
}

TEST_CASE("parse_npy: big-endian numbers convert, too", "[io][npy][N19]") {
    CHECK(holds(parse_npy<double, 1>(npy_array(">i2", "(3,)", "\0\1\xff\xff\x80\0"s), "t.npy", {.convert = true}), {1.0, -1.0, -32768.0}));
    CHECK(parse_npy<std::complex<double>, 1>(npy_array(">c8", "(1,)", "\x3f\x80\0\0\xc0\0\0\0"s), "t.npy", {.convert = true})(0)
          == std::complex<double>(1.0, -2.0));
    CHECK(holds(parse_npy<std::int16_t, 1>(npy_array(">i2", "(2,)", "\0\1\1\0"s), "t.npy"), {1, 256}));
}

TEST_CASE("parse_npy: bytes that lie anywhere in memory are read", "[io][npy]") {
    const std::string file = file_of<double>({1.5, 2.5});
    for (std::size_t shift = 0; shift != 9; ++shift) {
        const std::string moved = std::string(shift, 'x') + file;
        CHECK(holds(parse_npy<double, 1>(std::string_view(moved).substr(shift), "t.npy"), {1.5, 2.5}));
        CHECK(holds(parse_npy<float, 1>(std::string_view(moved).substr(shift), "t.npy", {.convert = true}), {1.5F, 2.5F}));
    }
}
