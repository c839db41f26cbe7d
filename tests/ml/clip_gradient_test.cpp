// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/gradient/clip_gradient.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include <xrayon/exec/pool.hpp>

using namespace xrayon;
using ml::clip_by_norm;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

using network = std::tuple<xt::xtensor<double, 2>, std::vector<float>, double>;

/// Enough for several leaves and, in the large form, several tasks.
network network_of(std::size_t rows) {
    network g{xt::xtensor<double, 2>::from_shape({rows, 37}), std::vector<float>(1500), -0.25};
    for (std::size_t k = 0; k < std::get<0>(g).size(); ++k) {
        std::get<0>(g).data()[k] = std::ldexp(static_cast<double>(test::mix(k) >> 11), -53) - 0.5;
    }
    for (std::size_t k = 0; k < 1500; ++k) {
        std::get<1>(g)[k] = static_cast<float>(k) / 2048;
    }
    return g;
}

long double exact_norm(const network& g) {
    long double sum = 0;
    for (const double x : std::get<0>(g)) {
        sum += static_cast<long double>(x) * x;
    }
    for (const float x : std::get<1>(g)) {
        sum += static_cast<long double>(x) * x;
    }
    return std::sqrt(sum + static_cast<long double>(std::get<2>(g)) * std::get<2>(g));
}

} // namespace

TEST_CASE("clip_by_norm: one norm over all parameters, one factor for all elements, the same bits at every thread count",
          "[ml][gradient][clip_by_norm]") {
    for (const std::size_t rows : {1u, 100u, 3000u}) {
        const network before = network_of(rows);
        const long double norm = exact_norm(before);
        network expected;
        double expected_norm = 0;
        for (const std::size_t threads : test::thread_counts) {
            const pool workers(threads);
            workers.install([&] {
                network g = before;
                const double got = clip_by_norm(g, 2.5);
                REQUIRE(got == test::approx(static_cast<double>(norm)).epsilon(1e-14));
                REQUIRE(ml::gradient_norm(before) == got);
                REQUIRE(ml::gradient_norm(g) == test::approx(2.5).epsilon(1e-7));  // floats are rounded
                const double factor = 2.5 / got;
                REQUIRE(std::get<0>(g)(0, 5) == test::approx(std::get<0>(before)(0, 5) * factor).epsilon(1e-15));
                REQUIRE(std::get<2>(g) == test::approx(-0.25 * factor).epsilon(1e-15));
                if (threads == 1) {
                    expected = g;
                    expected_norm = got;
                }
                REQUIRE(g == expected);
                REQUIRE(got == expected_norm);
                // What is short enough is not touched.
                REQUIRE(clip_by_norm(g, 1e9) <= 2.5 * (1 + 1e-6));
                REQUIRE(g == expected);
                REQUIRE(clip_by_norm(g, infinity) <= 2.5 * (1 + 1e-6));
                REQUIRE(g == expected);
            });
        }
    }
}

TEST_CASE("clip_by_norm: no square over- or underflows", "[ml][gradient][clip_by_norm]") {
    std::vector<double> huge{3e300, 4e300};
    REQUIRE(clip_by_norm(huge, 1) == test::approx(5e300).epsilon(1e-15));
    REQUIRE(huge[0] == test::approx(0.6).epsilon(1e-15));
    REQUIRE(huge[1] == test::approx(0.8).epsilon(1e-15));
    std::vector<double> tiny{3e-310, -4e-310};
    REQUIRE(clip_by_norm(tiny, 1) == test::approx(5e-310).epsilon(1e-12));
    REQUIRE(tiny == std::vector<double>{3e-310, -4e-310});
    REQUIRE(clip_by_norm(tiny, 1e-310) == test::approx(5e-310).epsilon(1e-12));
    REQUIRE(tiny[0] == test::approx(0.6e-310).epsilon(1e-12));
    // The norm is beyond the doubles, what is clipped is not.
    std::vector<double> beyond(16, 1.5e308);
    REQUIRE(clip_by_norm(beyond, 8) == infinity);
    for (const double x : beyond) {
        REQUIRE(x == test::approx(2).epsilon(1e-15));
    }
    std::vector<double> smallest(4, std::numeric_limits<double>::denorm_min());
    REQUIRE(ml::gradient_norm(smallest) == 2 * std::numeric_limits<double>::denorm_min());
    std::vector<double> large(4, 1e300);
    REQUIRE(clip_by_norm(large, 1e-10) == test::approx(2e300).epsilon(1e-15));
    REQUIRE(large[2] == test::approx(5e-11).epsilon(1e-14));
    std::vector<float> floats{3e38f, 3e38f};
    REQUIRE(clip_by_norm(floats, 1e38) == test::approx(static_cast<double>(3e38f) * std::sqrt(2.0)).epsilon(1e-14));
    REQUIRE(floats[0] == test::approx(1e38 / std::sqrt(2.0)).epsilon(1e-6));
}

TEST_CASE("clip_by_norm: 0 and nothing have norm 0", "[ml][gradient][clip_by_norm][G15]") {
    std::vector<double> zero(5);
    REQUIRE(clip_by_norm(zero, 1) == 0);
    REQUIRE(zero == std::vector<double>(5));
    xt::xarray<double> empty = xt::xarray<double>::from_shape({0});
    REQUIRE(clip_by_norm(empty, 1) == 0);
    REQUIRE(ml::gradient_norm(-3.0f) == 3);
}

TEST_CASE("clip_by_norm: says what is wrong, and leaves the gradient as it is", "[ml][gradient][clip_by_norm][errors][G12]") {
    std::vector<std::vector<double>> g{{3}, {4, 12}};
    REQUIRE_THROWS_AS(clip_by_norm(g, 0), argument_error);
    REQUIRE_THROWS_WITH(clip_by_norm(g, 0), "clip_by_norm: max_norm must be > 0, got 0");
    REQUIRE_THROWS_WITH(clip_by_norm(g, -1), "clip_by_norm: max_norm must be > 0, got -1");
    REQUIRE_THROWS_WITH(clip_by_norm(g, not_a_number), "clip_by_norm: max_norm must be > 0, got nan");
    REQUIRE_THROWS_WITH(ml::clip_by_value(g, 0), "clip_by_value: limit must be > 0, got 0");
    REQUIRE(g == std::vector<std::vector<double>>{{3}, {4, 12}});
    REQUIRE(clip_by_norm(g, 6.5) == 13);
    REQUIRE(g == std::vector<std::vector<double>>{{1.5}, {2, 6}});
    g[1][1] = not_a_number;
    REQUIRE_THROWS_AS(clip_by_norm(g, 1), argument_error);
    REQUIRE_THROWS_WITH(clip_by_norm(g, 1), "clip_by_norm: parameter 1 element 1 must be finite, got nan");
    g[0][0] = -infinity;
    REQUIRE_THROWS_WITH(ml::gradient_norm(g), "gradient_norm: parameter 0 element 0 must be finite, got -inf");
    REQUIRE(g[1][0] == 2);
}

TEST_CASE("clip_by_value: each element by itself", "[ml][gradient][clip_by_value]") {
    std::tuple<std::vector<double>, std::vector<float>> g{{-5, -0.5, 0, 0.5, infinity, not_a_number}, {0.25f, -3}};
    ml::clip_by_value(g, 1);
    REQUIRE(std::vector<double>(std::get<0>(g).begin(), std::get<0>(g).begin() + 5) == std::vector<double>{-1, -0.5, 0, 0.5, 1});
    REQUIRE(std::isnan(std::get<0>(g)[5]));
    REQUIRE(std::get<1>(g) == std::vector<float>{0.25f, -1});
    ml::clip_by_value(std::get<1>(g), 0.1);  // 0.1f is above 0.1
    REQUIRE(static_cast<double>(std::get<1>(g)[0]) <= 0.1);
    std::vector<double> large(300'000, 2);
    ml::clip_by_value(large, 1.5);
    REQUIRE(large == std::vector<double>(300'000, 1.5));
}
