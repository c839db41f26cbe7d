// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_EXPLAIN_SCALING_HPP
#define XRAYON_ANALYZE_EXPLAIN_SCALING_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/memory_bandwidth.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/analyze/summary.hpp>
#include <xrayon/analyze/what_if.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon::analyze {

/// What a trace on one thread, one on several, and the memory say about a measured speed-up.
struct scaling_explanation {
    std::size_t threads = 1;    ///< Of the measurement that is explained: the most that are not oversubscribed.
    double measured = 1;        ///< Speed-up there.
    double predicted = 1;       ///< What the replay of the trace on one thread gives; tasks do not slow each other down in it.
    double inflation = 1;       ///< Work of the trace on `threads` threads over that of the one on one: the same tasks, how much longer.
    double bandwidth_gain = 1;  ///< What a triad gains from as many threads.
    bool memory_bound = false;  ///< Tasks take longer together, and the speed-up is about what the triad gains.
    std::vector<std::string> sentences = {};
};

/// @brief Explains the speed-up of a report at its largest count that is not oversubscribed.
///
/// @param alone     what_if of a trace on one thread; a point for that count must be among its points.
/// @param together  Work of a trace on that many threads, seconds (times_of(graph_of(trace)).work); 0: there is none.
/// @param bandwidth Of measure_bandwidth, in the same run; may be empty.
/// @throws argument_error  if the report has no points or the prediction no point for the count
template <class = when_called>
[[nodiscard]] scaling_explanation explain_scaling(const scalability_report& report, const what_if_result& alone, double together,
                                                  const std::vector<bandwidth_point>& bandwidth, const text_options& options = {}) {
    check(!report.points.empty(), "explain_scaling: the report has no points");
    const scaling_point* most = &report.points.front();
    for (const scaling_point& point : report.points) {
        most = point.oversubscribed ? most : &point;
    }
    scaling_explanation out{.threads = most->threads, .measured = most->speed_up};
    const auto at = [&](const auto& points) {
        return std::find_if(points.begin(), points.end(), [&](const auto& point) { return point.threads == most->threads; });
    };
    const auto replayed = at(alone.points);
    check(replayed != alone.points.end(),
          "explain_scaling: the prediction must have a point for the count that is explained; it lacks threads", most->threads);
    out.predicted = alone.speed_up(*replayed);
    out.sentences.push_back("Limit: " + alone.reason);
    if (most->threads == 1) {
        return out;
    }
    const std::string n = detail::counted(most->threads, "thread");
    out.sentences.push_back("A trace on 1 thread predicts " + detail::times(out.predicted, 2, options) + " on " + n
                            + "; measured: " + detail::times(out.measured, 2, options));
    if (together > 0) {
        out.inflation = together / alone.work;
    }
    const auto gains = at(bandwidth);
    if (gains != bandwidth.end() && bandwidth.front().threads == 1) {
        out.bandwidth_gain = gains->bytes_per_second / bandwidth.front().bytes_per_second;
    }
    if (out.inflation > 1.1) {
        std::string text = "The same tasks take " + detail::times(out.inflation, 2, options) + " as long on " + n + " as alone";
        if (!report.trusted) {
            text += "; but these times are not to be trusted";
        } else if (out.bandwidth_gain > 1 && out.bandwidth_gain < 0.9 * static_cast<double>(most->threads)) {
            out.memory_bound = out.measured < 1.15 * out.bandwidth_gain && out.measured > 0.8 * out.bandwidth_gain;
            if (out.measured <= 0.8 * out.bandwidth_gain) {
                text += ": more than memory explains (a triad gains " + detail::times(out.bandwidth_gain, 2, options)
                        + "); locks, or data that threads write side by side";
                out.sentences.push_back(text);
                return out;
            }
            text += out.memory_bound
                        ? ": memory bandwidth. A triad gains " + detail::times(out.bandwidth_gain, 2, options)
                              + " here, and that is all there is"
                        : ": caches, memory (a triad gains " + detail::times(out.bandwidth_gain, 2, options) + ") or the clock";
        } else {
            text += ": caches, memory or the clock, or somebody else used the cores";
        }
        out.sentences.push_back(text);
    }
    return out;
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_EXPLAIN_SCALING_HPP
