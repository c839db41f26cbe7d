// SPDX-License-Identifier: Apache-2.0
#include <xrayon/core/student_t.hpp>

#include "../support/catch.hpp"
#include "golden/student_t.hpp"

#include <cmath>
#include <limits>

using xrayon::student_t_bound;

TEST_CASE("student_t_bound: the table to 13 digits", "[core][student_t]") {
    for (const auto& [level, degrees, bound] : golden::student_t_cases) {
        INFO("level " << level << ", degrees " << degrees);
        CHECK(std::abs(student_t_bound(level, degrees) / bound - 1) <= 1e-13 + 1e-16 / (1 - level));
    }
}

TEST_CASE("student_t_bound: of many degrees it is the normal distribution's, by two terms of the expansion", "[core][student_t]") {
    // 1.959963984540054 is the 0.975 quantile of the normal distribution; Abramowitz and Stegun 26.7.5 for the rest.
    const double z = 1.959963984540054;
    for (const double degrees : {1e7, 2147483647.0, 1e12, 1e15, 1e300}) {
        const double expected = z + (z * z * z + z) / (4 * degrees);
        CHECK(std::abs(student_t_bound(0.95, degrees) / expected - 1) <= 1e-13);
    }
    CHECK(student_t_bound(0.95, 2.5) < student_t_bound(0.95, 2));
    CHECK(student_t_bound(0.95, 2.5) > student_t_bound(0.95, 3));
}

TEST_CASE("student_t_bound: levels at both ends of the scale", "[core][student_t]") {
    // Cauchy and 2 degrees have closed forms.
    CHECK(std::abs(student_t_bound(1e-300, 2) / (1e-300 * std::sqrt(2.0)) - 1) <= 1e-13);
    const double level = 1 - 0x1p-53;
    CHECK(std::abs(student_t_bound(level, 2) / (level * std::sqrt(2 / ((1 - level) * (1 + level)))) - 1) <= 1e-13);
    CHECK(std::isfinite(student_t_bound(level, 1e9)));
    CHECK(std::isfinite(student_t_bound(level, 0.5)));
}

TEST_CASE("student_t_bound: says which argument is wrong", "[core][student_t][errors]") {
    REQUIRE_THROWS_WITH(student_t_bound(1, 3), "student_t_bound: level must be inside (0, 1), got 1");
    REQUIRE_THROWS_WITH(student_t_bound(std::numeric_limits<double>::quiet_NaN(), 3), "student_t_bound: level must be inside (0, 1), got nan");
    REQUIRE_THROWS_WITH(student_t_bound(0.95, 0), "student_t_bound: degrees must be > 0, got 0");
}
