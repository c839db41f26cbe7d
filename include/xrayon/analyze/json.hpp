// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_JSON_HPP
#define XRAYON_ANALYZE_JSON_HPP

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/core/json_writer.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/analyze/statistics.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/version.hpp>

namespace xrayon::analyze {

/// What the file says of the run besides the report; an empty text leaves its key out. The library asks no clock and no host itself.
struct json_context {
    std::string date = {};  ///< ISO 8601 with offset, as Google Benchmark writes it: 2024-05-01T12:00:00+02:00.
    std::string host_name = {};
    std::string executable = {};
    std::string cpu_model = {};  ///< So that a comparison knows whether it is the same machine.
};

namespace detail {

template <class = when_called>
double median_or_nan(const std::vector<double>& values) {
    return values.empty() ? std::numeric_limits<double>::quiet_NaN() : median(values);
}

template <class = when_called>
double mean_or_nan(const std::vector<double>& values) {
    return values.empty() ? std::numeric_limits<double>::quiet_NaN() : mean(values);
}

template <class = when_called>
double deviation_or_nan(const std::vector<double>& values) {
    return values.empty() ? std::numeric_limits<double>::quiet_NaN() : standard_deviation(values);
}

struct json_entry {
    std::string name;
    std::size_t family;          ///< Which report of the file.
    std::size_t instance;        ///< Which thread count of the report.
    std::string_view aggregate;  ///< Empty for a repetition.
    std::size_t repetition;
    double real_seconds;
    double cpu_seconds;
};

/// Opens an object, writes what every entry has, and leaves it open for counters.
template <class = when_called>
void write_entry(json_writer& json, const scalability_report& report, const scaling_point& point, const json_entry& entry) {
    const bool aggregate = !entry.aggregate.empty();
    json.begin_object();
    json.member("name", aggregate ? entry.name + "_" + std::string(entry.aggregate) : entry.name);
    json.member("family_index", entry.family);
    json.member("per_family_instance_index", entry.instance);
    json.member("run_name", entry.name);
    json.member("run_type", aggregate ? "aggregate" : "iteration");
    json.member("repetitions", point.repetitions.size());
    if (!aggregate) {
        json.member("repetition_index", entry.repetition);
    }
    json.member("threads", point.threads);
    if (aggregate) {
        json.member("aggregate_name", entry.aggregate);
        json.member("aggregate_unit", "time");
    }
    json.member("iterations", aggregate ? point.repetitions.size() : report.calls_per_repetition);
    json.member("real_time", 1e3 * entry.real_seconds);
    json.member("cpu_time", 1e3 * entry.cpu_seconds);
    json.member("time_unit", "ms");
}

template <class = when_called>
void write_counters(json_writer& json, const scaling_point& point) {
    json.member("lower", 1e3 * point.interval.lower);
    json.member("upper", 1e3 * point.interval.upper);
    json.member("speed_up", point.speed_up);
    json.member("speed_up_lower", point.speed_up_interval.lower);
    json.member("speed_up_upper", point.speed_up_interval.upper);
    json.member("efficiency", point.efficiency);
    json.member("busy", point.busy);
    json.member("serial_part", point.serial_part.value_or(std::numeric_limits<double>::quiet_NaN()));
    json.member("oversubscribed", point.oversubscribed);
    json.member("answer_matches", point.answer_matches);
}

template <class = when_called>
void write_run_facts(json_writer& json, const scalability_report& report) {
    json.member("label", report.label);
    json.member("weak", report.weak);
    json.member("cores", report.cores);
    json.member("baseline_threads", report.baseline_threads);
    json.member("warmup", report.warmup);
    json.member("answer_checked", report.answer_checked);
    json.member("answers_agree", report.answers_agree);
    json.begin_array("notes");
    for (const std::string& note : report.notes) {
        json.element(note);
    }
    json.end_array();
}

/// Opens "context" and writes what concerns the machine.
template <class = when_called>
void begin_context(json_writer& json, std::size_t hardware_threads, const json_context& context) {
    const auto optional_member = [&](std::string_view key, const std::string& value) {
        if (!value.empty()) {
            json.member(key, value);
        }
    };
    json.begin_object("context");
    optional_member("date", context.date);
    optional_member("host_name", context.host_name);
    optional_member("executable", context.executable);
    optional_member("cpu_model", context.cpu_model);
    if (hardware_threads != 0) {
        json.member("num_cpus", hardware_threads);
    }
    json.member("library_version",
                to_text(XRAYON_VERSION_MAJOR) + "." + to_text(XRAYON_VERSION_MINOR) + "." + to_text(XRAYON_VERSION_PATCH));
#if defined(NDEBUG)
    json.member("library_build_type", "release");
#else
    json.member("library_build_type", "debug");
#endif
}

/// All repetitions and aggregates of one report, as family number `family`.
template <class = when_called>
void write_entries(json_writer& json, const scalability_report& report, std::size_t family) {
    const std::string label = report.label.empty() ? "workload" : report.label;
    for (std::size_t i = 0; i < report.points.size(); ++i) {
        const scaling_point& point = report.points[i];
        const std::string name = label + "/threads:" + to_text(point.threads);
        const std::vector<double>& cpu = point.cpu_repetitions;
        for (std::size_t k = 0; k < point.repetitions.size(); ++k) {
            const double cpu_seconds = k < cpu.size() ? cpu[k] : std::numeric_limits<double>::quiet_NaN();
            write_entry(json, report, point, {name, family, i, "", k, point.repetitions[k], cpu_seconds});
            json.end_object();
        }
        write_entry(json, report, point, {name, family, i, "mean", 0, mean_or_nan(point.repetitions), mean_or_nan(cpu)});
        json.end_object();
        write_entry(json, report, point, {name, family, i, "median", 0, point.median, median_or_nan(cpu)});
        write_counters(json, point);
        json.end_object();
        if (point.repetitions.size() >= 2) {
            write_entry(json, report, point, {name, family, i, "stddev", 0, standard_deviation(point.repetitions), deviation_or_nan(cpu)});
            json.end_object();
        }
    }
}

} // namespace detail

/// @brief A report in the JSON format of Google Benchmark 1.7 (docs/tools.md there: compare.py reads it).
///
/// One entry per repetition, called "<label>/threads:<n>" ("workload" for an empty label), then the aggregates mean, median and, from
/// two repetitions on, stddev. Times are milliseconds of one call; `iterations` is how many calls lie behind a repetition. The median also
/// carries the report's own columns; `context.xrayon` what concerns the whole run. JSON has no NaN: what is unknown has no key.
/// Numbers are the shortest text that reads back as the same double; texts are UTF-8, a byte that is not becomes U+FFFD.
template <class = when_called>
[[nodiscard]] std::string to_json(const scalability_report& report, const json_context& context = {}) {
    json_writer json;
    json.begin_object();
    detail::begin_context(json, report.hardware_threads, context);
    json.begin_object("xrayon");
    detail::write_run_facts(json, report);
    json.end_object();
    json.end_object();
    json.begin_array("benchmarks");
    detail::write_entries(json, report, 0);
    json.end_array();
    json.end_object();
    return std::move(json).finish();
}

/// @brief Several reports in one file: as above, with their entries one after the other, and `context.xrayon` a list, one object a report.
template <class Reports>
    requires std::convertible_to<const Reports&, std::span<const scalability_report>>
[[nodiscard]] std::string to_json(const Reports& all, const json_context& context = {}) {
    const std::span<const scalability_report> reports(all);
    json_writer json;
    json.begin_object();
    detail::begin_context(json, reports.empty() ? 0 : reports.front().hardware_threads, context);
    json.begin_array("xrayon");
    for (const scalability_report& report : reports) {
        json.begin_object();
        detail::write_run_facts(json, report);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    json.begin_array("benchmarks");
    for (std::size_t family = 0; family < reports.size(); ++family) {
        detail::write_entries(json, reports[family], family);
    }
    json.end_array();
    json.end_object();
    return std::move(json).finish();
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_JSON_HPP
