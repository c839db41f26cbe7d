// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/spawn.hpp>

#include "../support/catch.hpp"
#include "../support/child_process.hpp"
#include "../support/delays.hpp"
#include "../support/life_tracker.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <chrono>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/par/scope.hpp>

using namespace xrayon;

namespace {

template <class Condition>
bool wait_until(const Condition& holds) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds() && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::yield();
    }
    return holds();
}

} // namespace

TEST_CASE("spawn: every task runs once, by the time that one has waited for them", "[par][spawn]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<std::size_t> sum{0};
        std::atomic<std::size_t> started{0};
        for (std::size_t i = 0; i < 1000; ++i) {
            workers.spawn([&, i] {
                ++started;
                sum += i;
                if (i % 100 == 0) {
                    spawn([&] { sum += 1'000'000; });  // into the pool that it runs in
                }
            });
        }
        workers.wait_spawned();
        REQUIRE(started == 1000);
        REQUIRE(sum == 499'500 + 10'000'000);
        workers.wait_spawned();  // of nothing
    }
}

TEST_CASE("spawn: runs without anybody waiting, where the pool has workers", "[par][spawn]") {
    const pool workers(2);
    std::atomic<bool> ran{false};
    std::atomic<bool> here{true};
    const auto me = std::this_thread::get_id();
    workers.install([&] {
        spawn([&] {
            here = std::this_thread::get_id() == me;
            ran = true;
        });
    });
    REQUIRE(wait_until([&] { return ran.load(); }));
    REQUIRE(!here);
}

TEST_CASE("spawn: on a pool of one thread runs before it returns, and a task's task after that one", "[par][spawn]") {
    const pool one(1);
    std::vector<int> order;
    one.install([&] {
        spawn([&] {
            order.push_back(1);
            spawn([&] { order.push_back(3); });
            spawn_fifo([&] { order.push_back(4); });
            order.push_back(2);
        });
        order.push_back(5);
    });
    REQUIRE(order == std::vector{1, 2, 3, 4, 5});
    // So a chain of a million takes no stack.
    std::size_t length = 0;
    struct chain {
        std::size_t& n;
        void operator()() const {
            if (++n < 1'000'000) {
                spawn(*this);
            }
        }
    };
    one.spawn(chain{length});
    REQUIRE(length == 1'000'000);
}

TEST_CASE("spawn: a failure is kept for who waits, of several the one spawned first", "[par][spawn][errors]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const test::random_delays delays(seed, 2);
            std::atomic<int> ran{0};
            for (int i = 0; i < 50; ++i) {
                workers.spawn([&, i] {
                    ++ran;
                    if (i % 7 == 3) {
                        throw std::runtime_error(std::to_string(i));
                    }
                });
            }
            REQUIRE_THROWS_WITH(workers.wait_spawned(), "3");
            REQUIRE(ran == 50);
            workers.wait_spawned();  // once
        }
    }
}

TEST_CASE("spawn: a handler is told of each failure; what it throws itself is kept", "[par][spawn][errors]") {
    for (const std::size_t threads : test::thread_counts) {
        std::mutex guard;
        std::vector<int> told;
        const pool workers(pool_config{.threads = threads, .on_spawn_error = [&](std::exception_ptr error) {
                                           try {
                                               std::rethrow_exception(error);
                                           } catch (const int number) {
                                               const std::lock_guard lock(guard);
                                               told.push_back(number);
                                           } catch (const std::exception&) {
                                               throw std::logic_error("not a number");
                                           }
                                       }});
        for (int i = 0; i < 10; ++i) {
            workers.spawn([i] { throw i; });
        }
        workers.wait_spawned();
        std::sort(told.begin(), told.end());
        REQUIRE(told == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
        workers.spawn([] { throw std::out_of_range("text"); });
        REQUIRE_THROWS_WITH(workers.wait_spawned(), "not a number");
    }
}

TEST_CASE("spawn: a pool that goes has its tasks run to their end first", "[par][spawn]") {
    for (const std::size_t threads : test::thread_counts) {
        test::life_record lives;
        std::atomic<std::size_t> ran{0};
        {
            const pool workers(threads);
            for (std::size_t i = 0; i < 200; ++i) {
                workers.spawn([&, own = test::move_only_life(lives, i)] {
                    for_each_index(3, [&](std::size_t) { std::this_thread::yield(); });
                    ran += own.number() < 200 ? 1 : 0;
                    if (own.number() % 50 == 0) {
                        spawn([&] { ++ran; });
                    }
                });
            }
        }
        REQUIRE(ran == 204);
        REQUIRE(lives.balanced());
    }
}

TEST_CASE("spawn: a task may hold its pool's last handle", "[par][spawn]") {
    for (const std::size_t threads : test::thread_counts) {
        std::atomic<int> ran{0};
        {
            std::optional<pool> workers(std::in_place, threads);
            std::atomic<bool> dropped{false};
            workers->spawn([&, own = std::optional<pool>(*workers)]() mutable {
                if (threads > 1) {
                    wait_until([&] { return dropped.load(); });
                }
                ++ran;
                own->spawn([&] { ++ran; });
                own.reset();
                ++ran;
            });
            workers.reset();
            dropped = true;
            REQUIRE(wait_until([&] { return ran == 3; }));
        }
    }
}

TEST_CASE("spawn: a task that another one yields to may hold its pool's last handle", "[par][spawn]") {
    std::optional<pool> workers(std::in_place, 2);
    const pool& held = *workers;
    std::atomic<bool> queued{false};
    std::atomic<bool> yielded{false};
    std::atomic<bool> done{false};
    held.spawn([&] {  // on the only worker
        wait_until([&] { return queued.load(); });
        yielded = yield_now();
        done = true;
    });
    held.spawn([own = std::optional<pool>(*workers)]() mutable { own.reset(); });
    workers.reset();  // the other handle is in the second task
    queued = true;
    REQUIRE(wait_until([&] { return done.load(); }));
    REQUIRE(yielded);
}

TEST_CASE("spawn: waiting inside a task of the same pool is refused, and of another pool is not", "[par][spawn][errors]") {
    const pool a(2);
    const pool b(2);
    a.spawn([] { wait_spawned(); });
    REQUIRE_THROWS_WITH(a.wait_spawned(), "wait_spawned: must not be called by a spawned task of the same pool: it would wait for itself");
    a.spawn([&] { for_each_index(4, [&](std::size_t) { a.wait_spawned(); }); });
    REQUIRE_THROWS_AS(a.wait_spawned(), argument_error);
    std::atomic<int> ran{0};
    a.spawn([&] {
        b.spawn([&] { ++ran; });
        b.wait_spawned();
        ++ran;
    });
    a.wait_spawned();
    REQUIRE(ran == 2);
}

TEST_CASE("spawn: nested calls use its pool, under the spawner's rounding mode, and not its call's cancellation", "[par][spawn]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<int> wrong{0};
        std::atomic<int> finished{0};
        std::fesetround(FE_DOWNWARD);
        const auto failing = [&] {
            for_each_index(4, [&](std::size_t i) {
                spawn([&] {
                    wrong += current_num_threads() != threads || std::fegetround() != FE_DOWNWARD;
                    for_each_index(10, [&](std::size_t) { wrong += std::fegetround() != FE_DOWNWARD; });
                    ++finished;
                });
                if (i == 3) {
                    throw std::runtime_error("outer");
                }
            });
        };
        REQUIRE_THROWS_WITH(workers.install(failing), "outer");
        std::fesetround(FE_TONEAREST);
        workers.wait_spawned();
        REQUIRE(wrong == 0);
        REQUIRE(finished == 4);
    }
}

TEST_CASE("yield_now: runs a spawned task in the middle of an item, and says so", "[par][spawn]") {
    const pool workers(2);
    std::atomic<bool> release{false};
    std::atomic<bool> busy{false};
    workers.install([&] {
        REQUIRE(!yield_now());
        spawn([&] {  // keeps the only worker
            busy = true;
            wait_until([&] { return release.load(); });
        });
        REQUIRE(wait_until([&] { return busy.load(); }));
        bool ran = false;
        spawn([&] { ran = true; });
        REQUIRE(yield_now());
        REQUIRE(ran);
        REQUIRE(!yield_now());
    });
    release = true;
    workers.wait_spawned();
    const pool one(1);
    one.install([&] {
        scope([&](scope_t& s) {
            bool ran = false;
            REQUIRE(!s.yield_now());
            s.spawn([&] { ran = true; });
            REQUIRE(!ran);
            REQUIRE(s.yield_now());
            REQUIRE(ran);
        });
    });
}

TEST_CASE("current_thread_index: is nothing outside, and different for all that work on one call", "[par][spawn][index]") {
    REQUIRE(!current_thread_index());
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const pool other(2);
        std::vector<std::atomic<int>> present(threads);
        std::atomic<int> wrong{0};
        REQUIRE(workers.install([] { return current_thread_index(); }) == 0u);
        for (std::uint64_t seed = 0; seed < 10; ++seed) {
            const test::random_delays delays(seed, 2);
            workers.install([&] {
                for_each_index(
                    100,
                    [&](std::size_t) {
                        const auto index = current_thread_index();
                        if (!index || *index >= threads || present[*index]++ != 0) {
                            ++wrong;
                            return;
                        }
                        std::this_thread::yield();
                        other.install([&] { for_each_index(3, [&](std::size_t) { wrong += current_thread_index().value_or(2) >= 2; }); });
                        for_each_index(2, [&](std::size_t) { wrong += current_thread_index().value_or(threads) >= threads; });
                        wrong += current_thread_index() != index;
                        --present[*index];
                    },
                    {.grain = 1});
            });
        }
        REQUIRE(wrong == 0);
    }
    REQUIRE(!current_thread_index());
}

TEST_CASE("spawn: a forked child is refused by its parent's pool and has spawns of its own", "[par][spawn][fork]") {
    if (!test::child_may_start_threads) {
        return;
    }
    std::atomic<bool> release{false};
    std::atomic<bool> busy{false};
    const pool workers(2);  // its end waits for the task, which looks at those
    workers.spawn([&] {
        busy = true;
        wait_until([&] { return release.load(); });
    });
    REQUIRE(wait_until([&] { return busy.load(); }));
    const auto parent = ::getpid();
    workers.spawn([&, parent] {  // has not begun, and is not to run in the child
        if (::getpid() != parent) {
            ::_exit(3);
        }
    });
    {
        const pool keep(workers);
        const auto end = test::in_child([&] {
            std::string text;
            try {
                workers.spawn([] {});
            } catch (const resource_error& error) {
                text = std::string(error.what()).substr(0, 21);
            }
            const pool own(3);
            int ran = 0;
            own.spawn([&] { ++ran; });
            own.install([&] { scope([&](scope_t& s) { s.spawn([&] { ++ran; }); }); });
            return text + " " + std::to_string(ran);
        });
        REQUIRE(end.said == "pool: used after fork 2");
        REQUIRE(end.status == 0);
    }
    release = true;
}
