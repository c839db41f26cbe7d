// SPDX-License-Identifier: Apache-2.0
#include <xrayon/random/sample.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <vector>

#include "../support/catch.hpp"
#include "golden/random_numbers.hpp"
#include "statistics.hpp"

using namespace xrayon;

TEST_CASE("a sample is the one that the definition gives", "[random][sample]") {
    REQUIRE(sample_indices(stream(42) / 7, 1000, 10) == std::vector<std::size_t>(std::begin(golden::sample), std::end(golden::sample)));
    REQUIRE(sample_indices(stream(42) / 7, 20, 18)
            == std::vector<std::size_t>(std::begin(golden::sample_most), std::end(golden::sample_most)));
}

TEST_CASE("a sample holds no number twice and none from outside, in much and in little memory", "[random][sample]") {
    for (const std::size_t n : {1u, 2u, 5u, 16u, 100u, 1000u}) {
        for (const std::size_t k : {std::size_t{0}, std::size_t{1}, n / 20, n / 3, n - 1, n}) {
            stream dense = stream(8) / n / k, sparse = dense, chosen = dense;
            const auto got = detail::sample_dense(dense, n, k);
            REQUIRE(got == detail::sample_sparse(sparse, n, k));
            REQUIRE(got == sample_indices(chosen, n, k));
            REQUIRE(dense == sparse);
            REQUIRE(dense.position() == k);
            auto sorted = got;
            std::sort(sorted.begin(), sorted.end());
            REQUIRE(got.size() == k);
            REQUIRE(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
            REQUIRE((sorted.empty() || sorted.back() < n));
        }
    }
}

TEST_CASE("a small sample of a huge range needs little memory", "[random][sample]") {
    const auto few = sample_indices(stream(3), std::size_t{1} << 60, 1000);
    REQUIRE(few.size() == 1000);
    REQUIRE(*std::max_element(few.begin(), few.end()) > std::size_t{1} << 59);
}

TEST_CASE("all ordered samples of two of five are equally likely, in much and in little memory", "[random][sample]") {
    for (const bool little : {false, true}) {
        std::map<std::vector<std::size_t>, std::size_t> seen;
        stream s = stream(55) / (little ? 1 : 0);
        for (int i = 0; i < 20000; ++i) {
            ++seen[little ? detail::sample_sparse(s, 5, 2) : detail::sample_dense(s, 5, 2)];
        }
        REQUIRE(seen.size() == 20);
        std::vector<std::size_t> counts;
        for (const auto& [sample, count] : seen) {
            counts.push_back(count);
        }
        REQUIRE(test::chi_square(counts) < test::chi_square_bound(19));
    }
}

TEST_CASE("a sample of more than there are is refused", "[random][sample][errors]") {
    stream s(1);
    REQUIRE_THROWS_WITH(sample_indices(s, 3, 4), "sample_indices: k must be <= n = 3, got 4");
    REQUIRE_THROWS_AS(sample_indices(s, 0, 1), argument_error);
    REQUIRE(sample_indices(s, 0, 0).empty());
    REQUIRE(s.position() == 0);
}
