// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_REPORT_CHARTS_HPP
#define XRAYON_ANALYZE_DETAIL_REPORT_CHARTS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/analyze/detail/law_curve.hpp>
#include <xrayon/analyze/detail/svg.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/analyze/what_if.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/exec/task_trace.hpp>

// The drawings of the HTML report.

namespace xrayon::analyze::detail {

inline std::string with_x(double factor) { return fixed(factor, 2) + "×"; }

/// Threads on a logarithmic axis from 0 to 1; a single count stands in the middle.
struct thread_axis {
    double least = 1;
    double most = 1;
    [[nodiscard]] double share(double threads) const { return most > least ? std::log(threads / least) / std::log(most / least) : 0.5; }
};

template <class = when_called>
thread_axis axis_of(const scalability_report& report, const what_if_result* more) {
    thread_axis axis{static_cast<double>(report.points.front().threads), static_cast<double>(report.points.back().threads)};
    if (more != nullptr) {
        for (const what_if_point& point : more->points) {
            axis.most = std::max(axis.most, static_cast<double>(point.threads));
        }
    }
    return axis;
}

/// Speed-up over threads, both logarithmic; `more` for a baseline of 1 thread: ideal, bounds and replay from the trace, the fitted law, what was measured with its intervals.
template <class = when_called>
std::string speed_up_chart(const scalability_report& report, const what_if_result* more) {
    const thread_axis axis = axis_of(report, more);
    double low = 1;
    double high = std::max(axis.most / axis.least, 1.05);
    for (const scaling_point& point : report.points) {
        low = std::min({low, point.speed_up, std::isnan(point.speed_up_interval.lower) ? low : point.speed_up_interval.lower});
        high = std::max(high, point.speed_up);
    }
    const auto y_share = [&](double speed_up) { return std::clamp(std::log(speed_up / low) / std::log(high / low), 0.0, 1.0); };
    const auto law = law_curve_of(report);
    svg_plot plot(560, 380, "Speed-up over threads",
                  "Measured " + std::string(report.weak ? "scaled " : "") + "speed-up with 95 % intervals beside the ideal"
                      + std::string(more != nullptr ? ", bounds from a trace" : "")
                      + (law ? " and " + std::string(law->name()) + "'s law" : std::string()) + "; both axes logarithmic.");
    for (std::size_t i = 0; i < report.points.size(); ++i) {
        if (report.points[i].oversubscribed) {  // from halfway to the count before
            const auto beyond = static_cast<double>(report.points[i].threads);
            const double from = i == 0 ? 0 : axis.share(std::sqrt(beyond * static_cast<double>(report.points[i - 1].threads)));
            plot.rectangle(plot.x(std::max(0.0, from)), svg_plot::top, plot.x(1) - plot.x(std::max(0.0, from)), plot.plot_height(),
                           "beyond");
            plot.label(plot.x(1) - 4, plot.y(0) - 6, "end", "more threads than cores");
            break;
        }
    }
    plot.axes("threads", speed_up_name(report));
    const double doublings = std::max(1.0, std::ceil(std::log2(high / low) / 9));  // of one tick to the next: labels have room
    for (double tick = std::exp2(std::ceil(std::log2(low) - 1e-9)); tick <= high * (1 + 1e-9); tick *= std::exp2(doublings)) {
        plot.y_tick(y_share(tick), fixed(tick, tick < 1 ? 2 : 0) + "×");
    }
    std::vector<double> ticks;
    for (const scaling_point& point : report.points) {
        ticks.push_back(static_cast<double>(point.threads));
    }
    for (double tick = 2; tick <= axis.most; tick *= 2) {
        const bool near =
            std::any_of(ticks.begin(), ticks.end(), [&](double each) { return std::abs(axis.share(each) - axis.share(tick)) < 0.05; });
        if (!near && tick > axis.least) {
            ticks.push_back(tick);
        }
    }
    for (const double tick : ticks) {
        plot.x_tick(axis.share(tick), fixed(tick, 0));
    }
    const auto curve = [&](auto&& speed_up_at) {
        std::vector<std::pair<double, double>> points;
        for (int i = 0; i <= 60; ++i) {
            const double threads = axis.least * std::pow(axis.most / axis.least, i / 60.0);
            points.emplace_back(plot.x(axis.share(threads)), plot.y(y_share(speed_up_at(threads))));
        }
        return points;
    };
    if (axis.most > axis.least) {
        plot.path(curve([&](double threads) { return threads / axis.least; }), "ideal");
    }
    if (more != nullptr) {
        std::vector<std::pair<double, double>> band;
        std::vector<std::pair<double, double>> replay;
        for (const what_if_point& point : more->points) {
            const double x = plot.x(axis.share(static_cast<double>(point.threads)));
            band.emplace_back(x, plot.y(y_share(more->work / point.least)));
            replay.emplace_back(x, plot.y(y_share(more->speed_up(point))));
        }
        for (auto point = more->points.rbegin(); point != more->points.rend(); ++point) {
            band.emplace_back(plot.x(axis.share(static_cast<double>(point->threads))), plot.y(y_share(more->work / point->most)));
        }
        plot.path(band, "band", true);
        plot.path(replay, "replay");
    }
    if (law) {
        plot.path(curve([&](double threads) { return law->speed_up(threads); }), "law");
    }
    for (const scaling_point& point : report.points) {
        const double x = plot.x(axis.share(static_cast<double>(point.threads)));
        const confidence_interval& interval = point.speed_up_interval;
        if (interval.state != interval_state::one_value) {
            plot.line(x, plot.y(y_share(interval.lower)), x, plot.y(y_share(interval.upper)), "interval");
        }
        plot.circle(x, plot.y(y_share(point.speed_up)), 5, point.oversubscribed ? "point hollow" : "point",
                    counted(point.threads, "thread") + ": " + with_x(point.speed_up));
    }
    return std::move(plot).finish();
}

template <class = when_called>
std::string efficiency_chart(const scalability_report& report) {
    const thread_axis axis = axis_of(report, nullptr);
    double high = 1.05;
    for (const scaling_point& point : report.points) {
        high = std::max(high, 1.05 * point.efficiency);
    }
    svg_plot plot(560, 220, "Efficiency over threads", "Speed-up divided by the number of threads: 100 % is ideal.");
    plot.axes("threads", "efficiency");
    // Quarters, or as many of them between two ticks as leave labels room.
    const double step = 0.25 * std::exp2(std::max(0.0, std::ceil(std::log2(high / 0.25 / 6))));
    for (int tick = 0; tick * step <= high; ++tick) {
        plot.y_tick(tick * step / high, percent(tick * step, 0));
    }
    std::vector<std::pair<double, double>> line;
    for (const scaling_point& point : report.points) {
        plot.x_tick(axis.share(static_cast<double>(point.threads)), to_text(point.threads));
        line.emplace_back(plot.x(axis.share(static_cast<double>(point.threads))), plot.y(point.efficiency / high));
    }
    plot.path(line, "law");
    for (std::size_t i = 0; i < line.size(); ++i) {
        plot.circle(line[i].first, line[i].second, 5, report.points[i].oversubscribed ? "point hollow" : "point",
                    counted(report.points[i].threads, "thread") + ": " + percent(report.points[i].efficiency, 1));
    }
    return std::move(plot).finish();
}

/// Every time that was measured, in its order, over the median of its count: what drifts or comes in two kinds is seen here.
template <class = when_called>
std::string repetition_chart(const scalability_report& report) {
    double low = 0.95;
    double high = 1.05;
    for (const scaling_point& point : report.points) {
        for (const double seconds : point.repetitions) {
            low = std::min(low, seconds / point.median);
            high = std::max(high, seconds / point.median);
        }
    }
    high = std::min(high, 3.0);  // one far outlier shall not flatten the rest
    svg_plot plot(560, 220, "Every repetition",
                  "Times in the order in which they were taken, divided by the median of their thread count.");
    plot.axes("repetitions of each thread count", "time over median");
    for (const double tick : {low, 1.0, high}) {
        if (tick == 1 || std::abs(tick - 1) > 0.1 * (high - low)) {  // labels have room
            plot.y_tick((tick - low) / (high - low), fixed(tick, 2));
        }
    }
    const auto counts = static_cast<double>(report.points.size());
    for (std::size_t i = 0; i < report.points.size(); ++i) {
        const scaling_point& point = report.points[i];
        const double begin = static_cast<double>(i) / counts;
        plot.x_tick(begin + 0.5 / counts, to_text(point.threads));
        const std::size_t step = 1 + (point.repetitions.size() - 1) / 400;  // more dots than pixels show nothing
        for (std::size_t k = 0; k < point.repetitions.size(); k += step) {
            const double along = (static_cast<double>(k) + 0.5) / static_cast<double>(point.repetitions.size());
            const double over = std::min(point.repetitions[k] / point.median, high);
            plot.circle(plot.x(begin + (0.1 + 0.8 * along) / counts), plot.y((over - low) / (high - low)), 2.5, "dot",
                        fixed(1e3 * point.repetitions[k], 3) + " ms");
        }
    }
    return std::move(plot).finish();
}

/// What each thread of a trace did when. Tasks that are narrower than a pixel are drawn together.
template <class = when_called>
std::string timeline_chart(const task_trace& trace) {
    struct bar {
        std::size_t thread;
        double begin;
        double end;
        std::size_t tasks;
        std::string name;
        std::size_t colour;
    };
    std::vector<std::size_t> row_of(trace.threads.size(), no_trace_index);
    std::size_t rows = 0;
    std::vector<std::string> names;
    std::vector<bar> bars;
    std::int64_t first = trace.duration;
    std::int64_t last = 0;
    for (const traced_task& task : trace.tasks) {
        if (task.call == no_trace_index) {
            continue;
        }
        first = std::min(first, task.start);
        last = std::max(last, task.stop);
    }
    const double span = static_cast<double>(std::max<std::int64_t>(1, last - first));
    constexpr double pixel = 1.0 / 480;
    std::vector<std::size_t> open(trace.threads.size(), no_trace_index);  // the last bar of each thread
    for (const traced_task& task : trace.tasks) {
        if (task.call == no_trace_index) {
            continue;
        }
        if (row_of[task.thread] == no_trace_index) {
            row_of[task.thread] = rows++;
        }
        const std::string& name = trace.calls[task.call].name;
        auto found = std::find(names.begin(), names.end(), name);
        const auto colour = static_cast<std::size_t>(found - names.begin());
        if (found == names.end()) {
            names.push_back(name);
        }
        const double begin = static_cast<double>(task.start - first) / span;
        const double end = static_cast<double>(task.stop - first) / span;
        const std::size_t before = open[task.thread];
        if (before != no_trace_index && bars[before].colour == colour && end - bars[before].begin < 2 * pixel) {
            bars[before].end = std::max(bars[before].end, end);
            ++bars[before].tasks;
            continue;
        }
        if (before != no_trace_index && end - begin < pixel && begin < bars[before].end) {
            continue;  // nested in what is drawn, and too narrow to be seen
        }
        const std::string items = task.end - task.begin == 1 ? to_text(task.begin) : to_text(task.begin) + ".." + to_text(task.end);
        open[task.thread] = bars.size();
        bars.push_back({task.thread, begin, end, 1, name + "[" + items + "]", colour});
    }
    const double height = svg_plot::top + svg_plot::bottom + 26 * static_cast<double>(std::max<std::size_t>(1, rows)) + 18;
    svg_plot plot(560, height, "Who did what when", "Tasks of each thread of one traced run, from its first task to its last one.");
    for (std::size_t thread = 0; thread < row_of.size(); ++thread) {
        if (row_of[thread] != no_trace_index) {
            plot.label(svg_plot::left - 6, svg_plot::top + 26 * static_cast<double>(row_of[thread]) + 15, "end",
                       thread == 0 ? "caller" : "thread " + to_text(thread));
        }
    }
    for (const bar& each : bars) {
        const std::string tip = (each.tasks == 1 ? each.name : counted(each.tasks, "task") + ", first " + each.name) + ": "
                                + fixed(1e-6 * span * (each.end - each.begin), 3) + " ms";
        plot.rectangle(plot.x(each.begin), svg_plot::top + 26 * static_cast<double>(row_of[each.thread]) + 2,
                       std::max(0.5, (each.end - each.begin) * plot.plot_width()), 22, "task t" + to_text(each.colour % 6), tip);
    }
    plot.line(svg_plot::left, height - svg_plot::bottom, 560 - svg_plot::right, height - svg_plot::bottom, "axis");
    plot.x_tick(0, "0");
    plot.x_tick(1, fixed(1e-6 * span, 2) + " ms", "end");
    std::string legend;
    for (std::size_t i = 0; i < names.size() && i < 6; ++i) {
        legend +=
            "<span class=\"key t" + to_text(i) + "\"></span>" + html_text(names[i]) + (names.size() > 6 && i == 5 ? " ..." : "") + " ";
    }
    return std::move(plot).finish() + "<p class=\"legend\">" + legend + "</p>\n";
}

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_REPORT_CHARTS_HPP
