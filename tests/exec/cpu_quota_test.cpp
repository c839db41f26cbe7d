// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/cpu_quota.hpp>

#include <cstddef>
#include <optional>
#include <string>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xrayon/exec/thread_count.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"

using namespace xrayon;
using test::fixture_root;

namespace {

/// The automatic thread count of a process in these groups that may use `cores` cores.
std::size_t automatic(const fixture_root& root, std::size_t cores) {
    return automatic_thread_count({cores, cores}, read_cpu_quota(root.path())).threads;
}

} // namespace

TEST_CASE("cpu_quota: version 2 reads cpu.max, and max is no limit", "[exec][cpu_quota][T16][T18]") {
    fixture_root root;
    root.file("proc/self/cgroup", "0::/job\n").file("sys/fs/cgroup/job/cpu.max", "150000 100000\n");
    REQUIRE(read_cpu_quota(root.path()).cpus == 1.5);
    REQUIRE(automatic(root, 8) == 2);  // rounded up
    REQUIRE(automatic(root, 1) == 1);  // and bounded by the cores that the process may use
    root.file("sys/fs/cgroup/job/cpu.max", "max 100000\n");
    REQUIRE_FALSE(read_cpu_quota(root.path()).cpus);
    REQUIRE(read_cpu_quota(root.path()).notes.empty());
    REQUIRE(automatic(root, 8) == 8);
}

TEST_CASE("cpu_quota: version 1 divides quota by period, and -1 is no limit", "[exec][cpu_quota][T17][T18]") {
    fixture_root root;
    root.file("proc/self/cgroup", "12:pids:/\n4:cpu,cpuacct:/job\n1:name=systemd:/\n")
        .file("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "50000\n")
        .file("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
    REQUIRE(read_cpu_quota(root.path()).cpus == 0.5);
    REQUIRE(automatic(root, 8) == 1);
    root.file("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "100000\n");
    REQUIRE(automatic(root, 8) == 1);
    root.file("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
    REQUIRE_FALSE(read_cpu_quota(root.path()).cpus);
}

TEST_CASE("cpu_quota: the tightest group of the chain counts", "[exec][cpu_quota][T20]") {
    fixture_root root;
    root.file("proc/self/cgroup", "0::/outer/inner\n")
        .file("sys/fs/cgroup/outer/cpu.max", "100000 100000\n")
        .file("sys/fs/cgroup/outer/inner/cpu.max", "400000 100000\n");
    REQUIRE(read_cpu_quota(root.path()).cpus == 1.0);
    REQUIRE(automatic(root, 8) == 1);
}

TEST_CASE("cpu_quota: in a container whose group lies outside, the root of the mount counts", "[exec][cpu_quota]") {
    fixture_root root;
    root.file("proc/self/cgroup", "0::/../../host/job\n").file("sys/fs/cgroup/cpu.max", "300000 100000\n");
    REQUIRE(read_cpu_quota(root.path()).cpus == 3.0);
}

TEST_CASE("cpu_quota: what cannot be understood limits nothing and is named", "[exec][cpu_quota][T19]") {
    for (const char* text : {"", "abc", "0 0", "100000", "100000 0", "1 2 3", "- 100000", "-abc 100000"}) {
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
    REQUIRE_THAT(read_cpu_quota(large.path()).notes.at(0), test::contains("sys/fs/cgroup/cpu.max is not a quota"));
    REQUIRE(automatic(large, 8) == 8);

    fixture_root old;
    old.file("proc/self/cgroup", "4:cpu:/\n").file("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n");  // and no period
    REQUIRE_FALSE(read_cpu_quota(old.path()).cpus);
    REQUIRE_THAT(read_cpu_quota(old.path()).notes.at(0), test::contains("cpu.cfs_quota_us is not a quota"));
}

TEST_CASE("cpu_quota: files that may not be opened limit nothing and are named", "[exec][cpu_quota][T19]") {
    fixture_root root;
    root.file("proc/self/cgroup", "0::/job\n").file("sys/fs/cgroup/job/cpu.max", "100000 100000\n");
    REQUIRE(::chmod(root.path().c_str(), 0755) == 0);
    REQUIRE(::chmod((root.path() + "/sys/fs/cgroup/job/cpu.max").c_str(), 0) == 0);
    // The superuser may open anything: a child that is nobody asks, and says by its exit status what it was told.
    const ::pid_t child = ::fork();
    if (child == 0) {
        if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) {
            ::_exit(3);
        }
        const cpu_quota quota = read_cpu_quota(root.path());
        const bool named = quota.notes.size() == 1 && quota.notes[0].ends_with("/sys/fs/cgroup/job/cpu.max cannot be opened");
        ::_exit(!quota.cpus && named ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) == 0);
}

TEST_CASE("cpu_quota: remarks are few, short and printable whatever the files hold", "[exec][cpu_quota][T19]") {
    std::string deep;
    for (int level = 0; level < 200; ++level) {
        deep += "/a";
    }
    const auto bad = [](const std::string&, std::string&) { return std::optional<std::string>("abc"); };
    const cpu_quota many = detail::quota_of_groups("0::" + deep + "\n", "/sys/fs/cgroup", bad);
    REQUIRE(many.notes.size() == 16);
    REQUIRE(many.notes.back() == "more control group files could not be understood");
    const cpu_quota odd = detail::quota_of_groups("0::/\x1b[2J\xff\n", "/sys/fs/cgroup", bad);
    REQUIRE(odd.notes.at(0) == "/sys/fs/cgroup/\\x1b[2J\\xff/cpu.max is not a quota");
    const cpu_quota none = detail::quota_of_groups(std::string("0::/a\0b\n", 9), "/sys/fs/cgroup", bad);
    REQUIRE(none.notes.at(0) == "/proc/self/cgroup names a group that cannot be one");
    // The kernel lists a hierarchy once: a text that repeats it is not followed for ever.
    std::string lines;
    for (int line = 0; line < 1000; ++line) {
        lines += "0::/a\n4:cpu:/b\n";
    }
    std::size_t reads = 0;
    (void)detail::quota_of_groups(lines, "/sys/fs/cgroup", [&](const std::string&, std::string&) {
        ++reads;
        return std::optional<std::string>();
    });
    REQUIRE(reads == 8);
}

TEST_CASE("cpu_quota: a machine without control groups has no limit", "[exec][cpu_quota]") {
    const fixture_root root;
    REQUIRE_FALSE(read_cpu_quota(root.path()).cpus);
    REQUIRE(read_cpu_quota(root.path()).notes.empty());
}
