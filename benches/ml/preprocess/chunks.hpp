// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_ML_PREPROCESS_CHUNKS_HPP
#define XRAYON_BENCHES_ML_PREPROCESS_CHUNKS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <xrayon/array/batches.hpp>
#include <xrayon/exec/recycling_resource.hpp>
#include <xrayon/exec/resource_allocator.hpp>
#include <xrayon/ml/preprocess/preprocess.hpp>
#include <xrayon/ml/preprocess/standard_scaler.hpp>
#include <xrayon/ml/preprocess/standardize_chunk.hpp>

#include "../../rivals/venue.hpp"
#include "../../support/paired.hpp"

// The chunks, what a good engineer would write by hand for one of them, and the contests.

namespace xrayon::bench {

inline constexpr std::size_t chunk_count = 50;
inline constexpr std::size_t chunk_columns = 64;

struct chunk_data {
    explicit chunk_data(std::size_t rows_of_chunk) : rows(rows_of_chunk), x(xt::xtensor<double, 2>::from_shape({chunk_count * rows, chunk_columns})) {
        prefer_huge_pages(x.data(), x.size() * sizeof(double));
        for (std::size_t i = 0; i < x.size(); ++i) {
            const std::size_t column = i % chunk_columns;
            x.data()[i] = static_cast<double>(column) + (1.0 + static_cast<double>(column % 7)) * (uniform(2 * i) + uniform(2 * i + 1) - 1);
        }
    }
    [[nodiscard]] double* chunk(std::size_t c) { return x.data() + c * rows * chunk_columns; }
    [[nodiscard]] std::size_t chunk_size() const { return rows * chunk_columns; }

    std::size_t rows;
    xt::xtensor<double, 2> x;
};

/// Made once, for all thread counts.
inline std::shared_ptr<chunk_data> chunks_of(std::size_t rows) {
    static std::shared_ptr<chunk_data> made;
    if (!made || made->rows != rows) {
        made = std::make_shared<chunk_data>(rows);
    }
    return made;
}

// By hand: one pass over memory for both sums, shifted by the first row against cancellation.
struct hand_moments {
    double n = 0;
    std::array<double, chunk_columns> mean{};
    std::array<double, chunk_columns> m2{};
};
inline hand_moments moments_by_hand(const double* x, std::size_t rows) {
    hand_moments out;
    std::array<double, chunk_columns> sum{};
    std::array<double, chunk_columns> squares{};
    for (std::size_t i = 0; i < rows; ++i) {
        const double* const row = x + i * chunk_columns;
        for (std::size_t j = 0; j < chunk_columns; ++j) {
            const double apart = row[j] - x[j];
            sum[j] += apart;
            squares[j] += apart * apart;
        }
    }
    out.n = static_cast<double>(rows);
    for (std::size_t j = 0; j < chunk_columns; ++j) {
        out.mean[j] = x[j] + sum[j] / out.n;
        out.m2[j] = squares[j] - sum[j] * sum[j] / out.n;
    }
    return out;
}
inline hand_moments joined_by_hand(const hand_moments& a, const hand_moments& b) {
    if (a.n == 0 || b.n == 0) {
        return a.n == 0 ? b : a;
    }
    hand_moments out;
    out.n = a.n + b.n;
    for (std::size_t j = 0; j < chunk_columns; ++j) {
        const double apart = b.mean[j] - a.mean[j];
        out.mean[j] = a.mean[j] + apart * b.n / out.n;
        out.m2[j] = a.m2[j] + b.m2[j] + apart * apart * a.n * b.n / out.n;
    }
    return out;
}
inline void standardize_by_hand(const double* x, double* y, std::size_t rows, const hand_moments& moments) {
    const std::array<double, chunk_columns> mean = moments.mean;
    std::array<double, chunk_columns> factor;
    for (std::size_t j = 0; j < chunk_columns; ++j) {
        factor[j] = 1.0 / std::sqrt(moments.m2[j] / moments.n);
    }
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < chunk_columns; ++j) {
            y[i * chunk_columns + j] = (x[i * chunk_columns + j] - mean[j]) * factor[j];
        }
    }
}
/// Into a fresh vector whose memory is not touched before: std::vector with an allocator that leaves elements alone.
template <class T>
struct untouched : std::allocator<T> {
    template <class U>
    struct rebind {
        using other = untouched<U>;
    };
    template <class U>
    void construct(U* where) {
        ::new (static_cast<void*>(where)) U;
    }
};
using hand_chunk = std::vector<double, untouched<double>>;

/// The same with memory from a resource.
using recycled_chunk = xt::uvector<double, resource_allocator<double>>;

/// How the rivals go over chunks: `each(f)` calls f(c) for every chunk.
template <class Body>
void over_chunks_plain(const Body& body) {
    for (std::size_t c = 0; c < chunk_count; ++c) {
        body(c);
    }
}
template <class Body>
void over_chunks_tbb(venue& at, const Body& body) {
    at.arena.execute([&] {
        tbb::parallel_for(
            range(0, chunk_count, 1),
            [&](const range& r) {
                for (std::size_t c = r.begin(); c != r.end(); ++c) {
                    body(c);
                }
            },
            tbb::simple_partitioner{});
    });
}
#if defined(_OPENMP)
template <class Body>
void over_chunks_openmp(venue& at, const Body& body) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(at.team)
    for (std::size_t c = 0; c < chunk_count; ++c) {
        body(c);
    }
}
#endif

inline double two_cells(const double* first, const double* last, std::size_t size) { return first[size - 1] + last[size - 3]; }
template <class Chunks>
double two_cells_of(const Chunks& chunks, std::size_t size) {
    return two_cells(chunks[0].data(), chunks[chunk_count - 1].data(), size);
}

/// What this machine and this method cannot tell apart.
inline contest same_pass(venue& at, chunk_data& data) {
    contest c("same", "the statistics of one chunk against themselves: must come out level, or the machine is too noisy now", at.threads, 1, "pass");
    const auto check = [](const hand_moments& m) { return m.mean[3]; };
    c.add("by hand", check, [&data] { return moments_by_hand(data.chunk(0), data.rows); });
    c.add("by hand again", check, [&data] { return moments_by_hand(data.chunk(0), data.rows); });
    return c;
}

/// W4a.
inline contest fresh_results(venue& at, chunk_data& data) {
    contest c("W4a", "standardise 50 chunks by their own column statistics, fresh results in order", at.threads, chunk_count, "chunk", 1e-9);
    const std::size_t size = data.chunk_size();
    const auto check = [size](const auto& chunks) { return two_cells_of(chunks, size); };
    const auto memory = std::make_shared<recycling_resource>();
    c.add("xrayon, recycled results", check, [&at, &data, memory] {
        return at.workers.install([&] {
            return ml::preprocess(batches(data.x, data.rows), [&](const auto& chunk) { return ml::standardize_chunk(chunk, *memory); }, {.grain = 1});
        });
    });
    c.add("xrayon, plain memory", check, [&at, &data] {
        return at.workers.install([&] {
            return ml::preprocess(batches(data.x, data.rows), [](const auto& chunk) { return ml::standardize_chunk(chunk); }, {.grain = 1});
        });
    });
    const auto by_hand = [&data, size](const auto& over) {
        std::vector<hand_chunk> out(chunk_count);
        over([&](std::size_t k) {
            hand_chunk chunk(size);
            standardize_by_hand(data.chunk(k), chunk.data(), data.rows, moments_by_hand(data.chunk(k), data.rows));
            out[k] = std::move(chunk);
        });
        return out;
    };
    const auto recycled = [&data, size, memory](const auto& over) {
        std::vector<recycled_chunk> out(chunk_count);
        over([&](std::size_t k) {
            recycled_chunk chunk(size, resource_allocator<double>(memory.get()));
            standardize_by_hand(data.chunk(k), chunk.data(), data.rows, moments_by_hand(data.chunk(k), data.rows));
            out[k] = std::move(chunk);
        });
        return out;
    };
    c.add("plain loop", check, [by_hand] { return by_hand([](const auto& body) { over_chunks_plain(body); }); });
    c.add("raw oneTBB", check, [&at, by_hand] { return by_hand([&at](const auto& body) { over_chunks_tbb(at, body); }); });
    c.add("raw oneTBB, recycled", check, [&at, recycled] { return recycled([&at](const auto& body) { over_chunks_tbb(at, body); }); });
#if defined(_OPENMP)
    c.add("OpenMP dynamic", check, [&at, by_hand] { return by_hand([&at](const auto& body) { over_chunks_openmp(at, body); }); });
    c.add("OpenMP dynamic, recycled", check, [&at, recycled] { return recycled([&at](const auto& body) { over_chunks_openmp(at, body); }); });
#endif
    return c;
}

/// W4g.
inline contest global_statistics(venue& at, chunk_data& data) {
    contest c("W4g", "standardise 50 chunks by the statistics of all of them, into a given matrix", at.threads, chunk_count, "chunk", 1e-9);
    const std::size_t size = data.chunk_size();
    auto y = std::make_shared<xt::xtensor<double, 2>>(data.x);  // written once, so that nobody pays for its pages
    const auto check = [size](const std::shared_ptr<xt::xtensor<double, 2>>& out) {
        return two_cells(out->data(), out->data() + (chunk_count - 1) * size, size);
    };
    c.add("xrayon standard_scaler", check, [&at, &data, y] {
        at.workers.install([&] {
            ml::standard_scaler scaler;
            scaler.fit(data.x).transform_into(data.x, *y);
        });
        return y;
    });
    const auto by_hand = [&data, size, y](const auto& over) {
        std::vector<hand_moments> all(chunk_count);
        over([&](std::size_t k) { all[k] = moments_by_hand(data.chunk(k), data.rows); });
        hand_moments joined;
        for (const hand_moments& each : all) {
            joined = joined_by_hand(joined, each);
        }
        over([&](std::size_t k) { standardize_by_hand(data.chunk(k), y->data() + k * size, data.rows, joined); });
        return y;
    };
    c.add("plain loop", check, [by_hand] { return by_hand([](const auto& body) { over_chunks_plain(body); }); });
    c.add("raw oneTBB", check, [&at, by_hand] { return by_hand([&at](const auto& body) { over_chunks_tbb(at, body); }); });
#if defined(_OPENMP)
    c.add("OpenMP dynamic", check, [&at, by_hand] { return by_hand([&at](const auto& body) { over_chunks_openmp(at, body); }); });
#endif
    return c;
}

/// W4i. The data are copied afresh before each sample, outside of the clock.
inline contest in_place(venue& at, chunk_data& data) {
    contest c("W4i", "standardise 50 chunks by their own column statistics, in place", at.threads, chunk_count, "chunk", 1e-9);
    const std::size_t size = data.chunk_size();
    const auto x = std::make_shared<xt::xtensor<double, 2>>(data.x);
    const auto copy = [&data, x] { std::copy_n(data.x.data(), data.x.size(), x->data()); };
    const auto check = [size](const std::shared_ptr<xt::xtensor<double, 2>>& out) {
        return two_cells(out->data(), out->data() + (chunk_count - 1) * size, size);
    };
    c.add("xrayon", check, copy, [&at, &data, x] {
        at.workers.install([&] {
            ml::preprocess_in_place(batches(*x, data.rows), [](const auto& chunk) { ml::standardize_chunk_in_place(chunk); }, {.grain = 1});
        });
        return x;
    });
    const auto by_hand = [&data, size, x](const auto& over) {
        over([&](std::size_t k) {
            double* const chunk = x->data() + k * size;
            standardize_by_hand(chunk, chunk, data.rows, moments_by_hand(chunk, data.rows));
        });
        return x;
    };
    c.add("plain loop", check, copy, [by_hand] { return by_hand([](const auto& body) { over_chunks_plain(body); }); });
    c.add("raw oneTBB", check, copy, [&at, by_hand] { return by_hand([&at](const auto& body) { over_chunks_tbb(at, body); }); });
#if defined(_OPENMP)
    c.add("OpenMP dynamic", check, copy, [&at, by_hand] { return by_hand([&at](const auto& body) { over_chunks_openmp(at, body); }); });
#endif
    return c;
}

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_ML_PREPROCESS_CHUNKS_HPP
