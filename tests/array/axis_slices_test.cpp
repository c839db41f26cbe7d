// SPDX-License-Identifier: Apache-2.0
#include <xrayon/array/axis_slices.hpp>

#include "../support/catch.hpp"

#include <array>
#include <cstddef>

#include <xrayon/core/concepts.hpp>

using namespace xrayon;

namespace {

using cube = xt::xtensor<int, 3>;

cube counting() {
    cube out(std::array<std::size_t, 3>{2, 3, 4});
    for (std::size_t i = 0; i < 24; ++i) {
        out.data()[i] = static_cast<int>(i);
    }
    return out;
}

template <class X>
concept has_slices = requires(X&& x) { axis_slices(std::forward<X>(x), 0); };

} // namespace

static_assert(indexed_range<decltype(axis_slices(std::declval<cube&>(), 0))>);
static_assert(std::same_as<element_t<decltype(axis_slices(std::declval<const cube&>(), 0))>, array_view<const int, 2>>);
static_assert(has_slices<cube&> && !has_slices<cube>);

TEST_CASE("axis_slices: slice i along each axis holds the elements whose index there is i", "[array][axis_slices]") {
    auto x = counting();
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const auto slices = axis_slices(x, axis);
        REQUIRE(slices.size() == x.shape(axis));
        for (std::size_t i = 0; i < 2; ++i) {
            for (std::size_t j = 0; j < 3; ++j) {
                for (std::size_t k = 0; k < 4; ++k) {
                    const std::array<std::size_t, 3> index{i, j, k};
                    const auto slice = slices[index[axis]];
                    const int value = axis == 0 ? slice(j, k) : axis == 1 ? slice(i, k) : slice(i, j);
                    REQUIRE(value == x(i, j, k));
                    REQUIRE(&x(i, j, k) == &(axis == 0 ? slice(j, k) : axis == 1 ? slice(i, k) : slice(i, j)));
                }
            }
        }
    }
}

TEST_CASE("axis_slices: columns of matrices of either layout, of views and of xarray", "[array][axis_slices]") {
    const xt::xtensor<double, 2, xt::layout_type::column_major> columns{{1, 2, 3}, {4, 5, 6}};
    REQUIRE(axis_slices(columns, 1)[2](1) == 6);
    REQUIRE(axis_slices(columns, 1).size() == 3);
    auto x = counting();
    REQUIRE(axis_slices(view_of(x)[1], 1)[3](2) == x(1, 2, 3));
    xt::xarray<double> dynamic{{1, 2}, {3, 4}};
    axis_slices<2>(dynamic, 1)[0](1) = 7;
    REQUIRE(dynamic(1, 0) == 7);
    REQUIRE_THROWS_AS(axis_slices<3>(dynamic, 0), shape_error);
    const xt::xtensor<double, 2> none(std::array<std::size_t, 2>{0, 3});
    REQUIRE(axis_slices(none, 1).size() == 3);
    REQUIRE(axis_slices(none, 1)[1].size() == 0);
}

TEST_CASE("axis_slices: refuses an axis that x has not", "[array][axis_slices][errors]") {
    const auto x = counting();
    REQUIRE_THROWS_WITH(axis_slices(x, 3), "axis_slices: axis must be one of x, got 3");
    REQUIRE_THROWS_WITH(axis_slices(x, -1), "axis_slices: axis must be one of x, got -1");
}
