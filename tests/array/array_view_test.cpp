// SPDX-License-Identifier: Apache-2.0
#include <xrayon/array/array_view.hpp>

#include "../support/catch.hpp"

#include <algorithm>
#include <numeric>
#include <ranges>
#include <type_traits>
#include <vector>

#include <xrayon/core/concepts.hpp>

using namespace xrayon;

namespace {

std::vector<int> counting(std::size_t n) {
    std::vector<int> out(n);
    std::iota(out.begin(), out.end(), 0);
    return out;
}

} // namespace

static_assert(std::is_trivially_copyable_v<array_view<double, 3>>);
static_assert(indexed_range<array_view<double, 1>>);
static_assert(indexed_range<array_view<const double, 1>>);
static_assert(std::same_as<element_t<array_view<double, 1>>, double&>); // constness of the view says nothing
static_assert(std::ranges::borrowed_range<array_view<double, 1>>);
static_assert(std::ranges::view<array_view<double, 1>>);
static_assert(!std::ranges::range<array_view<double, 2>>); // say rows or elements
static_assert(!indexed_range<array_view<double, 2>>);
static_assert(std::random_access_iterator<decltype(array_view<double, 1>().begin())>);
static_assert(std::convertible_to<array_view<double, 2>, array_view<const double, 2>>);
static_assert(!std::convertible_to<array_view<const double, 2>, array_view<double, 2>>);
static_assert(!std::convertible_to<array_view<int, 2>, array_view<const double, 2>>);

template <class X>
concept can_be_viewed = requires(X&& x) { view_of(std::forward<X>(x)); };
static_assert(can_be_viewed<std::vector<int>&>);
static_assert(can_be_viewed<const std::vector<int>&>);
static_assert(!can_be_viewed<std::vector<int>>);    // would dangle
static_assert(!can_be_viewed<std::vector<bool>&>);  // has no bool elements
static_assert(can_be_viewed<std::span<int>>);
static_assert(can_be_viewed<array_view<int, 3>>);

TEST_CASE("array_view: a pointer and a shape are row-major", "[array][array_view]") {
    auto data = counting(24);
    const array_view<int, 3> view(data.data(), {2, 3, 4});
    REQUIRE(view.size() == 24);
    REQUIRE(view.strides() == std::array<std::ptrdiff_t, 3>{12, 4, 1});
    REQUIRE(view.is_contiguous());
    int expected = 0;
    for (std::size_t i = 0; i < 2; ++i) {
        for (std::size_t j = 0; j < 3; ++j) {
            for (std::size_t k = 0; k < 4; ++k) {
                REQUIRE(view(i, j, k) == expected);
                REQUIRE(view[i][j][k] == expected);
                REQUIRE(view.at(i, j, k) == expected);
                ++expected;
            }
        }
    }
}

TEST_CASE("array_view: strides may be column-major, stepped, negative or zero", "[array][array_view]") {
    auto data = counting(12);
    const array_view<int, 2> columns(data.data(), {3, 4}, {1, 3});
    const array_view<int, 2> stepped(data.data(), {2, 2}, {8, 2});
    const array_view<int, 2> reversed(data.data() + 11, {3, 4}, {-4, -1});
    const array_view<int, 2> repeated(data.data(), {3, 4}, {0, 1});
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 4; ++j) {
            REQUIRE(columns(i, j) == i + 3 * j);
            REQUIRE(reversed(i, j) == 11 - 4 * i - j);
            REQUIRE(repeated(i, j) == j);
        }
    }
    REQUIRE(stepped(1, 1) == 10);
    for (const auto& view : {columns, stepped, reversed, repeated}) {
        REQUIRE_FALSE(view.is_contiguous());
    }
}

TEST_CASE("array_view: contiguous looks past strides of axes with one index, and at no stride of an empty view", "[array][array_view]") {
    int element = 0;
    REQUIRE(array_view<int, 2>(&element, {1, 1}, {0, 0}).is_contiguous());
    REQUIRE(array_view<int, 3>(&element, {2, 1, 3}, {3, -7, 1}).is_contiguous());
    REQUIRE(array_view<int, 2>(&element, {0, 5}, {99, 2}).is_contiguous());
    REQUIRE_FALSE(array_view<int, 2>(&element, {2, 3}, {4, 1}).is_contiguous());
    REQUIRE_FALSE(array_view<int, 1>(&element, {2}, {2}).is_contiguous());
    REQUIRE(array_view<int, 2>().is_contiguous());
    REQUIRE(array_view<int, 2>().empty());
    REQUIRE(array_view<int, 2>().span().empty());
}

TEST_CASE("array_view: span is the elements in row-major order, or an error that shows the strides", "[array][array_view][errors]") {
    auto data = counting(6);
    const array_view<int, 2> view(data.data(), {2, 3});
    REQUIRE(view.span().data() == data.data());
    REQUIRE(view.span().size() == 6);
    REQUIRE_THROWS_AS(view.transposed().span(), argument_error);
    REQUIRE_THROWS_WITH(view.transposed().span(), "span: the view must be contiguous, got shape (3, 2) with strides (1, 3)");
    REQUIRE_THROWS_WITH((array_view<int, 1>(data.data() + 5, {6}, {-1}).span()),
                        "span: the view must be contiguous, got shape (6,) with strides (-1,)");
}

TEST_CASE("array_view: at refuses every index that is outside", "[array][array_view][errors]") {
    auto data = counting(6);
    const array_view<int, 2> view(data.data(), {2, 3});
    REQUIRE(view.at(1, 2) == 5);
    REQUIRE_THROWS_AS(view.at(2, 0), argument_error);
    REQUIRE_THROWS_WITH(view.at(2, 0), "at: every index must be below the extents (2, 3), got (2, 0)");
    REQUIRE_THROWS_WITH(view.at(0, 3), "at: every index must be below the extents (2, 3), got (0, 3)");
    REQUIRE_THROWS_WITH(view.at(0, -1), "at: every index must be below the extents (2, 3), got (0, -1)");
    REQUIRE_THROWS_WITH((array_view<int, 1>().at(0)), "at: every index must be below the extents (0,), got (0,)");
}

TEST_CASE("array_view: slices see the same elements along either axis", "[array][array_view]") {
    auto data = counting(20);
    const array_view<int, 2> view(data.data(), {4, 5});
    for (std::size_t first = 0; first <= 4; ++first) {
        for (std::size_t last = first; last <= 4; ++last) {
            const auto rows = view.slice(first, last);
            REQUIRE(rows.shape() == std::array<std::size_t, 2>{last - first, 5});
            REQUIRE(rows.is_contiguous());
            for (std::size_t i = first; i < last; ++i) {
                REQUIRE(&rows(i - first, 3) == &data[5 * i + 3]);
            }
        }
    }
    const auto columns = view.slice<1>(1, 3);
    REQUIRE(columns.shape() == std::array<std::size_t, 2>{4, 2});
    REQUIRE(&columns(3, 1) == &data[17]);
    REQUIRE(&columns.transposed()(1, 3) == &data[17]);
    REQUIRE(&columns.slice(2, 4).slice<1>(1, 2)(0, 0) == &data[12]);
}

TEST_CASE("array_view: slice says which bound is wrong", "[array][array_view][errors]") {
    auto data = counting(6);
    const array_view<int, 2> view(data.data(), {2, 3});
    REQUIRE_THROWS_AS(view.slice(0, 3), argument_error);
    REQUIRE_THROWS_WITH(view.slice(0, 3), "slice: last must be <= 2 (the extent), got 3");
    REQUIRE_THROWS_WITH(view.slice<1>(0, 4), "slice: last must be <= 3 (the extent), got 4");
    REQUIRE_THROWS_WITH(view.slice<1>(3, 2), "slice: first must be <= 2 (last), got 3");
    REQUIRE_THROWS_WITH(view.slice(5, 4), "slice: last must be <= 2 (the extent), got 4");
}

TEST_CASE("array_view: a view of one axis is a range, forwards, backwards, repeated and of one element with stride 0",
          "[array][array_view]") {
    auto data = counting(10);
    const auto values = [](const array_view<int, 1>& view) { return std::vector<int>(view.begin(), view.end()); };
    REQUIRE(values({data.data(), {10}}) == data);
    REQUIRE(values({data.data() + 1, {3}, {4}}) == std::vector<int>{1, 5, 9});
    REQUIRE(values({data.data() + 9, {3}, {-3}}) == std::vector<int>{9, 6, 3});
    REQUIRE(values({data.data() + 7, {3}, {0}}) == std::vector<int>{7, 7, 7});
    REQUIRE(values({data.data() + 7, {1}, {0}}) == std::vector<int>{7});
    REQUIRE(values({}).empty());
    int visits = 0;
    for (const int value : array_view<int, 1>(data.data() + 7, {3}, {0})) {
        visits += value == 7; // the end is an index: a pointer would never move, and be there at once
    }
    REQUIRE(visits == 3);

    const array_view<int, 1> backwards(data.data() + 9, {10}, {-1});
    REQUIRE(element(backwards, 2) == 7);
    REQUIRE(element_count(backwards) == 10);
    std::ranges::sort(backwards); // ascending along the view: descending in memory
    REQUIRE(data == std::vector<int>{9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
    const auto first = backwards.begin();
    REQUIRE(*(first + 4) == first[4]);
    REQUIRE(*(4 + first) == 4);
    REQUIRE(backwards.end() - first == 10);
    REQUIRE(first < backwards.end());
    auto it = backwards.end();
    REQUIRE(*--it == 9);
    REQUIRE(*it-- == 9);
    REQUIRE(*it++ == 8);
    REQUIRE((it -= 9) == first);
}

TEST_CASE("array_view: fill writes the elements of the view and no other", "[array][array_view]") {
    std::vector<int> data(12, 1);
    const array_view<int, 2> whole(data.data(), {3, 4});
    whole.slice<1>(1, 3).fill(7);
    REQUIRE(data == std::vector<int>{1, 7, 7, 1, 1, 7, 7, 1, 1, 7, 7, 1});
    whole.fill(2);
    REQUIRE(data == std::vector<int>(12, 2));
    array_view<int, 1>(data.data() + 11, {3}, {-4}).fill(5);
    REQUIRE(data == std::vector<int>{2, 2, 2, 5, 2, 2, 2, 5, 2, 2, 2, 5});
    whole.slice(1, 1).fill(9);
    REQUIRE(std::ranges::count(data, 9) == 0);
}

TEST_CASE("array_view: assign_from copies between any two layouts", "[array][array_view]") {
    const auto data = counting(12);
    const array_view<const int, 2> row_major(data.data(), {3, 4});
    const array_view<const int, 2> reversed(data.data() + 11, {3, 4}, {-4, -1});
    const array_view<const int, 2> column_major(data.data(), {3, 4}, {1, 3});
    for (const auto& source : {row_major, reversed, column_major}) {
        std::vector<int> plain(12), wide(30, -1);
        array_view<int, 2>(plain.data(), {3, 4}).assign_from(source);
        const array_view<int, 2> gaps(wide.data() + 1, {3, 4}, {10, 2});
        gaps.assign_from(source);
        for (int i = 0; i < 3; ++i) {
            for (int j = 0; j < 4; ++j) {
                REQUIRE(plain[static_cast<std::size_t>(4 * i + j)] == source(i, j));
                REQUIRE(gaps(i, j) == source(i, j));
            }
        }
        REQUIRE(std::ranges::count(wide, -1) == 18);
    }
}

TEST_CASE("array_view: assign_from never broadcasts", "[array][array_view][errors]") {
    std::vector<int> data(12, 3), other(12, 4);
    const array_view<int, 2> view(data.data(), {3, 4});
    REQUIRE_THROWS_AS(view.assign_from(array_view<int, 2>(other.data(), {1, 4})), shape_error);
    REQUIRE_THROWS_WITH(view.assign_from(array_view<int, 2>(other.data(), {1, 4})),
                        "assign_from: the view has shape (3, 4), the source has (1, 4)");
    REQUIRE_THROWS_WITH(view.assign_from(array_view<int, 2>(other.data(), {4, 3})),
                        "assign_from: the view has shape (3, 4), the source has (4, 3)");
    REQUIRE(data == std::vector<int>(12, 3));
}

TEST_CASE("view_of: vectors and spans are views of one axis, const where they are", "[array][array_view]") {
    std::vector<float> data{1, 2, 3};
    const std::vector<float>& read_only = data;
    static_assert(std::same_as<decltype(view_of(data)), array_view<float, 1>>);
    static_assert(std::same_as<decltype(view_of(read_only)), array_view<const float, 1>>);
    static_assert(std::same_as<decltype(view_of<1>(std::span<const float>(data))), array_view<const float, 1>>);
    static_assert(std::same_as<decltype(view_of<2>(array_view<float, 2>())), array_view<float, 2>>);
    view_of(data)[1] = 8;
    REQUIRE(view_of(read_only)[1] == 8);
    REQUIRE(view_of(std::span(data))[1] == 8);
}
