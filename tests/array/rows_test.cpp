// SPDX-License-Identifier: Apache-2.0
#include <xrayon/array/rows.hpp>

#include "../support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <xrayon/core/concepts.hpp>

using namespace xrayon;

namespace {

using matrix = xt::xtensor<double, 2>;
using cube = xt::xtensor<int, 3>;
using dynamic = xt::xarray<double>;

template <class X>
concept has_rows = requires(X&& x) { rows(std::forward<X>(x)); };
template <class X>
concept has_elements = requires(X&& x) { elements(std::forward<X>(x)); };

matrix counting(std::size_t rows, std::size_t columns) {
    matrix out(std::array<std::size_t, 2>{rows, columns});
    for (std::size_t i = 0; i < rows * columns; ++i) {
        out.data()[i] = static_cast<double>(i);
    }
    return out;
}

template <class Range>
std::vector<double> values(const Range& range) {
    std::vector<double> out;
    for (std::size_t i = 0; i < element_count(range); ++i) {
        out.push_back(element(range, i));
    }
    return out;
}

using rows_of_matrix = decltype(rows(std::declval<matrix&>()));
using elements_of_matrix = decltype(elements(std::declval<matrix&>()));

} // namespace

static_assert(indexed_range<rows_of_matrix>);
static_assert(indexed_range<elements_of_matrix>);
static_assert(std::ranges::view<rows_of_matrix> && std::ranges::borrowed_range<rows_of_matrix>);
static_assert(std::random_access_iterator<std::ranges::iterator_t<rows_of_matrix>>);
static_assert(std::is_trivially_copyable_v<rows_of_matrix>);
static_assert(std::same_as<element_t<rows_of_matrix>, array_view<double, 1>>);
static_assert(std::same_as<element_t<decltype(rows(std::declval<const matrix&>()))>, array_view<const double, 1>>);
static_assert(std::same_as<element_t<decltype(rows<3>(std::declval<dynamic&>()))>, array_view<double, 2>>);
static_assert(std::same_as<element_t<elements_of_matrix>, double&>);
static_assert(std::same_as<element_t<decltype(elements(std::declval<const matrix&>()))>, const double&>);
static_assert(std::same_as<decltype(elements(std::declval<xt::xtensor<double, 1>&>())), array_view<double, 1>>);
static_assert(has_rows<matrix&> && has_rows<const matrix&> && !has_rows<matrix> && !has_rows<const matrix>);
static_assert(has_rows<array_view<int, 3>> && !has_rows<dynamic&>);
static_assert(!has_rows<decltype(std::declval<matrix&>() + 1.0)>);
static_assert(has_rows<decltype(xt::view(std::declval<matrix&>(), xt::range(0, 1), xt::all()))>);
static_assert(has_elements<matrix&> && !has_elements<matrix> && has_elements<std::vector<int>&> && !has_elements<std::vector<int>>);

TEST_CASE("rows: are the sub-arrays along axis 0", "[array][rows]") {
    matrix x = counting(3, 4);
    const auto range = rows(x);
    REQUIRE(range.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        const auto row = element(range, i);
        REQUIRE(row.shape(0) == 4);
        REQUIRE(row.is_contiguous());
        for (std::size_t j = 0; j < 4; ++j) {
            REQUIRE(&row[j] == &x(i, j));
        }
    }
    cube y(std::array<std::size_t, 3>{2, 3, 4});
    REQUIRE(&rows(y)[1](2, 3) == &y(1, 2, 3));
    REQUIRE(&rows(rows(y)[1])[2][3] == &y(1, 2, 3));
}

TEST_CASE("rows: of strided, column-major and reversed input are those that indexing gives", "[array][rows]") {
    matrix x = counting(6, 5);
    const xt::xtensor<double, 2, xt::layout_type::column_major> by_columns = x;
    auto stepped = xt::view(x, xt::range(1, 6, 2), xt::range(0, 5, 3));
    REQUIRE(values(rows(by_columns)[4]) == std::vector<double>{20, 21, 22, 23, 24});
    REQUIRE(rows(stepped).size() == 3);
    REQUIRE(values(rows(stepped)[2]) == std::vector<double>{25, 28});
    const array_view<double, 2> reversed(&x(5, 4), {6, 5}, {-5, -1});
    REQUIRE(values(rows(reversed)[1]) == std::vector<double>{24, 23, 22, 21, 20});
    REQUIRE(values(rows(view_of(x).transposed())[2]) == std::vector<double>{2, 7, 12, 17, 22, 27});
    REQUIRE(values(rows(view_of(x).slice(2, 4))[1]) == std::vector<double>{15, 16, 17, 18, 19});
}

TEST_CASE("rows: an array without rows has none, and rows without columns are empty", "[array][rows]") {
    matrix no_rows(std::array<std::size_t, 2>{0, 4});
    matrix no_columns(std::array<std::size_t, 2>{3, 0});
    REQUIRE(rows(no_rows).empty());
    REQUIRE(rows(no_rows).begin() == rows(no_rows).end());
    REQUIRE(rows(no_columns).size() == 3);
    REQUIRE(rows(no_columns)[2].empty());
}

TEST_CASE("rows<N>: takes an xarray of rank N and refuses any other", "[array][rows][errors]") {
    dynamic x = counting(3, 4);
    REQUIRE(values(rows<2>(x)[1]) == std::vector<double>{4, 5, 6, 7});
    REQUIRE_THROWS_AS(rows<3>(x), shape_error);
    REQUIRE_THROWS_WITH(rows<3>(x), "view_of: X must have rank 3, got shape (3, 4)");
    REQUIRE_THROWS_WITH(elements<1>(x), "view_of: X must have rank 1, got shape (3, 4)");
    REQUIRE(values(elements<2>(x)) == values(elements(view_of<2>(x))));
}

TEST_CASE("rows: iterators move at random and outlive the range", "[array][rows]") {
    matrix x = counting(5, 2);
    auto it = rows(x).begin();
    const auto end = rows(x).end();
    REQUIRE(end - it == 5);
    REQUIRE((*it)[0] == 0);
    REQUIRE((*(it + 3))[1] == 7);
    REQUIRE((*(3 + it))[1] == 7);
    REQUIRE(it[4][0] == 8);
    REQUIRE((*++it)[0] == 2);
    REQUIRE((*it++)[0] == 2);
    REQUIRE((*it--)[0] == 4);
    REQUIRE((*--it)[0] == 0);
    REQUIRE(((it += 2) > rows(x).begin()));
    REQUIRE((*(it -= 1))[0] == 2);
    REQUIRE(std::ranges::distance(rows(x)) == 5);
    const auto sums = [](auto row) { return row[0] + row[1]; };
    REQUIRE(std::ranges::max(rows(x) | std::views::transform(sums)) == 17);
}

TEST_CASE("elements: come in row-major order whatever the layout", "[array][rows]") {
    const matrix x = counting(3, 4);
    std::vector<double> expected(12);
    for (std::size_t i = 0; i < 12; ++i) {
        expected[i] = static_cast<double>(i);
    }
    const xt::xtensor<double, 2, xt::layout_type::column_major> by_columns = x;
    REQUIRE(values(elements(x)) == expected);
    REQUIRE(values(elements(by_columns)) == expected);
    const array_view<const double, 2> reversed(&x(2, 3), {3, 4}, {-4, -1});
    auto backwards = expected;
    std::ranges::reverse(backwards);
    REQUIRE(values(elements(reversed)) == backwards);
    REQUIRE(values(elements(view_of(x).slice<1>(1, 3))) == std::vector<double>{1, 2, 5, 6, 9, 10});
    REQUIRE(values(elements(view_of(x).slice(1, 1))).empty());
    cube y(std::array<std::size_t, 3>{2, 3, 4});
    const array_view<int, 3> turned(y.data(), {4, 3, 2}, {1, 4, 12});
    for (std::size_t i = 0, k = 0; i < 4; ++i) {
        for (std::size_t j = 0; j < 6; ++j, ++k) {
            REQUIRE(&elements(turned)[k] == &y(j % 2, j / 2, i));
        }
    }
}

TEST_CASE("elements: of a mutable array can be written and sorted", "[array][rows]") {
    matrix x = counting(3, 4);
    for (double& element : elements(x)) {
        element = -element;
    }
    REQUIRE(x(2, 3) == -11);
    std::ranges::sort(elements(view_of(x).slice<1>(0, 2)));
    REQUIRE((x == matrix{{-9, -8, -2, -3}, {-5, -4, -6, -7}, {-1, 0, -10, -11}}));
}

TEST_CASE("rows: one range is read and its rows written by several threads", "[array][rows]") {
    matrix x = counting(64, 7);
    const auto range = rows(x);
    const auto& read_only = x;
    const auto source = rows(read_only);
    std::atomic<std::size_t> next{0};
    std::vector<double> sums(64);
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (std::size_t i = next++; i < 64; i = next++) {
                    for (double& value : element(range, i)) {
                        value *= 2;
                    }
                    for (const double value : element(source, i)) {
                        sums[i] += value;
                    }
                }
            });
        }
    }
    for (std::size_t i = 0; i < 64; ++i) {
        REQUIRE(sums[i] == 2 * (7 * 7 * static_cast<double>(i) + 21));
    }
}
