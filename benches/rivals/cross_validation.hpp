// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_RIVALS_CROSS_VALIDATION_HPP
#define XRAYON_BENCHES_RIVALS_CROSS_VALIDATION_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include <xrayon/par/index.hpp>

#include "../support/machine.hpp"
#include "../support/paired.hpp"
#include "perceptron.hpp"
#include "venue.hpp"

// W11 and W11n: five folds, each five gradient steps over all its rows and the accuracy on the fold that was held out. The
// matrices are large enough for BLAS to use threads of its own, and the folds too few to keep all threads busy: the trap that
// nesting sets. W11n asks what happens to a user who leaves the BLAS at all threads.

namespace xrayon::bench {

class cross_validation {
public:
    static constexpr std::size_t folds = 5;
    struct fit {
        double accuracy = 0;
        double weights = 0;  ///< Sum of squares: sees a difference that the accuracy does not.
    };

    /// Fold `f`, on copies of its training rows.
    [[nodiscard]] fit run_fold(std::size_t f) const {
        const std::size_t begin = rows * f / folds;
        const std::size_t end = rows * (f + 1) / folds;
        std::vector<double> train(x_.data(), x_.data() + begin * inputs);
        train.insert(train.end(), x_.data() + end * inputs, x_.data() + rows * inputs);
        std::vector<std::size_t> train_labels(labels_.begin(), at(begin));
        train_labels.insert(train_labels.end(), at(end), labels_.end());

        perceptron net = start_;
        for (int step = 0; step < 5; ++step) {
            net.step(train.data(), train_labels, 0.5);
        }
        const matrix p = net.predict(x_.data() + begin * inputs, end - begin);
        std::size_t right = 0;
        for (std::size_t i = begin; i < end; ++i) {
            const double* const row = p.data() + (i - begin) * classes;
            right += static_cast<std::size_t>(std::max_element(row, row + classes) - row) == labels_[i];
        }
        fit result{static_cast<double>(right) / static_cast<double>(end - begin)};
        for (const perceptron::layer& layer : net.layers) {
            for (const double w : layer.weights) {
                result.weights += w * w;
            }
        }
        return result;
    }

    static constexpr std::size_t rows = 4096;
    [[nodiscard]] const matrix& x() const noexcept { return x_; }
    [[nodiscard]] const std::vector<std::size_t>& labels() const noexcept { return labels_; }
    [[nodiscard]] const perceptron& start() const noexcept { return start_; }

private:
    [[nodiscard]] std::vector<std::size_t>::const_iterator at(std::size_t i) const {
        return labels_.begin() + static_cast<std::ptrdiff_t>(i);
    }

    matrix x_ = normal_rows(rows);
    std::vector<std::size_t> labels_ = largest_of_ten(x_);
    perceptron start_;
};

namespace cv {

inline constexpr auto check = [](const auto& y) {
    double sum = 0;
    for (std::size_t f = 0; f < cross_validation::folds; ++f) {
        sum += static_cast<double>(f + 1) * (y[f].accuracy + y[f].weights);
    }
    return sum;
};
using shared = std::shared_ptr<const cross_validation>;
using fits = std::array<cross_validation::fit, cross_validation::folds>;

inline auto ours(venue& at, shared data) {
    return [&at, data] {
        return at.workers.install([&] { return map_index(data->folds, [&](std::size_t f) { return data->run_fold(f); }); });
    };
}
inline auto plain(shared data) {
    return [data] {
        fits y;
        for (std::size_t f = 0; f < data->folds; ++f) {
            y[f] = data->run_fold(f);
        }
        return y;
    };
}
inline auto raw_tbb(venue& at, shared data) {
    return [&at, data] {
        fits y;
        at.arena.execute([&] {
            tbb::parallel_for(
                std::size_t{0}, data->folds, [&](std::size_t f) { y[f] = data->run_fold(f); }, tbb::simple_partitioner{});
        });
        return y;
    };
}

} // namespace cv

inline contest folds(venue& at) {
    contest c("W11", "5-fold cross-validation of the perceptron, 5 full gradient steps on 4096 rows; the program sets BLAS to 1 thread",
              at.threads, 1, "run");
    const auto data = std::make_shared<const cross_validation>();
    const auto one_blas_thread = [] { openblas::set_threads(1); };
    c.add("xrayon map_index", cv::check, one_blas_thread, cv::ours(at, data));
    c.add("plain loop", cv::check, one_blas_thread, cv::plain(data));
    c.add("raw oneTBB simple", cv::check, one_blas_thread, cv::raw_tbb(at, data));
#if defined(_OPENMP)
    c.add("OpenMP dynamic, 1", cv::check, one_blas_thread, [&at, data] {
        cv::fits y;
#pragma omp parallel for schedule(dynamic, 1) num_threads(at.team)
        for (std::size_t f = 0; f < data->folds; ++f) {
            y[f] = data->run_fold(f);
        }
        return y;
    });
#endif
    return c;
}

/// Answers agree to rounding only: OpenBLAS's bits depend on its thread count.
inline contest folds_with_blas_threads(venue& at) {
    contest c("W11n", "the same, where the user has left OpenBLAS at all threads: ours must cost what W11 costs", at.threads, 1, "run",
              1e-9);
    const auto data = std::make_shared<const cross_validation>();
    // OpenBLAS's idle threads look for work for some tens of milliseconds before they sleep; the next rival must not pay for that.
    const auto blas_threads = [](std::size_t count) {
        return [count] {
            openblas::set_threads(count);
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        };
    };
    c.add("xrayon map_index", cv::check, blas_threads(at.threads), cv::ours(at, data));
    c.add("the same, BLAS at 1 (W11)", cv::check, blas_threads(1), cv::ours(at, data));
    c.add("raw oneTBB simple", cv::check, blas_threads(at.threads), cv::raw_tbb(at, data));
    c.add("raw oneTBB simple, BLAS at 1", cv::check, blas_threads(1), cv::raw_tbb(at, data));
    c.add("plain loop", cv::check, blas_threads(at.threads), cv::plain(data));
    return c;
}

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_RIVALS_CROSS_VALIDATION_HPP
