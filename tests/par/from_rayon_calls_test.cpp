// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/join.hpp>

#include "../support/catch.hpp"
#include "../support/from_rayon.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include <xrayon/core/error.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/thread_count.hpp>
#include <xrayon/par/broadcast.hpp>
#include <xrayon/par/scope.hpp>
#include <xrayon/par/sequence.hpp>
#include <xrayon/par/spawn.hpp>

// docs/guide/from-rayon.md shows the lines; cmake/check_from_rayon.cmake holds it against these tests.

using namespace xrayon;
using namespace xrayon::test::from_rayon;

TEST_CASE("rayon: join", "[par][rayon]") {
    everywhere(std::pair(std::accumulate(xs.begin(), xs.end(), 0), *std::max_element(xs.begin(), xs.end())), [] {
        const auto [total, largest] = join([] { return par(xs).sum(); }, [] { return *par(xs).max(); });
        return std::pair(total, largest);
    });
}

TEST_CASE("rayon: join_context", "[par][rayon]") {
    everywhere(7, [] { return join_context([](join_position at) { return at.migrated(); }, [](join_position) { return 7; }).second; });
}

TEST_CASE("rayon: FnContext::migrated", "[par][rayon]") {
    bool left = true;
    bool right = true;
    pool(1).install([&] {  // which migrates nothing
        join_context([&](join_position at) { left = at.migrated(); }, [&](join_position at) { right = at.migrated(); });
    });
    REQUIRE_FALSE(left);
    REQUIRE_FALSE(right);
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            const std::thread::id caller = std::this_thread::get_id();
            const auto says_so = [caller](join_position at) { return at.migrated() == (std::this_thread::get_id() != caller); };
            left = right = false;
            join_context([&](join_position at) { left = says_so(at); }, [&](join_position at) { right = says_so(at); });
        });
        REQUIRE(left);
        REQUIRE(right);
    }
}

TEST_CASE("rayon: scope", "[par][rayon]") {
    everywhere(std::pair(1, 2), [] {
        int a = 0;
        int b = 0;
        scope([&](scope_t& s) {
            s.spawn([&] { a = 1; });
            s.spawn([&](scope_t& inner) { inner.spawn([&] { b = 2; }); });
        });
        return std::pair(a, b);
    });
}

TEST_CASE("rayon: scope_fifo", "[par][rayon]") {
    std::vector<int> order;
    pool(1).install([&] {
        scope_fifo([&](scope_t& s) {
            for (int i = 0; i < 9; ++i)
                s.spawn([&, i] { order.push_back(i); });
        });
    });
    REQUIRE(order == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("rayon: Scope::spawn", "[par][rayon]") {
    everywhere(100, [] {
        std::atomic<int> done{0};
        scope([&](scope_t& s) {
            for (int i = 0; i < 100; ++i) {
                s.spawn([&](scope_t& inner) { inner.spawn([&] { ++done; }); });
            }
        });
        return done.load();
    });
}

TEST_CASE("rayon: ScopeFifo::spawn_fifo", "[par][rayon]") {
    everywhere(plain(xs, [](int x) { return x + 1; }), [] {
        auto v = xs;
        scope_fifo([&](scope_t& s) { s.spawn([&] { par_mut(v).for_each([](int& x) { ++x; }); }); });
        return v;
    });
}

TEST_CASE("rayon: Scope::spawn_broadcast", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        std::atomic<std::size_t> calls{0};
        pool(threads).install([&] { scope([&](scope_t& s) { s.spawn([&] { broadcast([&](broadcast_context) { ++calls; }); }); }); });
        REQUIRE(calls == threads);
    }
}

TEST_CASE("rayon: ScopeFifo::spawn_broadcast", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        std::atomic<std::size_t> calls{0};
        pool(threads).install([&] { scope_fifo([&](scope_t& s) { s.spawn([&] { broadcast([&](broadcast_context) { ++calls; }); }); }); });
        REQUIRE(calls == threads);
    }
}

TEST_CASE("rayon: in_place_scope", "[par][rayon]") {
    everywhere(true, [] {
        int a = 0;
        const auto ran = in_place_scope([&](scope_t& s) {
            s.spawn([&] { a = 1; });
            return std::this_thread::get_id();
        });
        return a == 1 && ran == std::this_thread::get_id();
    });
}

TEST_CASE("rayon: in_place_scope_fifo", "[par][rayon]") {
    everywhere(true, [] {
        int a = 0;
        const auto ran = in_place_scope_fifo([&](scope_t& s) {
            s.spawn([&] { a = 1; });
            return std::this_thread::get_id();
        });
        return a == 1 && ran == std::this_thread::get_id();
    });
}

TEST_CASE("rayon: spawn", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        std::atomic<int> done{0};
        pool(threads).install([&] {
            for (int i = 0; i < 100; ++i) {
                spawn([&] { ++done; });
            }
            wait_spawned();
        });
        REQUIRE(done == 100);
    }
}

TEST_CASE("rayon: spawn_fifo", "[par][rayon]") {
    std::vector<int> order;
    pool(1).install([&] {
        for (int i = 0; i < 9; ++i) {
            spawn_fifo([&, i] { order.push_back(i); });
        }
        wait_spawned();
    });
    REQUIRE(order == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("rayon: broadcast", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        std::vector<std::size_t> expected;
        for (std::size_t i = 0; i < threads; ++i) {
            expected.push_back(10 * i);
        }
        const auto got = pool(threads).install([] { return broadcast([](broadcast_context context) { return 10 * context.index; }); });
        REQUIRE(got == expected);
    }
}

TEST_CASE("rayon: spawn_broadcast", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        std::atomic<std::size_t> indices{0};
        pool(threads).install([&] {
            spawn_broadcast([&](broadcast_context context) { indices += context.index; });
            wait_spawned();
        });
        REQUIRE(indices == threads * (threads - 1) / 2);
    }
}

TEST_CASE("rayon: BroadcastContext::index", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        std::vector<int> called(threads, 0);
        pool(threads).install([&] { broadcast([&](broadcast_context context) { ++called[context.index]; }); });
        REQUIRE(called == std::vector<int>(threads, 1));
    }
}

TEST_CASE("rayon: BroadcastContext::num_threads", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        const auto got = pool(threads).install([] { return broadcast([](broadcast_context context) { return context.num_threads; }); });
        REQUIRE(got == std::vector<std::size_t>(threads, threads));
    }
}

TEST_CASE("rayon: yield_now", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        std::atomic<bool> done{false};
        pool(threads).install([&] {
            spawn([&] { done = true; });
            while (!done)
                yield_now();
        });
        REQUIRE(done);
    }
}

TEST_CASE("rayon: current_num_threads", "[par][rayon]") {
    for (const std::size_t threads : test::thread_counts) {
        REQUIRE(pool(threads).install([] { return current_num_threads(); }) == threads);
    }
}

TEST_CASE("rayon: current_thread_index", "[par][rayon]") {
    everywhere(true, [] { return par(xs).all([](int) { return current_thread_index() < current_num_threads(); }); });
    REQUIRE_FALSE(current_thread_index().has_value());
}

TEST_CASE("rayon: max_num_threads", "[par][rayon]") {
    everywhere(xs.size(), [] { return par(xs).take(max_threads).count(); });
    REQUIRE_NOTHROW(parse_thread_request("1024"));
    REQUIRE_THROWS_AS(parse_thread_request("1025"), environment_error);
    REQUIRE(max_threads == 1024);
}
