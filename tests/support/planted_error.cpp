// SPDX-License-Identifier: Apache-2.0
// Does the sanitizer see anything at all? This program makes one mistake of the kind that the build looks for; its ctest entry passes
// when the sanitizer says so. Without it a broken set-up would look like flawless code.
#include <xrayon/par/index.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <vector>

#include <xrayon/exec/pool.hpp>

int main() {
    std::vector<long> counts(8, 0);
#if defined(XRAYON_PLANT_RACE)
    // All tasks write to `racy`, guarded by nothing. On a busy machine one thread could do them all, and there would be no race: so the
    // writing begins when two threads are in. They meet in relaxed atomics, because those put nothing in order.
    long racy = 0;
    std::atomic<int> threads{0};
    xrayon::pool(4).install([&] {
        xrayon::for_each_index(
            100'000,
            [&](std::size_t i) {
                thread_local bool counted = false;
                if (!counted) {
                    counted = true;
                    threads.fetch_add(1, std::memory_order_relaxed);
                    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
                    while (threads.load(std::memory_order_relaxed) < 2 && std::chrono::steady_clock::now() < give_up) {
                    }
                }
                racy += static_cast<long>(i % 3);
            },
            {.grain = 1});
    });
    counts[0] = racy;
#else
    volatile std::size_t beyond = counts.size();
    xrayon::for_each_index(1, [&](std::size_t) { *(counts.data() + beyond) = 1; });
#endif
    std::printf("%ld\n", counts[0]);
}
