// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/ordered.hpp>

#include "../support/battery.hpp"
#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/life_battery.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <xrayon/exec/pool.hpp>

using namespace xrayon;

namespace {

/// A permutation of 0 ... n - 1, by Fisher and Yates.
std::vector<std::size_t> shuffled(std::size_t n, std::uint64_t seed) {
    std::vector<std::size_t> order(n);
    for (std::size_t i = 0; i < n; ++i) {
        order[i] = i;
    }
    for (std::size_t i = n; i > 1; --i) {
        std::swap(order[i - 1], order[test::mix(seed * 1000 + i) % i]);
    }
    return order;
}

/// The same with item 20 in front, where the battery waits for it.
std::vector<std::size_t> order_for_battery(std::size_t n) {
    auto order = shuffled(n, n);
    if (n > 20) {
        std::iter_swap(order.begin(), std::find(order.begin(), order.end(), std::size_t{20}));
    }
    return order;
}

struct failure {
    std::size_t index;
};

/// One random set of failing items in a random order: what comes out, against a plain loop. Empty when all is well.
std::string compare_with_plain_loop(std::uint64_t seed, const pool& workers) {
    const std::size_t n = 1 + test::mix(seed) % 60;
    const std::uint64_t one_in = 1 + test::mix(seed + 1) % 40;
    const auto fails = [&](std::size_t i) { return test::mix(seed * 4096 + i) % one_in == 0; };
    std::vector<std::size_t> failing;
    for (std::size_t i = 0; i < n; ++i) {
        if (fails(i)) {
            failing.push_back(i);
        }
    }
    const auto order = shuffled(n, seed);
    const on_error policy = static_cast<on_error>(seed % 3);
    run_report report;
    std::vector<std::atomic<int>> ran(n);
    std::vector<std::atomic<int>> ended(n);
    std::vector<std::size_t> got;
    std::string wrong;
    const auto item = [&](std::size_t i) {
        ++ran[i];
        if (test::mix(seed + i) % 8 == 0) {
            std::this_thread::yield();
        }
        if (fails(i)) {
            throw failure{i};
        }
        ++ended[i];
        return std::string(40, static_cast<char>('a' + i % 26));
    };
    try {
        const auto values = workers.install([&] { return map_index_in_order(order, item, {.grain = 1 + seed % 2, .run = {.error = policy, .report = &report}}); });
        for (std::size_t i = 0; i < n; ++i) {
            wrong += values[i] == std::string(40, static_cast<char>('a' + i % 26)) ? "" : "value; ";
        }
    } catch (const failure& error) {
        wrong += policy == on_error::rethrow ? "" : "policy; ";
        got = {error.index};
    } catch (const task_errors& errors) {
        wrong += policy == on_error::collect ? "" : "policy; ";
        for (const item_error& each : errors.errors()) {
            got.push_back(each.index);
        }
    } catch (const task_error& error) {
        wrong += policy == on_error::wrap ? "" : "policy; ";
        got = {error.index()};
    }
    if (policy != on_error::collect && !failing.empty()) {
        failing.resize(1);
    }
    wrong += got == failing ? "" : "failing items; ";
    wrong += report.failed == (failing.empty() ? std::nullopt : std::optional(failing.front())) ? "" : "report.failed; ";
    std::size_t done = 0;
    std::vector<int> completed(n, failing.empty() ? 1 : 0);
    for (const index_block& block : report.completed) {
        std::fill(completed.begin() + static_cast<std::ptrdiff_t>(block.begin), completed.begin() + static_cast<std::ptrdiff_t>(block.end), 1);
    }
    for (std::size_t i = 0; i < n; ++i) {
        done += static_cast<std::size_t>(ended[i]);
        wrong += ran[i] <= 1 ? "" : "ran twice; ";
        wrong += ended[i] == completed[i] ? "" : "report.completed; ";
        const bool must_run = failing.empty() || policy == on_error::collect || i <= failing.front();
        wrong += !must_run || ran[i] == 1 ? "" : "left out; ";
    }
    wrong += report.done == done && report.total == n ? "" : "report.done; ";
    return wrong;
}

void random_failing_sets(std::uint64_t count) {
    for (std::size_t t = 0; t < test::thread_counts.size(); ++t) {
        const pool workers(test::thread_counts[t]);
        for (std::uint64_t number = t; number < count; number += test::thread_counts.size()) {
            const test::random_delays delays(number, 64);
            INFO("threads " << test::thread_counts[t] << ", number " << number);
            REQUIRE(compare_with_plain_loop(test::mix(number), workers).empty());
        }
    }
}

} // namespace

TEST_CASE("map_index_in_order: result i is f(i), in every order", "[par][ordered]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const test::random_delays delays(seed, 8);
            const std::size_t n = seed * 7;
            const auto order = shuffled(n, seed);
            std::vector<std::string> expected;
            for (std::size_t i = 0; i < n; ++i) {
                expected.push_back(std::to_string(i * i));
            }
            const auto got = workers.install([&] { return map_index_in_order(order, [](std::size_t i) { return std::to_string(i * i); }); });
            REQUIRE(std::vector<std::string>(got.begin(), got.end()) == expected);
        }
    }
}

TEST_CASE("map_index_in_order: on one thread items run in the order that was asked for", "[par][ordered]") {
    const pool alone(1);
    const auto order = shuffled(50, 3);
    std::vector<std::size_t> ran;
    alone.install([&] { for_each_index_in_order(order, [&](std::size_t i) { ran.push_back(i); }); });
    REQUIRE(ran == order);
}

TEST_CASE("map_index_in_order: random failing sets end as in a plain loop", "[par][ordered][errors]") { random_failing_sets(600); }
TEST_CASE("map_index_in_order: random failing sets end as in a plain loop, ten thousand times", "[.soak][soak][par][ordered]") {
    random_failing_sets(10'000);
}

TEST_CASE("battery: map_index_in_order", "[par][ordered][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"map_index_in_order",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           auto out = map_index_in_order(order_for_battery(input.size()), [&](std::size_t i) { return f(input[i]); },
                                                         {.grain = grain, .run = run});
                           return std::vector<double>(out.begin(), out.end());
                       },
                       test::mapped});
}

TEST_CASE("battery: for_each_index_in_order", "[par][ordered][battery]" XRAYON_BATTERY_ROWS) {
    test::run_battery({"for_each_index_in_order",
                       [](const auto& input, const auto& f, auto grain, const auto& run) {
                           std::vector<double> out(input.size());
                           for_each_index_in_order(order_for_battery(input.size()), [&](std::size_t i) { out[i] = f(input[i]); },
                                                   {.grain = grain, .run = run});
                           return out;
                       },
                       test::mapped});
}

TEST_CASE("lives: map_index_in_order", "[par][ordered][lives]") {
    test::run_life_battery([](std::size_t n, const auto& f, auto grain, const auto& run) {
        return map_index_in_order(shuffled(n, 5), f, {.grain = grain, .run = run});
    });
}

TEST_CASE("map_index_in_order: a call inside an item above the failure is cancelled, one below it runs to its end", "[par][ordered][nesting]") {
    // Items 9 and 2 begin first. 5 fails while both are in a call of their own: 9 must be cut short, 2 must not.
    const std::vector<std::size_t> order{9, 2, 5, 0, 1, 3, 4, 6, 7, 8};
    const pool workers(3);
    std::atomic<int> inside{0};
    std::atomic<bool> failed{false};
    std::atomic<bool> cut_short{false};
    std::atomic<bool> whole{false};
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const auto patient = [give_up] { return std::chrono::steady_clock::now() < give_up; };
    std::string path;
    std::mutex path_mutex;
    REQUIRE_THROWS_WITH(workers.install([&] {
        for_each_index_in_order(
            order,
            [&](std::size_t i) {
                if (i == 5) {
                    while (inside < 2 && patient()) {
                        std::this_thread::yield();
                    }
                    failed = true;
                    throw std::runtime_error("five");
                }
                if (i == 9 || i == 2) {
                    ++inside;
                    try {
                        // Of one item, so that it takes no other thread: all three are needed out there.
                        for_each_index(1, [&](std::size_t) {
                            if (i == 9) {
                                const std::lock_guard lock(path_mutex);
                                path = call_path(current_call());
                            }
                            while (!failed && patient()) {
                                std::this_thread::yield();
                            }
                            while (i == 9 && !is_cancelled(current_call()) && patient()) {
                                std::this_thread::yield();
                            }
                            for_each_index(5, [](std::size_t) {});
                        });
                        if (i == 2) {
                            whole = true;
                        }
                    } catch (const cancelled& end) {
                        cut_short = i == 9 && end.reason() == cancel_reason::outer_call;
                        throw;
                    }
                }
            },
            {.grain = 1});
    }),
                        "five");
    REQUIRE(cut_short);
    REQUIRE(whole);
    REQUIRE(path == "for_each_index_in_order[9] > for_each_index[0]");
}

TEST_CASE("map_index_in_order: a stop ends calls inside items too, and says what the user asked for", "[par][ordered][nesting]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::stop_source stop;
        const auto order = shuffled(40, threads);
        std::atomic<int> others{0};
        try {
            workers.install([&] {
                for_each_index_in_order(
                    order,
                    [&](std::size_t) {
                        stop.request_stop();
                        for_each_index(10, [&](std::size_t) { ++others; });
                    },
                    {.grain = 1, .run = {.stop = stop.get_token(), .label = "plan"}});
            });
            FAIL("not stopped");
        } catch (const cancelled& end) {
            REQUIRE(end.reason() == cancel_reason::stop_requested);
            REQUIRE(std::string(end.what()) == "plan: stop requested, 0 of 40 done");
        }
        REQUIRE(others == 0);
    }
}

TEST_CASE("map_index_in_order: a deadline is the reason also when a call inside an item meets it first", "[par][ordered][nesting]") {
    for (const std::size_t threads : {1u, 2u, 5u}) {
        const pool workers(threads);
        for (int round = 0; round < 20; ++round) {
            try {
                workers.install([&] {
                    for_each_index_in_order(
                        shuffled(6, 1),
                        [&](std::size_t) {
                            for (;;) {
                                for_each_index(3, [](std::size_t) {});
                            }
                        },
                        {.run = {.deadline = std::chrono::milliseconds(1)}});
                });
                FAIL("not stopped");
            } catch (const cancelled& end) {
                REQUIRE(end.reason() == cancel_reason::deadline);
                REQUIRE(end.done() == 0);
            }
        }
    }
}

TEST_CASE("map_index_in_order: hooks and progress are told indices and counts, not ranks", "[par][ordered]") {
    struct hook final : item_hook {
        std::mutex mutex;
        std::vector<std::size_t> began;
        item_hook* before_one = set_item_hook(this);
        ~hook() { set_item_hook(before_one); }
        void before(const call_frame& frame) noexcept override {
            const std::lock_guard lock(mutex);
            began.push_back(frame.index);
        }
        void after(const call_frame&) noexcept override {}
    };
    const pool alone(1);
    const auto order = shuffled(30, 8);
    {
        hook seen;
        alone.install([&] { for_each_index_in_order(order, [](std::size_t) {}); });
        REQUIRE(seen.began == order);
    }
    std::size_t done = 0;
    std::size_t most = 0;
    std::size_t inner_calls = 0;
    for_each_index_in_order(
        order, [&](std::size_t) { for_each_index(2, [](std::size_t) {}, {.run = {.on_progress = [&](const progress_state&) { ++inner_calls; }}}); },
        {.run = {.on_progress = [&](const progress_state& state) {
                     done = state.done;
                     most = std::max(most, state.done);
                 }}});
    REQUIRE(done == 30);
    REQUIRE(most == 30);
    REQUIRE(inner_calls == 0);  // the outermost call's items are the ones that are counted
}

TEST_CASE("map_index_in_order: says which entry makes the order none", "[par][ordered][errors]") {
    std::atomic<int> calls{0};
    const auto f = [&](std::size_t i) {
        ++calls;
        return i;
    };
    REQUIRE_THROWS_WITH((void)map_index_in_order(std::vector<std::size_t>{0, 1, 1}, f), "map_index_in_order: order must hold each of 0 ... 2 once, got 1");
    REQUIRE_THROWS_WITH((void)map_index_in_order(std::vector<std::size_t>{0, 3, 1}, f), "map_index_in_order: order must hold each of 0 ... 2 once, got 3");
    REQUIRE_THROWS_WITH(for_each_index_in_order(std::vector<std::size_t>{7}, f, {.run = {.label = "job"}}), "job: order must hold each of 0 ... 0 once, got 7");
    REQUIRE(calls == 0);
    REQUIRE(map_index_in_order(std::vector<std::size_t>{}, f).empty());
}
