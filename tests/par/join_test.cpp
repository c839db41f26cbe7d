// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/join.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <xrayon/exec/pool.hpp>

using namespace xrayon;

namespace {

std::uint64_t fibonacci(unsigned n) {
    if (n < 2) {
        return n;
    }
    const auto [a, b] = join([n] { return fibonacci(n - 1); }, [n] { return fibonacci(n - 2); });
    return a + b;
}

void quicksort(std::span<int> v) {
    if (v.size() < 2) {
        return;
    }
    const int pivot = v[v.size() / 2];
    const auto middle = std::partition(v.begin(), v.end(), [=](int x) { return x < pivot; });
    const auto end = std::partition(middle, v.end(), [=](int x) { return x == pivot; });
    join([&] { quicksort({v.begin(), middle}); }, [&] { quicksort({end, v.end()}); });
}

} // namespace

TEST_CASE("join: gives both results, whatever their types", "[par][join]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        workers.install([] {
            const auto [a, b] = join([] { return std::string("left"); }, [] { return 2; });
            REQUIRE(a == "left");
            REQUIRE(b == 2);
            int count = 0;
            const auto [none, owner] = join([&count]() mutable { ++count; }, [] { return std::make_unique<int>(7); });
            REQUIRE(none == no_value{});
            REQUIRE(count == 1);
            REQUIRE(*owner == 7);
        });
    }
}

TEST_CASE("join: nests to any depth", "[par][join][nesting]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        REQUIRE(workers.install([] { return fibonacci(17); }) == 1597);
        std::vector<int> v(20'000);
        for (std::size_t i = 0; i < v.size(); ++i) {
            v[i] = static_cast<int>(test::mix(i) % 1000);
        }
        workers.install([&] { quicksort(v); });
        REQUIRE(std::is_sorted(v.begin(), v.end()));
    }
}

TEST_CASE("join: of two that throw the first one's exception comes out, whoever is sooner", "[par][join][errors]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const test::random_delays delays(seed, 2);
            const auto both = [] { join([] { throw std::out_of_range("first"); }, [] { throw std::runtime_error("second"); }); };
            REQUIRE_THROWS_WITH(workers.install(both), "first");
            const auto second = [] { join([] {}, [] { throw std::runtime_error("second"); }); };
            REQUIRE_THROWS_WITH(workers.install(second), "second");
            std::atomic<bool> began{false};
            std::atomic<bool> ended{false};
            const auto first = [&] {
                join([] { throw std::out_of_range("first"); },
                     [&] {
                         began = true;
                         ended = true;
                     });
            };
            REQUIRE_THROWS_WITH(workers.install(first), "first");
            REQUIRE(began == ended);  // what has begun has ended by now
        }
    }
}

TEST_CASE("join: both sides run at the same time where there are threads", "[par][join]") {
    const pool workers(2);
    std::atomic<int> present{0};
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const auto meet = [&] {
        ++present;
        while (present < 2 && std::chrono::steady_clock::now() < give_up) {
            std::this_thread::yield();
        }
        return present.load();
    };
    const auto [a, b] = workers.install([&] { return join(meet, meet); });
    REQUIRE(a == 2);
    REQUIRE(b == 2);
}

TEST_CASE("join_context: says of each side whether it has come to another thread", "[par][join]") {
    const pool one(1);
    const auto told = [](join_position where) { return where.migrated(); };
    REQUIRE(one.install([&] { return join_context(told, told); }) == std::pair(false, false));
    const pool workers(2);
    std::atomic<int> present{0};
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const auto me = std::this_thread::get_id();
    const auto meet = [&](join_position where) {
        ++present;
        while (present < 2 && std::chrono::steady_clock::now() < give_up) {
            std::this_thread::yield();
        }
        return where.migrated() == (std::this_thread::get_id() != me) ? where.migrated() : throw std::logic_error("wrong");
    };
    const auto [a, b] = workers.install([&] { return join_context(meet, meet); });
    REQUIRE(a != b);  // each on a thread of its own, one of them the caller's
}

TEST_CASE("join_context: fails as join does, and keeps what functions return", "[par][join][errors]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        workers.install([] {
            REQUIRE_THROWS_WITH(join_context([](join_position) { throw std::out_of_range("first"); }, [](join_position) { throw 2; }), "first");
            const auto [a, b] = join_context([](join_position) { return std::string("left"); }, [](join_position) {});
            REQUIRE(a == "left");
            REQUIRE(b == no_value{});
        });
    }
}
