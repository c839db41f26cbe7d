// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_RIVALS_VENUE_HPP
#define XRAYON_BENCHES_RIVALS_VENUE_HPP

#include <cstddef>
#include <cstdint>
#include <memory>

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>
#include <oneapi/tbb/task_arena.h>

#include <xrayon/exec/pool.hpp>

namespace xrayon::bench {

/// Where rivals run at one thread count: our pool, a oneTBB arena of the same size, and the number for OpenMP. Made before any
/// clock starts, and outlives the contests.
struct venue {
    explicit venue(std::size_t count) : threads(count), workers(count), arena(static_cast<int>(count)), team(static_cast<int>(count)) {
        configure_global_pool({.threads = count});  // for calls outside of install
        arena.initialize();
    }

    std::size_t threads;
    pool workers;
    tbb::task_arena arena;
    int team;
};

using range = tbb::blocked_range<std::size_t>;

/// The trivial item: splitmix64's finaliser (Steele, Lea and Flood: "Fast splittable pseudorandom number generators", 2014) to [0, 1).
[[nodiscard]] inline double uniform(std::uint64_t i) noexcept {
    std::uint64_t z = i + 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/// A fresh array that nobody has written to yet: what the best hand-written form of a map begins with.
[[nodiscard]] inline std::unique_ptr<double[]> fresh(std::size_t n) { return std::make_unique_for_overwrite<double[]>(n); }

/// Sum of y[i] (1 + i mod 7): sees a wrong value, and a value at the wrong place.
template <class Array>
[[nodiscard]] double ordered_sum(const Array& y, std::size_t n) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        sum += static_cast<double>(y[i]) * static_cast<double>(1 + i % 7);
    }
    return sum;
}

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_RIVALS_VENUE_HPP
