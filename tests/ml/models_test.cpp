// SPDX-License-Identifier: Apache-2.0
// What scikit-learn's scores do not say of the closed-form models: certified coefficients, weights, merging, bits, errors.
#include <xrayon/ml/models/gaussian_naive_bayes.hpp>
#include <xrayon/ml/models/linear_discriminant_analysis.hpp>
#include <xrayon/ml/models/nearest_centroid.hpp>
#include <xrayon/ml/models/ordinary_least_squares.hpp>
#include <xrayon/ml/models/ridge_classifier.hpp>
#include <xrayon/ml/models/ridge_leave_one_out.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/models/k_nearest_neighbors.hpp>

#include "data_sets.hpp"
#include "longley.hpp"

using namespace xrayon;
using namespace xrayon::ml;
using data_sets::matrix;
using rows_view = array_view<const double, 2>;

namespace {

static_assert(mergeable_estimator<ridge<>, rows_view, std::vector<double>>);
static_assert(mergeable_estimator<ordinary_least_squares<>, rows_view, std::vector<double>>);
static_assert(mergeable_estimator<ridge_classifier<>, rows_view, std::vector<int>>);
static_assert(mergeable_estimator<gaussian_naive_bayes<>, rows_view, std::vector<int>>);
static_assert(mergeable_estimator<linear_discriminant_analysis<>, rows_view, std::vector<int>>);
static_assert(mergeable_estimator<nearest_centroid<>, rows_view, std::vector<int>>);
static_assert(estimator<k_nearest_neighbors<>, rows_view,
                        std::vector<int>> && !mergeable_estimator<k_nearest_neighbors<>, rows_view, std::vector<int>>);

/// The rows of a data set, some of them several times.
data_sets::labelled repeated_rows(const data_sets::labelled& data, const std::vector<int>& times) {
    data_sets::labelled out;
    std::size_t rows = 0;
    for (const int t : times) {
        rows += static_cast<std::size_t>(t);
    }
    out.x = matrix::from_shape({rows, data.x.shape(1)});
    for (std::size_t i = 0; i < times.size(); ++i) {
        for (int t = 0; t < times[i]; ++t) {
            for (std::size_t j = 0; j < data.x.shape(1); ++j) {
                out.x(out.y.size(), j) = data.x(i, j);
            }
            out.y.push_back(data.y[i]);
        }
    }
    return out;
}

double apart(std::span<const double> a, std::span<const double> b) {
    REQUIRE(a.size() == b.size());
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        most = std::max(most, std::abs(a[i] - b[i]) / std::max(1.0, std::abs(b[i])));
    }
    return most;
}

template <class E, class Y>
void check_merged(const E& model, const matrix& x, const Y& y, double most) {
    const rows_view all = view_of(x);
    const std::span labels(y);
    E whole(model);
    whole.fit(all, labels);
    auto sums = model.statistics(all.slice(0, 40), labels.first(40));
    E::merge(sums, model.statistics(all.slice(40, 41), labels.subspan(40, 1)));
    E::merge(sums, model.statistics(all.slice(41, all.shape(0)), labels.subspan(41)));
    const auto merged = model.solve(sums);
    REQUIRE(merged);
    const auto a = whole.predict(all);
    const auto b = merged->predict(all);
    for (std::size_t i = 0; i < a.size(); ++i) {
        REQUIRE(std::abs(static_cast<double>(a(i)) - static_cast<double>(b(i))) <= most);
    }
}

/// The same bits of everything at every thread count, and of a row whatever stands beside it.
template <class E, class Y>
void check_bits(const E& model, const matrix& x, const Y& y) {
    E one(model);
    pool(1).install([&] { one.fit(x, y); });
    const auto expected = one.predict(x);
    for (const std::size_t threads : test::thread_counts) {
        E other(model);
        pool workers(threads);
        workers.install([&] { other.fit(x, y); });
        const auto got = workers.install([&] { return other.predict(x); });
        REQUIRE(got == expected);
    }
    const auto alone = one.predict(view_of(x).slice(17, 18));
    REQUIRE(alone(0) == expected(17));
}

} // namespace

TEST_CASE("ordinary_least_squares: NIST's certified coefficients of Longley's data", "[ml][models]") {
    ordinary_least_squares model;
    model.fit(longley::x(), longley::y());
    REQUIRE(std::abs(model.intercept() / longley::certified[0] - 1) < 1e-9);
    for (std::size_t j = 0; j < 6; ++j) {
        CAPTURE(j);
        CHECK(std::abs(model.coefficients()[j] / longley::certified[j + 1] - 1) < 1e-9);
    }
}

TEST_CASE("ordinary_least_squares: of dependent columns the shortest solution, of a constant one 0", "[ml][models]") {
    // y = 1 + 2 a; b = a; c = 7. The shortest: 1 for a and for b.
    const matrix x{{0, 0, 7}, {1, 1, 7}, {2, 2, 7}, {5, 5, 7}};
    ordinary_least_squares model;
    model.fit(x, std::vector<double>{1, 3, 5, 11});
    REQUIRE(std::abs(model.coefficients()[0] - 1) < 1e-12);
    REQUIRE(std::abs(model.coefficients()[1] - 1) < 1e-12);
    REQUIRE(std::abs(model.coefficients()[2]) < 1e-12);
    REQUIRE(std::abs(model.intercept() - 1) < 1e-12);
    REQUIRE_FALSE(ordinary_least_squares().solve(ordinary_least_squares().statistics(x, std::vector<double>{1, 3, 5, 11})));
}

TEST_CASE("models: a row of weight 3 counts as three rows", "[ml][models]") {
    const auto& data = data_sets::load("breast_cancer");
    std::vector<int> times(data.y.size());
    for (std::size_t i = 0; i < times.size(); ++i) {
        times[i] = static_cast<int>(i % 4);
    }
    const auto several = repeated_rows(data, times);
    ridge a;
    ridge b;
    a.fit(data.x, data.y, times);
    b.fit(several.x, several.y);
    REQUIRE(apart(a.coefficients(), b.coefficients()) < 1e-9);
    gaussian_naive_bayes c;
    gaussian_naive_bayes d;
    c.fit(data.x, data.y, times);
    d.fit(several.x, several.y);
    REQUIRE(apart(c.variances(), d.variances()) < 1e-12);
    REQUIRE(apart(c.means(), d.means()) < 1e-12);
    nearest_centroid e;
    nearest_centroid f;
    e.fit(data.x, data.y, times);
    f.fit(several.x, several.y);
    REQUIRE(apart(e.centroids(), f.centroids()) < 1e-12);
    // The rows themselves are asked where the sums cannot tell: two equal columns.
    const matrix twice{{0, 0}, {1, 1}, {2, 2}, {4, 4}};
    const std::vector<double> y{1, 2, 9, 4};
    const std::vector<double> w{1, 2, 0, 1};
    ordinary_least_squares g;
    ordinary_least_squares h;
    g.fit(twice, y, w);
    h.fit(matrix{{0, 0}, {1, 1}, {1, 1}, {4, 4}}, std::vector<double>{1, 2, 2, 4});
    REQUIRE(apart(g.coefficients(), h.coefficients()) < 1e-12);
}

TEST_CASE("models: sums over parts, merged, give the model of the whole", "[ml][models]") {
    const auto& data = data_sets::load("breast_cancer");
    check_merged(ridge(), data.x, data.targets(), 1e-9);
    check_merged(ordinary_least_squares(), data.x, data.targets(), 1e-8);
    check_merged(ridge_classifier(), data.x, data.y, 0);
    check_merged(gaussian_naive_bayes(), data.x, data.y, 0);
    check_merged(linear_discriminant_analysis(), data.x, data.y, 0);
    check_merged(nearest_centroid(), data.x, data.y, 0);
    // A class that the first part has not.
    const auto& iris = data_sets::load("iris");
    check_merged(gaussian_naive_bayes(), iris.x, iris.y, 0);
    check_merged(linear_discriminant_analysis(), iris.x, iris.y, 0);
    gaussian_naive_bayes one;
    gaussian_naive_bayes two;
    one.fit(iris.x, iris.y);
    two.partial_fit(view_of(iris.x).slice(0, 60), std::span(iris.y).first(60))
        .partial_fit(view_of(iris.x).slice(60, 150), std::span(iris.y).subspan(60));
    REQUIRE(apart(one.variances(), two.variances()) < 1e-12);
}

TEST_CASE("models: the same bits at every thread count, and of a row whatever stands beside it", "[ml][models]") {
    const auto& data = data_sets::load("digits");
    check_bits(ridge(), data.x, data.targets());
    check_bits(ordinary_least_squares(), data.x, data.targets());
    check_bits(ridge_classifier(), data.x, data.y);
    check_bits(gaussian_naive_bayes(), data.x, data.y);
    check_bits(linear_discriminant_analysis(), data.x, data.y);
    check_bits(nearest_centroid(), data.x, data.y);
}

TEST_CASE("ridge: a path of alphas is the models one by one", "[ml][models]") {
    const auto& data = data_sets::load("digits");
    std::vector<ridge<>> models;
    std::vector<ridge_classifier<>> classifiers;
    for (const double alpha : {1e-3, 0.5, 1.0, 30.0, 1e4}) {
        models.emplace_back(ridge_options{.alpha = alpha});
        classifiers.emplace_back(ridge_classifier_options{.alpha = alpha});
    }
    const auto solved = ridge<>::solve_path(models, models[0].statistics(data.x, data.targets()));
    const auto decided = ridge_classifier<>::solve_path(classifiers, classifiers[0].statistics(data.x, data.y));
    for (std::size_t i = 0; i < models.size(); ++i) {
        models[i].fit(data.x, data.targets());
        classifiers[i].fit(data.x, data.y);
        REQUIRE(apart(solved[i]->coefficients(), models[i].coefficients()) < 1e-9);
        REQUIRE(apart(decided[i]->coefficients(), classifiers[i].coefficients()) < 1e-9);
    }
}

TEST_CASE("models: float rows, float predictions", "[ml][models]") {
    const auto& data = data_sets::load("iris");
    const xt::xtensor<float, 2> x = xt::cast<float>(data.x);
    ridge<float> a;
    a.fit(x, data.y);
    ridge b;
    b.fit(data.x, data.y);
    REQUIRE(std::abs(a.coefficients()[2] - static_cast<float>(b.coefficients()[2])) < 1e-6f);
    gaussian_naive_bayes<float> c;
    c.fit(x, data.y);
    const auto p = c.predict_proba(x);
    REQUIRE(std::abs(p(0, 0) + p(0, 1) + p(0, 2) - 1) < 1e-6f);
    linear_discriminant_analysis<float> d;
    d.fit(x, data.y);
    REQUIRE(d.predict(x)(0) == 0);
}

TEST_CASE("k_nearest_neighbors: a path over k is the models one by one, and votes are shares", "[ml][models]") {
    const auto& data = data_sets::load("iris");
    std::vector<k_nearest_neighbors<>> models;
    for (const std::size_t k : {7u, 1u, 150u, 2u, 7u}) {
        models.emplace_back(k_nearest_neighbors_options{k});
    }
    const auto together = k_nearest_neighbors<>::predict_path(models, data.x, data.y, data.x);
    for (std::size_t i = 0; i < models.size(); ++i) {
        models[i].fit(data.x, data.y);
        REQUIRE(together[i] == models[i].predict(data.x));
        const auto shares = models[i].predict_proba(data.x);
        for (std::size_t row = 0; row < 150; ++row) {
            REQUIRE(std::abs(shares(row, 0) + shares(row, 1) + shares(row, 2) - 1) < 1e-12);
            REQUIRE(shares(row, static_cast<std::size_t>(together[i](row))) == std::max({shares(row, 0), shares(row, 1), shares(row, 2)}));
        }
    }
}

TEST_CASE("models: say what is wrong, and stay as they were", "[ml][models][errors]") {
    const auto& data = data_sets::load("iris");
    ridge model;
    REQUIRE_THROWS_WITH(model.predict(data.x), "ridge.predict: call fit first");
    model.fit(data.x, data.y);
    const std::vector<double> before(model.coefficients().begin(), model.coefficients().end());
    matrix bad = data.x;
    bad(3, 2) = std::numeric_limits<double>::infinity();
    REQUIRE_THROWS_WITH(model.fit(bad, data.y), "ridge.fit: X must be finite; row 3 column 2, got inf");
    REQUIRE_THROWS_WITH(model.fit(data.x, std::vector<double>(150, std::nan(""))), "ridge.fit: y must be finite; row 0, got nan");
    REQUIRE_THROWS_WITH(model.fit(data.x, std::vector{1.0}), "ridge.fit: X has shape (150, 4), y has (1,)");
    REQUIRE_THROWS_WITH(model.fit(view_of(data.x).slice(0, 0), std::vector<double>{}), "ridge.fit: X must have at least 1 row, got 0");
    REQUIRE_THROWS_WITH(model.fit(data.x, data.y, std::vector<double>(150, 0.0)),
                        "ridge.fit: the sum of weights must be > 0 and finite, got 0");
    REQUIRE_THROWS_WITH(model.fit(data.x, data.y, std::vector{1.0}), "ridge.fit: weights has shape (1,), the rows has (150,)");
    REQUIRE_THROWS_WITH(model.predict(matrix{{1, 2}}), "ridge.predict: X has shape (1, 2), the fitted model has (4,)");
    REQUIRE(std::vector<double>(model.coefficients().begin(), model.coefficients().end()) == before);
    REQUIRE_THROWS_WITH(ridge({.alpha = -1}), "ridge: options.alpha must be finite and >= 0, got -1");
    REQUIRE_THROWS_WITH(ridge_classifier().fit(data.x, std::vector<int>(150, 1)),
                        "ridge_classifier.fit: the number of classes must be >= 2, got 1");
    REQUIRE_THROWS_WITH(linear_discriminant_analysis().fit(data.x, std::vector<int>(150, 1)),
                        "linear_discriminant_analysis.fit: the number of classes must be >= 2, got 1");
    REQUIRE_THROWS_WITH(gaussian_naive_bayes({.priors = {0.5, 0.5}}).fit(data.x, data.y),
                        "gaussian_naive_bayes.fit: options.priors must be as many as the classes, 3, got 2");
    REQUIRE_THROWS_WITH(gaussian_naive_bayes({.priors = {0.5, 0.6}}), "gaussian_naive_bayes: the sum of options.priors must be 1, got 1.1");
    REQUIRE_THROWS_WITH(nearest_centroid().fit(data.x, std::vector<std::int64_t>(150, std::int64_t{1} << 40)),
                        test::contains("labels must fit in int; row 0"));
}

TEST_CASE("ridge_leave_one_out: the error of n fits, without them", "[ml][models]") {
    const auto& data = data_sets::load("breast_cancer");
    const std::vector<double> y = data.targets();
    for (const bool intercept : {true, false}) {
        const auto found = ridge_leave_one_out(data.x, y, {0.1, 10, 1000}, {.intercept = intercept});
        for (std::size_t a = 0; a < 3; ++a) {
            // By the definition, for some rows: the fit without the row.
            double sum = 0;
            const std::size_t rows = 40;
            const auto few = view_of(data.x).slice(0, rows);
            const auto small = ridge_leave_one_out(few, std::span(y).first(rows), {found.alphas[a]}, {.intercept = intercept});
            for (std::size_t i = 0; i < rows; ++i) {
                matrix others = matrix::from_shape({rows - 1, 30});
                std::vector<double> other_y;
                for (std::size_t k = 0; k < rows; ++k) {
                    if (k != i) {
                        for (std::size_t j = 0; j < 30; ++j) {
                            others(other_y.size(), j) = few(k, j);
                        }
                        other_y.push_back(y[k]);
                    }
                }
                ridge model({.alpha = found.alphas[a], .intercept = intercept});
                model.fit(others, other_y);
                const double off = y[i] - model.predict(few.slice(i, i + 1))(0);
                sum += off * off;
            }
            CAPTURE(intercept, a);
            CHECK(std::abs(small.mean_squared_error[0] / (sum / rows) - 1) < 1e-8);
        }
    }
    std::set<std::vector<double>> all;
    for (const std::size_t threads : test::thread_counts) {
        pool workers(threads);
        all.insert(workers.install([&] { return ridge_leave_one_out(data.x, y, {0.1, 10, 1000}).mean_squared_error; }));
    }
    REQUIRE(all.size() == 1);
    REQUIRE(ridge_leave_one_out(data.x, y, {0.1, 10, 1000}).best() == 0);
    REQUIRE_THROWS_WITH(ridge_leave_one_out(data.x, y, {0.0}), "ridge_leave_one_out: alphas must be finite and > 0, got 0");
    REQUIRE_THROWS_WITH(ridge_leave_one_out(data.x, y, {}), "ridge_leave_one_out: there must be an alpha");
    REQUIRE_THROWS_WITH(ridge_leave_one_out(view_of(data.x).slice(0, 1), std::vector{1.0}, {1.0}),
                        "ridge_leave_one_out: the number of rows must be >= 2, got 1");
}
