// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/pool.hpp>

#include "../support/catch.hpp"
#include "../support/from_rayon.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>

#include <xrayon/core/error.hpp>
#include <xrayon/par/broadcast.hpp>
#include <xrayon/par/join.hpp>
#include <xrayon/par/scope.hpp>
#include <xrayon/par/sequence.hpp>
#include <xrayon/par/spawn.hpp>

// docs/guide/from-rayon.md shows the lines; cmake/check_from_rayon.cmake holds it against these tests.

using namespace xrayon;
using namespace xrayon::test::from_rayon;

TEST_CASE("rayon: ThreadPoolBuilder::new", "[par][rayon]") {
    pool_config config;
    REQUIRE(config.name == "xrayon");
    REQUIRE_FALSE(config.threads.has_value());
    config.threads = 3;
    REQUIRE(pool(config).num_threads() == 3);
}

TEST_CASE("rayon: ThreadPoolBuilder::build", "[par][rayon]") {
    const pool workers({.threads = 3});
    REQUIRE(workers.num_threads() == 3);
    REQUIRE(workers.install([] { return par(xs).sum(); }) == std::accumulate(xs.begin(), xs.end(), 0));
    REQUIRE_THROWS_AS(pool({.threads = 5000}), argument_error);
}

TEST_CASE("rayon: ThreadPoolBuilder::build_global", "[par][rayon]") {
    const std::size_t before = current_num_threads();
    configure_global_pool({.threads = 3});
    REQUIRE(current_num_threads() == 3);
    configure_global_pool({.threads = before});
    REQUIRE(current_num_threads() == before);
}

TEST_CASE("rayon: ThreadPoolBuilder::num_threads", "[par][rayon]") {
    REQUIRE(pool({.threads = 4}).num_threads() == 4);
    REQUIRE(pool(4).num_threads() == 4);
}

TEST_CASE("rayon: ThreadPoolBuilder::thread_name", "[par][rayon]") {
    const pool workers({.threads = 2, .name = "fits"});
    std::string seen;
    std::atomic<bool> over{false};
    workers.spawn([&] {
        std::array<char, 16> name{};
        ::pthread_getname_np(::pthread_self(), name.data(), name.size());
        seen = name.data();
        over = true;
    });
    while (!over) {  // by the worker: this thread is in no call
        std::this_thread::yield();
    }
    REQUIRE(seen == "fits-1");
}

TEST_CASE("rayon: ThreadPoolBuilder::start_handler", "[par][rayon]") {
    std::atomic<std::size_t> came{0};
    {
        const pool workers({.threads = 3, .start_handler = [&](std::size_t i) { came += i; }});
        const auto all = workers.install([] { return broadcast([](broadcast_context context) { return context.own_thread; }); });
        REQUIRE(all.size() == 3);
        for (std::size_t i = 1; i < all.size(); ++i) {
            REQUIRE((!all[i] || came >= i));
        }
    }
}

TEST_CASE("rayon: ThreadPoolBuilder::exit_handler", "[par][rayon]") {
    std::atomic<int> here{0};
    {
        const pool workers({.threads = 3, .start_handler = [&](std::size_t) { ++here; }, .exit_handler = [&](std::size_t) { --here; }});
        workers.install([] { broadcast([](broadcast_context) {}); });
    }
    REQUIRE(here == 0);
}

TEST_CASE("rayon: ThreadPoolBuilder::panic_handler", "[par][rayon]") {
    std::atomic<int> failed{0};
    const pool workers({.threads = 2, .on_spawn_error = [&](std::exception_ptr) { ++failed; }});
    for (int i = 0; i < 5; ++i) {
        workers.spawn([] { throw std::runtime_error("no"); });
    }
    workers.wait_spawned();
    REQUIRE(failed == 5);
}

TEST_CASE("rayon: ThreadPool::install", "[par][rayon]") {
    REQUIRE(pool(2).install([] { return par(xs).sum(); }) == std::accumulate(xs.begin(), xs.end(), 0));
}

TEST_CASE("rayon: ThreadPool::join", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        int a = 0;
        int b = 0;
        workers.install([&] { join([&] { a = 1; }, [&] { b = 2; }); });
        REQUIRE(std::pair(a, b) == std::pair(1, 2));
    }
}

TEST_CASE("rayon: ThreadPool::scope", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::size_t threads_here = 0;
        workers.install([&] { scope([&](scope_t& s) { s.spawn([&] { threads_here = current_num_threads(); }); }); });
        REQUIRE(threads_here == threads);
    }
}

TEST_CASE("rayon: ThreadPool::scope_fifo", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::size_t threads_here = 0;
        workers.install([&] { scope_fifo([&](scope_t& s) { s.spawn([&] { threads_here = current_num_threads(); }); }); });
        REQUIRE(threads_here == threads);
    }
}

TEST_CASE("rayon: ThreadPool::in_place_scope", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::size_t threads_here = 0;
        workers.install([&] { in_place_scope([&](scope_t& s) { s.spawn([&] { threads_here = current_num_threads(); }); }); });
        REQUIRE(threads_here == threads);
    }
}

TEST_CASE("rayon: ThreadPool::in_place_scope_fifo", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::size_t threads_here = 0;
        workers.install([&] { in_place_scope_fifo([&](scope_t& s) { s.spawn([&] { threads_here = current_num_threads(); }); }); });
        REQUIRE(threads_here == threads);
    }
}

TEST_CASE("rayon: ThreadPool::spawn", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        std::atomic<std::size_t> done{0};
        {
            const pool workers(threads);
            for (int i = 0; i < 10; ++i) {
                workers.spawn([&] { done += current_num_threads(); });
            }
        }
        REQUIRE(done == 10 * threads);
    }
}

TEST_CASE("rayon: ThreadPool::spawn_fifo", "[par][rayon]") {
    const pool workers(1);
    std::vector<int> order;
    for (int i = 0; i < 9; ++i) {
        workers.spawn([&, i] { order.push_back(i); });
    }
    workers.wait_spawned();
    REQUIRE(order == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("rayon: ThreadPool::broadcast", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::vector<std::size_t> expected(threads);
        std::iota(expected.begin(), expected.end(), std::size_t{0});
        const auto got = workers.install([] { return broadcast([](broadcast_context context) { return context.index; }); });
        REQUIRE(got == expected);
    }
}

TEST_CASE("rayon: ThreadPool::spawn_broadcast", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        std::atomic<std::size_t> calls{0};
        const pool workers(threads);
        workers.install([&] { spawn_broadcast([&](broadcast_context) { ++calls; }); });
        workers.wait_spawned();
        REQUIRE(calls == threads);
    }
}

TEST_CASE("rayon: ThreadPool::current_num_threads", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        REQUIRE(workers.num_threads() == threads);
    }
}

TEST_CASE("rayon: ThreadPool::current_thread_index", "[par][rayon]") {
    const pool workers(3);
    REQUIRE(workers.install([] { return current_thread_index(); }) == 0);
}

TEST_CASE("rayon: ThreadPool::yield_now", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<bool> done{false};
        workers.spawn([&] { done = true; });
        while (!done)
            workers.install([] { return yield_now(); });
        REQUIRE(done);
    }
}

TEST_CASE("rayon: RAYON_NUM_THREADS", "[par][rayon]") {
    const char* const set = std::getenv("XRAYON_NUM_THREADS");
    const std::optional<std::string> before = set == nullptr ? std::nullopt : std::optional<std::string>(set);
    ::setenv("XRAYON_NUM_THREADS", "3", 1);
    {
        const pool workers;
        REQUIRE(workers.num_threads() == 3);
    }
    ::setenv("XRAYON_NUM_THREADS", "many", 1);
    REQUIRE_THROWS_AS(pool(), environment_error);
    if (before) {
        ::setenv("XRAYON_NUM_THREADS", before->c_str(), 1);
    } else {
        ::unsetenv("XRAYON_NUM_THREADS");
    }
}
