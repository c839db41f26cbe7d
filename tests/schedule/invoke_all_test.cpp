// SPDX-License-Identifier: Apache-2.0
#include <xrayon/schedule/invoke_all.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/schedule/cost_model.hpp>

using namespace xrayon;

namespace {

struct failure {
    std::size_t index;
};

/// The options that say something about cost, made from a seed: none, a list, a function, a model that knows nothing, one that is wrong.
struct hints {
    explicit hints(std::uint64_t seed, std::size_t n) {
        std::vector<double> costs;
        for (std::size_t i = 0; i < n; ++i) {
            costs.push_back(static_cast<double>(test::mix(seed + i) % 7));
        }
        const std::uint64_t kind = seed % 5;
        if (kind == 1) {
            options.costs = costs;
        } else if (kind == 2) {
            options.costs = [costs](std::size_t i) { return costs[i]; };
        } else if (kind >= 3) {
            options.model = &model;
            options.key = "hints";
            options.balance = &balance;
            if (kind == 4) {
                options.costs = costs;
                for (std::size_t i = 0; i < n; i += 2) {
                    model.observe("hints", i, 1, costs[n - 1 - i]);
                }
            }
        }
    }
    hints(const hints&) = delete;
    cost_model model;
    balance_stats balance;
    invoke_options options;
};

/// One random set of failing tasks with random hints, against a plain loop. Empty when all is well.
std::string compare_with_plain_loop(std::uint64_t seed, const pool& workers) {
    const std::size_t n = test::mix(seed) % 40;
    const std::uint64_t one_in = 1 + test::mix(seed + 1) % 30;
    const auto fails = [&](std::size_t i) { return test::mix(seed * 4096 + i) % one_in == 0; };
    std::vector<std::atomic<int>> ran(n);
    std::vector<std::function<std::string()>> tasks;
    std::vector<std::size_t> failing;
    for (std::size_t i = 0; i < n; ++i) {
        if (fails(i)) {
            failing.push_back(i);
        }
        tasks.push_back([&, i] {
            ++ran[i];
            return fails(i) ? throw failure{i} : std::to_string(i) + " of the tasks";
        });
    }
    hints hint(seed, n);
    run_report report;
    hint.options.run.error = static_cast<on_error>(seed / 5 % 3);
    hint.options.run.report = &report;
    std::string wrong;
    std::vector<std::size_t> got;
    try {
        const auto values = workers.install([&] { return invoke_all(tasks, hint.options); });
        for (std::size_t i = 0; i < n; ++i) {
            wrong += values[i] == std::to_string(i) + " of the tasks" ? "" : "value; ";
        }
    } catch (const failure& error) {
        got = {error.index};
    } catch (const task_errors& errors) {
        for (const item_error& each : errors.errors()) {
            got.push_back(each.index);
        }
    } catch (const task_error& error) {
        got = {error.index()};
    }
    if (hint.options.run.error != on_error::collect && !failing.empty()) {
        failing.resize(1);
    }
    wrong += got == failing ? "" : "failing tasks; ";
    wrong += report.failed == (failing.empty() ? std::nullopt : std::optional(failing.front())) ? "" : "report.failed; ";
    wrong += failing.empty() || report.path == "invoke_all[" + std::to_string(failing.front()) + "]" ? "" : "report.path; ";
    for (std::size_t i = 0; i < n; ++i) {
        wrong += ran[i] <= 1 ? "" : "ran twice; ";
        wrong += ran[i] == 1 || (!failing.empty() && i > failing.front()) ? "" : "left out; ";
    }
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

/// The tasks in the order in which one thread ran them.
std::vector<std::size_t> order_alone(std::size_t n, const invoke_options& options) {
    const pool alone(1);
    std::vector<std::size_t> ran;
    std::vector<std::function<void()>> tasks;
    for (std::size_t i = 0; i < n; ++i) {
        tasks.push_back([&ran, i] { ran.push_back(i); });
    }
    alone.install([&] { return invoke_all(tasks, options); });
    return ran;
}

} // namespace

TEST_CASE("invoke_all: gives the results of unlike functions as a tuple, in input order", "[schedule][invoke_all]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t seed = 0; seed < 10; ++seed) {
            const test::random_delays delays(seed, 2);
            hints hint(seed, 5);
            int calls = 0;
            const auto f = [] { return std::string("first"); };
            const std::vector<int> kept{1, 2, 3};
            auto results = workers.install([&] {
                return invoke_all(
                    hint.options, f, [&calls]() mutable { ++calls; }, [] { return std::make_unique<int>(7); }, [&]() -> const std::vector<int>& { return kept; },
                    [] { return 2.5f; });
            });
            static_assert(std::same_as<decltype(results), std::tuple<std::string, no_value, std::unique_ptr<int>, std::vector<int>, float>>);
            REQUIRE(std::get<0>(results) == "first");
            REQUIRE(calls == 1);
            REQUIRE(*std::get<2>(results) == 7);
            REQUIRE(std::get<3>(results) == kept);
            REQUIRE(std::get<4>(results) == 2.5f);
        }
    }
    REQUIRE(invoke_all([] { return 1; }, [] { return 2; }) == std::tuple(1, 2));
    REQUIRE(invoke_all({.costs = {1, 2}}, [] { return 1; }, [] { return 2; }) == std::tuple(1, 2));
}

TEST_CASE("invoke_all: gives the results of a range of tasks, in input order", "[schedule][invoke_all]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const test::random_delays delays(seed, 4);
            const std::size_t n = seed * 3;
            hints hint(seed, n);
            std::vector<std::function<std::size_t()>> tasks;
            std::vector<std::size_t> expected;
            for (std::size_t i = 0; i < n; ++i) {
                tasks.push_back([i] { return i * i; });
                expected.push_back(i * i);
            }
            const auto got = workers.install([&] { return invoke_all(tasks, hint.options); });
            static_assert(std::same_as<decltype(got), const results<std::size_t>>);
            REQUIRE(std::vector<std::size_t>(got.begin(), got.end()) == expected);
        }
    }
    REQUIRE(invoke_all(std::vector<std::function<void()>>(3, [] {})).size() == 3);
}

TEST_CASE("invoke_all: random failing sets end as in a plain loop, whatever is known of costs", "[schedule][invoke_all][errors]") {
    random_failing_sets(1000);
}
TEST_CASE("invoke_all: random failing sets end as in a plain loop, ten thousand times", "[.soak][soak][schedule][invoke_all]") {
    random_failing_sets(10'000);
}

TEST_CASE("invoke_all: of unlike functions that throw the first in input order wins, though it begins last", "[schedule][invoke_all][errors]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t seed = 0; seed < 30; ++seed) {
            const test::random_delays delays(seed, 2);
            const auto call = [&] {
                return workers.install([&] {
                    return invoke_all(
                        {.costs = {1, 2, 3, 4}}, [] { return 1; }, [] { return 2 > 1 ? throw std::out_of_range("second") : 0; },
                        [] { return 2 > 1 ? throw std::domain_error("third") : 0; }, [] { throw std::runtime_error("fourth"); });
                });
            };
            REQUIRE_THROWS_AS(call(), std::out_of_range);
        }
    }
}

TEST_CASE("invoke_all: tasks begin with the dearest, equal ones in input order, and in input order if nothing is known", "[schedule][invoke_all]") {
    using indices = std::vector<std::size_t>;
    REQUIRE(order_alone(5, {}) == indices{0, 1, 2, 3, 4});
    REQUIRE(order_alone(5, {.costs = {1, 5, 1, 7, 5}}) == indices{3, 1, 4, 0, 2});
    REQUIRE(order_alone(3, {.costs = std::array<int, 3>{1, 2, 3}}) == indices{2, 1, 0});
    REQUIRE(order_alone(3, {.costs = [](std::size_t i) { return i; }}) == indices{2, 1, 0});
    cost_model model;
    REQUIRE(order_alone(4, {.model = &model, .key = "a"}) == indices{0, 1, 2, 3});
    REQUIRE(model.size() == 4);
    model = cost_model();
    REQUIRE(order_alone(4, {.costs = {1, 2, 3, 4}, .model = &model, .key = "a"}) == indices{3, 2, 1, 0});  // only sizes are known
    model = cost_model();
    model.observe("a", 1, 1, 10.0);
    model.observe("a", 2, 1, 20.0);
    REQUIRE(order_alone(4, {.model = &model, .key = "a"}) == indices{2, 0, 3, 1});  // 0 and 3 are taken to be average, 15
    REQUIRE(order_alone(4, {.model = &model, .key = "b"}) == indices{0, 1, 2, 3});
    model = cost_model();
    model.observe("a", 1, 1, 10.0);
    model.observe("a", 2, 1, 20.0);
    // 0 and 1 of this list are the model's 2 and 1, with three times the input for the latter: 20 and 30.
    REQUIRE(order_alone(2, {.costs = {1, 3}, .model = &model, .key = "a", .ids = {2, 1}}) == indices{1, 0});
}

TEST_CASE("invoke_all: learns what tasks cost, and begins with the longest in the next call", "[schedule][invoke_all][cost_model]") {
    const auto spin = [](std::chrono::microseconds time) {
        for (const auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;) {
        }
    };
    cost_model model({.weight = 1});
    const pool alone(1);
    std::vector<std::size_t> ran;
    const std::vector<int> milliseconds{0, 40, 0, 80};  // far enough apart for a machine that does other things too
    std::vector<std::function<void()>> tasks;
    for (std::size_t i = 0; i < 4; ++i) {
        tasks.push_back([&, i] {
            ran.push_back(i);
            spin(std::chrono::milliseconds(milliseconds[i]));
        });
    }
    alone.install([&] { return invoke_all(tasks, {.model = &model, .key = "spin"}); });
    REQUIRE(ran == std::vector<std::size_t>{0, 1, 2, 3});
    REQUIRE(model.predict("spin", 3).value() >= 0.08);
    ran.clear();
    alone.install([&] { return invoke_all(tasks, {.model = &model, .key = "spin"}); });
    REQUIRE(std::find(ran.begin(), ran.end(), 3u) < std::find(ran.begin(), ran.end(), 0u));
    REQUIRE(std::find(ran.begin(), ran.end(), 3u) < std::find(ran.begin(), ran.end(), 2u));
}

TEST_CASE("invoke_all: learns from tasks that ended well, also when others fail", "[schedule][invoke_all][cost_model]") {
    cost_model model;
    const pool alone(1);
    REQUIRE_THROWS_WITH(alone.install([&] {
        return invoke_all({.model = &model, .key = "k"}, [] {}, [] {}, [] { throw std::runtime_error("third"); }, [] {});
    }),
                        "third");
    REQUIRE(model.size() == 2);
    alone.install([&] { return invoke_all({.costs = {0, 1}, .model = &model, .key = "sizes"}, [] {}, [] {}); });
    REQUIRE(model.size() == 3);  // of a task of size 0 there is no cost per unit
}

TEST_CASE("invoke_all: tells how evenly the work lay on the threads", "[schedule][invoke_all][balance]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        balance_stats balance;
        const auto spin = [] {
            for (const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1); std::chrono::steady_clock::now() < end;) {
            }
        };
        workers.install([&] { return invoke_all(std::vector<std::function<void()>>(10, spin), {.balance = &balance}); });
        REQUIRE(balance.loads.size() == threads);
        REQUIRE(balance.mean * static_cast<double>(threads) >= 0.01);
        // One task: one thread has it, the others nothing.
        workers.install([&] { return invoke_all({.balance = &balance}, spin); });
        REQUIRE(std::count(balance.loads.begin(), balance.loads.end(), 0.0) == static_cast<std::ptrdiff_t>(threads - 1));
        REQUIRE(balance.imbalance == test::approx(threads == 1 ? 0.0 : static_cast<double>(threads)));
        REQUIRE_THROWS_AS(workers.install([&] { return invoke_all({.balance = &balance}, [] { throw failure{0}; }); }), failure);
        REQUIRE(balance.loads.size() == threads);
        workers.install([&] { return invoke_all(std::vector<std::function<void()>>(), {.balance = &balance}); });
        REQUIRE(balance.loads == std::vector<double>(threads, 0.0));
    }
}

TEST_CASE("invoke_all: a stop or a deadline ends it, and calls inside its tasks", "[schedule][invoke_all][cancel]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::stop_source stop;
        try {
            std::vector<std::function<void()>> tasks(20, [&] {
                stop.request_stop();
                for_each_index(5, [](std::size_t) {});
            });
            workers.install([&] { return invoke_all(tasks, {.costs = [](std::size_t i) { return i; }, .run = {.stop = stop.get_token()}}); });
            FAIL("not stopped");
        } catch (const cancelled& end) {
            REQUIRE(std::string(end.what()) == "invoke_all: stop requested, 0 of 20 done");
        }
        try {
            std::vector<std::function<void()>> tasks(3, [&] {
                for (;;) {
                    for_each_index(5, [](std::size_t) {});
                }
            });
            workers.install([&] { return invoke_all(tasks, {.costs = {1, 2, 3}, .run = {.deadline = std::chrono::milliseconds(2)}}); });
            FAIL("not stopped");
        } catch (const cancelled& end) {
            REQUIRE(end.reason() == cancel_reason::deadline);
        }
    }
}

TEST_CASE("invoke_all: costs and numbers that do not fit the tasks are refused before one runs", "[schedule][invoke_all][errors]") {
    std::atomic<int> calls{0};
    const std::vector<std::function<void()>> tasks(3, [&] { ++calls; });
    const double not_a_number = std::numeric_limits<double>::quiet_NaN();
    REQUIRE_THROWS_WITH(invoke_all(tasks, {.costs = {1, 2}}), "invoke_all: options.costs must have one for each task (3), got 2");
    REQUIRE_THROWS_WITH(invoke_all(tasks, {.costs = {1, 2, not_a_number}}), "invoke_all: options.costs must be finite and >= 0, got nan");
    REQUIRE_THROWS_WITH(invoke_all(tasks, {.costs = [](std::size_t i) { return i == 1 ? -1.0 : 0.0; }, .run = {.label = "fits"}}),
                        "fits: options.costs must be finite and >= 0, got -1");
    REQUIRE_THROWS_WITH(invoke_all(tasks, {.ids = {1, 2}}), "invoke_all: options.ids must have one for each task (3), got 2");
    REQUIRE_THROWS_WITH(invoke_all(tasks, {.costs = [](std::size_t) -> double { throw std::runtime_error("no idea"); }}), "no idea");
    REQUIRE_THROWS_WITH(invoke_all({.costs = {1}}, [&] { ++calls; }, [&] { ++calls; }), "invoke_all: options.costs must have one for each task (2), got 1");
    REQUIRE(calls == 0);
}

TEST_CASE("invoke_all: nests, and a call around it that fails cancels it", "[schedule][invoke_all][nesting]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const auto inner = [](int k) {
            const auto [a, b] = invoke_all({.costs = {1, 2}}, [k] { return k; }, [k] { return 2 * k; });
            return a + b;
        };
        const auto sums = workers.install([&] {
            return invoke_all({.costs = {3, 2, 1}}, [&] { return inner(1); }, [&] { return inner(2); }, [&] { return inner(3); });
        });
        REQUIRE(sums == std::tuple(3, 6, 9));
        std::atomic<int> wrong{0};
        REQUIRE_THROWS_AS(workers.install([&] {
            for_each_index(
                20,
                [&](std::size_t i) {
                    if (i == 7) {
                        throw failure{i};
                    }
                    try {
                        if (inner(1) != 3) {
                            ++wrong;
                        }
                    } catch (const cancelled& end) {
                        wrong += end.reason() != cancel_reason::outer_call || i < 7;
                        throw;
                    }
                },
                {.grain = 1});
        }),
                          failure);
        REQUIRE(wrong == 0);
    }
}

static_assert(!task_range<std::vector<int>>);
static_assert(task_range<std::vector<std::function<int()>>>);
