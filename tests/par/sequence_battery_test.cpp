// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/sequence.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

#include "../support/battery.hpp"
#include "../support/catch.hpp"

using namespace xrayon;

namespace {

bool in_range(double x) { return std::abs(x) < 0.4; }

std::vector<double> kept(const std::vector<double>& input, const test::item_function& f) {
    std::vector<double> out;
    for (const double x : input) {
        if (const double y = f(x); in_range(y)) {
            out.push_back(y);
        }
    }
    return out;
}

/// The order of a sum by its definition: leaves of 1,024 in 8 lanes, joined along the canonical tree.
double lane_sum(const std::vector<double>& x, std::size_t begin, std::size_t end) {
    std::array<double, 8> lane{};
    for (std::size_t i = begin; i < end; ++i) {
        lane[(i - begin) % 8] += x[i];
    }
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

double tree_sum(const std::vector<double>& x, std::size_t lo, std::size_t hi) {
    if (hi - lo == 1) {
        return lane_sum(x, lo * 1024, std::min(x.size(), hi * 1024));
    }
    std::size_t half = 1;
    while (2 * half < hi - lo) {
        half *= 2;
    }
    return tree_sum(x, lo, lo + half) + tree_sum(x, lo + half, hi);
}

} // namespace

TEST_CASE("battery: sequence, map and collect", "[par][sequence][battery]") {
    test::run_battery({"collect",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           return par(input).map([&](double x) { return f(x); }).with({.grain = grain, .run = run}).to_vector();
                       },
                       test::mapped});
}

TEST_CASE("battery: sequence, filter and collect", "[par][sequence][battery]") {
    test::run_battery({"collect",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           return par(input).map([&](double x) { return f(x); }).filter(in_range).with({.grain = grain, .run = run}).to_vector();
                       },
                       kept});
}

TEST_CASE("battery: sequence, for_each", "[par][sequence][battery]") {
    test::run_battery({"for_each",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           std::vector<double> out(input.size());
                           zip(input, iota(input.size())).with({.grain = grain, .run = run}).for_each([&](double x, std::size_t i) { out[i] = f(x); });
                           return out;
                       },
                       test::mapped});
}

TEST_CASE("battery: sequence, sum", "[par][sequence][battery]") {
    test::run_battery({"sum",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           return std::vector<double>{par(input).map([&](double x) { return f(x); }).with({.grain = grain, .run = run}).sum()};
                       },
                       [](const auto& input, const auto& f) {
                           const auto all = test::mapped(input, f);
                           return std::vector<double>{all.empty() ? 0.0 : tree_sum(all, 0, (all.size() + 1023) / 1024)};
                       }});
}

TEST_CASE("battery: sequence, try_collect", "[par][sequence][battery]") {
    test::run_battery({"try_collect",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           auto all = par(input).map([&](double x) { return std::optional<double>(f(x)); }).with({.grain = grain, .run = run}).try_collect();
                           return std::vector<double>(all->begin(), all->end());
                       },
                       test::mapped});
}

TEST_CASE("battery: map_index within a memory budget", "[par][memory_budget][battery]") {
    test::run_battery({"map_index",
                       [](const auto& input, const auto& f, auto grain, auto run) {
                           run.memory_budget = 10;
                           run.item_bytes = [](std::size_t i) { return 1 + i % 7; };
                           auto out = map_index(input.size(), [&](std::size_t i) { return f(input[i]); }, {.grain = grain, .run = run});
                           return std::vector<double>(out.begin(), out.end());
                       },
                       test::mapped});
}
