// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/index.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

using namespace xrayon;

namespace {

/// Counts objects alive, and throws in the constructor it is told to.
struct counted {
    static inline std::atomic<int> alive{0};
    std::size_t value;
    explicit counted(std::size_t v) : value(v) { ++alive; }
    counted(counted&& other) noexcept : value(other.value) { ++alive; }
    counted(const counted&) = delete;
    ~counted() { --alive; }
};

struct alignas(64) wide {
    double x;
};

struct not_movable {
    std::size_t value;
    explicit not_movable(std::size_t v) : value(v) {}
    not_movable(not_movable&&) = delete;
};

struct throwing_destructor {
    ~throwing_destructor() noexcept(false) {}
};

struct needs_const {
    int operator()(std::size_t) { return 1; }
};

} // namespace

TEST_CASE("map_index: result i is f(i), for results of every kind", "[par][map_index][B15]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        workers.install([] {
            const auto bools = map_index(10'000, [](std::size_t i) { return i % 3 == 0; });
            static_assert(std::same_as<decltype(bools), const results<bool>>);
            for (std::size_t i = 0; i < bools.size(); ++i) {
                REQUIRE(bools[i] == (i % 3 == 0));
            }
            const auto strings = map_index(1000, [](std::size_t i) { return std::to_string(i); });
            REQUIRE(strings[999] == "999");
            const auto pointers = map_index(1000, [](std::size_t i) { return std::make_unique<std::size_t>(i); });
            REQUIRE(*pointers[500] == 500);
            const auto wides = map_index(1000, [](std::size_t i) { return wide{static_cast<double>(i)}; });
            REQUIRE(reinterpret_cast<std::uintptr_t>(wides.data()) % 64 == 0);
            REQUIRE(wides[7].x == 7.0);
            const auto large = map_index(20, [](std::size_t i) { return std::array<char, 1 << 16>{static_cast<char>(i)}; });
            REQUIRE(large[19][0] == 19);
            const auto fixed = map_index(100, [](std::size_t i) { return not_movable(i); });
            REQUIRE(fixed[42].value == 42);
            const std::vector<std::size_t> source{5, 6, 7};
            const auto copies = map_index(3, [&](std::size_t i) -> const std::size_t& { return source[i]; });
            static_assert(std::same_as<decltype(copies), const results<std::size_t>>);  // a reference is kept as a value
            REQUIRE(copies[2] == 7);
        });
    }
}

TEST_CASE("map_index: every result that was built is destroyed once, with and without failure", "[par][map_index][errors][B14]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (std::uint64_t round = 0; round < 20; ++round) {
            const test::random_delays delays(round, 8);
            REQUIRE(workers.install([] { return map_index(300, [](std::size_t i) { return counted(i); })[299].value; }) == 299);
            REQUIRE(counted::alive == 0);
            const std::size_t bad = test::mix(round) % 300;
            REQUIRE_THROWS_AS(workers.install([&] {
                return map_index(300, [&](std::size_t i) {
                    if (i == bad || i == bad + 40) {
                        throw std::runtime_error("x");
                    }
                    return counted(i);
                });
            }),
                              std::runtime_error);
            REQUIRE(counted::alive == 0);
            REQUIRE_THROWS_AS(workers.install([&] {
                return map_index(
                    300,
                    [&](std::size_t i) {
                        if (i % 7 == bad % 7) {
                            throw std::runtime_error("x");
                        }
                        return counted(i);
                    },
                    {.run = {.error = on_error::collect}});
            }),
                              task_errors);
            REQUIRE(counted::alive == 0);
        }
    }
}

TEST_CASE("map_index: results too large for any memory are refused before an item runs", "[par][map_index][errors][B32][B38]") {
    std::atomic<int> calls{0};
    const auto f = [&](std::size_t) {
        ++calls;
        return 1.0;
    };
    REQUIRE_THROWS_AS(map_index(std::numeric_limits<std::size_t>::max() / 2, f), argument_error);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // whose operator new ends the process instead
    REQUIRE_THROWS_AS(map_index(std::numeric_limits<std::size_t>::max() / 64, f), std::bad_alloc);
#endif
    REQUIRE(calls == 0);
}

static_assert(index_map<decltype([](std::size_t) { return 1; })>);
static_assert(!index_map<decltype([](std::size_t) {})>);
static_assert(!index_map<needs_const>);
static_assert(!index_map<decltype([](std::size_t) { return throwing_destructor{}; })>);
