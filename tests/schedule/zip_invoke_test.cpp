// SPDX-License-Identifier: Apache-2.0
#include <xrayon/schedule/zip_invoke.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/schedule/cost_model.hpp>

using namespace xrayon;

namespace {

using numbers = std::vector<double>;

double sum(const numbers& x) { return std::accumulate(x.begin(), x.end(), 0.0); }

} // namespace

TEST_CASE("zip_invoke: result i is function i of input i, whoever is done first", "[schedule][zip_invoke]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const test::random_delays delays(seed, 2);
            const std::size_t n = seed * 2;
            std::vector<std::function<std::string(int)>> functions;
            std::vector<int> inputs;
            std::vector<std::string> expected;
            for (std::size_t i = 0; i < n; ++i) {
                functions.push_back([i](int x) { return std::to_string(i) + ":" + std::to_string(x); });
                inputs.push_back(static_cast<int>(test::mix(seed + i) % 100));
                expected.push_back(std::to_string(i) + ":" + std::to_string(inputs[i]));
            }
            const auto plain = workers.install([&] { return zip_invoke(functions, inputs); });
            REQUIRE(std::vector<std::string>(plain.begin(), plain.end()) == expected);
            cost_model model;
            for (int round = 0; round < 3; ++round) {
                const auto hinted = workers.install(
                    [&] { return zip_invoke(functions, inputs, {.costs = inputs, .model = &model, .key = "zip"}); });
                REQUIRE(hinted == plain);
            }
            REQUIRE(model.size() <= n);
        }
    }
}

TEST_CASE("zip_invoke: functions of several types take elements of a range, or inputs of several types", "[schedule][zip_invoke]") {
    // What document 000 calls reasoning cores: each reduces its own input.
    const auto see = [](const numbers& x) { return sum(x); };
    const auto hear = [](const numbers& x) { return x.size(); };
    const auto read = [](const numbers& x) { return std::to_string(x.size()); };
    const std::vector<numbers> inputs{{1, 2}, {3, 4, 5}, {}};
    const auto size = [&](std::size_t i) { return inputs[i].size(); };
    const std::tuple expected(3.0, std::size_t{3}, std::string("0"));
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        REQUIRE(workers.install([&] { return zip_invoke(std::tuple(see, hear, read), inputs, {.costs = size}); }) == expected);
        REQUIRE(workers.install([&] { return zip_invoke(std::tie(see, hear, read), inputs); }) == expected);
        REQUIRE(workers.install([&] { return zip_invoke(std::tuple(see, hear, read), std::tie(inputs[0], inputs[1], inputs[2]), {.costs = {1, 2, 3}}); })
                == expected);
    }
    const auto length = [](const std::string& text) { return text.size(); };
    const auto forget = [](int) {};
    REQUIRE(zip_invoke(std::tuple(length, forget), std::tuple(std::string("four"), 5)) == std::tuple(std::size_t{4}, no_value{}));
    REQUIRE(zip_invoke(std::array<double (*)(const numbers&), 2>{sum, sum}, std::array{numbers{1}, numbers{2}})[1] == 2.0);
}

TEST_CASE("zip_invoke: functions and inputs must be as many", "[schedule][zip_invoke][errors]") {
    std::atomic<int> calls{0};
    const auto f = [&](int) { ++calls; };
    const std::vector<int> inputs{1, 2};
    REQUIRE_THROWS_WITH(zip_invoke(std::vector(3, f), inputs), "zip_invoke: inputs must be as many as functions (3), got 2");
    REQUIRE_THROWS_WITH(zip_invoke(std::vector(1, f), inputs), "zip_invoke: inputs must be as many as functions (1), got 2");
    REQUIRE_THROWS_WITH(zip_invoke(std::tuple(f, f, f), inputs), "zip_invoke: inputs must be as many as functions (3), got 2");
    REQUIRE_THROWS_WITH(zip_invoke(std::vector(2, f), inputs, {.costs = {1}}), "zip_invoke: options.costs must have one for each task (2), got 1");
    REQUIRE(calls == 0);
    REQUIRE(zip_invoke(std::vector<std::function<int(int)>>(), std::vector<int>()).empty());
}

TEST_CASE("zip_invoke: the exception is that of the first failing pair, though it is the last to begin", "[schedule][zip_invoke][errors]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const test::random_delays delays(seed, 2);
            const std::vector<int> inputs{1, 2, 3, 4, 5};
            const std::vector fail(5, [](int x) { return x % 2 == 0 ? throw std::runtime_error(std::to_string(x)) : x; });
            run_report report;
            REQUIRE_THROWS_WITH(workers.install([&] { return zip_invoke(fail, inputs, {.costs = inputs, .run = {.report = &report}}); }), "2");
            REQUIRE(report.failed == 1);
            REQUIRE(report.path == "zip_invoke[1]");
        }
    }
}
