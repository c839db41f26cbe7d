// SPDX-License-Identifier: Apache-2.0
#include <xrayon/random/exponential.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "../support/catch.hpp"
#include "golden/random_numbers.hpp"
#include "statistics.hpp"

using namespace xrayon;

TEST_CASE("exponential numbers have the bits that the definition gives", "[random][exponential]") {
    stream s = stream(42) / 7;
    for (const std::uint64_t bits : golden::exponential) {
        REQUIRE(test::bits_of(draw_exponential(s, 3)) == bits);
    }
}

TEST_CASE("exponential numbers are within 3 units in the last place of the true logarithms", "[random][exponential]") {
    std::uint64_t worst = 0;
    for (const golden::point& point : golden::true_exponential_points) {
        const double got = detail::one_exponential::run(point.word, 1);
        CAPTURE(point.word);
        REQUIRE(test::ulps_apart(test::bits_of(got), point.bits) <= 3);
        worst = std::max(worst, test::ulps_apart(test::bits_of(got), point.bits));
    }
    REQUIRE(worst >= 1);
}

TEST_CASE("the smallest exponential number is 0, without a sign, with every instruction set", "[random][exponential]") {
    REQUIRE(test::bits_of(detail::negative_log(1.0)) == 0);
    REQUIRE(test::bits_of(detail::one_exponential::run(~std::uint64_t{0}, 3)) == 0);
    const std::vector<std::uint32_t> words(2 * 37, ~std::uint32_t{0});
    for (const auto set : test::instruction_sets()) {
        std::vector<double> out(37, 1.0);
        run_at<detail::exponential_kernel<double>>(set, words.data(), out.size(), 3.0, out.data());
        CAPTURE(static_cast<int>(set));
        REQUIRE(std::all_of(out.begin(), out.end(), [](double x) { return test::bits_of(x) == 0; }));
    }
}

TEST_CASE("the largest exponential number is 53 ln(2) / rate, or infinity where no number is so large", "[random][exponential]") {
    const double largest = 53 * std::log(2.0);
    REQUIRE(std::abs(detail::one_exponential::run(0, 1) - largest) < 1e-14 * largest);
    REQUIRE(std::isfinite(detail::one_exponential::run(0, 2.05e-307)));
    REQUIRE(detail::one_exponential::run(0, 2.04e-307) == std::numeric_limits<double>::infinity());
    std::vector<float> singles(1);
    const std::vector<std::uint32_t> words(2, 0);
    const auto largest_float = [&](double rate) {
        run_at<detail::exponential_kernel<float>>(instruction_set::portable, words.data(), std::size_t{1}, rate,
                                                            singles.data());
        return singles[0];
    };
    REQUIRE(std::isfinite(largest_float(1.09e-37)));
    REQUIRE(largest_float(1.07e-37) == std::numeric_limits<float>::infinity());
}

TEST_CASE("an exponential fill is that many draws, cut anywhere, with every instruction set", "[random][exponential]") {
    const stream start = stream(6) / "fill";
    constexpr std::size_t n = 1100;
    std::vector<double> expected;
    std::vector<float> rounded;
    stream draws = start;
    for (std::size_t i = 0; i < n; ++i) {
        expected.push_back(draw_exponential(draws, 0.7));
        rounded.push_back(static_cast<float>(expected.back()));
    }
    stream s = start;
    std::vector<double> got(n);
    fill_exponential(s, got, 0.7);
    REQUIRE(got == expected);
    REQUIRE(s == draws);
    std::vector<float> singles(n);
    fill_exponential(stream(start), singles, 0.7);
    REQUIRE(singles == rounded);
    std::vector<double> pieces(n);
    fill_exponential_at(start, 333, std::span(pieces).subspan(333), 0.7);
    fill_exponential_at(start, 0, std::span(pieces).first(333), 0.7);
    REQUIRE(pieces == expected);
    for (const auto set : test::instruction_sets()) {
        std::vector<double> out(n);
        detail::fill_exponential(set, start.address(), 0, 0.7, out.data(), n);
        CAPTURE(static_cast<int>(set));
        REQUIRE(out == expected);
    }
}

TEST_CASE("exponential numbers are exponential", "[random][exponential]") {
    constexpr std::size_t n = 200000;
    std::vector<double> x(n);
    fill_exponential(stream(31), x, 2);
    std::vector<std::size_t> counts(100);
    double sum = 0;
    for (const double v : x) {
        REQUIRE(v >= 0);
        sum += 2 * v - 1;
        ++counts[std::min<std::size_t>(99, static_cast<std::size_t>(-std::expm1(-2 * v) * 100))];
    }
    REQUIRE(test::chi_square(counts) < test::chi_square_bound(99));
    REQUIRE(std::abs(sum) < test::one_in_a_million * std::sqrt(static_cast<double>(n)));
}

TEST_CASE("exponential numbers say that the rate is wrong", "[random][exponential][errors]") {
    stream s(1);
    std::vector<double> x(3);
    REQUIRE_THROWS_WITH(draw_exponential(s, 0), "draw_exponential: rate must be finite and > 0, got 0");
    REQUIRE_THROWS_WITH(draw_exponential(s, -2), "draw_exponential: rate must be finite and > 0, got -2");
    REQUIRE_THROWS_WITH(fill_exponential(s, x, std::nan("")), "fill_exponential: rate must be finite and > 0, got nan");
    REQUIRE_THROWS_WITH(fill_exponential_at(s, 0, x, std::numeric_limits<double>::infinity()),
                        "fill_exponential_at: rate must be finite and > 0, got inf");
    REQUIRE(s.position() == 0);
}
