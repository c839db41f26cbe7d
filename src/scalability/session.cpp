// SPDX-License-Identifier: Apache-2.0
#include "scalability/session.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <xrayon/analyze/chart.hpp>
#include <xrayon/analyze/table.hpp>
#include <xrayon/exec/runtime_info.hpp>

#include "scalability/given_times.hpp"
#include "scalability/outputs.hpp"
#include "scalability/prediction.hpp"
#include "scalability/terminal.hpp"
#include "scalability/this_machine.hpp"
#include "scalability/thread_counts.hpp"
#include "scalability/trace_description.hpp"
#include "scalability/weak_scaling.hpp"

namespace scalability {

namespace {

using xrayon::to_text;
namespace analyze = xrayon::analyze;

/// What was found, on the terminal: table, sentences, chart.
void show(const analyze::html_section& section, const terminal& screen) {
    const analyze::scalability_report& report = section.report;
    std::cout << analyze::to_table(report, {.utf8 = screen.utf8, .width = screen.columns});
    for (const std::string& sentence : section.explanation) {
        std::cout << sentence << ".\n";
    }
    // Two points make a line, which nobody has to see.
    if (report.points.size() > 2 || section.what_if) {
        const std::string chart = analyze::to_chart(report, {.utf8 = screen.utf8,
                                                             .width = std::min<std::size_t>(screen.columns, 76),
                                                             .height = 12,
                                                             .prediction = section.what_if ? &*section.what_if : nullptr});
        std::cout << (chart.empty() ? "" : "\n") << chart;
    }
    if (!report.trusted) {
        std::cout << screen.warning("These times are not to be trusted.") << "\n";
    }
    std::cout << std::flush;
}

int run_workloads(const options& asked, const terminal& screen, const std::string& program_name) {
    const xrayon::runtime_info info = xrayon::describe_runtime();
    const std::vector<std::size_t> threads = asked.threads.empty() ? doubling(info.threads) : asked.threads;
    const std::vector<std::string> lines = environment_lines(info, screen.utf8 ? " · " : ", ");
    const labelled_rows data = read_labelled(asked.data.empty() ? shipped_data() : asked.data);
    outputs all(asked, lines, context_of(program_name));

    const std::string decided = asked.threads.empty()
                                    ? "up to " + to_text(info.threads) + ", decided by " + std::string(to_text(info.origin))
                                    : std::string("decided by --threads");
    for (const std::string& line : lines) {
        std::cout << line << "\n";
    }
    std::cout << "threads " << listed(threads) << ": " << decided << "\ndata: " << data.source << "\n" << std::flush;

    const auto min_time = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(asked.min_time));
    std::optional<machine_measurements> machine;
    for (const named_workload& named : workloads) {
        if (!asked.workloads.empty() && std::find(asked.workloads.begin(), asked.workloads.end(), named.name) == asked.workloads.end()) {
            continue;
        }
        const workload one = named.make(data, asked.workload);
        std::cout << "\n" << screen.bold(named.name) << ": " << one.what << "\n" << one.quality << "\n\n" << std::flush;
        status_line status{std::string(named.name)};
        const auto show_status = [&](std::size_t round, std::size_t rounds) { status.show(round, rounds); };
        const analyze::scalability_options how{.repetitions = asked.repetitions,
                                               .warmup = asked.warmup,
                                               .min_time = min_time,
                                               .label = std::string(named.name),
                                               .on_round = show_status};
        analyze::html_section section{.what = one.what + "; " + one.quality + (asked.weak ? "; on n threads n times as much" : "")};
        section.report = asked.weak ? measure_weak(named, data, asked.workload, threads, how) : one.runs.measure(threads, how);
        if (asked.what_if != 0 && !asked.weak) {
            if (!machine) {
                std::size_t most = 1;  // that there are cores for: what is explained
                for (const std::size_t count : threads) {
                    most = count <= info.usable_cores ? std::max(most, count) : most;
                }
                machine = measure_machine(most);
            }
            add_prediction(section, one, asked.what_if, *machine, screen.utf8);
        }
        show(section, screen);
        if (!asked.weak) {  // where the work differs, so does its answer
            std::cout << "The " << one.answer << ' '
                      << (section.report.answers_agree ? "are the same at every thread count."
                                                       : screen.warning("DIFFER BETWEEN THREAD COUNTS."))
                      << std::endl;
        }
        all.add(std::move(section));
    }
    return all.finish();
}

int run_program(const options& asked, const terminal& screen, const std::string& program_name) {
    const xrayon::runtime_info info = xrayon::describe_runtime();
    const std::vector<std::size_t> threads = asked.threads.empty() ? doubling(info.usable_cores) : asked.threads;
    std::vector<std::string> lines = environment_lines(info, screen.utf8 ? " · " : ", ");
    std::string command;
    for (const std::string& word : asked.program.command) {
        command += (command.empty() ? "" : " ") + xrayon::escaped(word, 200);
    }
    std::string variables;
    for (const std::string& variable : asked.program.variables) {
        variables += (variables.empty() ? "" : ", ") + variable;
    }
    lines.push_back("command: " + command);
    outputs all(asked, lines, context_of(program_name));
    std::cout << lines[1] << "\n"
              << screen.bold(command) << "\nthreads " << listed(threads) << " by " << variables
              << (asked.program.pin ? " and as many processors" : "") << "\n\n"
              << std::flush;
    foreign_program program = asked.program;
    program.repetitions = asked.repetitions;
    program.warmup = asked.warmup;
    analyze::html_section section{.what = command};
    {
        status_line status(program.command.front());
        program.on_round = [&](std::size_t round, std::size_t rounds) { status.show(round, rounds); };
        section.report = measure_program(program, threads);
    }
    show(section, screen);
    all.add(std::move(section));
    return all.finish();
}

int describe_times(const options& asked, const terminal& screen) {
    outputs all(asked, {"times from " + asked.times}, {.date = context_of({}).date});
    std::cout << screen.bold(asked.times) << (asked.cores != 0 ? ", on " + counted(asked.cores, "core") : std::string()) << "\n";
    const auto reports = read_times(asked.times, asked.cores);
    for (const analyze::scalability_report& report : reports) {
        std::cout << "\n" << (reports.size() > 1 ? screen.bold(xrayon::escaped(report.label, 100)) + "\n\n" : std::string());
        analyze::html_section section{.report = report, .what = "times from " + asked.times};
        show(section, screen);
        all.add(std::move(section));
    }
    return all.finish();
}

} // namespace

int run(const options& asked, const std::string& program_name) {
    const terminal screen = look_at_terminal(asked.ascii);
    int code = done;
    if (!asked.times.empty()) {
        code = describe_times(asked, screen);
    } else if (!asked.ratios.empty()) {
        std::cout << describe_ratios(asked.ratios);
    } else if (!asked.trace.empty()) {
        code = describe_trace(asked, screen);
    } else {
        code = asked.program.command.empty() ? run_workloads(asked, screen, program_name) : run_program(asked, screen, program_name);
    }
    if (!(std::cout << std::flush)) {
        throw std::runtime_error("cannot write to standard output");
    }
    return code;
}

} // namespace scalability
