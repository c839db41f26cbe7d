// SPDX-License-Identifier: Apache-2.0
#include <xrayon/schedule/invoke_all.hpp>
#include <xrayon/schedule/zip_invoke.hpp>

#include "../support/battery.hpp"
#include "../support/catch.hpp"
#include "../support/life_battery.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <xrayon/core/error.hpp>
#include <xrayon/schedule/cost_model.hpp>

using namespace xrayon;

namespace {

/// In no order that anybody would guess, but item 20 first: the battery waits for it.
double cost(std::size_t i) { return i == 20 ? 1000.0 : static_cast<double>(test::mix(i) % 100); }

/// Tasks are taken one by one: there is no grain to choose, and so none to refuse.
void answer_for_grain(std::optional<std::size_t> grain, const std::string& name) {
    if (grain == std::size_t{0}) {
        throw argument_error(name + ": options.grain must be >= 1, got 0");
    }
}

} // namespace

TEST_CASE("battery: invoke_all with costs", "[schedule][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"invoke_all",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           answer_for_grain(grain, "invoke_all");
                           std::vector<std::function<double()>> tasks;
                           for (const double x : input) {
                               tasks.push_back([&f, x] { return f(x); });
                           }
                           const auto out = invoke_all(tasks, {.costs = cost, .run = run});
                           return std::vector<double>(out.begin(), out.end());
                       },
                       test::mapped});
}

TEST_CASE("battery: zip_invoke with a model that was taught other costs", "[schedule][battery]" XRAYON_BATTERY_ROWS) {
    cost_model model;
    for (std::size_t i = 0; i < 1000; ++i) {
        model.observe("battery", i, 1, cost(i));
    }
    test::run_battery({"zip_invoke",
                       [&model](const auto& input, const auto& f, auto grain, const auto& run) {
                           answer_for_grain(grain, "zip_invoke");
                           cost_model own = model;
                           balance_stats balance;
                           const std::vector<std::function<double(double)>> functions(input.size(), [&f](double x) { return f(x); });
                           const auto out = zip_invoke(functions, input, {.model = &own, .key = "battery", .balance = &balance, .run = run});
                           return std::vector<double>(out.begin(), out.end());
                       },
                       test::mapped});
}

TEST_CASE("lives: invoke_all", "[schedule][lives]") {
    test::run_life_battery([](std::size_t n, const auto& f, auto, const auto& run) {
        using value = std::remove_cvref_t<decltype(f(std::size_t{0}))>;
        std::vector<std::function<value()>> tasks;
        for (std::size_t i = 0; i < n; ++i) {
            tasks.push_back([&f, i] { return f(i); });
        }
        return invoke_all(tasks, {.costs = cost, .run = run});
    });
}
