// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_SUMMARIZE_RUNS_HPP
#define XRAYON_ANALYZE_SUMMARIZE_RUNS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/analyze/amdahl_law.hpp>
#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/gustafson_law.hpp>
#include <xrayon/analyze/run_quality.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/analyze/statistics.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon::analyze {

/// What was measured at one thread count.
struct measured_runs {
    std::size_t threads = 0;
    std::vector<double> seconds = {};      ///< Wall time of one call, once per repetition.
    std::vector<double> cpu_seconds = {};  ///< Time of all cores, as many; or empty: unknown.
    bool answer_matches = true;
};

/// What a report says besides the times. Names as in scalability_report.
struct run_facts {
    std::string label = {};
    bool weak = false;  ///< Each count was given work in proportion to its threads.
    std::size_t cores = 0;
    std::size_t hardware_threads = 0;
    std::size_t calls_per_repetition = 1;
    std::size_t warmup = 0;
    bool answer_checked = false;
    bool has_answers = true;            ///< False: there is nothing to compare, as of another program; no note says so.
    std::size_t throttled_periods = 0;  ///< Of the CPU quota, used up while the runs were measured.
    double others = 0;                  ///< Processors that other programs used meanwhile, on average, of those this one may use.
    std::vector<std::string> notes = {};
    bootstrap_options bootstrap = {};
};

namespace detail {

template <class = when_called>
void check_runs(const std::vector<measured_runs>& runs) {
    check(!runs.empty(), "summarize_runs: 0 thread counts");
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const std::string point = "summarize_runs: point " + to_text(i) + ": ";
        check(runs[i].threads >= 1, point + "threads must be >= 1", runs[i].threads);
        check(i == 0 || runs[i - 1].threads < runs[i].threads, point + "threads must ascend", runs[i].threads);
        check(!runs[i].seconds.empty(), point + "needs at least 1 repetition, got 0");
        for (const double seconds : runs[i].seconds) {
            check(std::isfinite(seconds) && seconds > 0, point + "duration must be positive and finite", seconds);
        }
        check(runs[i].cpu_seconds.empty() || runs[i].cpu_seconds.size() == runs[i].seconds.size(),
              point + "cpu_seconds must be empty or as many as seconds", runs[i].cpu_seconds.size());
        for (const double seconds : runs[i].cpu_seconds) {
            check(std::isfinite(seconds) && seconds >= 0, point + "CPU time must be finite and not negative", seconds);
        }
    }
}

/// Why the times should not be trusted, if so.
template <class = when_called>
void add_distrust(scalability_report& report, const run_facts& facts) {
    const auto distrust = [&](std::string text) {
        report.trusted = false;
        report.distrust.push_back(std::move(text));
    };
    const scaling_point& base = report.points.front();
    if (base.busy < 0.95) {
        distrust("busy at the baseline is " + percent(base.busy, 0) + ": the machine was doing something else, or the workload waits");
    }
    if (facts.throttled_periods != 0) {
        distrust("the CPU quota was used up in " + counted(facts.throttled_periods, "period") + " of the measurement");
    }
    std::size_t most = 0;
    for (const scaling_point& point : report.points) {
        most = point.oversubscribed ? most : std::max(most, point.threads);
    }
    const auto processors = static_cast<double>(report.hardware_threads);
    if (facts.others > 0.05 * static_cast<double>(std::max<std::size_t>(1, most)) && processors > 0
        && facts.others + static_cast<double>(most) > processors) {
        distrust("other programs used " + fixed(facts.others, 2) + " of the " + counted(report.hardware_threads, "processor")
                 + " meanwhile");
    }
    for (const scaling_point& point : report.points) {
        const std::string at = " at " + counted(point.threads, "thread");
        if (point.quality.drifts()) {
            const double change = point.quality.drift.change;
            distrust("times" + at + (change < 0 ? " fell by " : " rose by ") + percent(std::abs(change), 0) + " while they were taken"
                     + (change < 0 ? ": more rounds of warm-up" : ": something got slower meanwhile"));
        }
        if (point.quality.has_two_modes()) {
            const two_modes& modes = *point.quality.modes;
            distrust("there are two kinds of times" + at + ": " + percent(modes.upper_share, 0) + " of them are "
                     + fixed(modes.upper / modes.lower, 2) + " times as long as the others");
        }
        const bool known = point.interval.state == interval_state::enough_values;
        if (known && !point.oversubscribed && point.interval.upper - point.interval.lower > 0.2 * point.median) {
            distrust("the median" + at + " is known to " + percent((point.interval.upper - point.interval.lower) / 2 / point.median, 0)
                     + " only: more repetitions");
        }
    }
}

/// The sentences that follow from the numbers.
template <class = when_called>
void add_notes(scalability_report& report, bool has_answers) {
    const auto note = [&](std::string text) { report.notes.push_back(std::move(text)); };
    const scaling_point& base = report.points.front();
    if (base.threads != 1) {
        note("baseline is " + counted(base.threads, "thread") + ": speed-up and efficiency are relative to it");
    }
    if (base.interval.state == interval_state::one_value) {
        note("one repetition: nothing is known about the spread");
    } else if (base.interval.state == interval_state::few_values) {
        note(counted(base.repetitions.size(), "repetition") + ": too few for 95 % intervals, at least 6 are needed");
    }
    for (const scaling_point& point : report.points) {
        const std::string at = " at " + counted(point.threads, "thread");
        const double ideal = static_cast<double>(point.threads) / static_cast<double>(base.threads);
        const bool interval_known = point.speed_up_interval.state != interval_state::one_value;
        if (point.oversubscribed) {
            note("oversubscribed" + at + ": only " + counted(report.cores, "core") + " usable; left out of every fit");
        }
        if (point.threads != base.threads && (interval_known ? point.speed_up_interval.lower : point.speed_up) > ideal * (1 + 1e-9)) {
            note("superlinear" + at + ": " + fixed(point.speed_up, 2) + " of at most " + fixed(ideal, 2)
                 + "; usually the caches, seldom the law");
        }
        if (point.threads != base.threads && (interval_known ? point.speed_up_interval.upper : point.speed_up) < 1) {
            note("slower than the baseline" + at + ": speed-up " + fixed(point.speed_up, 2));
        }
        if (point.quality.outliers.severe != 0) {
            note(counted(point.quality.outliers.severe, "time") + " of " + to_text(point.repetitions.size()) + at
                 + (point.quality.outliers.severe == 1 ? " is" : " are") + " far from the others; medians do not mind");
        }
        if (!point.answer_matches) {
            note("the answer" + at + " differs from the first run's");
        }
    }
    if (has_answers && !report.answer_checked) {
        note("the answers were not compared: the workload returns none, or one without ==");
    }
}

} // namespace detail

/// @brief Turns measured times into a report: medians, intervals, speed-ups, efficiencies, busy and serial parts, and notes.
///
/// `scalability_benchmark` ends with it; call it for times that were measured some other way. The first count is the baseline.
/// Efficiency comes from the unrounded speed-up. The same arguments give the same bits.
/// @param runs  Ascending by threads, each with at least one repetition, all times positive.
/// @throws argument_error  if they are not, naming the point (counted from 0).
template <class = when_called>
[[nodiscard]] scalability_report summarize_runs(std::vector<measured_runs> runs, const run_facts& facts = {}) {
    detail::check_runs(runs);
    detail::check_bootstrap(facts.bootstrap, "summarize_runs");
    scalability_report report;
    report.label = facts.label;
    report.weak = facts.weak;
    report.baseline_threads = runs.front().threads;
    report.cores = facts.cores;
    report.hardware_threads = facts.hardware_threads;
    report.calls_per_repetition = facts.calls_per_repetition;
    report.warmup = facts.warmup;
    report.answer_checked = facts.answer_checked;
    report.notes = facts.notes;

    for (measured_runs& run : runs) {
        scaling_point point;
        point.threads = run.threads;
        point.repetitions = std::move(run.seconds);
        point.cpu_repetitions = std::move(run.cpu_seconds);
        point.median = median(point.repetitions);
        point.interval = median_interval(point.repetitions, facts.bootstrap);
        point.quality = judge_runs(point.repetitions);
        const std::vector<double>& base = report.points.empty() ? point.repetitions : report.points.front().repetitions;
        const auto threads = static_cast<double>(point.threads);
        const double work = facts.weak ? threads / static_cast<double>(report.baseline_threads) : 1;  // over that of the baseline
        point.speed_up = work * median(base) / point.median;
        point.speed_up_interval = median_ratio_interval(base, point.repetitions, facts.bootstrap);
        point.speed_up_interval.lower *= work;
        point.speed_up_interval.upper *= work;
        point.efficiency = point.speed_up * static_cast<double>(report.baseline_threads) / threads;
        if (!point.cpu_repetitions.empty()) {
            const double cpu = std::accumulate(point.cpu_repetitions.begin(), point.cpu_repetitions.end(), 0.0);
            point.busy = cpu / (std::accumulate(point.repetitions.begin(), point.repetitions.end(), 0.0) * threads);
        }
        if (point.threads > report.baseline_threads) {
            point.serial_part = facts.weak ? gustafson_serial_part(point.speed_up, point.threads, report.baseline_threads)
                                           : karp_flatt_serial_part(point.speed_up, point.threads, report.baseline_threads);
        }
        point.oversubscribed = facts.cores != 0 && point.threads > facts.cores;
        point.answer_matches = run.answer_matches;
        report.answers_agree = report.answers_agree && run.answer_matches;
        report.points.push_back(std::move(point));
    }
    detail::add_distrust(report, facts);
    detail::add_notes(report, facts.has_answers);
    return report;
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_SUMMARIZE_RUNS_HPP
