// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/split.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/sequences.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <iterator>
#include <numeric>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace xrayon;

namespace {

using pieces = std::vector<std::vector<int>>;

std::vector<int> copy(std::span<const int> part) { return {part.begin(), part.end()}; }

/// `value` at about every tenth place, in places several side by side.
std::vector<int> sprinkled(std::size_t n) {
    auto out = test::numbers(n);
    for (std::size_t i = 0; i < n; ++i) {
        out[i] = out[i] % 10 == 0 || i % 64 < 2 ? 0 : out[i];
    }
    return out;
}

} // namespace

TEST_CASE("split: pieces between, up to, and of equal neighbours are those of a plain loop", "[par][split]") {
    const auto zero = [](int x) { return x == 0; };
    const auto same = [](int a, int b) { return (a == 0) == (b == 0); };
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{63}, std::size_t{5000}}) {
        const auto input = sprinkled(n);
        pieces between{{}}, up_to, runs;
        for (std::size_t i = 0; i < n; ++i) {
            if (up_to.empty() || zero(input[i - 1])) {
                up_to.emplace_back();
            }
            up_to.back().push_back(input[i]);
            if (runs.empty() || !same(input[i - 1], input[i])) {
                runs.emplace_back();
            }
            runs.back().push_back(input[i]);
            if (zero(input[i])) {
                between.emplace_back();
            } else {
                between.back().push_back(input[i]);
            }
        }
        test::require_everywhere(between, [&](const loop_options& o) { return par_split(input, zero, o).map(copy).to_vector(); });
        test::require_everywhere(up_to, [&](const loop_options& o) { return par_split_inclusive(input, zero, o).map(copy).to_vector(); });
        test::require_everywhere(runs, [&](const loop_options& o) { return par_chunk_by(input, same, o).map(copy).to_vector(); });
        REQUIRE(par_split(input, zero).size() == between.size());
    }
}

TEST_CASE("split: pieces of a range that is not const can be written to, and their positions are known", "[par][split]") {
    std::vector<int> input{1, 2, 0, 3, 0, 4};
    par_split(input, [](int x) { return x == 0; }).enumerate().for_each([](std::size_t i, std::span<int> part) {
        for (int& x : part) {
            x += 10 * static_cast<int>(i + 1);
        }
    });
    REQUIRE(input == std::vector<int>{11, 12, 0, 23, 0, 34});
    par_chunk_by(input, [](int a, int b) { return a < b; }).rev().for_each([](std::span<int> part) { part.front() = -1; });
    REQUIRE(input == std::vector<int>{-1, 12, -1, 23, -1, 34});
    par_split_inclusive(input, [](int x) { return x < 0; }).for_each([](std::span<int> part) { part.back() = 0; });
    REQUIRE(input == std::vector<int>{0, 12, 0, 23, 0, 0});
}

TEST_CASE("split: the lowest place that throws decides, under the name of the function", "[par][split]") {
    const auto input = test::numbers(1000);
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            run_report report;
            const auto throwing = [&](const int& x) -> bool { return &x - input.data() >= 345 ? throw std::runtime_error("here") : false; };
            REQUIRE_THROWS_WITH(par_split(input, throwing, {.grain = 1, .run = {.report = &report}}), "here");
            REQUIRE(report.failed == 345);
            REQUIRE(report.path == "par_split[345]");
            REQUIRE_THROWS_WITH(par_chunk_by(input, [&](const int& a, int) { return throwing(a); }), "here");
        });
    }
}

TEST_CASE("chunks: par_array_windows gives spans of a known length", "[par][split]") {
    const std::vector<int> input{1, 2, 4, 8, 16};
    const auto differences = par_array_windows<2>(input).map([](std::span<const int, 2> w) { return w[1] - w[0]; }).to_vector();
    REQUIRE(differences == std::vector<int>{1, 2, 4, 8});
    REQUIRE(par_array_windows<6>(input).count() == 0);
}

TEST_CASE("par_split, par_chunk_by, collect_into: arrays whose size is known when compiling are ranges like others", "[par][sequence]") {
    std::array<int, 5> values{1, 0, 2, 2, 0};
    int plain[5] = {};
    const auto zero = [](int x) { return x == 0; };
    REQUIRE(par_split(values, zero).count() == 3);
    REQUIRE(par_split_inclusive(values, zero).count() == 2);
    REQUIRE(par_chunk_by(std::as_const(values), std::equal_to<>{}).count() == 4);
    par(values).map([](int x) { return x + 1; }).collect_into(plain);
    REQUIRE(std::equal(values.begin(), values.end(), std::begin(plain), [](int a, int b) { return a + 1 == b; }));
    par(plain).collect_into(values);
    REQUIRE(values == std::array<int, 5>{2, 1, 3, 3, 1});
}
