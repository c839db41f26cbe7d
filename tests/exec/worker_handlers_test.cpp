// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/pool.hpp>

#include "../support/catch.hpp"
#include "../support/child_process.hpp"
#include "../support/thread_counts.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <xrayon/par/index.hpp>

using namespace xrayon;

namespace {

/// Counts a pool's workers in and out.
struct attendance {
    std::mutex guard;
    std::vector<int> present;
    int starts = 0;
    int exits = 0;
    int wrong = 0;
    std::vector<std::thread::id> who;

    explicit attendance(std::size_t threads) : present(threads), who(threads) {}

    pool_config config(std::size_t threads) {
        pool_config made;
        made.threads = threads;
        made.start_handler = [this](std::size_t index) {
            const std::lock_guard lock(guard);
            ++starts;
            wrong += index == 0 || index >= present.size() || ++present[index] != 1;
            who[index % who.size()] = std::this_thread::get_id();
        };
        made.exit_handler = [this](std::size_t index) {
            const std::lock_guard lock(guard);
            ++exits;
            wrong += index == 0 || index >= present.size() || --present[index] != 0 || who[index] != std::this_thread::get_id();
        };
        return made;
    }
};

} // namespace

TEST_CASE("worker handlers: are called in pairs, on the worker's thread, and all have been when the pool is gone", "[exec][pool][handlers]") {
    for (const std::size_t threads : test::thread_counts) {
        attendance seen(threads);
        for (int round = 0; round < 20; ++round) {
            const pool workers(seen.config(threads));
            std::atomic<int> unseen{0};
            workers.install([&] {
                for_each_index(
                    50,
                    [&](std::size_t) {
                        const std::size_t index = current_thread_index().value_or(99);
                        const std::lock_guard lock(seen.guard);
                        unseen += index != 0 && (seen.present[index] != 1 || seen.who[index] != std::this_thread::get_id());
                    },
                    {.grain = 1});
            });
            REQUIRE(unseen == 0);
        }
        REQUIRE(seen.wrong == 0);
        REQUIRE(seen.starts == seen.exits);
    }
}

TEST_CASE("worker handlers: a worker is told when it comes", "[exec][pool][handlers]") {
    attendance seen(2);
    {
        const pool workers(seen.config(2));
        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        std::atomic<int> present{0};
        workers.install([&] {
            for_each_index(2, [&](std::size_t) {
                ++present;
                while (present < 2 && std::chrono::steady_clock::now() < give_up) {
                    std::this_thread::yield();
                }
            });
        });
        REQUIRE(present == 2);
        const std::lock_guard lock(seen.guard);
        REQUIRE(seen.starts >= 1);
    }
    REQUIRE(seen.starts == seen.exits);
    REQUIRE(seen.wrong == 0);
}

TEST_CASE("worker handlers: what one throws goes where failures of spawned tasks go", "[exec][pool][handlers]") {
    pool_config config;
    config.threads = 2;
    config.start_handler = [](std::size_t) { throw std::runtime_error("cannot start"); };
    const pool workers(config);
    std::atomic<bool> ran{false};
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    workers.spawn([&] { ran = true; });
    while (!ran && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::yield();  // not by waiting, which might run it here
    }
    REQUIRE_THROWS_WITH(workers.wait_spawned(), "cannot start");

    std::atomic<int> told{0};
    {
        config.on_spawn_error = [&](std::exception_ptr) { ++told; };
        const pool others(config);
        ran = false;
        others.spawn([&] { ran = true; });
        while (!ran && std::chrono::steady_clock::now() < give_up) {
            std::this_thread::yield();
        }
        others.wait_spawned();
    }
    REQUIRE(told >= 1);
}

TEST_CASE("worker handlers: a pool without them that has the arena next is not told", "[exec][pool][handlers]") {
    attendance seen(3);
    { const pool workers(seen.config(3)); }
    const int before = seen.starts;
    const pool plain(3);
    plain.install([] { for_each_index(100, [](std::size_t) { std::this_thread::yield(); }); });
    REQUIRE(seen.starts == before);
    REQUIRE(seen.exits == before);
}

TEST_CASE("worker handlers: of a pool in a forked child are called by each helper that it starts", "[exec][pool][handlers][fork]") {
    if (!test::child_may_start_threads) {
        return;
    }
    const pool parent(2);
    const auto end = test::in_child([] {
        attendance seen(3);
        {
            const pool workers(seen.config(3));
            std::atomic<int> wrong{0};
            workers.install([&] {
                for_each_index(
                    20,
                    [&](std::size_t) {
                        const std::size_t index = current_thread_index().value_or(99);
                        const std::lock_guard lock(seen.guard);
                        wrong += index >= 3 || (index != 0 && seen.who[index] != std::this_thread::get_id());
                    },
                    {.grain = 1});
            });
            seen.wrong += wrong;
        }
        return std::to_string(seen.starts) + " " + std::to_string(seen.exits) + " " + std::to_string(seen.wrong);
    });
    REQUIRE(end.said == "2 2 0");
}
