// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_EXPLAIN_SCALING_HPP
#define XRAYON_ANALYZE_EXPLAIN_SCALING_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <xrayon/analyze/arithmetic_rate.hpp>
#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/memory_bandwidth.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/analyze/summary.hpp>
#include <xrayon/analyze/what_if.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon::analyze {

/// What the machine has to give to several threads, measured in the same run. Both may be empty: unknown.
struct machine_rates {
    std::vector<bandwidth_point> memory = {};       ///< Of measure_bandwidth.
    std::vector<arithmetic_point> arithmetic = {};  ///< Of measure_arithmetic.
};

/// Where tasks that take longer together than alone lose their time.
enum class shared_limit {
    none,        ///< They do not.
    unknown,     ///< Nothing was measured that explains it, or the times are not to be trusted.
    memory,      ///< The speed-up is about what a triad gains.
    processors,  ///< Nor does arithmetic without memory gain more.
    contention,  ///< More is lost than memory explains: locks, or data that threads write side by side.
};

/// What a trace on one thread, one on several, and the machine say about a measured speed-up.
struct scaling_explanation {
    std::size_t threads = 1;     ///< Of the measurement that is explained: the most that are not oversubscribed.
    double measured = 1;         ///< Speed-up there.
    double predicted = 1;        ///< What the replay of the trace on one thread gives; tasks do not slow each other down in it.
    double inflation = 1;        ///< Work of the trace on `threads` threads over that of the one on one: the same tasks, how much longer.
    double memory_gain = 1;      ///< What a triad gains from as many threads; 1: unknown.
    double arithmetic_gain = 1;  ///< What arithmetic without memory gains; `threads`: unknown.
    shared_limit limit = shared_limit::none;
    std::vector<std::string> sentences = {};
};

namespace detail {

/// Why the same tasks take longer together, and in words.
template <class = when_called>
shared_limit find_shared_limit(const scaling_explanation& found, bool trusted, std::string& words, const text_options& options) {
    const auto n = static_cast<double>(found.threads);
    const auto gain = [&](double factor) { return times(factor, 2, options); };
    if (!trusted) {
        words = "; but these times are not to be trusted";
        return shared_limit::unknown;
    }
    // The memory is narrow where it gives less than the processors could ask for.
    const bool narrow = found.memory_gain > 1 && found.memory_gain < 0.9 * found.arithmetic_gain;
    if (narrow && found.measured <= 0.8 * found.memory_gain) {
        words =
            ": more than memory explains (a triad gains " + gain(found.memory_gain) + "); locks, or data that threads write side by side";
        return shared_limit::contention;
    }
    if (narrow && found.measured < 1.15 * found.memory_gain) {
        words = ": memory bandwidth. A triad gains " + gain(found.memory_gain) + " here, and that is all there is";
        return shared_limit::memory;
    }
    if (found.arithmetic_gain < 0.95 * n && found.inflation < 1.1 * n / found.arithmetic_gain) {
        words = ": the processors. Arithmetic without memory gains no more than " + gain(found.arithmetic_gain)
                + " here: they share a core, a clock or a busy host";
        return shared_limit::processors;
    }
    words = narrow ? ": caches, memory (a triad gains " + gain(found.memory_gain) + ") or the clock"
                   : ": caches, memory or the clock, or somebody else used the cores";
    return shared_limit::unknown;
}

} // namespace detail

/// @brief Explains the speed-up of a report of strong scaling at its largest count that is not oversubscribed.
///
/// Where no count beyond the smallest one is within the cores, only the limit is told; where the smallest one is not 1, no cause.
/// @param alone     what_if of a trace on one thread; points for that count and the smallest one must be among its points.
/// @param together  Work of a trace on that many threads, seconds (times_of(graph_of(trace)).work); 0: there is none.
/// @param rates     Of the machine, in the same run, at one thread and at that count.
/// @throws argument_error  if the report has no points or the prediction no point for a count that is compared
template <class = when_called>
[[nodiscard]] scaling_explanation explain_scaling(const scalability_report& report, const what_if_result& alone, double together,
                                                  const machine_rates& rates, const text_options& options = {}) {
    check(!report.points.empty(), "explain_scaling: the report has no points");
    const std::size_t baseline = report.baseline_threads;
    std::size_t most = baseline;
    for (const scaling_point& point : report.points) {
        most = point.oversubscribed ? most : point.threads;
    }
    scaling_explanation out{.threads = most, .arithmetic_gain = static_cast<double>(most)};
    out.sentences.push_back("Limit: " + alone.reason);
    const auto replayed_at = [&](std::size_t threads) {
        const auto found =
            std::find_if(alone.points.begin(), alone.points.end(), [&](const what_if_point& point) { return point.threads == threads; });
        check(found != alone.points.end(),
              "explain_scaling: the prediction must have a point for each count that is compared; it lacks threads", threads);
        return alone.speed_up(*found);
    };
    out.predicted = replayed_at(most) / replayed_at(baseline);
    if (most == baseline) {
        return out;  // nothing was gained that could be explained
    }
    out.measured =
        std::find_if(report.points.begin(), report.points.end(), [&](const auto& point) { return point.threads == most; })->speed_up;
    const std::string n = detail::counted(most, "thread");
    out.sentences.push_back("A trace on 1 thread predicts " + detail::times(out.predicted, 2, options) + " on " + n
                            + (baseline == 1 ? "" : " against " + detail::counted(baseline, "thread"))
                            + "; measured: " + detail::times(out.measured, 2, options));
    if (baseline != 1) {
        return out;  // the trace alone, the triad and the arithmetic are of one thread
    }
    if (together > 0) {
        out.inflation = together / alone.work;
    }
    const auto gain_of = [&](const auto& points, auto rate, double unknown) {
        const auto found = std::find_if(points.begin(), points.end(), [&](const auto& point) { return point.threads == most; });
        return found != points.end() && points.front().threads == 1 ? (*found).*rate / points.front().*rate : unknown;
    };
    out.memory_gain = gain_of(rates.memory, &bandwidth_point::bytes_per_second, out.memory_gain);
    out.arithmetic_gain = gain_of(rates.arithmetic, &arithmetic_point::operations_per_second, out.arithmetic_gain);
    if (out.inflation > 1.1) {
        std::string words;
        out.limit = detail::find_shared_limit(out, report.trusted, words, options);
        out.sentences.push_back("The same tasks take " + detail::times(out.inflation, 2, options) + " as long on " + n + " as alone"
                                + words);
    }
    return out;
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_EXPLAIN_SCALING_HPP
