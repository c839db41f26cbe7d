// SPDX-License-Identifier: Apache-2.0
// xrayon-scalability: how batch inference scales on this machine, on real data. Classifies every row of a table by its nearest
// neighbours among all other rows (leave-one-out), in batches, at several thread counts; checks that the labels are the same at each.
//
// Exit codes: 0 done; 1 error (data, files, environment); 2 usage; 4 the labels differ between thread counts.
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
#include <xrayon/analyze/scalability_benchmark.hpp>
#include <xrayon/analyze/table.hpp>
#include <xrayon/array/batches.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/exec/runtime_info.hpp>
#include <xrayon/io/csv.hpp>
#include <xrayon/ml/batch_inference.hpp>
#include <xrayon/ml/metrics/accuracy.hpp>
#include <xrayon/ml/models/k_nearest_neighbors.hpp>

namespace {

using xrayon::to_text;
namespace analyze = xrayon::analyze;
using matrix = xt::xtensor<double, 2>;

enum exit_code : int { done = 0, failed = 1, wrong_usage = 2, answers_differ = 4 };

struct options {
    std::string data;
    std::vector<std::size_t> threads;
    std::size_t k = 3;
    std::size_t batch_rows = 64;
    std::size_t repetitions = 10;
    std::size_t warmup = 1;
    double min_time = 0.01;
    std::string json;
    bool ascii = false;
};

struct labelled_rows {
    matrix x;
    std::vector<int> y;
};

std::string version() {
    return to_text(XRAYON_VERSION_MAJOR) + "." + to_text(XRAYON_VERSION_MINOR) + "." + to_text(XRAYON_VERSION_PATCH);
}

std::string counted(std::size_t count, const std::string& noun) { return to_text(count) + " " + noun + (count == 1 ? "" : "s"); }

/// The data that ships with the library: beside the installed program, else in the tree that it was built from.
std::string shipped_data() {
    std::vector<std::filesystem::path> places;
#if defined(XRAYON_DATA_FROM_PROGRAM)
    std::error_code unknown;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", unknown);
    if (!unknown) {
        places.push_back((program.parent_path() / XRAYON_DATA_FROM_PROGRAM / "digits.csv").lexically_normal());
    }
#endif
#if defined(XRAYON_DATA_IN_TREE)
    places.push_back(std::filesystem::path(XRAYON_DATA_IN_TREE) / "digits.csv");
#endif
    std::string tried;
    for (const auto& place : places) {
        std::error_code ignored;
        if (std::filesystem::is_regular_file(place, ignored)) {
            return place.string();
        }
        tried += (tried.empty() ? "" : ", ") + place.string();
    }
    throw std::runtime_error("the data that ships with xrayon was not found (" + tried + "): give --data FILE.csv");
}

/// Reads a table whose last column is the label.
labelled_rows read_labelled(const std::string& path) {
    const xrayon::csv_table table = xrayon::read_csv(path);
    if (table.column_count() < 2 || table.rows() < 2) {
        throw std::runtime_error(path + ": needs at least 2 rows, a column of values and a last column of labels; it has "
                                 + counted(table.rows(), "row") + " and " + counted(table.column_count(), "column"));
    }
    const std::size_t features = table.column_count() - 1;
    labelled_rows data{matrix::from_shape({table.rows(), features}), {}};
    try {
        data.y = table.integers<int>(features);
    } catch (const xrayon::data_error& error) {
        throw std::runtime_error("the last column must hold integer labels: " + std::string(error.what()));
    }
    for (std::size_t i = 0; i < table.rows(); ++i) {
        for (std::size_t j = 0; j < features; ++j) {
            data.x(i, j) = table.values(i, j);
        }
    }
    return data;
}

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
    std::string text = "xrayon " + info.version + dot + "oneTBB " + info.tbb_version + dot + "xtensor "
                       + to_text(XTENSOR_VERSION_MAJOR) + "." + to_text(XTENSOR_VERSION_MINOR) + "." + to_text(XTENSOR_VERSION_PATCH);
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
        throw CLI::ValidationError(option, "must be a whole number from " + to_text(least) + " to " + to_text(most) + ", got \""
                                               + xrayon::escaped(text) + "\"");
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
    const std::string source = asked.data.empty() ? shipped_data() : asked.data;
    const labelled_rows data = read_labelled(source);

    const std::string by_default = "up to " + to_text(info.threads) + ", decided by " + std::string(to_text(info.origin));
    const std::string decided = asked.threads.empty() ? by_default : "decided by --threads";
    std::cout << header(info, "threads " + listed(threads) + ": " + decided, utf8);

    xrayon::ml::k_nearest_neighbors model({.k = asked.k});
    model.fit(data.x, data.y);
    const auto blocks = xrayon::row_blocks(data.y.size(), asked.batch_rows);
    const auto classify = [&] {
        return xrayon::ml::batch_inference(blocks, [&](const xrayon::index_block& rows) { return model.predict_left_out(rows); });
    };
    std::vector<int> predicted;
    for (const auto& labels : classify()) {
        predicted.insert(predicted.end(), labels.begin(), labels.end());
    }
    const std::size_t count = blocks.size();
    std::cout << "k nearest neighbours, k = " << asked.k << ", leave-one-out: " << counted(data.y.size(), "row") << " of "
              << counted(data.x.shape(1), "value") << " in " << count << (count == 1 ? " batch" : " batches") << " of up to "
              << counted(asked.batch_rows, "row") << "\n"
              << "accuracy " << std::fixed << std::setprecision(4) << xrayon::ml::accuracy(data.y, predicted) << " on " << source << "\n\n"
              << std::flush;

    const auto min_time = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(asked.min_time));
    const analyze::scalability_report report = analyze::scalability_benchmark(
        threads, classify, {.repetitions = asked.repetitions, .warmup = asked.warmup, .min_time = min_time, .label = "batch_inference"});
    std::cout << analyze::to_table(report, {.utf8 = utf8}) << "The labels "
              << (report.answers_agree ? "are the same at every thread count." : "DIFFER BETWEEN THREAD COUNTS.") << std::endl;
    if (!asked.json.empty()) {
        write_file(asked.json, analyze::to_json(report, {.date = date(), .host_name = host_name(), .executable = program}));
        std::cout << "Saved " << asked.json << " (Google Benchmark format).\n" << std::flush;
    }
    if (!std::cout) {
        throw std::runtime_error("cannot write to standard output");
    }
    return report.answers_agree ? done : answers_differ;
}

} // namespace

int main(int argc, char** argv) {
    options asked;
    CLI::App app("Times batch inference at several thread counts: every row of a table is classified by its nearest neighbours among the\n"
                 "other rows. Prints accuracy, a scaling table with intervals, and what Amdahl's law says.",
                 "xrayon-scalability");
    app.set_version_flag("--version", "xrayon-scalability " + version());
    app.add_option("--data", asked.data,
                   "CSV file with a header row; the last column holds integer labels. Default: the digits that ship with xrayon")
        ->type_name("FILE.csv");
    app.add_option_function<std::string>("--threads", [&](const std::string& text) { asked.threads = parse_threads(text); },
                                         "Thread counts, 1 to 1024. Default: 1, 2, 4 ... up to what a pool gets by itself")
        ->type_name("N,N,...");
    const auto add_count = [&app](const std::string& name, std::size_t& value, std::size_t least, const std::string& help) {
        constexpr std::size_t most = 1'000'000'000;
        const auto parse = [name, least, &value](const std::string& text) { value = parse_count(name, text, least, most); };
        app.add_option_function<std::string>(name, parse, help + ". Default: " + to_text(value))->type_name("N");
    };
    add_count("--k", asked.k, 1, "Neighbours that vote");
    add_count("--batch-rows", asked.batch_rows, 1, "Rows per batch");
    add_count("--repetitions", asked.repetitions, 1, "Measurements per thread count; at least 6 for 95 % intervals");
    add_count("--warmup", asked.warmup, 0, "Rounds that do not count");
    app.add_option_function<double>("--min-time", [&](double seconds) { asked.min_time = checked_seconds("--min-time", seconds); },
                                    "Shortest measurement in seconds, 1e-9 to 3600. Default: " + to_text(asked.min_time))
        ->type_name("SECONDS");
    app.add_option("--json", asked.json, "Also write the report to this file, in Google Benchmark's format")->type_name("FILE");
    app.add_flag("--ascii", asked.ascii, "Plain ASCII; automatic where the locale is not UTF-8");
    app.footer("Exit codes: 0 done, 1 error, 2 usage, 4 the labels differ between thread counts.");
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
