// SPDX-License-Identifier: Apache-2.0
#include "scalability/session.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <unistd.h>

#include <xrayon/analyze/chart.hpp>
#include <xrayon/analyze/compare_reports.hpp>
#include <xrayon/analyze/detail/foreign_use.hpp>
#include <xrayon/analyze/explain_scaling.hpp>
#include <xrayon/analyze/gustafson_fit.hpp>
#include <xrayon/analyze/json.hpp>
#include <xrayon/analyze/markdown.hpp>
#include <xrayon/analyze/memory_bandwidth.hpp>
#include <xrayon/analyze/table.hpp>
#include <xrayon/analyze/trace_cost.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/exec/call_summary.hpp>
#include <xrayon/exec/cpu_throttling.hpp>
#include <xrayon/exec/runtime_info.hpp>
#include <xrayon/io/atomic_file.hpp>

#include "scalability/baseline.hpp"
#include "scalability/given_times.hpp"
#include "scalability/trace_reader.hpp"

namespace scalability {

namespace {

using xrayon::to_text;
namespace analyze = xrayon::analyze;
using analyze::detail::fixed;
using analyze::detail::percent;

/// 1, 2, 4 ... up to `most`, and `most` itself.
std::vector<std::size_t> doubling(std::size_t most) {
    std::vector<std::size_t> counts;
    for (std::size_t n = 1; n < most; n *= 2) {
        counts.push_back(n);
    }
    counts.push_back(most);
    return counts;
}

std::string listed(const std::vector<std::size_t>& counts) {
    std::string text;
    for (const std::size_t count : counts) {
        text += (text.empty() ? "" : ", ") + to_text(count);
    }
    return text;
}

/// The model of the first processor; empty where the system does not say.
std::string cpu_model() {
    std::ifstream file("/proc/cpuinfo");
    std::string line;
    while (std::getline(file, line)) {
        const std::size_t colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos) {
            return xrayon::escaped(line.substr(colon + 2), 100);
        }
    }
    return {};
}

/// The versions and the machine, a line each.
std::vector<std::string> environment_lines(const xrayon::runtime_info& info, std::string_view dot) {
    const std::string separator(dot);
    std::string versions = "xrayon " + info.version + separator + "oneTBB " + info.tbb_version + separator + "xtensor "
                           + to_text(XTENSOR_VERSION_MAJOR) + "." + to_text(XTENSOR_VERSION_MINOR) + "." + to_text(XTENSOR_VERSION_PATCH);
    for (const xrayon::blas_library& blas : info.blas) {
        // OpenBLAS says "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...": name and number will do here.
        const std::string& full = blas.version.starts_with(blas.name) ? blas.version : blas.name + " " + blas.version;
        versions += separator + full.substr(0, full.find(' ', std::min(full.size(), blas.name.size() + 1))) + " (1 thread inside tasks)";
    }
    const std::string model = cpu_model();
    const std::string quota = info.quota.cpus ? "CPU quota " + to_text(*info.quota.cpus) : "no CPU quota";
    return {versions, (model.empty() ? "" : model + separator) + counted(info.usable_cores, "usable core") + separator
                          + counted(info.cpus.logical, "hardware thread") + separator + quota};
}

/// Now, as 2024-05-01T12:00:00+02:00.
std::string date() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm local{};
    std::array<char, 64> buffer{};
    if (::localtime_r(&now, &local) == nullptr) {
        return {};
    }
    std::string text(buffer.data(), std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%S%z", &local));
    return text.size() > 5 ? text.insert(text.size() - 2, ":") : text;
}

std::string host_name() {
    std::array<char, 256> buffer{};
    return ::gethostname(buffer.data(), buffer.size() - 1) == 0 ? std::string(buffer.data()) : std::string();
}

/// Files that are there stay whole when the disk is full; devices and pipes, such as /dev/stdout, are written to as they are.
void write_file(const std::string& path, const std::string& text) {
    if (path.starts_with("/dev/")) {
        std::ofstream file(path, std::ios::binary);
        file << text << std::flush;
        if (!file) {
            throw std::runtime_error("cannot write " + path);
        }
        return;
    }
    xrayon::atomic_file file(path, {.permissions = 0644, .function = "write"});
    file.write(text);
    file.commit();
}

/// One report on the terminal: table, chart, sentences.
void show(const analyze::scalability_report& report, const terminal& screen, const std::vector<std::string>& sentences) {
    std::cout << analyze::to_table(report, {.utf8 = screen.utf8, .width = screen.columns});
    for (const std::string& sentence : sentences) {
        std::cout << sentence << ".\n";
    }
    // Two points make a line, which nobody has to see.
    const std::string chart =
        report.points.size() < 3
            ? std::string()
            : analyze::to_chart(report, {.utf8 = screen.utf8, .width = std::min<std::size_t>(screen.columns, 76), .height = 12});
    std::cout << (chart.empty() ? "" : "\n") << chart;
    if (!report.trusted) {
        std::cout << screen.warning("These times are not to be trusted.") << "\n";
    }
    std::cout << std::flush;
}

/// Everything that is asked for besides the terminal.
class results {
public:
    results(const options& asked, std::vector<std::string> environment, analyze::json_context context)
        : asked_(asked), environment_(std::move(environment)), context_(std::move(context)) {
        // What cannot be read or written is better known before than after an hour.
        for (const std::string* path : {&asked_.json, &asked_.html, &asked_.csv, &asked_.markdown}) {
            const std::size_t slash = path->rfind('/');
            const std::string folder = slash == std::string::npos ? "." : path->substr(0, slash + 1);
            if (!path->empty() && ::access(folder.c_str(), W_OK) != 0) {
                throw xrayon::io_error(errno, "write", *path);
            }
        }
        if (!asked_.compare.empty()) {
            before_ = read_baseline(asked_.compare);
            const bool same = before_->cpu_model == context_.cpu_model;
            if (!same && !asked_.force) {
                throw std::runtime_error(asked_.compare + ": the baseline was taken on "
                                         + (before_->cpu_model.empty() ? "an unknown processor" : "\"" + before_->cpu_model + "\"")
                                         + ", this is \"" + context_.cpu_model + "\"; --force compares all the same");
            }
        }
    }

    void add(analyze::html_section section) {
        if (before_) {
            compare(section.report);
        }
        sections_.push_back(std::move(section));
    }

    int finish() {
        std::vector<analyze::scalability_report> reports;
        bool trusted = true;
        bool agree = true;
        for (const auto& section : sections_) {
            reports.push_back(section.report);
            trusted = trusted && section.report.trusted;
            agree = agree && section.report.answers_agree;
        }
        save(asked_.json, "Google Benchmark's format", [&] { return analyze::to_json(reports, context_); });
        save(asked_.html, "one page, for a browser",
             [&] { return analyze::to_html(sections_, {.environment = environment_, .context = context_}); });
        save(asked_.csv, "every repetition", [&] {
            std::string text;
            for (const auto& report : reports) {
                text += analyze::to_csv(report, text.empty());
            }
            return text;
        });
        save(asked_.markdown, "Markdown", [&] {
            std::string text;
            for (const auto& report : reports) {
                text += "### " + analyze::finding_of(report, {.utf8 = false}) + "\n\n" + analyze::to_markdown(report) + "\n";
            }
            return text;
        });
        if (!std::cout) {
            throw std::runtime_error("cannot write to standard output");
        }
        return !agree ? answers_differ : slower_ ? slower : !trusted && asked_.strict ? not_trusted : done;
    }

private:
    void compare(const analyze::scalability_report& report) {
        const auto old = std::find_if(before_->reports.begin(), before_->reports.end(),
                                      [&](const analyze::scalability_report& each) { return each.label == report.label; });
        if (old == before_->reports.end()) {
            std::cout << "Not in " << asked_.compare << ": nothing to compare with.\n";
            return;
        }
        const bool common = std::any_of(report.points.begin(), report.points.end(), [&](const auto& point) {
            return std::any_of(old->points.begin(), old->points.end(), [&](const auto& each) { return each.threads == point.threads; });
        });
        if (!common) {
            std::cout << asked_.compare << " has other thread counts: nothing to compare with.\n";
            return;
        }
        const auto points = analyze::compare_reports(*old, report);
        std::cout << "\nCompared with " << asked_.compare << (before_->date.empty() ? "" : " of " + before_->date) << ":\n"
                  << analyze::to_summary(points);
        for (const auto& point : points) {
            slower_ = slower_ || point.verdict == analyze::comparison_verdict::slower;
        }
    }
    template <class Make>
    void save(const std::string& path, std::string_view what, const Make& make) {
        if (!path.empty()) {
            write_file(path, make());
            std::cout << "Saved " << path << " (" << what << ").\n" << std::flush;
        }
    }

    const options& asked_;
    std::vector<std::string> environment_;
    analyze::json_context context_;
    std::optional<baseline> before_;
    std::vector<analyze::html_section> sections_;
    bool slower_ = false;
};

/// Traces of a workload on one thread and on the most that there are cores for, and what follows from them.
void look_inside(analyze::html_section& section, const workload& one, std::size_t most_predicted, double seconds_to_record,
                 const std::vector<analyze::bandwidth_point>& bandwidth, const terminal& screen) {
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
    section.explanation = analyze::explain_scaling(section.report, *section.what_if, together, bandwidth, {.utf8 = screen.utf8}).sentences;
    const double recording = seconds_to_record * static_cast<double>(alone.tasks.size() + alone.calls.size());
    section.explanation.push_back("Recording takes " + fixed(1e9 * seconds_to_record, 0) + " ns a task, "
                                  + percent(recording / section.what_if->work, 2) + " of the traced run");
    const auto& far = section.what_if->points.back();
    if (far.threads > most) {
        section.explanation.push_back("With " + counted(far.threads, "thread") + " it would be " + fixed(section.what_if->speed_up(far), 1)
                                      + (screen.utf8 ? "×" : "x") + " (replayed; at most " + fixed(section.what_if->work / far.least, 1)
                                      + (screen.utf8 ? "×)" : "x)"));
    }
}

analyze::scalability_report measure_weak(const named_workload& named, const labelled_rows& data, const options& asked,
                                         const std::vector<std::size_t>& threads, const analyze::scalability_options& how) {
    std::vector<workload> sizes;
    std::vector<labelled_rows> rows;
    rows.reserve(threads.size());  // workloads refer to them
    std::vector<analyze::measured_runs> runs;
    for (const std::size_t n : threads) {
        settings more = asked.workload;
        more.copies = n;
        rows.push_back(named.make == batch_inference ? data : repeated(data, n));
        sizes.push_back(named.make(rows.back(), more));
        runs.push_back({.threads = n});
    }
    analyze::scalability_options once = how;
    once.repetitions = 1;
    once.warmup = 0;
    once.bootstrap.resamples = 1;
    std::size_t cores = 0;
    std::size_t hardware_threads = 0;
    const analyze::detail::foreign_use foreign;
    const std::size_t throttled_before = xrayon::read_throttled_periods();
    for (std::size_t round = 0; round < how.warmup + how.repetitions; ++round) {
        for (std::size_t k = 0; k < threads.size(); ++k) {
            const std::size_t i = (round + k) % threads.size();
            const auto one = sizes[i].runs.measure({threads[i]}, once);
            cores = one.cores;
            hardware_threads = one.hardware_threads;
            runs[i].answer_matches = runs[i].answer_matches && one.answers_agree;
            if (round >= how.warmup) {
                runs[i].seconds.push_back(one.points.front().repetitions.front());
                if (!one.points.front().cpu_repetitions.empty()) {
                    runs[i].cpu_seconds.push_back(one.points.front().cpu_repetitions.front());
                }
            }
        }
        if (how.on_round) {
            how.on_round(round + 1, how.warmup + how.repetitions);
        }
    }
    return analyze::summarize_runs(std::move(runs), {.label = std::string(named.name) + "-weak",
                                                     .cores = cores,
                                                     .hardware_threads = hardware_threads,
                                                     .warmup = how.warmup,
                                                     .answer_checked = true,
                                                     .throttled_periods = xrayon::read_throttled_periods() - throttled_before,
                                                     .others = foreign.processors()});
}

/// Weak scaling is another table: n times the work on n threads, so that the time should stay.
void show_weak(const analyze::scalability_report& report, const terminal& screen) {
    const char* const times = screen.utf8 ? "×" : "x";
    std::cout << "  threads  work   median (ms)  scaled speed-up  efficiency\n";
    for (const auto& point : report.points) {
        const double scaled = static_cast<double>(point.threads) * report.points.front().median / point.median
                              / static_cast<double>(report.points.front().threads);
        const auto padded = [](std::string text, std::size_t width) {
            const std::size_t columns = analyze::detail::columns(text);
            return std::string(width - std::min(width, columns), ' ') + text;
        };
        std::cout << padded(to_text(point.threads), 9) << padded(to_text(point.threads) + times, 6)
                  << padded(fixed(1e3 * point.median, 3), 14) << padded(fixed(scaled, 2) + times, 17)
                  << padded(percent(scaled * static_cast<double>(report.points.front().threads) / static_cast<double>(point.threads), 1),
                            12)
                  << (point.oversubscribed ? "  more threads than cores" : "") << "\n";
    }
    const auto fittable =
        std::count_if(report.points.begin(), report.points.end(), [](const auto& point) { return !point.oversubscribed; });
    if (report.points.front().threads == 1 && fittable >= 2) {
        const auto fit = analyze::gustafson_fit(report);
        std::cout << "Gustafson (up to " << counted(fit.most_threads_fitted, "thread") << "): serial part "
                  << percent(fit.serial_fraction, 1) << " of the time"
                  << (fit.trusted ? ". Fits within " + percent(fit.fit_error, 1) : ". Do not rely on it: " + fit.reason) << ".\n";
    }
    for (const std::string& reason : report.distrust) {
        std::cout << "Not trusted: " << reason << ".\n";
    }
    std::cout << std::flush;
}

int run_workloads(const options& asked, const terminal& screen, const std::string& program_name) {
    const xrayon::runtime_info info = xrayon::describe_runtime();
    const std::vector<std::size_t> threads = asked.threads.empty() ? doubling(info.threads) : asked.threads;
    const std::vector<std::string> lines = environment_lines(info, screen.utf8 ? " · " : ", ");
    const labelled_rows data = read_labelled(asked.data.empty() ? shipped_data() : asked.data);
    results all(asked, lines, {.date = date(), .host_name = host_name(), .executable = program_name, .cpu_model = cpu_model()});

    const std::string decided = asked.threads.empty()
                                    ? "up to " + to_text(info.threads) + ", decided by " + std::string(to_text(info.origin))
                                    : std::string("decided by --threads");
    for (const std::string& line : lines) {
        std::cout << line << "\n";
    }
    std::cout << "threads " << listed(threads) << ": " << decided << "\ndata: " << data.source << "\n" << std::flush;

    const auto min_time = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(asked.min_time));
    std::vector<analyze::bandwidth_point> bandwidth;
    double seconds_to_record = 0;
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
        analyze::html_section section{.what = one.what + "; " + one.quality};
        if (asked.weak) {
            section.report = measure_weak(named, data, asked, threads, how);
            show_weak(section.report, screen);
        } else {
            section.report = one.runs.measure(threads, how);
            if (asked.what_if != 0) {
                if (bandwidth.empty()) {
                    seconds_to_record = analyze::measure_trace_cost();
                    const std::size_t most = std::min(info.usable_cores, *std::max_element(threads.begin(), threads.end()));
                    bandwidth = analyze::measure_bandwidth(doubling(most));
                }
                look_inside(section, one, asked.what_if, seconds_to_record, bandwidth, screen);
            }
            show(section.report, screen, section.explanation);
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
    results all(asked, lines, {.date = date(), .host_name = host_name(), .executable = program_name, .cpu_model = cpu_model()});
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
    show(section.report, screen, {});
    all.add(std::move(section));
    return all.finish();
}

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
    std::cout << analyze::detail::aligned(rows, screen.utf8 ? "─" : "-");
    if (trace.calls.empty()) {
        std::cout << "Tasks were spawned, and no parallel call was made: no prediction.\n" << std::flush;
        return done;
    }
    if (trace.dropped != 0) {
        std::cout << counted(trace.dropped, "task") << " had no room in the trace: no prediction.\n" << std::flush;
        return done;
    }
    const auto more = analyze::what_if(trace, {.threads = doubling(std::max<std::size_t>(2, asked.what_if))});
    if (more.left_out != 0) {
        std::cout << "Of " << counted(trace.tasks.size(), "task") << " " << more.left_out
                  << " are in no prediction: spawned into pools, or of calls that other threads than thread "
                  << trace.tasks[trace.root].thread << " made.\n";
    }
    std::cout << "work " << fixed(1e3 * more.work, 3) << " ms, span " << fixed(1e3 * more.span, 3) << " ms. Limit: " << more.reason
              << ".\n";
    for (const auto& point : more.points) {
        std::cout << "  " << counted(point.threads, "thread") << ": " << fixed(more.speed_up(point), 2) << (screen.utf8 ? "×" : "x")
                  << " (at most " << fixed(more.work / point.least, 2) << (screen.utf8 ? "×)" : "x)") << "\n";
    }
    std::cout << "Tasks that were recorded on several threads may look longer than alone: a trace on 1 thread predicts best.\n"
              << std::flush;
    return done;
}

int describe_times(const options& asked, const terminal& screen) {
    const analyze::scalability_report report = read_times(asked.times, asked.cores);
    results all(asked, {"times from " + asked.times}, {.date = date()});
    std::cout << screen.bold(asked.times) << (asked.cores != 0 ? ", on " + counted(asked.cores, "core") : std::string()) << "\n\n";
    show(report, screen, {});
    all.add({.report = report, .what = "times from " + asked.times});
    return all.finish();
}

} // namespace

int run(const options& asked, const std::string& program_name) {
    const terminal screen = look_at_terminal(asked.ascii);
    if (!asked.times.empty()) {
        return describe_times(asked, screen);
    }
    if (!asked.ratios.empty()) {
        std::cout << describe_ratios(asked.ratios) << std::flush;
        return done;
    }
    if (!asked.trace.empty()) {
        return describe_trace(asked, screen);
    }
    return asked.program.command.empty() ? run_workloads(asked, screen, program_name) : run_program(asked, screen, program_name);
}

} // namespace scalability
