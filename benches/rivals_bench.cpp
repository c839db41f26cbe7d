// SPDX-License-Identifier: Apache-2.0
// bench.rivals: are we level with what a good engineer would write by hand, and what do the guarantees cost? Each workload is run by
// us, by oneTBB and OpenMP used directly and by a plain loop, interleaved; what is printed are ratios within the same round
// (support/paired.hpp). README.md says how to read the tables.
//
// Exit codes: 0 done; 1 error, or rivals whose answers differ; 2 usage.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "rivals/cross_validation.hpp"
#include "rivals/guard.hpp"
#include "rivals/inference.hpp"
#include "rivals/maps.hpp"
#include "rivals/venue.hpp"
#include "support/machine.hpp"
#include "support/paired.hpp"
#include "support/report.hpp"

namespace {

using namespace xrayon::bench;
using xrayon::to_text;

struct workload {
    std::string_view name;
    contest (*make)(venue&);
    bool needs_blas_threads = false;  // OpenBLAS, and more than one thread to give it
};

constexpr workload workloads[] = {
    {"same", same_against_same},
    {"W1a", map_chunked},
    {"W1b", map_item_by_item},
    {"W1c", small_loops},
    {"W1cm", small_maps},
    {"W2", inference},
    {"W11", folds},
    {"W11n", folds_with_blas_threads, true},
    {"guard.1ns", [](venue& at) { return guard_items<1>(at, "1ns"); }},
    {"guard.10ns", [](venue& at) { return guard_items<20>(at, "10ns"); }},
    {"guard.100ns", [](venue& at) { return guard_items<110>(at, "100ns"); }},
    {"guard.nested", guard_nested},
};

struct options {
    std::vector<std::string> names;
    std::vector<std::size_t> threads{1, 2};
    contest_options rounds;
    bool markdown = false;
    std::string csv;
};

/// "guard" stands for all that begin with "guard.".
bool chosen(const options& asked, std::string_view name) {
    const auto fits = [&](const std::string& wanted) { return name == wanted || name.starts_with(wanted + "."); };
    return asked.names.empty() || std::any_of(asked.names.begin(), asked.names.end(), fits);
}

int run(const options& asked) {
    std::ofstream csv;
    if (!asked.csv.empty()) {
        csv.open(asked.csv, std::ios::trunc);
        csv << csv_header;
    }
    // Fenced in Markdown, so that the lines stay lines.
    const std::string_view fence = asked.markdown ? "```\n" : "";
    std::cout << fence << describe_machine() << "load average before: " << load_average() << "\n" << fence << std::endl;
    bool agree = true;
    for (const std::size_t threads : asked.threads) {
        venue at(threads);
        for (const workload& each : workloads) {
            if (!chosen(asked, each.name)) {
                continue;
            }
            if (each.needs_blas_threads && (threads == 1 || !openblas::loaded())) {
                std::cout << each.name << ", " << threads << (threads == 1 ? " thread" : " threads")
                          << ": left out, needs OpenBLAS and at least 2 threads\n"
                          << std::endl;
                continue;
            }
            const contest what = each.make(at);
            const contest_times times = run(what, asked.rounds);
            std::cout << to_report(what, times, asked.markdown) << std::endl;
            agree = agree && !times.disagrees;
            csv << (times.disagrees ? std::string() : to_csv(what, times)) << std::flush;
        }
    }
    std::cout << "load average after: " << load_average() << std::endl;
    if (!asked.csv.empty() && !csv) {
        throw std::runtime_error("cannot write " + asked.csv);
    }
    return agree ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    restart_with_sleeping_openmp_teams(argv);
    options asked;
    CLI::App app("Times xrayon, raw oneTBB, OpenMP and plain loops on the same work, in interleaved pairs.", "bench.rivals");
    std::string names;
    for (const workload& each : workloads) {
        names += (names.empty() ? "" : ", ") + std::string(each.name);
    }
    app.add_option("workload", asked.names, "Which, by name or by what it begins with up to a point; default all of " + names);
    app.add_option("--threads", asked.threads, "Thread counts")
        ->allow_extra_args(false)
        ->delimiter(',')
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    app.add_option("--pairs", asked.rounds.pairs, "Rounds; fewer than 30 are not a measurement")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    app.add_option("--seconds", asked.rounds.seconds, "Of one workload at one thread count: no round begins later")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_flag("--markdown", asked.markdown, "Tables in Markdown");
    app.add_option("--csv", asked.csv, "Writes every sample to this file (unset: beside BENCHMARK_OUT, if that is set)");
    try {
        app.parse(argc, argv);
        for (const std::string& name : asked.names) {
            options one;
            one.names = {name};
            if (std::none_of(std::begin(workloads), std::end(workloads), [&](const workload& each) { return chosen(one, each.name); })) {
                throw CLI::ValidationError("workload", "no workload is called \"" + name + "\"; there are " + names);
            }
        }
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    // Where the other benchmarks are told to leave their results (./dev bench), ours lie beside them.
    if (const char* const beside = std::getenv("BENCHMARK_OUT"); beside != nullptr && asked.csv.empty()) {
        asked.csv = std::filesystem::path(beside).replace_extension(".csv").string();
    }
    try {
        return run(asked);
    } catch (const std::exception& error) {
        std::cerr << "bench.rivals: " << error.what() << '\n';
        return 1;
    }
}
