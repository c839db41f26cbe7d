// SPDX-License-Identifier: Apache-2.0
// bench.ml.search: what does cross-validation gain that does not do work twice? W6: 5-fold R2 of ridge regression, 20,000 x 128, no constant.
// W7r: 32 alphas of a ridge classifier on 5 folds of the digits. W7k: 32 numbers of neighbours on the same. Rivals do what one writes by
// hand: every fit on copies of its training rows, OpenBLAS on one thread, the tasks shared by a loop, oneTBB or OpenMP. W7v: the exact
// leave-one-out error of 32 alphas on 100,000 x 64. W11: a network trained on 5 folds, whose steps are cut into tiles of rows. Where python3 has scikit-learn, its own cross_val_score, GridSearchCV and RidgeCV are
// rivals too, by processes (loky) and by threads. All give the same scores.
//
//     ./dev bench ml.search [CONTEST...] [--threads 1,2] [--pairs 30] [--seconds 300] [--markdown] [--csv FILE]
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <xrayon/array/blas.hpp>
#include <xrayon/array/lapack.hpp>
#include <xrayon/io/csv.hpp>
#include <xrayon/io/write_npy.hpp>
#include <xrayon/ml/gradient/data_parallel_step.hpp>
#include <xrayon/ml/models/k_nearest_neighbors.hpp>
#include <xrayon/ml/models/multilayer_perceptron.hpp>
#include <xrayon/ml/models/ridge.hpp>
#include <xrayon/ml/models/ridge_classifier.hpp>
#include <xrayon/ml/models/ridge_leave_one_out.hpp>
#include <xrayon/ml/optimizer/sgd.hpp>
#include <xrayon/ml/search/grid_search.hpp>

#include "../rivals/cross_validation.hpp"
#include "../rivals/perceptron.hpp"
#include "../rivals/venue.hpp"
#include "../support/contests.hpp"
#include "../support/timed_process.hpp"

namespace {

using namespace xrayon::bench;
namespace ml = xrayon::ml;

constexpr std::size_t folds = 5;
constexpr std::size_t configurations = 32;

/// Fold f of n rows: k_fold's, without a shuffle.
struct block {
    std::size_t begin, end;
};
block fold_of(std::size_t n, std::size_t f) {
    const std::size_t each = n / folds;
    const std::size_t begin = f * each + std::min(f, n % folds);
    return {begin, begin + each + (f < n % folds ? 1 : 0)};
}

/// The rows outside a block, copied.
template <class T>
std::vector<T> training_rows(const T* rows, std::size_t n, std::size_t width, const block& test) {
    std::vector<T> out(rows, rows + test.begin * width);
    out.insert(out.end(), rows + test.end * width, rows + n * width);
    return out;
}

/// w of (X^T X + alpha I) w = X^T Y: d x t.
std::vector<double> fit_ridge(const std::vector<double>& x, const std::vector<double>& y, std::size_t d, std::size_t t, double alpha) {
    const int rows = static_cast<int>(x.size() / d);
    const int columns = static_cast<int>(d);
    const int targets = static_cast<int>(t);
    std::vector<double> g(d * d);
    std::vector<double> w(t * d);
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, columns, rows, 1.0, x.data(), columns, 0.0, g.data(), columns);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, targets, columns, rows, 1.0, y.data(), targets, x.data(), columns, 0.0, w.data(),
                columns);
    for (std::size_t j = 0; j < d; ++j) {
        g[j * d + j] += alpha;
    }
    int info = 0;
    xrayon::detail::lapack<double>::potrf("U", &columns, g.data(), &columns, &info);
    xrayon::detail::lapack<double>::potrs("U", &columns, &targets, g.data(), &columns, w.data(), &columns, &info);
    return w;
}

// --- W6 ------------------------------------------------------------------------------------------------------------------

struct regression {
    static constexpr std::size_t n = 20000;
    static constexpr std::size_t d = 128;
    xt::xtensor<double, 2> x = xt::xtensor<double, 2>::from_shape({n, d});
    std::vector<double> y = std::vector<double>(n);

    regression() {
        for (std::size_t i = 0; i < n; ++i) {
            y[i] = 0.1 * normal((std::uint64_t{1} << 40) + i);
            for (std::size_t j = 0; j < d; ++j) {
                x(i, j) = normal(i * d + j);
                y[i] += x(i, j) * static_cast<double>(j % 5);
            }
        }
    }

    [[nodiscard]] double by_hand(std::size_t f) const {
        const block test = fold_of(n, f);
        const std::vector<double> w = fit_ridge(training_rows(x.data(), n, d, test), training_rows(y.data(), n, 1, test), d, 1, 1.0);
        const std::size_t rows = test.end - test.begin;
        std::vector<double> p(rows);
        cblas_dgemv(CblasRowMajor, CblasNoTrans, static_cast<int>(rows), static_cast<int>(d), 1.0, x.data() + test.begin * d,
                    static_cast<int>(d), w.data(), 1, 0.0, p.data(), 1);
        double mean = 0;
        for (std::size_t i = 0; i < rows; ++i) {
            mean += y[test.begin + i] / static_cast<double>(rows);
        }
        double left = 0;
        double all = 0;
        for (std::size_t i = 0; i < rows; ++i) {
            left += (y[test.begin + i] - p[i]) * (y[test.begin + i] - p[i]);
            all += (y[test.begin + i] - mean) * (y[test.begin + i] - mean);
        }
        return 1 - left / all;
    }
};

// --- W7 ------------------------------------------------------------------------------------------------------------------

struct digits {
    xt::xtensor<double, 2> x;
    std::vector<int> y;
    std::vector<double> targets;  // 1 for the row's class, -1 for the others
    std::vector<double> alphas;
    std::vector<std::size_t> ks;

    digits() {
        const xrayon::csv_table table = xrayon::read_csv("examples/data/digits.csv");
        x = xt::view(table.values, xt::all(), xt::range(0, 64));
        y = table.integers("label");
        for (const int label : y) {
            for (int c = 0; c < 10; ++c) {
                targets.push_back(c == label ? 1 : -1);
            }
        }
        for (std::size_t i = 0; i < configurations; ++i) {
            alphas.push_back(std::pow(10.0, -3 + static_cast<double>(i) * (6.0 / (configurations - 1))));
            ks.push_back(i + 1);
        }
    }
    [[nodiscard]] std::size_t rows() const { return y.size(); }

    [[nodiscard]] double ridge_by_hand(std::size_t c, std::size_t f) const {
        const block test = fold_of(rows(), f);
        const std::vector<double> w =
            fit_ridge(training_rows(x.data(), rows(), 64, test), training_rows(targets.data(), rows(), 10, test), 64, 10, alphas[c]);
        const std::size_t m = test.end - test.begin;
        std::vector<double> p(m * 10);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(m), 10, 64, 1.0, x.data() + test.begin * 64, 64, w.data(), 64,
                    0.0, p.data(), 10);
        std::size_t right = 0;
        for (std::size_t i = 0; i < m; ++i) {
            right += std::max_element(p.data() + i * 10, p.data() + i * 10 + 10) - (p.data() + i * 10) == y[test.begin + i];
        }
        return static_cast<double>(right) / static_cast<double>(m);
    }

    [[nodiscard]] double neighbours_by_hand(std::size_t c, std::size_t f) const {
        const block test = fold_of(rows(), f);
        const std::vector<double> train = training_rows(x.data(), rows(), 64, test);
        const std::vector<int> labels = training_rows(y.data(), rows(), 1, test);
        const std::size_t n = labels.size();
        const std::size_t m = test.end - test.begin;
        std::vector<double> products(m * n);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(m), static_cast<int>(n), 64, -2.0, x.data() + test.begin * 64,
                    64, train.data(), 64, 0.0, products.data(), static_cast<int>(n));
        std::vector<double> norms(n);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < 64; ++j) {
                norms[i] += train[i * 64 + j] * train[i * 64 + j];
            }
        }
        std::size_t right = 0;
        std::vector<std::pair<double, std::size_t>> near(n);
        for (std::size_t i = 0; i < m; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                near[j] = {products[i * n + j] + norms[j], j};
            }
            std::nth_element(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(ks[c] - 1), near.end());
            std::array<std::size_t, 10> votes{};
            for (std::size_t k = 0; k < ks[c]; ++k) {
                ++votes[static_cast<std::size_t>(labels[near[k].second])];
            }
            right += std::max_element(votes.begin(), votes.end()) - votes.begin() == y[test.begin + i];
        }
        return static_cast<double>(right) / static_cast<double>(m);
    }
};

/// For leave-one-out: many rows.
struct tall {
    static constexpr std::size_t n = 100000;
    static constexpr std::size_t d = 64;
    xt::xtensor<double, 2> x = xt::xtensor<double, 2>::from_shape({n, d});
    std::vector<double> y = std::vector<double>(n);

    tall() {
        for (std::size_t i = 0; i < n; ++i) {
            y[i] = 3 + 2 * normal((std::uint64_t{1} << 41) + i);
            for (std::size_t j = 0; j < d; ++j) {
                x(i, j) = normal((std::uint64_t{1} << 42) + i * d + j);
                y[i] += x(i, j) * static_cast<double>(j % 3) / 10;
            }
        }
    }
};

/// What all contests share: the data, and scikit-learn's processes where there are any.
struct everything {
    explicit everything(std::size_t threads) : at(std::make_shared<venue>(threads)) {
        std::string python = "python3";
        for (const char* each : {"python3", "/usr/bin/python3", ""}) {
            python = each;
            if (python.empty() || std::system((python + " -c 'import sklearn' >/dev/null 2>&1").c_str()) == 0) {
                break;
            }
        }
        if (python.empty()) {
            std::cerr << "scikit-learn is left out of the rivals: no python3 has it (Debian: python3-sklearn)\n";
            return;
        }
        std::string name = (std::filesystem::temp_directory_path() / "xrayon-search-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("no temporary folder");
        }
        folder = name;
        const auto keep = [&](const std::string& file, const auto& array) {
            xrayon::write_npy(folder + "/" + file + ".npy", array, {.durable = false});
        };
        keep("ridge_x", rows.x);
        keep("ridge_y", rows.y);
        keep("digits_x", images.x);
        keep("digits_y", images.y);
        keep("tall_x", many.x);
        keep("tall_y", many.y);
        for (const char* backend : {"loky", "threading"}) {
            sklearn.push_back(std::make_shared<timed_process>(
                std::vector<std::string>{python, XRAYON_BENCH_SCIKIT_LEARN, xrayon::to_text(threads), backend, folder}, "scikit-learn"));
        }
    }
    ~everything() {
        sklearn.clear();
        if (!folder.empty()) {
            std::filesystem::remove_all(folder);
        }
    }
    everything(const everything&) = delete;
    everything& operator=(const everything&) = delete;

    /// `by`: "loky", "threading", or "" for both. `tolerance`: where its scores may differ in a row or two.
    void add_scikit_learn(contest& c, const std::string& workload, const std::string& by = "", double tolerance = 0) const {
        const std::string backends[] = {"loky", "threading"};
        for (std::size_t i = 0; i < sklearn.size(); ++i) {
            if (by.empty() || by == backends[i]) {
                c.add({"scikit-learn, " + backends[i], [] { openblas::set_threads(1); },
                       [process = sklearn[i], workload](std::size_t runs) { return process->sample(workload, 0, runs); }, tolerance});
            }
        }
    }

    std::shared_ptr<venue> at;
    regression rows;
    digits images;
    tall many;
    std::string folder;
    std::vector<std::shared_ptr<timed_process>> sklearn;
};
using shared = std::shared_ptr<const everything>;

/// Rivals for n tasks whose results are numbers.
template <class Task>
void add_rivals(contest& c, const std::shared_ptr<venue>& at, std::size_t n, const Task& task) {
    const auto check = [](const std::vector<double>& y) { return ordered_sum(y, y.size()); };
    const auto one_blas_thread = [] { openblas::set_threads(1); };
    c.add("plain loop", check, one_blas_thread, [=] {
        std::vector<double> y(n);
        for (std::size_t i = 0; i < n; ++i) {
            y[i] = task(i);
        }
        return y;
    });
    c.add("raw oneTBB", check, one_blas_thread, [=] {
        std::vector<double> y(n);
        at->arena.execute([&] {
            tbb::parallel_for(
                std::size_t{0}, n, [&](std::size_t i) { y[i] = task(i); }, tbb::simple_partitioner{});
        });
        return y;
    });
#if defined(_OPENMP)
    c.add("OpenMP dynamic, 1", check, one_blas_thread, [=] {
        std::vector<double> y(n);
#pragma omp parallel for schedule(dynamic, 1) num_threads(at->team)
        for (std::size_t i = 0; i < n; ++i) {
            y[i] = task(i);
        }
        return y;
    });
#endif
}

contest ridge_folds(const shared& all) {
    const auto& at = all->at;
    contest c("W6", "5-fold R2 of ridge regression, 20,000 x 128, no constant", at->threads, folds, "fold", 1e-9);
    const std::shared_ptr<const regression> data(all, &all->rows);
    const auto check = [](const std::vector<double>& y) { return ordered_sum(y, y.size()); };
    const auto ours = [=](ml::fold_algebra algebra) {
        return [=] {
            return at->workers.install([&] {
                return ml::cross_validate(ml::ridge<>({.alpha = 1, .intercept = false}), data->x, data->y, ml::k_fold{}, ml::r2,
                                          {.algebra = algebra})
                    .scores();
            });
        };
    };
    const auto one_blas_thread = [] { openblas::set_threads(1); };
    c.add("xrayon cross_validate", check, one_blas_thread, ours(ml::fold_algebra::automatic));
    c.add("xrayon, every fold fitted", check, one_blas_thread, ours(ml::fold_algebra::off));
    add_rivals(c, at, folds, [data](std::size_t f) { return data->by_hand(f); });
    all->add_scikit_learn(c, "W6");
    return c;
}

template <class Found>
std::vector<double> table_of(const Found& found) {
    std::vector<double> out;
    for (const auto& row : found.test_scores[0]) {
        out.insert(out.end(), row.begin(), row.end());
    }
    return out;
}

contest ridge_search(const shared& all) {
    const auto& at = all->at;
    contest c("W7r", "32 alphas of a ridge classifier on 5 folds of the digits, no constant", at->threads, folds * configurations, "fit",
              1e-9);
    const std::shared_ptr<const digits> data(all, &all->images);
    const auto check = [](const std::vector<double>& y) { return ordered_sum(y, y.size()); };
    const auto one_blas_thread = [] { openblas::set_threads(1); };
    using options = ml::ridge_classifier_options;
    c.add("xrayon grid_search", check, one_blas_thread, [=] {
        return at->workers.install([&] {
            return table_of(ml::grid_search([](const options& o) { return ml::ridge_classifier<>(o); },
                                            ml::grid(options{.intercept = false}, ml::axis("alpha", &options::alpha, data->alphas)),
                                            data->x, data->y, ml::k_fold{}, ml::accuracy, {.refit = false}));
        });
    });
    add_rivals(c, at, folds * configurations, [data](std::size_t i) { return data->ridge_by_hand(i / folds, i % folds); });
    all->add_scikit_learn(c, "W7r");
    return c;
}

contest neighbour_search(const shared& all) {
    const auto& at = all->at;
    contest c("W7k", "k = 1 ... 32 of nearest neighbours on 5 folds of the digits", at->threads, folds * configurations, "fit", 1e-9);
    const std::shared_ptr<const digits> data(all, &all->images);
    const auto check = [](const std::vector<double>& y) { return ordered_sum(y, y.size()); };
    const auto one_blas_thread = [] { openblas::set_threads(1); };
    using options = ml::k_nearest_neighbors_options;
    c.add("xrayon grid_search", check, one_blas_thread, [=] {
        return at->workers.install([&] {
            return table_of(ml::grid_search([](const options& o) { return ml::k_nearest_neighbors<>(o); },
                                            ml::grid(options{}, ml::axis("k", &options::k, data->ks)), data->x, data->y, ml::k_fold{},
                                            ml::accuracy, {.refit = false}));
        });
    });
    add_rivals(c, at, folds * configurations, [data](std::size_t i) { return data->neighbours_by_hand(i / folds, i % folds); });
    all->add_scikit_learn(c, "W7k", "", 1e-3);  // of neighbours equally far it takes others: argpartition's
    return c;
}

contest leave_one_out(const shared& all) {
    contest c("W7v", "exact leave-one-out error of 32 alphas of a ridge on 100,000 x 64", all->at->threads, 32, "alpha", 1e-9);
    const auto check = [](const ml::ridge_leave_one_out_result& r) { return r.mean_squared_error[r.best()] + 2 * r.alphas[r.best()]; };
    c.add(
        "xrayon ridge_leave_one_out", check, [] { openblas::set_threads(1); },
        [=] { return all->at->workers.install([&] { return ml::ridge_leave_one_out(all->many.x, all->many.y, all->images.alphas); }); });
    all->add_scikit_learn(c, "W7v", "threading");
    return c;
}

/// A fold of W11 as one writes it with this library: gradients of 256 rows at a time, wherever there is a thread.
struct trained_in_tiles {
    const cross_validation* data;
    ml::multilayer_perceptron<double>::parameters_type start;

    explicit trained_in_tiles(const cross_validation& of) : data(&of) {
        for (std::size_t l = 0; l < of.start().layers.size(); ++l) {
            const auto& layer = of.start().layers[l];
            for (const auto& [values, rows] : {std::pair(&layer.weights, layer_sizes[l]), std::pair(&layer.bias, std::size_t{1})}) {
                matrix m = matrix::from_shape({rows, layer_sizes[l + 1]});
                std::copy(values->begin(), values->end(), m.begin());
                start.push_back(std::move(m));
            }
        }
    }
    template <class X, class Y>
    double operator()(const X& train_x, const Y& train_y, const X& test_x, const Y& test_y) const {
        ml::multilayer_perceptron<double> net({.layers = {layer_sizes.begin(), layer_sizes.end()}});
        auto weights = start;
        ml::sgd steps({.learning_rate = 0.5});
        const auto blocks = xrayon::row_blocks(train_y.size(), 256);
        std::vector<double> sizes;
        for (const xrayon::index_block& block : blocks) {
            sizes.push_back(static_cast<double>(block.size()));
        }
        for (int step = 0; step < 5; ++step) {
            net.set_parameters(weights);
            ml::data_parallel_step(blocks,
                                   [&](const auto&, const xrayon::index_block& block, auto& sum) {
                                       return net.add_gradient(train_x.slice(block.begin, block.end),
                                                               train_y.subspan(block.begin, block.size()), sum);
                                   },
                                   weights, steps, {.weights = sizes});
        }
        net.set_parameters(weights);
        double squares = 0;
        for (std::size_t p = 0; p < weights.size(); p += 2) {
            for (const double w : weights[p]) {
                squares += w * w;
            }
        }
        return ml::accuracy(test_y, net.predict(test_x)) + squares;
    }
};

contest network_folds(const shared& all) {
    const auto& at = all->at;
    contest c("W11", "5 folds of a perceptron 128-256-64-10, 5 gradient steps on all training rows; rivals' folds are tasks", at->threads,
              cross_validation::folds, "fold", 1e-9);
    const auto data = std::make_shared<const cross_validation>();
    const auto one_blas_thread = [] { openblas::set_threads(1); };
    const auto check = [](const std::vector<double>& y) { return ordered_sum(y, y.size()); };
    std::vector<ml::fold> parts(cross_validation::folds);
    for (std::size_t f = 0; f < parts.size(); ++f) {
        const std::size_t begin = cross_validation::rows * f / parts.size();
        const std::size_t end = cross_validation::rows * (f + 1) / parts.size();
        for (std::size_t i = 0; i < cross_validation::rows; ++i) {
            (i >= begin && i < end ? parts[f].test : parts[f].train).push_back(i);
        }
    }
    c.add("xrayon cross_validate", check, one_blas_thread, [=, fit = trained_in_tiles(*data)] {
        return at->workers.install([&] { return ml::cross_validate(data->x(), data->labels(), parts, fit).scores(); });
    });
    add_rivals(c, at, cross_validation::folds, [data](std::size_t f) {
        const auto one = data->run_fold(f);
        return one.accuracy + one.weights;
    });
    return c;
}

std::vector<named_contest> contests(std::size_t threads) {
    const auto all = std::make_shared<const everything>(threads);
    return {{"W6", [=] { return ridge_folds(all); }},
            {"W7r", [=] { return ridge_search(all); }},
            {"W7k", [=] { return neighbour_search(all); }},
            {"W7v", [=] { return leave_one_out(all); }},
            {"W11", [=] { return network_folds(all); }}};
}

} // namespace

int main(int argc, char** argv) {
    restart_with_sleeping_openmp_teams(argv);
    CLI::App app("Times cross-validation and grid search against loops, oneTBB and OpenMP, in interleaved pairs.", "bench.ml.search");
    return run_contests(argc, argv, app, contests);
}
