// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_PAR_SEQUENCE_SUMS_HPP
#define XRAYON_BENCHES_PAR_SEQUENCE_SUMS_HPP

#include <algorithm>
#include <cstddef>
#include <execution>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include <oneapi/tbb/parallel_reduce.h>

#include <xrayon/par/sequence.hpp>

#include "stage.hpp"

// One number from many. Rivals add up in other orders, so that answers agree to 1e-9.

namespace xrayon::bench {

/// Adds the rivals to a contest: `one(value)` is what a number contributes to a sum.
template <class One>
void add_sum_rivals(contest& c, const stage& on, const One& one) {
    const auto check = [](double sum) { return sum; };
    c.add("plain loop", check, [x = on.x, one] {
        double sum = 0;
        for (const double v : *x) {
            sum += one(v);
        }
        return sum;
    });
    c.add("raw oneTBB, omp simd", check, [at = on.at, x = on.x, one] {
        return at->arena.execute([&] {
            return tbb::parallel_reduce(
                range(0, x->size()), 0.0,
                [p = x->data(), one](const range& r, double sum) {
#pragma omp simd reduction(+ : sum)
                    for (std::size_t i = r.begin(); i < r.end(); ++i) {
                        sum += one(p[i]);
                    }
                    return sum;
                },
                std::plus<>());
        });
    });
#if defined(_OPENMP)
    c.add("OpenMP simd", check, [at = on.at, x = on.x, one] {
        const double* const p = x->data();
        const std::size_t n = x->size();
        double sum = 0;
#pragma omp parallel for simd schedule(static) reduction(+ : sum) num_threads(at->team)
        for (std::size_t i = 0; i < n; ++i) {
            sum += one(p[i]);
        }
        return sum;
    });
#endif
    c.add("std::execution::par_unseq", check, [at = on.at, x = on.x, one] {
        return at->arena.execute([&] { return std::transform_reduce(std::execution::par_unseq, x->begin(), x->end(), 0.0, std::plus<>(), one); });
    });
}

/// W10r.
inline contest sum_numbers(const stage& on) {
    contest c("sum" + on.label, "the sum of numbers", on.at->threads, on.n, "item", 1e-9);
    c.add("xrayon sum", [](double sum) { return sum; }, [at = on.at, x = on.x] { return at->workers.install([&] { return par(*x).sum(); }); });
    add_sum_rivals(c, on, [](double v) { return v; });
    on.add_rayon(c, "sum");
    return c;
}

inline contest sum_squares(const stage& on) {
    contest c("map_sum" + on.label, "map | sum: the sum of squares", on.at->threads, on.n, "item", 1e-9);
    const auto square = [](double v) { return v * v; };
    c.add("xrayon map, sum", [](double sum) { return sum; },
          [at = on.at, x = on.x, square] { return at->workers.install([&] { return par(*x).map(square).sum(); }); });
    add_sum_rivals(c, on, square);
    on.add_rayon(c, "map_sum");
    return c;
}

inline contest sum_of_some(const stage& on) {
    contest c("map_filter_map_sum" + on.label, "map | filter | map | sum", on.at->threads, on.n, "item", 1e-9);
    c.add("xrayon map, filter, map, sum", [](double sum) { return sum; }, [at = on.at, x = on.x] {
        return at->workers.install([&] {
            return par(*x).map([](double v) { return v * 1.5 + 0.25; }).filter([](double v) { return v > 0; }).map([](double v) { return v * v; }).sum();
        });
    });
    add_sum_rivals(c, on, [](double v) {
        const double w = v * 1.5 + 0.25;
        return w > 0 ? w * w : 0.0;
    });
    on.add_rayon(c, "map_filter_map_sum");
    return c;
}

inline contest greatest(const stage& on) {
    contest c("max" + on.label, "the greatest number", on.at->threads, on.n, "item");
    // Loops without `simd`: what g++ 12 makes of it here takes three times as long.
    const auto check = [](double value) { return value; };
    const auto larger = [](double a, double b) { return a < b ? b : a; };
    constexpr double none = -std::numeric_limits<double>::infinity();
    c.add("xrayon max", check, [at = on.at, x = on.x] { return at->workers.install([&] { return par(*x).max().value(); }); });
    c.add("plain loop", check, [x = on.x, larger, none] {
        double best = none;
        for (const double v : *x) {
            best = larger(best, v);
        }
        return best;
    });
    c.add("raw oneTBB", check, [at = on.at, x = on.x, larger, none] {
        return at->arena.execute([&] {
            return tbb::parallel_reduce(
                range(0, x->size()), none,
                [p = x->data()](const range& r, double best) {
                    for (std::size_t i = r.begin(); i != r.end(); ++i) {
                        best = best < p[i] ? p[i] : best;
                    }
                    return best;
                },
                larger);
        });
    });
#if defined(_OPENMP)
    c.add("OpenMP", check, [at = on.at, x = on.x] {
        const double* const p = x->data();
        const std::size_t n = x->size();
        double best = p[0];
#pragma omp parallel for schedule(static) reduction(max : best) num_threads(at->team)
        for (std::size_t i = 0; i < n; ++i) {
            best = best < p[i] ? p[i] : best;
        }
        return best;
    });
#endif
    c.add("std::execution::par_unseq", check, [at = on.at, x = on.x, larger, none] {
        return at->arena.execute([&] { return std::reduce(std::execution::par_unseq, x->begin(), x->end(), none, larger); });
    });
    on.add_rayon(c, "max");
    return c;
}

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_PAR_SEQUENCE_SUMS_HPP
