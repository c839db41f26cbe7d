// SPDX-License-Identifier: Apache-2.0
#include <xrayon/analyze/table.hpp>

#include "../support/catch.hpp"
#include "seed_report.hpp"

#include <sstream>
#include <string>

using namespace xrayon;
using analyze::to_table;

TEST_CASE("to_table prints the five numbers of the guides, efficiency from the unrounded speed-up", "[analyze][table]") {
    // The guides print 92.0 % at 4 threads, which is 3.68 / 4; 1250 / 340 / 4 is 91.9 %. Serial parts as in amdahl_law_test.
    REQUIRE(to_table(test::seed_report(), {.utf8 = true}) ==
            "  threads  median (ms)  95 % interval  speed-up  95 % interval  efficiency  busy  serial part\n"
            "  ───────────────────────────────────────────────────────────────────────────────────────────\n"
            "        1      1250.00              -     1.00×              -     100.0 %     -\n"
            "        2       650.00              -     1.92×              -      96.2 %     -        4.0 %\n"
            "        4       340.00              -     3.68×              -      91.9 %     -        2.9 %\n"
            "        8       180.00              -     6.94×              -      86.8 %     -        2.2 %\n"
            "       16       160.00              -     7.81×              -      48.8 %     -        7.0 %  more threads than cores: not in the fit\n"
            "\n"
            "Amdahl (up to 8 threads): parallel part p = 97.9 %, so never more than 48×. Fits within 1.2 %.\n"
            "The serial part falls as threads grow (4.0 to 2.2 %): a fixed cost of each call. More work in a call would help.\n"
            "Best setting here: 8 threads (6.9×). 16 threads buy 12.5 % more for 2× the threads.\n"
            "Note: one repetition: nothing is known about the spread.\n"
            "Note: oversubscribed at 16 threads: only 8 cores usable; left out of every fit.\n");
}

TEST_CASE("to_table in ASCII has no byte above 127 and columns of the same width", "[analyze][table]") {
    const std::string ascii = to_table(test::seed_report(), {.utf8 = false});
    for (const char c : ascii) {
        REQUIRE(static_cast<unsigned char>(c) < 128);
    }
    REQUIRE_THAT(ascii, test::contains("        4       340.00              -     3.68x              -      91.9 %     -        2.9 %\n"));
    REQUIRE_THAT(ascii, test::contains("  -----------"));
    REQUIRE_THAT(ascii, test::contains("never more than 48x."));
    std::ostringstream stream;
    stream << test::seed_report();
    REQUIRE(stream.str() == ascii);
}

TEST_CASE("to_table shows intervals, busy shares and answers that differ", "[analyze][table]") {
    // Seven repetitions: the intervals are second smallest to second largest (statistics_test).
    const auto report = analyze::summarize_runs(
        {{.threads = 1, .seconds = {4, 4, 4, 4, 4, 4, 4}, .cpu_seconds = {4, 4, 4, 4, 4, 4, 4}},
         {.threads = 2, .seconds = {2, 1, 8, 2.5, 1.5, 1.75, 2.25}, .cpu_seconds = {3, 2, 8, 4, 3, 3, 3}, .answer_matches = false}},
        {.cores = 1, .answer_checked = true});
    const std::string text = to_table(report, {.utf8 = false});
    REQUIRE_THAT(text, test::contains("        1      4000.00  4000.00 - 4000.00     1.00x   1.00 - 1.00x     100.0 %  100 %\n"));
    REQUIRE_THAT(text, test::contains("        2      2000.00  1500.00 - 2500.00     2.00x   1.60 - 2.67x     100.0 %   68 %        0.0 %"
                                      "  more threads than cores: not in the fit; ANSWER DIFFERS\n"));
    REQUIRE_THAT(text, test::contains("Amdahl: not fitted, fewer than two counts within the usable cores.\n"));
    REQUIRE_THAT(text, test::contains("Best setting here: 1 thread (1.0x). 2 threads buy 100.0 % more for 2x the threads.\n"));
    REQUIRE_THAT(text, test::contains("Note: the answer at 2 threads differs from the first run's.\n"));
}

TEST_CASE("to_table chooses a unit in which the fastest median can be read", "[analyze][table]") {
    const auto at = [](double seconds) { return analyze::summarize_runs({{.threads = 1, .seconds = {seconds}}}); };
    REQUIRE_THAT(to_table(at(0.0001)), test::contains("median (ms)") && test::contains("0.10"));
    REQUIRE_THAT(to_table(at(0.00009)), test::contains("median (µs)") && test::contains("90.00"));
    REQUIRE_THAT(to_table(at(0.00009), {.utf8 = false}), test::contains("median (us)"));
    REQUIRE_THAT(to_table(at(2e-9)), test::contains("median (ns)") && test::contains("2.00"));
    REQUIRE_THAT(to_table(at(4000)), test::contains("median (ms)") && test::contains("4000000.00"));
}

TEST_CASE("to_table refuses a report without points", "[analyze][table][errors]") {
    REQUIRE_THROWS_WITH(to_table({}), "to_table: the report has no points");
}

TEST_CASE("to_table fits the width, and loses no remark", "[analyze][table]") {
    std::vector<analyze::measured_runs> runs;
    for (const std::size_t n : {1u, 2u, 4u, 16u}) {
        runs.push_back({.threads = n, .seconds = std::vector<double>(7, 12.5 / static_cast<double>(n)), .answer_matches = n != 4});
    }
    for (const bool weak : {false, true}) {
        const auto report = analyze::summarize_runs(runs, {.weak = weak, .cores = 2});
        for (const std::size_t width : {40u, 50u, 60u, 80u, 100u, 130u}) {
            CAPTURE(weak, width);
            std::istringstream table(analyze::to_table(report, {.utf8 = false, .width = width}));
            std::string text;
            for (std::string line; std::getline(table, line) && !line.empty();) {
                REQUIRE((line.size() <= width || line.starts_with("*")));  // what stands below may be longer
                text += line + "\n";
            }
            REQUIRE_THAT(text, test::contains("more threads than cores: not in the fit; ANSWER DIFFERS"));
            REQUIRE_THAT(text, test::contains(weak ? "scaled" : "speed-up"));
            REQUIRE((text.find("** more threads") != std::string::npos || width >= 80));
        }
    }
}
