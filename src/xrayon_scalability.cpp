// SPDX-License-Identifier: Apache-2.0
// xrayon-scalability: how the library's algorithms scale on this machine, on real data: a table for each, and a check that the answer is the
// same at every thread count. The workloads are in the folder scalability.
//
// Exit codes: 0 done; 1 error (data, files, environment); 2 usage; 4 an answer differs between thread counts.
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <clocale>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <langinfo.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <xrayon/analyze/json.hpp>
#include <xrayon/analyze/table.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/exec/runtime_info.hpp>

#include "scalability/labelled_rows.hpp"
#include "scalability/workload.hpp"

namespace {

using xrayon::to_text;
namespace analyze = xrayon::analyze;
using scalability::counted;

enum exit_code : int { done = 0, failed = 1, wrong_usage = 2, answers_differ = 4 };

struct options {
    std::vector<std::string> workloads;
    std::string data;
    std::vector<std::size_t> threads;
    scalability::settings workload;
    std::size_t repetitions = 10;
    std::size_t warmup = 1;
    double min_time = 0.01;
    std::string json;
    bool ascii = false;
};

struct named_workload {
    std::string_view name;
    scalability::workload (*make)(const scalability::labelled_rows&, const scalability::settings&);
};
constexpr std::array<named_workload, 7> workloads{{
    {"batch_inference", scalability::batch_inference},
    {"uncertainty", scalability::uncertainty},
    {"preprocess", scalability::preprocess},
    {"gradients", scalability::gradients},
    {"ensemble", scalability::ensemble},
    {"cross-validation", scalability::cross_validation},
    {"grid-search", scalability::grid_search},
}};

std::string version() { return to_text(XRAYON_VERSION_MAJOR) + "." + to_text(XRAYON_VERSION_MINOR) + "." + to_text(XRAYON_VERSION_PATCH); }

/// 1, 2, 4 ... up to `most`, and `most` itself.
std::vector<std::size_t> default_threads(std::size_t most) {
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

/// The versions and the machine, two lines.
std::string header(const xrayon::runtime_info& info, const std::string& threads_text, bool utf8) {
    const std::string dot = utf8 ? " · " : ", ";
    std::string text = "xrayon " + info.version + dot + "oneTBB " + info.tbb_version + dot + "xtensor " + to_text(XTENSOR_VERSION_MAJOR)
                       + "." + to_text(XTENSOR_VERSION_MINOR) + "." + to_text(XTENSOR_VERSION_PATCH);
    for (const xrayon::blas_library& blas : info.blas) {
        // OpenBLAS says "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...": name and number will do here.
        const std::string& full = blas.version.starts_with(blas.name) ? blas.version : blas.name + " " + blas.version;
        text += dot + full.substr(0, full.find(' ', std::min(full.size(), blas.name.size() + 1))) + " (1 thread inside tasks)";
    }
    const std::string quota = info.quota.cpus ? "CPU quota " + to_text(*info.quota.cpus) : "no CPU quota";
    return text + "\n" + counted(info.usable_cores, "usable core") + dot + counted(info.cpus.logical, "hardware thread") + dot + quota + dot
           + threads_text + "\n";
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

void write_file(const std::string& path, const std::string& text) {
    errno = 0;
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text << std::flush;
    if (!file) {
        throw std::runtime_error("cannot write " + path + ": " + (errno != 0 ? std::strerror(errno) : "unknown error"));
    }
}

/// A whole number from `least` to `most`, written in digits alone.
std::size_t parse_count(const std::string& option, std::string_view text, std::size_t least, std::size_t most) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
        throw CLI::ValidationError(
            option, "must be a whole number from " + to_text(least) + " to " + to_text(most) + ", got \"" + xrayon::escaped(text) + "\"");
    }
    return value;
}

double checked_seconds(const std::string& option, double seconds) {
    if (!(seconds >= 1e-9 && seconds <= 3600)) {  // NaN neither
        throw CLI::ValidationError(option, "must be from 1e-9 to 3600 seconds, got " + to_text(seconds));
    }
    return seconds;
}

std::vector<std::size_t> parse_threads(std::string_view text) {
    std::vector<std::size_t> counts;
    for (std::size_t comma = 0; comma != std::string_view::npos;) {
        comma = text.find(',');
        counts.push_back(parse_count("--threads", text.substr(0, comma), 1, xrayon::max_threads));
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return counts;
}

bool terminal_takes_utf8() {
    std::setlocale(LC_CTYPE, "");
    return std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;
}

int run(const options& asked, const std::string& program) {
    const bool utf8 = !asked.ascii && terminal_takes_utf8();
    const xrayon::runtime_info info = xrayon::describe_runtime();
    const std::vector<std::size_t> threads = asked.threads.empty() ? default_threads(info.threads) : asked.threads;
    const scalability::labelled_rows data = scalability::read_labelled(asked.data.empty() ? scalability::shipped_data() : asked.data);

    const std::string by_default = "up to " + to_text(info.threads) + ", decided by " + std::string(to_text(info.origin));
    const std::string decided = asked.threads.empty() ? by_default : "decided by --threads";
    std::cout << header(info, "threads " + listed(threads) + ": " + decided, utf8) << "data: " << data.source << "\n" << std::flush;

    const auto min_time = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(asked.min_time));
    std::vector<analyze::scalability_report> reports;
    bool agree = true;
    for (const named_workload& named : workloads) {
        if (!asked.workloads.empty() && std::find(asked.workloads.begin(), asked.workloads.end(), named.name) == asked.workloads.end()) {
            continue;
        }
        const scalability::workload one = named.make(data, asked.workload);
        std::cout << "\n" << named.name << ": " << one.what << "\n" << one.quality << "\n\n" << std::flush;
        reports.push_back(one.measure(
            threads, {.repetitions = asked.repetitions, .warmup = asked.warmup, .min_time = min_time, .label = std::string(named.name)}));
        agree = agree && reports.back().answers_agree;
        std::cout << analyze::to_table(reports.back(), {.utf8 = utf8}) << "The " << one.answer << ' '
                  << (reports.back().answers_agree ? "are the same at every thread count." : "DIFFER BETWEEN THREAD COUNTS.") << std::endl;
    }
    if (!asked.json.empty()) {
        write_file(asked.json, analyze::to_json(reports, {.date = date(), .host_name = host_name(), .executable = program}));
        std::cout << "Saved " << asked.json << " (Google Benchmark format).\n" << std::flush;
    }
    if (!std::cout) {
        throw std::runtime_error("cannot write to standard output");
    }
    return agree ? done : answers_differ;
}

} // namespace

int main(int argc, char** argv) {
    options asked;
    CLI::App app(
        "Times the library's algorithms at several thread counts, on handwritten digits or a table of yours. Prints for each how good its\n"
        "answer is, a scaling table with intervals, and what Amdahl's law says.",
        "xrayon-scalability");
    std::string names;
    for (const named_workload& named : workloads) {
        names += (names.empty() ? "" : ", ") + std::string(named.name);
    }
    app.add_option("workload", asked.workloads, "Which of them, any number: " + names + ". Default: all")
        ->type_name("WORKLOAD")
        ->check([names](const std::string& name) {
            const bool known = std::any_of(workloads.begin(), workloads.end(), [&](const named_workload& one) { return one.name == name; });
            return known ? std::string() : "no workload \"" + xrayon::escaped(name) + "\"; there are " + names;
        });
    app.set_version_flag("--version", "xrayon-scalability " + version());
    app.add_option("--data", asked.data,
                   "CSV file with a header row; the last column holds integer labels. Default: the digits that ship with xrayon")
        ->type_name("FILE.csv");
    app.add_option_function<std::string>(
           "--threads", [&](const std::string& text) { asked.threads = parse_threads(text); },
           "Thread counts, 1 to 1024. Default: 1, 2, 4 ... up to what a pool gets by itself")
        ->type_name("N,N,...");
    const auto add_count = [&app](const std::string& name, std::size_t& value, std::size_t least, const std::string& help) {
        constexpr std::size_t most = 1'000'000'000;
        const auto parse = [name, least, &value](const std::string& text) { value = parse_count(name, text, least, most); };
        app.add_option_function<std::string>(name, parse, help + ". Default: " + to_text(value))->type_name("N");
    };
    add_count("--k", asked.workload.k, 1, "batch_inference: neighbours that vote");
    add_count("--batch-rows", asked.workload.batch_rows, 1, "Rows per batch");
    add_count("--samples", asked.workload.samples, 1, "uncertainty: samples of each batch");
    add_count("--repetitions", asked.repetitions, 1, "Measurements per thread count; at least 6 for 95 % intervals");
    add_count("--warmup", asked.warmup, 0, "Rounds that do not count");
    app.add_option_function<double>(
           "--min-time", [&](double seconds) { asked.min_time = checked_seconds("--min-time", seconds); },
           "Shortest measurement in seconds, 1e-9 to 3600. Default: " + to_text(asked.min_time))
        ->type_name("SECONDS");
    app.add_option("--json", asked.json, "Also write the report to this file, in Google Benchmark's format")->type_name("FILE");
    app.add_flag("--ascii", asked.ascii, "Plain ASCII; automatic where the locale is not UTF-8");
    app.footer("Exit codes: 0 done, 1 error, 2 usage, 4 an answer differs between thread counts.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? done : wrong_usage;
    }
    try {
        return run(asked, argv[0]);
    } catch (const std::exception& error) {
        std::cerr << "xrayon-scalability: " << error.what() << '\n';
        return failed;
    }
}
