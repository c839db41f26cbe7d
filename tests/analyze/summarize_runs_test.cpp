// SPDX-License-Identifier: Apache-2.0
#include <xrayon/analyze/summarize_runs.hpp>

#include "../support/catch.hpp"
#include "seed_report.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

using namespace xrayon;
using analyze::summarize_runs;
using test::approx;

namespace {

bool has_note(const analyze::scalability_report& report, const std::string& part) {
    return std::any_of(report.notes.begin(), report.notes.end(),
                       [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

} // namespace

TEST_CASE("summarize_runs gives the speed-ups and efficiencies of the table of the guides, unrounded", "[analyze][summarize_runs]") {
    const auto report = test::seed_report();
    REQUIRE(report.points.size() == 5);
    const double speed_ups[] = {1, 1250.0 / 650, 1250.0 / 340, 1250.0 / 180, 1250.0 / 160};
    const double efficiencies[] = {1, 1250.0 / 1300, 1250.0 / 1360, 1250.0 / 1440, 1250.0 / 2560};
    for (std::size_t i = 0; i < 5; ++i) {
        CAPTURE(i);
        REQUIRE(report.points[i].threads == std::size_t{1} << i);
        REQUIRE(report.points[i].speed_up == approx(speed_ups[i]));
        REQUIRE(report.points[i].efficiency == approx(efficiencies[i]));
        REQUIRE(report.points[i].oversubscribed == (i == 4));
        REQUIRE(report.points[i].answer_matches);
    }
    REQUIRE_FALSE(report.points[0].serial_part.has_value());
    REQUIRE(report.points[1].serial_part.value() == approx(0.04));
    REQUIRE(report.points[3].serial_part.value() == approx(0.019 / 0.875));
    REQUIRE(report.baseline_threads == 1);
    REQUIRE(report.answers_agree);
    REQUIRE(has_note(report, "oversubscribed at 16 threads: only 8 cores usable"));
    REQUIRE(has_note(report, "one repetition: nothing is known about the spread"));
    REQUIRE(std::isnan(report.points[0].interval.lower));
    REQUIRE(report.points[0].speed_up_interval.state == analyze::interval_state::one_value);
    REQUIRE(std::isnan(report.points[0].busy));  // no CPU times were given
}

TEST_CASE("summarize_runs takes medians, intervals and the busy share from the repetitions", "[analyze][summarize_runs]") {
    // Median of 7 at 2 threads: 2; its interval as worked out in statistics_test: second smallest to second largest.
    const auto report = summarize_runs({{.threads = 1, .seconds = {4, 4, 4, 4, 4, 4, 4}, .cpu_seconds = {4, 4, 4, 4, 4, 4, 4}},
                                        {.threads = 2, .seconds = {2, 1, 8, 2.5, 1.5, 1.75, 2.25}, .cpu_seconds = {3, 2, 8, 4, 3, 3, 3}}},
                                       {.cores = 2, .answer_checked = true});
    const analyze::scaling_point& two = report.points[1];
    REQUIRE(two.median == 2);
    REQUIRE(two.interval.lower == 1.5);
    REQUIRE(two.interval.upper == 2.5);
    REQUIRE(two.speed_up == 2);
    REQUIRE(two.speed_up_interval.lower == 1.6);  // 4 over [1.5, 2.5]
    REQUIRE(two.speed_up_interval.upper == 4 / 1.5);
    REQUIRE(two.efficiency == 1);
    REQUIRE(two.busy == approx(26.0 / (2 * 19)));
    REQUIRE(report.points[0].busy == 1);
    REQUIRE(two.repetitions[2] == 8);  // in the order of the rounds
    REQUIRE(report.notes == std::vector<std::string>{"1 time of 7 at 2 threads is far from the others; medians do not mind"});
    REQUIRE(report.distrust == std::vector<std::string>{"the median at 2 threads is known to 25 % only: more repetitions"});
}

TEST_CASE("summarize_runs measures against the smallest count and says so", "[analyze][summarize_runs]") {
    // T(n) = 1 + 8/n: T(2) = 5, T(4) = 3. S = 5/3, efficiency (5/3) * 2 / 4, serial part 1/9 although no run had one thread.
    const auto report = summarize_runs({{.threads = 2, .seconds = {5}}, {.threads = 4, .seconds = {3}}});
    REQUIRE(report.baseline_threads == 2);
    REQUIRE(report.points[0].efficiency == 1);
    REQUIRE(report.points[1].efficiency == approx(5.0 / 6));
    REQUIRE(report.points[1].serial_part.value() == approx(1.0 / 9));
    REQUIRE(has_note(report, "baseline is 2 threads: speed-up and efficiency are relative to it"));
}

TEST_CASE("summarize_runs notes what a reader must know", "[analyze][summarize_runs]") {
    const auto busy = summarize_runs({{.threads = 1, .seconds = {10}, .cpu_seconds = {6.8}}});
    REQUIRE_FALSE(busy.trusted);
    REQUIRE(busy.distrust
            == std::vector<std::string>{"busy at the baseline is 68 %: the machine was doing something else, or the workload waits"});
    const auto odd = summarize_runs({{.threads = 1, .seconds = {1, 1, 1, 1, 1}},
                                     {.threads = 2, .seconds = {2, 2, 2, 2, 2}},
                                     {.threads = 4, .seconds = {0.2, 0.2, 0.2, 0.2, 0.2}, .answer_matches = false}},
                                    {.answer_checked = true});
    REQUIRE(has_note(odd, "5 repetitions: too few for 95 % intervals"));
    REQUIRE(has_note(odd, "slower than the baseline at 2 threads: speed-up 0.50"));
    REQUIRE(has_note(odd, "superlinear at 4 threads: 5.00 of at most 4.00"));
    REQUIRE(has_note(odd, "the answer at 4 threads differs"));
    REQUIRE_FALSE(has_note(odd, "not compared"));
    REQUIRE_FALSE(odd.answers_agree);
    REQUIRE(odd.points[1].answer_matches);
    REQUIRE_FALSE(odd.points[2].answer_matches);
    REQUIRE_FALSE(odd.points[2].oversubscribed);  // cores unknown
    REQUIRE(has_note(summarize_runs({{.threads = 1, .seconds = {1}}}), "the answers were not compared"));
    const auto scatter = summarize_runs(
        {{.threads = 1, .seconds = {1.0, 1.1, 0.9, 1.0, 1.2, 1.0}}, {.threads = 2, .seconds = {0.5, 0.6, 0.4, 0.49, 0.49, 0.49}}},
        {.answer_checked = true});
    REQUIRE_FALSE(has_note(scatter, "superlinear"));  // 1.0 / 0.49 is above 2, but its interval is not
}

TEST_CASE("summarize_runs says why times are not to be trusted", "[analyze][summarize_runs]") {
    std::vector<double> falling;
    std::vector<double> two_kinds;
    std::vector<double> steady;
    for (int i = 0; i < 40; ++i) {
        falling.push_back(2 - 0.02 * i);
        two_kinds.push_back((i % 4 == 0 ? 1.5 : 1.0) + 1e-4 * (i * 7 % 40));
        steady.push_back(1 + 1e-4 * (i * 7 % 40));
    }
    const auto reasons = [](const std::vector<double>& seconds, std::size_t throttled = 0) {
        const auto report = summarize_runs({{.threads = 1, .seconds = seconds}}, {.answer_checked = true, .throttled_periods = throttled});
        REQUIRE(report.trusted == report.distrust.empty());
        return report.distrust;
    };
    REQUIRE(reasons(steady).empty());
    REQUIRE_THAT(reasons(falling).at(0), test::contains("times at 1 thread fell by 29 % while they were taken: more rounds of warm-up"));
    REQUIRE(reasons(two_kinds)
            == std::vector<std::string>{"there are two kinds of times at 1 thread: 25 % of them are 1.50 times as long as the others"});
    REQUIRE(reasons(steady, 3) == std::vector<std::string>{"the CPU quota was used up in 3 periods of the measurement"});
    REQUIRE_THAT(reasons({1, 2, 1, 2, 1, 2, 1.5, 1.6}).at(0), test::contains("only: more repetitions"));
    // Other programs matter where they and the threads do not fit side by side.
    const auto beside = [&](double others, std::size_t processors) {
        return summarize_runs({{.threads = 1, .seconds = steady}, {.threads = 2, .seconds = steady}},
                              {.cores = 2, .hardware_threads = processors, .answer_checked = true, .others = others})
            .distrust;
    };
    REQUIRE(beside(0.98, 2) == std::vector<std::string>{"other programs used 0.98 of the 2 processors meanwhile"});
    REQUIRE(beside(0.98, 64).empty());
    REQUIRE(beside(0.05, 2).empty());
    std::vector<double> far = steady;
    far[3] = 50;
    const auto outlier = summarize_runs({{.threads = 1, .seconds = far}}, {.answer_checked = true});
    REQUIRE(outlier.trusted);
    REQUIRE(has_note(outlier, "1 time of 40 at 1 thread is far from the others"));
}

TEST_CASE("summarize_runs gives the same bits for the same runs", "[analyze][summarize_runs]") {
    const std::vector<analyze::measured_runs> runs{{.threads = 1, .seconds = {3, 4, 5, 3.5}}, {.threads = 3, .seconds = {1, 2, 1.5, 1.25}}};
    const auto a = summarize_runs(runs);
    const auto b = summarize_runs(runs);
    REQUIRE(a.points[1].interval.lower == b.points[1].interval.lower);
    REQUIRE(a.points[1].speed_up_interval.upper == b.points[1].speed_up_interval.upper);
    REQUIRE(a.notes == b.notes);
}

TEST_CASE("summarize_runs says which point is wrong", "[analyze][summarize_runs][errors]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    REQUIRE_THROWS_WITH(summarize_runs({}), "summarize_runs: 0 thread counts");
    REQUIRE_THROWS_WITH(summarize_runs({{.threads = 0, .seconds = {1}}}), "summarize_runs: point 0: threads must be >= 1, got 0");
    REQUIRE_THROWS_WITH(summarize_runs({{.threads = 2, .seconds = {1}}, {.threads = 2, .seconds = {1}}}),
                        "summarize_runs: point 1: threads must ascend, got 2");
    REQUIRE_THROWS_WITH(summarize_runs({{.threads = 2}}), "summarize_runs: point 0: needs at least 1 repetition, got 0");
    REQUIRE_THROWS_WITH(summarize_runs({{.threads = 2, .seconds = {1, nan}}}),
                        "summarize_runs: point 0: duration must be positive and finite, got nan");
    REQUIRE_THROWS_WITH(summarize_runs({{.threads = 2, .seconds = {0}}}),
                        "summarize_runs: point 0: duration must be positive and finite, got 0");
    REQUIRE_THROWS_WITH(summarize_runs({{.threads = 2, .seconds = {1, 2}, .cpu_seconds = {1}}}),
                        "summarize_runs: point 0: cpu_seconds must be empty or as many as seconds, got 1");
    REQUIRE_THROWS_WITH(summarize_runs({{.threads = 2, .seconds = {1}, .cpu_seconds = {-1}}}),
                        "summarize_runs: point 0: CPU time must be finite and not negative, got -1");
    REQUIRE_THROWS_WITH(summarize_runs({{.threads = 2, .seconds = {1}}}, {.bootstrap = {.level = 0}}),
                        "summarize_runs: options.level must be between 0 and 1, got 0");
}
