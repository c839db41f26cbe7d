// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_USABLE_CORES_HPP
#define XRAYON_ANALYZE_DETAIL_USABLE_CORES_HPP

#include <cstddef>

#include <xrayon/exec/cpu_quota.hpp>
#include <xrayon/exec/cpu_topology.hpp>
#include <xrayon/exec/thread_count.hpp>

namespace xrayon::analyze::detail {

/// What this process may use, whatever XRAYON_NUM_THREADS says: a machine does not shrink because a variable asks for fewer threads.
struct usable_processors {
    std::size_t cores;             ///< Physical cores in the affinity mask, or the CPU quota rounded up if that is less.
    std::size_t hardware_threads;  ///< In the affinity mask.
};

[[nodiscard]] inline usable_processors find_usable_processors() {
    const cpu_topology cpus = read_cpu_topology();
    return {automatic_thread_count(cpus, read_cpu_quota()).threads, cpus.logical};
}

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_USABLE_CORES_HPP
