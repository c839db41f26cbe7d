// SPDX-License-Identifier: Apache-2.0
#include <xrayon/core/list_schedule.hpp>
#include <xrayon/schedule/cost_model.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "heavy_tailed.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <xrayon/core/index_order.hpp>

// Heavy-tailed tasks in virtual time: what threads would take if each began the next task of the call's order as soon as it is free, which
// is what they do (tests/par/ordered_test.cpp). A clock would measure the machine.

using namespace xrayon;

namespace {

using costs_of = std::vector<double>;

/// How much longer than the lower bound max(T1 / P, longest) a list takes.
double above_bound(const costs_of& costs, const std::vector<std::size_t>& order, std::size_t workers) {
    return greedy_schedule(costs, order, workers).makespan / makespan_bound(costs, workers);
}

/// The worst of P = 2 ... 64.
double worst(const costs_of& costs, const std::vector<std::size_t>& order) {
    double most = 0;
    for (std::size_t workers = 2; workers <= 64; ++workers) {
        most = std::max(most, above_bound(costs, order, workers));
    }
    return most;
}

costs_of shuffled(costs_of costs, std::uint64_t seed) {
    for (std::size_t i = costs.size(); i > 1; --i) {
        std::swap(costs[i - 1], costs[test::mix(seed * 1000 + i) % i]);
    }
    return costs;
}

/// The order in which a second call begins whose first one took `noise` (standard deviation of the logarithm) more or less per task.
std::vector<std::size_t> learned_order(const costs_of& costs, double noise, std::uint64_t seed) {
    cost_model model;
    std::vector<std::uint64_t> tasks;
    for (std::size_t i = 0; i < costs.size(); ++i) {
        tasks.push_back(i);
        model.observe("W9", i, 1, costs[i] * 1e-9 * std::exp(noise * test::normal_of(5000 + seed, i)));
    }
    return longest_first(*model.predict_all("W9", tasks, costs_of(costs.size(), 1.0)));
}

} // namespace

TEST_CASE("W9: the costs are those that were measured", "[schedule][replay]") {
    const auto costs = test::heavy_tailed_costs();
    REQUIRE(costs.size() == 200);
    const double total = std::accumulate(costs.begin(), costs.end(), 0.0);
    REQUIRE(total > 2e8 - 200);
    REQUIRE(total <= 2e8);
    REQUIRE(std::max_element(costs.begin(), costs.end()) - costs.begin() == 121);
    REQUIRE(costs[121] / total > 0.1295);
    REQUIRE(costs[121] / total < 0.1305);
}

TEST_CASE("W9: with known costs, in any order, the makespan is within 1.03 of the lower bound on 2 to 64 workers", "[schedule][replay]") {
    const auto costs = test::heavy_tailed_costs();
    REQUIRE(worst(costs, longest_first(costs)) <= 1.03);
    const auto last = test::ascending(costs);
    REQUIRE(worst(last, longest_first(last)) <= 1.03);
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const auto moved = shuffled(costs, seed);
        INFO("order " << seed);
        REQUIRE(worst(moved, longest_first(moved)) <= 1.03);
    }
}

TEST_CASE("W9: of other draws from the same distribution none is worse", "[schedule][replay]") {
    for (std::uint64_t stream = 100; stream < 200; ++stream) {
        const auto costs = test::heavy_tailed_costs(stream);
        INFO("stream " << stream);
        REQUIRE(worst(costs, longest_first(costs)) <= 1.03);
    }
}

TEST_CASE("W9: with costs learned from one run the makespan is within 1.10 of the lower bound", "[schedule][replay]") {
    for (const auto& costs : {test::heavy_tailed_costs(), test::ascending(test::heavy_tailed_costs())}) {
        for (const double noise : {0.0, 0.1, 0.3, 0.5}) {
            for (std::uint64_t seed = 0; seed < 30; ++seed) {
                INFO("noise " << noise << ", run " << seed);
                REQUIRE(worst(costs, learned_order(costs, noise, seed)) <= 1.10);
            }
        }
    }
}

TEST_CASE("W9: without knowledge two workers are within 1.02 of the best that blocks, turns or shrinking pieces give", "[schedule][replay]") {
    // What OpenMP calls static; static, 1; guided. Its dynamic, 1 is what we do.
    for (const auto& costs : {test::heavy_tailed_costs(), test::ascending(test::heavy_tailed_costs())}) {
        const std::size_t n = costs.size();
        const double ours = greedy_schedule(costs, input_order(n), 2).makespan;
        const auto sum = [&](std::size_t begin, std::size_t end) {
            return std::accumulate(costs.begin() + static_cast<std::ptrdiff_t>(begin), costs.begin() + static_cast<std::ptrdiff_t>(end), 0.0);
        };
        const double blocks = std::max(sum(0, n / 2), sum(n / 2, n));
        double turns[2] = {0, 0};
        for (std::size_t i = 0; i < n; ++i) {
            turns[i % 2] += costs[i];
        }
        double guided[2] = {0, 0};
        for (std::size_t at = 0; at < n;) {
            const std::size_t piece = (n - at + 1) / 2;
            *std::min_element(guided, guided + 2) += sum(at, at + piece);
            at += piece;
        }
        REQUIRE(ours <= 1.02 * std::min({blocks, *std::max_element(turns, turns + 2), *std::max_element(guided, guided + 2)}));
    }
    // What is to be won by knowing: the dearest task last runs alone.
    const auto last = test::ascending(test::heavy_tailed_costs());
    REQUIRE(above_bound(last, input_order(200), 2) > 1.09);
    REQUIRE(above_bound(last, input_order(200), 8) > 1.5);
}
