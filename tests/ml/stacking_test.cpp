// SPDX-License-Identifier: Apache-2.0
// Bagging and stacking.
#include <xrayon/ml/ensemble/stacking.hpp>

#include <xrayon/ml/ensemble/bagging.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/models/gaussian_naive_bayes.hpp>
#include <xrayon/ml/models/linear_discriminant_analysis.hpp>
#include <xrayon/ml/models/nearest_centroid.hpp>
#include <xrayon/ml/models/ordinary_least_squares.hpp>
#include <xrayon/ml/models/ridge_classifier.hpp>
#include <xrayon/ml/validation/cross_validate.hpp>

#include "data_sets.hpp"
#include "golden/stacking.hpp"

using namespace xrayon;
using namespace xrayon::ml;
using data_sets::matrix;
using rows_view = array_view<const double, 2>;

namespace {

/// Predicts the mean of what it has learnt from.
struct mean_model {
    double mean = 0;
    mean_model& fit(const rows_view&, const std::span<const double>& y) {
        mean = 0;
        for (const double v : y) {
            mean += v / static_cast<double>(y.size());
        }
        return *this;
    }
    [[nodiscard]] std::vector<double> predict(const rows_view& x) const { return std::vector<double>(x.shape(0), mean); }
};

/// Predicts a label of its own.
struct invents {
    static constexpr bool is_classifier = true;
    invents& fit(const rows_view&, const std::span<const int>&) { return *this; }
    [[nodiscard]] std::vector<int> predict(const rows_view& x) const { return std::vector<int>(x.shape(0), 9); }
};

} // namespace

TEST_CASE("stacking: the predictions of scikit-learn's StackingClassifier and StackingRegressor", "[ml][ensemble]") {
    const auto& iris = data_sets::load("iris");
    const auto& cancer = data_sets::load("breast_cancer");
    for (const std::size_t threads : {1u, 3u}) {
        pool workers(threads);
        workers.install([&] {
            auto several = stacking({.folds = 5}, ridge_classifier(), gaussian_naive_bayes(), linear_discriminant_analysis());
            const auto labels = several.fit(iris.x, iris.y).predict(iris.x);
            REQUIRE(std::equal(labels.begin(), labels.end(), std::begin(golden::stacked_iris), std::end(golden::stacked_iris)));
            auto two =
                stacking({.folds = 4, .passthrough = true}, linear_discriminant_analysis(), gaussian_naive_bayes(), nearest_centroid());
            const auto other = two.fit(cancer.x, cancer.y).predict(cancer.x);
            REQUIRE(
                std::equal(other.begin(), other.end(), std::begin(golden::stacked_breast_cancer), std::end(golden::stacked_breast_cancer)));
            auto numbers = stacking({.folds = 3}, ridge({.alpha = 0.1}), ridge({.alpha = 10}), ordinary_least_squares());
            const auto x = view_of(iris.x).slice<1>(0, 3);
            std::vector<double> y;
            for (std::size_t i = 0; i < 150; ++i) {
                y.push_back(iris.x(i, 3));
            }
            const auto values = numbers.fit(x, y).predict(x);
            for (std::size_t i = 0; i < std::size(golden::stacked_numbers); ++i) {
                CHECK(std::abs(values(10 * i) - golden::stacked_numbers[i]) < 1e-10);
            }
        });
    }
}

TEST_CASE("stacking: an estimator among others, with errors that say what is wrong", "[ml][ensemble][errors]") {
    const auto& iris = data_sets::load("iris");
    const stacking model({.folds = 3}, ridge_classifier(), gaussian_naive_bayes());
    const auto result = cross_validate(model, iris.x, iris.y, stratified_k_fold{.folds = 3}, accuracy);
    REQUIRE(result.mean() > 0.85);
    REQUIRE_THROWS_WITH(model.predict(iris.x), "stacking.predict: call fit first");
    REQUIRE_THROWS_WITH(stacking({.folds = 1}, ridge_classifier(), gaussian_naive_bayes()), "stacking: options.folds must be >= 2, got 1");
    stacking fitted(model);
    REQUIRE_THROWS_WITH(fitted.fit(iris.x, std::vector{1}), "stacking.fit: X has shape (150, 4), y has (1,)");
    REQUIRE_FALSE(fitted.fitted());
    fitted.fit(iris.x, iris.y);
    REQUIRE_THROWS_WITH(fitted.predict(matrix{{1, 2}}), "stacking.predict: X has shape (1, 2), the fitted model has (4,)");
}

TEST_CASE("bagging: the mean of models that have each learnt from their own rows", "[ml][ensemble]") {
    const matrix x = xt::ones<double>({8, 2});
    const std::vector<double> y{0, 1, 2, 3, 4, 5, 6, 70};
    // All rows, once: the estimator itself.
    bagging all(mean_model(), {.estimators = 3, .bootstrap = false, .out_of_bag = true});
    REQUIRE(all.fit(x, y).predict(x)[0] == (0 + 1 + 2 + 3 + 4 + 5 + 6 + 70) / 8.0);
    REQUIRE(std::isnan(all.out_of_bag_score()));
    // With replacement: near it, and never the same rows by luck alone.
    bagging many(mean_model(), {.estimators = 2000, .seed = 3, .out_of_bag = true});
    REQUIRE(std::abs(many.fit(x, y).predict(x)[0] - 11.375) < 0.6);  // the deviation of a mean of 2,000 is 0.18
    REQUIRE(many.out_of_bag_score() < 0);                            // a mean of others explains nothing
    bagging again(mean_model(), {.estimators = 2000, .seed = 4});
    REQUIRE(again.fit(x, y).predict(x)[0] != many.predict(x)[0]);
}

TEST_CASE("bagging: classifiers by their probabilities or votes, at every thread count", "[ml][ensemble]") {
    const auto& iris = data_sets::load("iris");
    std::set<std::vector<int>> averaged;
    std::set<std::vector<int>> voted;
    std::set<double> scores;
    for (const std::size_t threads : test::thread_counts) {
        pool workers(threads);
        workers.install([&] {
            auto a =
                bagging(gaussian_naive_bayes(), {.estimators = 12, .max_samples = 0.5, .max_features = 0.5, .seed = 1, .out_of_bag = true});
            averaged.insert(a.fit(iris.x, iris.y).predict(iris.x));
            scores.insert(a.out_of_bag_score());
            auto b = bagging(nearest_centroid(), {.estimators = 9, .seed = 2});
            voted.insert(b.fit(iris.x, iris.y).predict(iris.x));
        });
    }
    REQUIRE(averaged.size() == 1);
    REQUIRE(voted.size() == 1);
    REQUIRE(scores.size() == 1);
    REQUIRE(accuracy(iris.y, *averaged.begin()) > 0.9);
    REQUIRE(accuracy(iris.y, *voted.begin()) > 0.9);
    REQUIRE(*scores.begin() > 0.85);
    REQUIRE(cross_validate(bagging(gaussian_naive_bayes()), iris.x, iris.y, {.folds = 3}).mean() > 0.9);
}

TEST_CASE("bagging: says what is wrong", "[ml][ensemble][errors]") {
    REQUIRE_THROWS_WITH(bagging(mean_model(), {.estimators = 0}), "bagging: options.estimators must be >= 1, got 0");
    REQUIRE_THROWS_WITH(bagging(mean_model(), {.max_samples = 0}), "bagging: options.max_samples must be in (0, 1], got 0");
    REQUIRE_THROWS_WITH(bagging(mean_model(), {.max_features = 1.5}), "bagging: options.max_features must be in (0, 1], got 1.5");
    const matrix x = xt::ones<double>({4, 2});
    bagging model{mean_model()};
    REQUIRE_THROWS_WITH(model.predict(x), "bagging.predict: call fit first");
    REQUIRE_THROWS_WITH(model.fit(x, std::vector{1.0}), "bagging.fit: X has shape (4, 2), y has (1,)");
    model.fit(x, std::vector{1.0, 2.0, 3.0, 4.0});
    REQUIRE_THROWS_WITH(model.predict(matrix{{1, 2, 3}}), "bagging.predict: X has shape (1, 3), the fitted model has (2,)");
}

TEST_CASE("bagging and stacking: probabilities of the ensemble, and labels nobody has learnt", "[ml][ensemble][errors]") {
    const auto& iris = data_sets::load("iris");
    auto several = bagging(gaussian_naive_bayes(), {.estimators = 5, .seed = 2});
    const auto chances = several.fit(iris.x, iris.y).predict_proba(iris.x);
    // One copy alone, on all rows, is the model itself.
    auto one = bagging(gaussian_naive_bayes(), {.estimators = 1, .bootstrap = false});
    gaussian_naive_bayes plain;
    plain.fit(iris.x, iris.y);
    const auto expected = plain.predict_proba(iris.x);
    const auto found = one.fit(iris.x, iris.y).predict_proba(iris.x);
    auto voting = bagging(ridge_classifier(), {.estimators = 4});
    const auto votes = voting.fit(iris.x, iris.y).predict_proba(iris.x);
    stacking stacked({.folds = 3}, gaussian_naive_bayes(), nearest_centroid(), linear_discriminant_analysis());
    const auto last = stacked.fit(iris.x, iris.y).predict_proba(iris.x);
    REQUIRE(stacked.classes() == std::vector<int>{0, 1, 2});
    for (std::size_t i = 0; i < 150; ++i) {
        double sum = 0;
        double all = 0;
        for (std::size_t c = 0; c < 3; ++c) {
            CHECK(std::abs(found(i, c) - expected(i, c)) < 1e-12);  // rows in another order: sums to rounding
            sum += chances(i, c);
            all += last(i, c);
            REQUIRE(votes(i, c) * 4 == std::round(votes(i, c) * 4));
        }
        REQUIRE(std::abs(sum - 1) < 1e-12);
        REQUIRE(std::abs(all - 1) < 1e-12);
    }
    auto wrong = bagging(invents(), {.estimators = 2});
    REQUIRE_THROWS_WITH(wrong.fit(iris.x, iris.y).predict(iris.x),
                        "bagging.predict: an estimator must predict labels that fit has seen, got 9");
    auto scored = bagging(invents(), {.estimators = 2, .out_of_bag = true});
    REQUIRE_THROWS_AS(scored.fit(iris.x, iris.y), argument_error);
    REQUIRE_FALSE(scored.fitted());
    // bools are labels too
    std::vector<bool> yes;
    for (const int y : iris.y) {
        yes.push_back(y == 1);
    }
    REQUIRE(bagging(gaussian_naive_bayes(), {.estimators = 3}).fit(iris.x, yes).classes() == std::vector<int>{0, 1});
}
