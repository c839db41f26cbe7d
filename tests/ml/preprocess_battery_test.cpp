// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/preprocess/preprocess.hpp>

#include <vector>

#include "../support/battery.hpp"
#include "../support/catch.hpp"

using namespace xrayon;

TEST_CASE("battery: preprocess", "[ml][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"preprocess",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           auto out = ml::preprocess(input, [&](double x) { return f(x); }, {.grain = grain, .run = run});
                           return std::vector<double>(out.begin(), out.end());
                       },
                       test::mapped});
}

TEST_CASE("battery: preprocess_in_place", "[ml][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"preprocess_in_place",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           std::vector<double> chunks(input.begin(), input.end());
                           ml::preprocess_in_place(chunks, [&](double& x) { x = f(x); }, {.grain = grain, .run = run});
                           return chunks;
                       },
                       test::mapped});
}

TEST_CASE("battery: preprocess_in_place, all or nothing", "[ml][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"preprocess_in_place",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           std::vector<double> chunks(input.begin(), input.end());
                           ml::preprocess_in_place(chunks, [&](double& x) { x = f(x); }, {.grain = grain, .run = run, .transactional = true});
                           return chunks;
                       },
                       test::mapped});
}
