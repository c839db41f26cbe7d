// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

#include <cstddef>
#include <cstdio>

// In another translation unit, with the same headers: nothing may be defined twice.
std::size_t last_square(std::size_t n);

int main() {
    const xrayon::pool workers(2);
    const auto squares = workers.install([] { return xrayon::map_index(4, [](std::size_t i) { return i * i; }); });
    for (const std::size_t square : squares) {
        std::printf("%zu ", square);
    }
    std::printf("%zu\n", last_square(5));
}
