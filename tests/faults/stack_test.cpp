// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/index.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <cstddef>
#include <latch>

using namespace xrayon;

namespace {

/// Uses `levels` KiB of stack and a little more, and writes to all of it.
std::size_t use_stack(std::size_t levels) {
    volatile unsigned char room[1024];
    for (std::size_t i = 0; i < sizeof room; i += 64) {
        room[i] = static_cast<unsigned char>(levels);
    }
    const std::size_t below = levels == 0 ? 0 : use_stack(levels - 1);
    return below + (room[0] == static_cast<unsigned char>(levels) ? 1 : 0);
}

} // namespace

TEST_CASE("faults: an item may use 3 MiB of stack on any thread of a pool", "[faults][B44]") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    const std::size_t levels = 1024;  // frames are several times as large
#else
    const std::size_t levels = 2600;  // with what each frame adds to its KiB
#endif
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::latch all(static_cast<std::ptrdiff_t>(threads));  // so that every thread of the pool has one of these items
        const auto used = workers.install([&] {
            return map_index(threads, [&](std::size_t) {
                all.arrive_and_wait();
                return use_stack(levels);
            }, {.grain = 1});
        });
        for (const std::size_t each : used) {
            REQUIRE(each == levels + 1);
        }
    }
}
