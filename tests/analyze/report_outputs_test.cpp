// SPDX-License-Identifier: Apache-2.0
// What is made of a report besides the table: chart, Markdown, CSV, comparison, page.
#include <xrayon/analyze/html_report.hpp>

#include "../support/catch.hpp"

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <xrayon/analyze/chart.hpp>
#include <xrayon/analyze/compare_reports.hpp>
#include <xrayon/analyze/explain_scaling.hpp>
#include <xrayon/analyze/markdown.hpp>
#include <xrayon/analyze/ratio_summary.hpp>

#include "seed_report.hpp"

using namespace xrayon;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

std::size_t count_of(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
        ++count;
    }
    return count;
}

/// Seven times about `seconds`, the same spread for all.
std::vector<double> about(double seconds) {
    std::vector<double> times;
    for (const double noise : {1.0, 0.99, 1.01, 1.0, 1.004, 0.995, 1.005}) {
        times.push_back(seconds * noise);
    }
    return times;
}

} // namespace

TEST_CASE("to_chart puts each count where its threads and its speed-up belong", "[analyze][chart]") {
    const auto lines = lines_of(analyze::to_chart(test::seed_report(), {.utf8 = false, .width = 57, .height = 9}));
    // 50 columns for 1 to 16, that is 12.25 for a doubling; 9 lines for 1x to 16x, two for a doubling.
    REQUIRE(lines.size() == 9 + 4);  // with the labels, and a legend of two lines
    const auto at = [&](double speed_up, std::size_t column) {
        return lines.at(static_cast<std::size_t>(8.5 - 2 * std::log2(speed_up))).at(7 + column);
    };
    REQUIRE(at(1, 0) == '*');
    REQUIRE(at(1250.0 / 650, 12) == '*');
    REQUIRE(at(1250.0 / 340, 25) == '*');
    REQUIRE(at(1250.0 / 180, 37) == '*');
    REQUIRE(at(1250.0 / 160, 49) == 'o');  // more threads than cores
    REQUIRE_THAT(lines[0], test::contains(" 16x |"));
    REQUIRE_THAT(lines[8], test::contains("  1x |*"));
    REQUIRE_THAT(lines[10], test::contains("1           2            4           8          16"));
    for (const std::size_t width : {24u, 40u, 80u, 200u}) {
        for (const bool utf8 : {false, true}) {
            for (const std::string& line : lines_of(analyze::to_chart(test::seed_report(), {.utf8 = utf8, .width = width}))) {
                REQUIRE(analyze::detail::columns(line) <= width);
                REQUIRE((utf8 || std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; })));
            }
        }
    }
    // With a trace: up to 64 threads, what it replays to, and its limit of work over span; 50 columns for six doublings.
    analyze::what_if_result more{.work = 8, .span = 1, .parallelism = 8, .points = {{8, 1, 2, 1.6, 1}, {64, 1, 1.1, 1, 1}}};
    const auto predicted =
        lines_of(analyze::to_chart(test::seed_report(), {.utf8 = false, .width = 57, .height = 13, .prediction = &more}));
    const auto cell = [&](double speed_up, std::size_t column) {
        return predicted.at(static_cast<std::size_t>(12.5 - 2 * std::log2(speed_up))).at(7 + column);
    };
    REQUIRE(cell(8 / 1.6, 25) == '+');  // 8 threads
    REQUIRE(cell(8, 49) == '+');        // 64 threads
    REQUIRE(cell(1250.0 / 180, 25) == '*');
    REQUIRE_THAT(predicted[6], test::contains("8x |") && test::contains("=== "));
    REQUIRE_THAT(predicted[14], test::contains("64"));
    REQUIRE_THAT(predicted.back(), test::contains("+ replayed  = limit"));
    REQUIRE(analyze::to_chart(analyze::summarize_runs({{.threads = 4, .seconds = {1}}})).empty());
    REQUIRE_THROWS_WITH(analyze::to_chart({}), "to_chart: the report has no points");
    REQUIRE_THROWS_WITH(analyze::to_chart(test::seed_report(), {.width = 10}), "to_chart: options.width must be 24 to 400, got 10");
}

TEST_CASE("to_markdown and to_csv hold what the report holds", "[analyze][markdown]") {
    const auto lines = lines_of(analyze::to_markdown(test::seed_report()));
    REQUIRE(lines.size() == 2 + 5);
    REQUIRE(lines[5] == "| 8 | 180.000 | 6.94x | - | 86.8 % | - | 2.2 % |  |");
    REQUIRE_THAT(lines[6], test::contains("more threads than cores"));
    auto report = analyze::summarize_runs(
        {{.threads = 1, .seconds = {0.1, 0.3}, .cpu_seconds = {0.1, 0.25}}, {.threads = 2, .seconds = {0.05}}}, {.label = "say \"hi\""});
    REQUIRE(analyze::to_csv(report) == "label,threads,repetition,seconds,cpu_seconds\n\"say \"\"hi\"\"\",1,0,0.1,0.1\n\"say \"\"hi\"\"\",1,1,0.3,0.25\n"
                                       "\"say \"\"hi\"\"\",2,0,0.05,\n");
    REQUIRE_THROWS_WITH(analyze::to_csv({}), "to_csv: the report has no points");
    REQUIRE_THROWS_WITH(analyze::to_markdown({}), "to_markdown: the report has no points");
}

TEST_CASE("compare_reports says faster and slower only beyond interval and noise", "[analyze][compare_reports]") {
    const auto report = [](double one, double two, double four) {
        return analyze::summarize_runs(
            {{.threads = 1, .seconds = about(one)}, {.threads = 2, .seconds = about(two)}, {.threads = 4, .seconds = {four}}});
    };
    const auto points = analyze::compare_reports(report(1, 0.5, 0.3), report(1.01, 0.4, 0.1));
    REQUIRE(points.size() == 3);
    REQUIRE(points[0].verdict == analyze::comparison_verdict::no_change);
    REQUIRE(points[1].verdict == analyze::comparison_verdict::faster);
    REQUIRE(points[1].ratio == test::approx(0.8));
    REQUIRE(points[1].interval.lower < 0.8);
    REQUIRE(points[1].interval.upper > 0.8);
    REQUIRE(points[2].verdict == analyze::comparison_verdict::unknown);  // one repetition
    REQUIRE(analyze::compare_reports(report(1, 0.4, 0.3), report(1, 0.5, 0.3))[1].verdict == analyze::comparison_verdict::slower);
    REQUIRE(analyze::compare_reports(report(1, 0.4, 0.3), report(1, 0.5, 0.3), {.noise = 0.3})[1].verdict
            == analyze::comparison_verdict::no_change);
    REQUIRE_THAT(analyze::to_summary(points),
                 test::contains("2 threads: 400.000 ms, was 500.000 ms: 0.800 (") && test::contains("): faster\n"));
    REQUIRE_THROWS_WITH(analyze::compare_reports(report(1, 1, 1), analyze::summarize_runs({{.threads = 3, .seconds = {1}}})),
                        "compare_reports: the reports have no thread count in common");
}

TEST_CASE("summarize_ratios takes the geometric mean and points at what stands alone", "[analyze][ratio_summary]") {
    const auto summary = analyze::summarize_ratios(std::vector<double>{0.5, 2, 1, 16});
    REQUIRE(summary.geometric_mean == test::approx(2));
    REQUIRE(summary.arithmetic_mean == test::approx(4.875));
    REQUIRE(summary.slower == 1);
    REQUIRE(summary.alone_on_top == std::size_t{3});
    REQUIRE_FALSE(analyze::summarize_ratios(std::vector<double>{0.5, 2, 6, 16}).alone_on_top);
    REQUIRE_FALSE(analyze::summarize_ratios(std::vector<double>{1, 16}).alone_on_top);
    REQUIRE_THROWS_WITH(analyze::summarize_ratios(std::vector<double>{1, 0}), "summarize_ratios: value 1 must be positive, got 0");
}

TEST_CASE("explain_scaling tells tasks that wait for memory from a schedule that is bad", "[analyze][explain_scaling]") {
    const auto explained = [](double two, double together, const analyze::machine_rates& rates) {
        analyze::what_if_result alone;
        alone.work = 1;
        alone.reason = "R";
        alone.points = {{1, 1, 1, 1, 1}, {2, 0.5, 0.5, 0.5, 0.5}};
        const auto report = analyze::summarize_runs(
            {{.threads = 1, .seconds = {1}}, {.threads = 2, .seconds = {two}}, {.threads = 4, .seconds = {1}}}, {.cores = 2});
        return analyze::explain_scaling(report, alone, together, rates, {.utf8 = false});
    };
    using analyze::shared_limit;
    const analyze::machine_rates narrow{{{1, 10e9}, {2, 13e9}}, {{1, 1e9}, {2, 2e9}}};
    const auto memory = explained(0.75, 1.5, narrow);
    REQUIRE(memory.limit == shared_limit::memory);
    REQUIRE(memory.threads == 2);
    REQUIRE(memory.memory_gain == test::approx(1.3));
    REQUIRE(memory.sentences
            == std::vector<std::string>{"Limit: R", "A trace on 1 thread predicts 2.00x on 2 threads; measured: 1.33x",
                                        "The same tasks take 1.50x as long on 2 threads as alone: memory bandwidth. A triad gains 1.30x "
                                        "here, and that is all there is"});
    const auto caches = explained(0.6, 1.2, narrow);
    REQUIRE(caches.limit == shared_limit::unknown);
    REQUIRE_THAT(caches.sentences.back(), test::contains("caches, memory (a triad gains 1.30x) or the clock"));
    const auto locks = explained(2, 4, narrow);
    REQUIRE(locks.limit == shared_limit::contention);
    REQUIRE_THAT(locks.sentences.back(), test::contains("more than memory explains"));
    REQUIRE(explained(0.5, 1.0, narrow).sentences.size() == 2);
    REQUIRE(explained(0.5, 1.0, narrow).limit == shared_limit::none);
    REQUIRE(explained(0.75, 1.5, {{{1, 10e9}, {2, 20e9}}}).limit == shared_limit::unknown);
    REQUIRE(explained(0.75, 1.5, {}).limit == shared_limit::unknown);
    // Two threads of one core: arithmetic gains no more than the triad, and that is where the time is.
    const auto processors = explained(0.75, 1.5, {{{1, 10e9}, {2, 13e9}}, {{1, 1e9}, {2, 1.35e9}}});
    REQUIRE(processors.limit == shared_limit::processors);
    REQUIRE(processors.arithmetic_gain == test::approx(1.35));
    REQUIRE_THAT(processors.sentences.back(), test::contains(": the processors. Arithmetic without memory gains no more than 1.35x here"));
    // Against another baseline the prediction is against it too, and no cause is named; above the cores nothing is explained.
    analyze::what_if_result alone;
    alone.work = 1;
    alone.reason = "R";
    alone.points = {{1, 1, 1, 1, 1}, {2, 0.5, 0.5, 0.5, 0.5}, {4, 0.25, 0.25, 0.3, 0.3}};
    const auto from_two = analyze::summarize_runs({{.threads = 2, .seconds = {0.5}}, {.threads = 4, .seconds = {0.4}}}, {.cores = 4});
    const auto second = analyze::explain_scaling(from_two, alone, 2, narrow, {.utf8 = false});
    REQUIRE(second.predicted == test::approx(0.5 / 0.3));
    REQUIRE(second.limit == shared_limit::none);
    REQUIRE(second.sentences
            == std::vector<std::string>{"Limit: R", "A trace on 1 thread predicts 1.67x on 4 threads against 2 threads; measured: 1.25x"});
    const auto above = analyze::summarize_runs({{.threads = 2, .seconds = {0.5}}, {.threads = 4, .seconds = {0.4}}}, {.cores = 1});
    REQUIRE(analyze::explain_scaling(above, alone, 2, narrow).sentences == std::vector<std::string>{"Limit: R"});
    analyze::what_if_result none;
    REQUIRE_THROWS_WITH(analyze::explain_scaling(test::seed_report(), none, 0, {}),
                        "explain_scaling: the prediction must have a point for each count that is compared; it lacks threads, got 8");
}

TEST_CASE("to_html makes one page that stands alone, says its finding first and holds the data", "[analyze][html_report]") {
    auto report = test::seed_report();
    report.label = "a<b>&\"c\"";
    report.trusted = false;
    report.distrust = {"because <of> this"};
    task_trace trace;
    trace.threads = {"x", "y"};
    trace.duration = 100;
    trace.calls = {{"loop <1>", 2, 2, 0, 0, 5, 100}};
    trace.tasks = {{no_trace_index, 0, 1, 0, 0, 100}, {0, 0, 1, 0, 10, 60, 0}, {0, 1, 2, 1, 10, 90}};
    trace.root = 0;
    const std::string page =
        analyze::to_html({{.report = report, .what = "what it <does>", .what_if = analyze::what_if(trace), .trace = trace}},
                         {.environment = {"machine & more"}, .context = {.cpu_model = "</script>"}});
    REQUIRE_THAT(page, test::contains("<title>a&lt;b&gt;&amp;&quot;c&quot;: 6.94× on 8 threads, 87 % efficient (not trusted)</title>"));
    // Nothing of the user's text is markup; nothing comes from elsewhere; nothing runs.
    REQUIRE(page.find("a<b>") == std::string::npos);
    REQUIRE(page.find("<of>") == std::string::npos);
    REQUIRE(page.find("loop <1>") == std::string::npos);
    REQUIRE(count_of(page, "<script") == 1);
    REQUIRE(count_of(page, "</script>") == 1);
    REQUIRE(page.find("src=") == std::string::npos);
    REQUIRE(page.find("href=") == std::string::npos);
    REQUIRE(page.find("http") == std::string::npos);
    // Four drawings with what a screen reader says; every element that opens closes.
    REQUIRE(count_of(page, "<svg ") == 4);
    REQUIRE(count_of(page, "role=\"img\"><title>") == 4);
    for (const std::string element :
         {"svg", "figure", "table", "section", "ul", "li", "tr", "td", "th", "details", "main", "body", "html", "title"}) {
        CAPTURE(element);
        REQUIRE(count_of(page, "<" + element + ">") + count_of(page, "<" + element + " ") == count_of(page, "</" + element + ">"));
    }
    REQUIRE(page.find("nan") == std::string::npos);
    const std::string mark = "id=\"data\">";
    const std::size_t begin = page.find(mark) + mark.size();
    const auto data = nlohmann::json::parse(page.substr(begin, page.find("</script>", begin) - begin));
    REQUIRE(data.at("context").at("cpu_model") == "</script>");
    REQUIRE(data.at("benchmarks").at(0).at("real_time") == 1250.0);
    REQUIRE(analyze::to_html({{.report = analyze::summarize_runs({{.threads = 3, .seconds = {1}}})}}).find("<svg ") != std::string::npos);
    // A trace alone, and weak scaling.
    const std::string traced = analyze::to_html({{.report = {.label = "a.json"}, .what_if = analyze::what_if(trace), .trace = trace}});
    // Of 100 ns 5 before the call, then tasks of 50 and 80 ns: work 135, span 85.
    REQUIRE_THAT(traced, test::contains("<title>a.json: 1.35 threads at work on average, never more than 1.6×</title>"));
    REQUIRE(count_of(traced, "<svg ") == 1);
    REQUIRE(traced.find("What was measured") == std::string::npos);
    auto weak = analyze::summarize_runs({{.threads = 1, .seconds = {1}}, {.threads = 2, .seconds = {1.25}}}, {.label = "w", .weak = true});
    REQUIRE_THAT(analyze::to_html({{.report = weak}}), test::contains("<title>w: 1.60× the work on 2 threads, 80 % efficient</title>")
                                                           && test::contains("Gustafson&#39;s law as fitted")
                                                           && test::contains("scaled speed-up"));
    REQUIRE_THAT(analyze::to_markdown(weak), test::contains("| scaled speed-up |"));
    // Of a trace with calls of another thread the work of all is told, and no limit.
    task_trace two = trace;
    two.calls.push_back({"other", 1, 1, no_trace_index, 1, 0, 100});
    two.tasks.push_back({1, 0, 1, 1, 0, 8});
    const std::string more_threads = analyze::to_html({{.report = {.label = "b.json"}, .what_if = analyze::what_if(two), .trace = two}});
    REQUIRE_THAT(more_threads, test::contains("<title>b.json: 1.43 threads at work on average</title>"));
    // Labels have room, whatever the numbers are; counts that the cores carry are not shaded; without a band none is promised.
    const auto labels_of = [](double two_seconds) {
        const auto fast = analyze::summarize_runs({{.threads = 1, .seconds = {1e3}}, {.threads = 2, .seconds = {two_seconds}}});
        return count_of(analyze::to_html({{.report = fast}}), "class=\"label\"");
    };
    REQUIRE(labels_of(500) < 40);
    REQUIRE(labels_of(10) < 40);
    REQUIRE(labels_of(1e-9) < 40);
    analyze::what_if_result from_one{.work = 1, .span = 1, .parallelism = 1, .points = {{64, 1, 1, 1, 1}}};
    const auto from_two = analyze::summarize_runs({{.threads = 2, .seconds = {1}}, {.threads = 4, .seconds = {0.5}}});
    const std::string no_band = analyze::to_html({{.report = from_two, .what_if = from_one}});
    REQUIRE(no_band.find("class=\"band\"") == std::string::npos);
    REQUIRE(no_band.find("Shaded") == std::string::npos);
    REQUIRE_THROWS_WITH(analyze::to_html({{.what = "nothing"}}), "to_html: a section has neither points nor a trace");
    REQUIRE_THROWS_WITH(analyze::to_html({}), "to_html: there must be at least one section, got 0");
}
