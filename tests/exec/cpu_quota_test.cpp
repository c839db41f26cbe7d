// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/cpu_quota.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"

using namespace xrayon;
using test::fixture_root;

TEST_CASE("cpu_quota: version 2 reads cpu.max, and max is no limit", "[exec][cpu_quota]") {
    fixture_root root;
    root.file("proc/self/cgroup", "0::/job\n").file("sys/fs/cgroup/job/cpu.max", "150000 100000\n");
    REQUIRE(read_cpu_quota(root.path()).cpus == 1.5);
    root.file("sys/fs/cgroup/job/cpu.max", "max 100000\n");
    REQUIRE_FALSE(read_cpu_quota(root.path()).cpus);
    REQUIRE(read_cpu_quota(root.path()).notes.empty());
}

TEST_CASE("cpu_quota: version 1 divides quota by period, and -1 is no limit", "[exec][cpu_quota]") {
    fixture_root root;
    root.file("proc/self/cgroup", "12:pids:/\n4:cpu,cpuacct:/job\n1:name=systemd:/\n")
        .file("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "50000\n")
        .file("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
    REQUIRE(read_cpu_quota(root.path()).cpus == 0.5);
    root.file("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
    REQUIRE_FALSE(read_cpu_quota(root.path()).cpus);
}

TEST_CASE("cpu_quota: the tightest group of the chain counts", "[exec][cpu_quota]") {
    fixture_root root;
    root.file("proc/self/cgroup", "0::/outer/inner\n")
        .file("sys/fs/cgroup/outer/cpu.max", "100000 100000\n")
        .file("sys/fs/cgroup/outer/inner/cpu.max", "400000 100000\n");
    REQUIRE(read_cpu_quota(root.path()).cpus == 1.0);
}

TEST_CASE("cpu_quota: in a container whose group lies outside, the root of the mount counts", "[exec][cpu_quota]") {
    fixture_root root;
    root.file("proc/self/cgroup", "0::/../../host/job\n").file("sys/fs/cgroup/cpu.max", "300000 100000\n");
    REQUIRE(read_cpu_quota(root.path()).cpus == 3.0);
}

TEST_CASE("cpu_quota: what cannot be understood limits nothing and is named", "[exec][cpu_quota]") {
    for (const char* text : {"", "abc", "0 0", "100000", "100000 0", "1 2 3", "- 100000"}) {
        fixture_root root;
        root.file("proc/self/cgroup", "0::/\n").file("sys/fs/cgroup/cpu.max", text);
        INFO(text);
        const cpu_quota quota = read_cpu_quota(root.path());
        REQUIRE_FALSE(quota.cpus);
        REQUIRE(quota.notes.size() == 1);
        REQUIRE_THAT(quota.notes.front(), test::contains("cpu.max is not a quota"));
    }
    fixture_root folder;
    folder.file("proc/self/cgroup", "0::/\n").folder("sys/fs/cgroup/cpu.max");
    REQUIRE_FALSE(read_cpu_quota(folder.path()).cpus);
    REQUIRE_THAT(read_cpu_quota(folder.path()).notes.at(0), test::contains("cpu.max cannot be read"));

    fixture_root large;
    large.file("proc/self/cgroup", "0::/\n").file("sys/fs/cgroup/cpu.max", std::string(1 << 20, '1'));
    REQUIRE_FALSE(read_cpu_quota(large.path()).cpus);
}

TEST_CASE("cpu_quota: a machine without control groups has no limit", "[exec][cpu_quota]") {
    const fixture_root root;
    REQUIRE_FALSE(read_cpu_quota(root.path()).cpus);
    REQUIRE(read_cpu_quota(root.path()).notes.empty());
}
