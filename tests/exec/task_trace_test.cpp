// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/task_trace.hpp>

#include "../support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "../support/thread_counts.hpp"
#include <xrayon/exec/call_summary.hpp>
#include <xrayon/exec/chrome_trace.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/par/scope.hpp>
#include <xrayon/par/spawn.hpp>

using namespace xrayon;

namespace {

void spin(double microseconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double, std::micro>(microseconds);
    while (std::chrono::steady_clock::now() < end) {}
}

std::vector<std::size_t> calls_named(const task_trace& trace, const std::string& name) {
    std::vector<std::size_t> found;
    for (std::size_t c = 0; c < trace.calls.size(); ++c) {
        if (trace.calls[c].name == name) {
            found.push_back(c);
        }
    }
    return found;
}

/// How often each item of a call is in a task.
std::vector<int> covered(const task_trace& trace, std::size_t call) {
    std::vector<int> times(trace.calls[call].items, 0);
    for (const traced_task& task : trace.tasks) {
        for (std::size_t i = task.begin; task.call == call && i < task.end; ++i) {
            ++times.at(i);
        }
    }
    return times;
}

} // namespace

TEST_CASE("record_tasks has every call, and every item in one task, at every thread count", "[exec][trace]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    std::atomic<int> sum{0};
    const auto program = [&] {
        for_each_index(7,
                       [&](std::size_t) {
                           for_each_index(1000, [&](std::size_t) { sum.fetch_add(1, std::memory_order_relaxed); },
                                          {.run = {.label = "inner"}});
                       },
                       {.run = {.label = "outer"}});
    };
    const task_trace trace = pool(threads).install([&] { return record_tasks(program); });
    REQUIRE(sum == 7000);
    REQUIRE(trace.dropped == 0);
    const auto outer = calls_named(trace, "outer");
    const auto inner = calls_named(trace, "inner");
    REQUIRE(outer.size() == 1);
    REQUIRE(inner.size() == 7);
    REQUIRE(trace.calls.size() == 8);
    REQUIRE(trace.calls[outer[0]].parent == trace.root);
    REQUIRE(trace.calls[outer[0]].threads == threads);
    REQUIRE(covered(trace, outer[0]) == std::vector<int>(7, 1));
    std::set<std::size_t> parents;
    for (const std::size_t c : inner) {
        REQUIRE(covered(trace, c) == std::vector<int>(1000, 1));
        const traced_task& parent = trace.tasks.at(trace.calls[c].parent);
        REQUIRE(parent.call == outer[0]);
        REQUIRE(parent.start <= trace.calls[c].start);
        REQUIRE(parent.stop >= trace.calls[c].stop);
        REQUIRE(parent.thread == trace.calls[c].thread);
        parents.insert(trace.calls[c].parent);
    }
    for (const traced_task& task : trace.tasks) {
        REQUIRE(task.start <= task.stop);
        REQUIRE(task.stop <= trace.duration);
        REQUIRE(task.thread < trace.threads.size());
    }
    REQUIRE(std::is_sorted(trace.tasks.begin(), trace.tasks.end(), [](const auto& a, const auto& b) { return a.start < b.start; }));
}

TEST_CASE("a trace knows who spawned a scope's tasks", "[exec][trace]") {
    const task_trace trace = pool(2).install([] {
        return record_tasks([] {
            scope([](auto& s) {
                s.spawn([&s] { s.spawn([] { spin(10); }); });
                s.spawn([] { spin(10); });
            });
        });
    });
    const auto scopes = calls_named(trace, "scope");
    REQUIRE(scopes.size() == 1);
    std::size_t bodies = 0;
    std::size_t by_body = 0;
    std::size_t by_task = 0;
    for (const traced_task& task : trace.tasks) {
        if (task.call != scopes[0]) {
            continue;
        }
        if (task.spawner == no_trace_index) {
            ++bodies;
            continue;
        }
        const traced_task& spawner = trace.tasks.at(task.spawner);
        REQUIRE(spawner.start <= task.spawned);
        REQUIRE(task.spawned <= task.start);
        ++(spawner.spawner == no_trace_index ? by_body : by_task);
    }
    REQUIRE(bodies == 1);
    REQUIRE(by_body == 2);
    REQUIRE(by_task == 1);
}

TEST_CASE("recordings may overlap, end by exception and follow each other", "[exec][trace]") {
    const auto loop = [] { for_each_index(3, [](std::size_t) {}); };
    loop();
    trace_recording first;
    loop();
    trace_recording second;
    loop();
    REQUIRE(second.finish().calls.size() == 1);
    loop();
    const task_trace all = first.finish();
    REQUIRE(all.calls.size() == 3);
    REQUIRE(all.root == no_trace_index);
    loop();
    REQUIRE(trace_recording().finish().calls.empty());
    REQUIRE_THROWS_AS(record_tasks([&] {
                          for_each_index(3, [](std::size_t i) {
                              if (i == 1) {
                                  throw std::runtime_error("item 1");
                              }
                          });
                      }),
                      std::runtime_error);
    const task_trace after = record_tasks(loop);
    REQUIRE(after.calls.size() == 1);
    REQUIRE(after.root == 0);
    REQUIRE_FALSE(detail::is_tracing());
}

TEST_CASE("a trace has the calls of other threads, and spawned tasks", "[exec][trace]") {
    pool workers(2);
    const task_trace trace = record_tasks([&] {
        std::thread([] { for_each_index(3, [](std::size_t) {}, {.run = {.label = "elsewhere"}}); }).join();
        workers.spawn([] { spin(20); });
        workers.wait_spawned();
    });
    const auto elsewhere = calls_named(trace, "elsewhere");
    REQUIRE(elsewhere.size() == 1);
    REQUIRE(trace.calls[elsewhere[0]].parent == no_trace_index);
    REQUIRE(trace.calls[elsewhere[0]].thread != 0);
    const auto spawned =
        std::count_if(trace.tasks.begin(), trace.tasks.end(), [](const auto& task) { return task.call == no_trace_index; });
    REQUIRE(spawned == 2);  // and the root
}

TEST_CASE("a call that outlives its recording is in no later one", "[exec][trace]") {
    std::atomic<int> stage{0};
    trace_recording first;
    std::thread outer([&] {
        pool(1).install([&] {
            for_each_index(3,
                           [&](std::size_t i) {
                               if (i == 0) {
                                   stage = 1;
                                   while (stage != 2) {
                                       std::this_thread::yield();
                                   }
                               }
                               for_each_index(2, [](std::size_t) {}, {.run = {.label = "inner"}});
                           },
                           {.grain = 1, .run = {.label = "outer"}});
        });
    });
    while (stage != 1) {
        std::this_thread::yield();
    }
    REQUIRE(calls_named(first.finish(), "outer").size() == 1);
    trace_recording second;
    stage = 2;
    outer.join();
    const task_trace trace = second.finish();
    REQUIRE(calls_named(trace, "outer").empty());
    REQUIRE(calls_named(trace, "inner").size() == 3);
    for (const traced_task& task : trace.tasks) {
        REQUIRE(task.call != no_trace_index);
        REQUIRE(trace.calls.at(task.call).name == "inner");
        REQUIRE(trace.calls.at(task.call).parent == no_trace_index);
        REQUIRE(task.within == no_trace_index);
    }
    for_each_index(3, [](std::size_t) {});
    REQUIRE_FALSE(detail::is_tracing());
}

TEST_CASE("a child that was forked in a recording begins anew", "[exec][trace]") {
    trace_recording parents;
    const ::pid_t child = ::fork();
    if (child == 0) {
        const task_trace own = pool(1).install([] { return record_tasks([] { for_each_index(100, [](std::size_t) {}, {.grain = 1}); }); });
        const bool whole = own.calls.size() == 1 && own.tasks.size() == 101 && parents.finish().calls.empty();
        std::_Exit(whole ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) == 0);
    for_each_index(2, [](std::size_t) {});
    REQUIRE(parents.finish().calls.size() == 1);
}

TEST_CASE("a thread keeps a million tasks of a recording and counts the others", "[exec][trace]") {
    const task_trace trace = pool(1).install(
        [] { return record_tasks([] { for_each_index(detail::trace_lane_room + 100, [](std::size_t) {}, {.grain = 1}); }); });
    REQUIRE(trace.tasks.size() == detail::trace_lane_room);
    REQUIRE(trace.dropped == 101);  // with the root
    REQUIRE(record_tasks([] {}).dropped == 0);
}

TEST_CASE("summarize_calls adds up what threads did", "[exec][trace]") {
    // By hand: call 0 of 4 items on two threads from 0 to 100 ns: thread 0 has items 0 (0-40, of which a nested call takes 10 to 30) and 2
    // (50-60), thread 1 items 1 (20-90) and 3 (90-96). Call 1, in item 0, has one task from 12 to 30.
    task_trace trace;
    trace.threads = {"a", "b"};
    trace.duration = 100;
    trace.calls = {{"outer", 4, 2, no_trace_index, 0, 0, 100}, {"inner", 2, 2, 0, 0, 10, 30}};
    trace.tasks = {{0, 0, 1, 0, 0, 40}, {1, 0, 2, 0, 12, 30, 0}, {0, 1, 2, 1, 20, 90}, {0, 2, 3, 0, 50, 60}, {0, 3, 4, 1, 90, 96}};
    const auto all = summarize_calls(trace);
    REQUIRE(all.size() == 2);
    const call_summary& outer = all[0];
    REQUIRE(outer.name == "outer");
    REQUIRE(outer.calls == 1);
    REQUIRE(outer.items == 4);
    REQUIRE(outer.tasks == 4);
    REQUIRE(outer.wall == test::approx(100e-9));
    REQUIRE(outer.work == test::approx((20 + 18 + 70 + 10 + 6) * 1e-9));
    REQUIRE(outer.mean_cores == test::approx(1.24));
    REQUIRE(outer.item_max == test::approx(70e-9));
    REQUIRE(outer.item_median == test::approx(10e-9));  // of 6, 10, 40, 70 half the items are at most 10
    REQUIRE(outer.item_p95 == test::approx(70e-9));
    REQUIRE(outer.imbalance == test::approx((76.0 - 50) / 63));
    // Spans 0-60 and 20-96, in them 50 and 76; the first task began at once.
    REQUIRE(outer.scheduling_share == test::approx(1 - 126.0 / 136));
    REQUIRE(all[1].item_max == test::approx(9e-9));
    REQUIRE(all[1].imbalance == 0);
    REQUIRE(all[1].scheduling_share == test::approx(1 - 18.0 / 20));
}

TEST_CASE("a foreign task that is taken up in a call is taken off once", "[exec][trace]") {
    // Item 0 of "outer" from 0 to 100 makes a call from 20 to 60; its thread does a spawned task from 30 to 70 meanwhile.
    task_trace trace;
    trace.threads = {"a"};
    trace.duration = 100;
    trace.calls = {{"outer", 1, 1, no_trace_index, 0, 0, 100}, {"inner", 1, 1, 0, 0, 20, 60}};
    trace.tasks = {{0, 0, 1, 0, 0, 100}, {1, 0, 1, 0, 20, 28, 0}, {no_trace_index, 0, 1, 0, 30, 70, 0}};
    const auto own = own_times(trace);
    REQUIRE(own == std::vector<std::int64_t>{50, 8, 40});
}

TEST_CASE("write_chrome_trace writes JSON with a slice for each call and task", "[exec][trace]") {
    const task_trace trace = pool(2).install(
        [] { return record_tasks([] { for_each_index(3, [](std::size_t) { spin(5); }, {.run = {.label = "a \"b\"\n"}}); }); });
    std::string text;
    write_chrome_trace(
        trace, [&](std::string_view piece) { text += piece; }, 77);
    const auto json = nlohmann::json::parse(text);
    std::size_t calls = 0;
    std::size_t tasks = 0;
    std::size_t names = 0;
    for (const auto& event : json.at("traceEvents")) {
        REQUIRE(event.at("pid") == 77);
        if (event.at("ph") == "M") {
            ++names;
            continue;
        }
        REQUIRE(event.at("ph") == "X");
        REQUIRE(event.at("dur").get<double>() >= 0);
        ++(event.at("cat") == "call" ? calls : tasks);
    }
    REQUIRE(calls == 1);
    REQUIRE(tasks == trace.tasks.size());
    REQUIRE(names == trace.threads.size() + 1);
    REQUIRE(json.at("traceEvents").at(names).at("name") == "a \"b\"\n");
    REQUIRE(json.at("traceEvents").at(names).at("args").at("items") == 3);
    REQUIRE(json.at("xrayon").at("root") == 1);
    REQUIRE(json.at("xrayon").at("dropped") == 0);
}
