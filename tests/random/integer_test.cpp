// SPDX-License-Identifier: Apache-2.0
#include <xrayon/random/integer.hpp>

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

template <class Integer>
concept drawable = requires(stream& s, Integer i) { draw_integer(s, i, i); };
static_assert(drawable<signed char> && drawable<unsigned long long> && !drawable<bool> && !drawable<double>);

TEST_CASE("integers are those that the definition gives, also where words are rejected", "[random][integer]") {
    const stream start = stream(42) / 7;
    stream s = start;
    for (const int value : golden::dice) {
        REQUIRE(draw_integer(s, 1, 6) == value);
    }
    s = start;
    for (const std::uint32_t value : golden::half_rejected_32) {
        REQUIRE(draw_integer(s, std::uint32_t{0}, std::uint32_t{1} << 31) == value);
    }
    REQUIRE(s.position() == std::size(golden::half_rejected_32));  // rejecting moves nothing
    s = start;
    for (const std::uint64_t value : golden::half_rejected_64) {
        REQUIRE(draw_integer(s, std::uint64_t{0}, std::uint64_t{1} << 63) == value);
    }
    REQUIRE(s.position() == 2 * std::size(golden::half_rejected_64));
    s = start;
    for (const std::int64_t value : golden::signed_integers) {
        REQUIRE(draw_integer(s, -(std::int64_t{1} << 40), std::int64_t{1} << 40) == value);
    }
}

TEMPLATE_TEST_CASE("the full range of a type is its bits", "[random][integer]", std::int8_t, std::uint8_t, std::int16_t, std::uint16_t,
                   std::int32_t, std::uint32_t, std::int64_t, std::uint64_t) {
    using limits = std::numeric_limits<TestType>;
    stream s(3), words(3);
    for (int i = 0; i < 50; ++i) {
        const TestType got = draw_integer(s, limits::min(), limits::max());
        if constexpr (sizeof(TestType) == 8) {
            REQUIRE(got == static_cast<TestType>(static_cast<std::uint64_t>(limits::min()) + words.next_u64()));
        } else {  // the high bits of the word
            const std::uint32_t high = words.next_u32() >> (32 - 8 * sizeof(TestType));
            REQUIRE(got == static_cast<TestType>(static_cast<std::uint64_t>(limits::min()) + high));
        }
        REQUIRE(draw_integer(s, limits::max(), limits::max()) == limits::max());
        REQUIRE(draw_integer(s, limits::min(), limits::min()) == limits::min());
        words = s;
    }
}

TEST_CASE("an integer fill is that many draws, cut anywhere, with every instruction set", "[random][integer]") {
    const stream start = stream(6) / "fill";
    constexpr std::size_t n = 1500;
    const auto compare = [&](auto lo, auto hi) {
        using integer = decltype(lo);
        stream draws = start;
        std::vector<integer> expected;
        for (std::size_t i = 0; i < n; ++i) {
            expected.push_back(draw_integer(draws, lo, hi));
            REQUIRE((expected.back() >= lo && expected.back() <= hi));
        }
        stream s = start;
        std::vector<integer> got(n);
        fill_integers(s, got, lo, hi);
        REQUIRE(got == expected);
        REQUIRE(s == draws);
        std::vector<integer> pieces(n);
        fill_integers_at(start, 777, std::span(pieces).subspan(777), lo, hi);
        fill_integers_at(start, 0, std::span(pieces).first(777), lo, hi);
        REQUIRE(pieces == expected);
        for (const auto set : test::instruction_sets()) {
            std::vector<integer> out(n);
            detail::fill_integers(set, start.address(), 0, lo, hi, out.data(), n);
            REQUIRE(out == expected);
        }
    };
    compare(std::int8_t{-100}, std::int8_t{100});
    compare(std::uint16_t{0}, std::uint16_t{999});
    compare(std::int32_t{-5}, std::int32_t{5});
    compare(std::uint32_t{0}, std::uint32_t{0xc0000000});
    compare(std::int64_t{-3}, std::int64_t{0xffffffff});
    compare(std::uint64_t{5}, std::uint64_t{0xc000000000000000});
    compare(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("integers have no bias, where a remainder or a scaled fraction would have a large one", "[random][integer]") {
    // 3 * 2^30 values out of 2^32 words: a remainder would give the first third of them twice as often as the others.
    constexpr std::size_t n = 300000;
    std::vector<std::uint32_t> narrow(n);
    fill_integers(stream(5) / 32, narrow, 0, 3 * (std::uint32_t{1} << 30) - 1);
    std::vector<std::uint64_t> wide(n);
    fill_integers(stream(5) / 64, wide, 0, 3 * (std::uint64_t{1} << 62) - 1);
    std::vector<std::size_t> narrow_thirds(3), wide_thirds(3);
    std::vector<std::size_t> narrow_modulo(6), wide_modulo(6);
    for (std::size_t i = 0; i < n; ++i) {
        ++narrow_thirds[narrow[i] >> 30];
        ++wide_thirds[static_cast<std::size_t>(wide[i] >> 62)];
        ++narrow_modulo[narrow[i] % 6];
        ++wide_modulo[static_cast<std::size_t>(wide[i] % 6)];
    }
    REQUIRE(test::chi_square(narrow_thirds) < 27.63);  // 2 degrees: -2 ln 1e-6
    REQUIRE(test::chi_square(wide_thirds) < 27.63);
    REQUIRE(test::chi_square(narrow_modulo) < test::chi_square_bound(5));  // a multiplication without rejection fails here
    REQUIRE(test::chi_square(wide_modulo) < test::chi_square_bound(5));
    std::vector<std::size_t> faces(10);
    std::vector<std::int8_t> small(n);
    fill_integers(stream(5) / 10, small, -4, 5);
    for (const std::int8_t value : small) {
        ++faces[static_cast<std::size_t>(value + 4)];
    }
    REQUIRE(test::chi_square(faces) < test::chi_square_bound(9));
}

TEST_CASE("the 128-bit product is right", "[random][integer]") {
    // (2^64 - 1)^2 = 2^128 - 2^65 + 1; the others by hand
    const std::uint64_t ones = ~std::uint64_t{0};
    REQUIRE(detail::multiply(ones, ones).high == ones - 1);
    REQUIRE(detail::multiply(ones, ones).low == 1);
    REQUIRE(detail::multiply(std::uint64_t{1} << 63, 6).high == 3);
    REQUIRE(detail::multiply(std::uint64_t{1} << 63, 6).low == 0);
    REQUIRE(detail::multiply(0xffffffff00000001, 0x100000000).high == 0xffffffff);
    REQUIRE(detail::multiply(0xffffffff00000001, 0x100000000).low == 0x100000000);
}

TEST_CASE("integers say that the bounds are wrong", "[random][integer][errors]") {
    stream s(1);
    std::vector<int> x(3);
    REQUIRE_THROWS_WITH(draw_integer(s, 5, 3), "draw_integer: lo must be <= hi = 3, got 5");
    REQUIRE_THROWS_WITH(draw_integer(s, std::int8_t{-1}, std::int8_t{-2}), "draw_integer: lo must be <= hi = -2, got -1");
    REQUIRE_THROWS_WITH(fill_integers(s, x, 1, 0), "fill_integers: lo must be <= hi = 0, got 1");
    REQUIRE_THROWS_WITH(fill_integers_at(s, 0, x, 1, 0), "fill_integers_at: lo must be <= hi = 0, got 1");
    REQUIRE_THROWS_AS(draw_integer(s, 5, 3), argument_error);
    REQUIRE(s.position() == 0);
    s.seek(stream::capacity - 2);
    REQUIRE_THROWS_WITH(fill_integers(s, x, 0, 1), test::contains("numbers that the stream has left = 2, got 0 + 3"));
}
