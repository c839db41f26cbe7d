// SPDX-License-Identifier: Apache-2.0
#include <xrayon/random/stream.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/random/detail/retry.hpp>

#include "../support/catch.hpp"
#include "golden/random_numbers.hpp"
#include "statistics.hpp"

using namespace xrayon;

static_assert(std::is_trivially_copyable_v<stream>);
static_assert(std::uniform_random_bit_generator<stream>);
static_assert(std::is_constructible_v<stream, int> && std::is_constructible_v<stream, unsigned char>);
static_assert(!std::is_constructible_v<stream, bool> && !std::is_constructible_v<stream, char> && !std::is_constructible_v<stream, double>);
static_assert(!std::is_convertible_v<int, stream>);
template <class Key>
concept accepted_as_key = requires(const stream& s, Key key) { s / key; };
static_assert(accepted_as_key<int> && accepted_as_key<std::size_t> && accepted_as_key<const char*> && accepted_as_key<std::string>);
static_assert(!accepted_as_key<bool> && !accepted_as_key<char> && !accepted_as_key<double>);

TEST_CASE("a path leads to the address that the definition gives", "[random][stream]") {
    const stream s(42);
    const stream got[] = {stream(0),
                          s,
                          stream(~std::uint64_t{0}),
                          s / 0,
                          s / 1 / 2,
                          s / 2 / 1,
                          s / "",
                          s / "dropout",
                          s / "abcdefgh",
                          s / std::string("abcdefghi"),
                          s / std::string_view("dropout") / 3};
    REQUIRE(std::size(got) == std::size(golden::addresses));
    for (std::size_t i = 0; i < std::size(got); ++i) {
        CAPTURE(i);
        REQUIRE(got[i].address() == stream_address{golden::addresses[i].key, golden::addresses[i].nonce});
        REQUIRE(got[i].position() == 0);
    }
}

TEST_CASE("a stream draws the words that the definition gives", "[random][stream]") {
    stream s = stream(42) / 7;
    for (const std::uint32_t word : golden::words) {
        REQUIRE(s.next_u32() == word);
    }
    REQUIRE(s.position() == std::size(golden::words));
    s.seek((std::uint64_t{1} << 62) + (std::uint64_t{1} << 33) + 14);
    for (const std::uint32_t word : golden::far_words) {
        REQUIRE(s.next_u32() == word);
    }
}

TEST_CASE("a key counts by its value, not by its type", "[random][stream]") {
    const stream s(7);
    REQUIRE((s / 200).address() == (s / std::uint8_t{200}).address());
    REQUIRE((s / 200).address() == (s / std::int64_t{200}).address());
    REQUIRE(stream(200L).address() == stream(std::uint16_t{200}).address());
}

TEST_CASE("64 bits are two words from an even place on", "[random][stream]") {
    const stream start = stream(1) / "pairs";
    stream words = start;
    std::vector<std::uint32_t> w(64);
    for (auto& word : w) {
        word = words.next_u32();
    }
    for (std::size_t skip = 0; skip < 20; ++skip) {
        stream s = start;
        for (std::size_t i = 0; i < skip; ++i) {
            REQUIRE(s.next_u32() == w[i]);
        }
        std::size_t at = skip + skip % 2;
        for (int i = 0; i < 12; ++i, at += 2) {
            REQUIRE(s.next_u64() == (w[at] | std::uint64_t{w[at + 1]} << 32));
            REQUIRE(s.position() == at + 2);
        }
        REQUIRE(s() == (w[at] | std::uint64_t{w[at + 1]} << 32));
    }
}

TEST_CASE("seek and discard come where drawing comes", "[random][stream]") {
    const stream start = stream(3) / 9;
    for (std::uint64_t n = 0; n < 40; ++n) {
        stream drawn = start;
        for (std::uint64_t i = 0; i < n; ++i) {
            (void)drawn.next_u32();
        }
        stream sought = start;
        sought.seek(n);
        CAPTURE(n);
        REQUIRE(drawn == sought);
        for (const std::uint64_t count : {0u, 1u, 5u, 8u, 9u}) {
            stream a = drawn;
            stream b = sought;
            for (std::uint64_t i = 0; i < count; ++i) {
                (void)a.next_u64();
            }
            b.discard(count);
            REQUIRE(a.next_u64() == b.next_u64());
            REQUIRE(a == b);
        }
        sought.seek(0);
        REQUIRE(sought == start);
        REQUIRE(sought.next_u32() == stream(start).next_u32());
    }
}

TEST_CASE("a copy goes its own way, and a child does not see its parent's position", "[random][stream]") {
    stream a(5);
    (void)a.next_u32();
    stream b = a;
    const stream child = a / 1;
    REQUIRE(a.next_u64() == b.next_u64());
    (void)a.next_u64();
    REQUIRE(!(a == b));
    REQUIRE((a / 1) == child);
    REQUIRE((b / 1) == child);
    REQUIRE((stream(5) / 1) == child);
    REQUIRE(!(a == a / 1));
}

TEST_CASE("different paths are different streams", "[random][stream]") {
    std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
    std::size_t count = 0;
    const auto add = [&](const stream& s) {
        seen.emplace(s.address().key, s.address().nonce);
        ++count;
        REQUIRE(s.address().nonce < std::uint64_t{1} << 62);
    };
    for (int seed = 0; seed < 20; ++seed) {
        add(stream(seed));
        for (int i = 0; i < 20; ++i) {
            add(stream(seed) / i);
            add(stream(seed) / std::to_string(i));
            add(detail::retry_stream(stream(seed).address(), static_cast<std::uint64_t>(i)));
            for (int j = 0; j < 20; ++j) {
                add(stream(seed) / i / j);
                add(stream(seed) / std::to_string(i) / j);
                add(stream(seed) / i / std::to_string(j));
                add(stream(seed) / std::to_string(i) / std::to_string(j));
            }
        }
    }
    // Names that differ in length, in trailing zeros, in where they are cut.
    const stream s(1);
    for (std::size_t length = 0; length <= 40; ++length) {
        add(s / std::string(length, '\0'));
        add(s / std::string(length, 'a') / "b");
        add(s / std::string(length, 'a') / std::string_view("\b\0\0\0\0\0\0\0", 8));
    }
    REQUIRE(seen.size() == count);
}

TEST_CASE("no four-word block of a million comes twice, over batches and samples", "[random][stream]") {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks;
    const stream root = stream(11) / "blocks";
    for (int batch = 0; batch < 250; ++batch) {
        for (int sample = 0; sample < 400; ++sample) {
            stream s = root / batch / sample;
            for (int i = 0; i < 10; ++i) {
                const std::uint64_t first = s.next_u64();
                blocks.emplace_back(first, s.next_u64());
            }
        }
    }
    std::sort(blocks.begin(), blocks.end());
    REQUIRE(std::adjacent_find(blocks.begin(), blocks.end()) == blocks.end());
}

TEST_CASE("sibling streams, parents and children are uncorrelated", "[random][stream]") {
    // The product of two independent uniform numbers about 0 has mean 0 and variance 1/144.
    constexpr std::size_t n = 20000;
    const auto number = [](stream& s) { return static_cast<double>(s.next_u64() >> 11) * 0x1p-53 - 0.5; };
    const stream root(2024);
    const auto correlation = [&](stream a, stream b) {
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) {
            sum += number(a) * number(b);
        }
        return sum * 12 / std::sqrt(static_cast<double>(n));
    };
    std::vector<std::pair<stream, stream>> pairs;
    for (int i = 0; i < 20; ++i) {
        pairs.emplace_back(root / i, root / (i + 1));
        pairs.emplace_back(root / i, root / i / 0);
        pairs.emplace_back(root / i / 3, root / 3 / (i + 4));
        pairs.emplace_back(stream(i), stream(i + 1));
        pairs.emplace_back(root / i, root / (i | 1 << 20));
    }
    double squares = 0;
    for (const auto& [a, b] : pairs) {
        const double z = correlation(a, b);
        REQUIRE(std::abs(z) < 5.8);  // 100 pairs: one in a million for all of them
        squares += z * z;
    }
    REQUIRE(squares < 182.12678);  // chi-square with 100 degrees of freedom, one in a million
}

TEST_CASE("the first words of sibling streams are as random as the words of one", "[random][stream]") {
    // What many tasks do: each takes a number or two from a stream of its own.
    const stream root(99);
    std::vector<std::size_t> low(256), high(256), pairs(256);
    std::uint32_t before = 0;
    for (int i = 0; i < 100000; ++i) {
        stream s = root / i;
        const std::uint32_t word = s.next_u32();
        ++low[word & 255];
        ++high[word >> 24];
        ++pairs[(word >> 28) << 4 | before >> 28];
        before = word;
    }
    REQUIRE(test::chi_square(low) < test::chi_square_bound(255));
    REQUIRE(test::chi_square(high) < test::chi_square_bound(255));
    REQUIRE(test::chi_square(pairs) < test::chi_square_bound(255));
}

TEST_CASE("each bit of a word is set half of the time, in every place of the buffer", "[random][stream]") {
    constexpr std::size_t n = 20000;
    std::vector<std::size_t> set(16 * 32);
    stream s(8);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t place = 0; place < 16; ++place) {
            const std::uint32_t word = s.next_u32();
            for (std::size_t bit = 0; bit < 32; ++bit) {
                set[32 * place + bit] += word >> bit & 1;
            }
        }
    }
    for (const std::size_t count : set) {  // 512 of them: 6.0 is one in a million for all
        REQUIRE(std::abs(static_cast<double>(count) - n / 2.0) < 6.0 * std::sqrt(n / 4.0));
    }
}

TEST_CASE("std::shuffle and the distributions of the standard library accept a stream", "[random][stream]") {
    stream s(1);
    std::vector<int> order(100);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), s);
    REQUIRE(!std::is_sorted(order.begin(), order.end()));
    std::sort(order.begin(), order.end());
    for (int i = 0; i < 100; ++i) {
        REQUIRE(order[static_cast<std::size_t>(i)] == i);
    }
    REQUIRE(std::uniform_int_distribution<int>(3, 5)(s) >= 3);
    REQUIRE(stream::min() == 0);
    REQUIRE(stream::max() == ~std::uint64_t{0});
}

TEST_CASE("a stream says which of its arguments is wrong, and when it is at its end", "[random][stream][errors]") {
    REQUIRE_THROWS_WITH(stream(-1), "stream: the seed must be >= 0, got -1");
    REQUIRE_THROWS_AS(stream(-1), argument_error);
    REQUIRE_THROWS_WITH(stream(1) / -7, "stream: a key must be >= 0, got -7");
    stream s(1);
    REQUIRE_THROWS_WITH(s.seek(stream::capacity + 1),
                        "stream::seek: position must be <= 18446744073709551600, got 18446744073709551601");
    REQUIRE(s.position() == 0);
    REQUIRE_THROWS_WITH(s.discard(stream::capacity / 2 + 1), "stream::discard: not so many numbers are left, got 9223372036854775801");
    s.seek(stream::capacity - 3);
    REQUIRE_THROWS_WITH(s.discard(2), "stream::discard: not so many numbers are left, got 2");
    (void)s.next_u32();
    (void)s.next_u64();
    REQUIRE(s.position() == stream::capacity);
    s.discard(0);
    REQUIRE_THROWS_WITH(s.next_u32(), "stream: all numbers are drawn, got 18446744073709551600");
    REQUIRE_THROWS_WITH(s.next_u64(), "stream: all numbers are drawn, got 18446744073709551600");
    REQUIRE_THROWS_AS(s(), argument_error);
    REQUIRE(s.position() == stream::capacity);
    s.seek(0);
    REQUIRE(s.next_u32() == stream(1).next_u32());
}
