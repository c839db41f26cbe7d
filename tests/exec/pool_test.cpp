// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/pool.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <latch>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <oneapi/tbb/task_arena.h>
#include <pthread.h>

#include <xrayon/par/index.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

using namespace xrayon;

namespace {

void spin(std::chrono::microseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) {
    }
}

/// How many threads can be in items at the same time: item 0 takes long enough for the rest to be shared, each of the others
/// waits until `threads` of them are there, or gives up after 5 s.
std::size_t threads_at_once(const pool& workers, std::size_t threads) {
    std::atomic<std::size_t> here{0};
    std::atomic<std::size_t> gave_up{0};
    workers.install([&] {
        for_each_index(
            threads + 1,
            [&](std::size_t i) {
                if (i == 0) {
                    spin(std::chrono::microseconds(200));
                    return;
                }
                ++here;
                const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(5);
                while (here < threads && std::chrono::steady_clock::now() < give_up) {
                    std::this_thread::yield();
                }
                gave_up += here < threads;
            },
            {.grain = 1});
    });
    return threads - gave_up;
}

} // namespace

TEST_CASE("pool: eight threads are really eight on any machine, also while a pool of two lives", "[exec][pool][F10]") {
    const pool two(2);
    const pool eight(8);
    REQUIRE(eight.num_threads() == 8);
    run_report report;
    REQUIRE(threads_at_once(eight, 8) == 8);
    REQUIRE(threads_at_once(two, 2) == 2);
    REQUIRE(threads_at_once(eight, 8) == 8);
}

TEST_CASE("pool: install returns values, references and nothing, and lets exceptions through", "[exec][pool]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        int x = 5;
        REQUIRE(workers.install([] { return std::string("text"); }) == "text");
        REQUIRE(&workers.install([&]() -> int& { return x; }) == &x);
        REQUIRE(*workers.install([] { return std::make_unique<int>(7); }) == 7);
        workers.install([&] { x = 6; });
        REQUIRE(x == 6);
        REQUIRE_THROWS_AS(workers.install([]() -> int { throw std::out_of_range("o"); }), std::out_of_range);
        REQUIRE(workers.install([] { return current_num_threads(); }) == threads);
        REQUIRE(current_call() == nullptr);
    }
}

TEST_CASE("pool: installs nest in the same pool, in another one, and back again", "[exec][pool][nesting]") {
    const pool a(2);
    const pool b(3);
    const auto size = [] { return current_num_threads(); };
    REQUIRE(a.install([&] { return a.install(size); }) == 2);
    REQUIRE(a.install([&] { return b.install(size); }) == 3);
    REQUIRE(a.install([&] { return b.install([&] { return a.install(size); }); }) == 2);
    REQUIRE(a.install([&] { (void)b.install(size); return current_num_threads(); }) == 2);
}

TEST_CASE("pool: a hundred thousand installs do not grow the stack, and threads may install at the same time", "[exec][pool]") {
    const pool workers(3);
    for (int i = 0; i < 100'000; ++i) {
        workers.install([] {});
    }
    std::vector<std::thread> callers;
    std::atomic<int> wrong{0};
    for (int t = 0; t < 12; ++t) {  // more callers than there are slots for them
        callers.emplace_back([&] {
            for (int round = 0; round < 50; ++round) {
                const double sum = workers.install([&] {
                    return fold_index(
                        5000, 10, [](std::size_t begin, std::size_t end) { return static_cast<double>(end - begin); }, std::plus<>{});
                });
                wrong += sum != 5000.0;
            }
        });
    }
    for (auto& caller : callers) {
        caller.join();
    }
    REQUIRE(wrong == 0);
}

TEST_CASE("pool: workers carry the pool's name", "[exec][pool]") {
    const pool workers(pool_config{.threads = 3, .name = "readers-of-long-name"});
    std::mutex mutex;
    std::set<std::string> names;
    std::atomic<std::size_t> here{0};
    workers.install([&] {
        for_each_index(
            4,
            [&](std::size_t i) {
                if (i == 0) {
                    spin(std::chrono::microseconds(200));
                    return;
                }
                char name[16] = {};
                ::pthread_getname_np(::pthread_self(), name, sizeof name);
                {
                    const std::lock_guard lock(mutex);
                    names.insert(name);
                }
                ++here;
                const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
                while (here < 3 && std::chrono::steady_clock::now() < give_up) {
                    std::this_thread::yield();
                }
            },
            {.grain = 1});
    });
    REQUIRE(names.contains("readers-of-lo-1"));
    REQUIRE(names.contains("readers-of-lo-2"));
}

TEST_CASE("pool: says which argument is wrong", "[exec][pool][errors][T11][T12][T13]") {
    REQUIRE_THROWS_WITH(pool(-1), "pool: threads must be 0 (automatic) or 1 to 1024, got -1");
    REQUIRE_THROWS_WITH(pool(1025), "pool: threads must be 0 (automatic) or 1 to 1024, got 1025");
    REQUIRE_THROWS_WITH(pool(std::numeric_limits<int>::min()), "pool: threads must be 0 (automatic) or 1 to 1024, got -2147483648");
    REQUIRE_THROWS_WITH(pool(std::numeric_limits<int>::max()), "pool: threads must be 0 (automatic) or 1 to 1024, got 2147483647");
    REQUIRE_THROWS_AS(pool(std::numeric_limits<int>::min()), argument_error);
    REQUIRE_THROWS_AS(pool(std::numeric_limits<unsigned long long>::max()), argument_error);
    REQUIRE_THROWS_AS(pool(pool_config{.threads = 5000}), argument_error);
    REQUIRE_THROWS_WITH(pool(pool_config{.threads = 1, .name = ""}), "pool: name must not be empty");
#if !defined(__SANITIZE_ADDRESS__)  // oneTBB loads its NUMA library in a way that AddressSanitizer refuses
    REQUIRE_THROWS_WITH(pool(pool_config{.threads = 1, .numa_node = 77}), test::contains("numa_node must be one that this machine has, got 77"));
#endif
    REQUIRE_THROWS_WITH(pool(pool_config{.threads = 1, .core_type = 77}), test::contains("core_type must be one that this machine has, got 77"));
    REQUIRE(pool(0).num_threads() == resolve_thread_count(0).threads);
    REQUIRE(pool(pool_config{.threads = 0}).num_threads() == resolve_thread_count(0).threads);
    REQUIRE(pool(2).install([] { return map_index(10, [](std::size_t i) { return i; })[9]; }) == 9);
}

TEST_CASE("pool: priorities and a NUMA node that exists are accepted", "[exec][pool]") {
    for (const auto priority : {thread_priority::low, thread_priority::normal, thread_priority::high}) {
        pool_config config{.threads = 2, .priority = priority};
#if !defined(__SANITIZE_ADDRESS__)
        config.numa_node = oneapi::tbb::info::numa_nodes().front();
#endif
        const pool workers(config);
        REQUIRE(workers.install([] { return map_index(100, [](std::size_t i) { return i; }).size(); }) == 100);
    }
}

TEST_CASE("pool: an attached pool runs in the program's own arena", "[exec][pool]") {
    oneapi::tbb::task_arena own(4);
    own.execute([] {
        const pool attached = pool::attach_current_arena();
        REQUIRE(attached.num_threads() == 4);
        REQUIRE(attached.origin() == thread_count_origin::arena);
        const auto squares = attached.install([] { return map_index(1000, [](std::size_t i) { return i * i; }); });
        REQUIRE(squares[999] == 998001);
    });
}

TEST_CASE("pool: the global pool can be configured again and again", "[exec][pool]") {
    for (const std::size_t threads : test::thread_counts) {
        configure_global_pool({.threads = threads});
        REQUIRE(current_num_threads() == threads);
        REQUIRE(map_index(1000, [](std::size_t i) { return i; })[999] == 999);
    }
    REQUIRE_THROWS_AS(configure_global_pool({.threads = 4000}), argument_error);
    REQUIRE(current_num_threads() == test::thread_counts.back());
    configure_global_pool({});
}

TEST_CASE("pool: a thousand pools come and go", "[exec][pool]") {
    for (int round = 0; round < 1000; ++round) {
        const pool workers(1 + round % 4);
        REQUIRE(workers.install([] { return map_index(50, [](std::size_t i) { return i; }).size(); }) == 50);
    }
}
