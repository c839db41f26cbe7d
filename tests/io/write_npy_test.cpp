// SPDX-License-Identifier: Apache-2.0
#include <xrayon/io/write_npy.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"
#include "golden/npy.hpp"

#include <array>
#include <bit>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/stat.h>

using xrayon::npy_bytes;
using xrayon::write_npy;
using xrayon::test::fixture_root;

namespace {

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The golden file of this type, order and shape, in this machine's byte order.
std::string_view golden_file(const std::string& type, bool fortran_order, const std::vector<std::size_t>& shape) {
    for (const auto& row : golden::npy_cases()) {
        if (row.type == type && row.fortran_order == fortran_order && row.shape == shape) {
            return row.file;
        }
    }
    FAIL("no such golden file");
    return {};
}

/// An array of the elements that a golden file says, by rows.
template <class T, std::size_t N>
xt::xtensor<T, N> golden_array(const std::array<std::size_t, N>& shape) {
    for (const auto& row : golden::npy_cases()) {
        if (row.type == xrayon::npy_type_of<T>().text() && row.shape == std::vector<std::size_t>(shape.begin(), shape.end())) {
            auto out = xt::xtensor<T, N>::from_shape(shape);
            std::memcpy(out.data(), row.elements.data(), row.elements.size());
            return out;
        }
    }
    FAIL("no such golden file");
    return {};
}

template <class T>
void is_numpys_file() {
    INFO(xrayon::npy_type_of<T>().text());
    const std::string type = xrayon::npy_type_of<T>().text();
    const auto matrix = golden_array<T, 2>({2, 3});
    const std::string rows(golden_file(type, false, {2, 3}));
    const std::string columns(golden_file(type, true, {2, 3}));
    const auto is_rows = [&](const auto& x) { CHECK(npy_bytes(x) == rows); };
    const auto is_columns = [&](const auto& x) { CHECK(npy_bytes(x) == columns); };

    is_rows(matrix);
    is_rows(xt::xarray<T>(matrix));
    is_rows(xrayon::view_of(matrix));
    is_columns(xt::xtensor<T, 2, xt::layout_type::column_major>(matrix));
    is_columns(xt::xarray<T, xt::layout_type::column_major>(matrix));

    // The same elements in the middle of others, with gaps, negative strides, and axes exchanged
    xt::xtensor<T, 3> within = xt::xtensor<T, 3>::from_shape({4, 7, 2});
    within.fill(T{});
    for (std::size_t i = 0; i != 2; ++i) {
        for (std::size_t j = 0; j != 3; ++j) {
            within(1 + i, 5 - 2 * j, 1) = matrix(i, j);
        }
    }
    is_rows(xrayon::array_view<const T, 2>(&within(1, 5, 1), {2, 3}, {14, -4}));
    is_rows(xt::view(within, xt::range(1, 3), xt::range(5, 0, -2), 1));
    is_rows(xt::strided_view(within, {xt::range(1, 3), xt::range(5, 0, -2), 1}));
    xt::xtensor<T, 2> transposed = xt::xtensor<T, 2>::from_shape({3, 2});
    for (std::size_t i = 0; i != 6; ++i) {
        transposed(i % 3, i / 3) = matrix(i / 3, i % 3);
    }
    is_columns(xrayon::view_of(transposed).transposed());
    is_columns(xt::transpose(transposed));

    const auto cube = golden_array<T, 3>({2, 3, 4});
    CHECK(npy_bytes(cube) == golden_file(type, false, {2, 3, 4}));
    CHECK(npy_bytes(xt::xarray<T, xt::layout_type::column_major>(cube)) == golden_file(type, true, {2, 3, 4}));

    const auto row = golden_array<T, 1>({5});
    CHECK(npy_bytes(row) == golden_file(type, false, {5}));
    CHECK(npy_bytes(std::span<const T>(row.data(), 5)) == golden_file(type, false, {5}));
    CHECK(npy_bytes(golden_array<T, 0>({})) == golden_file(type, false, {}));
    CHECK(npy_bytes(xt::xarray<T>(golden_array<T, 0>({}))) == golden_file(type, false, {}));
}

} // namespace

TEST_CASE("npy_bytes: are what numpy saves for the same array, whatever holds it", "[io][npy][N24][N31]") {
    if (std::endian::native == std::endian::big) {
        WARN("left out: the table is little-endian");
        return;
    }
    is_numpys_file<bool>();
    is_numpys_file<std::int8_t>();
    is_numpys_file<std::uint16_t>();
    is_numpys_file<std::int32_t>();
    is_numpys_file<std::uint64_t>();
    is_numpys_file<float>();
    is_numpys_file<double>();
    is_numpys_file<std::complex<float>>();
    is_numpys_file<std::complex<double>>();
}

TEST_CASE("npy_bytes: arrays without elements, and axes of one, are as numpy saves them", "[io][npy]") {
    if (std::endian::native == std::endian::big) {
        WARN("left out: the table is little-endian");
        return;
    }
    CHECK(npy_bytes(xt::xtensor<double, 1>::from_shape({0})) == golden_file("<f8", false, {0}));
    CHECK(npy_bytes(std::vector<double>()) == golden_file("<f8", false, {0}));
    CHECK(npy_bytes(xt::xtensor<double, 2>::from_shape({0, 5})) == golden_file("<f8", false, {0, 5}));
    CHECK(npy_bytes(xt::xtensor<double, 2, xt::layout_type::column_major>::from_shape({0, 5})) == golden_file("<f8", false, {0, 5}));
    CHECK(npy_bytes(xt::xarray<std::uint16_t>::from_shape({3, 0, 2})) == golden_file("<u2", false, {3, 0, 2}));
    const auto column = golden_array<double, 2>({3, 1});
    CHECK(npy_bytes(column) == golden_file("<f8", false, {3, 1}));
    CHECK(npy_bytes(xt::xtensor<double, 2, xt::layout_type::column_major>(column)) == golden_file("<f8", false, {3, 1}));
    CHECK(npy_bytes(golden_array<std::uint16_t, 1>({1})) == golden_file("<u2", false, {1}));
}

TEST_CASE("npy_bytes: numpy leaves as much room for the axis that may grow", "[io][npy]") {
    for (const auto& [ones, extent, fortran_order, size] : golden::npy_preamble_cases) {
        std::vector<std::size_t> shape(ones + 2, 1);
        shape.front() = 3;
        shape.back() = extent;
        INFO(xrayon::shape_text(shape) << (fortran_order ? " by columns" : " by rows"));
        const auto rows = xt::xarray<unsigned char>::from_shape(shape);
        const auto columns = xt::xarray<unsigned char, xt::layout_type::column_major>::from_shape(shape);
        CHECK((fortran_order ? npy_bytes(columns) : npy_bytes(rows)).size() == size + 3 * extent);
    }
}

TEST_CASE("npy_bytes: a lazy expression is evaluated", "[io][npy]") {
    const xt::xtensor<double, 2> x{{1, 2, 3}, {4, 5, 6}};
    CHECK(npy_bytes(2.0 * x + 1.0) == npy_bytes(xt::xtensor<double, 2>{{3, 5, 7}, {9, 11, 13}}));
    CHECK(npy_bytes(xt::xarray<double>(x) > 3.0) == npy_bytes(xt::xtensor<bool, 2>{{false, false, false}, {true, true, true}}));
    CHECK(npy_bytes(xt::view(x, xt::keep(1, 0, 1), xt::all())) == npy_bytes(xt::xtensor<double, 2>{{4, 5, 6}, {1, 2, 3}, {4, 5, 6}}));
    CHECK(npy_bytes(xt::sum(x)) == npy_bytes(xt::xtensor<double, 0>(21.0)));
}

TEST_CASE("npy_bytes: gathers strided arrays of more than one window", "[io][npy]") {
    std::vector<std::uint32_t> numbers(100'000);
    for (std::uint32_t i = 0; i != 100'000; ++i) {
        numbers[i] = i;
    }
    const xrayon::array_view<const std::uint32_t, 3> view(numbers.data(), {10, 333, 15}, {10'000, 30, 2});
    std::vector<std::uint32_t> expected;
    for (std::size_t i = 0; i != 10; ++i) {
        for (std::size_t j = 0; j != 333; ++j) {
            for (std::size_t k = 0; k != 15; ++k) {
                expected.push_back(static_cast<std::uint32_t>(10'000 * i + 30 * j + 2 * k));
            }
        }
    }
    const std::string got = npy_bytes(view);
    REQUIRE(got.size() == 128 + expected.size() * 4);
    CHECK(std::memcmp(got.data() + 128, expected.data(), expected.size() * 4) == 0);
}

TEST_CASE("write_npy: writes what npy_bytes gives, private unless told otherwise", "[io][npy]") {
    const fixture_root root;
    const std::string path = root.path() + "/t.npy";
    const xt::xtensor<float, 2> x{{1, 2}, {3, 4}};
    write_npy(path, x);
    CHECK(content(path) == npy_bytes(x));
    struct ::stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
    write_npy(path, xt::transpose(x), {.permissions = 0644, .durable = false});
    CHECK(content(path) == npy_bytes(xt::transpose(x)));
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0644U);
    write_npy(path, x + 1.0F);
    CHECK(content(path) == npy_bytes(xt::xtensor<float, 2>(x + 1.0F)));
}

TEST_CASE("write_npy: wrong arguments are refused before anything is written", "[io][npy][errors]") {
    const fixture_root root;
    const std::string path = root.path() + "/t.npy";
    const auto deep = xt::xarray<double>::from_shape(std::vector<std::size_t>(33, 1));
    REQUIRE_THROWS_AS(write_npy(path, deep), xrayon::argument_error);
    REQUIRE_THROWS_WITH(write_npy(path, deep), "write_npy: x must have at most 32 axes, got 33");
    REQUIRE_THROWS_WITH(npy_bytes(deep), "npy_bytes: x must have at most 32 axes, got 33");
    REQUIRE_THROWS_WITH(write_npy(path, std::vector<int>{1}, {.permissions = 07777}),
                        "write_npy: permissions must be <= 511 (octal 777), got 4095");
    REQUIRE_THROWS_AS(write_npy(root.path() + "/absent/t.npy", std::vector<int>{1}), xrayon::io_error);
    REQUIRE_THROWS_WITH(write_npy(root.path() + "/absent/t.npy", std::vector<int>{1}),
                        "write_npy: open the directory of " + root.path() + "/absent/t.npy: No such file or directory");
    CHECK(content(path).empty());
    STATIC_REQUIRE(xrayon::npy_writable<std::vector<unsigned char>>);
    STATIC_REQUIRE(xrayon::npy_writable<xt::xarray<bool>>);
    STATIC_REQUIRE_FALSE(xrayon::npy_writable<std::vector<bool>>);  // its elements are no memory
    STATIC_REQUIRE_FALSE(xrayon::npy_writable<std::vector<std::string>>);
    STATIC_REQUIRE_FALSE(xrayon::npy_writable<xt::xarray<long double>>);
    STATIC_REQUIRE_FALSE(xrayon::npy_writable<std::list<int>>);
    STATIC_REQUIRE_FALSE(xrayon::npy_writable<double>);
}
