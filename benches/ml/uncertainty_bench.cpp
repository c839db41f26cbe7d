// SPDX-License-Identifier: Apache-2.0
// bench.ml.uncertainty: what does batch_inference_with_uncertainty cost beside loops of one's own, and what does a model gain that offers
// `prepare` and `sample_shape`?
//
// W3: Monte Carlo dropout (p 0.1 on both hidden layers of the perceptron 128-256-64-10), 100 samples of each of 20 batches of 256 rows. The
// plain model runs a whole forward pass for each sample and draws its masks number by number, as one would write it. Ours has the first
// layer shared by the samples of a batch (it lies before the first mask), masks drawn in bulk, and 1 / 0.9 folded into the weights behind
// them. "W3.same" has everybody run the plain model, so that what is left is the scheduling and the moments. All draw the same masks.
//
// "cheap.*": a model of one uniform number, where all that counts is the overhead per sample: one batch of many samples, many batches of few.
//
//     ./dev bench ml.uncertainty [--pairs 30] [--threads 1,2] [W3 ...]
//
// Exit codes: 0 done; 1 error, or rivals whose answers differ; 2 usage.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/array/batches.hpp>
#include <xrayon/array/blas.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/batch_inference_with_uncertainty.hpp>
#include <xrayon/random/bernoulli.hpp>
#include <xrayon/random/uniform.hpp>

#include "rivals/perceptron.hpp"
#include "rivals/venue.hpp"
#include "support/contests.hpp"

namespace {

using namespace xrayon::bench;
using doubles = std::vector<double>;
using xrayon::stream;

constexpr std::size_t rows = 256;
constexpr std::size_t hidden1 = layer_sizes[1];
constexpr std::size_t hidden2 = layer_sizes[2];
constexpr double keep = 0.9;

/// c (rows x n) := a (rows x k) w + bias
void dense(const double* a, const doubles& w, const doubles& bias, std::size_t k, std::size_t n, double* c) {
    for (std::size_t i = 0; i < rows; ++i) {
        std::copy(bias.begin(), bias.end(), c + i * n);
    }
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(rows), static_cast<int>(n), static_cast<int>(k), 1, a,
                static_cast<int>(k), w.data(), static_cast<int>(n), 1, c, static_cast<int>(n));
}
void relu(double* c, std::size_t n) {
    std::transform(c, c + n, c, [](double v) { return v > 0 ? v : 0.0; });
}
void softmax(double* c) {
    for (double* row = c; row != c + rows * classes; row += classes) {
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
}

/// The plain model: forward once per sample, masks drawn one by one.
struct plain_dropout {
    const perceptron* net;

    struct buffers {
        doubles one = doubles(rows * hidden1);
        doubles two = doubles(rows * hidden2);
    };
    static void mask(stream& draws, double* c, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) {
            c[i] = xrayon::draw_bernoulli(draws, keep) ? c[i] * (1 / keep) : 0.0;
        }
    }
    void operator()(const double* x, stream& draws, double* out) const {
        thread_local buffers of;
        const auto& layers = net->layers;
        dense(x, layers[0].weights, layers[0].bias, inputs, hidden1, of.one.data());
        relu(of.one.data(), of.one.size());
        mask(draws, of.one.data(), of.one.size());
        dense(of.one.data(), layers[1].weights, layers[1].bias, hidden1, hidden2, of.two.data());
        relu(of.two.data(), of.two.size());
        mask(draws, of.two.data(), of.two.size());
        dense(of.two.data(), layers[2].weights, layers[2].bias, hidden2, classes, out);
        softmax(out);
    }
};

/// The plain model as ours calls it.
struct plain_for_us {
    plain_dropout model;
    std::array<std::size_t, 2> sample_shape(const double*) const { return {rows, classes}; }
    void operator()(const double* x, stream& draws, const xrayon::array_view<double, 2>& out) const { model(x, draws, out.data()); }
};

/// The same function with what samples share computed once.
class shared_dropout {
public:
    explicit shared_dropout(const perceptron& net) : net_(net), two_(net.layers[1].weights), three_(net.layers[2].weights) {
        for (double& w : two_) {
            w /= keep;
        }
        for (double& w : three_) {
            w /= keep;
        }
    }
    doubles prepare(const double* x) const {
        doubles one(rows * hidden1);
        dense(x, net_.layers[0].weights, net_.layers[0].bias, inputs, hidden1, one.data());
        relu(one.data(), one.size());
        return one;
    }
    std::array<std::size_t, 2> sample_shape(const doubles&) const { return {rows, classes}; }
    void operator()(const doubles& one, stream& draws, const xrayon::array_view<double, 2>& out) const {
        const auto of = buffers_.borrow();
        mask(draws, one.data(), of->one);
        dense(of->one.data(), two_, net_.layers[1].bias, hidden1, hidden2, of->two.data());
        relu(of->two.data(), of->two.size());
        mask(draws, of->two.data(), of->two);
        dense(of->two.data(), three_, net_.layers[2].bias, hidden2, classes, out.data());
        softmax(out.data());
    }

private:
    using buffers = plain_dropout::buffers;
    /// The masks in stretches that stay in the first-level cache.
    static void mask(stream& draws, const double* from, doubles& to) {
        std::array<double, 1024> kept;
        for (std::size_t at = 0; at < to.size(); at += kept.size()) {
            xrayon::fill_bernoulli(draws, kept, keep);
            for (std::size_t i = 0; i < kept.size(); ++i) {
                to[at + i] = from[at + i] * kept[i];
            }
        }
    }
    const perceptron& net_;
    doubles two_;
    doubles three_;
    mutable xrayon::scratch<buffers> buffers_;
};

struct mean_and_deviation {
    doubles mean;
    doubles stddev;
};

/// What one writes by hand: Welford's recurrence over the samples of one batch.
template <class Model>
mean_and_deviation by_hand(const Model& model, const double* x, std::size_t batch, std::size_t samples) {
    mean_and_deviation out{doubles(rows * classes), doubles(rows * classes)};
    doubles y(rows * classes);
    for (std::size_t s = 0; s < samples; ++s) {
        stream draws = stream(42) / batch / s;
        model(x, draws, y.data());
        const double share = 1 / static_cast<double>(s + 1);
        for (std::size_t i = 0; i < y.size(); ++i) {
            const double delta = y[i] - out.mean[i];
            out.mean[i] += delta * share;
            out.stddev[i] += delta * (y[i] - out.mean[i]);
        }
    }
    for (double& v : out.stddev) {
        v = std::sqrt(v / static_cast<double>(samples));
    }
    return out;
}

contest dropout(const std::shared_ptr<venue>& at, bool shared) {
    constexpr std::size_t count = 20;
    constexpr std::size_t samples = 100;
    contest c(shared ? "W3" : "W3.same",
              shared ? "Monte Carlo dropout, 100 samples of 20 batches of 256 x 128: first layer shared and masks in bulk, against plain models"
                     : "the same, everybody with the plain model",
              at->threads, count * samples, "sample", 1e-9);
    const auto net = std::make_shared<const perceptron>();
    const auto x = std::make_shared<const matrix>(normal_rows(count * rows));
    const auto one_blas_thread = [] { openblas::set_threads(1); };
    const auto sum_of = [](const auto& deviation_of) {
        double sum = 0;
        for (std::size_t b = 0; b < count; ++b) {
            sum += ordered_sum(deviation_of(b), rows * classes) * static_cast<double>(b + 1);
        }
        return sum;
    };
    const auto check_ours = [sum_of](const auto& y) { return sum_of([&](std::size_t b) { return y[b].stddev.data(); }); };
    const auto check = [sum_of](const std::vector<mean_and_deviation>& y) { return sum_of([&](std::size_t b) { return y[b].stddev.data(); }); };
    const auto batch = [net, x](std::size_t b) { return by_hand(plain_dropout{net.get()}, x->data() + b * rows * inputs, b, samples); };
    std::vector<const double*> starts;
    for (std::size_t b = 0; b < count; ++b) {
        starts.push_back(x->data() + b * rows * inputs);
    }
    if (shared) {
        const auto model = std::make_shared<const shared_dropout>(*net);
        c.add("xrayon, shared first layer", check_ours, one_blas_thread, [at, net, model, starts] {
            return at->workers.install([&] { return xrayon::ml::batch_inference_with_uncertainty(starts, *model); });
        });
    } else {
        c.add("xrayon, plain model", check_ours, one_blas_thread, [at, net, x, starts] {
            return at->workers.install([&] { return xrayon::ml::batch_inference_with_uncertainty(starts, plain_for_us{{net.get()}}); });
        });
    }
    c.add("plain loop", check, one_blas_thread, [batch] {
        std::vector<mean_and_deviation> y(count);
        for (std::size_t b = 0; b < count; ++b) {
            y[b] = batch(b);
        }
        return y;
    });
    c.add("raw oneTBB, over batches", check, one_blas_thread, [at, batch] {
        std::vector<mean_and_deviation> y(count);
        at->arena.execute([&] {
            tbb::parallel_for(
                std::size_t{0}, count, [&](std::size_t b) { y[b] = batch(b); }, tbb::simple_partitioner{});
        });
        return y;
    });
#if defined(_OPENMP)
    c.add("OpenMP dynamic, over batches", check, one_blas_thread, [at, batch] {
        std::vector<mean_and_deviation> y(count);
#pragma omp parallel for schedule(dynamic, 1) num_threads(at->team)
        for (std::size_t b = 0; b < count; ++b) {
            y[b] = batch(b);
        }
        return y;
    });
#endif
    return c;
}

/// A model that costs next to nothing.
double cheap_model(double batch, stream& draws) { return batch + xrayon::draw_uniform(draws); }

double cheap_by_hand(double batch, std::size_t b, std::size_t samples) {
    const stream root = stream(42) / b;
    double mean = 0;
    double squares = 0;
    for (std::size_t s = 0; s < samples; ++s) {
        stream draws = root / s;
        const double x = cheap_model(batch, draws);
        const double delta = x - mean;
        mean += delta / static_cast<double>(s + 1);
        squares += delta * (x - mean);
    }
    return std::sqrt(squares / static_cast<double>(samples));
}

contest cheap(const std::shared_ptr<venue>& at, const std::string& name, std::size_t count, std::size_t samples) {
    contest c("cheap." + name, xrayon::to_text(count) + " batches x " + xrayon::to_text(samples) + " samples of one uniform number", at->threads, count * samples,
              "sample", 1e-9);
    const auto batches = std::make_shared<const doubles>(count, 1.0);
    c.add(
        "xrayon",
        [](const auto& y) {
            double sum = 0;
            for (const auto& each : y) {
                sum += each.stddev;
            }
            return sum;
        },
        [at, batches, samples] {
            return at->workers.install([&] { return xrayon::ml::batch_inference_with_uncertainty(*batches, cheap_model, {.samples = samples}); });
        });
    const auto check = [](const doubles& y) {
        double sum = 0;
        for (const double each : y) {
            sum += each;
        }
        return sum;
    };
    c.add("plain loop, Welford", check, [batches, samples] {
        doubles y(batches->size());
        for (std::size_t b = 0; b < y.size(); ++b) {
            y[b] = cheap_by_hand((*batches)[b], b, samples);
        }
        return y;
    });
    c.add("raw oneTBB, over batches", check, [at, batches, samples] {
        doubles y(batches->size());
        at->arena.execute([&] {
            tbb::parallel_for(range(0, y.size()), [&](const range& r) {
                for (std::size_t b = r.begin(); b != r.end(); ++b) {
                    y[b] = cheap_by_hand((*batches)[b], b, samples);
                }
            });
        });
        return y;
    });
#if defined(_OPENMP)
    c.add("OpenMP dynamic, over batches", check, [at, batches, samples] {
        doubles y(batches->size());
#pragma omp parallel for schedule(dynamic, 1) num_threads(at->team)
        for (std::size_t b = 0; b < y.size(); ++b) {
            y[b] = cheap_by_hand((*batches)[b], b, samples);
        }
        return y;
    });
#endif
    return c;
}

std::vector<named_contest> contests(std::size_t threads) {
    const auto at = std::make_shared<venue>(threads);
    return {
        {"W3", [at] { return dropout(at, true); }},
        {"W3.same", [at] { return dropout(at, false); }},
        {"cheap.one_batch", [at] { return cheap(at, "one_batch", 1, 200'000); }},
        {"cheap.some_batches", [at] { return cheap(at, "some_batches", 100, 2'000); }},
        {"cheap.many_batches", [at] { return cheap(at, "many_batches", 20'000, 10); }},
    };
}

} // namespace

int main(int argc, char** argv) {
    restart_with_sleeping_openmp_teams(argv);
    CLI::App app("Times batch_inference_with_uncertainty against plain loops, oneTBB and OpenMP, in interleaved pairs.", "bench.ml.uncertainty");
    return run_contests(argc, argv, app, contests);
}
