// SPDX-License-Identifier: Apache-2.0
#include <xrayon/analyze/amdahl_law.hpp>

#include "../support/catch.hpp"

#include <cmath>
#include <limits>

using namespace xrayon;
using test::approx;

TEST_CASE("parallel_fraction inverts Amdahl's law on the five-row table of the guides", "[analyze][amdahl_law]") {
    // 1250, 650, 340, 180, 160 ms at 1, 2, 4, 8, 16 threads. By hand: p = (1 - 650/1250) / (1 - 1/2) = 0.48 / 0.5 = 0.96,
    // (1 - 340/1250) / (3/4) = 0.728 / 0.75, (1 - 180/1250) / (7/8) = 0.856 / 0.875, (1 - 160/1250) / (15/16) = 0.872 / 0.9375.
    REQUIRE(analyze::parallel_fraction(1250.0 / 650, 2) == approx(0.96).epsilon(1e-14));
    REQUIRE(analyze::parallel_fraction(1250.0 / 340, 4) == approx(0.728 / 0.75).epsilon(1e-14));
    REQUIRE(analyze::parallel_fraction(1250.0 / 180, 8) == approx(0.856 / 0.875).epsilon(1e-14));
    REQUIRE(analyze::parallel_fraction(1250.0 / 160, 16) == approx(0.872 / 0.9375).epsilon(1e-14));
    // The formula (Sn - n) / (Sn - 1), which is in circulation, gives .649, .781, .872, .879 for the same rows.
    const double wrong = (1250.0 / 650 * 2 - 2) / (1250.0 / 650 * 2 - 1);
    REQUIRE(wrong == approx(0.649).margin(5e-4));
    REQUIRE(analyze::parallel_fraction(1250.0 / 650, 2) - wrong > 0.3);
}

TEST_CASE("parallel_fraction recovers the share from exact speed-ups, against any baseline", "[analyze][amdahl_law]") {
    for (const double p : {0.0, 0.5, 0.9, 0.99, 1.0}) {
        for (const std::size_t baseline : {1u, 2u, 3u}) {
            for (const std::size_t threads : {4u, 7u, 64u, 1024u}) {
                const auto time = [&](std::size_t n) { return (1 - p) + p / static_cast<double>(n); };
                const double speed_up = time(baseline) / time(threads);
                CAPTURE(p, baseline, threads);
                REQUIRE(analyze::parallel_fraction(speed_up, threads, baseline) == approx(p).margin(1e-12));
                REQUIRE(analyze::karp_flatt_serial_part(speed_up, threads, baseline).value() == approx(1 - p).margin(1e-12));
            }
        }
    }
}

TEST_CASE("parallel_fraction cuts superlinear speed-ups and slowdowns off, the serial part of Karp and Flatt does not",
          "[analyze][amdahl_law]") {
    REQUIRE(analyze::parallel_fraction(5, 4) == 1);
    REQUIRE(analyze::parallel_fraction(0.5, 4) == 0);
    REQUIRE(analyze::parallel_fraction(0.5, 4, 2) == 0);
    // (1/5 - 1/4) / (3/4) = -1/15; (2 - 1/4) / (3/4) = 7/3.
    REQUIRE(analyze::karp_flatt_serial_part(5, 4).value() == approx(-1.0 / 15));
    REQUIRE(analyze::karp_flatt_serial_part(0.5, 4).value() == approx(7.0 / 3));
    // Against 2 threads, S = 1/2 at 4: 3/4 - (1/2) / (1/2) < 0, no share explains it.
    REQUIRE_FALSE(analyze::karp_flatt_serial_part(0.5, 4, 2).has_value());
}

TEST_CASE("the serial part of Karp and Flatt falls from 4.0 to 2.2 % on the five-row table, then rises", "[analyze][amdahl_law]") {
    REQUIRE(analyze::karp_flatt_serial_part(1250.0 / 650, 2).value() == approx(0.04));
    REQUIRE(analyze::karp_flatt_serial_part(1250.0 / 340, 4).value() == approx(0.022 / 0.75));
    REQUIRE(analyze::karp_flatt_serial_part(1250.0 / 180, 8).value() == approx(0.019 / 0.875));
    REQUIRE(analyze::karp_flatt_serial_part(1250.0 / 160, 16).value() == approx(0.0655 / 0.9375));
}

TEST_CASE("a parallel part of 90 % never gives more than a speed-up of 10", "[analyze][amdahl_law]") {
    REQUIRE(analyze::amdahl_limit(0.9) == approx(10).epsilon(1e-14));
    REQUIRE(analyze::amdahl_limit(0) == 1);
    REQUIRE(std::isinf(analyze::amdahl_limit(1)));
    REQUIRE(analyze::amdahl_speed_up(0.9, 1) == 1);
    REQUIRE(analyze::amdahl_speed_up(0.9, 9) == approx(5));  // 1 / (0.1 + 0.1)
    REQUIRE(analyze::amdahl_speed_up(1, 16) == 16);
    REQUIRE(analyze::amdahl_speed_up(0, 16) == 1);
    REQUIRE(analyze::amdahl_speed_up(0.9, 1000000) < 10);
}

TEST_CASE("the formulas of Amdahl's law say what is wrong", "[analyze][amdahl_law][errors]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    REQUIRE_THROWS_WITH(analyze::parallel_fraction(0, 4), "parallel_fraction: speed_up must be positive and finite, got 0");
    REQUIRE_THROWS_WITH(analyze::parallel_fraction(nan, 4), "parallel_fraction: speed_up must be positive and finite, got nan");
    REQUIRE_THROWS_WITH(analyze::parallel_fraction(2, 1), "parallel_fraction: threads must be above the baseline of 1, got 1");
    REQUIRE_THROWS_WITH(analyze::parallel_fraction(2, 4, 0), "parallel_fraction: baseline must be >= 1, got 0");
    REQUIRE_THROWS_WITH(analyze::karp_flatt_serial_part(2, 2, 2), "karp_flatt_serial_part: threads must be above the baseline of 2, got 2");
    REQUIRE_THROWS_WITH(analyze::amdahl_limit(1.5), "amdahl_limit: parallel_fraction must be in [0, 1], got 1.5");
    REQUIRE_THROWS_WITH(analyze::amdahl_speed_up(-0.5, 2), "amdahl_speed_up: parallel_fraction must be in [0, 1], got -0.5");
    REQUIRE_THROWS_WITH(analyze::amdahl_speed_up(0.5, 0), "amdahl_speed_up: threads must be >= 1, got 0");
}
