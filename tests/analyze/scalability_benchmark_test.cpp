// SPDX-License-Identifier: Apache-2.0
#include <xrayon/analyze/scalability_benchmark.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <xrayon/analyze/amdahl_fit.hpp>
#include <xrayon/par/index.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace xrayon;
using analyze::scalability_benchmark;
using std::chrono::microseconds;
using std::chrono::nanoseconds;
using test::approx;

namespace {

bool has_note(const analyze::scalability_report& report, const std::string& part) {
    return std::any_of(report.notes.begin(), report.notes.end(),
                       [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

/// As short as a measurement can be: one call each.
constexpr nanoseconds at_once{1};

/// Clocks that the workload itself moves, so that its times are exact.
struct fake_time {
    nanoseconds wall{0};
    nanoseconds cpu{0};
};
struct fake_clocks {
    fake_time* time;
    [[nodiscard]] nanoseconds wall() const { return time->wall; }
    [[nodiscard]] std::optional<nanoseconds> cpu() const { return time->cpu; }
};

struct own_error {
    int code;
};

struct no_equality {
    int value;
};

} // namespace

TEST_CASE("scalability_benchmark measures every count in one process, each on its own threads", "[analyze][scalability_benchmark][A14]") {
    std::map<std::size_t, std::size_t> calls;  // per thread count that the workload finds itself on
    const auto workload = [&] {
        ++calls[current_num_threads()];
        double sum = 0;
        for (int i = 1; i <= 1000; ++i) {
            sum += 1.0 / i;
        }
        return sum;
    };
    const std::vector<std::size_t> counts(test::thread_counts.begin(), test::thread_counts.end());
    const auto report = scalability_benchmark(counts, workload, {.repetitions = 4, .warmup = 2, .min_time = at_once, .label = "harmonic"});
    REQUIRE(report.points.size() == counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) {
        CAPTURE(counts[i]);
        const analyze::scaling_point& point = report.points[i];
        REQUIRE(point.threads == counts[i]);
        REQUIRE(point.repetitions.size() == 4);
        REQUIRE(point.median > 0);
        REQUIRE(std::isfinite(point.speed_up));
        REQUIRE(point.speed_up == report.points[0].median / point.median);
        REQUIRE(point.answer_matches);
        REQUIRE(point.oversubscribed == (counts[i] > report.cores));
        REQUIRE(calls[counts[i]] >= (4 + 2 + 1) * report.calls_per_repetition);  // the calibration calls at least once
    }
    REQUIRE(calls.size() == counts.size());
    REQUIRE(report.label == "harmonic");
    REQUIRE(report.warmup == 2);
    REQUIRE(report.baseline_threads == 1);
    REQUIRE(report.cores >= 1);
    REQUIRE(report.hardware_threads >= report.cores);
    REQUIRE(report.answer_checked);
    REQUIRE(report.answers_agree);
}

TEST_CASE("scalability_benchmark runs what is parallel in the workload on the pool of the count", "[analyze][scalability_benchmark]") {
    const auto roots = [] { return map_index(1000, [](std::size_t i) { return std::sqrt(static_cast<double>(i)); }); };
    const auto report = scalability_benchmark({1, 2, 5}, roots, {.repetitions = 3, .min_time = at_once});
    REQUIRE(report.answer_checked);
    REQUIRE(report.answers_agree);
}

TEST_CASE("scalability_benchmark compares every count's answer with the first run's", "[analyze][scalability_benchmark]") {
    const auto report =
        scalability_benchmark({1, 2, 3}, [] { return current_num_threads() == 3 ? 0.5 : 0.25; }, {.repetitions = 2, .min_time = at_once});
    REQUIRE(report.answer_checked);
    REQUIRE_FALSE(report.answers_agree);
    REQUIRE(report.points[0].answer_matches);
    REQUIRE(report.points[1].answer_matches);
    REQUIRE_FALSE(report.points[2].answer_matches);
    REQUIRE(has_note(report, "the answer at 3 threads differs from the first run's"));
}

TEST_CASE("scalability_benchmark takes a NaN for equal to itself and the bits of a vector for its answer",
          "[analyze][scalability_benchmark]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    REQUIRE(scalability_benchmark({1, 2}, [&] { return std::vector{1.0, nan}; }, {.repetitions = 2, .min_time = at_once}).answers_agree);
    const auto signs = scalability_benchmark({1, 2}, [] { return std::vector{current_num_threads() == 1 ? 0.0 : -0.0}; },
                                             {.repetitions = 1, .warmup = 0, .min_time = at_once});
    REQUIRE_FALSE(signs.answers_agree);
}

TEST_CASE("scalability_benchmark says when there was no answer to compare", "[analyze][scalability_benchmark]") {
    const auto nothing = scalability_benchmark({1, 2}, [] {}, {.repetitions = 1});
    REQUIRE_FALSE(nothing.answer_checked);
    REQUIRE(nothing.answers_agree);
    REQUIRE(has_note(nothing, "the answers were not compared"));
    REQUIRE_FALSE(scalability_benchmark({1}, [] { return no_equality{3}; }, {.repetitions = 1}).answer_checked);
    // An answer that can only be moved.
    REQUIRE(scalability_benchmark({1}, [] { return std::make_unique<int>(1); }, {.repetitions = 1}).answer_checked);
}

TEST_CASE("scalability_benchmark sorts its counts, measures each once and says so", "[analyze][scalability_benchmark][A3][A4]") {
    const auto twice = scalability_benchmark({2, 1, 2}, [] { return 1; }, {.repetitions = 1, .min_time = at_once});
    REQUIRE(twice.points.size() == 2);
    REQUIRE(twice.points[0].threads == 1);
    REQUIRE(twice.points[1].threads == 2);
    REQUIRE(has_note(twice, "thread counts given twice were measured once"));
    const auto unsorted = scalability_benchmark({3, 2}, [] { return 1; }, {.repetitions = 1, .min_time = at_once});
    REQUIRE(has_note(unsorted, "thread counts were sorted"));
    REQUIRE(unsorted.baseline_threads == 2);
    REQUIRE(has_note(unsorted, "baseline is 2 threads"));
    REQUIRE(unsorted.points[0].efficiency == 1);
}

TEST_CASE("scalability_benchmark lets the workload's own exception out, unchanged", "[analyze][scalability_benchmark][errors][A5]") {
    std::size_t calls_at_two = 0;
    const auto workload = [&] {
        if (current_num_threads() == 2 && ++calls_at_two == 3) {
            throw own_error{42};
        }
        return 1;
    };
    int caught = 0;
    try {
        (void)scalability_benchmark({1, 2, 4}, workload, {.repetitions = 5, .min_time = at_once});
    } catch (const own_error& error) {
        caught = error.code;
    }
    REQUIRE(caught == 42);
    REQUIRE(calls_at_two == 3);  // and nothing went on after it
    REQUIRE(scalability_benchmark({1, 2, 4}, [] { return 1; }, {.repetitions = 1, .min_time = at_once}).answers_agree);
}

TEST_CASE("scalability_benchmark says which argument is wrong before it calls anything",
          "[analyze][scalability_benchmark][errors][A1][A2]") {
    std::size_t calls = 0;
    const auto workload = [&] { ++calls; };
    REQUIRE_THROWS_WITH(scalability_benchmark({}, workload), "scalability_benchmark: 0 thread counts");
    REQUIRE_THROWS_WITH(scalability_benchmark({1, 0}, workload), "scalability_benchmark: threads[1] must be 1 to 1024, got 0");
    REQUIRE_THROWS_WITH(scalability_benchmark({1025}, workload), "scalability_benchmark: threads[0] must be 1 to 1024, got 1025");
    REQUIRE_THROWS_WITH(scalability_benchmark({static_cast<std::size_t>(-1)}, workload),
                        "scalability_benchmark: threads[0] must be 1 to 1024, got 18446744073709551615");
    REQUIRE_THROWS_WITH(scalability_benchmark({1}, workload, {.repetitions = 0}),
                        "scalability_benchmark: options.repetitions must be >= 1, got 0");
    REQUIRE_THROWS_WITH(scalability_benchmark({1}, workload, {.min_time = nanoseconds(0)}),
                        "scalability_benchmark: options.min_time must be positive, got 0");
    REQUIRE_THROWS_WITH(scalability_benchmark({1}, workload, {.bootstrap = {.resamples = 0}}),
                        "scalability_benchmark: options.resamples must be >= 1, got 0");
    REQUIRE_THROWS_AS(scalability_benchmark({}, workload), argument_error);
    REQUIRE(calls == 0);
}

TEST_CASE("rounds go round the counts, each beginning one count later", "[analyze][scalability_benchmark]") {
    fake_time time;
    std::vector<std::size_t> order;
    const auto workload = [&] {
        order.push_back(current_num_threads());
        time.wall += microseconds(1);
    };
    analyze::detail::round_measurement<decltype(workload), fake_clocks> measurement({1, 2, 3}, workload, {&time});
    measurement.calibrate(microseconds(1));
    REQUIRE(order == std::vector<std::size_t>{1, 2, 3});
    order.clear();
    for (std::size_t round = 0; round < 4; ++round) {
        measurement.run_round(round, true);
    }
    REQUIRE(order == std::vector<std::size_t>{1, 2, 3, 2, 3, 1, 3, 1, 2, 1, 2, 3});
}

TEST_CASE("a short workload is called as often as makes a measurement long enough at every count, and times are per call",
          "[analyze][scalability_benchmark]") {
    // 12/n us of wall time and 15 us of CPU time: perfectly parallel work with a little overhead for the CPU.
    fake_time time;
    std::map<std::size_t, std::size_t> calls;
    const auto workload = [&] {
        const std::size_t n = current_num_threads();
        ++calls[n];
        time.wall += microseconds(12) / static_cast<std::int64_t>(n);
        time.cpu += microseconds(15);
        return 7;
    };
    analyze::detail::round_measurement<decltype(workload), fake_clocks> measurement({1, 2, 4}, workload, {&time});
    measurement.calibrate(microseconds(30));
    REQUIRE(measurement.calls() * 3 >= 30);  // 3 us a call at 4 threads
    REQUIRE(measurement.calls() * 3 <= 60);  // and not far beyond
    calls.clear();
    for (std::size_t round = 0; round < 5; ++round) {
        measurement.run_round(round, round > 0);
    }
    const std::size_t per_measurement = measurement.calls();
    for (const std::size_t n : {1u, 2u, 4u}) {
        REQUIRE(calls[n] == 5 * per_measurement);
    }
    const auto report = analyze::summarize_runs(std::move(measurement).take(), {.calls_per_repetition = per_measurement});
    REQUIRE(report.points[0].repetitions.size() == 4);  // round 0 was not recorded
    for (const analyze::scaling_point& point : report.points) {
        CAPTURE(point.threads);
        REQUIRE(point.median == approx(12e-6 / static_cast<double>(point.threads)));
        REQUIRE(point.efficiency == approx(1));
        REQUIRE(point.busy == approx(1.25));
    }
    REQUIRE(analyze::amdahl_fit(report).parallel_fraction == approx(1));
}

TEST_CASE("a clock that stands still or runs backwards is an error, never a division by 0",
          "[analyze][scalability_benchmark][errors][A6][A7]") {
    fake_time time;
    std::size_t calls = 0;
    nanoseconds step{0};
    const auto workload = [&] {
        ++calls;
        time.wall += step;
    };
    using measured = analyze::detail::round_measurement<decltype(workload), fake_clocks>;
    REQUIRE_THROWS_WITH(measured({1}, workload, {&time}).calibrate(nanoseconds(10)),
                        "scalability_benchmark: internal error: steady_clock says that a measurement took 0 ns");
    REQUIRE(calls > 1000000);  // it did try
    step = nanoseconds(-5);
    REQUIRE_THROWS_WITH(measured({1}, workload, {&time}).calibrate(nanoseconds(10)),
                        "scalability_benchmark: internal error: steady_clock says that a measurement took -5 ns");
    step = nanoseconds(10);
    measured stops({1}, workload, {&time});
    stops.calibrate(nanoseconds(10));
    step = nanoseconds(0);
    stops.run_round(0, false);
    REQUIRE_THROWS_WITH(stops.run_round(0, true), "scalability_benchmark: internal error: steady_clock says that a measurement took 0 ns");
}
