// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/map_elements.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <cmath>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <xrayon/exec/pool.hpp>

using namespace xrayon;

namespace {

using matrix = xt::xtensor<double, 2>;

matrix table(std::size_t rows, std::size_t columns, double from) {
    matrix x = matrix::from_shape({rows, columns});
    for (std::size_t i = 0; i < x.size(); ++i) {
        x.data()[i] = 1.0 / (from + static_cast<double>(i));
    }
    return x;
}

const auto formula = [](double x, double mean, float scale) { return (x - mean) / static_cast<double>(scale); };

} // namespace

TEST_CASE("map_elements: the formula of each element, at every thread count and grain", "[ml][map_elements]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const std::optional<std::size_t> grain =
        GENERATE(std::optional<std::size_t>{}, std::optional<std::size_t>{1}, std::optional<std::size_t>{1000});
    const matrix a = table(71, 60, 3);  // 4,260 elements: more than four blocks
    const matrix b = table(71, 60, 5);
    const xt::xtensor<float, 2> c(std::array<std::size_t, 2>{71, 60}, 0.3F);
    matrix expected = matrix::from_shape({71, 60});
    for (std::size_t i = 0; i < expected.size(); ++i) {
        expected.data()[i] = formula(a.data()[i], b.data()[i], 0.3F);
    }
    const xt::xtensor<double, 2, xt::layout_type::column_major> turned = b;
    pool(threads).install([&] {
        REQUIRE((ml::map_elements(std::tie(a, b, c), formula, {.grain = grain}) == expected));
        REQUIRE((ml::map_elements(std::tie(a, turned, c), formula, {.grain = grain}) == expected));  // another layout
        matrix wide = xt::zeros<double>({71, 62});
        ml::map_elements_into(std::tie(a, b, c), formula, view_of(wide).slice<1>(1, 61), {.grain = grain});
        REQUIRE((matrix(xt::view(wide, xt::all(), xt::range(1, 61))) == expected));
        REQUIRE((wide(70, 0) == 0));
        REQUIRE((wide(70, 61) == 0));
        matrix self = a;  // in place
        ml::map_elements_into(std::tie(self, b, c), formula, self);
        REQUIRE((self == expected));
    });
}

TEST_CASE("map_elements: one array, vectors, other results, none", "[ml][map_elements]") {
    const std::vector<int> x{3, -1, 4};
    const auto squares = ml::map_elements(x, [](int v) { return v * v; });
    REQUIRE((squares == xt::xtensor<int, 1>{9, 1, 16}));
    const auto above = ml::map_elements(x, [](int v) { return v > 0; });
    STATIC_REQUIRE(std::same_as<decltype(above)::value_type, bool>);
    REQUIRE(above(0));
    REQUIRE(!above(1));
    REQUIRE((ml::map_elements(std::vector<double>{}, [](double v) { return v; }).size() == 0));
    xt::xtensor<double, 1> roots = xt::zeros<double>({3});
    ml::map_elements_into(
        std::vector<float>{1, 4, 9}, [](float v) { return std::sqrt(v); }, roots);
    REQUIRE((roots == xt::xtensor<double, 1>{1, 2, 3}));
}

TEST_CASE("map_elements: shapes must be the same, and the lowest element's exception comes out", "[ml][map_elements][errors]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const matrix a = table(100, 41, 3);
    const matrix b = table(41, 100, 3);
    const auto sum = [](double x, double y) { return x + y; };
    REQUIRE_THROWS_AS(ml::map_elements(std::tie(a, b), sum), shape_error);
    REQUIRE_THROWS_WITH(ml::map_elements(std::tie(a, b), sum), "map_elements: array 1 has shape (41, 100), array 0 has (100, 41)");
    matrix out = b;
    REQUIRE_THROWS_AS(ml::map_elements_into(std::tie(a, a), sum, out), shape_error);
    REQUIRE_THROWS_WITH(ml::map_elements_into(std::tie(a, a), sum, out),
                        "map_elements_into: out has shape (41, 100), array 0 has (100, 41)");
    REQUIRE((out == b));
    REQUIRE_THROWS_WITH(ml::map_elements(a, [](double x) { return x; }, {.grain = 0}), "map_elements: options.grain must be >= 1, got 0");

    const auto failing = [&](const double& x, double) -> double {
        const auto i = &x - a.data();
        if (i == 1500 || i == 2500 || i == 4000) {
            throw std::runtime_error("element " + std::to_string(i));
        }
        return x;
    };
    pool(threads).install([&] { REQUIRE_THROWS_WITH(ml::map_elements(std::tie(a, a), failing, {.grain = 1}), "element 1500"); });
}

TEST_CASE("map_elements_into: out is one of the arrays or lies apart from them", "[ml][map_elements][errors]") {
    std::vector<double> x(5000, 1.0);
    const auto twice = [](double v) { return 2 * v; };
    const array_view<double, 1> all(x.data(), {5000});
    ml::map_elements_into(all, twice, all);
    REQUIRE(x == std::vector<double>(5000, 2.0));
    const std::string rule = "map_elements_into: out must be one of the arrays, element for element, or lie apart";
    REQUIRE_THROWS_WITH(ml::map_elements_into(all.slice(0, 4999), twice, all.slice(1, 5000)), rule);
    REQUIRE_THROWS_WITH(ml::map_elements_into(std::tuple(all.slice(1, 5000), all.slice(0, 4999)), [](double a, double b) { return a + b; },
                                              all.slice(1, 5000)),
                        rule);
    const array_view<double, 1> one_place(x.data(), {5000}, {0});
    const std::vector<double> other(5000, 1.0);
    REQUIRE_THROWS_WITH(ml::map_elements_into(other, twice, one_place), "map_elements_into: every index of out must be an element of its own");
    REQUIRE(x == std::vector<double>(5000, 2.0));
    ml::map_elements_into(all.slice(0, 2500), twice, all.slice(2500, 5000));
    REQUIRE(x[4999] == 4);
}
