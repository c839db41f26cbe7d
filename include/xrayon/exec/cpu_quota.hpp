// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_CPU_QUOTA_HPP
#define XRAYON_EXEC_CPU_QUOTA_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/exec/detail/read_text.hpp>

namespace xrayon {

/// How much processor time the control groups of this process allow.
struct cpu_quota {
    std::optional<double> cpus;      ///< 1.5: one and a half cores' worth of time; nothing: no limit.
    std::vector<std::string> notes;  ///< Files that were there but could not be understood, at most 16; they limit nothing.
};

namespace detail {

/// Adds a remark for people: printable, of bounded length, and no more than a screen holds of them.
inline void add_note(cpu_quota& result, std::string_view note) {
    constexpr std::size_t most = 16;
    if (result.notes.size() < most) {
        result.notes.push_back(result.notes.size() + 1 < most ? escaped(note, 160) : "more control group files could not be understood");
    }
}

/// `<quota> <period>` in microseconds as cores; "max" or a quota below 0 is no limit. False when it is neither.
inline bool parse_quota(std::string_view quota, std::string_view period, std::optional<double>& cpus) {
    const auto number = [](std::string_view text, double& value) {
        unsigned long long whole = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
        value = static_cast<double>(whole);
        return error == std::errc{} && end == text.data() + text.size() && whole > 0;
    };
    double time = 0;
    double window = 0;
    if (quota == "max" || (quota.starts_with('-') && number(quota.substr(1), time))) {
        return true;
    }
    if (!number(quota, time) || !number(period, window)) {
        return false;
    }
    cpus = cpus ? std::min(*cpus, time / window) : time / window;
    return true;
}

/// One group of version 2: cpu.max holds "<quota|max> <period>".
template <class Read>
void read_group_v2(const std::string& folder, const Read& read, cpu_quota& result) {
    std::string problem;
    const std::optional<std::string> text = read(folder + "/cpu.max", problem);
    if (text) {
        const std::string_view line = trimmed(*text);
        const auto gap = line.find(' ');
        if (gap == std::string_view::npos || !parse_quota(line.substr(0, gap), trimmed(line.substr(gap)), result.cpus)) {
            add_note(result, folder + "/cpu.max is not a quota");
        }
    } else if (!problem.empty()) {
        add_note(result, problem);
    }
}

/// One group of version 1: two files.
template <class Read>
void read_group_v1(const std::string& folder, const Read& read, cpu_quota& result) {
    std::string problem;
    const std::optional<std::string> quota = read(folder + "/cpu.cfs_quota_us", problem);
    if (!quota) {
        if (!problem.empty()) {
            add_note(result, problem);
        }
        return;
    }
    const std::optional<std::string> period = read(folder + "/cpu.cfs_period_us", problem);
    if (!period || !parse_quota(trimmed(*quota), trimmed(*period), result.cpus)) {
        add_note(result, folder + "/cpu.cfs_quota_us is not a quota");
    }
}

/// Calls `visit(folder)` for the group `path` under `mount` and for every group above it: the tightest one counts.
template <class Visit>
void for_each_group(const std::string& mount, std::string path, const Visit& visit) {
    for (;;) {
        while (path.ends_with('/')) {
            path.pop_back();
        }
        visit(mount + path);
        if (path.empty()) {
            return;
        }
        path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    }
}

inline bool has_controller(std::string_view list, std::string_view name) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        if (list.substr(0, comma) == name) {
            return true;
        }
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    }
    return false;
}

/// The group that a line of /proc/self/cgroup names, or the root of the mount: a path with ".." says that the group lies outside
/// what this container can see. What the kernel would not write (no leading slash, a NUL byte, longer than any path) is noted.
inline std::string visible_group(std::string_view path, cpu_quota& result) {
    if (!path.starts_with('/') || path.size() > 4096 || path.find('\0') != std::string_view::npos) {
        add_note(result, "/proc/self/cgroup names a group that cannot be one");
        return "/";
    }
    return path.find("/..") == std::string_view::npos ? std::string(path) : "/";
}

/// Calls `version_2(folder)` or `version_1(folder)` for each folder under `base` that may be that of a group of this process, by the text of
/// /proc/self/cgroup.
template <class Version2, class Version1>
void for_each_cpu_group(std::string_view groups, const std::string& base, cpu_quota& notes, const Version2& version_2,
                        const Version1& version_1) {
    // The kernel lists a hierarchy once: what a second line of the same one says is nobody's.
    bool seen_v1 = false;
    bool seen_v2 = false;
    while (!groups.empty()) {
        const auto line_end = groups.find('\n');
        const std::string_view line = groups.substr(0, line_end);
        groups = line_end == std::string_view::npos ? std::string_view{} : groups.substr(line_end + 1);
        const auto first = line.find(':');
        const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
        if (second == std::string_view::npos) {
            continue;
        }
        const std::string_view controllers = line.substr(first + 1, second - first - 1);
        const std::string_view path = line.substr(second + 1);
        if (controllers.empty() && !std::exchange(seen_v2, true)) {
            const std::string group = visible_group(path, notes);
            for (const char* mount : {"", "/unified"}) {
                for_each_group(base + mount, group, version_2);
            }
        } else if (has_controller(controllers, "cpu") && !std::exchange(seen_v1, true)) {
            const std::string group = visible_group(path, notes);
            for (const char* mount : {"/cpu", "/cpu,cpuacct"}) {
                for_each_group(base + mount, group, version_1);
            }
        }
    }
}

/// The quota by the text of /proc/self/cgroup and what `read(path, problem)` gives for files under `base` (as read_text does).
template <class Read>
[[nodiscard]] cpu_quota quota_of_groups(std::string_view groups, const std::string& base, const Read& read) {
    cpu_quota result;
    for_each_cpu_group(
        groups, base, result, [&](const std::string& folder) { read_group_v2(folder, read, result); },
        [&](const std::string& folder) { read_group_v1(folder, read, result); });
    return result;
}

} // namespace detail

/// Reads the quota of this process from control groups version 1 and 2, the minimum over its group and all groups above.
///
/// @param root  Prepended to "/proc/self/cgroup" and "/sys/fs/cgroup"; a folder of fixtures in tests.
/// Never throws on what the files hold: what cannot be understood limits nothing and is named in `notes`, which are printable
/// ASCII and bounded in number and length whatever the files hold.
/// Source: the kernel's Documentation/admin-guide/cgroup-v2.rst and scheduler/sched-bwc.rst.
[[nodiscard]] inline cpu_quota read_cpu_quota(const std::string& root = "") {
    std::string problem;
    const auto groups = detail::read_text(root + "/proc/self/cgroup", problem, 65536);
    cpu_quota result =
        detail::quota_of_groups(groups ? std::string_view(*groups) : std::string_view("0::/\n"), root + "/sys/fs/cgroup",
                                [](const std::string& path, std::string& why_not) { return detail::read_text(path, why_not); });
    if (!problem.empty()) {
        detail::add_note(result, problem);
    }
    return result;
}

} // namespace xrayon

#endif // XRAYON_EXEC_CPU_QUOTA_HPP
