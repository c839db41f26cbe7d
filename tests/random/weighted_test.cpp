// SPDX-License-Identifier: Apache-2.0
#include <xrayon/random/weighted.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "../support/catch.hpp"
#include "statistics.hpp"

using namespace xrayon;

TEST_CASE("a weighted draw is the first index whose running sum passes u times the sum", "[random][weighted]") {
    const std::vector<double> weights{0, 1, 0.5, 0, 3.5, 0};
    stream s(4);
    for (int i = 0; i < 1000; ++i) {
        stream unit = s;
        const double aim = draw_uniform(unit) * 5;
        const std::size_t expected = aim < 1 ? 1 : aim < 1.5 ? 2 : 4;
        REQUIRE(draw_weighted(s, weights) == expected);
        REQUIRE(s == unit);
    }
}

TEST_CASE("weights are probabilities, and 0 is never", "[random][weighted]") {
    const std::vector<double> weights{4, 0, 1, 2, 3, 0};
    constexpr std::size_t n = 100000;
    std::vector<double> counts(weights.size());
    stream s(66);
    for (std::size_t i = 0; i < n; ++i) {
        ++counts[draw_weighted(s, weights)];
    }
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const double p = weights[i] / 10;
        CAPTURE(i);
        REQUIRE(std::abs(counts[i] - n * p) <= test::one_in_a_million * std::sqrt(n * p * (1 - p)));
    }
    REQUIRE(draw_weighted(s, std::vector<double>{0, 0, 1e-300}) == 2);
}

TEST_CASE("only the ratios of weights count, down to the smallest double and up to the largest", "[random][weighted]") {
    for (const std::vector<double>& weights : {std::vector<double>{1, 1}, {1, 2, 3}, {3, 0, 4, 1}, {7}}) {
        for (const int exponent : {-1074, -1073, -1060, -1030, -1022, -1000, -969, -968, -500, 1000, 1020}) {
            std::vector<double> scaled;
            for (const double weight : weights) {
                scaled.push_back(std::ldexp(weight, exponent));
            }
            CAPTURE(weights.size(), exponent);
            stream s(5);
            stream same(5);
            std::size_t different = 0;
            for (int i = 0; i < 2000; ++i) {
                different += draw_weighted(s, scaled) == draw_weighted(same, weights) ? 0 : 1;
            }
            REQUIRE(different == 0);
        }
    }
}

TEST_CASE("a weighted draw says what is wrong with the weights", "[random][weighted][errors]") {
    stream s(1);
    const double huge = std::numeric_limits<double>::max();
    REQUIRE_THROWS_WITH(draw_weighted(s, std::vector<double>{1, -1}), "draw_weighted: a weight must be finite and >= 0, got -1");
    REQUIRE_THROWS_WITH(draw_weighted(s, std::vector<double>{1, std::nan("")}), "draw_weighted: a weight must be finite and >= 0, got nan");
    REQUIRE_THROWS_WITH(draw_weighted(s, std::vector<double>{0, 0}),
                        "draw_weighted: the sum of the weights must be finite and > 0, got 0");
    REQUIRE_THROWS_WITH(draw_weighted(s, {}), "draw_weighted: the sum of the weights must be finite and > 0, got 0");
    REQUIRE_THROWS_WITH(draw_weighted(s, std::vector<double>{huge, huge}),
                        "draw_weighted: the sum of the weights must be finite and > 0, got inf");
    REQUIRE(s.position() == 0);
}
