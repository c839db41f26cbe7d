// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_SUPPORT_CONTESTS_HPP
#define XRAYON_BENCHES_SUPPORT_CONTESTS_HPP

#include <cstddef>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "machine.hpp"
#include "paired.hpp"
#include "report.hpp"

// The main of a program that runs contests by name: options, report, samples beside the other results.

namespace xrayon::bench {

/// A contest that is made when it is asked for.
struct named_contest {
    std::string name;
    std::function<contest()> make;
};

struct contests_options {
    std::vector<std::string> names;
    std::vector<std::size_t> threads{1, 2};
    contest_options rounds;
    bool markdown = false;
    std::string csv;
};

namespace detail {

/// "sum" stands for all that begin with "sum.".
inline bool chosen(const std::vector<std::string>& names, std::string_view name) {
    for (const std::string& wanted : names) {
        if (name == wanted || name.starts_with(wanted + ".")) {
            return true;
        }
    }
    return names.empty();
}

} // namespace detail

/// Options are CLI11's; what a program adds to `app` is parsed with them.
/// @param contests  `contests(threads)`: the list for so many threads; what it needs lives as long as `contests` does.
/// @returns the exit code: 0 done; 1 error, or rivals whose answers differ; 2 usage.
inline int run_contests(int argc, char** argv, CLI::App& app, const std::function<std::vector<named_contest>(std::size_t)>& contests,
                        std::vector<std::size_t> threads = {1, 2}) {
    contests_options asked;
    asked.threads = std::move(threads);
    app.add_option("contest", asked.names, "Which, by name or by what it begins with up to a point; default all");
    app.add_option("--threads", asked.threads, "Thread counts")->allow_extra_args(false)->delimiter(',')->check(CLI::Range(1, 1024))->capture_default_str();
    app.add_option("--pairs", asked.rounds.pairs, "Rounds; fewer than 30 are not a measurement")->check(CLI::Range(1, 1'000'000))->capture_default_str();
    app.add_option("--seconds", asked.rounds.seconds, "Of one contest at one thread count: no round begins later")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_flag("--markdown", asked.markdown, "Tables in Markdown");
    app.add_option("--csv", asked.csv, "Writes every sample to this file (unset: beside BENCHMARK_OUT, if that is set)");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    if (const char* const beside = std::getenv("BENCHMARK_OUT"); beside != nullptr && asked.csv.empty()) {
        asked.csv = std::filesystem::path(beside).replace_extension(".csv").string();
    }
    try {
        std::ofstream csv;
        if (!asked.csv.empty()) {
            csv.open(asked.csv, std::ios::trunc);
            csv << csv_header;
        }
        const std::string_view fence = asked.markdown ? "```\n" : "";
        std::cout << fence << describe_machine() << "load average before: " << load_average() << "\n" << fence << std::endl;
        bool agree = true;
        bool found = false;
        for (const std::size_t count : asked.threads) {
            for (const named_contest& each : contests(count)) {
                if (!detail::chosen(asked.names, each.name)) {
                    continue;
                }
                found = true;
                const contest what = each.make();
                const contest_times times = run(what, asked.rounds);
                std::cout << to_report(what, times, asked.markdown) << std::endl;
                agree = agree && !times.disagrees;
                csv << (times.disagrees ? std::string() : to_csv(what, times)) << std::flush;
            }
        }
        if (!found) {
            throw std::runtime_error("no contest is called \"" + asked.names.front() + "\"");
        }
        std::cout << "load average after: " << load_average() << std::endl;
        if (!asked.csv.empty() && !csv) {
            throw std::runtime_error("cannot write " + asked.csv);
        }
        return agree ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << app.get_name() << ": " << error.what() << '\n';
        return 1;
    }
}

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_SUPPORT_CONTESTS_HPP
