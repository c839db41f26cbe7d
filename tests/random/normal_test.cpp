// SPDX-License-Identifier: Apache-2.0
#include <xrayon/random/normal.hpp>

#include <algorithm>
#include <bit>
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

TEST_CASE("normal numbers have the bits that the definition gives", "[random][normal]") {
    stream plain = stream(42) / 7, scaled = plain;
    for (const std::uint64_t bits : golden::normal) {
        REQUIRE(test::bits_of(draw_normal(plain)) == bits);
    }
    REQUIRE(plain.position() == 2 * std::size(golden::normal));
    for (const std::uint64_t bits : golden::normal_scaled) {
        REQUIRE(test::bits_of(draw_normal(scaled, 0.3, 1.7)) == bits);
    }
}

TEST_CASE("every point of the normal curve has the bits that the definition gives", "[random][normal]") {
    for (const golden::point& point : golden::normal_points) {
        CAPTURE(point.word);
        REQUIRE(test::bits_of(detail::one_normal::run(point.word, 0, 1)) == point.bits);
        REQUIRE(test::bits_of(detail::run_one<detail::one_normal>(point.word, 0.0, 1.0)) == point.bits);
    }
    std::vector<std::uint32_t> words;
    for (const golden::point& point : golden::normal_points) {
        words.push_back(static_cast<std::uint32_t>(point.word));
        words.push_back(static_cast<std::uint32_t>(point.word >> 32));
    }
    for (const auto set : test::instruction_sets()) {
        std::vector<double> out(words.size() / 2);
        run_at<detail::normal_kernel<double>>(set, static_cast<const std::uint32_t*>(words.data()), out.size(), 0.0, 1.0,
                                                        out.data());
        for (std::size_t i = 0; i < out.size(); ++i) {
            CAPTURE(static_cast<int>(set), i);
            REQUIRE(test::bits_of(out[i]) == golden::normal_points[i].bits);
        }
    }
}

TEST_CASE("normal numbers are within 4 units in the last place of the true quantiles", "[random][normal]") {
    std::uint64_t worst = 0;
    for (const golden::point& point : golden::true_normal_points) {
        const std::uint64_t got = test::bits_of(detail::one_normal::run(point.word, 0, 1));
        CAPTURE(point.word);
        REQUIRE(got >> 63 == point.bits >> 63);
        REQUIRE(test::ulps_apart(got, point.bits) <= 4);
        worst = std::max(worst, test::ulps_apart(got, point.bits));
    }
    REQUIRE(worst >= 1);  // or else the table is our own output
}

TEST_CASE("the normal curve rises, is symmetric, and ends short of 8.3", "[random][normal]") {
    const auto at = [](std::uint64_t distance, bool below) {
        return detail::one_normal::run(distance << 11 | std::uint64_t{below} << 63, 0, 1);
    };
    REQUIRE(at(0, false) > 0);
    REQUIRE(at((std::uint64_t{1} << 52) - 1, false) < 8.3);
    REQUIRE(at((std::uint64_t{1} << 52) - 1, false) > 8.2);
    double last = 0;
    const std::uint64_t joint = 0xff22d678a25b3;
    const std::uint64_t steps = 4000;
    for (std::uint64_t i = 0; i <= steps; ++i) {
        const std::uint64_t distance = ((std::uint64_t{1} << 52) - 1) / steps * i;
        REQUIRE(at(distance, true) == -at(distance, false));
        REQUIRE(at(distance, false) > last);
        last = at(distance, false);
    }
    REQUIRE(at(joint - 100, false) < at(joint + 100, false));
    REQUIRE(!detail::is_normal_tail(joint << 11));
    REQUIRE(detail::is_normal_tail((joint + 1) << 11));
}

TEST_CASE("a normal fill is that many draws, cut anywhere, with every instruction set", "[random][normal]") {
    for (const std::uint64_t before : {0u, 1u, 2u, 4u, 13u}) {
        stream start = stream(6) / "fill";
        start.seek(before);
        constexpr std::size_t n = 1500;
        std::vector<double> expected;
        std::vector<float> rounded;
        stream draws = start;
        for (std::size_t i = 0; i < n; ++i) {
            expected.push_back(draw_normal(draws, -1.5, 0.25));
            rounded.push_back(static_cast<float>(expected.back()));
        }
        stream s = start;
        std::vector<double> got(n);
        fill_normal(s, got, -1.5, 0.25);
        REQUIRE(got == expected);
        REQUIRE(s == draws);
        s = start;
        std::vector<float> singles(n);
        fill_normal(s, singles, -1.5, 0.25);
        REQUIRE(singles == rounded);
        REQUIRE(s == draws);
        for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{512}, n}) {
            std::vector<double> pieces(n);
            fill_normal_at(start, cut, std::span(pieces).subspan(cut), -1.5, 0.25);
            fill_normal_at(start, 0, std::span(pieces).first(cut), -1.5, 0.25);
            REQUIRE(pieces == expected);
        }
        for (const auto set : test::instruction_sets()) {
            std::vector<double> out(n);
            std::vector<float> out_singles(n);
            const std::uint64_t first = before + before % 2;
            detail::fill_normal(set, start.address(), first, -1.5, 0.25, out.data(), n);
            detail::fill_normal(set, start.address(), first, -1.5, 0.25, out_singles.data(), n);
            CAPTURE(static_cast<int>(set));
            REQUIRE(out == expected);
            REQUIRE(out_singles == rounded);
        }
    }
}

TEST_CASE("normal numbers are normal", "[random][normal]") {
    constexpr std::size_t n = 400000;
    std::vector<double> x(n);
    fill_normal(stream(23) / "normal", x);
    double moments[5] = {};
    std::size_t beyond_2 = 0, beyond_3 = 0, beyond_4 = 0;
    std::vector<std::size_t> counts(64), pairs(64);
    const auto share = [](double v) { return 0.5 * std::erfc(-v / std::sqrt(2.0)); };  // equally likely cells
    for (std::size_t i = 0; i < n; ++i) {
        double power = 1;
        for (double& moment : moments) {
            moment += power;
            power *= x[i];
        }
        beyond_2 += std::abs(x[i]) > 2;
        beyond_3 += std::abs(x[i]) > 3;
        beyond_4 += std::abs(x[i]) > 4;
        ++counts[static_cast<std::size_t>(share(x[i]) * 64)];
        ++pairs[static_cast<std::size_t>(share(x[i]) * 8) * 8 + static_cast<std::size_t>(share(x[(i + 1) % n]) * 8)];
    }
    REQUIRE(test::chi_square(counts) < test::chi_square_bound(63));
    REQUIRE(test::chi_square(pairs) < test::chi_square_bound(63));
    // E z^k = 0, 1, 0, 3; variance of z^k: 1, 2, 15, 96
    const double expected[] = {1, 0, 1, 0, 3}, variance[] = {0, 1, 2, 15, 96};
    for (int k = 1; k <= 4; ++k) {
        CAPTURE(k);
        REQUIRE(std::abs(moments[k] - n * expected[k]) < test::one_in_a_million * std::sqrt(n * variance[k]));
    }
    // P(|z| > 2), 3, 4; the last one is Poisson with mean 25.3: 60 or more, or 5 or fewer, is rarer than one in a million
    const auto off = [&](std::size_t count, double p) {
        return std::abs(static_cast<double>(count) - n * p) / std::sqrt(n * p * (1 - p));
    };
    REQUIRE(off(beyond_2, 0.04550026389635842) < test::one_in_a_million);
    REQUIRE(off(beyond_3, 0.002699796063260207) < test::one_in_a_million);
    REQUIRE((beyond_4 > 5 && beyond_4 < 60));
}

TEST_CASE("a standard deviation of 0 gives the mean", "[random][normal]") {
    stream s(1);
    REQUIRE(draw_normal(s, 3.25, 0) == 3.25);
    std::vector<double> x(20);
    fill_normal(s, x, 3.25, 0);
    REQUIRE(x == std::vector<double>(20, 3.25));
}

TEST_CASE("normal numbers say which argument is wrong", "[random][normal][errors]") {
    stream s(1);
    const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
    std::vector<double> x(3);
    REQUIRE_THROWS_WITH(draw_normal(s, nan, 1), "draw_normal: mean must be finite, got nan");
    REQUIRE_THROWS_WITH(draw_normal(s, inf, 1), "draw_normal: mean must be finite, got inf");
    REQUIRE_THROWS_WITH(draw_normal(s, 0, -1), "draw_normal: stddev must be finite and >= 0, got -1");
    REQUIRE_THROWS_WITH(draw_normal(s, 0, nan), "draw_normal: stddev must be finite and >= 0, got nan");
    REQUIRE_THROWS_WITH(fill_normal(s, x, 0, inf), "fill_normal: stddev must be finite and >= 0, got inf");
    REQUIRE_THROWS_WITH(fill_normal_at(s, 0, x, 0, -0.5), "fill_normal_at: stddev must be finite and >= 0, got -0.5");
    REQUIRE_THROWS_AS(draw_normal(s, 0, -1), argument_error);
    REQUIRE(s.position() == 0);
    s.seek(stream::capacity - 4);
    REQUIRE_THROWS_WITH(fill_normal(s, x), test::contains("numbers that the stream has left = 2"));
}
