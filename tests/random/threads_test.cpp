// SPDX-License-Identifier: Apache-2.0
#include <xrayon/random/normal.hpp>
#include <xrayon/random/stream.hpp>
#include <xrayon/random/uniform.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

using namespace xrayon;

TEST_CASE("items that make their own streams draw the same numbers at every thread count", "[random][threads]") {
    const stream root = stream(42) / "noise";
    const auto item = [&](std::size_t i) {
        stream s = root / i;
        double sum = 0;
        for (std::size_t sample = 0; sample < 5; ++sample) {
            sum += draw_normal(s / sample) * draw_uniform(s);
        }
        return sum;
    };
    std::vector<double> expected;
    for (std::size_t i = 0; i < 3000; ++i) {
        expected.push_back(item(i));
    }
    for (const std::size_t threads : test::thread_counts) {
        const auto got = pool(threads).install([&] { return map_index(expected.size(), item); });
        REQUIRE(std::equal(got.begin(), got.end(), expected.begin(), expected.end()));
    }
}

TEST_CASE("one long fill is the same in pieces, at every thread count", "[random][threads]") {
    const stream source = stream(42) / "long";
    constexpr std::size_t n = 100'003, piece = 777;
    std::vector<double> expected(n);
    fill_normal(stream(source), expected);
    for (const std::size_t threads : test::thread_counts) {
        std::vector<double> got(n);
        pool(threads).install([&] {
            for_each_index((n + piece - 1) / piece, [&](std::size_t i) {
                fill_normal_at(source, i * piece, std::span(got).subspan(i * piece, std::min(piece, n - i * piece)));
            });
        });
        REQUIRE(got == expected);
    }
}
