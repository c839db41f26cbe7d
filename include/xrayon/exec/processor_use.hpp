// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_PROCESSOR_USE_HPP
#define XRAYON_EXEC_PROCESSOR_USE_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include <xrayon/core/config.hpp>
#include <xrayon/exec/cpu_topology.hpp>
#include <xrayon/exec/detail/read_text.hpp>

namespace xrayon {

/// @brief How many seconds the processors have been busy so far, all programs and other guests of the host together. Twice asked, the
/// difference less one's own time is what others used.
/// @param processors  By the kernel's numbers, ascending.
/// @param root        Prepended to "/proc/stat"; a folder of fixtures in tests.
/// @returns  nothing where the system does not say, or one of them is missing. The kernel counts in hundredths of a second.
/// Source: the kernel's Documentation/filesystems/proc.rst: cpuN user nice system idle iowait irq softirq steal.
template <class = when_called>
[[nodiscard]] std::optional<double> read_busy_seconds(const std::vector<std::size_t>& processors, const std::string& root = "") {
    std::string problem;
    const auto text = detail::read_text(root + "/proc/stat", problem, std::size_t{1} << 20);
    if (!text || processors.empty()) {
        return std::nullopt;
    }
    const auto per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    double busy = 0;
    std::size_t found = 0;
    std::string_view rest = *text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        std::size_t processor = 0;
        if (!line.starts_with("cpu")) {
            continue;
        }
        const auto [number_end, error] = std::from_chars(line.data() + 3, line.data() + line.size(), processor);
        if (error != std::errc{} || !std::binary_search(processors.begin(), processors.end(), processor)) {
            continue;  // the line of all together has no number
        }
        ++found;
        line.remove_prefix(static_cast<std::size_t>(number_end - line.data()));
        for (int column = 0; column < 8; ++column) {
            line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
            double ticks = 0;
            const auto [value_end, wrong] = std::from_chars(line.data(), line.data() + line.size(), ticks);
            if (wrong != std::errc{}) {
                break;
            }
            line.remove_prefix(static_cast<std::size_t>(value_end - line.data()));
            const bool idle = column == 3 || column == 4;  // nothing to do, or waiting for a disk
            busy += idle ? 0 : ticks / per_second;
        }
    }
    return found == processors.size() ? std::optional(busy) : std::nullopt;
}

} // namespace xrayon

#endif // XRAYON_EXEC_PROCESSOR_USE_HPP
