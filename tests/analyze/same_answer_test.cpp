// SPDX-License-Identifier: Apache-2.0
#include <xrayon/analyze/detail/same_answer.hpp>

#include "../support/catch.hpp"

#include <array>
#include <bit>
#include <limits>
#include <list>
#include <map>
#include <string>
#include <tuple>
#include <vector>

using namespace xrayon;
using analyze::detail::has_comparable_answer;
using analyze::detail::same_answer;

namespace {

struct no_equality {
    int value;
};

/// A container that, like an array of several axes, has a shape besides its elements.
struct shaped {
    std::vector<double> values;
    std::array<std::size_t, 2> extents;
    const std::array<std::size_t, 2>& shape() const { return extents; }
    auto begin() const { return values.begin(); }
    auto end() const { return values.end(); }
};

static_assert(has_comparable_answer<double>());
static_assert(has_comparable_answer<std::vector<std::vector<float>>>());
static_assert(has_comparable_answer<std::map<std::string, double>>());
static_assert(has_comparable_answer<std::tuple<int, std::vector<double>>>());
static_assert(!has_comparable_answer<no_equality>());
static_assert(!has_comparable_answer<std::vector<no_equality>>());
static_assert(!has_comparable_answer<std::pair<int, no_equality>>());

} // namespace

TEST_CASE("answers that are floating-point numbers are the same when their bits are", "[analyze][same_answer]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double other_nan = std::bit_cast<double>(std::bit_cast<std::uint64_t>(nan) + 1);
    REQUIRE(same_answer(1.5, 1.5));
    REQUIRE(same_answer(nan, nan));
    REQUIRE_FALSE(same_answer(nan, other_nan));
    REQUIRE_FALSE(same_answer(0.0, -0.0));
    REQUIRE_FALSE(same_answer(1.0, std::nextafter(1.0, 2.0)));
    REQUIRE(same_answer(std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::quiet_NaN()));
    REQUIRE_FALSE(same_answer(0.0f, -0.0f));
    REQUIRE(same_answer(std::numeric_limits<long double>::quiet_NaN(), std::numeric_limits<long double>::quiet_NaN()));
    REQUIRE(same_answer(2.5L, 2.5L));
    REQUIRE_FALSE(same_answer(0.0L, -0.0L));
}

TEST_CASE("answers that are ranges are compared element by element, and by shape", "[analyze][same_answer]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    using values = std::vector<double>;
    REQUIRE(same_answer(values{1, nan}, values{1, nan}));
    REQUIRE_FALSE(same_answer(values{1, 2}, values{1, 2, 3}));
    REQUIRE_FALSE(same_answer(values{1, 2, 3}, values{1, 2}));
    REQUIRE_FALSE(same_answer(values{1, 0.0}, values{1, -0.0}));
    REQUIRE(same_answer(values{}, values{}));
    REQUIRE(same_answer(std::vector<values>{{1}, {nan, 2}}, std::vector<values>{{1}, {nan, 2}}));
    REQUIRE_FALSE(same_answer(std::vector<values>{{1}, {nan, 2}}, std::vector<values>{{1}, {nan, 3}}));
    REQUIRE(same_answer(std::vector<bool>{true, false}, std::vector<bool>{true, false}));
    REQUIRE_FALSE(same_answer(std::vector<bool>{true, false}, std::vector<bool>{true, true}));
    REQUIRE(same_answer(std::list<int>{1, 2}, std::list<int>{1, 2}));
    REQUIRE_FALSE(same_answer(std::map<std::string, double>{{"a", 1.0}}, std::map<std::string, double>{{"a", 2.0}}));
    REQUIRE(same_answer(shaped{{1, nan}, {1, 2}}, shaped{{1, nan}, {1, 2}}));
    REQUIRE_FALSE(same_answer(shaped{{1, 2}, {1, 2}}, shaped{{1, 2}, {2, 1}}));
}

TEST_CASE("answers of other types are compared by member or by ==", "[analyze][same_answer]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    REQUIRE(same_answer(std::tuple{1, std::vector{nan}}, std::tuple{1, std::vector{nan}}));
    REQUIRE_FALSE(same_answer(std::tuple{1, 0.0}, std::tuple{1, -0.0}));
    REQUIRE_FALSE(same_answer(std::pair{1, 2}, std::pair{1, 3}));
    REQUIRE(same_answer(std::string("ab"), std::string("ab")));
    REQUIRE_FALSE(same_answer(7, 8));
}
