// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_SUPPORT_MACHINE_HPP
#define XRAYON_BENCHES_SUPPORT_MACHINE_HPP

#include <array>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <string>

#include <dlfcn.h>
#include <sys/resource.h>
#include <unistd.h>

#include <xrayon/exec/runtime_info.hpp>

// What a table of times must say about where it was made.

namespace xrayon::bench {

/// Shares of the machine's processor time between two moments; NaN where /proc/stat cannot tell.
struct machine_share {
    double ours = 0;    ///< This program.
    double others = 0;  ///< Other programs.
    double stolen = 0;  ///< The host of a virtual machine, for others.
};

class share_meter {
public:
    share_meter() : begin_(now()) {}

    [[nodiscard]] machine_share read() const {
        const moment end = now();
        const double total = end.total - begin_.total;
        const double ours = (end.ours - begin_.ours) / total;
        const double others = (end.busy - begin_.busy) / total - ours;
        return {ours, others < 0 ? 0 : others, (end.stolen - begin_.stolen) / total};  // ticks are coarse: a little below 0 is 0
    }

private:
    struct moment {
        double total = 0;  // seconds of all processors together, as all of these
        double busy = 0;
        double stolen = 0;
        double ours = 0;
    };

    static moment now() {
        moment result;
        std::ifstream stat("/proc/stat");
        std::string cpu;
        stat >> cpu;
        std::array<double, 8> ticks{};  // user nice system idle iowait irq softirq steal
        for (double& value : ticks) {
            stat >> value;
        }
        const auto per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
        for (std::size_t i = 0; i < ticks.size(); ++i) {
            result.total += ticks[i] / per_second;
            result.busy += i == 3 || i == 4 || i == 7 ? 0 : ticks[i] / per_second;
        }
        result.stolen = ticks[7] / per_second;
        rusage used{};
        ::getrusage(RUSAGE_SELF, &used);
        const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
        result.ours = seconds(used.ru_utime) + seconds(used.ru_stime);
        return result;
    }

    moment begin_;
};

/// The first three numbers of /proc/loadavg.
[[nodiscard]] inline std::string load_average() {
    std::ifstream file("/proc/loadavg");
    std::string one;
    std::string five;
    std::string fifteen;
    return file >> one >> five >> fifteen ? one + " " + five + " " + fifteen : "unknown";
}

[[nodiscard]] inline std::string processor_name() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("model name")) {
            return line.substr(line.find(':') + 2);
        }
    }
    return "unknown processor";
}

/// Processor, cores, versions, compiler and flags, BLAS: lines for the head of a report.
[[nodiscard]] inline std::string describe_machine() {
    const runtime_info info = describe_runtime();
    std::string text = processor_name() + ", " + to_text(info.cpus.physical) + " cores, " + to_text(info.cpus.logical)
                       + " hardware threads, " + (info.quota.cpus ? "CPU quota " + to_text(*info.quota.cpus) : std::string("no CPU quota"))
                       + "\n";
    text += "xrayon " + info.version + ", oneTBB " + info.tbb_version;
    for (const blas_library& blas : info.blas) {
        text += ", " + (blas.version.empty() ? blas.name : blas.version);
    }
    text += "\nC++ compiler " __VERSION__;
#if defined(XRAYON_BENCH_FLAGS)
    text += ", flags " XRAYON_BENCH_FLAGS;
#endif
#if defined(_OPENMP)
    const char* const wait = std::getenv("OMP_WAIT_POLICY");
    text += "; OpenMP " + to_text(_OPENMP) + ", OMP_WAIT_POLICY=" + (wait == nullptr ? "(not set)" : wait);
#else
    text += "; without OpenMP";
#endif
    return text + "\n";
}

/// Starts the program afresh with OMP_WAIT_POLICY=passive unless somebody has chosen one: OpenMP reads it when it is loaded. A team
/// that spins while it waits takes the cores from the rival that runs next. Returns if nothing needs to be done.
inline void restart_with_sleeping_openmp_teams([[maybe_unused]] char** argv) {
#if defined(_OPENMP)
    if (std::getenv("OMP_WAIT_POLICY") == nullptr) {
        ::setenv("OMP_WAIT_POLICY", "passive", 1);
        ::execv("/proc/self/exe", argv);  // goes on here only if that failed; the head of the report then says so
        ::unsetenv("OMP_WAIT_POLICY");
    }
#endif
}

/// OpenBLAS's own setting, as a program would make it; nothing where the BLAS is another one.
class openblas {
public:
    [[nodiscard]] static bool loaded() { return setter() != nullptr; }
    static void set_threads(std::size_t threads) {
        if (const auto set = setter()) {
            set(static_cast<int>(threads));
        }
    }

private:
    static void (*setter())(int) { return reinterpret_cast<void (*)(int)>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads")); }
};

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_SUPPORT_MACHINE_HPP
