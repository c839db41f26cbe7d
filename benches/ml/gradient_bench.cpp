// SPDX-License-Identifier: Apache-2.0
// bench.ml.gradient: what does it cost to have gradients of many batches added in a fixed order? W5: the mean gradient of a perceptron
// 128-256-64-10 (softmax and cross-entropy) over 50 batches of 256 rows, a few gradients in memory. W5c: all 50 kept, in order, then averaged.
// Rivals add in the order in which batches happen to finish, so their last digits change from run to run where there are several threads.
//
//     ./dev bench ml.gradient [CONTEST...] [--threads 1,2] [--pairs 30] [--seconds 300] [--markdown] [--csv FILE]
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <oneapi/tbb/enumerable_thread_specific.h>

#include <xrayon/array/blas.hpp>
#include <xrayon/ml/gradient/aggregate_gradients.hpp>
#include <xrayon/ml/gradient/compute_gradients.hpp>
#include <xrayon/ml/gradient/mean_gradient.hpp>

#include "../rivals/venue.hpp"
#include "../support/contests.hpp"

namespace {

using namespace xrayon;
using namespace xrayon::bench;

constexpr std::size_t count = 50;
constexpr std::size_t rows = 256;
constexpr std::array<std::size_t, 4> sizes{128, 256, 64, 10};
constexpr std::size_t weights_in(std::size_t layer) { return sizes[layer] * sizes[layer + 1]; }
constexpr std::size_t first_weight(std::size_t layer) { return layer == 0 ? 0 : first_weight(layer - 1) + weights_in(layer - 1) + sizes[layer]; }
constexpr std::size_t parameters = first_weight(3);
static_assert(parameters == 50'122);

using numbers = std::vector<double>;

double normal(std::uint64_t i) {  // Box and Muller 1958
    return std::sqrt(-2 * std::log1p(-uniform(2 * i))) * std::cos(6.283185307179586 * uniform(2 * i + 1));
}

struct task {
    numbers x = numbers(count * rows * sizes[0]);
    std::vector<std::size_t> label = std::vector<std::size_t>(count * rows);
    numbers w = numbers(parameters);

    task() {
        for (std::size_t i = 0; i < x.size(); ++i) {
            x[i] = normal(i);
        }
        for (std::size_t i = 0; i < label.size(); ++i) {
            const double* const row = x.data() + i * sizes[0];
            label[i] = static_cast<std::size_t>(std::max_element(row, row + sizes[3]) - row);
        }
        std::uint64_t next = std::uint64_t{1} << 40;
        for (std::size_t l = 0; l < 3; ++l) {
            for (std::size_t k = 0; k < weights_in(l); ++k) {
                w[first_weight(l) + k] = normal(next++) * std::sqrt(2.0 / static_cast<double>(sizes[l]));
            }
        }
    }

    /// The gradient of batch b's mean loss: g := beta g + gradient. The same code for every rival, all products through gemm.
    void gradient(std::size_t b, double beta, double* g) const {
        thread_local std::array<numbers, 4> layer;  // what each layer gives
        thread_local std::array<numbers, 4> error;
        const double* const input = x.data() + b * rows * sizes[0];
        const auto in = [&](std::size_t l) { return l == 0 ? input : layer[l].data(); };
        const auto view = [](auto* data, std::size_t m, std::size_t n) { return array_view<std::remove_pointer_t<decltype(data)>, 2>(data, {m, n}); };
        for (std::size_t l = 0; l < 3; ++l) {
            const std::size_t width = sizes[l + 1];
            layer[l + 1].resize(rows * width);
            error[l + 1].resize(rows * width);
            double* const out = layer[l + 1].data();
            const double* const bias = w.data() + first_weight(l) + weights_in(l);
            for (std::size_t i = 0; i < rows; ++i) {
                std::copy(bias, bias + width, out + i * width);
            }
            gemm(1.0, view(in(l), rows, sizes[l]), view(w.data() + first_weight(l), sizes[l], width), 1.0, view(out, rows, width));
            if (l < 2) {
                std::transform(out, out + rows * width, out, [](double v) { return v > 0 ? v : 0.0; });
            }
        }
        for (std::size_t i = 0; i < rows; ++i) {
            const double* const row = layer[3].data() + i * sizes[3];
            double* const d = error[3].data() + i * sizes[3];
            const double largest = *std::max_element(row, row + sizes[3]);
            double sum = 0;
            for (std::size_t j = 0; j < sizes[3]; ++j) {
                d[j] = std::exp(row[j] - largest);
                sum += d[j];
            }
            for (std::size_t j = 0; j < sizes[3]; ++j) {
                d[j] = (d[j] / sum - (j == label[b * rows + i] ? 1.0 : 0.0)) / static_cast<double>(rows);
            }
        }
        for (std::size_t l = 3; l-- > 0;) {
            const std::size_t width = sizes[l + 1];
            const auto d = view(static_cast<const double*>(error[l + 1].data()), rows, width);
            double* const weights = g + first_weight(l);
            gemm(1.0, view(in(l), rows, sizes[l]).transposed(), d, beta, view(weights, sizes[l], width));
            double* const bias = weights + weights_in(l);
            if (beta == 0) {
                std::fill(bias, bias + width, 0.0);
            }
            for (std::size_t i = 0; i < rows; ++i) {
                for (std::size_t j = 0; j < width; ++j) {
                    bias[j] += error[l + 1][i * width + j];
                }
            }
            if (l > 0) {
                double* const below = error[l].data();
                gemm(1.0, d, view(w.data() + first_weight(l), sizes[l], width).transposed(), 0.0, view(below, rows, sizes[l]));
                for (std::size_t k = 0; k < rows * sizes[l]; ++k) {
                    below[k] = layer[l][k] > 0 ? below[k] : 0;
                }
            }
        }
    }
    [[nodiscard]] numbers gradient(std::size_t b) const {
        numbers g(parameters);
        gradient(b, 0, g.data());
        return g;
    }
};

std::vector<std::size_t> all_batches() {
    std::vector<std::size_t> batches(count);
    for (std::size_t b = 0; b < count; ++b) {
        batches[b] = b;
    }
    return batches;
}

double squared_norm(const numbers& g) {
    double sum = 0;
    for (const double v : g) {
        sum += v * v;
    }
    return sum;
}
void add_to(numbers& sum, const numbers& g) {
    for (std::size_t k = 0; k < sum.size(); ++k) {
        sum[k] += g[k];
    }
}
void average(numbers& sum) {
    for (double& v : sum) {
        v /= static_cast<double>(count);
    }
}

/// What a thread of a rival keeps: its own sum, and the gradient that it adds to that.
struct own {
    numbers sum = numbers(parameters);
    numbers one = numbers(parameters);
};
/// `adds`: the gradient goes straight into the sum (beta = 1), and not through one of its own.
void take(const task& of, own& mine, std::size_t b, bool adds) {
    if (adds) {
        of.gradient(b, 1, mine.sum.data());
    } else {
        of.gradient(b, 0, mine.one.data());
        add_to(mine.sum, mine.one);
    }
}

contest fused(const std::shared_ptr<venue>& at, const std::shared_ptr<const task>& of, const std::string& name, bool adds, std::size_t leaf) {
    contest c(name, std::string("mean gradient of 50 batches of 256 x 128, ") + (adds ? "everybody adds by beta = 1" : "everybody adds whole gradients")
                        + (adds ? ", ours " + to_text(leaf) + " batches a leaf" : ""),
              at->threads, count, "batch", 1e-9);
    const auto batches = std::make_shared<const std::vector<std::size_t>>(all_batches());
    const auto one_blas_thread = [] { openblas::set_threads(1); };
    c.add("xrayon mean_gradient", squared_norm, one_blas_thread, [=] {
        return at->workers.install([&] {
            return ml::mean_gradient(
                *batches, [] { return numbers(parameters); }, [&](std::size_t b, numbers& into) { of->gradient(b, 1, into.data()); },
                {.leaf_size = leaf});
        });
    });
    c.add("plain loop", squared_norm, one_blas_thread, [=] {
        own mine;
        for (std::size_t b = 0; b < count; ++b) {
            take(*of, mine, b, adds);
        }
        average(mine.sum);
        return std::move(mine.sum);
    });
    c.add("raw oneTBB, a sum per thread", squared_norm, one_blas_thread, [=] {
        tbb::enumerable_thread_specific<own> each;
        at->arena.execute([&] {
            tbb::parallel_for(
                range(0, count, 1),
                [&](const range& r) {
                    own& mine = each.local();
                    for (std::size_t b = r.begin(); b < r.end(); ++b) {
                        take(*of, mine, b, adds);
                    }
                },
                tbb::simple_partitioner{});
        });
        numbers sum(parameters);
        for (const own& mine : each) {
            add_to(sum, mine.sum);
        }
        average(sum);
        return sum;
    });
#if defined(_OPENMP)
    c.add("OpenMP dynamic, 1, a sum per thread", squared_norm, one_blas_thread, [=] {
        numbers sum(parameters);
#pragma omp parallel num_threads(at->team)
        {
            own mine;
#pragma omp for schedule(dynamic, 1) nowait
            for (std::size_t b = 0; b < count; ++b) {
                take(*of, mine, b, adds);
            }
#pragma omp critical
            add_to(sum, mine.sum);
        }
        average(sum);
        return sum;
    });
#endif
    return c;
}

/// The mean of gradients that are kept, element by element, as everybody writes it.
void average_columns(const std::vector<numbers>& all, numbers& out, std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
        out[k] = 0;
    }
    for (const numbers& g : all) {
        for (std::size_t k = begin; k < end; ++k) {
            out[k] += g[k];
        }
    }
    for (std::size_t k = begin; k < end; ++k) {
        out[k] /= static_cast<double>(count);
    }
}

contest collected(const std::shared_ptr<venue>& at, const std::shared_ptr<const task>& of) {
    contest c("W5c", "50 gradients kept in order, then averaged", at->threads, count, "batch", 1e-9);
    const auto batches = std::make_shared<const std::vector<std::size_t>>(all_batches());
    const auto one_blas_thread = [] { openblas::set_threads(1); };
    constexpr std::size_t block = 1024;
    constexpr std::size_t blocks = (parameters + block - 1) / block;
    c.add("xrayon compute, aggregate", squared_norm, one_blas_thread, [=] {
        return at->workers.install([&] {
            const auto all = ml::compute_gradients(*batches, [&](std::size_t b) { return of->gradient(b); });
            return ml::aggregate_gradients(all, ml::aggregate::mean);
        });
    });
    c.add("plain loops", squared_norm, one_blas_thread, [=] {
        std::vector<numbers> all(count);
        numbers out(parameters);
        for (std::size_t b = 0; b < count; ++b) {
            all[b] = of->gradient(b);
        }
        for (std::size_t k = 0; k < blocks; ++k) {
            average_columns(all, out, k * block, std::min(parameters, (k + 1) * block));
        }
        return out;
    });
    c.add("raw oneTBB", squared_norm, one_blas_thread, [=] {
        std::vector<numbers> all(count);
        numbers out(parameters);
        at->arena.execute([&] {
            tbb::parallel_for(
                range(0, count, 1),
                [&](const range& r) {
                    for (std::size_t b = r.begin(); b < r.end(); ++b) {
                        all[b] = of->gradient(b);
                    }
                },
                tbb::simple_partitioner{});
            tbb::parallel_for(range(0, blocks), [&](const range& r) {
                for (std::size_t k = r.begin(); k < r.end(); ++k) {
                    average_columns(all, out, k * block, std::min(parameters, (k + 1) * block));
                }
            });
        });
        return out;
    });
#if defined(_OPENMP)
    c.add("OpenMP dynamic, 1", squared_norm, one_blas_thread, [=] {
        std::vector<numbers> all(count);
        numbers out(parameters);
#pragma omp parallel num_threads(at->team)
        {
#pragma omp for schedule(dynamic, 1)
            for (std::size_t b = 0; b < count; ++b) {
                all[b] = of->gradient(b);
            }
#pragma omp for schedule(static)
            for (std::size_t k = 0; k < blocks; ++k) {
                average_columns(all, out, k * block, std::min(parameters, (k + 1) * block));
            }
        }
        return out;
    });
#endif
    return c;
}

/// Kept gradients alone: what averaging 50 of them costs.
contest aggregated(const std::shared_ptr<venue>& at, const std::shared_ptr<const task>& of) {
    contest c("aggregate", "the mean of 50 gradients that are there, 50,122 elements each", at->threads, count, "gradient", 1e-9);
    const auto all = std::make_shared<std::vector<numbers>>();
    for (std::size_t b = 0; b < count; ++b) {
        all->push_back(of->gradient(b));
    }
    constexpr std::size_t block = 1024;
    constexpr std::size_t blocks = (parameters + block - 1) / block;
    c.add("xrayon aggregate_gradients", squared_norm, [=] {
        return at->workers.install([&] { return ml::aggregate_gradients(*all, ml::aggregate::mean); });
    });
    c.add("plain loops", squared_norm, [=] {
        numbers out(parameters);
        for (std::size_t k = 0; k < blocks; ++k) {
            average_columns(*all, out, k * block, std::min(parameters, (k + 1) * block));
        }
        return out;
    });
    c.add("raw oneTBB", squared_norm, [=] {
        numbers out(parameters);
        at->arena.execute([&] {
            tbb::parallel_for(range(0, blocks), [&](const range& r) {
                for (std::size_t k = r.begin(); k < r.end(); ++k) {
                    average_columns(*all, out, k * block, std::min(parameters, (k + 1) * block));
                }
            });
        });
        return out;
    });
    return c;
}

std::vector<named_contest> contests(std::size_t threads) {
    const auto at = std::make_shared<venue>(threads);
    static const auto of = std::make_shared<const task>();
    return {
        {"W5", [=] { return fused(at, of, "W5", false, 1); }},
        {"W5.added", [=] { return fused(at, of, "W5.added", true, 1); }},
        {"W5.leaf5", [=] { return fused(at, of, "W5.leaf5", true, 5); }},
        {"W5.leaf5_whole", [=] { return fused(at, of, "W5.leaf5_whole", false, 5); }},
        {"W5c", [=] { return collected(at, of); }},
        {"aggregate", [=] { return aggregated(at, of); }},
    };
}

} // namespace

int main(int argc, char** argv) {
    restart_with_sleeping_openmp_teams(argv);
    CLI::App app("Times gradients of many batches, kept or added as they come, against plain loops, oneTBB and OpenMP, in interleaved pairs.",
                 "bench.ml.gradient");
    return run_contests(argc, argv, app, contests);
}
