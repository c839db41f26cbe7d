// SPDX-License-Identifier: Apache-2.0
// bench.ml.ensemble: what does an ensemble gain when a tile of rows goes through all models and is combined in cache, against loops that
// keep every model's predictions? W8m, W8w, W8d: eight perceptrons 128-256-64-10 on 4,096 rows; their mean, weighted mean, median. Rivals run
// the same kernels (OpenBLAS, one thread); where the library has a packed matrix, ours runs once more with that.
//
//     ./dev bench ml.ensemble [CONTEST...] [--threads 1,2] [--pairs 30] [--seconds 300] [--markdown] [--csv FILE]
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <xrayon/ml/ensemble/ensemble_predict.hpp>
#include <xrayon/ml/ensemble/row_wise.hpp>
#if __has_include(<xrayon/array/packed_matrix.hpp>)
#include <xrayon/array/packed_matrix.hpp>
#define XRAYON_BENCH_PACKED 1
#else
#define XRAYON_BENCH_PACKED 0
#endif

#include "../rivals/perceptron.hpp"
#include "../rivals/venue.hpp"
#include "../support/contests.hpp"

namespace {

using namespace xrayon::bench;
namespace ml = xrayon::ml;

constexpr std::size_t model_count = 8;
constexpr std::size_t row_count = 4096;
constexpr std::size_t task_rows = 256;  // of a rival's task
constexpr std::array<double, model_count> weights{0.2, 0.18, 0.16, 0.14, 0.12, 0.1, 0.06, 0.04};

using rows_view = xrayon::array_view<const double, 2>;

/// A perceptron as a model that says it is row-wise.
struct blas_model {
    static constexpr bool row_wise = true;
    perceptron net;

    explicit blas_model(std::size_t k) {
        std::uint64_t next = (std::uint64_t{k} + 2) << 40;  // far from the data, and from the other models'
        for (std::size_t l = 0; l < net.layers.size(); ++l) {
            for (double& w : net.layers[l].weights) {
                w = normal(next++) * std::sqrt(2.0 / static_cast<double>(layer_sizes[l]));
            }
        }
    }
    matrix operator()(const rows_view& x) const { return net.predict(x.data(), x.shape(0)); }
};

#if XRAYON_BENCH_PACKED
/// The same network: weights packed once, bias and ReLU inside the multiplication.
struct packed_model {
    static constexpr bool row_wise = true;
    std::array<xrayon::packed_matrix<double>, 3> weights;
    std::array<std::vector<double>, 3> bias;

    explicit packed_model(const perceptron& net) {
        for (std::size_t l = 0; l < 3; ++l) {
            weights[l].assign(rows_view(net.layers[l].weights.data(), {layer_sizes[l], layer_sizes[l + 1]}));
            bias[l] = net.layers[l].bias;
        }
    }
    matrix operator()(const rows_view& x) const {
        thread_local std::array<std::vector<double>, 2> hidden;
        const std::size_t rows = x.shape(0);
        hidden[0].resize(std::max(hidden[0].size(), rows * layer_sizes[1]));
        hidden[1].resize(std::max(hidden[1].size(), rows * layer_sizes[2]));
        const xrayon::array_view<double, 2> first(hidden[0].data(), {rows, layer_sizes[1]});
        const xrayon::array_view<double, 2> second(hidden[1].data(), {rows, layer_sizes[2]});
        matrix out = matrix::from_shape({rows, classes});
        xrayon::packed_gemm(x, weights[0], first, {.bias = bias[0].data(), .relu = true});
        xrayon::packed_gemm(rows_view(first), weights[1], second, {.bias = bias[1].data(), .relu = true});
        xrayon::packed_gemm(rows_view(second), weights[2], xrayon::view_of(out), {.bias = bias[2].data()});
        for (std::size_t i = 0; i < rows; ++i) {
            double* const row = out.data() + i * classes;
            const double largest = *std::max_element(row, row + classes);
            double sum = 0;
            for (std::size_t j = 0; j < classes; ++j) {
                row[j] = std::exp(row[j] - largest);
                sum += row[j];
            }
            for (std::size_t j = 0; j < classes; ++j) {
                row[j] /= sum;
            }
        }
        return out;
    }
};
#endif

enum class combination { mean, weighted, median };

/// By hand: elements [begin, end) of the predictions p of all models.
void combine(combination how, const std::array<const double*, model_count>& p, std::size_t begin, std::size_t end, double* out) {
    for (std::size_t i = begin; i < end; ++i) {
        if (how == combination::median) {
            std::array<double, model_count> v;
            for (std::size_t k = 0; k < model_count; ++k) {
                v[k] = p[k][i];
            }
            std::sort(v.begin(), v.end());
            out[i] = 0.5 * (v[model_count / 2 - 1] + v[model_count / 2]);
        } else {
            double sum = 0;
            for (std::size_t k = 0; k < model_count; ++k) {
                sum += (how == combination::mean ? 1.0 / model_count : weights[k]) * p[k][i];
            }
            out[i] = sum;
        }
    }
}

struct data {
    matrix x = normal_rows(row_count);
    std::vector<blas_model> models;
#if XRAYON_BENCH_PACKED
    std::vector<packed_model> packed;
#endif
    data() {
        for (std::size_t k = 0; k < model_count; ++k) {
            models.emplace_back(k);
#if XRAYON_BENCH_PACKED
            packed.emplace_back(models.back().net);
#endif
        }
    }
};

/// What a good engineer writes first: a task is a model and 256 rows; all predictions are kept, then combined.
template <class Loop>
matrix by_model(const data& of, combination how, const Loop& loop) {
    constexpr std::size_t tiles = row_count / task_rows;
    std::array<std::vector<double>, model_count> p;
    for (auto& each : p) {
        each.resize(row_count * classes);
    }
    matrix out = matrix::from_shape({row_count, classes});
    loop(model_count * tiles, [&](std::size_t t) {
        const std::size_t k = t / tiles;
        const std::size_t first = t % tiles * task_rows;
        const matrix y = of.models[k].net.predict(of.x.data() + first * inputs, task_rows);
        std::copy(y.begin(), y.end(), p[k].begin() + static_cast<std::ptrdiff_t>(first * classes));
    });
    std::array<const double*, model_count> all;
    for (std::size_t k = 0; k < model_count; ++k) {
        all[k] = p[k].data();
    }
    loop(tiles, [&](std::size_t t) { combine(how, all, t * task_rows * classes, (t + 1) * task_rows * classes, out.data()); });
    return out;
}

/// What he writes after he has thought about caches: a task is 256 rows, through all models.
template <class Loop>
matrix by_tile(const data& of, combination how, const Loop& loop) {
    matrix out = matrix::from_shape({row_count, classes});
    loop(row_count / task_rows, [&](std::size_t t) {
        std::array<matrix, model_count> y;
        std::array<const double*, model_count> p;
        for (std::size_t k = 0; k < model_count; ++k) {
            y[k] = of.models[k].net.predict(of.x.data() + t * task_rows * inputs, task_rows);
            p[k] = y[k].data();
        }
        combine(how, p, 0, task_rows * classes, out.data() + t * task_rows * classes);
    });
    return out;
}

template <class Models>
matrix ours(const data& of, combination how, const Models& models) {
    switch (how) {
        case combination::mean:
            return ml::ensemble_predict(of.x, models, ml::ensemble::mean{});
        case combination::weighted:
            return ml::ensemble_predict(of.x, models, ml::ensemble::weighted_mean{{weights.begin(), weights.end()}});
        case combination::median:
            break;
    }
    return ml::ensemble_predict(of.x, models, ml::ensemble::median{});
}

contest ensembles(const std::shared_ptr<venue>& at, const std::shared_ptr<const data>& of, const std::string& name, combination how) {
    contest c(name, "eight perceptrons 128-256-64-10 on 4,096 rows, combined", at->threads, row_count, "row", 1e-9);
    const auto check = [](const matrix& y) { return ordered_sum(y.data(), y.size()); };
    const auto one_blas_thread = [] { openblas::set_threads(1); };
#if XRAYON_BENCH_PACKED
    c.add("xrayon tiles, packed", check, one_blas_thread, [=] { return at->workers.install([&] { return ours(*of, how, of->packed); }); });
#endif
    c.add("xrayon tiles", check, one_blas_thread, [=] { return at->workers.install([&] { return ours(*of, how, of->models); }); });
    const auto plain = [](std::size_t n, const auto& body) {
        for (std::size_t i = 0; i < n; ++i) {
            body(i);
        }
    };
    const auto tbb_loop = [](std::size_t n, const auto& body) { tbb::parallel_for(std::size_t{0}, n, body, tbb::simple_partitioner{}); };
    c.add("plain loop", check, one_blas_thread, [=] { return by_model(*of, how, plain); });
    c.add("raw oneTBB", check, one_blas_thread, [=] {
        matrix y;
        at->arena.execute([&] { y = by_model(*of, how, tbb_loop); });
        return y;
    });
    c.add("raw oneTBB, tiles", check, one_blas_thread, [=] {
        matrix y;
        at->arena.execute([&] { y = by_tile(*of, how, tbb_loop); });
        return y;
    });
#if defined(_OPENMP)
    c.add("OpenMP dynamic, 1", check, one_blas_thread, [=] {
        return by_model(*of, how, [&](std::size_t n, const auto& body) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(at->team)
            for (std::size_t i = 0; i < n; ++i) {
                body(i);
            }
        });
    });
#endif
    return c;
}

std::vector<named_contest> contests(std::size_t threads) {
    const auto at = std::make_shared<venue>(threads);
    const auto of = std::make_shared<const data>();
    std::vector<named_contest> all;
    for (const auto& [name, how] :
         {std::pair("W8m", combination::mean), std::pair("W8w", combination::weighted), std::pair("W8d", combination::median)}) {
        all.push_back({name, [=, label = std::string(name), way = how] { return ensembles(at, of, label, way); }});
    }
    return all;
}

} // namespace

int main(int argc, char** argv) {
    restart_with_sleeping_openmp_teams(argv);
    CLI::App app("Times ensembles against plain loops, oneTBB and OpenMP, in interleaved pairs.", "bench.ml.ensemble");
    return run_contests(argc, argv, app, contests);
}
