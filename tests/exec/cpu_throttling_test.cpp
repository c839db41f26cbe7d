// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/cpu_throttling.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"

using namespace xrayon;

TEST_CASE("read_throttled_periods reads cpu.stat of the group and of those above", "[exec][cpu_throttling][A15]") {
    test::fixture_root root;
    root.file("proc/self/cgroup", "0::/a/b\n");
    root.file("sys/fs/cgroup/a/b/cpu.stat", "usage_usec 12\nnr_periods 9\nnr_throttled 4\nthrottled_usec 77\n");
    root.file("sys/fs/cgroup/a/cpu.stat", "nr_throttled 7\n");
    REQUIRE(read_throttled_periods(root.path()) == 7);
    root.file("proc/self/cgroup", "3:cpu,cpuacct:/a/b\n");
    root.file("sys/fs/cgroup/cpu,cpuacct/a/b/cpu.stat", "nr_periods 9\nnr_throttled 5");
    REQUIRE(read_throttled_periods(root.path()) == 5);
    root.file("sys/fs/cgroup/cpu,cpuacct/a/b/cpu.stat", "nr_throttled many\nanr_throttled 4\n");
    REQUIRE(read_throttled_periods(root.path()) == 0);
    REQUIRE(read_throttled_periods(root.path() + "/nothing") == 0);
}
