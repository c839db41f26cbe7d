// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/array_moments.hpp>

#include "../support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <xrayon/core/error.hpp>
#include <xrayon/core/moments.hpp>

using namespace xrayon;
using ml::array_moments;
using kind = array_moments::nan;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Element j of sample i; a little of everything.
double value(std::size_t i, std::size_t j) {
    switch (j) {
        case 0: return 1e9 + static_cast<double>(i % 3);
        case 1: return 0.1;
        case 2: return i == 3 ? not_a_number : static_cast<double>(i);
        case 3: return i % 4 == 1 ? infinity : 1.0 / static_cast<double>(i + 1);
        case 4: return i == 0 ? -infinity : static_cast<double>(i);
        case 5: return not_a_number;
        default: return std::sin(static_cast<double>(i * 7 + j));
    }
}
constexpr std::size_t width = 9;

std::vector<double> sample(std::size_t i) {
    std::vector<double> out(width);
    for (std::size_t j = 0; j < width; ++j) {
        out[j] = value(i, j);
    }
    return out;
}
array_moments of(std::size_t begin, std::size_t end, kind policy) {
    array_moments out;
    for (std::size_t i = begin; i < end; ++i) {
        out.add(std::span<const double>(sample(i)), policy);
    }
    return out;
}
bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// Each element has the bits of scalar moments that were added and merged in the same way.
void check_against_scalars(const array_moments& got, std::size_t split, std::size_t end, kind policy) {
    REQUIRE(got.size() == width);
    REQUIRE(got.samples() == end);
    for (std::size_t j = 0; j < width; ++j) {
        moments parts[2];
        for (std::size_t i = 0; i < end; ++i) {
            if (policy == kind::kept || !std::isnan(value(i, j))) {
                parts[i < split ? 0 : 1].add(value(i, j));
            }
        }
        parts[0].merge(parts[1]);
        INFO("element " << j << ", split at " << split << " of " << end);
        REQUIRE(got.count(j) == parts[0].count());
        REQUIRE(same(got.mean(j), parts[0].mean()));
        REQUIRE(same(got.stddev(j), parts[0].stddev()));
        REQUIRE(same(got.variance(j, 1), parts[0].variance(1)));
    }
}

} // namespace

TEST_CASE("array_moments: each element is what scalar moments give, with NaN kept or left out", "[ml][array_moments][U5][U7][U8][U9]") {
    for (const kind policy : {kind::kept, kind::left_out}) {
        for (const std::size_t split : {0u, 1u, 2u, 3u, 4u, 7u}) {
            for (const std::size_t end : {1u, 2u, 4u, 5u, 11u}) {
                if (split <= end) {
                    array_moments got = of(0, split, policy);
                    got.merge(of(split, end, policy));
                    check_against_scalars(got, split, end, policy);
                }
            }
        }
    }
}

TEST_CASE("array_moments: floats and integers are accumulated as doubles", "[ml][array_moments]") {
    array_moments got;
    const std::vector<float> floats{16777216.0f, 0.1f};
    const std::vector<int> integers{1, 2};
    for (int i = 0; i < 2; ++i) {
        got.add(std::span<const float>(floats));
        got.add(std::span<const int>(integers));
    }
    REQUIRE(got.mean(0) == 8388608.5);
    REQUIRE(got.mean(1) == (static_cast<double>(0.1f) + 2) / 2);
}

TEST_CASE("array_moments: memory is kept from one use to the next", "[ml][array_moments]") {
    array_moments got = of(0, 5, kind::left_out);
    const double* where = nullptr;
    for (const std::size_t size : {9u, 12u, 3u, 0u, 9u}) {
        got.start(size, kind::kept, [&](std::span<double> to) {
            REQUIRE(to.size() == size);
            REQUIRE((where == nullptr || where == to.data()));
            where = to.data();
            for (double& x : to) {
                x = 2;
            }
        });
        REQUIRE(got.samples() == 1);
        REQUIRE(got.size() == size);
        REQUIRE((size == 0 || (got.mean(size - 1) == 2 && got.stddev(size - 1) == 0 && got.count(0) == 1)));
    }
    REQUIRE_THROWS_AS(got.start(3, kind::kept, [](std::span<double>) { throw 1; }), int);
    REQUIRE(got.samples() == 0);
    got.clear();
    REQUIRE(got.size() == 0);
}

TEST_CASE("array_moments: a sample of another size is a shape_error", "[ml][array_moments][errors]") {
    array_moments got = of(0, 2, kind::kept);
    const std::vector<double> short_one(4);
    REQUIRE_THROWS_AS(got.add(std::span<const double>(short_one)), shape_error);
    array_moments other;
    other.add(std::span<const double>(short_one));
    REQUIRE_THROWS_WITH(got.merge(other), "array_moments: a sample has shape (4,), the first has (9,)");
    REQUIRE(got.samples() == 2);
}
