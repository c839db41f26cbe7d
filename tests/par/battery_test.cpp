// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/index.hpp>

#include <functional>
#include <vector>

#include "../support/battery.hpp"
#include "../support/catch.hpp"

using namespace xrayon;

namespace {

/// The canonical tree by its definition: node [lo, hi) splits at lo + the largest power of two below hi - lo.
double tree_sum(const std::vector<double>& leaves, std::size_t lo, std::size_t hi) {
    if (hi - lo == 1) {
        return leaves[lo];
    }
    std::size_t half = 1;
    while (2 * half < hi - lo) {
        half *= 2;
    }
    return tree_sum(leaves, lo, lo + half) + tree_sum(leaves, lo + half, hi);
}

} // namespace

TEST_CASE("battery: for_each_index", "[par][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"for_each_index",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           std::vector<double> out(input.size());
                           for_each_index(input.size(), [&](std::size_t i) { out[i] = f(input[i]); }, {.grain = grain, .run = run});
                           return out;
                       },
                       test::mapped});
}

TEST_CASE("battery: map_index", "[par][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"map_index",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           auto out = map_index(input.size(), [&](std::size_t i) { return f(input[i]); }, {.grain = grain, .run = run});
                           return std::vector<double>(out.begin(), out.end());
                       },
                       test::mapped});
}

TEST_CASE("battery: fold_index", "[par][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"fold_index",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           return std::vector<double>{fold_index(
                               input.size(), 1, [&](std::size_t begin, std::size_t end) { return begin == end ? 0.0 : f(input[begin]); },
                               std::plus<>{}, {.grain = grain, .run = run})};
                       },
                       [](const auto& input, const auto& f) {
                           return std::vector<double>{input.empty() ? 0.0 : tree_sum(test::mapped(input, f), 0, input.size())};
                       }});
}
