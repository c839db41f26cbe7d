// SPDX-License-Identifier: Apache-2.0
#include <xrayon/random/shuffle.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "../support/catch.hpp"
#include "golden/random_numbers.hpp"
#include "statistics.hpp"

using namespace xrayon;

TEST_CASE("a permutation is the one that the definition gives", "[random][shuffle]") {
    REQUIRE(permutation(stream(42) / 7, 20) == std::vector<std::size_t>(std::begin(golden::permutation), std::end(golden::permutation)));
}

TEST_CASE("a shuffle does to any range what it does to the numbers", "[random][shuffle]") {
    const auto order = permutation(stream(9), 50);
    std::deque<std::string> names;
    std::vector<std::unique_ptr<std::size_t>> owned;  // can only be moved
    for (std::size_t i = 0; i < 50; ++i) {
        names.push_back(std::to_string(i));
        owned.push_back(std::make_unique<std::size_t>(i));
    }
    shuffle(stream(9), names);
    shuffle(stream(9), std::span(owned));
    for (std::size_t i = 0; i < 50; ++i) {
        REQUIRE(names[i] == std::to_string(order[i]));
        REQUIRE(*owned[i] == order[i]);
    }
}

TEST_CASE("all orders of four are equally likely", "[random][shuffle]") {
    std::map<std::vector<std::size_t>, std::size_t> seen;
    const stream root(77);
    for (int i = 0; i < 24000; ++i) {
        ++seen[permutation(root / i, 4)];
    }
    REQUIRE(seen.size() == 24);
    std::vector<std::size_t> counts;
    for (const auto& [order, count] : seen) {
        counts.push_back(count);
    }
    REQUIRE(test::chi_square(counts) < test::chi_square_bound(23));
}

TEST_CASE("every number comes to every place of a permutation equally often", "[random][shuffle]") {
    std::vector<std::size_t> at_place(256);
    stream s(78);
    for (int i = 0; i < 16000; ++i) {
        const auto order = permutation(s, 16);
        for (std::size_t place = 0; place < 16; ++place) {
            ++at_place[16 * place + order[place]];
        }
    }
    REQUIRE(test::chi_square(at_place) < test::chi_square_bound(255));
}

TEST_CASE("nothing and one stay as they are", "[random][shuffle]") {
    stream s(1);
    REQUIRE(permutation(s, 0).empty());
    REQUIRE(permutation(s, 1) == std::vector<std::size_t>{0});
    REQUIRE(s.position() == 0);
    REQUIRE(permutation(s, 1000).size() == 1000);
    REQUIRE(s.position() == 999);
}
