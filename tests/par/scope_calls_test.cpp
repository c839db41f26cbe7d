// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/scope.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>

using namespace xrayon;

TEST_CASE("scope: the caller, who waits for a helper, is called to what that helper spawns", "[par][scope]") {
    const pool workers(2);
    for (int round = 0; round < 50; ++round) {
        std::atomic<bool> first_elsewhere{false};
        std::atomic<bool> second_ran{false};
        std::atomic<bool> in_time{true};
        const auto comes_true = [](const auto& there) {
            const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
            while (!there) {
                if (std::chrono::steady_clock::now() > end) {
                    return false;
                }
                std::this_thread::yield();
            }
            return true;
        };
        workers.install([&] {
            scope([&](auto& s) {
                s.spawn([&](auto& inner) {
                    first_elsewhere = true;
                    // The body has ended by now, or ends soon: whoever runs it has nothing to do but this.
                    inner.spawn([&] { second_ran = true; });
                    in_time = comes_true(second_ran);
                });
                in_time = comes_true(first_elsewhere) && in_time;
            });
        });
        REQUIRE(in_time);
    }
}
