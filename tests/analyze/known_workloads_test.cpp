// SPDX-License-Identifier: Apache-2.0
// Workloads whose serial part is known, because they spin: what is measured must give it back. Their times hang on the machine, so they run in
// the soak alone, and want it idle.
#include <xrayon/analyze/scalability_benchmark.hpp>

#include "../support/catch.hpp"

#include <chrono>
#include <cmath>
#include <cstddef>
#include <memory>

#include <xrayon/analyze/amdahl_fit.hpp>
#include <xrayon/analyze/explain_scaling.hpp>
#include <xrayon/analyze/memory_bandwidth.hpp>
#include <xrayon/analyze/trace_cost.hpp>
#include <xrayon/analyze/what_if.hpp>
#include <xrayon/exec/cpu_topology.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

using namespace xrayon;

namespace {

void spin(double microseconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double, std::micro>(microseconds);
    while (std::chrono::steady_clock::now() < end) {}
}

/// A millisecond times `total`, of which so much is serial and the rest in 16 tasks.
struct known {
    double serial;
    double total = 16;
    int operator()() const {
        spin(1000 * total * serial);
        for_each_index(16, [&](std::size_t) { spin(1000 * total * (1 - serial) / 16); });
        return 0;
    }
};

bool has_two_cores() {
    if (read_cpu_topology().physical >= 2) {
        return true;
    }
    WARN("left out: needs two cores");
    return false;
}

} // namespace

TEST_CASE("a known serial part comes back within 2 points: from times on 1 and 2 threads, and from a trace on 1",
          "[.soak][soak][analyze]") {
    if (!has_two_cores()) {
        return;
    }
    for (const double serial : {0.0, 0.05, 0.2, 0.5}) {
        const known workload{serial};
        const auto report = analyze::scalability_benchmark({1, 2}, workload, {.repetitions = 20});
        const auto fit = analyze::amdahl_fit(report);
        const auto trace = pool(1).install([&] { return record_tasks(workload); });
        const auto more = analyze::what_if(trace, {.threads = {1, 2}});
        CAPTURE(serial, report.trusted, fit.parallel_fraction, more.serial_part);
        REQUIRE(std::abs((1 - fit.parallel_fraction) - serial) < 0.02);
        REQUIRE(std::abs(more.serial_part - serial) < 0.02);
        // And the trace predicts the time on two threads.
        REQUIRE(std::abs(more.points[1].in_order / report.points[1].median - 1) < 0.1);
    }
}

TEST_CASE("recording costs at most 1 % of tasks of 100 us", "[.soak][soak][analyze]") { REQUIRE(analyze::measure_trace_cost() < 1e-6); }

TEST_CASE("what waits for memory is told from what computes", "[.soak][soak][analyze]") {
    if (!has_two_cores()) {
        return;
    }
    const auto bandwidth = analyze::measure_bandwidth({1, 2});
    const std::size_t n = std::size_t{1} << 25;
    const auto a = std::make_unique<double[]>(n);
    const auto b = std::make_unique<double[]>(n);
    const auto stream = [&] {
        for_each_index(n / 8192, [&](std::size_t block) {
            for (std::size_t i = block * 8192; i < (block + 1) * 8192; ++i) {
                a[i] = 3 * b[i] + a[i];
            }
        });
        return 0;
    };
    const auto explained = [&](const auto& workload) {
        const auto report = analyze::scalability_benchmark({1, 2}, workload, {.repetitions = 20});
        const auto alone = pool(1).install([&] { return record_tasks(workload); });
        const auto together = pool(2).install([&] { return record_tasks(workload); });
        return analyze::explain_scaling(report, analyze::what_if(alone, {.threads = {1, 2}}),
                                        analyze::times_of(analyze::graph_of(together)).work, bandwidth);
    };
    const auto computes = explained(known{0.0});
    CAPTURE(computes.inflation, computes.measured);
    REQUIRE_FALSE(computes.memory_bound);
    const auto waits = explained(stream);
    CAPTURE(waits.inflation, waits.measured, waits.bandwidth_gain);
    // Where two threads get nearly twice the memory of one, nothing waits for it.
    REQUIRE((waits.memory_bound || waits.bandwidth_gain > 1.7));
}
