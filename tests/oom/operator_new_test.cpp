// SPDX-License-Identifier: Apache-2.0
// Every n-th operator new fails, for n = 1, 2 ... until an operation needs no n-th one. Then the call ends in std::bad_alloc (under
// on_error::wrap in a task_error that nests it), or does without; nothing is leaked, no input has changed, and the next call is right.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

#include "../support/catch.hpp"
#include "../support/failing_allocation.hpp"
#include "../support/thread_counts.hpp"
#include "operations.hpp"

using namespace xrayon;
namespace failing = xrayon::test::failing_allocation;
using test::end_of;
using test::ending;

namespace {

/// True when no more allocations are alive than `before`. A worker of oneTBB's that starts another one allocates something for a moment,
/// whenever it likes.
bool nothing_leaked(long before) {
    for (int i = 0; i < 1'000'000 && failing::live() > before; ++i) {
        std::this_thread::yield();
    }
    return failing::live() <= before;
}

/// All n for one operation on one pool.
void sweep(const test::operation& each, std::size_t threads, bool nested, failing::failing how) {
    const pool workers(threads);
    const auto flat = [&] { return workers.install(each.run); };
    // In the items of a loop, of which the lowest one that fails speaks.
    const auto in_items = [&] {
        return workers.install([&] {
            std::array<std::uint64_t, 3> bits{};
            for_each_index(bits.size(), [&](std::size_t i) { bits[i] = each.run(); }, {.grain = 1});
            return test::bits_of(bits);
        });
    };
    const std::function<std::uint64_t()> call = nested ? std::function<std::uint64_t()>(in_items) : std::function<std::uint64_t()>(flat);
    // Arenas of pools that are gone are kept for the next ones, as many as were there at once, and a pool that finds no memory takes one along. Those of
    // three items that make two pools each are there before each count, and are not taken for a leak.
    const auto fill_cache = [&] {
        std::deque<pool> at_once;
        for (std::size_t i = 0; nested && i < 6; ++i) {
            at_once.emplace_back(1 + i % 2);
        }
    };
    const std::uint64_t inputs = each.inputs();
    const std::uint64_t expected = call();
    REQUIRE(call() == expected);

    long reached = 0;
    // How many allocations a call makes may depend on who was quick, so one call that needs no n-th is not the end of it.
    for (long n = 1, missed = 0; missed < 3; ++n) {
        fill_cache();
        const long before = failing::live();
        std::uint64_t bits = 0;
        failing::arm(n, how);
        const ending end = end_of(call, bits);
        const bool failed = failing::disarm().failed;
        const bool leaked = !nothing_leaked(before);
        missed = failed ? 0 : missed + 1;
        reached = failed ? n : reached;
        std::uint64_t next = 0;
        const ending again = end_of(call, next);
        if (leaked || end == ending::other_error || end == ending::refused || (!failed && end != ending::value)
            || (end == ending::value && bits != expected) || again != ending::value || next != expected || each.inputs() != inputs) {
            INFO(each.name << (nested ? ", nested" : "") << ", threads = " << threads << ", allocation " << n << " fails"
                           << (how == failing::failing::from_then ? ", and all after it" : ""));
            REQUIRE_FALSE(leaked);
            REQUIRE((end == ending::value || end == ending::no_memory));
            REQUIRE((failed || end == ending::value));
            REQUIRE((end != ending::value || bits == expected));
            REQUIRE(again == ending::value);
            REQUIRE(next == expected);
            REQUIRE(each.inputs() == inputs);
        }
    }
    INFO(each.name << ", threads = " << threads);
    REQUIRE(reached >= 1);
}

} // namespace

TEST_CASE("oom: every n-th operator new of every algorithm may fail", "[oom][R1][B10][B38]") {
    for (const test::operation& each : test::operations()) {
        DYNAMIC_SECTION(each.name) {
            sweep(each, 1, false, failing::failing::once);
            if (each.parallel) {
                sweep(each, 2, false, failing::failing::once);
                sweep(each, 3, false, failing::failing::once);
                sweep(each, 2, true, failing::failing::once);
            }
            sweep(each, 3, false, failing::failing::from_then);
        }
    }
}

TEST_CASE("oom: every n-th operator new of every algorithm may fail, at more threads, nested, and for good", "[.soak][soak][oom][R1]") {
    for (const test::operation& each : test::operations()) {
        DYNAMIC_SECTION(each.name) {
            for (const std::size_t threads : test::thread_counts) {
                for (const bool nested : {false, true}) {
                    for (const failing::failing how : {failing::failing::once, failing::failing::from_then}) {
                        sweep(each, threads, nested, how);
                    }
                }
            }
        }
    }
}

TEST_CASE("oom: no item runs when there is no memory for the results", "[oom][B38]") {
    std::atomic<int> calls{0};
    const auto item = [&](std::size_t i) {
        ++calls;
        return static_cast<double>(i);
    };
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::uint64_t bits = 0;
        failing::arm(1);
        const ending end = end_of([&] { return workers.install([&] { return test::bits_of(map_index(1000, item)); }); }, bits);
        const bool failed = failing::disarm().failed;
        REQUIRE(failed);
        REQUIRE(end == ending::no_memory);
        REQUIRE(calls == 0);
    }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // whose allocators end the process
    // More than any machine has, by the real allocator.
    REQUIRE_THROWS_AS(map_index(std::size_t{1} << 50, item), std::bad_alloc);
    REQUIRE(calls == 0);
#endif
}

TEST_CASE("oom: the countdown fails exactly the allocation it is told to, and counts what lives", "[oom]") {
    // Direct calls: a compiler may leave out a new-expression whose memory nobody looks at.
    const long before = failing::live();
    failing::arm(2);
    void* const first = ::operator new(8);
    void* const second = ::operator new(64, std::nothrow);
    void* const third = ::operator new (8, std::align_val_t{128});
    const failing::seen seen = failing::disarm();
    const long during = failing::live();
    ::operator delete(first);
    ::operator delete (third, std::align_val_t{128});
    REQUIRE(second == nullptr);
    REQUIRE(seen.failed);
    REQUIRE(seen.allocations == 3);
    REQUIRE(during == before + 2);
    REQUIRE(failing::live() == before);
}
