// SPDX-License-Identifier: Apache-2.0
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

#include <cstddef>

std::size_t last_square(std::size_t n);

std::size_t last_square(std::size_t n) {
    const xrayon::pool workers(2);
    return workers.install([n] { return xrayon::map_index(n, [](std::size_t i) { return i * i; }); })[n - 1];
}
