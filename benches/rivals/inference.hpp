// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_RIVALS_INFERENCE_HPP
#define XRAYON_BENCHES_RIVALS_INFERENCE_HPP

#include <cstddef>
#include <memory>
#include <vector>

#include <xrayon/array/batches.hpp>
#include <xrayon/ml/batch_inference.hpp>

#include "../support/machine.hpp"
#include "../support/paired.hpp"
#include "perceptron.hpp"
#include "venue.hpp"

namespace xrayon::bench {

/// W2: does it cost anything to leave batch inference to us, compared with a loop of one's own?
inline contest inference(venue& at) {
    constexpr std::size_t count = 100;
    constexpr std::size_t rows = 256;
    contest c("W2", "inference of 100 batches of 256 x 128 by a perceptron 128-256-64-10, OpenBLAS on 1 thread", at.threads, count,
              "batch");
    const auto net = std::make_shared<const perceptron>();
    const auto x = std::make_shared<const matrix>(normal_rows(count * rows));
    const auto one_blas_thread = [] { openblas::set_threads(1); };
    const auto check = [](const auto& y) {
        double sum = 0;
        for (std::size_t i = 0; i < count; ++i) {
            sum += ordered_sum(y[i].data(), y[i].size()) * static_cast<double>(i + 1);
        }
        return sum;
    };
    const auto predict = [net, x](std::size_t i) { return net->predict(x->data() + i * rows * inputs, rows); };

    c.add("xrayon batch_inference", check, one_blas_thread, [&at, net, x] {
        return at.workers.install([&] {
            return ml::batch_inference(
                batches(*x, rows), [&](const array_view<const double, 2>& batch) { return net->predict(batch.data(), batch.shape(0)); });
        });
    });
    c.add("plain loop", check, one_blas_thread, [predict] {
        std::vector<matrix> y(count);
        for (std::size_t i = 0; i < count; ++i) {
            y[i] = predict(i);
        }
        return y;
    });
    c.add("raw oneTBB simple", check, one_blas_thread, [&at, predict] {
        std::vector<matrix> y(count);
        at.arena.execute([&] {
            tbb::parallel_for(
                std::size_t{0}, count, [&](std::size_t i) { y[i] = predict(i); }, tbb::simple_partitioner{});
        });
        return y;
    });
#if defined(_OPENMP)
    c.add("OpenMP dynamic, 1", check, one_blas_thread, [&at, predict] {
        std::vector<matrix> y(count);
#pragma omp parallel for schedule(dynamic, 1) num_threads(at.team)
        for (std::size_t i = 0; i < count; ++i) {
            y[i] = predict(i);
        }
        return y;
    });
#endif
    return c;
}

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_RIVALS_INFERENCE_HPP
