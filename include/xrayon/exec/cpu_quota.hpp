// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_CPU_QUOTA_HPP
#define XRAYON_EXEC_CPU_QUOTA_HPP

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/exec/detail/read_text.hpp>

namespace xrayon {

/// How much processor time the control groups of this process allow.
struct cpu_quota {
    std::optional<double> cpus;      ///< 1.5: one and a half cores' worth of time; nothing: no limit.
    std::vector<std::string> notes;  ///< Files that were there but could not be understood; they limit nothing.
};

namespace detail {

/// `<quota> <period>` in microseconds as cores; "max" or a quota below 0 is no limit. False when it is neither.
inline bool parse_quota(std::string_view quota, std::string_view period, std::optional<double>& cpus) {
    if (quota == "max" || (quota.starts_with('-') && quota.size() > 1)) {
        return true;
    }
    const auto number = [](std::string_view text, double& value) {
        unsigned long long whole = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
        value = static_cast<double>(whole);
        return error == std::errc{} && end == text.data() + text.size() && whole > 0;
    };
    double time = 0;
    double window = 0;
    if (!number(quota, time) || !number(period, window)) {
        return false;
    }
    cpus = cpus ? std::min(*cpus, time / window) : time / window;
    return true;
}

/// One group of version 2: cpu.max holds "<quota|max> <period>".
inline void read_group_v2(const std::string& folder, cpu_quota& result) {
    std::string problem;
    const auto text = read_text(folder + "/cpu.max", problem);
    if (text) {
        const std::string_view line = trimmed(*text);
        const auto gap = line.find(' ');
        if (gap == std::string_view::npos || !parse_quota(line.substr(0, gap), trimmed(line.substr(gap)), result.cpus)) {
            result.notes.push_back(folder + "/cpu.max is not a quota");
        }
    } else if (!problem.empty()) {
        result.notes.push_back(problem);
    }
}

/// One group of version 1: two files.
inline void read_group_v1(const std::string& folder, cpu_quota& result) {
    std::string problem;
    const auto quota = read_text(folder + "/cpu.cfs_quota_us", problem);
    if (!quota) {
        if (!problem.empty()) {
            result.notes.push_back(problem);
        }
        return;
    }
    const auto period = read_text(folder + "/cpu.cfs_period_us", problem);
    if (!period || !parse_quota(trimmed(*quota), trimmed(*period), result.cpus)) {
        result.notes.push_back(folder + "/cpu.cfs_quota_us is not a quota");
    }
}

/// Calls `read(folder)` for the group `path` under `mount` and for every group above it: the tightest one counts.
template <class Read>
void for_each_group(const std::string& mount, std::string path, const Read& read) {
    for (;;) {
        while (path.ends_with('/')) {
            path.pop_back();
        }
        read(mount + path);
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

} // namespace detail

/// Reads the quota of this process from control groups version 1 and 2, the minimum over its group and all groups above.
///
/// @param root  Prepended to "/proc/self/cgroup" and "/sys/fs/cgroup"; a folder of fixtures in tests.
/// Never throws on what the files hold: what cannot be understood limits nothing and is named in `notes`.
/// Source: the kernel's Documentation/admin-guide/cgroup-v2.rst and scheduler/sched-bwc.rst.
[[nodiscard]] inline cpu_quota read_cpu_quota(const std::string& root = "") {
    cpu_quota result;
    std::string problem;
    const auto groups = detail::read_text(root + "/proc/self/cgroup", problem, 65536);
    if (!problem.empty()) {
        result.notes.push_back(problem);
    }
    const std::string base = root + "/sys/fs/cgroup";
    std::string_view rest = groups ? std::string_view(*groups) : std::string_view("0::/\n");
    while (!rest.empty()) {
        const auto line_end = rest.find('\n');
        const std::string_view line = rest.substr(0, line_end);
        rest = line_end == std::string_view::npos ? std::string_view{} : rest.substr(line_end + 1);
        const auto first = line.find(':');
        const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
        if (second == std::string_view::npos) {
            continue;
        }
        const std::string_view controllers = line.substr(first + 1, second - first - 1);
        const std::string path(line.substr(second + 1));
        // A path with ".." means that the group lies outside what this container can see: only the mount's root is left.
        const std::string visible = path.find("/..") == std::string::npos ? path : "/";
        if (controllers.empty()) {
            detail::for_each_group(base, visible, [&](const std::string& folder) { detail::read_group_v2(folder, result); });
            detail::for_each_group(base + "/unified", visible, [&](const std::string& folder) { detail::read_group_v2(folder, result); });
        } else if (detail::has_controller(controllers, "cpu")) {
            for (const char* mount : {"/cpu", "/cpu,cpuacct"}) {
                detail::for_each_group(base + mount, visible, [&](const std::string& folder) { detail::read_group_v1(folder, result); });
            }
        }
    }
    return result;
}

} // namespace xrayon

#endif // XRAYON_EXEC_CPU_QUOTA_HPP
