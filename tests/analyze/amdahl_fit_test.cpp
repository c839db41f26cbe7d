// SPDX-License-Identifier: Apache-2.0
#include <xrayon/analyze/amdahl_fit.hpp>

#include "../support/catch.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace xrayon;
using analyze::amdahl_fit;
using analyze::timed_threads;
using test::approx;

TEST_CASE("amdahl_fit gives the exact solution of the weighted normal equations on the table of the guides", "[analyze][amdahl_fit]") {
    // 1250, 650, 340, 180 ms at 1, 2, 4, 8 threads (16 on 8 cores is left out). With w = 1/T^2 and x = 1/n, in rational arithmetic:
    //   sum w   =  525689117 / 12362878125000     sum w T   =  26939 / 2486250
    //   sum w x = 1551607747 / 197806050000000    sum w x T = 119299 / 39780000
    //   sum w x^2 = 3567830101 / 1582448400000000
    //   a = (sum wxx sum wT - sum wx sum wxT) / (sum w sum wxx - (sum wx)^2) = 14323373700 / 543422129 ms = 26.3577 ms
    //   b = (sum w sum wxT - sum wx sum wT) / (same)                         = 672995068800 / 543422129 ms = 1238.4388 ms
    // p = b / (a + b) = 97.916 %, limit (a + b) / a = 47.986; relative residuals -1.1837, +0.6804, +1.1860, -0.6459 %.
    const double sw = 525689117.0 / 12362878125000;
    const double swx = 1551607747.0 / 197806050000000;
    const double swxx = 3567830101.0 / 1582448400000000;
    const double swt = 26939.0 / 2486250;
    const double swxt = 119299.0 / 39780000;
    const double determinant = sw * swxx - swx * swx;
    const double a = (swxx * swt - swx * swxt) / determinant;
    const double b = (sw * swxt - swx * swt) / determinant;
    REQUIRE(a == approx(14323373700.0 / 543422129).epsilon(1e-10));
    REQUIRE(b == approx(672995068800.0 / 543422129).epsilon(1e-10));

    const auto fit = amdahl_fit({{1, 1.25}, {2, 0.65}, {4, 0.34}, {8, 0.18}, {16, 0.16}}, {.cores = 8});
    REQUIRE(fit.serial_seconds == approx(14.3233737 / 543.422129).epsilon(1e-12));
    REQUIRE(fit.parallel_seconds == approx(672.9950688 / 543.422129).epsilon(1e-12));
    REQUIRE(fit.parallel_fraction == approx(0.9791604985195781).epsilon(1e-12));
    REQUIRE(fit.max_speed_up == approx(47.98579279545014).epsilon(1e-12));
    REQUIRE(fit.fit_error == approx(0.011860473941060283).epsilon(1e-10));
    REQUIRE(fit.trusted);
    REQUIRE(fit.reason.empty());
    REQUIRE(fit.counts_fitted == 4);
    REQUIRE(fit.most_threads_fitted == 8);
    REQUIRE(fit.superlinear.empty());
    REQUIRE(fit.slowdown.empty());

    REQUIRE(fit.residuals.size() == 5);
    REQUIRE(fit.residuals[0].relative == approx(-0.011837252582697088).epsilon(1e-10));
    REQUIRE(fit.residuals[3].relative == approx(-0.0064588021221344116).epsilon(1e-10));
    REQUIRE_FALSE(fit.residuals[3].left_out);
    REQUIRE(fit.residuals[4].left_out);
    REQUIRE(fit.residuals[4].threads == 16);
    REQUIRE(fit.residuals[4].fitted == approx((14.3233737 + 672.9950688 / 16) / 543.422129));
    REQUIRE(fit.residuals[4].relative > 0.3);  // shown, but not what fit_error is
    REQUIRE(fit.speed_up_at(1) == 1);
    REQUIRE(fit.speed_up_at(8) == approx((14.3233737 + 672.9950688) / (14.3233737 + 672.9950688 / 8)));
    REQUIRE(fit.seconds_at(1) == approx((14.3233737 + 672.9950688) / 543.422129));
}

TEST_CASE("amdahl_fit recovers the parallel part of exact times, also without a count of 1", "[analyze][amdahl_fit]") {
    for (const double p : {0.0, 0.5, 0.9, 0.99, 1.0}) {
        for (const std::vector<std::size_t>& counts : {std::vector<std::size_t>{1, 2, 4, 8}, {2, 3, 5}, {64, 1, 1024}}) {
            std::vector<timed_threads> points;
            for (const std::size_t n : counts) {
                points.push_back({n, 3.7 * ((1 - p) + p / static_cast<double>(n))});
            }
            const auto fit = amdahl_fit(points);
            CAPTURE(p, counts.front());
            REQUIRE(fit.parallel_fraction == approx(p).margin(1e-12));
            REQUIRE(fit.fit_error < 1e-12);
            REQUIRE(fit.trusted);
            REQUIRE(fit.superlinear.empty());
            REQUIRE(fit.slowdown.empty());
            if (p < 1) {
                REQUIRE(fit.max_speed_up == approx(1 / (1 - p)).epsilon(1e-9));
            } else {
                REQUIRE(std::isinf(fit.max_speed_up));
            }
        }
    }
    for (int i = 1; i <= 1000; ++i) {  // times of a perfect scaling have no serial part, not one of 1e-16
        const double t = 1e-3 * i;
        REQUIRE(std::isinf(amdahl_fit({{1, t}, {2, t / 2}, {4, t / 4}}).max_speed_up));
    }
    const auto ten = amdahl_fit({{1, 10.0}, {3, 4.0}, {9, 2.0}});  // 1 + 9/n
    REQUIRE(ten.max_speed_up == approx(10));
}

TEST_CASE("amdahl_fit stays on the edge where the best law has a negative part", "[analyze][amdahl_fit][A8][A9]") {
    // Superlinear: 8 s, 3 s, 1 s at 1, 2, 4. With a = 0 the minimum of sum (1 - b x / T)^2 is b = sum v / sum v^2 for v = x/T =
    // 1/8, 1/6, 1/4: (13/24) / (61/576) = 312/61.
    const auto fast = amdahl_fit({{1, 8.0}, {2, 3.0}, {4, 1.0}});
    REQUIRE(fast.serial_seconds == 0);
    REQUIRE(fast.parallel_seconds == approx(312.0 / 61));
    REQUIRE(fast.parallel_fraction == 1);
    REQUIRE(std::isinf(fast.max_speed_up));
    REQUIRE(fast.superlinear == std::vector<std::size_t>{2, 4});
    REQUIRE_FALSE(fast.trusted);
    // Slowdown: 1 s, 2 s, 3 s. With b = 0, u = 1/T = 1, 1/2, 1/3: a = (11/6) / (49/36) = 66/49.
    const auto slow = amdahl_fit({{1, 1.0}, {2, 2.0}, {4, 3.0}});
    REQUIRE(slow.parallel_seconds == 0);
    REQUIRE(slow.serial_seconds == approx(66.0 / 49));
    REQUIRE(slow.parallel_fraction == 0);
    REQUIRE(slow.max_speed_up == 1);
    REQUIRE(slow.slowdown == std::vector<std::size_t>{2, 4});
    REQUIRE_FALSE(slow.trusted);
}

TEST_CASE("amdahl_fit says when the law does not hold, and why", "[analyze][amdahl_fit]") {
    // A third thread that buys nothing: no a + b/n comes near.
    const auto bent = amdahl_fit({{1, 1.0}, {2, 0.5}, {3, 0.5}, {4, 0.25}});
    REQUIRE_FALSE(bent.trusted);
    REQUIRE_THAT(bent.reason, test::contains("misses a point by") && test::contains("more than 5.0 %"));
    REQUIRE(amdahl_fit({{1, 1.0}, {2, 0.5}, {3, 0.5}, {4, 0.25}}, {.trusted_error = 0.9}).trusted);
    const auto two = amdahl_fit({{1, 1.0}, {2, 0.6}});
    REQUIRE(two.parallel_fraction == approx(0.8));  // a = 0.2, b = 0.8: two points, two unknowns
    REQUIRE_FALSE(two.trusted);
    REQUIRE(two.reason == "two thread counts fit any law of two unknowns");
}

TEST_CASE("amdahl_fit takes several times per count", "[analyze][amdahl_fit]") {
    // Equal relative scatter about 1 + 1/n at both counts: the weights keep the law that the scatter is about, up to a common factor.
    const auto fit = amdahl_fit({{1, 2.0 * 0.9}, {1, 2.0 * 1.1}, {2, 1.5 * 0.9}, {2, 1.5 * 1.1}});
    REQUIRE(fit.parallel_fraction == approx(0.5));
    REQUIRE(fit.counts_fitted == 2);
}

TEST_CASE("amdahl_fit of a report uses its medians and leaves out counts above its cores", "[analyze][amdahl_fit]") {
    analyze::scalability_report report;
    report.cores = 4;
    for (const std::size_t n : {1u, 2u, 4u, 8u}) {
        analyze::scaling_point point;
        point.threads = n;
        point.median = n == 8 ? 100.0 : 1 + 3 / static_cast<double>(n);
        report.points.push_back(point);
    }
    const auto fit = amdahl_fit(report);
    REQUIRE(fit.parallel_fraction == approx(0.75));
    REQUIRE(fit.residuals.back().left_out);
    REQUIRE(fit.trusted);
    report.cores = 1;
    REQUIRE_THROWS_WITH(amdahl_fit(report), "amdahl_fit: needs at least 2 thread counts within the 1 usable core, got 1");
}

TEST_CASE("amdahl_fit says which point is wrong", "[analyze][amdahl_fit][errors][A10][A11]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    REQUIRE_THROWS_WITH(amdahl_fit(std::vector<timed_threads>{}), "amdahl_fit: needs at least 2 thread counts, got 0");
    REQUIRE_THROWS_WITH(amdahl_fit({{4, 1.0}, {4, 1.1}}), "amdahl_fit: needs at least 2 thread counts, got 1");
    REQUIRE_THROWS_WITH(amdahl_fit({{1, 1.0}, {2, 1.0}, {4, nan}}), "amdahl_fit: point 2: duration must be positive and finite, got nan");
    REQUIRE_THROWS_WITH(amdahl_fit({{1, infinity}, {2, 1.0}}), "amdahl_fit: point 0: duration must be positive and finite, got inf");
    REQUIRE_THROWS_WITH(amdahl_fit({{1, 1.0}, {2, 0.0}}), "amdahl_fit: point 1: duration must be positive and finite, got 0");
    REQUIRE_THROWS_WITH(amdahl_fit({{1, 1.0}, {2, -3.0}}), "amdahl_fit: point 1: duration must be positive and finite, got -3");
    REQUIRE_THROWS_WITH(amdahl_fit({{0, 1.0}, {2, 1.0}}), "amdahl_fit: point 0: threads must be >= 1, got 0");
    REQUIRE_THROWS_WITH(amdahl_fit({{1, 1.0}, {2, 1.0}}, {.trusted_error = 0}),
                        "amdahl_fit: options.trusted_error must be positive, got 0");
    REQUIRE_THROWS_WITH(amdahl_fit({{1, 1.0}, {2, 0.5}}).speed_up_at(0), "amdahl_speed_up: threads must be >= 1, got 0");
    REQUIRE_THROWS_AS(amdahl_fit({{1, 1.0}}), argument_error);
}
