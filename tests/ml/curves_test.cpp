// SPDX-License-Identifier: Apache-2.0
// Curves, permutations, predictions, nested and halving searches: scikit-learn's numbers for the same seeds.
#include <xrayon/ml/validation/learning_curve.hpp>

#include <xrayon/ml/search/halving_search.hpp>
#include <xrayon/ml/search/nested_cross_validate.hpp>
#include <xrayon/ml/search/validation_curve.hpp>
#include <xrayon/ml/validation/cross_val_predict.hpp>
#include <xrayon/ml/validation/permutation_test.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/models/gaussian_naive_bayes.hpp>
#include <xrayon/ml/models/ridge_classifier.hpp>
#include <xrayon/ml/split/shuffle_split.hpp>

#include "data_sets.hpp"
#include "golden/curves.hpp"

using namespace xrayon;
using namespace xrayon::ml;

namespace {

const k_fold shuffled_folds{.folds = 5, .shuffle = true, .seed = 3};
const auto make_classifier = [](const ridge_classifier_options& o) { return ridge_classifier<>(o); };
const grid alpha_grid(ridge_classifier_options{}, axis("alpha", &ridge_classifier_options::alpha, golden::alphas));

} // namespace

TEST_CASE("learning_curve: scikit-learn's", "[ml][validation]") {
    const auto& data = data_sets::load("iris");
    const auto curve = learning_curve(gaussian_naive_bayes(), data.x, data.y, shuffled_folds, scores(accuracy));
    REQUIRE(curve.train_sizes == std::vector<std::size_t>(std::begin(golden::curve_sizes), std::end(golden::curve_sizes)));
    for (std::size_t s = 0; s < 5; ++s) {
        for (std::size_t f = 0; f < 5; ++f) {
            CHECK(std::abs(curve.train_scores[0][s][f] - golden::curve_train[s][f]) < 1e-12);
            CHECK(std::abs(curve.test_scores[0][s][f] - golden::curve_test[s][f]) < 1e-12);
        }
    }
    REQUIRE(learning_curve(gaussian_naive_bayes(), data.x, data.y, shuffled_folds, scores(accuracy), {0.5, 0.501, 1}).train_sizes
            == std::vector<std::size_t>{60, 120});
    REQUIRE_THROWS_WITH(learning_curve(gaussian_naive_bayes(), data.x, data.y, shuffled_folds, scores(accuracy), {0.5, 1.5}),
                        "learning_curve: fractions must be in (0, 1], got 1.5");
    REQUIRE_THROWS_WITH(learning_curve(gaussian_naive_bayes(), data.x, data.y, shuffled_folds, scores(accuracy), {}),
                        "learning_curve: there must be a fraction");
}

TEST_CASE("validation_curve: scikit-learn's", "[ml][validation]") {
    const auto& data = data_sets::load("breast_cancer");
    const auto curve = validation_curve(make_classifier, alpha_grid, data.x, data.y, stratified_k_fold{.folds = 5}, scores(accuracy));
    for (std::size_t c = 0; c < 9; ++c) {
        for (std::size_t f = 0; f < 5; ++f) {
            CHECK(std::abs(curve.train_scores[0][c][f] - golden::validation_train[c][f]) < 1e-12);
            CHECK(std::abs(curve.test_scores[0][c][f] - golden::validation_test[c][f]) < 1e-12);
        }
    }
    REQUIRE_FALSE(curve.model);
}

TEST_CASE("permutation_test: scikit-learn's permutations, at every thread count", "[ml][validation]") {
    const auto& data = data_sets::load("iris");
    const auto x = view_of(data.x).slice<1>(0, 2);
    for (const std::size_t threads : {1u, 3u}) {
        pool workers(threads);
        const auto test = workers.install([&] {
            return permutation_test(gaussian_naive_bayes(), x, data.y, stratified_k_fold{.folds = 5}, accuracy,
                                    {.permutations = 20, .seed = 7});
        });
        REQUIRE(std::abs(test.score - golden::permutation_score) < 1e-12);
        for (std::size_t i = 0; i < 20; ++i) {
            CHECK(std::abs(test.permutation_scores[i] - golden::permutation_scores[i]) < 1e-12);
        }
        REQUIRE(test.p_value == golden::permutation_p);
    }
    REQUIRE_THROWS_WITH(permutation_test(gaussian_naive_bayes(), x, data.y, k_fold{}, accuracy, {.permutations = 0}),
                        "permutation_test: permutations must be >= 1, got 0");
}

TEST_CASE("cross_val_predict: scikit-learn's, labels and probabilities", "[ml][validation]") {
    const auto& data = data_sets::load("iris");
    for (const fold_algebra algebra : {fold_algebra::automatic, fold_algebra::off}) {
        const auto labels = cross_val_predict(gaussian_naive_bayes(), data.x, data.y, shuffled_folds, {.algebra = algebra});
        REQUIRE(labels == std::vector<int>(std::begin(golden::predicted), std::end(golden::predicted)));
        const auto chances = cross_val_predict_proba(gaussian_naive_bayes(), data.x, data.y, shuffled_folds, {.algebra = algebra});
        std::size_t k = 0;
        for (const std::size_t row : {0u, 50u, 77u, 149u}) {
            for (std::size_t c = 0; c < 3; ++c) {
                CHECK(std::abs(chances(row, c) - golden::chances_of_row[k][c]) < 1e-12);
            }
            ++k;
        }
    }
    REQUIRE_THROWS_WITH(cross_val_predict(gaussian_naive_bayes(), data.x, data.y, shuffle_split{}),
                        "cross_val_predict: every row must be tested by exactly one fold");
    // In order of the rows a fold of three learns from two classes.
    REQUIRE_THROWS_WITH(cross_val_predict_proba(gaussian_naive_bayes(), data.x, data.y, k_fold{.folds = 3}),
                        "cross_val_predict_proba: every fold must learn from rows of every class");
}

TEST_CASE("halving_search: scikit-learn's rungs and scores", "[ml][search]") {
    const auto& data = data_sets::load("breast_cancer");
    const auto found =
        halving_search(make_classifier, alpha_grid, data.x, data.y, stratified_k_fold{.folds = 5}, scores(accuracy), {.seed = 5});
    REQUIRE(found.rungs.size() == std::size(golden::halving_rows));
    std::size_t row = 0;
    for (std::size_t r = 0; r < found.rungs.size(); ++r) {
        REQUIRE(found.rungs[r].rows == golden::halving_rows[r]);
        REQUIRE(found.rungs[r].candidates.size() == golden::halving_counts[r]);
        for (; row < std::size(golden::halving_rung) && golden::halving_rung[row] == r; ++row) {
            for (std::size_t k = 0; k < found.rungs[r].candidates.size(); ++k) {
                if (found.rungs[r].table.candidates[k].alpha == golden::halving_alpha[row]) {
                    CAPTURE(r, golden::halving_alpha[row]);
                    CHECK(std::abs(found.rungs[r].table.mean(k) - golden::halving_mean[row]) < 1e-12);
                }
            }
        }
    }
    REQUIRE(found.best_params().alpha == alpha_grid[found.best_index()].alpha);
    REQUIRE(found.model.has_value());
    std::set<std::string> tables;
    for (const std::size_t threads : test::thread_counts) {
        pool workers(threads);
        const auto again = workers.install([&] {
            return halving_search(make_classifier, alpha_grid, data.x, data.y, stratified_k_fold{.folds = 5}, scores(accuracy),
                                  {.factor = 2, .seed = 5});
        });
        std::string all;
        for (const auto& rung : again.rungs) {
            all += rung.table.csv();
        }
        tables.insert(all);
    }
    REQUIRE(tables.size() == 1);
    REQUIRE_THROWS_WITH(halving_search(make_classifier, alpha_grid, data.x, data.y, k_fold{}, scores(accuracy), {.factor = 1}),
                        "halving_search: options.factor must be >= 2, got 1");
    REQUIRE_THROWS_WITH(halving_search(make_classifier, alpha_grid, data.x, data.y, k_fold{}, scores(accuracy), {.min_rows = 570}),
                        "halving_search: options.min_rows must be from 1 to the number of rows 569, got 570");  // S28: 0 is automatic
}

TEST_CASE("nested_cross_validate: each fold's winner on rows that its search has not seen", "[ml][search]") {
    const auto& data = data_sets::load("breast_cancer");
    const stratified_k_fold outer{.folds = 3};
    const stratified_k_fold inner{.folds = 4};
    const auto nested = nested_cross_validate(make_classifier, alpha_grid, data.x, data.y, outer, inner, scores(accuracy));
    std::size_t f = 0;
    for (const auto& [train, test] : outer.split(data.y)) {
        const data_sets::matrix train_x = xt::view(data.x, xt::keep(train), xt::all());
        const data_sets::matrix test_x = xt::view(data.x, xt::keep(test), xt::all());
        std::vector<int> train_y;
        std::vector<int> test_y;
        for (const std::size_t i : train) {
            train_y.push_back(data.y[i]);
        }
        for (const std::size_t i : test) {
            test_y.push_back(data.y[i]);
        }
        const auto found = grid_search(make_classifier, alpha_grid, train_x, train_y, inner, accuracy);
        REQUIRE(nested.best_params[f].alpha == found.best_params().alpha);
        REQUIRE(nested.test_scores[0][f] == accuracy(test_y, found.model->predict(test_x)));
        ++f;
    }
    REQUIRE(nested.best_scores.size() == 3);
}

namespace {

/// A score by a function of the labels that are tested.
struct metric_of_labels {
    std::function<double(std::span<const int>)> of;
    static constexpr bool higher_is_better = true;
    static constexpr prediction_kind reads = prediction_kind::values;
    [[nodiscard]] static std::string name() { return "of_labels"; }
    template <class Predicted>
    [[nodiscard]] double operator()(std::span<const int> y, const Predicted&) const {
        return of(y);
    }
};

/// As they are in the file, class by class; shuffled ones are not.
bool are_sorted(std::span<const int> y) { return std::is_sorted(y.begin(), y.end()); }

} // namespace

TEST_CASE("permutation_test: a score that is not known is never luck's rarest", "[ml][validation][errors]") {
    const auto& data = data_sets::load("iris");
    const double infinity = std::numeric_limits<double>::infinity();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto test = [&](const std::function<double(std::span<const int>)>& of) {
        return permutation_test(gaussian_naive_bayes(), data.x, data.y, stratified_k_fold{.folds = 5}, metric_of_labels{of},
                                {.permutations = 7, .seed = 1});
    };
    const std::size_t threads = GENERATE(1u, 3u);
    pool workers(threads);
    workers.install([&] {
        // With the labels as they are: an error, as cross_validate's.
        REQUIRE_THROWS_WITH(test([&](std::span<const int>) { return infinity; }), "permutation_test: the mean of of_labels is inf");
        REQUIRE_THROWS_AS(test([&](std::span<const int>) { return -infinity; }), score_error);
        REQUIRE_THROWS_WITH(test([&](std::span<const int>) { return nan; }), "cross_validate: fold 0: of_labels is nan");
        try {
            (void)test([&](std::span<const int>) { return infinity; });
        } catch (const score_error& e) {
            REQUIRE(e.metric() == "of_labels");
        }
        // Two folds of four are enough: those of 37 rows, where the others have 38.
        REQUIRE_THROWS_WITH(permutation_test(gaussian_naive_bayes(), data.x, data.y, k_fold{.folds = 4, .shuffle = true},
                                             metric_of_labels{[&](std::span<const int> y) { return y.size() == 37 ? -infinity : 1.0; }}),
                            "permutation_test: the mean of of_labels is -inf");
        // With others: as good.
        const auto unknown = test([&](std::span<const int> y) { return are_sorted(y) ? 0.5 : nan; });
        REQUIRE(unknown.score == 0.5);
        REQUIRE(unknown.permutation_scores.size() == 7);
        for (const double score : unknown.permutation_scores) {
            REQUIRE(std::isnan(score));
        }
        REQUIRE(unknown.p_value == 1);
        REQUIRE(test([&](std::span<const int> y) { return are_sorted(y) ? 0.5 : infinity; }).p_value == 1);
        REQUIRE(test([&](std::span<const int> y) { return are_sorted(y) ? 0.5 : -infinity; }).p_value == 1.0 / 8);
        REQUIRE(test([&](std::span<const int> y) { return are_sorted(y) ? 0.5 : 0.75; }).p_value == 1);
        REQUIRE(test([&](std::span<const int> y) { return are_sorted(y) ? 0.5 : 0.25; }).p_value == 1.0 / 8);
        // What is thrown comes out as it is.
        REQUIRE_THROWS_AS(test([](std::span<const int> y) -> double { return are_sorted(y) ? 0.5 : throw std::out_of_range("unsorted"); }),
                          std::out_of_range);
        REQUIRE_THROWS_WITH(
            test([](std::span<const int> y) -> double { return are_sorted(y) ? 0.5 : throw std::out_of_range("unsorted"); }), "unsorted");
    });
}
