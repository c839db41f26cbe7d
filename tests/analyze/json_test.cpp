// SPDX-License-Identifier: Apache-2.0
#include <xrayon/analyze/json.hpp>

#include "../support/catch.hpp"
#include "seed_report.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

using namespace xrayon;
using analyze::to_json;
using test::approx;
using nlohmann::json;

TEST_CASE("to_json writes every repetition and the aggregates with Google Benchmark's keys", "[analyze][json]") {
    const auto report = analyze::summarize_runs({{.threads = 1, .seconds = {0.004, 0.002, 0.003}, .cpu_seconds = {0.004, 0.002, 0.0035}},
                                                 {.threads = 2, .seconds = {0.0015, 0.001, 0.002}, .cpu_seconds = {0.002, 0.002, 0.003}}},
                                                {.label = "knn", .cores = 2, .hardware_threads = 4, .calls_per_repetition = 7, .warmup = 1,
                                                 .answer_checked = true});
    const json file = json::parse(to_json(report, {.date = "2024-05-01T12:00:00+02:00", .host_name = "box", .executable = "./bench"}));
    REQUIRE(file.at("context").at("date") == "2024-05-01T12:00:00+02:00");
    REQUIRE(file.at("context").at("host_name") == "box");
    REQUIRE(file.at("context").at("executable") == "./bench");
    REQUIRE(file.at("context").at("num_cpus") == 4);
    REQUIRE(file.at("context").at("library_version").is_string());
    REQUIRE(file.at("context").at("xrayon").at("cores") == 2);
    REQUIRE(file.at("context").at("xrayon").at("answers_agree") == true);
    REQUIRE(file.at("context").at("xrayon").at("notes").size() == report.notes.size());

    const json& entries = file.at("benchmarks");
    REQUIRE(entries.size() == 2 * (3 + 3));
    for (const json& entry : entries) {
        for (const char* key : {"name", "run_name", "run_type", "repetitions", "threads", "iterations", "real_time", "cpu_time",
                                "time_unit"}) {
            CAPTURE(key);
            REQUIRE(entry.contains(key));
        }
        REQUIRE(entry.at("time_unit") == "ms");
        REQUIRE(entry.at("repetitions") == 3);
    }
    const json& third = entries.at(2);
    REQUIRE(third.at("name") == "knn/threads:1");
    REQUIRE(third.at("run_type") == "iteration");
    REQUIRE(third.at("repetition_index") == 2);
    REQUIRE(third.at("iterations") == 7);
    REQUIRE(third.at("real_time").get<double>() == approx(3));
    REQUIRE(third.at("cpu_time").get<double>() == approx(3.5));

    const json& mean = entries.at(9);
    REQUIRE(mean.at("name") == "knn/threads:2_mean");
    REQUIRE(mean.at("run_name") == "knn/threads:2");
    REQUIRE(mean.at("run_type") == "aggregate");
    REQUIRE(mean.at("aggregate_name") == "mean");
    REQUIRE(mean.at("real_time").get<double>() == approx(1.5));
    REQUIRE(mean.at("cpu_time").get<double>() == approx(7.0 / 3));
    const json& median = entries.at(10);
    REQUIRE(median.at("aggregate_name") == "median");
    REQUIRE(median.at("threads") == 2);
    REQUIRE(median.at("iterations") == 3);
    REQUIRE(median.at("real_time").get<double>() == approx(1.5));
    REQUIRE(median.at("cpu_time").get<double>() == approx(2));
    REQUIRE(median.at("speed_up").get<double>() == approx(2));
    REQUIRE(median.at("efficiency").get<double>() == approx(1));
    REQUIRE(median.at("busy").get<double>() == approx(7.0 / 9));
    REQUIRE(median.at("lower").get<double>() == approx(1));
    REQUIRE(median.at("upper").get<double>() == approx(2));
    const json& stddev = entries.at(11);
    REQUIRE(stddev.at("aggregate_name") == "stddev");
    REQUIRE(stddev.at("real_time").get<double>() == approx(0.5));  // sqrt((0.25 + 0.25) / 2)
}

TEST_CASE("to_json writes several reports as families of one file", "[analyze][json]") {
    analyze::scalability_report first = test::seed_report();
    first.label = "one";
    analyze::scalability_report second = test::seed_report();
    second.label = "two";
    second.answers_agree = false;
    const json file = json::parse(to_json(std::vector{first, second}, {.host_name = "box"}));
    REQUIRE(file["context"]["host_name"] == "box");
    REQUIRE(file["context"]["xrayon"].size() == 2);
    REQUIRE(file["context"]["xrayon"][0]["label"] == "one");
    REQUIRE(file["context"]["xrayon"][1]["answers_agree"] == false);
    // The entries of each are those that it has alone, but for the number of the family.
    json alone = json::parse(to_json(first))["benchmarks"];
    json other = json::parse(to_json(second))["benchmarks"];
    for (auto& entry : other) {
        REQUIRE(entry["family_index"] == 0);
        entry["family_index"] = 1;
        alone.push_back(entry);
    }
    REQUIRE(file["benchmarks"] == alone);
    REQUIRE(json::parse(to_json(std::vector<analyze::scalability_report>()))["benchmarks"].empty());
}

TEST_CASE("to_json gives back the same doubles", "[analyze][json]") {
    const double odd = 0.1 + 0.2;
    const auto report = analyze::summarize_runs({{.threads = 1, .seconds = {odd}}});
    const json file = json::parse(to_json(report));
    REQUIRE(file.at("benchmarks").at(0).at("real_time").get<double>() == 1e3 * odd);
}

TEST_CASE("to_json leaves out what is not known, and is JSON all the same", "[analyze][json]") {
    const std::string text = to_json(test::seed_report());
    const json file = json::parse(text);  // the word nan would not parse
    for (const char* key : {"date", "host_name", "executable", "num_cpus"}) {
        REQUIRE_FALSE(file.at("context").contains(key));
    }
    const json& entries = file.at("benchmarks");
    REQUIRE(entries.size() == 5 * 3);  // one repetition, mean, median: a spread of one value is not known
    REQUIRE_FALSE(entries.at(0).contains("cpu_time"));
    const json& median = entries.at(2);
    REQUIRE(median.at("aggregate_name") == "median");
    for (const char* key : {"lower", "upper", "speed_up_lower", "busy", "serial_part", "cpu_time"}) {
        CAPTURE(key);
        REQUIRE_FALSE(median.contains(key));
    }
    REQUIRE(entries.at(14).at("oversubscribed") == true);
    REQUIRE(entries.at(14).at("serial_part").get<double>() == approx(0.0655 / 0.9375));
}

TEST_CASE("to_json escapes labels so that they come back unchanged", "[analyze][json]") {
    std::string label = "a \"quoted\" \\ back/slash\n\ttab \x01\x1f\x7f Größe 微 🙂";
    label += '\0';
    const auto report = analyze::summarize_runs({{.threads = 1, .seconds = {1}}}, {.label = label});
    const std::string text = to_json(report);
    const json file = json::parse(text);
    REQUIRE(file.at("context").at("xrayon").at("label").get<std::string>() == label);
    REQUIRE(file.at("benchmarks").at(0).at("run_name").get<std::string>() == label + "/threads:1");
    REQUIRE_THAT(text, test::contains("Größe 微 🙂"));  // not \u escapes
    for (const char c : text) {
        REQUIRE((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
    }
}

TEST_CASE("to_json replaces bytes that are not UTF-8", "[analyze][json]") {
    // A lone continuation, a truncated sequence, an overlong slash, a surrogate, a value above U+10FFFF: one U+FFFD per byte.
    const std::string label = "\x80|\xe4\xb8|\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80|\xff";
    const auto report = analyze::summarize_runs({{.threads = 1, .seconds = {1}}}, {.label = label});
    const json file = json::parse(to_json(report));
    const std::string bad = "\xef\xbf\xbd";
    REQUIRE(file.at("context").at("xrayon").at("label").get<std::string>()
            == bad + "|" + bad + bad + "|" + bad + bad + "|" + bad + bad + bad + "|" + bad + bad + bad + bad + "|" + bad);
}

TEST_CASE("to_json calls an unnamed workload 'workload'", "[analyze][json]") {
    const auto report = analyze::summarize_runs({{.threads = 3, .seconds = {1}}});
    REQUIRE(json::parse(to_json(report)).at("benchmarks").at(0).at("name") == "workload/threads:3");
}

TEST_CASE("to_json of a report without points has an empty list", "[analyze][json]") {
    REQUIRE(json::parse(to_json({})).at("benchmarks").empty());
}
