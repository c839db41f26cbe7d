// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/broadcast.hpp>

#include "../support/catch.hpp"
#include "../support/life_tracker.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

using namespace xrayon;

namespace {

std::vector<std::size_t> counted(std::size_t n) {
    std::vector<std::size_t> all(n);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

} // namespace

TEST_CASE("broadcast: calls each index once and gives the results by index", "[par][broadcast]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (int round = 0; round < 10; ++round) {
            std::vector<std::atomic<int>> calls(threads);
            const auto indices = workers.install([&] {
                return broadcast([&](broadcast_context context) {
                    ++calls[context.index];
                    return context.num_threads == threads ? context.index : 99;
                });
            });
            REQUIRE(indices == counted(threads));
            REQUIRE(std::all_of(calls.begin(), calls.end(), [](const auto& each) { return each == 1; }));
        }
    }
    REQUIRE(broadcast([](broadcast_context context) { return context.index; }) == counted(current_num_threads()));  // the global pool
}

TEST_CASE("broadcast: own_thread is said on the thread with that index, no two of which are one", "[par][broadcast]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::mutex guard;
        std::set<std::thread::id> ids;
        std::size_t own = 0;
        int wrong = 0;
        workers.install([&] {
            broadcast([&](broadcast_context context) {
                const std::lock_guard lock(guard);
                if (context.own_thread) {
                    ++own;
                    wrong += current_thread_index() != context.index || !ids.insert(std::this_thread::get_id()).second;
                }
            });
        });
        REQUIRE(wrong == 0);
        REQUIRE(own >= 1);
        REQUIRE(own == ids.size());
    }
}

TEST_CASE("broadcast: comes to every thread of a pool that has time", "[par][broadcast]") {
    const pool workers(3);
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::vector<bool> own;
    do {  // 20 ms may pass on a machine that is busy
        own = workers.install([] { return broadcast([](broadcast_context context) { return context.own_thread; }); });
    } while (own != std::vector<bool>{true, true, true} && std::chrono::steady_clock::now() < give_up);
    REQUIRE(own == std::vector<bool>{true, true, true});
}

TEST_CASE("broadcast: may be made inside itself, by two pools in each other, and inside items", "[par][broadcast][nesting]") {
    const pool a(2);
    const pool b(3);
    std::atomic<std::size_t> count{0};
    a.install([&] {
        broadcast([&](broadcast_context) {
            b.install([&] { broadcast([&](broadcast_context) { a.install([&] { broadcast([&](broadcast_context) { ++count; }); }); }); });
        });
    });
    REQUIRE(count == 2 * 3 * 2);
    count = 0;
    a.install([&] { broadcast([&](broadcast_context) { broadcast([&](broadcast_context) { ++count; }); }); });
    REQUIRE(count == 4);
    count = 0;
    b.install([&] { for_each_index(5, [&](std::size_t) { broadcast([&](broadcast_context) { ++count; }); }); });
    REQUIRE(count == 15);
}

TEST_CASE("broadcast: does not wait for a worker that is busy", "[par][broadcast]") {
    std::atomic<bool> busy{false};
    std::atomic<bool> release{false};
    const pool workers(2);  // its end waits for the task, which looks at those
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    workers.spawn([&] {
        busy = true;
        while (!release && std::chrono::steady_clock::now() < give_up) {
            std::this_thread::yield();
        }
    });
    while (!busy && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::yield();
    }
    const auto own = workers.install([] { return broadcast([](broadcast_context context) { return context.own_thread; }); });
    const bool before = !release;
    release = true;
    REQUIRE(before);
    REQUIRE(own == std::vector<bool>{true, false});
}

TEST_CASE("broadcast: makes all calls, and throws what the lowest index threw", "[par][broadcast][errors]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<std::size_t> calls{0};
        const auto fail = [&] {
            broadcast([&](broadcast_context context) {
                ++calls;
                if (context.index + 2 >= context.num_threads) {
                    throw std::runtime_error(std::to_string(context.index));
                }
            });
        };
        REQUIRE_THROWS_WITH(workers.install(fail), std::to_string(threads < 2 ? 0 : threads - 2));
        REQUIRE(calls == threads);
    }
}

TEST_CASE("spawn_broadcast: calls each index once, some time, and its failures are those of spawned tasks", "[par][broadcast]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::vector<std::atomic<int>> calls(threads);
        test::life_record lives;
        workers.install([&] {
            spawn_broadcast([&, own = test::any_life(lives, 1)](broadcast_context context) {
                ++calls[context.index];
                return own.number();
            });
        });
        workers.wait_spawned();
        REQUIRE(std::all_of(calls.begin(), calls.end(), [](const auto& each) { return each == 1; }));
        REQUIRE(lives.balanced());
        workers.install([] { spawn_broadcast([](broadcast_context) { throw std::runtime_error("told"); }); });
        REQUIRE_THROWS_WITH(workers.wait_spawned(), "told");
    }
}
