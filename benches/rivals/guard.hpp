// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_RIVALS_GUARD_HPP
#define XRAYON_BENCHES_RIVALS_GUARD_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <xrayon/par/index.hpp>

#include "../support/paired.hpp"
#include "venue.hpp"

// What the guarantees (lowest failure, cancellation up the chain, isolation, one BLAS thread) cost an item, beside loops that promise
// none of it.

namespace xrayon::bench {

/// An item of adjustable cost that no compiler computes ahead and no memory slows: a linear congruential chain (Knuth's MMIX
/// constants), 0.4 to 1 ns a step, more in long chains, which the processor cannot overlap.
template <unsigned Steps>
[[nodiscard]] inline std::uint32_t chain(std::uint64_t x) noexcept {
    for (unsigned s = 0; s < Steps; ++s) {
        x = x * 6364136223846793005U + 1442695040888963407U;
    }
    return static_cast<std::uint32_t>(x >> 32);
}

using numbers = std::vector<std::uint32_t>;

template <unsigned Steps>
contest guard_items(venue& at, const std::string& cost) {
    const std::size_t n = 1'000'000;
    contest c("guard." + cost, "a loop over 1e6 items of about " + cost + ", into an existing array: what the guarantees cost an item",
              at.threads, n, "item");
    const auto y = std::make_shared<numbers>(n);
    const auto clear = [y] { std::fill(y->begin(), y->end(), 0); };
    const auto check = [](const numbers* all) { return ordered_sum(*all, all->size()); };
    c.add("xrayon for_each_index", check, clear, [&at, y, n] {
        at.workers.install([out = y->data(), n] { for_each_index(n, [out](std::size_t i) { out[i] = chain<Steps>(i); }); });
        return y.get();
    });
    c.add("plain loop", check, clear, [y, n] {
        std::uint32_t* const out = y->data();
        for (std::size_t i = 0; i < n; ++i) {
            out[i] = chain<Steps>(i);
        }
        return y.get();
    });
    c.add("raw oneTBB", check, clear, [&at, y, n] {
        at.arena.execute([out = y->data(), n] {
            tbb::parallel_for(range(0, n), [out](const range& r) {
                for (std::size_t i = r.begin(); i != r.end(); ++i) {
                    out[i] = chain<Steps>(i);
                }
            });
        });
        return y.get();
    });
    return c;
}

inline contest guard_nested(venue& at) {
    constexpr std::size_t outer = 1000;
    constexpr std::size_t inner = 64;
    contest c("guard.nested", "1000 items, each with an inner loop over 64 trivial ones: what an inner loop costs", at.threads, outer,
              "inner loop");
    const auto y = std::make_shared<numbers>(outer * inner);
    const auto clear = [y] { std::fill(y->begin(), y->end(), 0); };
    const auto check = [](const numbers* all) { return ordered_sum(*all, all->size()); };
    c.add("xrayon for_each_index", check, clear, [&at, y] {
        at.workers.install([out = y->data()] {
            for_each_index(outer, [out](std::size_t i) {
                for_each_index(inner, [=](std::size_t j) { out[i * inner + j] = chain<4>(i * inner + j); });
            });
        });
        return y.get();
    });
    c.add("plain loops", check, clear, [y] {
        std::uint32_t* const out = y->data();
        for (std::size_t i = 0; i < outer; ++i) {
            for (std::size_t j = 0; j < inner; ++j) {
                out[i * inner + j] = chain<4>(i * inner + j);
            }
        }
        return y.get();
    });
    c.add("raw oneTBB in raw oneTBB", check, clear, [&at, y] {
        at.arena.execute([out = y->data()] {
            tbb::parallel_for(range(0, outer), [out](const range& rows) {
                for (std::size_t i = rows.begin(); i != rows.end(); ++i) {
                    tbb::parallel_for(range(0, inner), [=](const range& r) {
                        for (std::size_t j = r.begin(); j != r.end(); ++j) {
                            out[i * inner + j] = chain<4>(i * inner + j);
                        }
                    });
                }
            });
        });
        return y.get();
    });
    c.add("plain loop in raw oneTBB", check, clear, [&at, y] {
        at.arena.execute([out = y->data()] {
            tbb::parallel_for(range(0, outer), [out](const range& rows) {
                for (std::size_t i = rows.begin(); i != rows.end(); ++i) {
                    for (std::size_t j = 0; j < inner; ++j) {
                        out[i * inner + j] = chain<4>(i * inner + j);
                    }
                }
            });
        });
        return y.get();
    });
#if defined(_OPENMP)
    // As OpenMP comes: the inner loop gets a team of one.
    c.add("OpenMP in OpenMP", check, clear, [&at, y] {
        std::uint32_t* const out = y->data();
#pragma omp parallel for schedule(static) num_threads(at.team)
        for (std::size_t i = 0; i < outer; ++i) {
#pragma omp parallel for schedule(static) num_threads(at.team)
            for (std::size_t j = 0; j < inner; ++j) {
                out[i * inner + j] = chain<4>(i * inner + j);
            }
        }
        return y.get();
    });
#endif
    return c;
}

/// The plain loop of W1a against itself: whatever this says is what the machine and the method cannot tell apart.
inline contest same_against_same(venue& at) {
    contest c("same", "a plain loop against itself: must come out level, or the machine is too noisy now", at.threads, 1'000'000, "item");
    const std::size_t n = 1'000'000;
    const auto loop = [n] {
        auto y = fresh(n);
        for (std::size_t i = 0; i < n; ++i) {
            y[i] = uniform(i);
        }
        return y;
    };
    const auto check = [n](const auto& y) { return ordered_sum(y, n); };
    c.add("plain loop", check, loop);
    c.add("plain loop again", check, loop);
    return c;
}

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_RIVALS_GUARD_HPP
