// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_RIVALS_MAPS_HPP
#define XRAYON_BENCHES_RIVALS_MAPS_HPP

#include <array>
#include <cstddef>

#include <xrayon/par/index.hpp>

#include "../support/paired.hpp"
#include "venue.hpp"

// W1: trivial items, so that all there is to see is the loop around them.

namespace xrayon::bench {

/// Is there a cost in mapping a million trivial items to a fresh, ordered result?
inline contest map_chunked(venue& at) {
    contest c("W1a", "map of 1e6 trivial items to a fresh ordered result, in chunks as each likes", at.threads, 1'000'000, "item");
    const std::size_t n = 1'000'000;
    const auto check = [n](const auto& y) { return ordered_sum(y, n); };
    c.add("xrayon map_index", check,
          [&at, n] { return at.workers.install([n] { return map_index(n, [](std::size_t i) { return uniform(i); }); }); });
    c.add("plain loop", check, [n] {
        auto y = fresh(n);
        for (std::size_t i = 0; i < n; ++i) {
            y[i] = uniform(i);
        }
        return y;
    });
    c.add("raw oneTBB", check, [&at, n] {
        auto y = fresh(n);
        at.arena.execute([out = y.get(), n] {
            tbb::parallel_for(range(0, n), [out](const range& r) {
                for (std::size_t i = r.begin(); i != r.end(); ++i) {
                    out[i] = uniform(i);
                }
            });
        });
        return y;
    });
#if defined(_OPENMP)
    c.add("OpenMP static", check, [&at, n] {
        auto y = fresh(n);
        double* const out = y.get();
#pragma omp parallel for schedule(static) num_threads(at.team)
        for (std::size_t i = 0; i < n; ++i) {
            out[i] = uniform(i);
        }
        return y;
    });
#endif
    return c;
}

/// The same where every item is to be a task of its own.
inline contest map_item_by_item(venue& at) {
    contest c("W1b", "map of 1e6 trivial items, each one claimed by itself (grain 1)", at.threads, 1'000'000, "item");
    const std::size_t n = 1'000'000;
    const auto check = [n](const auto& y) { return ordered_sum(y, n); };
    c.add("xrayon map_index, grain 1", check,
          [&at, n] { return at.workers.install([n] { return map_index(n, [](std::size_t i) { return uniform(i); }, {.grain = 1}); }); });
    c.add("plain loop", check, [n] {
        auto y = fresh(n);
        for (std::size_t i = 0; i < n; ++i) {
            y[i] = uniform(i);
        }
        return y;
    });
    c.add("raw oneTBB simple, 1", check, [&at, n] {
        auto y = fresh(n);
        at.arena.execute([out = y.get(), n] {
            const auto body = [out](const range& r) {
                for (std::size_t i = r.begin(); i != r.end(); ++i) {
                    out[i] = uniform(i);
                }
            };
            tbb::parallel_for(range(0, n, 1), body, tbb::simple_partitioner{});
        });
        return y;
    });
#if defined(_OPENMP)
    c.add("OpenMP dynamic, 1", check, [&at, n] {
        auto y = fresh(n);
        double* const out = y.get();
#pragma omp parallel for schedule(dynamic, 1) num_threads(at.team)
        for (std::size_t i = 0; i < n; ++i) {
            out[i] = uniform(i);
        }
        return y;
    });
#endif
    return c;
}

// W1c: 1000 calls, one after the other, each a loop of 64 trivial items: small enough to do alone, and everybody must find that out.
inline constexpr std::size_t small_calls = 1000;
inline constexpr std::size_t small_items = 64;
using small_array = std::array<double, small_items>;

/// One run of W1c: `loop(out, first)` fills 64 places.
template <class Loop>
double for_each_small_call(const Loop& loop) {
    double sum = 0;
    for (std::size_t call = 0; call < small_calls; ++call) {
        small_array y;
        loop(y.data(), call * small_items);
        keep(y);
        sum += y[call % small_items];
    }
    return sum;
}

inline contest small_loops(venue& at) {
    contest c("W1c", "a loop over 64 trivial items into a local array: what one call costs", at.threads, small_calls, "call");
    const auto check = [](double sum) { return sum; };
    const auto ours = [](double* out, std::size_t first) {
        for_each_index(small_items, [=](std::size_t i) { out[i] = uniform(first + i); });
    };
    c.add("xrayon for_each_index", check, [&at, ours] { return at.workers.install([&] { return for_each_small_call(ours); }); });
    c.add("the same, outside of install", check, [ours] { return for_each_small_call(ours); });
    c.add("plain loop", check, [] {
        return for_each_small_call([](double* out, std::size_t first) {
            for (std::size_t i = 0; i < small_items; ++i) {
                out[i] = uniform(first + i);
            }
        });
    });
    c.add("raw oneTBB", check, [&at] {
        return at.arena.execute([] {
            return for_each_small_call([](double* out, std::size_t first) {
                tbb::parallel_for(range(0, small_items), [=](const range& r) {
                    for (std::size_t i = r.begin(); i != r.end(); ++i) {
                        out[i] = uniform(first + i);
                    }
                });
            });
        });
    });
#if defined(_OPENMP)
    c.add("OpenMP static", check, [&at] {
        return for_each_small_call([&at](double* out, std::size_t first) {
#pragma omp parallel for schedule(static) num_threads(at.team)
            for (std::size_t i = 0; i < small_items; ++i) {
                out[i] = uniform(first + i);
            }
        });
    });
#endif
    return c;
}

inline contest small_maps(venue& at) {
    contest c("W1cm", "a map of 64 trivial items to a fresh array: what one call costs", at.threads, small_calls, "call");
    const auto check = [](double sum) { return sum; };
    // `map(first)` returns a fresh array.
    const auto each_call = [](const auto& map) {
        double sum = 0;
        for (std::size_t call = 0; call < small_calls; ++call) {
            auto y = map(call * small_items);
            keep(y);
            sum += y[call % small_items];
        }
        return sum;
    };
    c.add("xrayon map_index", check, [&at, each_call] {
        return at.workers.install([&] {
            return each_call([](std::size_t first) { return map_index(small_items, [=](std::size_t i) { return uniform(first + i); }); });
        });
    });
    c.add("plain loop", check, [each_call] {
        return each_call([](std::size_t first) {
            auto y = fresh(small_items);
            for (std::size_t i = 0; i < small_items; ++i) {
                y[i] = uniform(first + i);
            }
            return y;
        });
    });
    c.add("raw oneTBB", check, [&at, each_call] {
        return at.arena.execute([&] {
            return each_call([](std::size_t first) {
                auto y = fresh(small_items);
                tbb::parallel_for(range(0, small_items), [out = y.get(), first](const range& r) {
                    for (std::size_t i = r.begin(); i != r.end(); ++i) {
                        out[i] = uniform(first + i);
                    }
                });
                return y;
            });
        });
    });
#if defined(_OPENMP)
    c.add("OpenMP static", check, [&at, each_call] {
        return each_call([&at](std::size_t first) {
            auto y = fresh(small_items);
            double* const out = y.get();
#pragma omp parallel for schedule(static) num_threads(at.team)
            for (std::size_t i = 0; i < small_items; ++i) {
                out[i] = uniform(first + i);
            }
            return y;
        });
    });
#endif
    return c;
}

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_RIVALS_MAPS_HPP
