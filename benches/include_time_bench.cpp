// SPDX-License-Identifier: Apache-2.0
// How long does a compiler take for `#include <xrayon/xrayon.hpp>`, over what it takes for xtensor and oneTBB alone? Both are compiled in
// turns, as a program with an empty main, and each pair gives one difference; processor seconds of the compiler, which other programs
// on the machine disturb less than they do the clock.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

struct way {
    const char* name;
    std::vector<std::string> options;
};

/// Processor seconds, user and system, of running a command whose output goes nowhere.
double seconds_of(const std::vector<std::string>& command) {
    std::vector<char*> arguments;
    for (const std::string& word : command) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        const int nowhere = ::open("/dev/null", O_WRONLY);
        ::dup2(nowhere, STDOUT_FILENO);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    int status = 0;
    rusage usage{};
    if (child < 0 || ::wait4(child, &status, 0, &usage) != child || status != 0) {
        throw std::runtime_error(command.front() + " failed on " + command.back());
    }
    const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return std::midpoint(values[(values.size() - 1) / 2], values[values.size() / 2]);
}

void measure(const std::string& compiler, const way& how, int pairs) {
    std::vector<double> umbrella;
    std::vector<double> packages;
    std::vector<double> differences;
    for (int pair = 0; pair < pairs; ++pair) {
        for (const bool whole : {pair % 2 == 0, pair % 2 != 0}) {  // who is first takes turns too
            std::vector<std::string> command{compiler};
            command.insert(command.end(), how.options.begin(), how.options.end());
            command.insert(command.end(), {"-std=c++20", "-O2", "-I", XRAYON_INCLUDE_DIR, whole ? XRAYON_UMBRELLA : XRAYON_PACKAGES});
            (whole ? umbrella : packages).push_back(seconds_of(command));
        }
        differences.push_back(umbrella.back() - packages.back());
    }
    const auto [least, most] = std::minmax_element(differences.begin(), differences.end());
    std::printf("| %s | %s | %.2f | %.2f | %.2f | %.2f - %.2f |\n", compiler.c_str(), how.name, median(umbrella), median(packages),
                median(differences), *least, *most);
    std::fflush(stdout);
}

} // namespace

// bench.include_time [--pairs 11] [COMPILER...]
int main(int argc, char** argv) {
    int pairs = 11;
    std::vector<std::string> compilers;
    for (int i = 1; i < argc; ++i) {
        if (std::string_view(argv[i]) == "--pairs" && i + 1 < argc) {
            pairs = std::atoi(argv[++i]);
        } else {
            compilers.emplace_back(argv[i]);
        }
    }
    if (pairs < 1) {
        std::fprintf(stderr, "--pairs must be >= 1\n");
        return 2;
    }
    if (compilers.empty()) {
        compilers = {XRAYON_COMPILER};
    }
    std::printf("Processor seconds, medians of %d pairs; the last column has the least and the largest difference.\n\n", pairs);
    std::printf("| compiler | how | xrayon.hpp | xtensor and oneTBB | difference | from - to |\n|---|---|---|---|---|---|\n");
    for (const std::string& compiler : compilers) {
        measure(compiler, {"-fsyntax-only", {"-fsyntax-only"}}, pairs);
        measure(compiler, {"compiled, empty main", {"-c", "-o", "/dev/null"}}, pairs);
    }
}
