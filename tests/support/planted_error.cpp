// SPDX-License-Identifier: Apache-2.0
// Does the sanitizer see anything at all? This program makes one mistake of the kind that the build looks for; its ctest entry passes
// when the sanitizer says so. Without it a broken set-up would look like flawless code.
#include <xrayon/par/index.hpp>

#include <cstddef>
#include <cstdio>
#include <vector>

#include <xrayon/exec/pool.hpp>

int main() {
    std::vector<long> counts(8, 0);
#if defined(XRAYON_PLANT_RACE)
    long racy = 0;  // written by all tasks, guarded by nothing
    xrayon::pool(4).install(
        [&] { xrayon::for_each_index(100'000, [&](std::size_t i) { racy += static_cast<long>(i % 3); }, {.grain = 1}); });
    counts[0] = racy;
#else
    volatile std::size_t beyond = counts.size();
    xrayon::for_each_index(1, [&](std::size_t) { *(counts.data() + beyond) = 1; });
#endif
    std::printf("%ld\n", counts[0]);
}
