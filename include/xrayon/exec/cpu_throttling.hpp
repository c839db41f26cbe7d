// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_CPU_THROTTLING_HPP
#define XRAYON_EXEC_CPU_THROTTLING_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

#include <xrayon/core/config.hpp>
#include <xrayon/exec/cpu_quota.hpp>
#include <xrayon/exec/detail/read_text.hpp>

namespace xrayon {

namespace detail {

/// The number behind `nr_throttled` in the text of cpu.stat; 0 where there is none.
inline std::size_t throttled_in(std::string_view text) {
    constexpr std::string_view key = "nr_throttled ";
    for (std::size_t line = 0; line < text.size();) {
        if (text.substr(line).starts_with(key)) {
            std::size_t count = 0;
            const std::string_view number = text.substr(line + key.size());
            std::from_chars(number.data(), number.data() + number.size(), count);
            return count;
        }
        const std::size_t end = text.find('\n', line);
        line = end == std::string_view::npos ? text.size() : end + 1;
    }
    return 0;
}

} // namespace detail

/// How many periods of their quota the control groups of this process have used up so far, so that its threads had to wait: the most of its
/// group and of those above. Twice asked, the difference says whether it happened meanwhile. 0 where nothing is known.
/// @param root  As read_cpu_quota.
template <class = when_called>
[[nodiscard]] std::size_t read_throttled_periods(const std::string& root = "") {
    std::string problem;
    std::size_t most = 0;
    const auto read = [&](const std::string& folder) {
        const auto text = detail::read_text(folder + "/cpu.stat", problem);
        most = std::max(most, text ? detail::throttled_in(*text) : 0);
    };
    const auto groups = detail::read_text(root + "/proc/self/cgroup", problem, 65536);
    cpu_quota notes;
    detail::for_each_cpu_group(groups ? std::string_view(*groups) : std::string_view("0::/\n"), root + "/sys/fs/cgroup", notes, read, read);
    return most;
}

} // namespace xrayon

#endif // XRAYON_EXEC_CPU_THROTTLING_HPP
