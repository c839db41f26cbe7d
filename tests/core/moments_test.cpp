// SPDX-License-Identifier: Apache-2.0
#include <xrayon/core/moments.hpp>

#include "../support/catch.hpp"
#include "golden/strd.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <xrayon/core/canonical_tree.hpp>

using xrayon::moments;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

moments one_by_one(std::span<const double> values) {
    moments out;
    for (const double x : values) {
        out.add(x);
    }
    return out;
}
/// Leaves of `leaf` values, merged along the canonical tree.
moments by_tree(std::span<const double> values, std::size_t leaf) {
    const std::size_t leaves = values.size() / leaf + (values.size() % leaf != 0);
    return xrayon::canonical_fold(
        0, leaves, [&](std::size_t i) { return one_by_one(values.subspan(i * leaf, std::min(leaf, values.size() - i * leaf))); },
        [](moments left, const moments& right) {
            left.merge(right);
            return left;
        });
}
double error_of(double got, double expected) { return std::abs(got - expected) / std::abs(expected); }

} // namespace

TEST_CASE("moments: NIST's univariate sets to 12 digits, one by one and along trees", "[core][moments][strd]") {
    for (const golden::strd_set& set : golden::strd_sets()) {
        for (const std::size_t leaf : {std::size_t{1}, std::size_t{2}, std::size_t{16}, set.values.size()}) {
            INFO(set.name << ", leaves of " << leaf);
            const moments got = by_tree(set.values, leaf);
            REQUIRE(got.count() == set.values.size());
            // The mean of the doubles to the last bit or the one before; the deviation to 14 digits, at any ratio of mean to deviation.
            CHECK(error_of(got.mean(), set.mean_of_doubles) <= 2.3e-16);
            CHECK(error_of(got.stddev(1), set.stddev_of_doubles) <= 1e-14);
            CHECK(error_of(got.mean(), set.mean) <= 1e-12);
            // Certified is the deviation of decimals. A double is off by up to 6e-17 of the mean, which the deviation sees relative to itself.
            CHECK(error_of(got.stddev(1), set.stddev) <= 1e-12 + 1.2e-16 * std::abs(set.mean / set.stddev));
        }
    }
}

TEST_CASE("moments: values near 1e9 keep all digits of their deviation", "[core][moments][U9]") {
    for (const std::size_t repeats : {std::size_t{1}, std::size_t{100}, std::size_t{333}}) {
        std::vector<double> values;
        for (std::size_t i = 0; i < repeats; ++i) {
            values.insert(values.end(), {1e9, 1e9 + 1, 1e9 + 2});
        }
        for (const std::size_t leaf : {std::size_t{1}, std::size_t{5}, values.size()}) {
            const moments got = by_tree(values, leaf);
            REQUIRE(got.mean() == 1e9 + 1);
            REQUIRE(error_of(got.stddev(), std::sqrt(2.0 / 3)) < 1e-15);
        }
    }
}

TEST_CASE("moments: of nothing, of one number, and of equal numbers", "[core][moments]") {
    moments got;
    REQUIRE(std::isnan(got.mean()));
    REQUIRE(std::isnan(got.variance()));
    got.merge(moments());
    REQUIRE(got.count() == 0);
    got.add(0.1);
    REQUIRE(got.mean() == 0.1);
    REQUIRE(got.stddev() == 0);
    REQUIRE(std::isnan(got.stddev(1)));
    moments negative_zero;
    negative_zero.add(-0.0);
    REQUIRE(std::signbit(negative_zero.mean()));
    for (int i = 0; i < 6; ++i) {
        got.add(0.1);
    }
    moments more = got;
    more.merge(got);
    moments into_empty;
    into_empty.merge(more);
    REQUIRE(into_empty.count() == 14);
    REQUIRE(into_empty.mean() == 0.1);
    REQUIRE(into_empty.stddev(1) == 0);
}

TEST_CASE("moments: infinities and NaN", "[core][moments][U8]") {
    // Whatever the order: the mean that a sum divided by the count has, and no deviation.
    const auto check = [](const std::vector<double>& values, double mean) {
        for (const std::size_t leaf : {1u, 2u, 5u}) {
            const moments got = by_tree(values, leaf);
            INFO("leaf " << leaf << ", mean " << got.mean());
            REQUIRE((std::isnan(mean) ? std::isnan(got.mean()) : got.mean() == mean));
            REQUIRE(std::isnan(got.stddev()));
        }
    };
    check({infinity}, infinity);
    check({1, 2, infinity, 3, 4}, infinity);
    check({-infinity, 1, 2, 3, 4}, -infinity);
    check({infinity, infinity, 1, infinity, 2}, infinity);
    check({1, infinity, 2, -infinity, 3}, not_a_number);
    check({-infinity, infinity}, not_a_number);
    check({1, 2, not_a_number}, not_a_number);
    check({not_a_number, 2, 3, 4, 5, 6}, not_a_number);
}
