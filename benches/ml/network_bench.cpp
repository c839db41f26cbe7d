// SPDX-License-Identifier: Apache-2.0
// bench.ml.network: what does a network gain that packs its weights, fuses bias and ReLU and shares what samples have in common, beside the
// same arithmetic through OpenBLAS in a plain loop, oneTBB and OpenMP by hand? W2 inference, W3 Monte Carlo dropout, W5 gradients, all of a
// perceptron 128-256-64-10 in double; README.md says how to read the tables.
//
//     ./dev bench ml.network [CONTEST...] [--threads 1,2] [--pairs 30] [--seconds 300] [--markdown] [--csv FILE]
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <oneapi/tbb/combinable.h>

#include <xrayon/array/batches.hpp>
#include <xrayon/ml/batch_inference.hpp>
#include <xrayon/ml/batch_inference_with_uncertainty.hpp>
#include <xrayon/ml/gradient/mean_gradient.hpp>
#include <xrayon/ml/gradient/zip_batches.hpp>
#include <xrayon/ml/models/multilayer_perceptron.hpp>
#include <xrayon/random/stream.hpp>

#include "network/blas_network.hpp"
#include "rivals/venue.hpp"
#include "support/contests.hpp"

namespace {

using namespace xrayon::bench;
using xrayon::stream;
using xrayon::view_of;
using network = xrayon::ml::multilayer_perceptron<double>;

/// The networks, and more rows than any contest needs.
struct stage {
    explicit stage(std::size_t threads) : at(threads) {}

    venue at;
    perceptron net;
    blas_network theirs{net};
    network ours = same_network(net);
    matrix x = normal_rows(100 * batch_rows);
    std::vector<std::size_t> labels = largest_of_ten(x);

    [[nodiscard]] const double* rows_of(std::size_t batch) const { return x.data() + batch * batch_rows * inputs; }
};
using shared_stage = std::shared_ptr<stage>;

void one_blas_thread() { openblas::set_threads(1); }

/// The three rivals that hand out items by themselves: `item(i)` for i in [0, count).
template <class Result, class Check, class Item>
void add_rivals(contest& c, const shared_stage& on, std::size_t count, const Check& check, const Item& item) {
    c.add("plain loop", check, one_blas_thread, [=] {
        std::vector<Result> y(count);
        for (std::size_t i = 0; i < count; ++i) {
            y[i] = item(i);
        }
        return y;
    });
    c.add("raw oneTBB simple", check, one_blas_thread, [=] {
        std::vector<Result> y(count);
        on->at.arena.execute([&] {
            tbb::parallel_for(
                std::size_t{0}, count, [&](std::size_t i) { y[i] = item(i); }, tbb::simple_partitioner{});
        });
        return y;
    });
#if defined(_OPENMP)
    c.add("OpenMP dynamic, 1", check, one_blas_thread, [=] {
        std::vector<Result> y(count);
#pragma omp parallel for schedule(dynamic, 1) num_threads(on->at.team)
        for (std::size_t i = 0; i < count; ++i) {
            y[i] = item(i);
        }
        return y;
    });
#endif
}

template <class Results>
double sum_of_all(const Results& y, std::size_t count) {
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
        sum += ordered_sum(y[i].data(), y[i].size()) * static_cast<double>(i + 1);
    }
    return sum;
}

contest inference(const shared_stage& on) {
    constexpr std::size_t count = 100;
    contest c("W2", "inference: 100 batches of 256 x 128, ReLU and softmax", on->at.threads, count, "batch", 1e-9);
    const auto check = [](const auto& y) { return sum_of_all(y, count); };
    c.add("xrayon network", check, one_blas_thread, [=] {
        return on->at.workers.install([&] { return xrayon::ml::batch_inference(xrayon::batches(on->x, batch_rows), on->ours); });
    });
    add_rivals<matrix>(c, on, count, check, [=](std::size_t i) { return on->net.predict(on->rows_of(i), batch_rows); });
    return c;
}

struct moments {
    std::vector<double> mean;
    std::vector<double> spread;
};

/// Mean and standard deviation of so many samples by Welford's sums; `sample(k)` gives a pointer to the k-th one's numbers.
template <class Sample>
moments moments_of(std::size_t samples, std::size_t numbers, const Sample& sample) {
    moments of{std::vector<double>(numbers), std::vector<double>(numbers)};
    for (std::size_t k = 0; k < samples; ++k) {
        const double* const y = sample(k);
        const double share = 1 / static_cast<double>(k + 1);
        for (std::size_t i = 0; i < numbers; ++i) {
            const double d = y[i] - of.mean[i];
            of.mean[i] += d * share;
            of.spread[i] += d * (y[i] - of.mean[i]);
        }
    }
    for (double& each : of.spread) {
        each = std::sqrt(each / static_cast<double>(samples));
    }
    return of;
}

contest uncertainty(const shared_stage& on) {
    constexpr std::size_t count = 20;
    constexpr std::size_t samples = 100;
    constexpr std::size_t numbers = batch_rows * classes;
    contest c("W3", "Monte Carlo dropout, p 0.1: mean and deviation of 100 samples of 20 batches of 256 x 128", on->at.threads,
              count * samples, "sample", 1e-9);
    const auto check = [](const auto& y) {
        double sum = 0;
        for (std::size_t i = 0; i < count; ++i) {
            sum += (ordered_sum(y[i].mean.data(), numbers) + ordered_sum(y[i].spread.data(), numbers)) * static_cast<double>(i + 1);
        }
        return sum;
    };
    const auto check_ours = [](const auto& y) {
        double sum = 0;
        for (std::size_t i = 0; i < count; ++i) {
            sum += (ordered_sum(y[i].mean.data(), numbers) + ordered_sum(y[i].stddev.data(), numbers)) * static_cast<double>(i + 1);
        }
        return sum;
    };
    c.add("xrayon network", check_ours, one_blas_thread, [=] {
        return on->at.workers.install([&] {
            return xrayon::ml::batch_inference_with_uncertainty(xrayon::batches(view_of(on->x).slice(0, count * batch_rows), batch_rows),
                                                                on->ours, {.samples = samples, .seed = 2024});
        });
    });
    add_rivals<moments>(c, on, count, check, [=](std::size_t i) {
        std::vector<double> y(numbers);
        return moments_of(samples, numbers, [&](std::size_t k) {
            on->theirs.sample(on->rows_of(i), batch_rows, stream(2024) / i / k, y.data());
            return y.data();
        });
    });
    return c;
}

contest gradients(const shared_stage& on) {
    constexpr std::size_t count = 50;
    contest c("W5", "gradients: the mean over 50 batches of 256 x 128", on->at.threads, count, "batch", 1e-9);
    using gradient = std::vector<double>;
    const auto squared_norm = [](const auto& g) {
        double sum = 0;
        for (const double each : g) {
            sum += each * each;
        }
        return sum;
    };
    const auto check = [=](const gradient& g) { return squared_norm(g) / (count * count); };
    const auto check_ours = [=](const auto& mean) {
        double sum = 0;
        for (const matrix& each : mean.gradient) {
            sum += squared_norm(each);
        }
        return sum;
    };
    c.add("xrayon network", check_ours, one_blas_thread, [=] {
        return on->at.workers.install([&] {
            const auto zero = [&] {
                network::parameters_type all = on->ours.parameters();
                for (matrix& each : all) {
                    each.fill(0);
                }
                return all;
            };
            return xrayon::ml::mean_gradient(
                xrayon::ml::zip_batches(xrayon::batches(view_of(on->x).slice(0, count * batch_rows), batch_rows),
                                        xrayon::batches(view_of(on->labels).slice(0, count * batch_rows), batch_rows)),
                zero, [&](const auto& x, const auto& y, network::parameters_type& into) { return on->ours.add_gradient(x, y, into); },
                {.leaf_size = 5});
        });
    });
    const auto add = [=](std::size_t i, gradient& sum) {
        on->theirs.add_gradient(on->rows_of(i), on->labels.data() + i * batch_rows, batch_rows, sum.data());
    };
    c.add("plain loop", check, one_blas_thread, [=] {
        gradient sum(parameter_count);
        for (std::size_t i = 0; i < count; ++i) {
            add(i, sum);
        }
        return sum;
    });
    c.add("raw oneTBB, a sum a thread", check, one_blas_thread, [=] {
        tbb::combinable<gradient> sums([] { return gradient(parameter_count); });
        on->at.arena.execute([&] {
            tbb::parallel_for(
                std::size_t{0}, count, [&](std::size_t i) { add(i, sums.local()); }, tbb::simple_partitioner{});
        });
        return sums.combine([](gradient a, const gradient& b) {
            std::transform(a.begin(), a.end(), b.begin(), a.begin(), std::plus<>());
            return a;
        });
    });
#if defined(_OPENMP)
    c.add("OpenMP dynamic, 1, a sum a thread", check, one_blas_thread, [=] {
        gradient all(parameter_count);
#pragma omp parallel num_threads(on->at.team)
        {
            gradient sum(parameter_count);
#pragma omp for schedule(dynamic, 1) nowait
            for (std::size_t i = 0; i < count; ++i) {
                add(i, sum);
            }
#pragma omp critical
            std::transform(all.begin(), all.end(), sum.begin(), all.begin(), std::plus<>());
        }
        return all;
    });
#endif
    return c;
}

std::vector<named_contest> contests(std::size_t threads) {
    const auto on = std::make_shared<stage>(threads);
    return {{"W2", [on] { return inference(on); }}, {"W3", [on] { return uncertainty(on); }}, {"W5", [on] { return gradients(on); }}};
}

} // namespace

int main(int argc, char** argv) {
    restart_with_sleeping_openmp_teams(argv);
    CLI::App app("Times a network against OpenBLAS in a plain loop, oneTBB and OpenMP, in interleaved pairs.", "bench.ml.network");
    return run_contests(argc, argv, app, contests);
}
