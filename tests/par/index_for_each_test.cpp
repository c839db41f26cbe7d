// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/index.hpp>

#include <atomic>
#include <cfenv>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

using namespace xrayon;

namespace {

struct changes_itself {
    std::size_t calls = 0;
    void operator()(std::size_t) { ++calls; }
};

} // namespace

TEST_CASE("for_each_index: calls every index exactly once, whatever items cost", "[par][for_each_index]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::size_t n : {1u, 63u, 64u, 65u, 1000u, 300'000u}) {
            std::vector<std::uint8_t> calls(n, 0);  // one writer per byte: a second call would show as 2
            workers.install([&] { for_each_index(n, [&](std::size_t i) { ++calls[i]; }); });
            REQUIRE(std::all_of(calls.begin(), calls.end(), [](auto c) { return c == 1; }));
        }
    }
}

TEST_CASE("for_each_index: counts beyond 32 bits", "[.soak][par][for_each_index][B31]") {
    const std::size_t n = (std::size_t{1} << 32) + 1;
    const std::size_t grain = std::size_t{1} << 31;
    std::atomic<std::size_t> last{0};
    run_report report;
    // Claims of 2^31 items of which the first of each throws nothing and costs nothing: the loop is what is tested.
    for_each_index(
        n,
        [&](std::size_t i) {
            if (i == n - 1) {
                last = i;
            }
        },
        {.grain = grain, .run = {.report = &report}});
    REQUIRE(last == n - 1);
    REQUIRE(report.done == n);
}

TEST_CASE("for_each_index: a small call stays on the calling thread and allocates no helpers", "[par][for_each_index]") {
    const pool workers(8);
    // A call of a few items that cost nothing must end before 5 us have passed; an interrupted thread may still share, so many
    // calls are made and most of them must have run here alone.
    int alone = 0;
    workers.install([&] {
        for (int call = 0; call < 1000; ++call) {
            run_report report;
            for_each_index(16, [](std::size_t) {}, {.run = {.report = &report}});
            alone += report.threads == 1;
        }
    });
    REQUIRE(alone > 500);
}

TEST_CASE("for_each_index: dear items are shared before the first of them has ended", "[par][for_each_index]") {
    // Two items on two threads: each waits for the other one to have begun, or gives up after 20 s.
    const pool workers(2);
    for (int round = 0; round < 3; ++round) {
        std::atomic<int> begun{0};
        std::atomic<int> alone{0};
        workers.install([&] {
            for_each_index(2, [&](std::size_t) {
                ++begun;
                const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
                while (begun < 2 && std::chrono::steady_clock::now() < give_up) {
                    std::this_thread::yield();
                }
                alone += begun < 2;
                const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(100);  // dear, so that the next call is shared too
                while (std::chrono::steady_clock::now() < until) {
                }
            });
        });
        REQUIRE(alone == 0);
    }
}

TEST_CASE("for_each_index: what the function returns is dropped, and member functions can be called", "[par][for_each_index]") {
    std::atomic<int> calls{0};
    for_each_index(10, [&](std::size_t) { return ++calls; });
    REQUIRE(calls == 10);
}

TEST_CASE("for_each_index: items run with the floating-point settings of the caller", "[par][for_each_index]") {
    const int before = std::fegetround();
    std::fesetround(FE_UPWARD);
    std::atomic<int> wrong{0};
    const pool workers(4);
    workers.install([&] {
        for_each_index(
            2000,
            [&](std::size_t) {
                const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(2);
                while (std::chrono::steady_clock::now() < until) {
                }
                wrong += std::fegetround() != FE_UPWARD;
            },
            {.grain = 1});
    });
    const int after = std::fegetround();
    std::fesetround(before);
    REQUIRE(after == FE_UPWARD);
    REQUIRE(wrong == 0);
    REQUIRE(workers.install([] { return map_index(1000, [](std::size_t) { return std::fegetround(); }); }).back() == before);
}

TEST_CASE("for_each_index: the report tells what happened", "[par][for_each_index]") {
    run_report report;
    for_each_index(100, [](std::size_t) {}, {.run = {.report = &report}});
    REQUIRE(report.total == 100);
    REQUIRE(report.done == 100);
    REQUIRE(report.threads >= 1);
    REQUIRE_FALSE(report.failed);
    REQUIRE(report.completed.empty());
    for_each_index(0, [](std::size_t) {}, {.run = {.report = &report}});
    REQUIRE(report.total == 0);
}

static_assert(index_callable<void (*)(std::size_t)>);
static_assert(index_callable<decltype([](int) {})>);
static_assert(!index_callable<changes_itself>);  // called from many threads: it must be const
static_assert(!index_callable<decltype([](const char*) {})>);
