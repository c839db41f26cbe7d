// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_PAR_SEQUENCE_COLLECTS_HPP
#define XRAYON_BENCHES_PAR_SEQUENCE_COLLECTS_HPP

#include <algorithm>
#include <cstddef>
#include <execution>
#include <memory>
#include <string>
#include <vector>

#include <oneapi/tbb/parallel_for.h>

#include <xrayon/par/sequence.hpp>

#include "stage.hpp"

// Fresh, ordered results.

namespace xrayon::bench {

/// A fresh array of which the first `size` elements are the result.
struct kept {
    std::unique_ptr<double[]> values;
    std::size_t size = 0;
};

/// The positive ones of p[begin, end) to `out`, without branches. @returns behind the last one written
inline double* keep_positive(const double* p, std::size_t begin, std::size_t end, double* out) {
    for (std::size_t i = begin; i < end; ++i) {
        *out = p[i];
        out += p[i] > 0;
    }
    return out;
}

/// The filter in two phases, as one would write it by hand over any parallel loop: count in blocks, then write each to its place.
/// @param each_block  `each_block(blocks, body)` calls body(k) for each of so many blocks.
template <class EachBlock>
kept filter_in_two_phases(const std::vector<double>& x, const EachBlock& each_block) {
    constexpr std::size_t block = 32768;
    const std::size_t n = x.size();
    const std::size_t blocks = (n + block - 1) / block;
    const double* const p = x.data();
    std::vector<std::size_t> first(blocks + 1, 0);
    each_block(blocks, [&](std::size_t k) {
        std::size_t count = 0;
        for (std::size_t i = k * block; i < std::min(n, (k + 1) * block); ++i) {
            count += p[i] > 0;
        }
        first[k + 1] = count;
    });
    for (std::size_t k = 0; k < blocks; ++k) {
        first[k + 1] += first[k];
    }
    kept result{fresh(first[blocks]), first[blocks]};
    each_block(blocks, [&, out = result.values.get()](std::size_t k) {
        double* at = out + first[k];
        for (std::size_t i = k * block; i < std::min(n, (k + 1) * block); ++i) {
            if (p[i] > 0) {  // a write without it would run into the next block
                *at++ = p[i];
            }
        }
    });
    return result;
}

/// W10f.
inline contest filter_numbers(const stage& on) {
    contest c("filter_collect" + on.label, "filter | collect: the positive half of random numbers, in order", on.at->threads, on.n, "item");
    const auto check_own = [](const auto& y) { return ordered_sum(y, y.size()); };
    const auto check = [](const kept& y) { return ordered_sum(y.values, y.size); };
    c.add("xrayon filter, collect", check_own, [at = on.at, x = on.x] {
        return at->workers.install([&] { return par(*x).filter([](double v) { return v > 0; }).collect(); });
    });
    c.add("plain loop, no branches", check, [x = on.x] {
        kept y{fresh(x->size() + 1)};
        y.size = static_cast<std::size_t>(keep_positive(x->data(), 0, x->size(), y.values.get()) - y.values.get());
        return y;
    });
    c.add("plain push_back", check_own, [x = on.x] {
        std::vector<double> y;
        for (const double v : *x) {
            if (v > 0) {
                y.push_back(v);
            }
        }
        return y;
    });
    c.add("raw oneTBB, two phases", check, [at = on.at, x = on.x] {
        return filter_in_two_phases(*x, [&](std::size_t blocks, const auto& body) {
            at->arena.execute([&] { tbb::parallel_for(std::size_t{0}, blocks, body); });
        });
    });
#if defined(_OPENMP)
    c.add("OpenMP, two phases", check, [at = on.at, x = on.x] {
        return filter_in_two_phases(*x, [&](std::size_t blocks, const auto& body) {
#pragma omp parallel for schedule(static) num_threads(at->team)
            for (std::size_t k = 0; k < blocks; ++k) {
                body(k);
            }
        });
    });
#endif
    c.add("std::execution::par copy_if", check, [at = on.at, x = on.x] {
        kept y{fresh(x->size())};
        at->arena.execute([&] {
            const auto end = std::copy_if(std::execution::par, x->begin(), x->end(), y.values.get(), [](double v) { return v > 0; });
            y.size = static_cast<std::size_t>(end - y.values.get());
        });
        return y;
    });
    on.add_rayon(c, "filter_collect");
    return c;
}

/// A fresh array of n elements, `fill(out, begin, end)` for each piece of it, over all rivals' loops.
template <class Fill>
void add_map_rivals(contest& c, const stage& on, const Fill& fill) {
    const auto check = [n = on.n](const auto& y) { return ordered_sum(y, n); };
    c.add("plain loop", check, [n = on.n, fill] {
        auto y = fresh(n);
        fill(y.get(), 0, n);
        return y;
    });
    c.add("raw oneTBB", check, [at = on.at, n = on.n, fill] {
        auto y = fresh(n);
        at->arena.execute([out = y.get(), n, &fill] {
            tbb::parallel_for(range(0, n), [out, &fill](const range& r) { fill(out, r.begin(), r.end()); });
        });
        return y;
    });
#if defined(_OPENMP)
    c.add("OpenMP static", check, [at = on.at, n = on.n, fill] {
        auto y = fresh(n);
        double* const out = y.get();
        const auto team = static_cast<std::size_t>(at->team);
#pragma omp parallel for schedule(static) num_threads(at->team)
        for (std::size_t k = 0; k < team; ++k) {
            fill(out, n * k / team, n * (k + 1) / team);
        }
        return y;
    });
#endif
}

inline contest products(const stage& on) {
    contest c("zip_map_collect" + on.label, "zip | map | collect: the products of two arrays", on.at->threads, on.n, "item");
    const auto check = [n = on.n](const auto& y) { return ordered_sum(y, n); };
    const auto product = [](double a, double b) { return a * b; };
    c.add("xrayon zip, map, collect", check,
          [at = on.at, x = on.x, y = on.y, product] { return at->workers.install([&] { return par(*x).zip(*y).map(product).collect(); }); });
    add_map_rivals(c, on, [x = on.x, y = on.y](double* out, std::size_t begin, std::size_t end) {
        const double* const a = x->data();
        const double* const b = y->data();
        for (std::size_t i = begin; i < end; ++i) {
            out[i] = a[i] * b[i];
        }
    });
    c.add("std::execution::par_unseq", check, [at = on.at, x = on.x, y = on.y, product] {
        auto z = fresh(x->size());
        at->arena.execute([&] { std::transform(std::execution::par_unseq, x->begin(), x->end(), y->begin(), z.get(), product); });
        return z;
    });
    on.add_rayon(c, "zip_map_collect");
    return c;
}

/// W1a.
inline contest generated(const stage& on) {
    contest c("map_collect" + on.label, "iota | map | collect of trivial items", on.at->threads, on.n, "item");
    const auto check = [n = on.n](const auto& y) { return ordered_sum(y, n); };
    c.add("xrayon iota, map, collect", check, [at = on.at, n = on.n] {
        return at->workers.install([&] { return par(iota(n)).map([](std::size_t i) { return uniform(i); }).collect(); });
    });
    add_map_rivals(c, on, [](double* out, std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            out[i] = uniform(i);
        }
    });
    on.add_rayon(c, "map_collect");
    return c;
}

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_PAR_SEQUENCE_COLLECTS_HPP
