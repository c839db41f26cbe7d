// SPDX-License-Identifier: Apache-2.0
#include "scalability/trace_description.hpp"

#include <algorithm>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/analyze/table.hpp>
#include <xrayon/analyze/what_if.hpp>
#include <xrayon/exec/call_summary.hpp>

#include "scalability/outputs.hpp"
#include "scalability/thread_counts.hpp"
#include "scalability/trace_reader.hpp"

namespace scalability {

namespace analyze = xrayon::analyze;
using analyze::detail::fixed;
using analyze::detail::percent;
using xrayon::to_text;

int describe_trace(const options& asked, const terminal& screen) {
    const xrayon::task_trace trace = read_trace(asked.trace);
    std::cout << screen.bold(asked.trace) << ": " << counted(trace.calls.size(), "call") << ", " << counted(trace.tasks.size(), "task")
              << ", " << counted(trace.threads.size(), "thread") << ", " << fixed(1e-6 * static_cast<double>(trace.duration), 3) << " ms\n";
    std::vector<std::vector<std::string>> rows{
        {"call", "calls", "items", "wall (ms)", "cores", "p50 (us)", "p95 (us)", "max (us)", "imbalance", "scheduling", ""}};
    for (const xrayon::call_summary& call : xrayon::summarize_calls(trace)) {
        rows.push_back({xrayon::escaped(call.name, 40), to_text(call.calls), to_text(call.items), fixed(1e3 * call.wall, 3),
                        fixed(call.mean_cores, 2), fixed(1e6 * call.item_median, 2), fixed(1e6 * call.item_p95, 2),
                        fixed(1e6 * call.item_max, 2), fixed(call.imbalance, 2), percent(call.scheduling_share, 1), ""});
    }
    analyze::detail::drop_columns(rows, screen.columns, {"p95 (us)", "scheduling", "items", "imbalance", "p50 (us)", "calls"});
    std::cout << analyze::detail::aligned(rows, screen.utf8 ? "─" : "-");
    const auto finish = [&](analyze::html_section section) {
        section.report.label = asked.trace.substr(asked.trace.rfind('/') + 1);
        section.trace = trace;
        outputs all(asked, {}, {});
        all.add(std::move(section));
        return all.finish();
    };
    const auto no_prediction = [&](const std::string& why) {
        std::cout << why << ": no prediction.\n";
        return finish({.explanation = {why + ": no prediction"}});
    };
    if (trace.calls.empty()) {
        return no_prediction("Tasks were spawned, and no parallel call was made");
    }
    if (asked.what_if == 0) {
        std::cout << std::flush;
        return finish({});
    }
    if (trace.dropped != 0) {
        return no_prediction(counted(trace.dropped, "task") + " had no room in the trace");
    }
    const analyze::task_graph graph = analyze::graph_of(trace);
    if (analyze::times_of(graph).work == 0) {
        return no_prediction("No task takes any time");
    }
    const char* const times = screen.utf8 ? "×" : "x";
    const auto more = analyze::what_if(graph, {.threads = doubling(asked.what_if)});
    std::vector<std::string> sentences;
    if (more.left_out != 0) {
        sentences.push_back(to_text(more.left_out) + " of " + counted(trace.tasks.size(), "task") + (more.left_out == 1 ? " is" : " are")
                            + " in no prediction: spawned into pools, or of calls that other threads than thread "
                            + to_text(trace.tasks[trace.root].thread) + " made");
    }
    const xrayon::traced_task& root = trace.tasks[trace.root];
    if (10 * root.start > trace.duration) {
        sentences.push_back("The first parallel call began after " + fixed(1e-6 * static_cast<double>(root.start), 3)
                            + " ms, which are in no prediction");
    }
    sentences.push_back("Limit: " + more.reason);
    std::cout << "work " << fixed(1e3 * more.work, 3) << " ms, span " << fixed(1e3 * more.span, 3) << " ms\n";
    for (const auto& point : more.points) {
        std::cout << "  " << counted(point.threads, "thread") << ": " << fixed(more.speed_up(point), 2) << times << " (at most "
                  << fixed(more.work / point.least, 2) << times << ")\n";
    }
    sentences.push_back("Tasks that were recorded on several threads may look longer than alone: a trace on 1 thread predicts best");
    for (const std::string& sentence : sentences) {
        std::cout << sentence << ".\n";
    }
    return finish({.what_if = more, .explanation = sentences});
}

} // namespace scalability
