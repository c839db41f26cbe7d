// SPDX-License-Identifier: Apache-2.0
#include <xrayon/random/uniform.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <span>
#include <vector>

#include "../support/catch.hpp"
#include "golden/random_numbers.hpp"
#include "statistics.hpp"

using namespace xrayon;

template <class Out>
concept fillable = requires(stream& s, Out&& out) { fill_uniform(s, out); };
static_assert(fillable<std::vector<double>&> && fillable<std::span<float>> && !fillable<std::vector<int>&>
              && !fillable<const std::vector<double>&>);

TEST_CASE("uniform numbers have the bits that the definition gives", "[random][uniform]") {
    const stream start = stream(42) / 7;
    stream plain = start, single = start, between = start, single_between = start;
    for (std::size_t i = 0; i < std::size(golden::uniform); ++i) {
        REQUIRE(test::bits_of(draw_uniform(plain)) == golden::uniform[i]);
        REQUIRE(test::bits_of(draw_uniform<float>(single)) == golden::uniform_float[i]);
        REQUIRE(test::bits_of(draw_uniform(between, -0.1, 3.7)) == golden::uniform_between[i]);
        REQUIRE(test::bits_of(draw_uniform<float>(single_between, -0.1F, 3.7F)) == golden::uniform_float_between[i]);
    }
    REQUIRE(plain.position() == 2 * std::size(golden::uniform));
    REQUIRE(single.position() == std::size(golden::uniform));
}

TEMPLATE_TEST_CASE("a uniform fill is that many draws, cut anywhere, with every instruction set", "[random][uniform]", float, double) {
    const TestType lo = static_cast<TestType>(-2.5), hi = static_cast<TestType>(1.1);
    for (const std::uint64_t before : {0u, 1u, 2u, 3u, 6u, 17u}) {
        stream start = stream(6) / "fill";
        start.seek(before);
        constexpr std::size_t n = 1300;  // more than two stretches
        std::vector<TestType> expected, expected_unit;
        stream draws = start, unit_draws = start;
        for (std::size_t i = 0; i < n; ++i) {
            expected.push_back(draw_uniform<TestType>(draws, lo, hi));
            expected_unit.push_back(draw_uniform<TestType>(unit_draws));
        }
        stream s = start;
        std::vector<TestType> got(n);
        fill_uniform(s, got, lo, hi);
        REQUIRE(got == expected);
        REQUIRE(s == draws);
        s = start;
        fill_uniform(s, got);
        REQUIRE(got == expected_unit);
        for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{511}, std::size_t{1024}, n}) {
            std::vector<TestType> pieces(n);
            fill_uniform_at(start, cut, std::span(pieces).subspan(cut), lo, hi);
            fill_uniform_at(start, 0, std::span(pieces).first(cut), lo, hi);
            REQUIRE(pieces == expected);
        }
        const std::uint64_t first = detail::first_word(start, "", detail::uniform_words<TestType>, 0, n);
        for (const auto set : test::instruction_sets()) {
            std::vector<TestType> out(n);
            detail::fill_uniform(set, start.address(), first, detail::checked_bounds("", lo, hi), out.data(), n);
            CAPTURE(static_cast<int>(set), before);
            REQUIRE(out == expected);
        }
    }
}

TEMPLATE_TEST_CASE("uniform numbers are uniform", "[random][uniform]", float, double) {
    constexpr std::size_t n = 200000;
    std::vector<TestType> x(n);
    fill_uniform(stream(17) / "uniform", x);
    std::vector<std::size_t> counts(256), pairs(256);
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const auto v = static_cast<double>(x[i]);
        REQUIRE((v >= 0 && v < 1));
        ++counts[static_cast<std::size_t>(v * 256)];
        ++pairs[static_cast<std::size_t>(v * 16) * 16 + static_cast<std::size_t>(static_cast<double>(x[(i + 1) % n]) * 16)];
        sum += v - 0.5;
        squares += (v - 0.5) * (v - 0.5) - 1.0 / 12;
    }
    REQUIRE(test::chi_square(counts) < test::chi_square_bound(255));
    REQUIRE(test::chi_square(pairs) < test::chi_square_bound(255));
    REQUIRE(std::abs(sum) < test::one_in_a_million * std::sqrt(n / 12.0));
    REQUIRE(std::abs(squares) < test::one_in_a_million * std::sqrt(n / 180.0));
}

TEST_CASE("a uniform number is never the upper bound, even where rounding would make it so", "[random][uniform]") {
    const double lo = 1, next = std::nextafter(1.0, 2.0), after = std::nextafter(next, 2.0);
    std::size_t lows = 0;
    std::vector<double> x(2000);
    fill_uniform(stream(4), x, lo, after);  // two values; three quarters of the range round up
    for (const double v : x) {
        REQUIRE((v == lo || v == next));
        lows += v == lo;
    }
    REQUIRE((lows > 300 && lows < 1700));
    std::vector<float> y(2000);
    fill_uniform(stream(4), y, 1.0F, std::nextafter(1.0F, 2.0F));
    stream s(4);
    for (const float v : y) {
        REQUIRE(v == 1.0F);
        REQUIRE(draw_uniform<float>(s, 1.0F, std::nextafter(1.0F, 2.0F)) == 1.0F);
    }
    REQUIRE(draw_uniform(s, 2.5, 2.5) == 2.5);
    fill_uniform(s, x, -0.5, -0.5);
    REQUIRE(x == std::vector<double>(2000, -0.5));
}

TEST_CASE("filling nothing draws nothing", "[random][uniform]") {
    stream s(1);
    std::vector<double> none;
    fill_uniform(s, none);
    REQUIRE(s.position() == 0);
}

TEST_CASE("uniform numbers say which argument is wrong", "[random][uniform][errors]") {
    stream s(1);
    const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity(), huge = std::numeric_limits<double>::max();
    std::vector<double> x(3, 9);
    REQUIRE_THROWS_WITH(draw_uniform(s, nan, 1.0), "draw_uniform: lo must be finite, got nan");
    REQUIRE_THROWS_WITH(draw_uniform(s, 0.0, inf), "draw_uniform: hi must be finite, got inf");
    REQUIRE_THROWS_WITH(draw_uniform(s, 2.0, 1.0), "draw_uniform: lo must be <= hi = 1, got 2");
    REQUIRE_THROWS_WITH(draw_uniform(s, -huge, huge), "draw_uniform: hi - lo must be finite, got inf");
    REQUIRE_THROWS_WITH(draw_uniform<float>(s, 2.0F, 1.0F), "draw_uniform: lo must be <= hi = 1, got 2");
    REQUIRE_THROWS_WITH(fill_uniform(s, x, 2.0, 1.0), "fill_uniform: lo must be <= hi = 1, got 2");
    REQUIRE_THROWS_WITH(fill_uniform_at(s, 0, x, nan, 1.0), "fill_uniform_at: lo must be finite, got nan");
    REQUIRE_THROWS_AS(fill_uniform(s, x, 2.0, 1.0), argument_error);
    REQUIRE(s.position() == 0);
    REQUIRE_THROWS_WITH(
        fill_uniform_at(s, stream::capacity / 2 - 2, x),
        "fill_uniform_at: offset + count must be <= the numbers that the stream has left = 9223372036854775800, got 9223372036854775798 + 3");
    REQUIRE_THROWS_AS(fill_uniform_at(s, ~std::uint64_t{0}, x), argument_error);
    fill_uniform_at(s, stream::capacity / 2 - 3, x);
    s.seek(stream::capacity - 5);
    REQUIRE_THROWS_WITH(fill_uniform(s, x),
                        "fill_uniform: offset + count must be <= the numbers that the stream has left = 2, got 0 + 3");
    REQUIRE(s.position() == stream::capacity - 5);
}
