// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/pool.hpp>

#include <array>
#include <atomic>
#include <cfenv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <latch>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <pthread.h>

#include <xrayon/par/index.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define XRAYON_TEST_SANITIZED 1
#else
#define XRAYON_TEST_SANITIZED 0
#endif

using namespace xrayon;

namespace {

std::size_t sum_of(std::size_t n) {
    return fold_index(
        n, 10, [](std::size_t begin, std::size_t end) { return end - begin; }, [](std::size_t a, std::size_t b) { return a + b; }, {.grain = 1});
}

/// A number out of /proc/self/status: "Threads", or "VmRSS" in KiB.
std::size_t status_of(const std::string& key) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);) {
        if (line.rfind(key + ":", 0) == 0) {
            return static_cast<std::size_t>(std::stoull(line.substr(key.size() + 1)));
        }
    }
    return 0;
}

std::size_t threads_at_once(const pool& workers, std::size_t threads) {
    std::atomic<std::size_t> here{0};
    std::atomic<std::size_t> gave_up{0};
    workers.install([&] {
        for_each_index(
            threads,
            [&](std::size_t) {
                ++here;
                const auto last = std::chrono::steady_clock::now() + std::chrono::seconds(60);
                while (here < threads && std::chrono::steady_clock::now() < last) {
                    std::this_thread::yield();
                }
                gave_up += here < threads;
            },
            {.grain = 1});
    });
    return threads - gave_up;
}

/// Makes and destroys pools of 1 to `sizes` threads, each with a name of its own, with work on each of some.
int churn(int rounds, int sizes) {
    int wrong = 0;
    for (int round = 0; round < rounds; ++round) {
        const pool workers(pool_config{.threads = static_cast<std::size_t>(1 + round % sizes), .name = "r" + std::to_string(round)});
        if (round % 3 != 0) {
            wrong += workers.install([] { return sum_of(500); }) != 500;
        }
    }
    return wrong;
}

void come_and_go(int rounds, int sizes) {
    REQUIRE(churn(200, sizes) == 0);  // so that every thread and every cache is there
    const std::size_t threads = status_of("Threads");
    const std::size_t memory = status_of("VmRSS");
    REQUIRE(churn(rounds, sizes) == 0);
    REQUIRE(status_of("Threads") == threads);
#if !XRAYON_TEST_SANITIZED  // which keep what is freed for a while
    const std::size_t after = status_of("VmRSS");
    INFO(memory << " KiB before, " << after << " after");
    REQUIRE(after <= memory + 1024);
#else
    static_cast<void>(memory);
#endif
}

/// `rounds` calls each from two threads that share nothing but the process.
void side_by_side(int rounds) {
    std::atomic<int> wrong{0};
    std::latch start(2);
    const auto work = [&](int size) {
        start.arrive_and_wait();
        for (int round = 0; round < rounds; ++round) {
            const pool workers(size);
            wrong += workers.install([] { return sum_of(200); }) != 200;
        }
    };
    std::thread first(work, 2);
    std::thread second(work, 3);
    first.join();
    second.join();
    REQUIRE(wrong == 0);
}

} // namespace

TEST_CASE("pool: sixty-four threads are sixty-four at once on any machine", "[exec][pool][T14]") {
    const pool workers(64);
    REQUIRE(workers.num_threads() == 64);
    REQUIRE(threads_at_once(workers, 64) == 64);
    run_report report;
    workers.install([&] { for_each_index(64, [](std::size_t) {}, {.grain = 1, .run = {.report = &report}}); });
    REQUIRE(report.threads <= 64);
}

TEST_CASE("pool: used inside its own item, and across pools and back, gives the same results", "[exec][pool][T23][T24]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool a(threads);
        const pool b(threads);
        const auto inner = [&](std::size_t i) { return a.install([&] { return sum_of(20 + i); }); };
        const auto across = [&](std::size_t i) { return b.install([&] { return inner(i) + sum_of(3); }); };
        const auto own = a.install([&] { return map_index(40, inner, {.grain = 1}); });
        const auto both = a.install([&] { return map_index(40, across, {.grain = 1}); });
        for (std::size_t i = 0; i < 40; ++i) {
            REQUIRE(own[i] == 20 + i);
            REQUIRE(both[i] == 23 + i);
        }
    }
}

TEST_CASE("pool: may be destroyed while another thread is inside it; what runs there ends as usual", "[exec][pool][T25]") {
    for (int round = 0; round < 50; ++round) {
        auto workers = std::make_unique<pool>(3);
        std::latch inside(1);
        std::atomic<bool> destroyed{false};
        std::size_t sum = 0;
        std::thread other([&, raw = workers.get()] {
            sum = raw->install([&] {
                inside.count_down();
                while (!destroyed) {
                    std::this_thread::yield();
                }
                return sum_of(1000);
            });
        });
        inside.wait();
        workers.reset();
        destroyed = true;
        other.join();
        REQUIRE(sum == 1000);
    }
}

TEST_CASE("pool: may be destroyed, or the global one replaced, from one of its own items", "[exec][pool][T26]") {
    for (const std::size_t threads : test::thread_counts) {
        auto workers = std::make_unique<pool>(threads);
        std::atomic<bool> reset{false};
        const pool* const raw = workers.get();
        const std::size_t sum = raw->install([&] {
            for_each_index(
                20, [&](std::size_t i) { if (i == 7 && !reset.exchange(true)) workers.reset(); }, {.grain = 1});
            return sum_of(500);
        });
        REQUIRE(sum == 500);
        REQUIRE(workers == nullptr);

        configure_global_pool({.threads = threads});
        std::atomic<int> wrong{0};
        for_each_index(
            20,
            [&](std::size_t i) {
                configure_global_pool({.threads = 1 + i % 3});
                wrong += sum_of(100) != 100;
            },
            {.grain = 1});
        REQUIRE(wrong == 0);
    }
    configure_global_pool({});
}

TEST_CASE("pool: the exception of an item outlives its pool", "[exec][pool][B13]") {
    std::exception_ptr kept;
    {
        const pool workers(4);
        try {
            workers.install([] { for_each_index(100, [](std::size_t i) { throw std::runtime_error("item " + std::to_string(i)); }, {.grain = 1}); });
        } catch (...) {
            kept = std::current_exception();
        }
    }
    std::string text;
    std::thread([&] {
        try {
            std::rethrow_exception(std::exchange(kept, nullptr));
        } catch (const std::runtime_error& error) {
            text = error.what();
        }
    }).join();
    REQUIRE(text == "item 0");
}

TEST_CASE("pool: a thousand pools come and go and leave nothing behind", "[exec][pool][T27]") { come_and_go(1000, 8); }

TEST_CASE("pool: pools of sixty-four sizes come and go and leave nothing behind", "[exec][pool][T27]") { come_and_go(1000, 64); }

TEST_CASE("pool: ten thousand pools come and go and leave nothing behind", "[.soak][soak][T27]") {
    come_and_go(10'000, 8);
    come_and_go(10'000, 64);
}

TEST_CASE("pool: two threads with pools of their own, side by side", "[exec][pool][T28]") { side_by_side(300); }

TEST_CASE("pool: two threads with pools of their own, side by side, ten thousand times", "[.soak][soak][T28]") { side_by_side(10'000); }

TEST_CASE("pool: a hundred thousand nested installs, one after the other, do not grow the stack", "[exec][pool][R21]") {
    const pool a(2);
    const pool b(2);
    std::set<std::uintptr_t> depths;
    a.install([&] {
        // Not the address of a variable: AddressSanitizer may keep those elsewhere.
        const auto outer = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
        for (int i = 0; i < 100'000; ++i) {
            b.install([&] { depths.insert(outer - reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0))); });
        }
    });
    REQUIRE(depths.size() == 1);
}

TEST_CASE("pool: a name longer than the kernel keeps is cut in front of the number", "[exec][pool][T33]") {
    const pool workers(pool_config{.threads = 2, .name = std::string(200, 'n')});
    const auto caller = std::this_thread::get_id();
    std::atomic<int> here{0};
    std::string name;
    workers.install([&] {
        for_each_index(
            2,
            [&](std::size_t) {
                ++here;
                while (here < 2) {
                    std::this_thread::yield();
                }
                if (std::this_thread::get_id() != caller) {
                    char buffer[32] = {};
                    ::pthread_getname_np(::pthread_self(), buffer, sizeof buffer);
                    name = buffer;
                }
            },
            {.grain = 1});
    });
    REQUIRE(name == std::string(13, 'n') + "-1");
}

TEST_CASE("pool: workers bear the name of the pool they work for, also where they worked for another one just before", "[exec][pool][T33]") {
    std::set<std::string> others;
    int alone = 0;
    for (int round = 0; round < 100; ++round) {
        const std::string name = "p" + std::to_string(round % 10);
        const pool workers(pool_config{.threads = 3, .name = name});
        const auto caller = std::this_thread::get_id();
        std::atomic<int> here{0};
        std::array<std::string, 3> seen;
        workers.install([&] {
            for_each_index(
                3,
                [&](std::size_t i) {
                    ++here;
                    const auto last = std::chrono::steady_clock::now() + std::chrono::seconds(20);
                    while (here < 3 && std::chrono::steady_clock::now() < last) {
                        std::this_thread::yield();
                    }
                    if (std::this_thread::get_id() != caller) {
                        char buffer[16] = {};
                        ::pthread_getname_np(::pthread_self(), buffer, sizeof buffer);
                        seen[i] = buffer;
                    }
                },
                {.grain = 1});
        });
        alone += here < 3;
        for (const std::string& worker : seen) {
            if (!worker.empty() && worker != name + "-1" && worker != name + "-2") {
                others.insert(worker + " in " + name);
            }
        }
    }
    REQUIRE(alone == 0);
    REQUIRE(others == std::set<std::string>{});
}

TEST_CASE("pool: the variable is read when a pool is made, and only then", "[exec][pool][T10]") {
    ::setenv("XRAYON_NUM_THREADS", "3", 1);
    const pool workers;
    ::setenv("XRAYON_NUM_THREADS", "5", 1);
    REQUIRE(workers.num_threads() == 3);
    REQUIRE(workers.install([] { return current_num_threads(); }) == 3);
    REQUIRE(pool().num_threads() == 5);
    ::unsetenv("XRAYON_NUM_THREADS");
    REQUIRE(workers.num_threads() == 3);
}

TEST_CASE("pool: every item runs under the caller's rounding mode, also nested and in another pool, and the caller keeps it", "[exec][pool][B41]") {
    const int before = std::fegetround();
    for (const std::size_t threads : test::thread_counts) {
        const pool a(threads);
        const pool b(threads);
        for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST}) {
            std::fesetround(mode);
            std::atomic<int> wrong{0};
            a.install([&] {
                wrong += std::fegetround() != mode;
                for_each_index(
                    30,
                    [&](std::size_t) {
                        wrong += std::fegetround() != mode;
                        for_each_index(3, [&](std::size_t) { wrong += std::fegetround() != mode; }, {.grain = 1});
                        b.install([&] { for_each_index(3, [&](std::size_t) { wrong += std::fegetround() != mode; }, {.grain = 1}); });
                        wrong += std::fegetround() != mode;
                    },
                    {.grain = 1});
            });
            const bool kept = std::fegetround() == mode;
            std::fesetround(before);
            REQUIRE(kept);
            REQUIRE(wrong == 0);
        }
    }
}

TEST_CASE("pool: the library raises no floating-point exception of its own", "[exec][pool][B42]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::feclearexcept(FE_ALL_EXCEPT);
        ::feenableexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW);  // one that is raised ends the process
        std::atomic<int> raised{0};
        workers.install([&] {
            for_each_index(
                100,
                [&](std::size_t) {
                    raised += std::fetestexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW) != 0;
                    static_cast<void>(sum_of(50));
                    raised += std::fetestexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW) != 0;
                },
                {.grain = 1});
        });
        ::fedisableexcept(FE_ALL_EXCEPT);
        REQUIRE(std::fetestexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW) == 0);
        REQUIRE(raised == 0);
    }
}
