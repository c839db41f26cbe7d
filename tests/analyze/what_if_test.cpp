// SPDX-License-Identifier: Apache-2.0
#include <xrayon/analyze/what_if.hpp>

#include "../support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include <xrayon/analyze/amdahl_fit.hpp>
#include <xrayon/analyze/detail/split_mix_64.hpp>
#include <xrayon/analyze/explain_scaling.hpp>
#include <xrayon/analyze/memory_bandwidth.hpp>
#include <xrayon/analyze/scalability_benchmark.hpp>
#include <xrayon/analyze/trace_cost.hpp>
#include <xrayon/core/list_schedule.hpp>
#include <xrayon/exec/cpu_topology.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/par/scope.hpp>

using namespace xrayon;
using analyze::graph_call;
using analyze::graph_step;
using analyze::graph_task;
using analyze::task_graph;
using analyze::what_if;
using test::approx;

namespace {

constexpr analyze::dispatch_costs free_of_charge{0, 0, 0};

/// One call of tasks of these lengths, `before` it and `behind` it.
task_graph flat(const std::vector<double>& seconds, double before = 0, double behind = 0) {
    task_graph graph;
    graph.tasks.push_back({{{before, 0}}, behind});
    graph.calls.push_back({"loop", {}});
    for (std::size_t i = 0; i < seconds.size(); ++i) {
        graph.calls[0].tasks.push_back(graph.tasks.size());
        graph.tasks.push_back({{}, seconds[i], i});
    }
    return graph;
}

/// 1, then A{2, 3, 4}, 1, then B{ 1, C{5, 5}, 1 | 2 }.
task_graph nested() {
    task_graph graph;
    graph.tasks = {{{{1, 0}, {1, 1}}, 0}, {{}, 2, 0}, {{}, 3, 1}, {{}, 4, 2}, {{{1, 2}}, 1, 0}, {{}, 2, 1}, {{}, 5, 0}, {{}, 5, 1}};
    graph.calls = {{"A", {1, 2, 3}}, {"B", {4, 5}}, {"C", {6, 7}}};
    return graph;
}

/// A scope whose body works 1, spawns 5, works 1, spawns 1, works 1.
task_graph spawning() {
    task_graph graph;
    graph.tasks = {{{{0, 0}}, 0}, {{{1, graph_step::none, 2}, {1, graph_step::none, 3}}, 1}, {{}, 5}, {{}, 1}};
    graph.calls = {{"scope", {1}}};
    return graph;
}

task_graph random_graph(std::uint64_t seed) {
    analyze::detail::split_mix_64 random(seed);
    const auto below = [&](std::uint32_t n) { return random.below(n); };
    task_graph graph;
    graph.tasks.emplace_back();
    // Tasks before `next` are whole; what is added lies behind.
    for (std::size_t next = 0; next < graph.tasks.size(); ++next) {
        const std::uint32_t steps = graph.tasks.size() < 60 ? below(4) : 0;
        for (std::uint32_t s = 0; s < steps; ++s) {
            graph_step step{0.125 * below(9)};
            if (below(3) != 0) {
                step.call = graph.calls.size();
                graph_call call{"call", {}};
                for (std::uint32_t n = below(7); n != 0; --n) {
                    call.tasks.push_back(graph.tasks.size());
                    graph.tasks.emplace_back();
                }
                graph.calls.push_back(call);
            } else if (next != 0) {
                step.spawn = graph.tasks.size();
                graph.tasks.emplace_back();
            }
            graph.tasks[next].steps.push_back(step);
        }
        graph.tasks[next].seconds = 0.125 * below(17);
        if (graph.tasks[next].steps.empty() && next != 0) {
            graph.tasks[next].items = 1 + below(5);  // claimed together, and cut where that is quicker
        }
    }
    return graph;
}

void spin(double microseconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double, std::micro>(microseconds);
    while (std::chrono::steady_clock::now() < end) {}
}

/// A millisecond times `total`, of which so much is serial and the rest in 16 tasks.
struct known {
    double serial;
    double total = 16;
    int operator()() const {
        spin(1000 * total * serial);
        for_each_index(16, [&](std::size_t) { spin(1000 * total * (1 - serial) / 16); });
        return 0;
    }
};

bool has_two_cores() {
    if (read_cpu_topology().physical >= 2) {
        return true;
    }
    WARN("left out: needs two cores");
    return false;
}

} // namespace

TEST_CASE("times_of gives exact work and span of graphs that one can add up", "[analyze][what_if]") {
    const auto flat_times = analyze::times_of(flat({3, 1, 2}, 0.5, 0.25));
    REQUIRE(flat_times.work == 6.75);
    REQUIRE(flat_times.span == 3.75);
    const auto nested_times = analyze::times_of(nested());
    REQUIRE(nested_times.work == 25);
    REQUIRE(nested_times.span == 13);
    REQUIRE(nested_times.call_work == std::vector<double>{9, 14, 10});
    REQUIRE(nested_times.call_span == std::vector<double>{4, 7, 5});
    const auto spawning_times = analyze::times_of(spawning());
    REQUIRE(spawning_times.work == 9);
    REQUIRE(spawning_times.span == 6);
    // Burdened: 2 for each call and 1 for each task on the way: A 2 + 4 + 1, B 2 + (1 + 1 + C(2 + 5 + 1) + 1), and 1 for the root.
    REQUIRE(analyze::times_of(nested(), {2, 1, 0}).span == 1 + 1 + 7 + 1 + 13);
    // Items that one task has claimed together can be told apart.
    task_graph claims = flat({4, 8});
    claims.tasks[1].items = 4;
    claims.tasks[2].items = 2;
    REQUIRE(analyze::times_of(claims).span == 4);
}

TEST_CASE("what_if replays a flat call as Graham's list schedule, and the longest first as his other one", "[analyze][what_if]") {
    analyze::detail::split_mix_64 random(3);
    for (int round = 0; round < 50; ++round) {
        std::vector<double> seconds;
        for (std::uint32_t n = 1 + random.below(40); n != 0; --n) {
            seconds.push_back(0.25 * (1 + random.below(20)));
        }
        const auto result = what_if(flat(seconds), {.threads = {1, 2, 3, 5, 64}, .costs = free_of_charge});
        for (const auto& point : result.points) {
            CAPTURE(round, point.threads);
            REQUIRE(point.in_order == greedy_schedule(seconds, input_order(seconds.size()), point.threads).makespan);
            REQUIRE(point.longest_first == lpt(seconds, point.threads).makespan);
            REQUIRE(point.least == makespan_bound(seconds, point.threads));
        }
    }
}

TEST_CASE("Graham's and Brent's bounds hold for replays of 10,000 random graphs", "[analyze][what_if]") {
    std::size_t tasks = 0;
    std::size_t parallel = 0;
    for (std::uint64_t seed = 0; seed < 10000; ++seed) {
        const task_graph graph = random_graph(seed);
        const auto times = analyze::times_of(graph);
        if (times.work == 0) {
            continue;
        }
        const auto result = what_if(graph, {.threads = {1, 2, 3, 7, 1024}, .costs = free_of_charge});
        tasks += graph.tasks.size();
        parallel += result.parallelism > 2;
        for (const auto& point : result.points) {
            for (const double replayed : {point.in_order, point.longest_first}) {
                const bool holds = replayed >= point.least * (1 - 1e-12) && replayed <= point.most * (1 + 1e-12);
                if (!holds) {
                    CAPTURE(seed, point.threads, point.least, replayed, point.most);
                    REQUIRE(holds);
                }
            }
        }
        REQUIRE(result.points.front().in_order == approx(times.work));
        REQUIRE(result.points.back().in_order == approx(times.span));
    }
    REQUIRE(tasks > 200000);
    REQUIRE(parallel > 2000);
}

TEST_CASE("what_if says in words why it is not more", "[analyze][what_if]") {
    const auto folds = what_if(flat(std::vector<double>(5, 1.0)), {.threads = {8}, .costs = free_of_charge});
    REQUIRE(folds.limit == analyze::scaling_limit::few_tasks);
    REQUIRE(folds.reason == "loop (5 items of about the same length) is 100 % of the span: never more than 5.0x");
    REQUIRE(folds.parallelism == 5);
    REQUIRE(folds.points[0].in_order == 1);  // 5 of the "5 to 10 times" that the Rayon guide promises for 5 folds
    std::vector<double> uneven(20, 0.5);
    uneven[17] = 31;
    const auto straggler = what_if(flat(uneven, 19), {.threads = {64}, .costs = free_of_charge});
    REQUIRE(straggler.limit == analyze::scaling_limit::long_task);
    REQUIRE(straggler.reason == "item 17 of loop alone is 62 % of the span: never more than 1.2x");
    const auto serial = what_if(flat(std::vector<double>(92, 1.0), 8), {.costs = free_of_charge});
    REQUIRE(serial.limit == analyze::scaling_limit::serial_part);
    REQUIRE(serial.serial_part == 0.08);
    REQUIRE(serial.reason == "serial part 8.0 % of the work is 89 % of the span: never more than 11x");
    // The long item itself divides: what is inside it is the reason.
    REQUIRE_THAT(what_if(nested(), {.costs = free_of_charge}).reason,
                 test::contains("C (2 items of about the same length) is 38 % of the span: never more than 1.9x"));
    // Tasks that a scope's body spawns are its items.
    task_graph scope_of_five;
    scope_of_five.tasks = {{{{0, 0}}, 0}, {{}, 0}};
    scope_of_five.calls = {{"scope", {1}}};
    for (std::size_t i = 0; i < 5; ++i) {
        scope_of_five.tasks[1].steps.push_back({1e-9, graph_step::none, scope_of_five.tasks.size()});
        scope_of_five.tasks.push_back({{}, 1, i});
    }
    REQUIRE_THAT(what_if(scope_of_five, {.costs = free_of_charge}).reason,
                 test::contains("scope (5 items of about the same length) is 100 % of the span: never more than 5.0x"));
    scope_of_five.tasks[4].seconds = 20;
    REQUIRE_THAT(what_if(scope_of_five, {.costs = free_of_charge}).reason, test::contains("item 2 of scope alone is 100 % of the span"));
    // Ten tasks of 1, each spawned by the one before.
    task_graph chain;
    chain.tasks = {{{{0, 0}}, 0}};
    chain.calls = {{"scope", {1}}};
    for (std::size_t i = 1; i <= 10; ++i) {
        chain.tasks.push_back({{}, 1});
        if (i < 10) {
            chain.tasks.back() = {{{1, graph_step::none, i + 1}}, 0};
        }
    }
    const auto in_turn = what_if(chain, {.costs = free_of_charge});
    REQUIRE(in_turn.limit == analyze::scaling_limit::spawn_chain);
    REQUIRE(in_turn.reason == "tasks that spawn one another in scope are 100 % of the span: never more than 1.0x");
    // 50 calls, in each of which one item takes half of the time.
    task_graph many;
    many.tasks.emplace_back();
    for (std::size_t c = 0; c < 50; ++c) {
        graph_step step{0, many.calls.size()};
        many.calls.push_back({"step", {}});
        for (std::size_t i = 0; i < 5; ++i) {
            many.calls.back().tasks.push_back(many.tasks.size());
            many.tasks.push_back({{}, i == 3 ? 4.0 : 1.0, i});
        }
        many.tasks[0].steps.push_back(step);
    }
    REQUIRE(what_if(many, {.costs = free_of_charge}).reason
            == "step (50 calls one after the other, of items of unequal length) is 100 % of the span: never more than 2.0x");
    // One long item in one of them makes the others no more uneven.
    for (std::size_t t = 1; t < many.tasks.size(); ++t) {
        many.tasks[t].seconds = t == 99 ? 1.6 : 1;
    }
    const auto nearly = what_if(many, {.costs = free_of_charge});
    REQUIRE(nearly.limit == analyze::scaling_limit::few_tasks);
    REQUIRE(nearly.reason
            == "step (50 calls one after the other, of 5 items of about the same length) is 100 % of the span: never more than 5.0x");
    // A million cheap items, claimed 1,000 at a time: no limit in sight below their number.
    task_graph cheap = flat(std::vector<double>(1000, 50e-6));
    for (std::size_t i = 1; i < cheap.tasks.size(); ++i) {
        cheap.tasks[i].items = 1000;
    }
    const auto wide = what_if(cheap, {.threads = {2, 64, 1024}, .costs = free_of_charge});
    REQUIRE(wide.reason == "loop (1000000 items of about the same length) is 100 % of the span: never more than 1000000x");
    REQUIRE(wide.parallelism == approx(1e6));
    REQUIRE(wide.speed_up(wide.points[1]) > 60);
    REQUIRE(wide.speed_up(wide.points[2]) > 900);
}

TEST_CASE("what_if counts what it costs to hand out work", "[analyze][what_if]") {
    // 100 tasks of 1 us: on 64 threads the call costs more than it saves when others come only after 50 us.
    const auto result = what_if(flat(std::vector<double>(100, 1e-6)), {.threads = {1, 64}, .costs = {50e-6, 1e-6, 0}});
    REQUIRE(result.points[0].in_order == approx(100e-6));  // alone nothing is handed out
    REQUIRE(result.points[1].in_order > 50e-6);
    REQUIRE(result.burdened_span == approx(50e-6 + 2e-6 + 1e-6));
    // A call of less than inline_call stays with its caller.
    REQUIRE(what_if(flat({1e-6, 1e-6}), {.threads = {2}, .costs = {0, 0, 5e-6}}).points[0].in_order == approx(2e-6));
}

TEST_CASE("what_if takes a recorded run, and predicts what other threads do with it", "[analyze][what_if]") {
    const auto program = [] {
        spin(300);
        for_each_index(6, [](std::size_t i) {
            spin(i == 4 ? 900 : 100);
            for_each_index(2, [](std::size_t) { spin(50); });
        });
        scope([](auto& s) {
            s.spawn([&s] {
                spin(100);
                s.spawn([] { spin(200); });
            });
            spin(50);
        });
    };
    const auto trace = pool(1).install([&] { return record_tasks(program); });
    const auto graph = analyze::graph_of(trace);
    REQUIRE(graph.tasks.size() == 1 + 6 + 6 * 2 + 3);
    REQUIRE(graph.left_out == 0);
    REQUIRE(graph.calls.size() == 1 + 6 + 1);
    const auto result = what_if(graph);
    // Spins last at least as long as asked; the machine may add to them.
    const double work = 1e-6 * (300 + 5 * 100 + 900 + 6 * 100 + 350);
    const double span = 1e-6 * (300 + 900 + 50 + 300);
    REQUIRE(result.work >= work);
    REQUIRE(result.span >= span);
    REQUIRE(result.span < result.work);
    REQUIRE(result.work <= 1e-9 * static_cast<double>(trace.duration));
}

TEST_CASE("what_if refuses what is no graph", "[analyze][what_if][errors]") {
    REQUIRE_THROWS_WITH(what_if(task_graph{}), "times_of: the graph has no tasks");
    REQUIRE_THROWS_WITH(what_if(flat({1}), {.threads = {2, 1025}}), "what_if: threads must be 1 to 1024, got 1025");
    REQUIRE_THROWS_WITH(what_if(flat({1}), {.threads = {0}}), "what_if: threads must be 1 to 1024, got 0");
    REQUIRE_THROWS_WITH(what_if(flat({0, 0})), "what_if: the graph has no work");
    REQUIRE_THROWS_WITH(what_if(flat({-1})), "times_of: task 1: seconds must be finite and >= 0, got -1");
    REQUIRE_THROWS_WITH(what_if(flat({std::numeric_limits<double>::quiet_NaN()})),
                        "times_of: task 1: seconds must be finite and >= 0, got nan");
    task_graph circle = flat({1});
    circle.calls[0].tasks[0] = 0;
    REQUIRE_THROWS_WITH(what_if(circle), "times_of: task 0 must call and spawn tasks behind it, got 0");
    task_graph twice = flat({1});
    twice.calls[0].tasks.push_back(1);
    REQUIRE_THROWS_WITH(what_if(twice), "times_of: each task must be in one call or spawned once; again, got 1");
    task_graph again = flat({1});
    again.tasks[0].steps.push_back({0, 0});
    REQUIRE_THROWS_WITH(what_if(again), "times_of: each call must be made once, by one task; again, got 0");
    REQUIRE_THROWS_WITH(what_if(task_trace{}), "graph_of: the trace has no root; record one function with record_tasks");
    task_trace cut;
    cut.tasks.emplace_back();
    cut.root = 0;
    cut.dropped = 3;
    REQUIRE_THROWS_WITH(what_if(cut), "graph_of: the trace must be whole; tasks and calls dropped for want of room, got 3");
}

// Workloads whose serial part is known, because they spin: what is measured must give it back. Their times hang on the machine, so they run
// in the soak alone, and want it idle.
TEST_CASE("a known serial part comes back within 2 points: from times on 1 and 2 threads, and from a trace on 1",
          "[.soak][soak][analyze]") {
    if (!has_two_cores()) {
        return;
    }
    for (const double serial : {0.0, 0.05, 0.2, 0.5}) {
        const known workload{serial};
        const auto report = analyze::scalability_benchmark({1, 2}, workload, {.repetitions = 20});
        const auto fit = analyze::amdahl_fit(report);
        const auto trace = pool(1).install([&] { return record_tasks(workload); });
        const auto more = analyze::what_if(trace, {.threads = {1, 2}});
        CAPTURE(serial, report.trusted, fit.parallel_fraction, more.serial_part);
        REQUIRE(std::abs((1 - fit.parallel_fraction) - serial) < 0.02);
        REQUIRE(std::abs(more.serial_part - serial) < 0.02);
        // And the trace predicts the time on two threads.
        REQUIRE(std::abs(more.points[1].in_order / report.points[1].median - 1) < 0.1);
    }
}

TEST_CASE("what the machine gives is measured at each count that is asked for", "[analyze][measure_arithmetic][measure_bandwidth]") {
    const auto arithmetic = analyze::measure_arithmetic({2, 1}, {.tasks = 4, .repetitions = 1});
    REQUIRE(arithmetic.size() == 2);
    REQUIRE(arithmetic[0].threads == 2);
    REQUIRE(arithmetic[0].operations_per_second > 1e6);
    const auto memory = analyze::measure_bandwidth({3}, {.bytes = std::size_t{3} << 20, .repetitions = 1});
    REQUIRE(memory.at(0).threads == 3);
    REQUIRE(memory.at(0).bytes_per_second > 1e6);
    REQUIRE_THROWS_WITH(analyze::measure_arithmetic({0}), "measure_arithmetic: threads must be 1 to 1024, got 0");
    REQUIRE_THROWS_WITH(analyze::measure_arithmetic({1}, {.tasks = 0}), "measure_arithmetic: options.tasks must be >= 1, got 0");
    REQUIRE_THROWS_WITH(analyze::measure_bandwidth({1025}), "measure_bandwidth: threads must be 1 to 1024, got 1025");
    REQUIRE_THROWS_WITH(analyze::measure_bandwidth({1}, {.repetitions = 0}), "measure_bandwidth: options.repetitions must be >= 1, got 0");
}

TEST_CASE("recording costs at most 1 % of tasks of 100 us", "[.soak][soak][analyze]") { REQUIRE(analyze::measure_trace_cost() < 1e-6); }

TEST_CASE("what waits for memory is told from what computes", "[.soak][soak][analyze]") {
    if (!has_two_cores()) {
        return;
    }
    const analyze::machine_rates rates{analyze::measure_bandwidth({1, 2}), analyze::measure_arithmetic({1, 2})};
    const std::size_t n = std::size_t{1} << 25;
    const auto a = std::make_unique<double[]>(n);
    const auto b = std::make_unique<double[]>(n);
    const auto stream = [&] {  // nothing but moving
        for_each_index(n / 8192, [&](std::size_t block) { std::copy_n(b.get() + block * 8192, 8192, a.get() + block * 8192); });
        return 0;
    };
    const auto explained = [&](const auto& workload) {
        auto report = analyze::scalability_benchmark({1, 2}, workload, {.repetitions = 20});
        for (int again = 0; again < 5 && !report.trusted; ++again) {  // of times that are not trusted nothing is said
            report = analyze::scalability_benchmark({1, 2}, workload, {.repetitions = 20});
        }
        const auto alone = pool(1).install([&] { return record_tasks(workload); });
        const auto together = pool(2).install([&] { return record_tasks(workload); });
        return analyze::explain_scaling(report, analyze::what_if(alone, {.threads = {1, 2}}),
                                        analyze::times_of(analyze::graph_of(together)).work, rates);
    };
    const auto computes = explained(known{0.0});
    CAPTURE(computes.inflation, computes.measured);
    REQUIRE(computes.limit != analyze::shared_limit::memory);
    const auto waits = explained(stream);
    CAPTURE(waits.inflation, waits.measured, waits.memory_gain, waits.arithmetic_gain);
    // Where two threads get nearly as much more of memory as of arithmetic, nothing waits for it.
    REQUIRE((waits.limit == analyze::shared_limit::memory || waits.memory_gain > 0.9 * waits.arithmetic_gain));
}
