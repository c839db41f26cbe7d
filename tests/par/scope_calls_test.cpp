// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/scope.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>

using namespace xrayon;

namespace {

/// Until `there` holds, for a second at most.
bool comes_true(const std::atomic<bool>& there) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (!there) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

/// So long that a scope of such tasks is shared from its beginning.
void work() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
    while (std::chrono::steady_clock::now() < end) {
    }
}

} // namespace

TEST_CASE("scope: whoever is free is called to what a task spawns, also the caller, who waits", "[par][scope]") {
    const pool workers(2);
    int called_in_time = 0;  // a call to a worker that is just falling asleep may be missed: oneTBB's spawn allows that
    for (int round = 0; round < 60; ++round) {
        std::atomic<bool> second_ran{false};
        std::atomic<bool> in_time{true};
        workers.install([&] {
            scope([&](auto& s) {
                s.spawn([&](auto& inner) {
                    work();  // meanwhile the other thread finds nothing to do
                    inner.spawn([&] { second_ran = true; });
                    in_time = comes_true(second_ran);
                });
                work();
            });
        });
        called_in_time += in_time ? 1 : 0;
    }
    REQUIRE(called_in_time >= 45);
}
