// SPDX-License-Identifier: Apache-2.0
#include <xrayon/array/assign.hpp>

#include "../support/catch.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace xrayon;

namespace {

using matrix = xt::xtensor<double, 2>;
using vector = xt::xtensor<double, 1>;
using column_matrix = xt::xtensor<double, 2, xt::layout_type::column_major>;
using dynamic = xt::xarray<double>;
using slot_1 = array_view<double, 1>;
using slot_2 = array_view<double, 2>;

constexpr double untouched = -77.0;

/// 0, 1, 2 ... in row-major order.
matrix counting(std::size_t rows, std::size_t columns) {
    matrix x = matrix::from_shape({rows, columns});
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            x(i, j) = static_cast<double>(i * columns + j);
        }
    }
    return x;
}

/// A slot of each layout over memory of its own, all with the same shape.
struct slots_2x3 {
    matrix contiguous = xt::ones<double>({2, 3}) * untouched;
    column_matrix columns = xt::ones<double>({2, 3}) * untouched;
    matrix large = xt::ones<double>({5, 8}) * untouched;

    /// Calls `f` with each; then checks that the elements count 0, 1, 2 ... and that nothing beside them was written.
    template <class F>
    void each_counts(const F& f) {
        const matrix expected = counting(2, 3);
        f(view_of(contiguous));
        REQUIRE((contiguous == expected));
        f(view_of(columns));
        REQUIRE((columns == expected));
        f(view_of(xt::view(large, xt::range(1, 5, 2), xt::range(6, 0, -2))));  // rows 1 and 3; columns 6, 4, 2
        matrix around = xt::ones<double>({5, 8}) * untouched;
        for (std::size_t i = 0; i < 2; ++i) {
            for (std::size_t j = 0; j < 3; ++j) {
                around(1 + 2 * i, 6 - 2 * j) = expected(i, j);
            }
        }
        REQUIRE((large == around));
    }
};

// A slot that is a reference takes what its type takes.
static_assert(array_assignable<double&, double>);
static_assert(array_assignable<double&, int>);
static_assert(array_assignable<std::string&, const char*>);
static_assert(array_assignable<std::unique_ptr<int>&, std::unique_ptr<int>>);
static_assert(!array_assignable<std::unique_ptr<int>&, const std::unique_ptr<int>&>);
static_assert(!array_assignable<const double&, double>);
static_assert(!array_assignable<double, double>, "a temporary number would be written and lost");
static_assert(!array_assignable<double&, std::string>);
static_assert(!array_assignable<double&, vector>);

// A mutable view takes arrays.
static_assert(array_assignable<slot_1, vector>);
static_assert(array_assignable<slot_1, std::vector<double>>);
static_assert(array_assignable<slot_1, const std::vector<double>&>);
static_assert(array_assignable<slot_1, std::span<const double>>);
static_assert(array_assignable<slot_1, array_view<const double, 1>>);
static_assert(array_assignable<const slot_1&, vector>);
static_assert(array_assignable<slot_1&, vector>);
static_assert(array_assignable<slot_2, dynamic>);
static_assert(array_assignable<slot_2, column_matrix>);
static_assert(array_assignable<slot_2, decltype(std::declval<const matrix&>() * 2.0)>);
static_assert(!array_assignable<slot_1, double>, "a number is not broadcast");
static_assert(!array_assignable<slot_2, std::vector<double>>);
static_assert(!array_assignable<array_view<const double, 1>, vector>);

} // namespace

TEST_CASE("assign_array: a reference takes what its type takes", "[array][assign]") {
    double number = untouched;
    assign_array("op", number, 3);
    REQUIRE(number == 3.0);
    std::string text;
    assign_array("op", text, "abc");
    REQUIRE(text == "abc");
    std::unique_ptr<int> owner;
    assign_array("op", owner, std::make_unique<int>(7));
    REQUIRE(*owner == 7);
    std::vector<double> slot;
    assign_array("op", slot, std::vector{1.0, 2.0});
    REQUIRE(slot == std::vector{1.0, 2.0});
    vector array;
    assign_array("op", array, vector(vector{1.0, 2.0} + 1.0));
    REQUIRE((array == vector{2.0, 3.0}));
}

TEST_CASE("assign_array: views, containers and lazy expressions fill slots of every layout", "[array][assign]") {
    const matrix values = counting(2, 3);
    slots_2x3().each_counts([&](const slot_2& slot) { assign_array("op", slot, view_of(values)); });
    slots_2x3().each_counts([&](const slot_2& slot) { assign_array("op", slot, values); });
    slots_2x3().each_counts([&](const slot_2& slot) { assign_array("op", slot, matrix(values)); });
    slots_2x3().each_counts([&](const slot_2& slot) { assign_array("op", slot, column_matrix(values)); });
    slots_2x3().each_counts([&](const slot_2& slot) { assign_array("op", slot, dynamic(values)); });
    slots_2x3().each_counts([&](const slot_2& slot) { assign_array("op", slot, 2.0 * values - values); });
    slots_2x3().each_counts([&](const slot_2& slot) { assign_array("op", slot, 2.0 * dynamic(values) - values); });
    slots_2x3().each_counts([&](const slot_2& slot) { assign_array("op", slot, xt::view(values, xt::all(), xt::all())); });
    slots_2x3().each_counts(
        [&](const slot_2& slot) { assign_array("op", slot, xt::view(values, xt::keep(0, 1), xt::all())); });  // has no memory
    const matrix turned = xt::transpose(values);
    slots_2x3().each_counts([&](const slot_2& slot) { assign_array("op", slot, xt::transpose(turned)); });
    slots_2x3().each_counts([&](const slot_2& slot) { assign_array("op", slot, view_of(turned).transposed()); });
    slots_2x3().each_counts([&](const slot_2& slot) {
        slot_2 named = slot;  // as an lvalue too
        assign_array("op", named, values);
    });
}

TEST_CASE("assign_array: one axis", "[array][assign]") {
    const std::vector<double> values{1.0, 2.0, 3.0};
    const auto fills = [&](const auto& value) {
        vector contiguous = xt::ones<double>({3}) * untouched;
        assign_array("op", view_of(contiguous), value);
        REQUIRE((contiguous == vector{1.0, 2.0, 3.0}));
        matrix spread = xt::ones<double>({3, 2}) * untouched;
        assign_array("op", view_of(xt::view(spread, xt::all(), 1)), value);
        REQUIRE((spread == matrix{{untouched, 1.0}, {untouched, 2.0}, {untouched, 3.0}}));
    };
    fills(values);
    fills(std::span<const double>(values));
    fills(vector{1.0, 2.0, 3.0});
    fills(dynamic{1.0, 2.0, 3.0});
    fills(vector{0.0, 1.0, 2.0} + 1.0);
    const matrix rows{{0.0, 0.0, 0.0}, {1.0, 2.0, 3.0}};
    fills(xt::view(rows, 1, xt::all()));
    fills(view_of(rows)[1]);
}

TEST_CASE("assign_array: an expression of another element type is converted", "[array][assign]") {
    const xt::xtensor<float, 1> halves{0.5f, 1.5f};
    vector slot = vector::from_shape({2});
    assign_array("op", view_of(slot), halves * 2.0f);
    REQUIRE((slot == vector{1.0, 3.0}));
}

TEST_CASE("assign_array: empty arrays fit empty slots", "[array][assign]") {
    matrix none = matrix::from_shape({0, 3});
    assign_array("op", view_of(none), matrix::from_shape({0, 3}));
    assign_array("op", view_of(none), matrix::from_shape({0, 3}) * 2.0);
    REQUIRE_THROWS_WITH(assign_array("op", view_of(none), matrix::from_shape({3, 0})),
                        "op: the result has shape (3, 0), its slot has (0, 3)");
}

TEST_CASE("assign_array: another shape is an error that has both, and nothing is written", "[array][assign][errors]") {
    matrix memory = xt::ones<double>({2, 3}) * untouched;
    const slot_2 slot = view_of(memory);
    const auto refuses = [&](const auto& value, const std::string& shape) {
        REQUIRE_THROWS_WITH(assign_array("op", slot, value), "op: the result has shape " + shape + ", its slot has (2, 3)");
        REQUIRE_THROWS_AS(assign_array("op", slot, value), shape_error);
        REQUIRE((memory == xt::ones<double>({2, 3}) * untouched));
    };
    // All of these xtensor would broadcast.
    refuses(counting(1, 3), "(1, 3)");
    refuses(counting(2, 1), "(2, 1)");
    refuses(counting(1, 1), "(1, 1)");
    refuses(counting(1, 3) * 1.0, "(1, 3)");
    refuses(vector{1.0, 2.0, 3.0}, "(3,)");
    refuses(vector{1.0, 2.0, 3.0} * 2.0, "(3,)");
    refuses(dynamic{1.0, 2.0, 3.0}, "(3,)");
    refuses(dynamic(5.0), "()");
    // These it would refuse in its own way, or cut off.
    refuses(counting(3, 2), "(3, 2)");
    refuses(counting(2, 4), "(2, 4)");
    refuses(column_matrix(counting(3, 2)), "(3, 2)");
    refuses(xt::view(counting(4, 3), xt::keep(0, 2, 3), xt::all()), "(3, 3)");
    refuses(xt::xtensor<double, 3>::from_shape({1, 2, 3}), "(1, 2, 3)");
    const matrix wide = counting(3, 2);
    refuses(view_of(wide), "(3, 2)");

    std::vector<double> row(3, untouched);
    try {
        assign_array("predict", view_of(row), std::vector<double>(4));
    } catch (const shape_error& error) {
        CHECK(std::string(error.what()) == "predict: the result has shape (4,), its slot has (3,)");
        CHECK(error.lhs() == shape_error::shape{4});
        CHECK(error.rhs() == shape_error::shape{3});
    }
    REQUIRE(row == std::vector(3, untouched));
}

using double_slot = array_view<double, 1>;
static_assert(array_assignable<double_slot, std::vector<double>> && array_assignable<double_slot, xt::xtensor<int, 1>>);
static_assert(!array_assignable<double_slot, std::vector<float>>);         // nothing of xtensor's to convert it
static_assert(!array_assignable<double_slot, xt::xtensor<std::string, 1>>);
static_assert(!array_assignable<array_view<const double, 1>, std::vector<double>>);
