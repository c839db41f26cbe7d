// SPDX-License-Identifier: Apache-2.0
// A network as an estimator.
#include <xrayon/ml/models/multilayer_perceptron_classifier.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <cstddef>
#include <limits>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/metrics/accuracy.hpp>
#include <xrayon/ml/metrics/log_loss.hpp>
#include <xrayon/ml/pipeline.hpp>
#include <xrayon/ml/preprocess/standard_scaler.hpp>
#include <xrayon/ml/validation/cross_validate.hpp>

#include "data_sets.hpp"

using namespace xrayon;
using namespace xrayon::ml;

TEST_CASE("multilayer_perceptron_classifier: learns, with labels of any kind", "[ml][network]") {
    const auto& data = data_sets::load("iris");
    std::vector<long> labels;
    for (const int y : data.y) {
        labels.push_back(y == 0 ? 40 : y == 1 ? -7 : 3);
    }
    multilayer_perceptron_classifier model({.hidden = {12}, .epochs = 60, .batch_size = 40, .seed = 1});
    auto line = standard_scaler() | model;
    line.fit(data.x, labels);
    REQUIRE(line.classes() == std::vector<int>{-7, 3, 40});
    REQUIRE(accuracy(labels, line.predict(data.x)) >= 0.96);
    const auto chances = line.predict_proba(data.x);
    for (std::size_t i = 0; i < 150; ++i) {
        double sum = 0;
        for (std::size_t c = 0; c < 3; ++c) {
            sum += chances(i, c);
        }
        REQUIRE(std::abs(sum - 1) < 1e-12);
    }
    // None hidden: a softmax regression.
    multilayer_perceptron_classifier flat({.hidden = {}, .epochs = 250});
    REQUIRE(accuracy(labels, (standard_scaler() | flat).fit(data.x, labels).predict(data.x)) >= 0.9);
}

TEST_CASE("multilayer_perceptron_classifier: the same weights at every thread count, also in cross-validation", "[ml][network][law]") {
    const auto& data = data_sets::load("breast_cancer");
    const multilayer_perceptron_classifier model({.hidden = {6, 5}, .dropout = {0.1}, .epochs = 2, .batch_size = 100, .seed = 5});
    const auto line = standard_scaler() | model;
    multilayer_perceptron<double>::parameters_type first;
    std::vector<double> losses;
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            auto fitted = line;
            fitted.fit(data.x, data.y);
            const auto& weights = fitted.rest().network().parameters();
            first = first.empty() ? weights : first;
            REQUIRE(weights == first);
            const auto found = cross_validate(line, data.x, data.y, stratified_k_fold{.folds = 3}, scores(log_loss)).scores();
            losses = losses.empty() ? found : losses;
            REQUIRE(found == losses);
        });
    }
    // Another seed is another network, and one fitted twice is the same.
    multilayer_perceptron_classifier other({.hidden = {6, 5}, .dropout = {0.1}, .epochs = 2, .batch_size = 100, .seed = 6});
    auto changed = standard_scaler() | other;
    REQUIRE(changed.fit(data.x, data.y).rest().network().parameters() != first);
    REQUIRE(changed.fit(data.x, data.y).rest().network().parameters()
            == (standard_scaler() | other).fit(data.x, data.y).rest().network().parameters());
}

TEST_CASE("multilayer_perceptron_classifier: errors say what is wrong", "[ml][network][errors]") {
    REQUIRE_THROWS_WITH(multilayer_perceptron_classifier({.epochs = 0}),
                        "multilayer_perceptron_classifier: options.epochs must be >= 1, got 0");
    REQUIRE_THROWS_WITH(multilayer_perceptron_classifier({.batch_size = 0}),
                        "multilayer_perceptron_classifier: options.batch_size must be >= 1, got 0");
    REQUIRE_THROWS_AS(multilayer_perceptron_classifier({.learning_rate = std::numeric_limits<double>::infinity()}), argument_error);
    REQUIRE_THROWS_AS(multilayer_perceptron_classifier({.hidden = {3, 0}}), argument_error);
    REQUIRE_THROWS_AS(multilayer_perceptron_classifier({.dropout = {1.0}}), argument_error);
    const auto& data = data_sets::load("iris");
    multilayer_perceptron_classifier model({.hidden = {3}, .epochs = 1});
    REQUIRE_THROWS_WITH(model.predict(data.x), "multilayer_perceptron_classifier.predict: call fit first");
    REQUIRE_THROWS_WITH(model.fit(data.x, std::vector<int>(150, 4)),
                        "multilayer_perceptron_classifier.fit: the number of classes must be >= 2, got 1");
    REQUIRE_THROWS_AS(model.fit(data.x, std::vector<int>(149, 4)), shape_error);
    auto spoiled = data.x;
    spoiled(3, 1) = std::numeric_limits<double>::quiet_NaN();
    REQUIRE_THROWS_AS(model.fit(spoiled, data.y), argument_error);
    REQUIRE(!model.fitted());
}
