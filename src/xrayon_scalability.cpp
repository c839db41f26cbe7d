// SPDX-License-Identifier: Apache-2.0
// xrayon-scalability: how the library's algorithms, or anybody's program, scale on this machine, and why not further. What is here is the
// command line; the rest is in the folder scalability.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <xrayon/exec/thread_count.hpp>
#include <xrayon/version.hpp>

#include "scalability/session.hpp"

namespace {

using xrayon::to_text;

std::string version() { return to_text(XRAYON_VERSION_MAJOR) + "." + to_text(XRAYON_VERSION_MINOR) + "." + to_text(XRAYON_VERSION_PATCH); }

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
    if (!(seconds >= 1e-9 && seconds <= 86400)) {  // NaN neither
        throw CLI::ValidationError(option, "must be from 1e-9 to 86400 seconds, got " + to_text(seconds));
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

std::string workload_names() {
    std::string names;
    for (const auto& named : scalability::workloads) {
        names += (names.empty() ? "" : ", ") + std::string(named.name);
    }
    return names;
}

std::string check_workload(const std::string& name) {
    const bool known =
        std::any_of(scalability::workloads.begin(), scalability::workloads.end(), [&](const auto& one) { return one.name == name; });
    return known ? std::string() : "no workload \"" + xrayon::escaped(name) + "\"; there are " + workload_names();
}

void add_options(CLI::App& app, scalability::options& asked) {
    const auto add_count = [&app](const std::string& name, std::size_t& value, std::size_t least, std::size_t most,
                                  const std::string& help) {
        const auto parse = [name, least, most, &value](const std::string& text) { value = parse_count(name, text, least, most); };
        app.add_option_function<std::string>(name, parse, help)->type_name("N");
    };
    const auto add_seconds = [&app](const std::string& name, double& value, const std::string& help) {
        app.add_option_function<double>(
               name, [name, &value](double seconds) { value = checked_seconds(name, seconds); }, help)
            ->type_name("SECONDS");
    };
    const auto by_default = [](const auto& value) { return ". Default: " + to_text(value); };
    constexpr std::size_t any = 1'000'000'000;

    app.add_option("workload", asked.workloads, "Which of the library's workloads, any number: " + workload_names() + ". Default: all")
        ->type_name("WORKLOAD")
        ->check(check_workload);
    app.set_version_flag("--version", "xrayon-scalability " + version());

    app.add_option_function<std::string>(
           "--threads", [&](const std::string& text) { asked.threads = parse_threads(text); },
           "Thread counts, 1 to 1024. Default: 1, 2, 4 ... up to what a pool gets by itself")
        ->type_name("N,N,...");
    add_count("--repetitions", asked.repetitions, 1, any,
              "Measurements of each count; at least 6 for intervals" + by_default(asked.repetitions));
    add_count("--warmup", asked.warmup, 0, any, "Rounds that do not count" + by_default(asked.warmup));
    add_seconds("--min-time", asked.min_time, "Shortest measurement of a workload" + by_default(asked.min_time));
    add_count("--what-if", asked.what_if, 0, 1024, "Predict up to so many threads from a trace; 0: no trace" + by_default(asked.what_if));
    app.add_flag("--weak", asked.weak, "Weak scaling: n times the work on n threads");
    app.add_flag("--strict", asked.strict, "Exit with 3 where times are not to be trusted");

    const auto add_file = [&app](const std::string& name, std::string& path, const std::string& help) {
        app.add_option(name, path, help)->type_name("FILE")->check([](const std::string& file) {  // as of a variable that is not set
            return file.empty() ? std::string("must be the path of a file, got \"\"") : std::string();
        });
    };
    add_file("--json", asked.json, "Write the times in Google Benchmark's format");
    add_file("--html", asked.html, "Write a report as one page for a browser");
    add_file("--csv", asked.csv, "Write every repetition");
    add_file("--markdown", asked.markdown, "Write the tables in Markdown");
    add_file("--compare", asked.compare, "Compare with what --json wrote before; exit with 5 where something is slower");
    app.add_flag("--force", asked.force, "Compare although the file is from another processor");
    app.add_flag("--ascii", asked.ascii, "Plain ASCII; automatic where the locale is not UTF-8");

    add_file("--data", asked.data,
             "CSV with a header row whose last column holds integer labels. Default: the digits that ship with xrayon");
    add_count("--k", asked.workload.k, 1, any, "batch_inference: neighbours that vote" + by_default(asked.workload.k));
    add_count("--batch-rows", asked.workload.batch_rows, 1, any, "Rows of a batch" + by_default(asked.workload.batch_rows));
    add_count("--samples", asked.workload.samples, 1, any, "uncertainty: samples of each batch" + by_default(asked.workload.samples));

    bool* const pin = &asked.program.pin;
    app.add_option_function<std::vector<std::string>>(
           "--env", [&](const std::vector<std::string>& names) { asked.program.variables = names; },
           "COMMAND: variables that carry the thread count, instead of XRAYON_, OMP_, RAYON_ and OPENBLAS_NUM_THREADS")
        ->type_name("NAME")
        ->check([](const std::string& name) {
            return name.empty() || name.find('=') != std::string::npos ? "is no name of a variable: \"" + xrayon::escaped(name) + "\""
                                                                       : std::string();
        });
    app.add_flag_callback(
        "--no-pin", [pin] { *pin = false; }, "COMMAND: leave it all processors");
    add_seconds("--timeout", asked.program.timeout, "COMMAND: kill a run that takes longer" + by_default(asked.program.timeout));

    add_file("--times", asked.times, "Measure nothing: analyse a CSV with the columns threads and seconds, ms or us, and label");
    add_count("--cores", asked.cores, 0, 1'000'000, "--times: cores of that machine; counts above are marked and in no fit");
    add_file("--ratios", asked.ratios, "Measure nothing: judge a CSV with a name and the columns baseline and optimized");
    add_file("--trace", asked.trace, "Measure nothing: describe what a program wrote with XRAYON_TRACE=FILE; --html draws it");
}

/// What the program is asked to do: its own workloads, a COMMAND, or to look at times, ratios or a trace that are there.
struct mode {
    char letter;
    std::string_view name;
};

/// Which options mean something in which mode; those that are not here do in all.
constexpr std::array<std::pair<std::string_view, std::string_view>, 23> modes_of_options{{
    {"--threads", "wc"}, {"--repetitions", "wc"}, {"--warmup", "wc"}, {"--min-time", "w"},   {"--what-if", "wx"},   {"--weak", "w"},
    {"--strict", "wct"}, {"--json", "wct"},       {"--html", "wctx"}, {"--csv", "wct"},      {"--markdown", "wct"}, {"--compare", "wct"},
    {"--force", "wct"},  {"--data", "w"},         {"--k", "w"},       {"--batch-rows", "w"}, {"--samples", "w"},    {"--env", "c"},
    {"--no-pin", "c"},   {"--timeout", "c"},      {"--cores", "t"},   {"--ratios", "r"},     {"--trace", "x"},
}};

/// An option that would do nothing is a mistake, and better told than passed over.
void check_mode(const CLI::App& app, const scalability::options& asked) {
    std::vector<mode> modes;
    const auto add = [&](bool is, char letter, std::string_view name) {
        if (is) {
            modes.push_back({letter, name});
        }
    };
    add(!asked.workloads.empty(), 'w', "WORKLOAD");
    add(!asked.program.command.empty(), 'c', "COMMAND");
    add(!asked.times.empty(), 't', "--times");
    add(!asked.ratios.empty(), 'r', "--ratios");
    add(!asked.trace.empty(), 'x', "--trace");
    if (modes.size() > 1) {
        throw CLI::ValidationError("one of WORKLOAD, COMMAND, --times, --ratios and --trace at a time");
    }
    const mode now = modes.empty() ? mode{'w', "the library's workloads"} : modes.front();
    for (const auto& [option, where] : modes_of_options) {
        if (app.get_option(std::string(option))->count() > 0 && where.find(now.letter) == std::string_view::npos) {
            throw CLI::ValidationError(std::string(option), "is not used with " + std::string(now.name));
        }
    }
    if (asked.force && asked.compare.empty()) {
        throw CLI::ValidationError("--force", "is for --compare");
    }
    std::vector<std::string> files;
    for (const std::string* file : {&asked.json, &asked.html, &asked.csv, &asked.markdown}) {
        if (!file->empty() && !file->starts_with("/dev/") && std::find(files.begin(), files.end(), *file) != files.end()) {
            throw CLI::ValidationError("--json, --html, --csv, --markdown",
                                       "would write the same file: \"" + xrayon::escaped(*file) + "\"");
        }
        files.push_back(*file);
    }
}

} // namespace

int main(int argc, char** argv) {
    scalability::options asked;
    CLI::App app(
        "Times parallel work at several thread counts and says how it scales, and why not further: the library's algorithms on "
        "handwritten\n"
        "digits (or --data), or any COMMAND behind --, through the variables and processors that it gets.\n\n"
        "  xrayon-scalability [WORKLOAD...] [OPTIONS]\n  xrayon-scalability [OPTIONS] -- COMMAND [ARGUMENTS]\n"
        "  xrayon-scalability --times FILE | --ratios FILE | --trace FILE",
        "xrayon-scalability");
    add_options(app, asked);
    app.footer(
        "Examples:\n"
        "  xrayon-scalability batch_inference --threads 1,2,4,8 --html report.html\n"
        "  xrayon-scalability --json before.json; ...; xrayon-scalability --compare before.json\n"
        "  xrayon-scalability --threads 1,2,4 -- ./my_program --its-option\n\n"
        "Exit codes: 0 done, 1 error, 2 usage, 3 not trusted (--strict), 4 an answer differs between thread counts, 5 slower than what it "
        "was\n"
        "compared with, 6 the command failed, hung or could not be started.");
    // What stands behind -- is somebody else's and not to be parsed.
    int own = argc;
    for (int i = 1; i < argc; ++i) {
        if (std::string_view(argv[i]) == "--") {
            own = i;
            break;
        }
    }
    for (int i = own + 1; i < argc; ++i) {
        asked.program.command.emplace_back(argv[i]);
    }
    try {
        app.parse(own, argv);
        if (own != argc && asked.program.command.empty()) {
            throw CLI::ValidationError("--", "must be followed by a command");
        }
        check_mode(app, asked);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? scalability::done : scalability::wrong_usage;
    }
    try {
        return scalability::run(asked, argv[0]);
    } catch (const scalability::program_failed& error) {
        std::cerr << "xrayon-scalability: " << error.what() << '\n';
        return scalability::command_failed;
    } catch (const std::exception& error) {
        std::cerr << "xrayon-scalability: " << error.what() << '\n';
        return scalability::failed;
    }
}
