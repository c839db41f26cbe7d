// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/runtime_info.hpp>

#include "../support/catch.hpp"

#include <cstddef>
#include <thread>

#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/thread_count.hpp>

#if defined(__linux__)
#include <sched.h>

using namespace xrayon;

namespace {

struct seen {
    bool restricted = false;
    cpu_topology cpus;
    thread_count automatic;
    thread_count in_pool;
};

/// What a thread that may run on one processor alone is told: an affinity mask is a thread's, so the rest of the process keeps its own.
seen on_one_processor() {
    seen result;
    std::thread([&] {
        cpu_set_t mask;
        if (::sched_getaffinity(0, sizeof mask, &mask) != 0) {
            return;
        }
        cpu_set_t one;
        CPU_ZERO(&one);
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(cpu, &mask)) {
                CPU_SET(cpu, &one);
                break;
            }
        }
        result.restricted = ::sched_setaffinity(0, sizeof one, &one) == 0;
        result.cpus = read_cpu_topology();
        result.automatic = resolve_thread_count(0);
        const pool workers(0);
        result.in_pool = {workers.num_threads(), workers.origin()};
    }).join();
    return result;
}

} // namespace

TEST_CASE("machine: a process that may run on one processor gets one thread", "[faults][T15]") {
    const seen got = on_one_processor();
    REQUIRE(got.restricted);
    REQUIRE(got.cpus.logical == 1);
    REQUIRE(got.cpus.physical == 1);
    REQUIRE(got.automatic.threads == 1);
    REQUIRE(got.automatic.origin == thread_count_origin::cores);
    REQUIRE(got.in_pool.threads == 1);
}
#endif
