// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_SUPPORT_REPORT_HPP
#define XRAYON_BENCHES_SUPPORT_REPORT_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "paired.hpp"

namespace xrayon::bench {

/// Cells in lines; the first line is the header, the first column and the last are text, those between are numbers.
using cells = std::vector<std::vector<std::string>>;

/// With so many decimals; "-" for NaN. No locale.
[[nodiscard]] inline std::string decimals(double value, int count) {
    if (std::isnan(value)) {
        return "-";
    }
    std::array<char, 400> buffer{};
    return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, count).ptr};
}

[[nodiscard]] inline std::string to_plain_table(const cells& lines) {
    std::vector<std::size_t> widths(lines.front().size(), 0);
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < widths.size(); ++i) {
            widths[i] = std::max(widths[i], line[i].size());
        }
    }
    std::string text;
    for (const auto& line : lines) {
        std::string shown;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            const std::string blanks(widths[i] - line[i].size(), ' ');
            const bool left = i == 0 || i + 1 == widths.size();
            shown += "  " + (left ? line[i] + blanks : blanks + line[i]);
        }
        text += shown.substr(0, shown.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
}

[[nodiscard]] inline std::string to_markdown_table(const cells& lines) {
    std::string text;
    for (std::size_t row = 0; row < lines.size(); ++row) {
        for (const std::string& cell : lines[row]) {
            text += "| " + cell + " ";
        }
        text += "|\n";
        for (std::size_t i = 0; row == 0 && i < lines[0].size(); ++i) {
            text += i == 0 || i + 1 == lines[0].size() ? "|---" : "|---:";
        }
        text += row == 0 ? "|\n" : "";
    }
    return text;
}

/// One contest: its question, a line per rival, and what disturbed it.
[[nodiscard]] inline std::string to_report(const contest& what, const contest_times& times, bool markdown) {
    const std::string title =
        what.name() + ", " + to_text(what.threads()) + (what.threads() == 1 ? " thread: " : " threads: ") + what.question();
    std::string text = (markdown ? "### " + title + "\n\n" : title + "\n");
    if (times.disagrees) {
        return text + "  THE ANSWERS DIFFER: " + *times.disagrees + "\n";
    }
    std::vector<double> medians;
    for (const auto& seconds : times.seconds) {
        medians.push_back(analyze::median(seconds) / what.items());
    }
    struct unit {
        std::string_view name;
        double per_second;
        int digits;
    };
    const std::array units{unit{"ms", 1e3, 3}, unit{"us", 1e6, 2}, unit{"ns", 1e9, 2}};
    const unit& in = medians.front() >= 1e-3 ? units[0] : medians.front() >= 1e-6 ? units[1] : units[2];
    const auto interval = [](const estimate& of, double scale, int digits) {
        return std::isnan(of.interval.lower)
                   ? std::string("-")
                   : decimals(scale * of.interval.lower, digits) + " .. " + decimals(scale * of.interval.upper, digits);
    };
    const std::string each = std::string(in.name) + "/" + what.item();
    cells lines{{"", each, "ours/rival", "95 % interval", "ours - rival", "95 % interval", "verdict"}};
    lines.push_back({what.rivals().front().name, decimals(in.per_second * medians.front(), in.digits), "", "", "", "", ""});
    for (std::size_t r = 1; r < times.seconds.size(); ++r) {
        const comparison c = compare(what, times, r);
        lines.push_back({what.rivals()[r].name, decimals(in.per_second * medians[r], in.digits), decimals(c.ratio.median, 3),
                         interval(c.ratio, 1, 3), decimals(in.per_second * c.difference.median, in.digits),
                         interval(c.difference, in.per_second, in.digits), std::string(name_of(c.outcome))});
    }
    text += markdown ? to_markdown_table(lines) + "\n" : to_plain_table(lines);
    text += (markdown ? "" : "  ") + to_text(times.rounds()) + (times.rounds() == 1 ? " pair, " : " pairs, ") + to_text(times.runs)
            + (times.runs == 1 ? " run a sample; " : " runs a sample; ") + decimals(100 * times.share.others, 1)
            + " % of the machine went to other programs, " + decimals(100 * times.share.stolen, 1) + " % to other guests of the host\n";
    return text;
}

/// Every sample, one a line.
inline constexpr std::string_view csv_header = "workload,threads,rival,round,place,runs,seconds_per_run\n";

[[nodiscard]] inline std::string to_csv(const contest& what, const contest_times& times) {
    std::string text;
    for (std::size_t r = 0; r < times.seconds.size(); ++r) {
        for (std::size_t k = 0; k < times.seconds[r].size(); ++k) {
            text += what.name() + "," + to_text(what.threads()) + ",\"" + what.rivals()[r].name + "\"," + to_text(k) + ","
                    + to_text(times.place[r][k]) + "," + to_text(times.runs) + "," + to_text(times.seconds[r][k]) + "\n";
        }
    }
    return text;
}

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_SUPPORT_REPORT_HPP
