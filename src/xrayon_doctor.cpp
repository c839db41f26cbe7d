// SPDX-License-Identifier: Apache-2.0
// xrayon-doctor: what the library sees on this machine, and a line of advice for whatever stands in its way. For people who wonder why so many
// threads, or so few, and for bug reports.
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/exec/cpu_throttling.hpp>
#include <xrayon/exec/cpu_topology.hpp>
#include <xrayon/exec/runtime_info.hpp>

#if defined(XRAYON_DOCTOR_CALLS_BLAS)
extern "C" double cblas_ddot(int, const double*, int, const double*, int);  // NOLINT: as every CBLAS has it
#endif

namespace {

using xrayon::to_text;

/// A BLAS that nothing of is called is left out by the linker, and the report would say that there is none.
bool blas_counts() {
#if defined(XRAYON_DOCTOR_CALLS_BLAS)
    const double two = 2;
    return cblas_ddot(1, &two, 1, &two, 1) == 4;
#else
    return true;
#endif
}

std::string line(std::string_view name, const std::string& value) {
    return std::string(name) + std::string(name.size() < 16 ? 16 - name.size() : 1, ' ') + value + "\n";
}

/// The processors that this process may use, as the kernel writes lists: "0-3,8".
std::string affinity() {
    const std::vector<std::size_t> processors = xrayon::affinity_processors();
    std::string text;
    for (std::size_t i = 0; i < processors.size(); ++i) {
        const std::size_t first = processors[i];
        while (i + 1 < processors.size() && processors[i + 1] == processors[i] + 1) {
            ++i;
        }
        text += (text.empty() ? "" : ",") + to_text(first) + (processors[i] == first ? "" : "-" + to_text(processors[i]));
    }
    return text.empty() ? "unknown" : text;
}

std::string compiler() {
#if defined(__clang__)
    return "clang " + to_text(__clang_major__) + "." + to_text(__clang_minor__) + "." + to_text(__clang_patchlevel__);
#elif defined(__GNUC__)
    return "g++ " + to_text(__GNUC__) + "." + to_text(__GNUC_MINOR__) + "." + to_text(__GNUC_PATCHLEVEL__);
#else
    return "unknown";
#endif
}

/// What may be set for other libraries, and for this one.
std::string variables() {
    std::string text;
    for (const char* name :
         {"XRAYON_PROGRESS", "XRAYON_TRACE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"}) {
        if (const char* const value = std::getenv(name)) {
            text += line(text.empty() ? "other variables" : "", std::string(name) + "=\"" + xrayon::escaped(value, 64) + "\"");
        }
    }
    return text;
}

/// One line each, and what to do.
std::vector<std::string> advice(const xrayon::runtime_info& info, double load, std::size_t throttled) {
    std::vector<std::string> lines;
    if (load > 0.5 + 0.1 * static_cast<double>(info.usable_cores)) {
        lines.push_back("the load is " + to_text(load) + ": others use these cores; what is measured now is not to be trusted");
    }
    if (info.quota.cpus && *info.quota.cpus < static_cast<double>(info.cpus.physical)) {
        lines.push_back(
            "the CPU quota is below the number of cores: threads beyond it are stopped, not slowed; raise the quota, or leave it at "
            + to_text(info.usable_cores) + (info.usable_cores == 1 ? " thread" : " threads"));
    }
    if (throttled != 0) {
        lines.push_back("the control group has used its CPU quota up in " + to_text(throttled)
                        + " periods so far: something in it runs more threads than the quota carries");
    }
    if (info.cpus.logical > info.cpus.physical) {
        lines.push_back("hyper-threads are not counted as cores: arithmetic seldom gains from them; XRAYON_NUM_THREADS="
                        + to_text(info.cpus.logical) + " tries it");
    }
    if (info.threads < info.usable_cores && info.origin == xrayon::thread_count_origin::environment) {
        lines.push_back("XRAYON_NUM_THREADS leaves " + to_text(info.usable_cores - info.threads) + " of " + to_text(info.usable_cores)
                        + " usable cores idle; unset it for all");
    }
    if (std::getenv("OMP_NUM_THREADS") != nullptr) {
        lines.push_back("OMP_NUM_THREADS is not read by xrayon: it is for OpenMP, and for BLAS libraries built with it");
    }
    return lines;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "Prints what xrayon sees on this machine: versions, cores, affinity, CPU quota, who decided the thread count, BLAS; and advice.",
        "xrayon-doctor");
    app.set_version_flag("--version", "xrayon-doctor " + to_text(XRAYON_VERSION_MAJOR) + "." + to_text(XRAYON_VERSION_MINOR) + "."
                                          + to_text(XRAYON_VERSION_PATCH));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    try {
        const bool counts = blas_counts();
        const xrayon::runtime_info info = xrayon::describe_runtime();
        const std::size_t throttled = xrayon::read_throttled_periods();
        double load = 0;
        std::ifstream("/proc/loadavg") >> load;
        std::cout << xrayon::to_text(info)
                  << line("xtensor",
                          to_text(XTENSOR_VERSION_MAJOR) + "." + to_text(XTENSOR_VERSION_MINOR) + "." + to_text(XTENSOR_VERSION_PATCH))
                  << line("compiler", compiler()) << line("affinity", affinity()) << line("load", to_text(load)) << variables();
        std::vector<std::string> lines = advice(info, load, throttled);
        if (!counts) {
            lines.push_back("the BLAS of this program says that 2 x 2 is not 4");
        }
        for (const std::string& each : lines) {
            std::cout << line("advice", each);
        }
        if (lines.empty() && info.notes.empty()) {
            std::cout << line("advice", "none: nothing here stands in the way");
        }
        std::cout << std::flush;
        return std::cout ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << "xrayon-doctor: " << error.what() << '\n';
        return 1;
    }
}
