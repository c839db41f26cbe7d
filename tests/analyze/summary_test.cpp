// SPDX-License-Identifier: Apache-2.0
#include <xrayon/analyze/summary.hpp>

#include "../support/catch.hpp"
#include "seed_report.hpp"

using namespace xrayon;
using analyze::summarize_runs;
using analyze::to_summary;

TEST_CASE("best_setting is the fewest threads within 5 % of the fastest count that the cores carry", "[analyze][summary]") {
    REQUIRE(analyze::best_setting(test::seed_report()).threads == 8);  // 16 is faster, on 8 cores
    REQUIRE(analyze::best_setting(test::seed_report({.cores = 16})).threads == 16);
    const auto flat = summarize_runs({{.threads = 1, .seconds = {10}}, {.threads = 2, .seconds = {5.2}}, {.threads = 4, .seconds = {5}}});
    REQUIRE(analyze::best_setting(flat).threads == 2);
    const auto slower = summarize_runs({{.threads = 1, .seconds = {10}}, {.threads = 2, .seconds = {12}}});
    REQUIRE(analyze::best_setting(slower).threads == 1);
    // Nothing but oversubscribed counts: still an answer.
    const auto all_above = summarize_runs({{.threads = 2, .seconds = {2}}, {.threads = 4, .seconds = {1}}}, {.cores = 1});
    REQUIRE(analyze::best_setting(all_above).threads == 4);
    REQUIRE_THROWS_WITH(analyze::best_setting({}), "best_setting: the report has no points");
}

TEST_CASE("to_summary of a report says what more threads buy", "[analyze][summary]") {
    const auto slower = summarize_runs({{.threads = 1, .seconds = {10}}, {.threads = 3, .seconds = {12}}});
    REQUIRE_THAT(to_summary(slower), test::contains("Best setting here: 1 thread (1.0×). 3 threads buy nothing more.\n"));
    const auto odd = summarize_runs({{.threads = 2, .seconds = {10}}, {.threads = 3, .seconds = {9.6}}});
    REQUIRE_THAT(to_summary(odd, {.utf8 = false}), test::contains("2 threads (1.0x). 3 threads buy 4.2 % more for 1.5x the threads.\n"));
    const auto best = summarize_runs({{.threads = 1, .seconds = {10}}, {.threads = 2, .seconds = {5}}});
    REQUIRE_THAT(to_summary(best), test::contains("Best setting here: 2 threads (2.0×).\n"));
    REQUIRE_THAT(to_summary(best), test::contains("the workload returns none, or one without ==.\n"));
}

TEST_CASE("to_summary of a fit gives the limit and whether to rely on it", "[analyze][summary]") {
    REQUIRE(to_summary(analyze::amdahl_fit({{1, 10.0}, {3, 4.0}, {9, 2.0}}))  // 1 + 9/n
            == "Amdahl (up to 9 threads): parallel part p = 90.0 %, so never more than 10×. Fits within 0.0 %.");
    REQUIRE(to_summary(analyze::amdahl_fit({{1, 4.0}, {2, 3.0}}), {.utf8 = false})  // 2 + 2/n
            == "Amdahl (up to 2 threads): parallel part p = 50.0 %, so never more than 2.0x. "
               "Do not rely on it: two thread counts fit any law of two unknowns.");
    REQUIRE_THAT(to_summary(analyze::amdahl_fit({{1, 8.0}, {2, 3.0}, {4, 1.0}})),
                 test::contains("p = 100.0 %, no limit seen. Do not rely on it: misses a point by 36.1 %, more than 5.0 %"));
    // b = 312/61 misses 8 s by 1 - (312/61)/8 = 36.07 %, the largest of the three.
}

TEST_CASE("to_summary names the Universal Scalability Law where it is the one that holds", "[analyze][summary]") {
    std::vector<analyze::measured_runs> runs;
    for (const std::size_t n : {1u, 2u, 4u, 8u, 16u, 32u}) {
        const auto m = static_cast<double>(n);
        runs.push_back({.threads = n, .seconds = {(1 + 0.05 * (m - 1) + 0.002 * m * (m - 1)) / m}});
    }
    const std::string text = to_summary(summarize_runs(runs), {.utf8 = false});
    // sqrt(0.95 / 0.002) = 21.8; S(21) = 21 / (1 + 1 + 0.84).
    REQUIRE_THAT(text,
                 test::contains("Universal Scalability Law (up to 32 threads): contention 5.00 %, coherency 0.200 %, so 21 threads are the "
                                "most that help (7.4x). Fits within 0.0 %.\n"));
    REQUIRE_THAT(text, test::contains("Do not rely on it: misses a point by"));  // Amdahl's law
}

TEST_CASE("to_summary says what it means that the serial part falls or grows", "[analyze][summary]") {
    // Karp and Flatt's part of the Rayon guide's times: 4.0, 2.9 and 2.2 %.
    REQUIRE_THAT(to_summary(test::seed_report()),
                 test::contains("The serial part falls as threads grow (4.0 to 2.2 %): a fixed cost of each call."));
    const auto with_parts = [](const std::vector<double>& parts) {  // at 2, 4, 8 ... threads
        std::vector<analyze::measured_runs> runs{{.threads = 1, .seconds = {1}}};
        for (const double part : parts) {
            const std::size_t n = 2 * runs.back().threads;
            runs.push_back({.threads = n, .seconds = {part + (1 - part) / static_cast<double>(n)}});
        }
        return to_summary(summarize_runs(runs));
    };
    REQUIRE_THAT(with_parts({0.01, 0.02, 0.04}),
                 test::contains("The serial part grows with the threads (1.0 to 4.0 %): they cost each other"));
    REQUIRE_THAT(with_parts({0.05, 0.05, 0.05}), !test::contains("The serial part"));
    REQUIRE_THAT(with_parts({0.05, 0.051, 0.06}), !test::contains("The serial part"));  // too little
    REQUIRE_THAT(with_parts({0.01, 0.05, 0.03}), !test::contains("The serial part"));
    REQUIRE_THAT(with_parts({-0.1, -0.08, -0.05}), !test::contains("The serial part"));  // superlinear
    REQUIRE_THAT(with_parts({0.01, 0.04}), !test::contains("The serial part"));
}
