// SPDX-License-Identifier: Apache-2.0
// bench.par.fused: does `map | filter | map | sum` cost what the loop costs that one would write by hand, whatever compiles it? On one thread,
// over 10^5 numbers (in cache), by each compiler at -O2 and -O3; with the number of instructions, where valgrind is there to count them.
//
//     ./dev bench par.fused [CONTEST...] [--compilers g++,clang++-16] [--pairs 30] [--markdown]
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <dlfcn.h>
#include <unistd.h>

#include <xrayon/exec/pool.hpp>

#include "rivals/venue.hpp"
#include "support/contests.hpp"

namespace {

using namespace xrayon::bench;
using xrayon::to_text;
using kernel = double (*)(const double*, std::size_t);

constexpr std::size_t items = 100'000;

std::vector<double> numbers() {
    std::vector<double> all(items);
    for (std::size_t i = 0; i < items; ++i) {
        all[i] = 2 * uniform(i) - 1;
    }
    return all;
}

kernel find(void* handle, const std::string& name) {
    void* const symbol = handle == nullptr ? nullptr : ::dlsym(handle, name.c_str());
    if (symbol == nullptr) {
        throw std::runtime_error("pipelines.cpp has no " + name);
    }
    kernel result = nullptr;
    std::memcpy(&result, &symbol, sizeof result);
    return result;
}

/// What this program does when it calls itself under valgrind: a kernel, so many times.
int run_alone(const std::string& library, const std::string& name, std::size_t runs) {
    const kernel f = find(::dlopen(library.c_str(), RTLD_NOW), name);
    const std::vector<double> x = numbers();
    double sum = 0;
    xrayon::pool(1).install([&] {
        for (std::size_t k = 0; k < runs; ++k) {
            sum += f(x.data(), x.size());
        }
    });
    return sum > 0 ? 0 : 1;
}

/// Instructions of so many runs and of what is around them, by valgrind; 0 without it.
double counted(const std::string& library, const std::string& name, std::size_t runs) {
    const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
    const std::string command = "valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null \"" + self + "\" --run-alone \"" + library
                                + "\" " + name + " " + to_text(runs) + " 2>&1";
    std::FILE* const output = ::popen(command.c_str(), "r");
    if (output == nullptr) {
        return 0;
    }
    double count = 0;
    for (std::array<char, 400> line{}; std::fgets(line.data(), static_cast<int>(line.size()), output) != nullptr;) {
        const std::string text = line.data();
        if (const std::size_t at = text.find("refs:"); at != std::string::npos && text.find("I ") != std::string::npos) {
            for (const char each : text.substr(at + 5)) {
                count = each >= '0' && each <= '9' ? 10 * count + (each - '0') : count;
            }
        }
    }
    return ::pclose(output) == 0 ? count : 0;
}

/// Instructions that an item takes, or nothing where valgrind is not there.
std::string instructions_of(const std::string& library, const std::string& name) {
    const double one = counted(library, name, 1);
    const double more = counted(library, name, 9);
    return one == 0 || more == 0 ? "-" : decimals((more - one) / 8 / static_cast<double>(items), 2);
}

/// What one compiler makes of fused/pipelines.cpp.
struct compiled {
    std::string instructions;  // of an item, in words
    kernel sequence = nullptr;
    kernel loop = nullptr;
    kernel lanes = nullptr;

    explicit compiled(const std::string& compiler, const std::string& level) {
        const std::filesystem::path folder = std::filesystem::temp_directory_path() / ("xrayon_fused_" + to_text(::getpid()));
        std::filesystem::create_directories(folder);
        static int loaded = 0;  // a name of its own: the loader takes a library of a known name for the one that it has
        const std::string library = (folder / ("pipelines_" + to_text(loaded++) + ".so")).string();
        const std::string command = compiler + " -std=c++20 " + level + " -DNDEBUG -fPIC -shared " XRAYON_FUSED_INCLUDES " \"" XRAYON_FUSED_SOURCE
                                    "\" -o \"" + library + "\" -ltbb -ldl";
        const int failed = std::system(command.c_str());
        void* const handle = failed == 0 ? ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr;  // stays loaded
        if (handle != nullptr) {
            instructions = "sequence " + instructions_of(library, "fused_sequence") + ", loop " + instructions_of(library, "fused_loop")
                           + ", loop in lanes and leaves " + instructions_of(library, "fused_lanes");
        }
        std::filesystem::remove_all(folder);
        if (handle == nullptr) {
            throw std::runtime_error("cannot compile or load: " + command);
        }
        sequence = find(handle, "fused_sequence");
        loop = find(handle, "fused_loop");
        lanes = find(handle, "fused_lanes");
    }
};

contest fused(const std::string& name, const std::string& compiler, const std::string& level) {
    const compiled by(compiler, level);
    const std::size_t n = items;
    const auto x = std::make_shared<std::vector<double>>(numbers());
    const auto workers = std::make_shared<xrayon::pool>(1);
    const auto run = [workers, x](kernel f) { return workers->install([&] { return f(x->data(), x->size()); }); };
    if (run(by.sequence) != run(by.lanes)) {
        throw std::runtime_error(name + ": the sum has not the bits of its definition");
    }
    std::cout << name << ": instructions an item (by valgrind): " << by.instructions << "\n";
    contest c(name, "map | filter | map | sum over 1e5 numbers by " + compiler + " " + level, 1, n, "item", 1e-9);
    const auto check = [](double sum) { return sum; };
    c.add("xrayon map, filter, map, sum", check, [run, f = by.sequence] { return run(f); });
    c.add("plain loop", check, [run, f = by.loop] { return run(f); });
    c.add("plain loop in lanes and leaves", check, [run, f = by.lanes] { return run(f); });
    return c;
}

} // namespace

int main(int argc, char** argv) {
    if (argc == 5 && std::string(argv[1]) == "--run-alone") {
        return run_alone(argv[2], argv[3], static_cast<std::size_t>(std::strtoull(argv[4], nullptr, 10)));
    }
    CLI::App app("Times a fused sequence against the loop by hand, compiled by several compilers.", "bench.par.fused");
    std::vector<std::string> compilers{"g++", "clang++-16"};
    app.add_option("--compilers", compilers, "Compilers, as one calls them")->allow_extra_args(false)->delimiter(',')->capture_default_str();
    const auto contests = [&compilers](std::size_t) {
        std::vector<named_contest> all;
        for (const std::string& compiler : compilers) {
            for (const std::string level : {"-O2", "-O3"}) {
                const std::string name = compiler + "." + level.substr(1);
                all.push_back({name, [=] { return fused(name, compiler, level); }});
            }
        }
        return all;
    };
    return run_contests(argc, argv, app, contests, {1});
}
