// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_PAR_SEQUENCE_LOOPS_HPP
#define XRAYON_BENCHES_PAR_SEQUENCE_LOOPS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <execution>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <oneapi/tbb/parallel_for.h>

#include <xrayon/par/chunks.hpp>
#include <xrayon/par/sequence.hpp>

#include "rivals/maps.hpp"
#include "stage.hpp"

// Writing in place. The item, the absolute value, changes nothing when it is done again, so that every run has the same work.

namespace xrayon::bench {

inline constexpr auto absolute = [](double& v) { v = std::abs(v); };

/// Each rival has an array of its own, and its checksum.
template <class Run>
void add_in_place(contest& c, const stage& on, const std::string& name, const Run& run) {
    const auto z = std::make_shared<std::vector<double>>();
    c.add(name, [n = on.n](const std::vector<double>* all) { return ordered_sum(*all, n); }, [z, x = on.x] { *z = *x; },
          [z, run] {
              run(*z);
              return z.get();
          });
}

inline contest for_each_number(const stage& on) {
    contest c("for_each" + on.label, "for_each, trivial, in place: absolute values", on.at->threads, on.n, "item");
    add_in_place(c, on, "xrayon for_each", [at = on.at](std::vector<double>& z) { at->workers.install([&] { par_mut(z).for_each(absolute); }); });
    add_in_place(c, on, "plain loop", [](std::vector<double>& z) {
        for (double& v : z) {
            absolute(v);
        }
    });
    add_in_place(c, on, "raw oneTBB", [at = on.at](std::vector<double>& z) {
        at->arena.execute([p = z.data(), n = z.size()] {
            tbb::parallel_for(range(0, n), [p](const range& r) {
                for (std::size_t i = r.begin(); i != r.end(); ++i) {
                    absolute(p[i]);
                }
            });
        });
    });
#if defined(_OPENMP)
    add_in_place(c, on, "OpenMP static", [at = on.at](std::vector<double>& z) {
        double* const p = z.data();
        const std::size_t n = z.size();
#pragma omp parallel for schedule(static) num_threads(at->team)
        for (std::size_t i = 0; i < n; ++i) {
            absolute(p[i]);
        }
    });
#endif
    add_in_place(c, on, "std::execution::par_unseq", [at = on.at](std::vector<double>& z) {
        at->arena.execute([&] { std::for_each(std::execution::par_unseq, z.begin(), z.end(), absolute); });
    });
    on.add_rayon(c, "for_each");
    return c;
}

inline constexpr std::size_t row_length = 1000;

inline contest for_each_nested(const stage& on) {
    contest c("nested" + on.label, "for_each over rows of 1000, and in each a for_each over its numbers", on.at->threads, on.n / row_length, "row");
    add_in_place(c, on, "xrayon for_each in for_each", [at = on.at](std::vector<double>& z) {
        at->workers.install([&] { par_chunks(z, row_length).for_each([](std::span<double> one) { par_mut(one).for_each(absolute); }); });
    });
    add_in_place(c, on, "plain loops", [](std::vector<double>& z) {
        for (std::size_t i = 0; i < z.size(); i += row_length) {
            for (std::size_t j = i; j < i + row_length; ++j) {
                absolute(z[j]);
            }
        }
    });
    add_in_place(c, on, "raw oneTBB in raw oneTBB", [at = on.at](std::vector<double>& z) {
        at->arena.execute([p = z.data(), n = z.size()] {
            tbb::parallel_for(range(0, n / row_length), [p](const range& rows) {
                for (std::size_t i = rows.begin(); i != rows.end(); ++i) {
                    tbb::parallel_for(range(i * row_length, (i + 1) * row_length), [p](const range& r) {
                        for (std::size_t j = r.begin(); j != r.end(); ++j) {
                            absolute(p[j]);
                        }
                    });
                }
            });
        });
    });
#if defined(_OPENMP)
    add_in_place(c, on, "OpenMP in OpenMP", [at = on.at](std::vector<double>& z) {
        double* const p = z.data();
        const std::size_t rows = z.size() / row_length;
#pragma omp parallel for schedule(static) num_threads(at->team)
        for (std::size_t i = 0; i < rows; ++i) {
#pragma omp parallel for schedule(static) num_threads(at->team)
            for (std::size_t j = i * row_length; j < (i + 1) * row_length; ++j) {
                absolute(p[j]);
            }
        }
    });
#endif
    add_in_place(c, on, "std::execution::par in itself", [at = on.at](std::vector<double>& z) {
        std::vector<std::span<double>> rows;
        for (std::size_t i = 0; i < z.size(); i += row_length) {
            rows.emplace_back(z.data() + i, row_length);
        }
        at->arena.execute([&] {
            std::for_each(std::execution::par, rows.begin(), rows.end(),
                          [](std::span<double> one) { std::for_each(std::execution::par_unseq, one.begin(), one.end(), absolute); });
        });
    });
    on.add_rayon(c, "nested");
    return c;
}

/// W1c.
inline contest for_each_small(const stage& on) {
    contest c("small_calls", "a for_each over 64 trivial items in a local array: what one call costs", on.at->threads, small_calls, "call");
    const auto check = [](double sum) { return sum; };
    c.add("xrayon for_each", check, [at = on.at] {
        return at->workers.install([] {
            return for_each_small_call([](double* out, std::size_t first) {
                const std::span<double> all(out, small_items);
                par_mut(all).enumerate().for_each([first](std::size_t i, double& v) { v = uniform(first + i); });
            });
        });
    });
    c.add("plain loop", check, [] {
        return for_each_small_call([](double* out, std::size_t first) {
            for (std::size_t i = 0; i < small_items; ++i) {
                out[i] = uniform(first + i);
            }
        });
    });
    c.add("raw oneTBB", check, [at = on.at] {
        return at->arena.execute([] {
            return for_each_small_call([](double* out, std::size_t first) {
                tbb::parallel_for(range(0, small_items), [=](const range& r) {
                    for (std::size_t i = r.begin(); i != r.end(); ++i) {
                        out[i] = uniform(first + i);
                    }
                });
            });
        });
    });
    on.add_rayon(c, "small_calls");
    return c;
}

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_PAR_SEQUENCE_LOOPS_HPP
