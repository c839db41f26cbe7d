// SPDX-License-Identifier: Apache-2.0
#include <xrayon/core/balance_stats.hpp>

#include "../support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

using namespace xrayon;

TEST_CASE("balance_stats: of loads 2, 4, 4, 4, 5, 5, 7, 9", "[core][balance_stats]") {
    // The textbook example of a population of mean 5 and standard deviation 2.
    const balance_stats stats({2, 4, 4, 4, 5, 5, 7, 9});
    REQUIRE(stats.loads.size() == 8);
    REQUIRE(stats.mean == 5);
    REQUIRE(stats.stddev == test::approx(2.0));
    REQUIRE(stats.min == 2);
    REQUIRE(stats.max == 9);
    REQUIRE(stats.imbalance == test::approx(7.0 / 5));  // (max - min) / mean
    REQUIRE(stats.efficiency == test::approx(5.0 / 9));
}

TEST_CASE("balance_stats: equal loads are in balance, one that carries all is as far out of it as there are workers", "[core][balance_stats]") {
    const balance_stats even({0.1, 0.1, 0.1});
    REQUIRE(even.imbalance == 0);
    REQUIRE(even.efficiency <= 1);
    REQUIRE(even.efficiency == test::approx(1.0));
    const balance_stats one({0, 0, 6, 0});
    REQUIRE(one.imbalance == 4);
    REQUIRE(one.efficiency == 0.25);
    REQUIRE(balance_stats({3}).imbalance == 0);
}

TEST_CASE("balance_stats: without any load nobody waits for anybody", "[core][balance_stats]") {
    const balance_stats none({0, 0});
    REQUIRE(none.mean == 0);
    REQUIRE(none.stddev == 0);
    REQUIRE(none.imbalance == 0);
    REQUIRE(none.efficiency == 1);
    const balance_stats no_tasks({}, {}, 3);
    REQUIRE(no_tasks.loads == std::vector<double>{0, 0, 0});
    REQUIRE(no_tasks.imbalance == 0);
    REQUIRE(no_tasks.efficiency == 1);
}

TEST_CASE("balance_stats: loads of any size have a mean", "[core][balance_stats]") {
    const double most = std::numeric_limits<double>::max();
    const balance_stats large({most, most});
    REQUIRE(large.mean == most);
    REQUIRE(large.imbalance == 0);
    const balance_stats tiny({std::numeric_limits<double>::denorm_min(), 0, 0});
    REQUIRE(std::isfinite(tiny.imbalance));
}

TEST_CASE("balance_stats: adds up tasks by worker", "[core][balance_stats]") {
    const balance_stats stats(std::vector<std::size_t>{0, 2, 0, 2}, std::vector<double>{1, 2, 3, 4}, 3);
    REQUIRE(stats.loads == std::vector<double>{4, 0, 6});
    REQUIRE(stats.imbalance == test::approx(6 / (10.0 / 3)));
}

TEST_CASE("balance_stats: prints one line", "[core][balance_stats]") {
    std::ostringstream out;
    out << balance_stats({3, 1});
    REQUIRE(out.str() == "2 workers, mean 2, stddev 1, min 1, max 3, imbalance 1, efficiency 0.6666666666666666");
    REQUIRE(to_text(balance_stats({5})) == "1 worker, mean 5, stddev 0, min 5, max 5, imbalance 0, efficiency 1");
}

TEST_CASE("balance_stats: loads that are no loads are refused", "[core][balance_stats][errors]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<std::size_t> worker{0, 1};
    REQUIRE_THROWS_WITH(balance_stats(std::vector<double>{}), "balance_stats: there must be at least one worker, got 0");
    REQUIRE_THROWS_WITH(balance_stats({1, nan}), "balance_stats: loads must be finite and >= 0, got nan");
    REQUIRE_THROWS_WITH(balance_stats({-1}), "balance_stats: loads must be finite and >= 0, got -1");
    REQUIRE_THROWS_WITH(balance_stats({std::numeric_limits<double>::infinity()}), "balance_stats: loads must be finite and >= 0, got inf");
    REQUIRE_THROWS_WITH(balance_stats(worker, std::vector<double>{1}, 2), "balance_stats: seconds must be as long as worker (2), got 1");
    REQUIRE_THROWS_WITH(balance_stats(worker, std::vector<double>{1, 1}, 1), "balance_stats: worker must be < workers (1), got 1");
    REQUIRE_THROWS_WITH(balance_stats(worker, std::vector<double>{1, -3}, 2), "balance_stats: seconds must be finite and >= 0, got -3");
    REQUIRE_THROWS_WITH(balance_stats({}, {}, 0), "balance_stats: there must be at least one worker, got 0");
}
