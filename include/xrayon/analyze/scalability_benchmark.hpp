// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_SCALABILITY_BENCHMARK_HPP
#define XRAYON_ANALYZE_SCALABILITY_BENCHMARK_HPP

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/analyze/detail/foreign_use.hpp>
#include <xrayon/analyze/detail/measure_rounds.hpp>
#include <xrayon/analyze/detail/usable_cores.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/analyze/summarize_runs.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/exec/cpu_throttling.hpp>
#include <xrayon/exec/thread_count.hpp>

namespace xrayon::analyze {

struct scalability_options {
    std::size_t repetitions = 10;  ///< Measurements per count, >= 1; at least 6 for 95 % intervals.
    std::size_t warmup = 1;        ///< Rounds over all counts that are not recorded, after those of the calibration.
    /// > 0; a shorter workload is called several times per measurement.
    std::chrono::nanoseconds min_time = std::chrono::milliseconds(10);
    std::string label = {};  ///< Name of the workload in table and JSON.
    bootstrap_options bootstrap = {};
    /// Is told after each round, warm-up included, how many of how many are done; outside of what is measured.
    std::function<void(std::size_t done, std::size_t total)> on_round = {};
};

namespace detail {

/// Ascending and unique; what was changed becomes a note.
template <class = when_called>
std::vector<std::size_t> checked_thread_counts(std::vector<std::size_t> threads, std::vector<std::string>& notes) {
    check(!threads.empty(), "scalability_benchmark: 0 thread counts");
    for (std::size_t i = 0; i < threads.size(); ++i) {
        if (threads[i] < 1 || threads[i] > max_threads) {
            check(false, "scalability_benchmark: threads[" + to_text(i) + "] must be 1 to " + to_text(max_threads), threads[i]);
        }
    }
    const std::vector<std::size_t> asked = threads;
    std::sort(threads.begin(), threads.end());
    threads.erase(std::unique(threads.begin(), threads.end()), threads.end());
    if (threads.size() != asked.size()) {
        notes.push_back("thread counts given twice were measured once");
    } else if (threads != asked) {
        notes.push_back("thread counts were sorted");
    }
    return threads;
}

} // namespace detail

/// @brief Measures how a workload scales: its time at several thread counts, with intervals, and whether its answer stays the same.
///
/// Makes one pool per count, keeps all of them alive, and goes round the counts, each round starting one count later, so that what
/// drifts on the machine (clock frequency, a neighbour) falls on all counts alike. Each measurement calls the workload on the calling
/// thread inside `pool.install`, so everything parallel in it runs on that pool. Wall time is steady_clock's, busy the CPU clock's of
/// the whole process: pools that wait for work spin for a moment, which counts as busy.
///
/// @param threads   Counts, 1 to 1024 each, any order; measured ascending and once each. The smallest is the baseline.
/// @param workload  Called as `workload()`, many times. A call that is shorter than `min_time` is repeated inside one measurement, the
///                  same number of times at every count: found once, before the warm-up, such that a measurement takes at least
///                  `min_time` at each count. Times reported are per call, with the destruction of its answer if it is repeated.
/// @returns         The report. If the workload returns something comparable, the last answer of every measurement, calibration and
///                  warm-up included, is compared with that of the very first: floating-point numbers bit by bit (NaN equals itself),
///                  ranges element by element, anything else by ==. A difference does not stop the run: it stands in `answer_matches`
///                  and `answers_agree`. A lazy answer is compared as `stored_t` keeps it.
/// @throws argument_error  before any pool is made: no counts, a count or an option out of range.
/// @throws resource_error  if the process may not have that many threads.
/// @throws ...             what the workload threw, unchanged; there is no partial report.
///
/// **Cost.** counts * (repetitions + warmup + a few) measurements of max(min_time, one call) and more.
/// @see to_table, to_json, amdahl_fit, summarize_runs
template <class Workload>
    requires std::invocable<Workload&>
[[nodiscard]] scalability_report scalability_benchmark(std::vector<std::size_t> threads, Workload&& workload,
                                                       const scalability_options& options = {}) {
    run_facts facts;
    threads = detail::checked_thread_counts(std::move(threads), facts.notes);
    check(options.repetitions >= 1, "scalability_benchmark: options.repetitions must be >= 1", options.repetitions);
    check(options.min_time.count() > 0, "scalability_benchmark: options.min_time must be positive", options.min_time.count());
    detail::check_bootstrap(options.bootstrap, "scalability_benchmark");

    const detail::usable_processors processors = detail::find_usable_processors();
    detail::round_measurement<std::remove_reference_t<Workload>> measurement(threads, workload);
    measurement.calibrate(options.min_time);
    const std::size_t throttled_before = read_throttled_periods();
    const detail::foreign_use foreign;
    for (std::size_t round = 0; round < options.warmup + options.repetitions; ++round) {
        const bool recorded = round >= options.warmup;
        measurement.run_round(recorded ? round - options.warmup : round, recorded);
        if (options.on_round) {
            options.on_round(round + 1, options.warmup + options.repetitions);
        }
    }
    facts.label = options.label;
    facts.cores = processors.cores;
    facts.hardware_threads = processors.hardware_threads;
    facts.calls_per_repetition = measurement.calls();
    facts.warmup = options.warmup;
    facts.answer_checked = measurement.comparable;
    facts.others = foreign.processors();
    facts.throttled_periods = read_throttled_periods() - throttled_before;
    facts.bootstrap = options.bootstrap;
    return summarize_runs(std::move(measurement).take(), facts);
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_SCALABILITY_BENCHMARK_HPP
