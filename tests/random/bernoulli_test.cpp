// SPDX-License-Identifier: Apache-2.0
#include <xrayon/random/bernoulli.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "../support/catch.hpp"
#include "golden/random_numbers.hpp"
#include "statistics.hpp"

using namespace xrayon;

TEST_CASE("bernoulli gives the answers that the definition gives", "[random][bernoulli]") {
    stream s = stream(42) / 7;
    for (const int answer : golden::bernoulli) {
        REQUIRE(draw_bernoulli(s, 0.3) == (answer != 0));
    }
    REQUIRE(s.position() == std::size(golden::bernoulli));
}

TEST_CASE("a bernoulli fill is that many draws, cut anywhere, of any type, with every instruction set", "[random][bernoulli]") {
    stream start = stream(6) / "fill";
    start.seek(3);
    constexpr std::size_t n = 2500;
    for (const double p : {0.0, 0.001, 0.25, 0.3, 0.9, 1.0}) {
        stream draws = start;
        std::vector<std::uint8_t> expected;
        for (std::size_t i = 0; i < n; ++i) {
            expected.push_back(draw_bernoulli(draws, p));
        }
        stream s = start;
        std::vector<std::uint8_t> got(n, 9);
        fill_bernoulli(s, got, p);
        REQUIRE(got == expected);
        REQUIRE(s == draws);
        std::array<bool, n> truths{};
        std::vector<float> mask(n);
        fill_bernoulli(stream(start), truths, p);
        fill_bernoulli(stream(start), mask, p);
        for (std::size_t i = 0; i < n; ++i) {
            REQUIRE(truths[i] == (expected[i] == 1));
            REQUIRE(mask[i] == static_cast<float>(expected[i]));
        }
        std::vector<std::uint8_t> pieces(n);
        fill_bernoulli_at(start, 1025, std::span(pieces).subspan(1025), p);
        fill_bernoulli_at(start, 0, std::span(pieces).first(1025), p);
        REQUIRE(pieces == expected);
        for (const auto set : test::instruction_sets()) {
            std::vector<std::uint8_t> out(n);
            detail::fill_bernoulli(set, start.address(), 3, detail::checked_threshold("", p), out.data(), n);
            CAPTURE(static_cast<int>(set), p);
            REQUIRE(out == expected);
        }
    }
}

TEST_CASE("bernoulli hits with its probability", "[random][bernoulli]") {
    constexpr std::size_t n = 300000;
    for (const double p : {0.001, 0.1, 0.5, 1.0 / 3, 0.95}) {
        std::vector<std::uint8_t> hits(n);
        fill_bernoulli(stream(12) / "hits", hits, p);
        double sum = 0;
        for (const std::uint8_t hit : hits) {
            sum += hit;
        }
        CAPTURE(p);
        REQUIRE(std::abs(sum - n * p) < test::one_in_a_million * std::sqrt(n * p * (1 - p)));
    }
    for (const int expected : {0, 1}) {
        std::vector<int> hits(2000, 7);
        fill_bernoulli(stream(12), hits, expected);
        REQUIRE(hits == std::vector<int>(2000, expected));
    }
}

TEST_CASE("a word equal to the first bits of p is told apart by the next ones", "[random][bernoulli]") {
    const stream start = stream(2) / "tie";
    stream words = start;
    std::uint32_t first_words[64];
    for (auto& word : first_words) {
        word = words.next_u32();
    }
    // p with the very bits of word i in front and a half, nothing, or nearly one behind them.
    std::size_t hits = 0;
    for (std::uint64_t i = 0; i < 64; ++i) {
        const double word = first_words[i];
        stream s = start;
        s.seek(i);
        REQUIRE(!draw_bernoulli(s, word * 0x1p-32));  // word < p: not equal to
        s.seek(i);
        REQUIRE(draw_bernoulli(s, (word + 1) * 0x1p-32));
        s.seek(i);
        const bool hit = draw_bernoulli(s, (word + 0.5) * 0x1p-32);
        REQUIRE(hit == (detail::retry_stream(start.address(), i).next_u64() < std::uint64_t{1} << 63));
        hits += hit;
        REQUIRE(s.position() == i + 1);
        std::vector<std::uint8_t> filled(64);
        fill_bernoulli(stream(start), filled, (word + 0.5) * 0x1p-32);
        REQUIRE(filled[i] == hit);
        for (std::size_t k = 0; k < 64; ++k) {
            REQUIRE((k == i || filled[k] == (first_words[k] < first_words[i])));
        }
    }
    REQUIRE((hits > 10 && hits < 54));
    REQUIRE(detail::checked_threshold("", 0x1p-40).whole == 0);
    REQUIRE(detail::checked_threshold("", 0x1p-40).part == std::uint64_t{1} << 56);
}

TEST_CASE("bernoulli says that p is wrong", "[random][bernoulli][errors]") {
    stream s(1);
    std::vector<int> x(3);
    REQUIRE_THROWS_WITH(draw_bernoulli(s, -0.1), "draw_bernoulli: p must be in [0, 1], got -0.1");
    REQUIRE_THROWS_WITH(draw_bernoulli(s, 1.5), "draw_bernoulli: p must be in [0, 1], got 1.5");
    REQUIRE_THROWS_WITH(fill_bernoulli(s, x, std::nan("")), "fill_bernoulli: p must be in [0, 1], got nan");
    REQUIRE_THROWS_WITH(fill_bernoulli_at(s, 0, x, 2), "fill_bernoulli_at: p must be in [0, 1], got 2");
    REQUIRE_THROWS_AS(draw_bernoulli(s, -0.1), argument_error);
    REQUIRE(s.position() == 0);
}
