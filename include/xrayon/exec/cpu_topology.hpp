// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_CPU_TOPOLOGY_HPP
#define XRAYON_EXEC_CPU_TOPOLOGY_HPP

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/exec/detail/read_text.hpp>

#if defined(__linux__)
#include <sched.h>
#endif

namespace xrayon {

/// The processors that this process may run on.
struct cpu_topology {
    std::size_t logical = 1;   ///< Hardware threads inside the affinity mask.
    std::size_t physical = 1;  ///< Cores with at least one of those; equal to `logical` where the kernel does not say.
};

/// The processors of the affinity mask of the calling thread, ascending; empty where the system has no such mask.
[[nodiscard]] inline std::vector<std::size_t> affinity_processors() {
    std::vector<std::size_t> processors;
#if defined(__linux__)
    // The kernel's mask may be larger than cpu_set_t: grow until it fits.
    for (std::size_t room = 1024; room <= 1024 * 1024; room *= 4) {
        struct free_mask {
            void operator()(cpu_set_t* set) const noexcept { CPU_FREE(set); }
        };
        const std::unique_ptr<cpu_set_t, free_mask> mask(CPU_ALLOC(room));
        if (mask == nullptr) {
            break;
        }
        const std::size_t bytes = CPU_ALLOC_SIZE(room);
        CPU_ZERO_S(bytes, mask.get());
        const bool known = ::sched_getaffinity(0, bytes, mask.get()) == 0;
        for (std::size_t i = 0; known && i < room; ++i) {
            if (CPU_ISSET_S(i, bytes, mask.get())) {
                processors.push_back(i);
            }
        }
        if (known) {
            break;
        }
    }
#endif
    return processors;
}

/// Counts the cores behind `processors`. Two hardware threads are one core when the kernel lists the same siblings for both.
/// @param root  Prepended to "/sys/devices/system/cpu"; a folder of fixtures in tests.
[[nodiscard]] inline cpu_topology read_cpu_topology(const std::vector<std::size_t>& processors = affinity_processors(),
                                                    const std::string& root = "") {
    if (processors.empty()) {
        const std::size_t any = std::max(1u, std::thread::hardware_concurrency());
        return {any, any};
    }
    std::vector<std::string> cores;
    std::string problem;
    for (const std::size_t processor : processors) {
        const std::string folder = root + "/sys/devices/system/cpu/cpu" + to_text(processor) + "/topology/";
        auto siblings = detail::read_text(folder + "thread_siblings", problem);
        if (!siblings) {
            return {processors.size(), processors.size()};
        }
        if (std::find(cores.begin(), cores.end(), *siblings) == cores.end()) {  // sorting them is dearer to compile than this is to run
            cores.push_back(std::move(*siblings));
        }
    }
    return {processors.size(), cores.size()};
}

} // namespace xrayon

#endif // XRAYON_EXEC_CPU_TOPOLOGY_HPP
