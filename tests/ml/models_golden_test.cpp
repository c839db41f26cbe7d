// SPDX-License-Identifier: Apache-2.0
// Scores of the closed-form models beside scikit-learn's, by fold algebra and fitted fold by fold.
#include <xrayon/ml/models/gaussian_naive_bayes.hpp>
#include <xrayon/ml/models/k_nearest_neighbors.hpp>
#include <xrayon/ml/models/linear_discriminant_analysis.hpp>
#include <xrayon/ml/models/nearest_centroid.hpp>
#include <xrayon/ml/models/ordinary_least_squares.hpp>
#include <xrayon/ml/models/ridge.hpp>
#include <xrayon/ml/models/ridge_classifier.hpp>
#include <xrayon/ml/validation/cross_validate.hpp>

#include "../support/catch.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <xrayon/ml/metrics/log_loss.hpp>
#include <xrayon/ml/pipeline.hpp>
#include <xrayon/ml/preprocess/standard_scaler.hpp>

#include "data_sets.hpp"
#include "golden/models.hpp"

using namespace xrayon;
using namespace xrayon::ml;

namespace {

template <class E, class Y, class M>
void check_model(const golden::model_case& c, const E& model, const data_sets::matrix& x, const Y& y, const M& metric, bool mergeable) {
    const auto run = [&](fold_algebra algebra) {
        const cross_validation_options options{.algebra = algebra};
        if constexpr (std::integral<typename Y::value_type>) {
            if (c.stratified) {
                return cross_validate(model, x, y, stratified_k_fold{.folds = 5}, metric, options);
            }
        }
        return cross_validate(model, x, y, k_fold{.folds = 5, .shuffle = true, .seed = 1}, metric, options);
    };
    const auto merged = run(fold_algebra::automatic);
    const auto fitted = run(fold_algebra::off);
    for (std::size_t f = 0; f < 5; ++f) {
        CAPTURE(c.data, c.model, c.stratified, f, merged.scores()[f], fitted.scores()[f], c.scores[f]);
        CHECK((merged.roads[f] != fold_road::fitted) == mergeable);
        CHECK(fitted.roads[f] == fold_road::fitted);
        CHECK(std::abs(fitted.scores()[f] - c.scores[f]) <= 1e-9 * std::max(1.0, std::abs(c.scores[f])));
        CHECK(std::abs(merged.scores()[f] - fitted.scores()[f]) <= 1e-10 * std::max(1.0, std::abs(fitted.scores()[f])));
    }
}

} // namespace

TEST_CASE("models: scikit-learn's scores to 1e-9 on iris, digits and breast cancer, and merged as fitted to 1e-10", "[ml][models]") {
    for (const golden::model_case& c : golden::model_cases) {
        const data_sets::labelled& data = data_sets::load(c.data);
        const std::string name = c.model;
        const std::vector<double> targets = data.targets();
        if (name == "ordinary_least_squares")
            check_model(c, ordinary_least_squares(), data.x, targets, r2, true);
        else if (name == "ridge")
            check_model(c, ridge({.alpha = 0.5}), data.x, targets, r2, true);
        else if (name == "ridge_without_intercept")
            check_model(c, ridge({.alpha = 2, .intercept = false}), data.x, targets, r2, true);
        else if (name == "ridge_classifier")
            check_model(c, ridge_classifier(), data.x, data.y, accuracy, true);
        else if (name == "gaussian_naive_bayes")
            check_model(c, gaussian_naive_bayes(), data.x, data.y, accuracy, true);
        else if (name == "linear_discriminant_analysis")
            check_model(c, linear_discriminant_analysis(), data.x, data.y, accuracy, true);
        else if (name == "nearest_centroid")
            check_model(c, nearest_centroid(), data.x, data.y, accuracy, true);
        else if (name == "k_nearest_neighbors")
            check_model(c, k_nearest_neighbors({.k = 3}), data.x, data.y, accuracy, false);
        else if (name == "gaussian_naive_bayes.log_loss")
            check_model(c, gaussian_naive_bayes(), data.x, data.y, log_loss, true);
        else if (name == "linear_discriminant_analysis.log_loss")
            check_model(c, linear_discriminant_analysis(), data.x, data.y, log_loss, true);
        else if (name == "scaled_ridge_classifier")
            check_model(c, standard_scaler() | ridge_classifier({.alpha = 3}), data.x, data.y, accuracy, false);
        else if (name == "scaled_ridge")
            check_model(c, standard_scaler() | ridge({.alpha = 3}), data.x, targets, r2, false);
        else
            FAIL("no model " << name);
    }
}
