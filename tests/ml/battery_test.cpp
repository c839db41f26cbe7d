// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/batch_inference.hpp>

#include <functional>
#include <span>
#include <vector>

#include <xrayon/array/rows.hpp>

#include "../support/battery.hpp"
#include "../support/catch.hpp"

using namespace xrayon;

TEST_CASE("battery: batch_inference", "[ml][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"batch_inference",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           auto out = ml::batch_inference(input, [&](double x) { return f(x); }, {.grain = grain, .run = run});
                           return std::vector<double>(out.begin(), out.end());
                       },
                       test::mapped});
}

TEST_CASE("battery: batch_inference_into, by result", "[ml][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"batch_inference_into",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           std::vector<double> out(input.size());
                           ml::batch_inference_into(input, [&](double x) { return f(x); }, std::span(out), {.grain = grain, .run = run});
                           return out;
                       },
                       test::mapped});
}

TEST_CASE("battery: batch_inference_into, by slot", "[ml][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"batch_inference_into",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           std::vector<double> out(input.size());
                           const array_view<double, 2> slots(out.data(), {out.size(), 1});
                           ml::batch_inference_into(
                               input, [&](double x, const array_view<double, 1>& slot) { slot[0] = f(x); }, rows(slots),
                               {.grain = grain, .run = run});
                           return out;
                       },
                       test::mapped});
}
