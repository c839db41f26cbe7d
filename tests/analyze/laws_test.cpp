// SPDX-License-Identifier: Apache-2.0
// The laws beside Amdahl's, and which of them holds.
#include <xrayon/analyze/best_law.hpp>

#include "../support/catch.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <xrayon/analyze/gustafson_fit.hpp>
#include <xrayon/analyze/summary.hpp>
#include <xrayon/analyze/usl_fit.hpp>

#include "seed_report.hpp"

using namespace xrayon;
using analyze::timed_threads;
using analyze::usl_fit;
using test::approx;

namespace {

/// The measurements in B. Schwartz's book on the law; golden/make_usl.py says what NumPy makes of them.
std::vector<timed_threads> cisco() {
    const std::vector<double> throughput{955.16,   1878.91,  2688.01,  3548.68,  4315.54,  5130.43,  5931.37,  6531.08,
                                         7219.80,  7867.61,  8278.71,  8646.70,  9047.84,  9426.55,  9645.37,  9897.24,
                                         10097.60, 10240.50, 10532.39, 10798.52, 11151.43, 11518.63, 11806.00, 12089.37,
                                         12075.41, 12177.29, 12211.41, 12158.93, 12155.27, 12118.04, 12140.40, 12074.39};
    std::vector<timed_threads> points;
    for (std::size_t i = 0; i < throughput.size(); ++i) {
        points.push_back({i + 1, 1 / throughput[i]});
    }
    return points;
}

double usl_time(double one, double sigma, double kappa, double n) { return one * (1 + sigma * (n - 1) + kappa * n * (n - 1)) / n; }

analyze::scalability_report report_of(const std::vector<std::size_t>& counts, double sigma, double kappa, double noise) {
    std::vector<analyze::measured_runs> runs;
    for (const std::size_t n : counts) {
        const double t = usl_time(2, sigma, kappa, static_cast<double>(n));
        std::vector<double> seconds;
        for (int k = -5; k <= 5; ++k) {
            seconds.push_back(t * (1 + noise * k / 5 * (n % 3 == 0 ? -1 : 1)));
        }
        runs.push_back({.threads = n, .seconds = seconds});
    }
    return analyze::summarize_runs(runs, {.cores = 64, .answer_checked = true});
}

} // namespace

TEST_CASE("usl_fit gives NumPy's weighted least squares on the book's measurements", "[analyze][usl_fit]") {
    const auto fit = usl_fit(cisco());
    REQUIRE(1 / fit.one_thread_seconds == approx(960.0482264913798).epsilon(1e-10));
    REQUIRE(fit.sigma == approx(0.020280383856552762).epsilon(1e-9));
    REQUIRE(fit.kappa == approx(0.0008958214418763069).epsilon(1e-9));
    REQUIRE(fit.peak_threads == approx(33.07045538120274).epsilon(1e-9));
    REQUIRE(fit.fit_error == approx(0.04066038055468668).epsilon(1e-8));
    REQUIRE(fit.trusted);
    REQUIRE(fit.sigma_interval.state == analyze::interval_state::one_value);
    // The book fits throughputs without weights: other numbers, the same story.
    REQUIRE(fit.sigma == approx(0.02671591).epsilon(0.3));
    REQUIRE(fit.kappa == approx(7.690945e-4).epsilon(0.2));
}

TEST_CASE("usl_speed_up and usl_peak give the book's peak for the book's parameters", "[analyze][usl_fit]") {
    REQUIRE(std::floor(analyze::usl_peak(0.02671591, 7.690945e-4)) == 35);
    REQUIRE(995.6486 * analyze::usl_speed_up(0.02671591, 7.690945e-4, 35) == approx(12341).epsilon(1e-4));
    REQUIRE(analyze::usl_speed_up(0.1, 0, 1) == 1);
    REQUIRE(analyze::usl_speed_up(0.1, 0, 10) == approx(10 / 1.9));  // Amdahl's law with p = 0.9
    REQUIRE(std::isinf(analyze::usl_peak(0.1, 0)));
    REQUIRE(analyze::usl_peak(0, 0.25) == 2);
    REQUIRE(analyze::usl_peak(0.5, 10) == 1);
    REQUIRE(analyze::usl_peak(1, 0) == 1);
    REQUIRE_THROWS_WITH(analyze::usl_speed_up(-0.1, 0, 1), "usl_speed_up: sigma must be >= 0, got -0.1");
    REQUIRE_THROWS_WITH(analyze::usl_speed_up(0, std::numeric_limits<double>::quiet_NaN(), 1), "usl_speed_up: kappa must be >= 0, got nan");
    REQUIRE_THROWS_WITH(analyze::usl_speed_up(0, 0, 0), "usl_speed_up: threads must be >= 1, got 0");
}

TEST_CASE("usl_fit recovers exact parameters, and stays at 0 where the best one is negative", "[analyze][usl_fit]") {
    for (const double sigma : {0.0, 0.02, 0.3}) {
        for (const double kappa : {0.0, 1e-4, 0.01}) {
            std::vector<timed_threads> points;
            for (const std::size_t n : {1u, 2u, 3u, 4u, 8u, 16u, 32u}) {
                points.push_back({n, usl_time(3.7, sigma, kappa, static_cast<double>(n))});
            }
            const auto fit = usl_fit(points);
            CAPTURE(sigma, kappa);
            REQUIRE(fit.one_thread_seconds == approx(3.7).epsilon(1e-10));
            REQUIRE(fit.sigma == approx(sigma).margin(1e-10));
            REQUIRE(fit.kappa == approx(kappa).margin(1e-10));
            REQUIRE(fit.trusted);
        }
    }
    // Better than ideal: sigma and kappa would be negative; T = a / n alone is left, a = sum v / sum v^2 with v = 1 / (n T).
    const auto fast = usl_fit({{1, 8.0}, {2, 3.0}, {4, 1.0}, {8, 0.4}});
    REQUIRE(fast.sigma == 0);
    REQUIRE(fast.kappa == 0);
    const double v[] = {1.0 / 8, 1.0 / 6, 1.0 / 4, 1.0 / 3.2};
    double sum = 0;
    double squares = 0;
    for (const double each : v) {
        sum += each;
        squares += each * each;
    }
    REQUIRE(fast.one_thread_seconds == approx(sum / squares));
    REQUIRE(fast.superlinear == std::vector<std::size_t>{2, 4, 8});
    // Three counts fit any law of three unknowns.
    const auto few = usl_fit({{1, 1.0}, {2, 0.6}, {4, 0.5}});
    REQUIRE_FALSE(few.trusted);
    REQUIRE(few.reason == "three thread counts fit any law of three unknowns");
    REQUIRE_THROWS_WITH(usl_fit({{2, 1.0}}), "usl_fit: needs at least 2 thread counts, got 1");
}

TEST_CASE("intervals of fits hold the truth, and shrink with the noise", "[analyze][usl_fit][amdahl_fit]") {
    const std::vector<std::size_t> counts{1, 2, 4, 8, 16, 32};
    double width = 0;
    for (const double noise : {0.02, 0.002}) {
        const auto report = report_of(counts, 0.05, 0.002, noise);
        const auto fit = usl_fit(report);
        CAPTURE(noise);
        REQUIRE(fit.sigma_interval.state == analyze::interval_state::enough_values);
        REQUIRE(fit.sigma_interval.lower < 0.05);
        REQUIRE(fit.sigma_interval.upper > 0.05);
        REQUIRE(fit.kappa_interval.lower < 0.002);
        REQUIRE(fit.kappa_interval.upper > 0.002);
        REQUIRE((width == 0 || fit.kappa_interval.upper - fit.kappa_interval.lower < 0.2 * width));
        width = fit.kappa_interval.upper - fit.kappa_interval.lower;
        const auto amdahl = analyze::amdahl_fit(report_of(counts, 0.1, 0, noise));
        REQUIRE(amdahl.parallel_fraction_interval.lower < 0.9);
        REQUIRE(amdahl.parallel_fraction_interval.upper > 0.9);
        REQUIRE(amdahl.max_speed_up_interval.lower == approx(1 / (1 - amdahl.parallel_fraction_interval.lower)));
    }
    // The same report gives the same bits.
    const auto report = report_of(counts, 0.05, 0.002, 0.02);
    REQUIRE(usl_fit(report).kappa_interval.lower == usl_fit(report).kappa_interval.lower);
}

TEST_CASE("best_law names the law that made the times, or none", "[analyze][best_law]") {
    const std::vector<std::size_t> counts{1, 2, 4, 8, 16, 32};
    const auto contended = analyze::best_law(report_of(counts, 0.05, 0.002, 0.01));
    REQUIRE(contended.law == analyze::scaling_law::usl);
    REQUIRE(analyze::law_name(contended.law) == "the Universal Scalability Law");
    const auto serial = analyze::best_law(report_of(counts, 0.1, 0, 0.01));
    REQUIRE(serial.law == analyze::scaling_law::amdahl);
    REQUIRE_THAT(serial.reason, test::contains("is not seen"));
    const auto guide = analyze::best_law(test::seed_report());
    REQUIRE(guide.law == analyze::scaling_law::amdahl);
    REQUIRE(guide.amdahl.parallel_fraction == approx(0.979).margin(0.0005));
    // A thread that buys nothing, then one that buys a lot.
    auto bent = analyze::summarize_runs({{.threads = 1, .seconds = {1}},
                                         {.threads = 2, .seconds = {0.5}},
                                         {.threads = 3, .seconds = {0.5}},
                                         {.threads = 4, .seconds = {0.1}}},
                                        {.cores = 4});
    REQUIRE(analyze::best_law(bent).law == analyze::scaling_law::none);
    REQUIRE_THAT(analyze::best_law(bent).reason, test::contains("misses a point by"));
}

TEST_CASE("gustafson_fit gives the serial share of weak scaling", "[analyze][gustafson_fit]") {
    REQUIRE(analyze::gustafson_speed_up(0.004, 1024) == approx(1019.908));  // 1024 - 1023 * 0.004
    for (const double alpha : {0.0, 0.01, 0.5, 1.0}) {
        std::vector<timed_threads> points;
        for (const std::size_t n : {4u, 1u, 2u, 16u}) {
            points.push_back({n, 2.5 * static_cast<double>(n) / (static_cast<double>(n) - alpha * static_cast<double>(n - 1))});
        }
        const auto fit = analyze::gustafson_fit(points);
        CAPTURE(alpha);
        REQUIRE(fit.serial_fraction == approx(alpha).margin(1e-12));
        REQUIRE(fit.one_thread_seconds == 2.5);
        REQUIRE(fit.trusted);
        REQUIRE(fit.seconds_at(16) == approx(points.back().seconds));
    }
    const auto two_counts = analyze::gustafson_fit({{1, 1.0}, {2, 1.1}});
    REQUIRE_FALSE(two_counts.trusted);
    REQUIRE(two_counts.reason == "two thread counts fit any law of two unknowns");
    REQUIRE(analyze::gustafson_fit({{1, 1.0}, {2, 0.5}}).serial_fraction == 0);  // faster than ideal
    REQUIRE_THROWS_WITH(analyze::gustafson_fit({{2, 1.0}, {4, 1.0}}),
                        "gustafson_fit: needs a time at 1 thread; the smallest count must be 1, got 2");
    // n (1 - alpha) + alpha against itself at the baseline, solved for alpha
    REQUIRE(analyze::gustafson_serial_part(7.0, 8) == approx(1.0 / 7));
    for (const std::size_t baseline : {1u, 2u, 3u}) {
        const double measured = analyze::gustafson_speed_up(0.1, 8) / analyze::gustafson_speed_up(0.1, baseline);
        REQUIRE(*analyze::gustafson_serial_part(measured, 8, baseline) == approx(0.1));
    }
    REQUIRE_FALSE(analyze::gustafson_serial_part(7.5, 8, 2));
    REQUIRE_THROWS_WITH(analyze::gustafson_serial_part(1, 2, 2), "gustafson_serial_part: threads must be above the baseline of 2, got 2");
    REQUIRE_THROWS_WITH(analyze::gustafson_speed_up(1.5, 2), "gustafson_speed_up: serial_fraction must be in [0, 1], got 1.5");
}

TEST_CASE("a report of weak scaling has scaled speed-ups, Gustafson's law and no other", "[analyze][gustafson_fit][summarize_runs]") {
    // Work that grows with the threads: 1 s, and then the time that a serial share of 0.1 leaves: n / (n - 0.1 (n - 1)).
    std::vector<analyze::measured_runs> runs;
    for (const std::size_t n : {1u, 2u, 4u}) {
        const double seconds = static_cast<double>(n) / (static_cast<double>(n) - 0.1 * static_cast<double>(n - 1));
        runs.push_back({.threads = n, .seconds = std::vector<double>(7, seconds)});
    }
    const auto report = analyze::summarize_runs(runs, {.weak = true, .cores = 4, .answer_checked = true});
    REQUIRE(report.weak);
    REQUIRE(report.points[2].speed_up == approx(3.7));
    REQUIRE(report.points[2].speed_up_interval.lower == approx(3.7));
    REQUIRE(report.points[2].efficiency == approx(0.925));
    REQUIRE(*report.points[2].serial_part == approx(0.1));
    REQUIRE(analyze::gustafson_fit(report).serial_fraction == approx(0.1));
    REQUIRE(analyze::best_setting(report).threads == 4);
    REQUIRE(analyze::to_summary(report, {.utf8 = false})
            == "Gustafson (up to 4 threads): serial part 10.0 % (10.0 to 10.0 %) of the time. Fits within 0.0 %.\n"
               "Most work in the same time here: 4 threads (3.7x).\n");
    REQUIRE_THROWS_WITH(analyze::amdahl_fit(report), "amdahl_fit: the report is of weak scaling, for gustafson_fit");
    REQUIRE_THROWS_WITH(analyze::usl_fit(report), "usl_fit: the report is of weak scaling, for gustafson_fit");
    runs.erase(runs.begin());
    const auto from_two = analyze::summarize_runs(runs, {.weak = true});
    REQUIRE(from_two.points[1].speed_up == approx(3.7 / 1.9));
    REQUIRE(*from_two.points[1].serial_part == approx(0.1));
    REQUIRE_THAT(analyze::to_summary(from_two), test::contains("Gustafson: not fitted, there is no time at 1 thread"));
    REQUIRE_THROWS_WITH(analyze::gustafson_fit(analyze::summarize_runs(runs)),
                        "gustafson_fit: the report is of strong scaling, for amdahl_fit and usl_fit");
}
