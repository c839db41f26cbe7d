// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_RUNTIME_INFO_HPP
#define XRAYON_EXEC_RUNTIME_INFO_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/exec/blas_guard.hpp>
#include <xrayon/exec/cpu_quota.hpp>
#include <xrayon/exec/cpu_topology.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/thread_count.hpp>
#include <xrayon/version.hpp>

namespace xrayon {

/// What a parallel call made now would run on, and who decided that.
struct runtime_info {
    std::string version;               ///< xrayon's.
    std::string tbb_version;           ///< oneTBB's, as the loaded library says.
    cpu_topology cpus;                 ///< Hardware threads and cores inside the affinity mask.
    cpu_quota quota;                   ///< Of the control group; its notes name files that could not be read.
    std::size_t usable_cores = 1;      ///< min(physical cores, quota rounded up): more threads than this oversubscribe.
    std::size_t threads = 1;           ///< Of the pool that calls made here run on.
    thread_count_origin origin = thread_count_origin::cores;
    std::optional<std::string> environment;  ///< XRAYON_NUM_THREADS, if set.
    std::vector<blas_library> blas;    ///< BLAS libraries in this process.
    std::vector<std::string> notes;    ///< Advice: what is oversubscribed or could not be read.
};

/// Looks at the machine, the process and the pool of the calling thread. Makes the global pool if there is none yet.
/// @throws environment_error  if XRAYON_NUM_THREADS decides and cannot be read
[[nodiscard]] inline runtime_info describe_runtime() {
    runtime_info info;
    info.version = to_text(XRAYON_VERSION_MAJOR) + "." + to_text(XRAYON_VERSION_MINOR) + "." + to_text(XRAYON_VERSION_PATCH);
    info.tbb_version = detail::backend_version();
    info.cpus = read_cpu_topology();
    info.quota = read_cpu_quota();
    info.usable_cores = automatic_thread_count(info.cpus, info.quota).threads;
    const call_frame* const frame = current_call();
    if (frame != nullptr && frame->pool != nullptr) {
        info.threads = frame->pool->threads;
        info.origin = frame->pool->origin;
    } else {
        const auto global = detail::global_pool();
        info.threads = global->threads;
        info.origin = global->origin;
    }
    if (const char* const text = std::getenv("XRAYON_NUM_THREADS")) {
        info.environment = text;
    }
    info.blas = loaded_blas();
    info.notes = info.quota.notes;
    if (info.threads > info.usable_cores) {
        info.notes.push_back(to_text(info.threads) + " threads on " + to_text(info.usable_cores)
                             + " usable cores: more threads than cores make nothing faster");
    }
    for (const blas_library& library : info.blas) {
        if (library.openmp) {
            info.notes.push_back(library.name + " is its OpenMP build, which takes its thread count from each calling thread: xrayon cannot hold it at 1. "
                                 "Set OMP_NUM_THREADS=1, or install the pthread build");
        }
        if (library.threads > 1) {
            info.notes.push_back(library.name + " is set to " + to_text(library.threads)
                                 + " threads: it is held at 1 while a call of xrayon runs; pin_blas_threads() keeps it there");
        }
    }
    return info;
}

/// One line a fact, for people and for bug reports.
[[nodiscard]] inline std::string to_text(const runtime_info& info) {
    const auto line = [](std::string_view name, const std::string& value) {
        return std::string(name) + std::string(name.size() < 16 ? 16 - name.size() : 1, ' ') + value + "\n";
    };
    std::string text = line("xrayon", info.version);
    text += line("oneTBB", info.tbb_version);
    text += line("cores", to_text(info.cpus.physical) + " physical, " + to_text(info.cpus.logical) + " logical, in the affinity mask");
    text += line("CPU quota", info.quota.cpus ? to_text(*info.quota.cpus) + " cores" : std::string("none"));
    text += line("usable cores", to_text(info.usable_cores));
    text += line("threads", to_text(info.threads) + ", decided by " + std::string(to_text(info.origin)));
    text += line("environment", info.environment ? "XRAYON_NUM_THREADS=\"" + escaped(*info.environment) + "\"" : std::string("XRAYON_NUM_THREADS is not set"));
    if (info.blas.empty()) {
        text += line("BLAS", "none in this program");
    }
    for (const blas_library& library : info.blas) {
        text += line("BLAS", library.name + (library.version.empty() ? "" : " (" + library.version + ")") + ", set to " + to_text(library.threads)
                                 + (library.threads == 1 ? " thread" : " threads"));
    }
    for (const std::string& note : info.notes) {
        text += line("note", note);
    }
    return text;
}

} // namespace xrayon

#endif // XRAYON_EXEC_RUNTIME_INFO_HPP
