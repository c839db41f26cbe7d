// SPDX-License-Identifier: Apache-2.0
#include "scalability/given_times.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/ratio_summary.hpp>
#include <xrayon/analyze/summarize_runs.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>

#include "scalability/json_walker.hpp"

namespace scalability {

namespace {

/// Lines of fields, the first of which names the columns. A field may stand in quotes, as in what this program writes; not over several lines.
struct text_table {
    std::string path;
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;
    std::vector<std::size_t> lines;  // where each row stands

    [[noreturn]] void fail(std::size_t line, const std::string& what) const {
        throw xrayon::data_error(path + ":" + xrayon::to_text(line) + ": " + what, path, 0, line, 0);
    }
    [[nodiscard]] std::size_t column(std::string_view name) const {
        return static_cast<std::size_t>(std::find(columns.begin(), columns.end(), name) - columns.begin());
    }
    [[nodiscard]] bool has(std::string_view name) const { return column(name) < columns.size(); }
    [[nodiscard]] double positive(std::size_t row, std::size_t of) const {
        const std::string& field = rows[row][of];
        double value = 0;
        const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
        if (error != std::errc{} || end != field.data() + field.size() || !std::isfinite(value) || value <= 0) {
            fail(lines[row], columns[of] + " must be a positive number, got \"" + xrayon::escaped(field, 32) + "\"");
        }
        return value;
    }
};

std::vector<std::string> fields_of(std::string_view line) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
            fields.back() += line[++i];
        } else if (line[i] == '"') {
            quoted = !quoted;
        } else if (line[i] == ',' && !quoted) {
            fields.emplace_back();
        } else {
            fields.back() += line[i];
        }
    }
    for (std::string& field : fields) {
        const std::size_t begin = std::min(field.find_first_not_of(" \t"), field.size());
        field = field.substr(begin, field.find_last_not_of(" \t") + 1 - begin);
    }
    return fields;
}

text_table read_table(const std::string& path) {
    const std::string text = read_limited(path);
    text_table table{path, {}, {}, {}};
    std::size_t number = 0;
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // spreadsheets begin with it
    for (std::size_t begin = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        std::string_view line(text.data() + begin, end - begin);
        begin = end + 1;
        ++number;
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        if (line.empty()) {
            continue;
        }
        std::vector<std::string> fields = fields_of(line);
        if (table.columns.empty()) {
            table.columns = std::move(fields);
            for (const std::string& name : table.columns) {
                if (std::count(table.columns.begin(), table.columns.end(), name) > 1) {
                    table.fail(number, "two columns are called \"" + xrayon::escaped(name, 32) + "\"");
                }
            }
        } else if (fields.size() != table.columns.size()) {
            table.fail(number, "has " + xrayon::to_text(fields.size()) + " fields, the header " + xrayon::to_text(table.columns.size()));
        } else {
            table.rows.push_back(std::move(fields));
            table.lines.push_back(number);
        }
    }
    if (table.rows.empty()) {
        table.fail(number, "needs a header and at least one line");
    }
    return table;
}

} // namespace

std::vector<xrayon::analyze::scalability_report> read_times(const std::string& path, std::size_t cores) {
    const text_table table = read_table(path);
    const std::vector<std::pair<std::string, double>> units{{"seconds", 1}, {"ms", 1e-3}, {"us", 1e-6}};
    const auto unit = std::find_if(units.begin(), units.end(), [&](const auto& each) { return table.has(each.first); });
    if (!table.has("threads") || unit == units.end()) {
        table.fail(1, "needs the columns threads and seconds, ms or us");
    }
    const std::string file_name = path.substr(path.rfind('/') + 1);
    std::vector<std::string> labels;  // in their order
    std::map<std::string, std::map<std::size_t, std::vector<double>>> times;
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
        const double threads = table.positive(row, table.column("threads"));
        if (threads != std::floor(threads) || threads > 1e6) {
            table.fail(table.lines[row], "threads must be a whole number from 1 to 1e6");
        }
        const std::string label = table.has("label") ? table.rows[row][table.column("label")] : file_name;
        if (!times.contains(label)) {
            labels.push_back(label);
        }
        times[label][static_cast<std::size_t>(threads)].push_back(unit->second * table.positive(row, table.column(unit->first)));
    }
    std::vector<xrayon::analyze::scalability_report> reports;
    for (const std::string& label : labels) {
        std::vector<xrayon::analyze::measured_runs> runs;
        for (auto& [threads, seconds] : times[label]) {
            runs.push_back({.threads = threads, .seconds = std::move(seconds)});
        }
        reports.push_back(xrayon::analyze::summarize_runs(std::move(runs), {.label = label, .cores = cores, .has_answers = false}));
    }
    return reports;
}

std::string describe_ratios(const std::string& path) {
    const text_table table = read_table(path);
    if (!table.has("baseline") || !table.has("optimized")) {
        table.fail(1, "needs the columns baseline and optimized");
    }
    std::size_t name = 0;
    while (table.columns[name] == "baseline" || table.columns[name] == "optimized") {
        if (++name == table.columns.size()) {
            table.fail(1, "needs a column of names");
        }
    }
    namespace detail = xrayon::analyze::detail;
    std::vector<double> ratios;
    std::size_t widest = 0;
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
        ratios.push_back(table.positive(row, table.column("baseline")) / table.positive(row, table.column("optimized")));
        widest = std::max(widest, table.rows[row][name].size());
    }
    const auto summary = xrayon::analyze::summarize_ratios(ratios);
    std::string text;
    for (std::size_t row = 0; row < ratios.size(); ++row) {
        const std::string shown = xrayon::escaped(table.rows[row][name], 200);
        text += "  " + shown + std::string(widest - std::min(widest, shown.size()), ' ') + "  " + detail::fixed(ratios[row], 2) + "x"
                + (ratios[row] < 1 ? "  slower" : "")
                + (summary.alone_on_top == row ? "  <- more than 3 times the next: a cold start of the baseline?" : "") + "\n";
    }
    text += "geometric mean " + detail::fixed(summary.geometric_mean, 2) + "x over " + xrayon::to_text(ratios.size()) + ", "
            + xrayon::to_text(summary.slower) + " of them slower\n";
    if (summary.alone_on_top) {
        std::vector<double> others = ratios;
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(*summary.alone_on_top));
        text += "Not trusted: the arithmetic mean of " + detail::fixed(summary.arithmetic_mean, 2) + "x hangs on \""
                + xrayon::escaped(table.rows[*summary.alone_on_top][name], 64) + "\"; without it the geometric mean is "
                + detail::fixed(xrayon::analyze::geometric_mean(others), 2) + "x.\n";
    }
    return text;
}

} // namespace scalability
