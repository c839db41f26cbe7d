// SPDX-License-Identifier: Apache-2.0
#include <xrayon/analyze/run_quality.hpp>

#include "../support/catch.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <xrayon/analyze/detail/split_mix_64.hpp>

using namespace xrayon;
using analyze::count_outliers;
using analyze::find_two_modes;
using analyze::judge_runs;
using analyze::test_drift;
using test::approx;

namespace {

double uniform(analyze::detail::split_mix_64& random) { return (random.below(1u << 30) + 0.5) / (1u << 30); }

} // namespace

TEST_CASE("count_outliers counts beyond Tukey's fences", "[analyze][run_quality]") {
    // Quartiles of 1 ... 9 and one more: sorted places 2.25 and 6.75. With 100 in tenth place: 3.25 and 7.75, fences at 14.5 and 21.25.
    REQUIRE(count_outliers(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}).severe == 0);
    const auto severe = count_outliers(std::vector<double>{100, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    REQUIRE(severe.severe == 1);
    REQUIRE(severe.mild == 0);
    const auto mild = count_outliers(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 18});
    REQUIRE(mild.mild == 1);
    REQUIRE(mild.severe == 0);
    REQUIRE(count_outliers(std::vector<double>{5, 5, 5, 5, 5}).severe == 0);
    REQUIRE(count_outliers(std::vector<double>{5, 5, 5, 5, 5, 6}).severe == 1);  // quartiles without distance
    REQUIRE(count_outliers(std::vector<double>{1, 1000, 1}).severe == 0);        // too few to tell
    REQUIRE_THROWS_WITH(count_outliers(std::vector<double>{}), "count_outliers: needs at least 1 value, got 0");
}

TEST_CASE("test_drift is Mann's test: the p values of its normal approximation", "[analyze][run_quality]") {
    // Ten rising values: S = 45, variance 10 * 9 * 25 / 18 = 125, z = 44 / sqrt(125) = 3.9355, two-sided p = 8.303e-5.
    const auto rising = test_drift(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    REQUIRE(rising.p_value == approx(std::erfc(44 / std::sqrt(125.0) / std::sqrt(2.0))));
    REQUIRE(rising.p_value == approx(8.303e-5).epsilon(1e-3));
    REQUIRE(rising.change == approx(9.0 / 2 - 1));  // medians of 8, 9, 10 and of 1, 2, 3
    REQUIRE(test_drift(std::vector<double>{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}).p_value == approx(rising.p_value));
    // With ties: 1 1 2 2 3 3 4 4. S = 24; variance (8 * 7 * 21 - 4 * 2 * 1 * 9) / 18 = 1104 / 18; z = 23 / sqrt(61.3333).
    const auto tied = test_drift(std::vector<double>{1, 1, 2, 2, 3, 3, 4, 4});
    REQUIRE(tied.p_value == approx(std::erfc(23 / std::sqrt(1104.0 / 18) / std::sqrt(2.0))));
    REQUIRE(test_drift(std::vector<double>(20, 3.0)).p_value == 1);
    REQUIRE(std::isnan(test_drift(std::vector<double>{1, 2, 3, 4, 5, 6, 7}).p_value));
    REQUIRE_THROWS_WITH(test_drift(std::vector<double>{1, -1}), "test_drift: value 1 must be positive, got -1");
}

TEST_CASE("find_two_modes finds two kinds and seldom takes chance for them", "[analyze][run_quality]") {
    analyze::detail::split_mix_64 random(7);
    std::vector<double> two;
    for (int i = 0; i < 40; ++i) {
        two.push_back((i % 4 == 0 ? 1.2 : 1.0) * (1 + 0.01 * uniform(random)));
    }
    const auto modes = find_two_modes(two);
    REQUIRE(modes);
    REQUIRE(modes->upper_share == 0.25);
    REQUIRE(modes->lower == approx(1.005).epsilon(0.003));
    REQUIRE(modes->upper == approx(1.206).epsilon(0.003));
    REQUIRE(modes->separation > 6);
    int found = 0;
    for (int sample = 0; sample < 1000; ++sample) {
        std::vector<double> one;
        for (int i = 0; i < 20; ++i) {
            const double u = uniform(random);
            one.push_back(sample % 2 == 0 ? 1 + u : -std::log(u));  // uniform, exponential
        }
        found += find_two_modes(one).has_value();
    }
    REQUIRE(found < 15);  // the docs say under 1 in 100
    REQUIRE_FALSE(find_two_modes(std::vector<double>(30, 1.0)));
    two.resize(19);
    REQUIRE_FALSE(find_two_modes(two));
}

TEST_CASE("run_quality asks for more than significance: 5 % of the time", "[analyze][run_quality]") {
    std::vector<double> creeping;
    std::vector<double> falling;
    for (int i = 0; i < 30; ++i) {
        creeping.push_back(1 + 1e-4 * i);
        falling.push_back(2 - 0.02 * i);
    }
    REQUIRE(judge_runs(creeping).drift.p_value < 1e-3);
    REQUIRE_FALSE(judge_runs(creeping).drifts());
    REQUIRE(judge_runs(falling).drifts());
    REQUIRE(judge_runs(falling).drift.change < 0);
    std::vector<double> near;
    for (int i = 0; i < 30; ++i) {
        near.push_back(i % 2 == 0 ? 1.0 + 1e-5 * i : 1.02 + 1e-5 * i);
    }
    REQUIRE(judge_runs(near).modes);
    REQUIRE_FALSE(judge_runs(near).has_two_modes());
}
