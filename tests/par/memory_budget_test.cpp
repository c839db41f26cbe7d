// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/index.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <xrayon/par/ordered.hpp>
#include <xrayon/par/scope.hpp>
#include <xrayon/par/sequence.hpp>

using namespace xrayon;

namespace {

/// What runs, and the most of it that ever ran at once.
class gauge {
public:
    void begin(std::size_t bytes) { raise(bytes_most, bytes_ += bytes); raise(items_most, ++items_); }
    void end(std::size_t bytes) {
        bytes_ -= bytes;
        --items_;
    }
    std::atomic<std::size_t> bytes_most{0};
    std::atomic<std::size_t> items_most{0};

private:
    static void raise(std::atomic<std::size_t>& most, std::size_t now) {
        for (std::size_t seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
    }
    std::atomic<std::size_t> bytes_{0};
    std::atomic<std::size_t> items_{0};
};

class in_flight {
public:
    in_flight(gauge& of, std::size_t bytes) : of_(of), bytes_(bytes) { of_.begin(bytes); }
    ~in_flight() { of_.end(bytes_); }
    in_flight(const in_flight&) = delete;
    in_flight& operator=(const in_flight&) = delete;

private:
    gauge& of_;
    std::size_t bytes_;
};

/// Waits until `there` holds, for two seconds at most.
template <class F>
bool comes_true(const F& there) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (!there()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

} // namespace

TEST_CASE("memory budget: what runs at once never needs more, and results are the same", "[par][memory_budget]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::size_t seed = 0; seed < 40; ++seed) {
            const test::random_delays delays(seed, 4);
            const std::size_t budget = 100 + test::mix(seed) % 400;
            const std::size_t n = test::mix(seed + 7) % 120;
            const auto bytes_of = [&](std::size_t i) { return test::mix(i + 1000 * seed) % (budget + 1); };
            const run_options run{.memory_budget = budget, .item_bytes = bytes_of};
            gauge running;
            const auto item = [&](std::size_t i) {
                const in_flight here(running, bytes_of(i));
                return 0.1 * static_cast<double>(i);
            };
            std::vector<double> expected(n);
            for (std::size_t i = 0; i < n; ++i) {
                expected[i] = 0.1 * static_cast<double>(i);
            }
            run_report report;
            run_options reported = run;
            reported.report = &report;
            const auto mapped = workers.install([&] { return map_index(n, item, {.run = reported}); });
            REQUIRE(std::vector<double>(mapped.begin(), mapped.end()) == expected);
            REQUIRE(report.done == n);
            REQUIRE(report.threads <= threads);
            std::atomic<std::size_t> calls{0};
            workers.install([&] { for_each_index(n, [&](std::size_t i) { static_cast<void>(item(i)), ++calls; }, {.run = run}); });
            REQUIRE(calls == n);
            const auto leaf = [&](std::size_t begin, std::size_t end) {
                double sum = 0;
                for (std::size_t i = begin; i < end; ++i) {
                    sum += item(i);
                }
                return sum;
            };
            const double folded = workers.install([&] { return fold_index(n, 3, leaf, std::plus<>{}, {.run = run}); });
            REQUIRE(folded == pool(1).install([&] { return fold_index(n, 3, leaf, std::plus<>{}); }));
            const double sum = workers.install([&] { return par(iota(n)).map(item).with({.run = run}).sum(); });
            REQUIRE(sum == par(iota(n)).map([](std::size_t i) { return 0.1 * static_cast<double>(i); }).sum());
            std::vector<std::size_t> order(n);
            std::iota(order.rbegin(), order.rend(), std::size_t{0});
            const auto ordered = workers.install([&] { return map_index_in_order(order, item, {.run = run}); });
            REQUIRE(std::vector<double>(ordered.begin(), ordered.end()) == expected);
            REQUIRE(running.bytes_most <= budget);
            REQUIRE(running.items_most <= threads);
        }
    }
}

TEST_CASE("memory budget: threads that had to leave are called again once there is room", "[par][memory_budget]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        // A call to a worker that is just falling asleep may be missed (oneTBB's spawn allows that), so not in each and every round.
        int met_in_time = 0;
        for (int round = 0; round < 20; ++round) {
            // One item that needs everything, then as many as there are threads, each of which waits for all of the others; twice.
            const std::size_t group = threads + 1;
            std::vector<std::atomic<std::size_t>> met(2);
            std::atomic<bool> alone{true};
            gauge running;
            const auto bytes_of = [&](std::size_t i) { return i % group == 0 ? threads * 10 : 10; };
            workers.install([&] {
                for_each_index(
                    2 * group,
                    [&](std::size_t i) {
                        const in_flight here(running, bytes_of(i));
                        if (i % group != 0) {
                            ++met[i / group];
                            if (!comes_true([&] { return met[i / group] == threads; })) {
                                alone = false;
                            }
                        }
                    },
                    {.run = {.memory_budget = threads * 10, .item_bytes = bytes_of}});
            });
            REQUIRE(running.bytes_most == threads * 10);
            REQUIRE(running.items_most <= threads);
            met_in_time += alone && running.items_most == threads ? 1 : 0;
        }
        REQUIRE(met_in_time >= 10);
    }
}

TEST_CASE("memory budget: the outermost call that has one keeps it", "[par][memory_budget]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        gauge outer;
        std::atomic<std::size_t> inner_calls{0};
        const auto ten = [](std::size_t) { return std::size_t{10}; };
        workers.install([&] {
            for_each_index(
                30,
                [&](std::size_t) {
                    const in_flight here(outer, 10);
                    // This budget would be too small for any item: it is not asked.
                    for_each_index(20, [&](std::size_t) { ++inner_calls; }, {.run = {.memory_budget = 5, .item_bytes = ten}});
                },
                {.run = {.memory_budget = 25, .item_bytes = ten}});
        });
        REQUIRE(outer.bytes_most <= 20);
        REQUIRE(inner_calls == 600);
        // Without one around it, it is.
        workers.install([&] {
            for_each_index(3, [&](std::size_t) {
                gauge mine;
                for_each_index(10, [&](std::size_t) { const in_flight here(mine, 10); }, {.run = {.memory_budget = 10, .item_bytes = ten}});
                if (mine.items_most != 1) {
                    throw std::runtime_error("two at once");
                }
            });
        });
    }
}

TEST_CASE("memory budget: the exception is that of the lowest failing item, as in a plain loop", "[par][memory_budget]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::size_t seed = 0; seed < 60; ++seed) {
            const test::random_delays delays(seed, 8);
            const std::size_t n = 1 + test::mix(seed) % 60;
            const auto fails = [&](std::size_t i) { return test::mix(i * 31 + seed) % 10 == 0; };
            const auto bytes_of = [&](std::size_t i) { return test::mix(i + seed) % 50; };
            std::size_t lowest = 0;
            while (lowest < n && !fails(lowest)) {
                ++lowest;
            }
            std::vector<std::atomic<int>> calls(n);
            for (const on_error error : {on_error::rethrow, on_error::collect}) {
                run_report report;
                std::string text = "none";
                std::size_t failures = 0;
                try {
                    workers.install([&] {
                        for_each_index(
                            n,
                            [&](std::size_t i) {
                                ++calls[i];
                                if (fails(i)) {
                                    throw std::runtime_error(std::to_string(i));
                                }
                            },
                            {.run = {.memory_budget = 60, .item_bytes = bytes_of, .error = error, .report = &report}});
                    });
                } catch (const task_errors& all) {
                    text = std::to_string(all.errors().front().index);
                    failures = all.errors().size();
                } catch (const std::runtime_error& one) {
                    text = one.what();
                }
                REQUIRE(text == (lowest == n ? "none" : std::to_string(lowest)));
                REQUIRE(report.failed == (lowest == n ? std::nullopt : std::optional(lowest)));
                std::size_t listed = 0;
                for (const index_block& block : report.completed) {
                    listed += block.size();
                }
                REQUIRE((lowest == n || listed == report.done));
                if (error == on_error::collect && lowest != n) {
                    REQUIRE(report.done + failures == n);
                }
                for (std::size_t i = 0; i <= lowest && i < n; ++i) {
                    REQUIRE(calls[i] >= 1);
                }
            }
        }
    }
}

TEST_CASE("memory budget: stop token and searches end it", "[par][memory_budget]") {
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            std::stop_source stop;
            const auto one = [](std::size_t) { return std::size_t{1}; };
            std::atomic<std::size_t> done{0};
            const auto item = [&](std::size_t i) {
                ++done;
                if (i == 20) {
                    stop.request_stop();
                }
            };
            run_report report;
            REQUIRE_THROWS_AS(for_each_index(100'000, item, {.run = {.stop = stop.get_token(), .memory_budget = 3, .item_bytes = one, .report = &report}}), cancelled);
            REQUIRE(report.done == done);
            REQUIRE(done < 100'000);
            REQUIRE(par(iota(std::size_t{100'000})).with({.run = {.memory_budget = 3, .item_bytes = one}}).find_first([](std::size_t i) { return i % 70 == 69; }) == 69);
        });
    }
}

TEST_CASE("memory budget: says what is wrong before anything runs", "[par][memory_budget][errors]") {
    std::atomic<bool> ran{false};
    const auto item = [&](std::size_t) { ran = true; };
    const auto big = [](std::size_t i) { return i == 17 ? std::size_t{5000} : std::size_t{10}; };
    REQUIRE_THROWS_WITH(for_each_index(20, item, {.run = {.memory_budget = 4096, .item_bytes = big}}),
                        "for_each_index: item 17 must fit into options.run.memory_budget (4096 bytes), got 5000");
    REQUIRE_THROWS_WITH(for_each_index(20, item, {.run = {.memory_budget = 4096, .item_bytes = big, .label = "fit"}}),
                        "fit: item 17 must fit into options.run.memory_budget (4096 bytes), got 5000");
    REQUIRE_THROWS_WITH(for_each_index(20, item, {.run = {.memory_budget = 4096}}),
                        "for_each_index: options.run.memory_budget needs options.run.item_bytes to say what items need, got 4096");
    const auto unknown = [](std::size_t i) { return i < 5 ? std::size_t{1} : throw std::runtime_error("no size of " + std::to_string(i)); };
    REQUIRE_THROWS_WITH(for_each_index(20, item, {.run = {.memory_budget = 4096, .item_bytes = unknown}}), "no size of 5");
    REQUIRE_THROWS_WITH(scope([](auto&) {}, {.memory_budget = 1}), "scope: options.memory_budget must be 0: nobody knows what tasks need, got 1");
    REQUIRE_FALSE(ran);
    for_each_index(17, item, {.run = {.memory_budget = 4096, .item_bytes = big}});
    REQUIRE(ran);
}

TEST_CASE("memory budget: searches from the back ask what the items need that they come to", "[par][memory_budget]") {
    const std::size_t n = 400;
    const auto needs = [](std::size_t i) { return i < 200 ? std::size_t{10} : std::size_t{100}; };
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        gauge seen;
        loop_options options;
        options.run.memory_budget = 100;
        options.run.item_bytes = needs;
        const auto matches = [&](std::size_t i) {
            const in_flight here(seen, needs(i));
            for (int k = 0; k < 20; ++k) {
                std::this_thread::yield();
            }
            return i == 3;
        };
        REQUIRE(workers.install([&] { return par(iota(n)).with(options).find_last(matches); }) == 3);
        REQUIRE(workers.install([&] { return par(iota(n)).with(options).position_last(matches); }) == 3);
        REQUIRE(workers.install([&] {
            return par(iota(n)).with(options).find_map_last([&](std::size_t i) { return matches(i) ? std::optional(i) : std::nullopt; });
        }) == 3);
        REQUIRE(seen.bytes_most <= 100);
    }
}
