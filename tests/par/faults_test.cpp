// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/index.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

using namespace xrayon;

namespace {

struct custom_failure : std::runtime_error {
    std::size_t index;
    explicit custom_failure(std::size_t i) : std::runtime_error("item " + std::to_string(i)), index(i) {}
};

/// Random sets of 1 to 5 failing items among up to 200, at 1 to 16 threads, with delays: always the lowest one's own exception.
void random_failing_sets(int rounds) {
    std::vector<std::optional<pool>> pools(17);
    for (int round = 0; round < rounds; ++round) {
        const auto draw = [&, k = std::uint64_t{0}]() mutable { return test::mix(static_cast<std::uint64_t>(round) * 1000 + k++); };
        auto next = draw;
        const std::size_t n = 1 + next() % 200;
        const std::size_t threads = 1 + next() % 16;
        std::set<std::size_t> bad;
        for (std::size_t k = 0, count = 1 + next() % 5; k < count; ++k) {
            bad.insert(next() % n);
        }
        loop_options options;
        if (next() % 2 == 0) {
            options.grain = 1 + next() % 10;
        }
        if (!pools[threads]) {
            pools[threads].emplace(threads);
        }
        const pool& workers = *pools[threads];
        const test::random_delays delays(static_cast<std::uint64_t>(round), 8);
        std::vector<std::atomic<int>> calls(n);
        const auto item = [&](std::size_t i) {
            ++calls[i];
            if (bad.contains(i)) {
                throw custom_failure(i);
            }
            return std::string(30, 'x');
        };
        std::size_t caught = n;
        try {
            (void)workers.install([&] { return map_index(n, item, options); });
        } catch (const custom_failure& failure) {
            caught = failure.index;
            if (failure.what() != "item " + std::to_string(failure.index)) {
                caught = n;
            }
        }
        INFO("round " << round << ", n = " << n << ", threads = " << threads);
        REQUIRE(caught == *bad.begin());
        for (std::size_t i = 0; i < n; ++i) {
            REQUIRE(calls[i] <= 1);
            REQUIRE((i > *bad.begin() || calls[i] == 1));  // everything below has run
        }
        REQUIRE(workers.install([] { return map_index(20, [](std::size_t i) { return i; }); })[19] == 19);
    }
}

} // namespace

TEST_CASE("faults: the lowest of several failing items wins, every time", "[par][faults][B6]") { random_failing_sets(500); }
TEST_CASE("faults: the lowest of several failing items wins, ten thousand times", "[.soak][par][faults]") { random_failing_sets(10'000); }

TEST_CASE("faults: the lowest item wins although it is the slowest", "[par][faults][B7]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::size_t caught = 99;
        try {
            workers.install([&] {
                for_each_index(
                    20,
                    [&](std::size_t i) {
                        const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(i == 3 ? 20 : 1);
                        while (std::chrono::steady_clock::now() < until) {
                        }
                        if (i == 3 || i == 10 || i == 17) {
                            throw custom_failure(i);
                        }
                    },
                    {.grain = 1});
            });
        } catch (const custom_failure& failure) {
            caught = failure.index;
        }
        REQUIRE(caught == 3);
    }
}

TEST_CASE("faults: exceptions of any type come out as they are", "[par][faults][B9][B10][B11][B12]") {
    struct copy_throws {
        copy_throws() = default;
        copy_throws(const copy_throws&) { throw std::logic_error("copied"); }
    };
    struct silent : std::exception {
        const char* what() const noexcept override { return nullptr; }
    };
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const auto throwing = [&](auto&& raise, on_error error = on_error::rethrow) {
            workers.install([&] { for_each_index(100, [&](std::size_t i) { if (i >= 40) raise(); }, {.run = {.error = error}}); });
        };
        REQUIRE_THROWS_AS(throwing([] { throw 7; }), int);
        REQUIRE_THROWS_AS(throwing([] { throw "text"; }), const char*);
        REQUIRE_THROWS_AS(throwing([] { throw std::bad_alloc(); }), std::bad_alloc);
        REQUIRE_THROWS_AS(throwing([] { throw copy_throws(); }), copy_throws);
        REQUIRE_THROWS_AS(throwing([] { throw silent(); }), silent);
        REQUIRE_THROWS_WITH(throwing([] { throw 7; }, on_error::wrap), "for_each_index: item 40 of 100 failed: non-std exception");
        REQUIRE_THROWS_WITH(throwing([] { throw silent(); }, on_error::wrap), "for_each_index: item 40 of 100 failed: (no text)");
        REQUIRE_THROWS_WITH(throwing([] { throw std::logic_error("why"); }, on_error::collect),
                            "for_each_index: 60 of 100 items failed, item 40 first: why");
        try {
            throwing([] { throw 7; }, on_error::wrap);
        } catch (const task_error& error) {
            int nested = 0;
            try {
                std::rethrow_if_nested(error);
            } catch (int value) {
                nested = value;
            }
            REQUIRE(nested == 7);
        }
    }
}

TEST_CASE("faults: a failure inside a nested call reports the whole path", "[par][faults]") {
    const pool workers(4);
    std::string path;
    try {
        workers.install([&] {
            for_each_index(
                20,
                [&](std::size_t i) {
                    for_each_index(
                        9,
                        [&](std::size_t j) {
                            if (i >= 5 && j == 3) {
                                throw custom_failure(10 * i + j);
                            }
                        },
                        {.run = {.label = "folds", .error = on_error::wrap}});
                },
                {.grain = 1, .run = {.label = "search"}});
        });
    } catch (const task_error& error) {
        path = error.path();
        REQUIRE_THROWS_WITH(std::rethrow_exception(error.nested_ptr()), "item 53");
    }
    REQUIRE(path == "search[5] > folds[3]");
}

TEST_CASE("faults: an exception wins over a stop that is asked for at the same time", "[par][faults]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (int round = 0; round < 200; ++round) {
            std::stop_source stop;
            REQUIRE_THROWS_AS(workers.install([&] {
                for_each_index(
                    50,
                    [&](std::size_t i) {
                        if (i == 10) {
                            stop.request_stop();
                            throw custom_failure(i);
                        }
                    },
                    {.run = {.stop = stop.get_token()}});
            }),
                              custom_failure);
        }
    }
}

TEST_CASE("faults: a stop of the outer call stops what is nested in it", "[par][faults][B40]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::stop_source stop;
        std::atomic<int> inner_done{0};
        REQUIRE_THROWS_AS(workers.install([&] {
            for_each_index(
                4,
                [&](std::size_t) {
                    for_each_index(
                        100'000,
                        [&](std::size_t j) {
                            if (j == 50) {
                                stop.request_stop();
                            }
                            ++inner_done;
                        },
                        {.grain = 1});
                },
                {.grain = 1, .run = {.stop = stop.get_token()}});
        }),
                          cancelled);
        REQUIRE(inner_done < 50'000);
    }
}

TEST_CASE("faults: an own stop of a nested call is that item's failure, with its own reason", "[par][faults]") {
    const pool workers(3);
    std::stop_source stop;
    stop.request_stop();
    std::size_t total = 0;
    try {
        workers.install([&] {
            for_each_index(10, [&](std::size_t i) {
                if (i == 4) {
                    for_each_index(77, [](std::size_t) {}, {.run = {.stop = stop.get_token()}});
                }
            });
        });
    } catch (const cancelled& end) {
        total = end.total();
        REQUIRE(end.reason() == cancel_reason::stop_requested);
    }
    REQUIRE(total == 77);
}

TEST_CASE("faults: a deadline is never negative, and one beyond the end of time never comes", "[par][faults][errors][B24]") {
    std::atomic<int> calls{0};
    const auto count = [&](std::size_t) { ++calls; };
    REQUIRE_THROWS_WITH(for_each_index(5, count, {.run = {.deadline = std::chrono::nanoseconds(-3)}}),
                        "for_each_index: options.run.deadline must be >= 0 ns, got -3");
    REQUIRE(calls == 0);
    for_each_index(5, count, {.run = {.deadline = std::chrono::nanoseconds::max()}});
    REQUIRE(calls == 5);
}

TEST_CASE("faults: collect gathers failed leaves and failed merges of a fold", "[par][faults]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::vector<std::size_t> failed;
        try {
            (void)workers.install([] {
                return fold_index(
                    8, 1,
                    [](std::size_t i, std::size_t) {
                        if (i == 2) {
                            throw custom_failure(i);
                        }
                        return i;
                    },
                    [](std::size_t left, std::size_t right) {
                        if (right == 7) {
                            throw custom_failure(right);
                        }
                        return std::max(left, right);
                    },
                    {.run = {.error = on_error::collect}});
            });
        } catch (const task_errors& errors) {
            for (const item_error& each : errors.errors()) {
                failed.push_back(each.index);
            }
        }
        REQUIRE(failed == std::vector<std::size_t>{2, 7});  // the merge of leaves 6 and 7 comes right after leaf 7
    }
}

TEST_CASE("faults: cheap items, which run in long runs, fail, stop and collect as dear ones do", "[par][faults]") {
    const std::size_t n = 20'000;
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t round = 0; round < 30; ++round) {
            const std::size_t low = test::mix(round) % n;
            const std::size_t high = low + test::mix(round + 100) % (n - low);
            const auto item = [&](std::size_t i) {
                if (i == low || i == high) {
                    throw custom_failure(i);
                }
                return std::make_shared<std::size_t>(i);  // a leak or a second destruction would be seen by AddressSanitizer
            };
            std::size_t caught = n;
            run_report report;
            try {
                (void)workers.install([&] { return map_index(n, item, {.run = {.report = &report}}); });
            } catch (const custom_failure& failure) {
                caught = failure.index;
            }
            INFO("failing at " << low << " and " << high << ", threads " << threads);
            REQUIRE(caught == low);
            REQUIRE(report.failed == low);
            std::size_t completed = 0;
            for (const index_block& block : report.completed) {
                completed += block.size();
                REQUIRE((block.end <= low || block.begin > low));
            }
            REQUIRE(completed == report.done);
            REQUIRE((low == 0 || report.completed.front() == index_block{0, low}));

            try {
                (void)workers.install([&] { return map_index(n, item, {.run = {.error = on_error::collect, .report = &report}}); });
                FAIL("nothing was thrown");
            } catch (const task_errors& errors) {
                REQUIRE(errors.errors().size() == (low == high ? 1 : 2));
                REQUIRE(errors.errors().front().index == low);
                REQUIRE(errors.errors().back().index == high);
            }
            REQUIRE(report.done == n - (low == high ? 1 : 2));
        }
    }
}

TEST_CASE("faults: items that turn dear in the middle of a claim are watched from then on", "[par][faults]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::stop_source stop;
        std::atomic<int> dear{0};
        REQUIRE_THROWS_AS(workers.install([&] {
            for_each_index(
                1'000'000,
                [&](std::size_t i) {
                    if (i < 100'000) {
                        return;
                    }
                    if (++dear == 3) {
                        stop.request_stop();
                    }
                    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
                    while (std::chrono::steady_clock::now() < until) {
                    }
                },
                {.grain = 500'000, .run = {.stop = stop.get_token()}});
        }),
                          cancelled);
        REQUIRE(dear < 600 * static_cast<int>(threads));  // at most the run of 512 that was under way on each thread
    }
}

TEST_CASE("faults: a call that collects and is stopped says that it was stopped", "[par][faults]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::stop_source stop;
        run_report report;
        REQUIRE_THROWS_AS(workers.install([&] {
            for_each_index(
                1000,
                [&](std::size_t i) {
                    if (i == 3) {
                        throw custom_failure(i);
                    }
                    if (i == 20) {
                        stop.request_stop();
                    }
                    while (i > 20 && !stop.stop_requested()) {
                        std::this_thread::yield();
                    }
                },
                {.grain = 1, .run = {.stop = stop.get_token(), .error = on_error::collect, .report = &report}});
        }),
                          cancelled);
        REQUIRE(report.failed == 3);
    }
}

TEST_CASE("faults: a stop that meets a fold in a nested call of a merge is the fold's own", "[par][faults]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::size_t last : {std::size_t{15}, std::size_t{63}}) {  // in the middle, and in the very last merges
            std::stop_source stop;
            std::size_t total = 0;
            try {
                (void)workers.install([&] {
                    return fold_index(
                        64, 1, [](std::size_t i, std::size_t) { return i; },
                        [&](std::size_t left, std::size_t right) {
                            if (right == last) {
                                stop.request_stop();
                            }
                            for_each_index(7, [](std::size_t) {});
                            return std::max(left, right);
                        },
                        {.grain = 1, .run = {.stop = stop.get_token()}});
                });
            } catch (const cancelled& end) {
                REQUIRE(end.reason() == cancel_reason::stop_requested);
                total = end.total();
            }
            REQUIRE(total == 64);
        }
    }
}
