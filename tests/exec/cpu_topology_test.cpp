// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/cpu_topology.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"

using namespace xrayon;

TEST_CASE("cpu_topology: hardware threads that share a core are one core", "[exec][cpu_topology]") {
    test::fixture_root root;
    const std::string folder = "sys/devices/system/cpu/cpu";
    for (const int i : {0, 1, 2, 3}) {
        root.file(folder + std::to_string(i) + "/topology/thread_siblings", i % 2 == 0 ? "5\n" : "a\n");
    }
    REQUIRE(read_cpu_topology({0, 1, 2, 3}, root.path()).physical == 2);
    REQUIRE(read_cpu_topology({0, 1, 2, 3}, root.path()).logical == 4);
    REQUIRE(read_cpu_topology({0, 2}, root.path()).physical == 1);  // the affinity mask leaves one core
    REQUIRE(read_cpu_topology({1}, root.path()).physical == 1);
}

TEST_CASE("cpu_topology: where the kernel does not say, every hardware thread counts as a core", "[exec][cpu_topology]") {
    const test::fixture_root root;
    REQUIRE(read_cpu_topology({0, 1, 2}, root.path()).physical == 3);
}

TEST_CASE("cpu_topology: this process may run somewhere", "[exec][cpu_topology]") {
    const cpu_topology cpus = read_cpu_topology();
    REQUIRE(cpus.physical >= 1);
    REQUIRE(cpus.logical >= cpus.physical);
}
