// SPDX-License-Identifier: Apache-2.0
#include <xrayon/array/batches.hpp>

#include "../support/catch.hpp"

#include <limits>
#include <vector>

#include <xrayon/core/concepts.hpp>

using namespace xrayon;

namespace {

using matrix = xt::xtensor<double, 2>;
using dynamic = xt::xarray<double>;

template <class X>
concept has_batches = requires(X&& x) { batches(std::forward<X>(x), 2); };

using batches_of_matrix = decltype(batches(std::declval<matrix&>(), 1));
using blocks = decltype(row_blocks(1, 1));

} // namespace

static_assert(indexed_range<batches_of_matrix> && indexed_range<blocks>);
static_assert(std::ranges::view<batches_of_matrix> && std::ranges::borrowed_range<batches_of_matrix>);
static_assert(std::is_trivially_copyable_v<batches_of_matrix>);
static_assert(std::same_as<element_t<batches_of_matrix>, array_view<double, 2>>);
static_assert(std::same_as<element_t<decltype(batches(std::declval<const matrix&>(), 1))>, array_view<const double, 2>>);
static_assert(std::same_as<element_t<decltype(batches(array_view<const float, 1>(), 1))>, array_view<const float, 1>>);
static_assert(std::same_as<element_t<decltype(batches<2>(std::declval<const dynamic&>(), 1))>, array_view<const double, 2>>);
static_assert(std::same_as<element_t<blocks>, index_block>);
static_assert(has_batches<matrix&> && has_batches<const matrix&> && !has_batches<matrix> && !has_batches<const matrix>);
static_assert(!has_batches<decltype(std::declval<matrix&>() + 1.0)> && !has_batches<dynamic&>);
static_assert(has_batches<std::vector<float>&> && !has_batches<std::vector<float>>);

TEST_CASE("batches: cut the rows in order, none lost and none twice, and only the last is shorter", "[array][batches]") {
    for (const std::size_t n : {0u, 1u, 2u, 5u, 6u, 7u, 12u}) {
        for (const std::size_t size : {1u, 2u, 3u, 6u, 100u}) {
            matrix x(std::array<std::size_t, 2>{n, 3});
            const auto range = batches(x, size);
            std::size_t row = 0;
            for (std::size_t b = 0; b < element_count(range); ++b) {
                const auto batch = element(range, b);
                REQUIRE(batch.shape(1) == 3);
                REQUIRE(batch.shape(0) >= 1);
                REQUIRE((batch.shape(0) == size || (b + 1 == element_count(range) && batch.shape(0) < size)));
                for (std::size_t i = 0; i < batch.shape(0); ++i, ++row) {
                    REQUIRE(&batch(i, 2) == &x(row, 2));
                }
            }
            REQUIRE(row == n);
        }
    }
}

TEST_CASE("batches: keep the layout of strided, column-major, reversed and one-axis input", "[array][batches]") {
    matrix x(std::array<std::size_t, 2>{7, 4});
    for (std::size_t i = 0; i < 28; ++i) {
        x.data()[i] = static_cast<double>(i);
    }
    const xt::xtensor<double, 2, xt::layout_type::column_major> by_columns = x;
    REQUIRE(batches(by_columns, 3)[2](0, 1) == 25);
    REQUIRE(batches(xt::view(x, xt::range(0, 7, 2), xt::all()), 3)[1](0, 3) == 27);
    const array_view<double, 2> reversed(&x(6, 3), {7, 4}, {-4, -1});
    REQUIRE(batches(reversed, 2)[3](0, 0) == 3);
    REQUIRE(batches(reversed, 2)[3].shape(0) == 1);
    std::vector<double> y{0, 1, 2, 3, 4};
    REQUIRE(batches(y, 2)[2][0] == 4);
    dynamic z = x;
    batches<2>(z, 5)[1].fill(-1);
    REQUIRE(z(4, 3) == 19);
    REQUIRE(z(5, 0) == -1);
    REQUIRE(z(6, 3) == -1);
}

TEST_CASE("batches: says what is wrong with the number of rows", "[array][batches][errors]") {
    matrix x(std::array<std::size_t, 2>{4, 3});
    dynamic y = x;
    REQUIRE_THROWS_AS(batches(x, 0), argument_error);
    REQUIRE_THROWS_WITH(batches(x, 0), "batches: rows_per_batch must be >= 1, got 0");
    REQUIRE_THROWS_WITH(batches(x, -1), "batches: rows_per_batch must be >= 1, got -1");
    REQUIRE_THROWS_WITH(batches<2>(y, 0u), "batches: rows_per_batch must be >= 1, got 0");
    REQUIRE_THROWS_AS(batches<3>(y, 1), shape_error);
    REQUIRE_THROWS_WITH(batches<3>(y, 1), "view_of: X must have rank 3, got shape (4, 3)");
}

TEST_CASE("row_blocks: are [0, n) in order, none empty", "[array][batches]") {
    REQUIRE(row_blocks(0, 4).empty());
    const auto seven = row_blocks(7, 3);
    REQUIRE(seven.size() == 3);
    REQUIRE(seven[0] == index_block{0, 3});
    REQUIRE(seven[1] == index_block{3, 6});
    REQUIRE(seven[2] == index_block{6, 7});
    REQUIRE(seven[2].size() == 1);
    REQUIRE(row_blocks(6, 3).size() == 2);
    REQUIRE(element(row_blocks(6, 3), 1) == index_block{3, 6});
    std::vector<index_block> copied(seven.begin(), seven.end());
    REQUIRE(copied.back() == index_block{6, 7});
}

TEST_CASE("row_blocks: do not overflow at the largest sizes", "[array][batches]") {
    const std::size_t most = std::numeric_limits<std::size_t>::max();
    REQUIRE(row_blocks(most, most).size() == 1);
    REQUIRE(row_blocks(most, most)[0] == index_block{0, most});
    REQUIRE(row_blocks(most, most - 1)[1] == index_block{most - 1, most});
    REQUIRE(row_blocks(5, most)[0] == index_block{0, 5});
    REQUIRE(row_blocks(most - 1, 2).size() == most / 2);
}

TEST_CASE("row_blocks: says what is wrong with the size", "[array][batches][errors]") {
    REQUIRE_THROWS_AS(row_blocks(3, 0), argument_error);
    REQUIRE_THROWS_WITH(row_blocks(3, 0), "row_blocks: size must be >= 1, got 0");
    REQUIRE_THROWS_WITH(row_blocks(3, -2), "row_blocks: size must be >= 1, got -2");
}
