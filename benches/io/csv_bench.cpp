// SPDX-License-Identifier: Apache-2.0
// bench.io.csv: how much faster than xt::load_csv is a table of numbers read from a file in the system's cache? Paired, at 1 and 2
// threads (xt::load_csv has one), for doubles in all their digits and for short decimals; every value must be the same to the last bit.
//
//     ./dev bench io.csv [--pairs 30] [--seconds 300] [--megabytes 64] [--markdown]
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include <unistd.h>

#include <xtensor/xcsv.hpp>

#include <xrayon/exec/pool.hpp>
#include <xrayon/io/csv.hpp>

#include "rivals/venue.hpp"
#include "support/paired.hpp"
#include "support/report.hpp"

namespace {

using namespace xrayon::bench;

constexpr std::size_t columns = 10;

/// A file of rows of ten numbers, gone at the end.
struct table_file {
    std::filesystem::path path;
    std::size_t bytes = 0;

    template <class Number>
    table_file(const std::string& name, std::size_t size, const Number& number)
        : path(std::filesystem::temp_directory_path() / ("xrayon_bench_" + std::to_string(::getpid()) + "_" + name + ".csv")) {
        std::ofstream out(path, std::ios::binary);
        std::string text;
        for (std::uint64_t i = 0; bytes < size; ++i) {
            text.clear();
            for (std::size_t column = 0; column != columns; ++column) {
                number(text, uniform(i * columns + column));
                text += column + 1 == columns ? '\n' : ',';
            }
            out << text;
            bytes += text.size();
        }
        if (!out.flush()) {
            throw std::runtime_error("cannot write " + path.string());
        }
    }
    table_file(const table_file&) = delete;
    table_file& operator=(const table_file&) = delete;
    ~table_file() {
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
    }
};

void all_digits(std::string& text, double u) {
    char digits[32];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, u).ptr);
}

void two_decimals(std::string& text, double u) {
    char digits[32];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, 600 * (u - 0.5), std::chars_format::fixed, 2).ptr);
}

contest read_table(const table_file& file, const std::string& name, const std::string& question, venue& at) {
    contest what(name, question, at.threads, file.bytes >> 20, "MiB");
    const std::string path = file.path.string();
    const auto sum = [](const auto& values) { return ordered_sum(values.storage(), values.size()); };
    what.add("xrayon::read_csv", sum,
             [&at, path] { return at.workers.install([&] { return xrayon::read_csv(path, {.header = false}).values; }); });
    what.add("xt::load_csv", sum, [path] {
        std::ifstream in(path);
        return xt::load_csv<double>(in);
    });
    return what;
}

/// The value behind an option, or the default.
double number_of(int argc, char** argv, std::string_view option, double otherwise) {
    for (int i = 1; i + 1 < argc; ++i) {
        if (argv[i] == option) {
            char* end = nullptr;
            const double value = std::strtod(argv[i + 1], &end);
            if (*end != '\0' || !(value > 0)) {
                throw std::invalid_argument(std::string(option) + " takes a number above 0, got " + argv[i + 1]);
            }
            return value;
        }
    }
    return otherwise;
}

int run_all(int argc, char** argv) {
    contest_options rounds;
    rounds.pairs = static_cast<std::size_t>(number_of(argc, argv, "--pairs", 30));
    rounds.seconds = number_of(argc, argv, "--seconds", 300);
    const auto bytes = static_cast<std::size_t>(number_of(argc, argv, "--megabytes", 64) * (1 << 20));
    bool markdown = false;
    for (int i = 1; i < argc; ++i) {
        markdown = markdown || argv[i] == std::string_view("--markdown");
    }
    const table_file digits("digits", bytes, all_digits);
    const table_file decimals("decimals", bytes, two_decimals);
    bool agree = true;
    for (const std::size_t threads : {std::size_t{1}, std::size_t{2}}) {
        venue at(threads);
        for (const contest& what : {read_table(digits, "csv.digits", "doubles in 16 to 17 digits", at),
                                    read_table(decimals, "csv.decimals", "two decimals", at)}) {
            const contest_times times = xrayon::bench::run(what, rounds);
            std::cout << to_report(what, times, markdown) << std::endl;
            agree = agree && !times.disagrees;
        }
    }
    return agree ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run_all(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "bench.io.csv: " << error.what() << '\n';
        return 1;
    }
}
