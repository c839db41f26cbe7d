// SPDX-License-Identifier: Apache-2.0
// Whatever the control group files hold: no exception, a quota that is a number above 0 or none, remarks that can be shown to anybody,
// and never more files asked for than the one group's chain has.
//
// An input is four texts, separated by lines "--": /proc/self/cgroup, cpu.max, cpu.cfs_quota_us, cpu.cfs_period_us. A text that is
// missing is a file that is not there; one that begins with "!" is a file that cannot be opened. The group's own folder and all
// folders above it hold the same texts, so the quota must be that of one folder.
#include <xrayon/exec/cpu_quota.hpp>
#include <xrayon/exec/thread_count.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace {

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "cgroup_fuzz: %s\n", what);
    std::abort();
}

/// A positive whole number below 2^64, or nothing; digit by digit.
std::optional<double> positive(std::string_view text) {
    if (text.empty()) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (const char c : text) {
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (c < '0' || c > '9' || value > (UINT64_MAX - digit) / 10) {
            return std::nullopt;
        }
        value = 10 * value + digit;
    }
    return value == 0 ? std::nullopt : std::optional<double>(static_cast<double>(value));
}

std::string_view blanks_cut(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!text.empty() && blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::optional<double> cores(std::string_view quota, std::string_view period) {
    const auto time = positive(quota);
    const auto window = positive(period);
    return time && window ? std::optional<double>(*time / *window) : std::nullopt;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    std::array<std::optional<std::string_view>, 4> parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto end = i + 1 == parts.size() ? std::string_view::npos : rest.find("--\n");
        parts[i] = rest.substr(0, end);
        if (end == std::string_view::npos) {
            break;
        }
        rest.remove_prefix(end + 3);
    }
    if (parts[0]->size() > 768 && parts[0]->size() < 4100) {
        parts[0] = parts[0]->substr(0, 768);  // deep groups cost much and tell little; one that is too long to be a path stays
    }
    const auto& [groups, v2, v1_quota, v1_period] = parts;

    std::size_t reads = 0;
    bool asked_v2 = false;
    bool asked_v1 = false;
    const auto read = [&](const std::string& path, std::string& problem) -> std::optional<std::string> {
        problem.clear();
        if (++reads > 4 * (4096 + 2) * 2) {
            fail("more files than a chain of groups has");
        }
        if (!path.starts_with("/sys/fs/cgroup") || path.find('\0') != std::string::npos || path.size() > 5000) {
            fail("a path that is none");
        }
        const auto& text = path.ends_with("/cpu.max") ? v2 : path.ends_with("/cpu.cfs_quota_us") ? v1_quota : v1_period;
        (path.ends_with("/cpu.max") ? asked_v2 : asked_v1) = true;
        if (!text) {
            return std::nullopt;
        }
        if (text->starts_with('!')) {
            problem = path + " cannot be opened";
            return std::nullopt;
        }
        return std::string(text->substr(0, 4096));
    };
    const xrayon::cpu_quota quota = xrayon::detail::quota_of_groups(*groups, "/sys/fs/cgroup", read);

    if (quota.cpus && !(std::isfinite(*quota.cpus) && *quota.cpus > 0)) {
        fail("a quota that is no number above 0");
    }
    if (quota.notes.size() > 16) {
        fail("too many remarks");
    }
    for (const std::string& note : quota.notes) {
        if (note.empty() || note.size() > 4 * 160 + 3) {
            fail("a remark that is empty or long");
        }
        for (const char c : note) {
            if (c < 0x20 || c > 0x7e) {
                fail("a remark that is not printable");
            }
        }
    }
    // What the files say, worked out by hand: the tighter of the two versions, of those that were asked for.
    std::optional<double> expected;
    const auto limit = [&](const std::optional<double>& value) {
        if (value) {
            expected = expected ? std::min(*expected, *value) : *value;
        }
    };
    const auto shown = [](const std::optional<std::string_view>& text) {
        return text && !text->starts_with('!') ? blanks_cut(text->substr(0, 4096)) : std::string_view{};
    };
    if (asked_v2) {
        const std::string_view line = shown(v2);
        const auto gap = line.find(' ');
        if (gap != std::string_view::npos) {
            limit(cores(line.substr(0, gap), blanks_cut(line.substr(gap))));
        }
    }
    if (asked_v1) {
        limit(cores(shown(v1_quota), shown(v1_period)));
    }
    if (quota.cpus != expected) {
        fail("another quota than the files say");
    }
    const std::size_t threads = xrayon::automatic_thread_count({.logical = 64, .physical = 64}, quota).threads;
    if (threads < 1 || threads > 64) {
        fail("a thread count outside of 1 to 64");
    }
    return 0;
}
