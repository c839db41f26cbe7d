// SPDX-License-Identifier: Apache-2.0
#include "scalability/prediction.hpp"

#include <algorithm>
#include <string>

#include <xrayon/analyze/trace_cost.hpp>
#include <xrayon/exec/pool.hpp>

#include "scalability/thread_counts.hpp"

namespace scalability {

namespace analyze = xrayon::analyze;
using analyze::detail::fixed;
using analyze::detail::percent;

machine_measurements measure_machine(std::size_t most_threads) {
    const std::vector<std::size_t> counts{1, most_threads};
    return {.rates = {.memory = analyze::measure_bandwidth(counts), .arithmetic = analyze::measure_arithmetic(counts)},
            .seconds_to_record = analyze::measure_trace_cost()};
}

void add_prediction(analyze::html_section& section, const workload& one, std::size_t most_predicted, const machine_measurements& machine,
                    bool utf8) {
    std::size_t most = 1;
    for (const auto& point : section.report.points) {
        most = point.oversubscribed ? most : std::max(most, point.threads);
    }
    std::vector<std::size_t> predicted = doubling(std::max(most_predicted, most));
    for (const auto& point : section.report.points) {
        predicted.push_back(point.threads);
    }
    std::sort(predicted.begin(), predicted.end());
    predicted.erase(std::unique(predicted.begin(), predicted.end()), predicted.end());
    const auto traced_on = [&](std::size_t threads) {
        const xrayon::pool workers(threads);
        workers.install(one.runs.once);  // warm
        return workers.install([&] { return xrayon::record_tasks(one.runs.once); });
    };
    const xrayon::task_trace alone = traced_on(1);
    if (alone.dropped != 0) {
        section.explanation.push_back("Too many tasks to trace them all: no prediction");
        return;
    }
    section.what_if = analyze::what_if(alone, {.threads = predicted});
    section.trace = most == 1 ? alone : traced_on(most);
    const double together = most == 1 || section.trace->dropped != 0 ? 0 : analyze::times_of(analyze::graph_of(*section.trace)).work;
    section.explanation = analyze::explain_scaling(section.report, *section.what_if, together, machine.rates, {.utf8 = utf8}).sentences;
    const double recording = machine.seconds_to_record * static_cast<double>(alone.tasks.size() + alone.calls.size());
    section.explanation.push_back("Recording takes " + fixed(1e9 * machine.seconds_to_record, 0) + " ns a task, "
                                  + percent(recording / section.what_if->work, 2) + " of the traced run");
    const auto& far = section.what_if->points.back();
    if (far.threads > most) {
        section.explanation.push_back("With " + counted(far.threads, "thread") + " it would be " + fixed(section.what_if->speed_up(far), 1)
                                      + (utf8 ? "×" : "x") + " (replayed; at most " + fixed(section.what_if->work / far.least, 1)
                                      + (utf8 ? "×)" : "x)"));
    }
}

} // namespace scalability
