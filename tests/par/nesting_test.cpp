// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/index.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_group.h>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

using namespace xrayon;

namespace {

void work_for(std::chrono::microseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) {
    }
}

/// Lets other threads run meanwhile, as an item that waits for a device would: all threads of a pool get their turn on few cores.
void wait_for(std::chrono::microseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) {
        std::this_thread::yield();
    }
}

/// rayon#592: a lock held across a nested call. A thread that waits for the nested call must not start another outer item.
void lock_across_nested_call(int items) {
    const pool workers(8);
    std::mutex mutex;
    int finished = 0;
    workers.install([&] {
        for_each_index(
            static_cast<std::size_t>(items),
            [&](std::size_t) {
                const std::lock_guard lock(mutex);
                ++finished;
                for_each_index(6, [](std::size_t) { work_for(std::chrono::microseconds(10)); }, {.grain = 1});
            },
            {.grain = 1});
    });
    REQUIRE(finished == items);
}

/// Two pools whose tasks install into each other, three levels deep.
void mutual_installs(int rounds) {
    const pool a(2);
    const pool b(3);
    for (int round = 0; round < rounds; ++round) {
        std::atomic<int> leaves{0};
        const auto level3 = [&] { for_each_index(5, [&](std::size_t) { ++leaves; work_for(std::chrono::microseconds(3)); }, {.grain = 1}); };
        const auto level2 = [&] { b.install([&] { for_each_index(4, [&](std::size_t) { a.install(level3); }, {.grain = 1}); }); };
        std::vector<std::thread> callers;
        callers.emplace_back([&] { a.install([&] { for_each_index(4, [&](std::size_t) { level2(); }, {.grain = 1}); }); });
        callers.emplace_back([&] { b.install([&] { for_each_index(4, [&](std::size_t) { a.install([&] { level2(); }); }, {.grain = 1}); }); });
        for (auto& caller : callers) {
            caller.join();
        }
        REQUIRE(leaves == 2 * 4 * 4 * 5);
    }
}

} // namespace

TEST_CASE("nesting: a lock held across a nested call does not hang", "[par][nesting][B22]") { lock_across_nested_call(1000); }
TEST_CASE("nesting: a lock held across a nested call does not hang, a hundred thousand times", "[.soak][par][nesting]") {
    for (int round = 0; round < 100; ++round) {
        lock_across_nested_call(1000);
    }
}

TEST_CASE("nesting: pools whose tasks install into each other do not hang", "[par][nesting][F10]") { mutual_installs(50); }
TEST_CASE("nesting: pools whose tasks install into each other do not hang, in a long run", "[.soak][par][nesting]") { mutual_installs(5000); }

TEST_CASE("nesting: two full pools whose callers install into each other do not wait for each other", "[par][nesting][F10]") {
    // Eight callers fill each pool before any of them asks for the other one: a caller that waited for a slot would wait for ever.
    for (const std::size_t threads : {1u, 2u, 3u}) {
        const pool a(threads);
        const pool b(threads);
        std::latch all_inside(16);
        std::atomic<int> done{0};
        std::vector<std::thread> callers;
        for (int i = 0; i < 16; ++i) {
            callers.emplace_back([&, i] {
                const pool& first = i % 2 == 0 ? a : b;
                const pool& second = i % 2 == 0 ? b : a;
                first.install([&] {
                    all_inside.arrive_and_wait();
                    done += second.install([] { return map_index(500, [](std::size_t k) { return k; })[499] == 499; });
                });
            });
        }
        for (auto& caller : callers) {
            caller.join();
        }
        REQUIRE(done == 16);
    }
}

TEST_CASE("nesting: a thread that waits never re-enters an item of an outer call", "[par][nesting][B22]") {
    // Scratch that is per thread, as user code often has it: an item that finds it in use was started by a waiting thread. That can
    // only happen while helpers of the outer call have not begun, so there are many short outer calls, each with a long tail inside.
    static thread_local bool in_use = false;
    const pool workers(8);
    std::atomic<int> entered_twice{0};
    for (int round = 0; round < 100; ++round) {
        workers.install([&] {
            for_each_index(
                24,
                [&](std::size_t) {
                    entered_twice += in_use;
                    in_use = true;
                    for_each_index(
                        6, [](std::size_t j) { j == 0 ? work_for(std::chrono::microseconds(6)) : wait_for(std::chrono::microseconds(20 * j)); },
                        {.grain = 1});
                    in_use = false;
                },
                {.grain = 1});
        });
    }
    REQUIRE(entered_twice == 0);
}

TEST_CASE("nesting: a nested call in a cancelled call ends whole or by cancelled, never short", "[par][nesting][B40]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<int> whole{0};
        std::atomic<int> said_so{0};
        std::atomic<int> silent{0};
        for (std::uint64_t round = 0; round < 40; ++round) {
            const test::random_delays delays(round, 8);
            std::atomic<bool> above_is_running{false};
            REQUIRE_THROWS_AS(workers.install([&] {
                for_each_index(
                    8,
                    [&](std::size_t i) {
                        if (i == 1) {
                            // Fails while an item above it is in the middle of its nested call, if another thread runs one in time.
                            const auto give_up = std::chrono::steady_clock::now() + std::chrono::milliseconds(threads == 1 ? 0 : 200);
                            while (!above_is_running && std::chrono::steady_clock::now() < give_up) {
                                std::this_thread::yield();
                            }
                            throw std::runtime_error("x");
                        }
                        std::vector<int> out(100, 0);
                        try {
                            for_each_index(
                                100,
                                [&](std::size_t k) {
                                    if (i > 1 && k == 10) {
                                        above_is_running = true;
                                    }
                                    work_for(std::chrono::microseconds(5));
                                    out[k] = 1;
                                },
                                {.grain = 1});
                        } catch (const cancelled&) {
                            ++said_so;
                            throw;
                        }
                        ++(std::count(out.begin(), out.end(), 1) == 100 ? whole : silent);
                    },
                    {.grain = 1});
            }),
                              std::runtime_error);
        }
        REQUIRE(silent == 0);
        REQUIRE(whole >= 40);  // item 0 is below the failure and always ends
        REQUIRE((threads == 1 || said_so > 0));
    }
}

TEST_CASE("nesting: a call inside a foreign oneTBB group that is cancelled is whole", "[par][nesting][B40]") {
    namespace tbb = oneapi::tbb;
    std::atomic<int> shorter{0};
    for (int round = 0; round < 20; ++round) {
        tbb::task_group_context context;
        tbb::parallel_for(
            0, 16,
            [&](int i) {
                if (i == 3) {
                    context.cancel_group_execution();
                }
                const auto out = map_index(200, [](std::size_t k) { work_for(std::chrono::microseconds(1)); return k; }, {.grain = 1});
                shorter += out.size() != 200 || out[199] != 199;
            },
            tbb::simple_partitioner{}, context);
    }
    REQUIRE(shorter == 0);
}

TEST_CASE("nesting: a hundred levels deep", "[par][nesting][B21]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<int> leaves{0};
        std::function<void(int)> descend = [&](int depth) {
            for_each_index(2, [&](std::size_t i) {
                if (depth == 0) {
                    ++leaves;
                } else if (i == 0) {
                    descend(depth - 1);
                }
            }, {.grain = 1});
        };
        workers.install([&] { descend(100); });
        REQUIRE(leaves == 2);
    }
}

TEST_CASE("nesting: all of a hundred threads take part in a call", "[par][nesting]") {
    // A caller offers its work to a few threads, and they to others.
    const pool workers(100);
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (int round = 0; round < 5; ++round) {
        std::atomic<int> present{0};
        std::atomic<int> met{0};
        workers.install([&] {
            for_each_index(
                100,
                [&](std::size_t) {
                    ++present;
                    while (present < 100 && std::chrono::steady_clock::now() < give_up) {
                        std::this_thread::yield();
                    }
                    met += present == 100;
                },
                {.grain = 1});
        });
        REQUIRE(met == 100);
    }
}

TEST_CASE("nesting: each of thirty calls in one another is helped, though nobody takes up the outer ones' offers at first", "[par][nesting]") {
    constexpr int deepest = 30;
    const pool workers(2);
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    const auto wait_until = [&](const std::atomic<bool>& flag) {
        while (!flag && std::chrono::steady_clock::now() < give_up) {
            std::this_thread::yield();
        }
    };
    const auto caller = std::this_thread::get_id();
    std::atomic<bool> held{false};    // the worker is in an item of the outermost call
    std::atomic<bool> let_go{false};
    std::atomic<bool> reached{false};  // an item of the innermost call, by the worker
    std::atomic<int> helped{0};
    std::function<void(int)> descend = [&](int depth) {
        for_each_index(
            2,
            [&](std::size_t i) {
                if (std::this_thread::get_id() != caller) {
                    if (depth == 0) {
                        held = true;
                        wait_until(let_go);
                    } else {
                        ++helped;
                        reached = reached || depth == deepest;
                    }
                } else if (depth == 0) {
                    wait_until(held);
                    descend(1);
                } else if (i == 0 && depth < deepest) {
                    descend(depth + 1);
                } else if (i == 0) {
                    let_go = true;
                    wait_until(reached);
                }
            },
            {.grain = 1});
    };
    workers.install([&] { descend(0); });
    REQUIRE(reached);
    REQUIRE(helped == deepest);
}

TEST_CASE("nesting: each level gives the same bits at every thread count", "[par][nesting][determinism]") {
    const auto nested_sum = [] {
        return fold_index(
            300, 1,
            [](std::size_t i, std::size_t) {
                return fold_index(
                    50 + i, 1, [i](std::size_t j, std::size_t) { return 1.0 / static_cast<double>(1 + i * j); }, std::plus<>{});
            },
            std::plus<>{});
    };
    const double expected = pool(1).install(nested_sum);
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t round = 0; round < 5; ++round) {
            const test::random_delays delays(round, 512);
            REQUIRE(workers.install(nested_sum) == expected);
        }
    }
}
