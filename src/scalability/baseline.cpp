// SPDX-License-Identifier: Apache-2.0
#include "scalability/baseline.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include <xrayon/analyze/summarize_runs.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>

#include "scalability/json_walker.hpp"

namespace scalability {

namespace {

/// One entry of "benchmarks".
struct entry {
    std::string run_name;
    std::string run_type;
    std::string unit = "ns";
    std::optional<double> real;
    std::optional<double> cpu;
};

[[noreturn]] void fail(const std::string& name, const std::string& what) { throw xrayon::data_error(name + ": " + what, name, 0, 0, 0); }

double seconds_of(double time, const std::string& unit, const std::string& key, const std::string& name) {
    static const std::map<std::string, double> units{{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}};
    const auto found = units.find(unit);
    if (found == units.end()) {
        fail(name, "time_unit \"" + xrayon::escaped(unit, 32) + "\" is not ns, us, ms or s");
    }
    const double seconds = time * found->second;
    if (!(seconds >= 0 && seconds < 1e9)) {
        fail(name, key + " must be from 0 to 1e9 seconds, got " + xrayon::to_text(time) + " " + unit);
    }
    return seconds;
}

/// "label/threads:4" as label and 4; nothing for other names.
std::optional<std::pair<std::string, std::size_t>> split_name(const std::string& name) {
    constexpr std::string_view mark = "/threads:";
    const std::size_t at = name.rfind(mark);
    if (at == std::string::npos) {
        return std::nullopt;
    }
    std::size_t threads = 0;
    const char* const begin = name.data() + at + mark.size();
    const auto [end, error] = std::from_chars(begin, name.data() + name.size(), threads);
    if (error != std::errc{} || end != name.data() + name.size() || threads < 1 || threads > 1'000'000) {
        return std::nullopt;
    }
    return std::pair(name.substr(0, at), threads);
}

} // namespace

baseline parse_baseline(std::string_view document, const std::string& name) {
    baseline out;
    entry current;
    bool is_object = false;
    std::vector<std::string> labels;  // in their order
    std::map<std::pair<std::string, std::size_t>, xrayon::analyze::measured_runs> runs;

    const auto in_entry = [](const json_path& path) { return path.size() == 3 && path[0] == "benchmarks"; };
    json_visitor visitor;
    visitor.begin_object = [&](const json_path& path) {
        is_object = is_object || path.empty();
        if (path.size() == 2 && path[0] == "benchmarks") {
            current = {};
        }
    };
    visitor.number = [&](const json_path& path, double value) {
        if (path.size() == 2 && path[0] == "context" && path[1] == "num_cpus") {
            if (!(value >= 1 && value <= 1e6)) {
                fail(name, "num_cpus must be 1 to 1e6, got " + xrayon::to_text(value));
            }
            out.hardware_threads = static_cast<std::size_t>(value);
        } else if (in_entry(path) && path[2] == "real_time") {
            current.real = value;
        } else if (in_entry(path) && path[2] == "cpu_time") {
            current.cpu = value;
        } else if (in_entry(path) && (path[2] == "run_name" || path[2] == "name" || path[2] == "run_type" || path[2] == "time_unit")) {
            fail(name, path[2] + " must be a text");
        }
    };
    visitor.text = [&](const json_path& path, const std::string& value) {
        if (path.size() == 2 && path[0] == "context" && path[1] == "cpu_model") {
            out.cpu_model = value;
        } else if (path.size() == 2 && path[0] == "context" && path[1] == "date") {
            out.date = value;
        } else if (in_entry(path) && (path[2] == "real_time" || path[2] == "cpu_time")) {
            fail(name, path[2] + " must be a number, got \"" + xrayon::escaped(value, 32) + "\"");
        } else if (in_entry(path) && path[2] == "run_name") {
            current.run_name = value;
        } else if (in_entry(path) && path[2] == "run_type") {
            current.run_type = value;
        } else if (in_entry(path) && path[2] == "time_unit") {
            current.unit = value;
        }
    };
    visitor.end_object = [&](const json_path& path) {
        if (path.size() != 2 || path[0] != "benchmarks" || current.run_type != "iteration") {
            return;
        }
        const auto named = split_name(current.run_name);
        if (!named) {
            return;
        }
        if (!current.real) {
            fail(name, "\"" + xrayon::escaped(current.run_name, 64) + "\" has no real_time");
        }
        const double seconds = seconds_of(*current.real, current.unit, "real_time", name);
        if (seconds <= 0) {
            fail(name,
                 "real_time of \"" + xrayon::escaped(current.run_name, 64) + "\" must be positive, got " + xrayon::to_text(*current.real));
        }
        if (std::find(labels.begin(), labels.end(), named->first) == labels.end()) {
            labels.push_back(named->first);
        }
        auto& run = runs[*named];
        run.threads = named->second;
        run.seconds.push_back(seconds);
        if (current.cpu) {
            run.cpu_seconds.push_back(seconds_of(*current.cpu, current.unit, "cpu_time", name));
        }
    };
    walk_json(document, name, visitor);
    if (!is_object) {
        fail(name, "not an object");
    }
    for (const std::string& label : labels) {
        std::vector<xrayon::analyze::measured_runs> one;
        for (auto& [key, run] : runs) {
            if (key.first == label) {
                if (run.cpu_seconds.size() != run.seconds.size()) {
                    run.cpu_seconds.clear();
                }
                one.push_back(std::move(run));
            }
        }
        out.reports.push_back(xrayon::analyze::summarize_runs(std::move(one), {.label = label, .bootstrap = {.resamples = 100}}));
    }
    if (out.reports.empty()) {
        fail(name, "no entry of \"benchmarks\" is a repetition called \"<label>/threads:<n>\"");
    }
    return out;
}

baseline read_baseline(const std::string& path) { return parse_baseline(read_limited(path), path); }

} // namespace scalability
