// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/metrics/accuracy.hpp>
#include <xrayon/ml/metrics/agreement.hpp>
#include <xrayon/ml/metrics/brier.hpp>
#include <xrayon/ml/metrics/confusion_matrix.hpp>
#include <xrayon/ml/metrics/log_loss.hpp>
#include <xrayon/ml/metrics/precision_recall.hpp>
#include <xrayon/ml/metrics/r2.hpp>
#include <xrayon/ml/metrics/ranking.hpp>
#include <xrayon/ml/metrics/regression_errors.hpp>
#include <xrayon/ml/metrics/scores.hpp>
#include <xrayon/ml/metrics/top_k_accuracy.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <xrayon/exec/pool.hpp>

#include "golden/metrics.hpp"

using namespace xrayon;
using namespace xrayon::ml;
using matrix = xt::xtensor<double, 2>;

namespace {

/// SplitMix64's output function, as make_metrics.py has it.
std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

std::vector<double> uniform(std::uint64_t seed, std::size_t n) {
    std::vector<double> out(n);
    for (std::size_t i = 0; i < n; ++i) {
        out[i] = std::ldexp(static_cast<double>(mix(seed * 1'000'003 + i) >> 11), -53);
    }
    return out;
}

std::vector<int> labels(std::uint64_t seed, std::size_t n, std::size_t count) {
    std::vector<int> out(n);
    for (std::size_t i = 0; i < n; ++i) {
        out[i] = static_cast<int>(mix(seed * 1'000'003 + i) % count);
    }
    return out;
}

/// The rows of a case, as make_metrics.py makes them.
struct rows {
    std::vector<double> y, p, weights;
    std::vector<int> labels, predicted;
    matrix probabilities = matrix::from_shape({0, 0});
    std::vector<double> positive;
    std::vector<int> classes;

    explicit rows(const golden::metric_case& c) {
        if (c.weighted) {
            weights = uniform(c.seed + 90, c.n);
        }
        if (c.classes == 0) {
            y = uniform(c.seed, c.n);
            p = uniform(c.seed + 50, c.n);
            for (std::size_t i = 0; i < c.n; ++i) {
                y[i] = 10 * y[i] - 2;
                p[i] = 10 * p[i] - 2;
                p[i] = y[i] + 0.3 * (p[i] - y[i]);
            }
            return;
        }
        labels = ::labels(c.seed, c.n, c.classes);
        predicted = ::labels(c.seed + 50, c.n, c.classes);
        const auto lot = uniform(c.seed + 70, c.n);
        for (std::size_t i = 0; i < c.n; ++i) {
            predicted[i] = lot[i] < 0.6 ? labels[i] : predicted[i];
        }
        for (std::size_t k = 0; k < c.classes; ++k) {
            classes.push_back(static_cast<int>(k));
        }
        const auto raw = uniform(c.seed + 50, c.n * c.classes);
        probabilities = matrix::from_shape({c.n, c.classes});
        for (std::size_t i = 0; i < c.n; ++i) {
            double sum = 0;
            for (std::size_t k = 0; k < c.classes; ++k) {
                double value = raw[i * c.classes + k] + 0.05;
                value += labels[i] == static_cast<int>(k) ? 0.4 : 0.0;
                value = i % 3 == 0 ? std::nearbyint(value * 10) / 10 : value;
                probabilities(i, k) = value;
                sum += value;
            }
            for (std::size_t k = 0; k < c.classes; ++k) {
                probabilities(i, k) /= sum;
            }
            positive.push_back(c.classes == 2 ? probabilities(i, 1) : 0);
        }
    }
};

double value_of(const golden::metric_case& c) {
    const rows r(c);
    const metric_options options{.weights = r.weights};
    const std::string name = c.name;
    const auto numbers = [&](const auto& metric) { return metric(r.y, r.p, options); };
    const auto classes = [&](const auto& metric) { return metric(r.labels, r.predicted, options); };
    const auto chances = [&](const auto& metric) { return metric(r.labels, r.probabilities, r.classes, options); };
    static const std::map<std::string, averaging> averages{
        {"binary", averaging::binary}, {"micro", averaging::micro}, {"macro", averaging::macro}, {"weighted", averaging::weighted}};
    const auto average = averages.find(name.substr(name.rfind('_') + 1));
    if (name.starts_with("precision_"))
        return classes(precision_metric{.average = average->second});
    if (name.starts_with("recall_"))
        return classes(recall_metric{.average = average->second});
    if (name.starts_with("f1_"))
        return classes(f1_metric{.average = average->second});
    if (name.starts_with("f2_"))
        return classes(f_beta_metric{.average = average->second, .beta = 2});
    if (name == "r2")
        return numbers(r2);
    if (name == "explained_variance")
        return numbers(explained_variance);
    if (name == "mean_squared_error")
        return numbers(mean_squared_error);
    if (name == "root_mean_squared_error")
        return numbers(root_mean_squared_error);
    if (name == "mean_absolute_error")
        return numbers(mean_absolute_error);
    if (name == "mean_absolute_percentage_error")
        return numbers(mean_absolute_percentage_error);
    if (name == "median_absolute_error")
        return numbers(median_absolute_error);
    if (name == "max_error")
        return numbers(max_error);
    if (name == "accuracy")
        return classes(accuracy);
    if (name == "balanced_accuracy")
        return classes(balanced_accuracy);
    if (name == "balanced_accuracy_adjusted")
        return classes(balanced_accuracy_metric{.adjusted = true});
    if (name == "cohen_kappa")
        return classes(cohen_kappa);
    if (name == "cohen_kappa_linear")
        return classes(cohen_kappa_metric{.weights = kappa_weights::linear});
    if (name == "cohen_kappa_quadratic")
        return classes(cohen_kappa_metric{.weights = kappa_weights::quadratic});
    if (name == "matthews")
        return classes(matthews);
    if (name == "log_loss")
        return chances(log_loss);
    if (name == "brier")
        return chances(brier);
    if (name == "roc_auc")
        return chances(roc_auc);
    if (name == "roc_auc_weighted")
        return chances(roc_auc_metric{.average = averaging::weighted});
    if (name == "roc_auc_one_versus_one")
        return chances(roc_auc_metric{.several = multi_class::one_versus_one});
    if (name == "roc_auc_one_versus_one_weighted")
        return chances(roc_auc_metric{.average = averaging::weighted, .several = multi_class::one_versus_one});
    if (name == "average_precision")
        return chances(average_precision);
    if (name == "top_2_accuracy")
        return chances(top_k_accuracy);
    FAIL("no metric " << name);
    return 0;
}

static_assert(metric<r2_metric> && metric<accuracy_metric> && metric<roc_auc_metric> && metric<f1_metric>);
static_assert(!metric<int>);

}  // namespace

TEST_CASE("metrics: the values of scikit-learn to 1e-12, plain and weighted", "[ml][metrics]") {
    for (const golden::metric_case& c : golden::metric_cases) {
        CAPTURE(c.name, c.n, c.classes, c.seed, c.weighted);
        const double got = value_of(c);
        CHECK(std::abs(got - c.value) <= 1e-12 * std::max(1.0, std::abs(c.value)));
    }
}

TEST_CASE("metrics: the same bits at every thread count", "[ml][metrics]") {
    for (const golden::metric_case& c : golden::metric_cases) {
        if (c.n < 3000) {
            continue;
        }
        const auto one = std::bit_cast<std::uint64_t>(pool(1).install([&] { return value_of(c); }));
        for (const std::size_t threads : {2u, 8u}) {
            const auto many = std::bit_cast<std::uint64_t>(pool(threads).install([&] { return value_of(c); }));
            CAPTURE(c.name, threads);
            CHECK(one == many);
        }
    }
}

TEST_CASE("metrics: a score for the positive class alone is as good as two columns", "[ml][metrics]") {
    for (const golden::metric_case& c : golden::metric_cases) {
        const std::string name = c.name;
        if (c.classes == 2 && (name == "roc_auc" || name == "average_precision" || name == "brier")) {
            const rows r(c);
            const metric_options options{.weights = r.weights};
            const double got = name == "brier"     ? brier(r.labels, r.positive, options)
                               : name == "roc_auc" ? roc_auc(r.labels, r.positive, options)
                                                   : average_precision(r.labels, r.positive, options);
            REQUIRE(got == value_of(c));
        }
    }
}

TEST_CASE("metrics: the worked examples of their definitions", "[ml][metrics]") {
    const std::vector<double> y{3, -0.5, 2, 7};
    const std::vector<double> p{2.5, 0.0, 2, 8};
    REQUIRE(mean_squared_error(y, p) == 0.375);
    REQUIRE(mean_absolute_error(y, p) == 0.5);
    REQUIRE(median_absolute_error(y, p) == 0.5);
    REQUIRE(max_error(y, p) == 1.0);
    REQUIRE(std::abs(r2(y, p) - (1 - 1.5 / 29.1875)) < 1e-15);
    // Nothing to explain.
    REQUIRE(r2(std::vector{2.0, 2.0}, std::vector{2.0, 2.0}) == 1.0);
    REQUIRE(r2(std::vector{2.0, 2.0}, std::vector{2.0, 3.0}) == 0.0);
    REQUIRE(explained_variance(std::vector{2.0, 2.0}, std::vector{3.0, 3.0}) == 1.0);
    REQUIRE(std::isnan(r2(std::vector{2.0}, std::vector{2.0})));
    // Integers, floats, any indexed ranges.
    REQUIRE(mean_absolute_error(std::vector<int>{1, 2}, std::vector<float>{2, 2}) == 0.5);

    const std::vector<std::string> truth{"cat", "ant", "cat", "cat", "ant", "bird"};
    const std::vector<std::string> guess{"ant", "ant", "cat", "cat", "ant", "cat"};
    const auto table = confusion_matrix(truth, guess);
    REQUIRE(table.labels == std::vector<std::string>{"ant", "bird", "cat"});
    REQUIRE(table.counts == matrix{{2, 0, 0}, {0, 0, 1}, {1, 0, 2}});
    REQUIRE(accuracy(truth, guess) == 4.0 / 6.0);
    // Ties count half: pairs (1 of 2 positive against 1 of 2 negative).
    REQUIRE(roc_auc(std::vector{0, 1}, std::vector{0.5, 0.5}) == 0.5);
    REQUIRE(roc_auc(std::vector{0, 0, 1, 1}, std::vector{0.1, 0.4, 0.35, 0.8}) == 0.75);
    REQUIRE(average_precision(std::vector{0, 0, 1, 1}, std::vector{0.1, 0.4, 0.35, 0.8}) == 0.5 * 1 + 0.5 * (2.0 / 3.0));
    REQUIRE(std::abs(brier(std::vector{0, 1, 1, 0}, std::vector{0.1, 0.9, 0.8, 0.3}) - 0.0375) < 1e-16);
    // The positive class: 1 of 0 and 1, also where there is no 1; or the one that is named.
    REQUIRE(f1(std::vector{0, 0}, std::vector{0, 0}) == 0);
    REQUIRE(f1_metric{.zero_division = 1}(std::vector{0, 0}, std::vector{0, 0}) == 1);
    REQUIRE(precision_metric{.positive = 0}(std::vector{0, 1}, std::vector{0, 0}) == 0.5);
    REQUIRE(std::isnan(cohen_kappa(std::vector{1, 1}, std::vector{1, 1})));
    REQUIRE(matthews(std::vector{1, 1}, std::vector{1, 1}) == 0);
}

TEST_CASE("metrics: NaN in numbers makes the value NaN", "[ml][metrics]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> y{1, 2, 3};
    const std::vector<double> p{1, nan, 3};
    REQUIRE(std::isnan(r2(y, p)));
    REQUIRE(std::isnan(explained_variance(y, p)));
    REQUIRE(std::isnan(mean_squared_error(y, p)));
    REQUIRE(std::isnan(median_absolute_error(y, p)));
    REQUIRE(std::isnan(max_error(y, p)));
    REQUIRE(std::isnan(r2(std::vector{2.0, 2.0}, std::vector{2.0, nan})));
    matrix chances{{0.5, 0.5}, {nan, 0.5}};
    REQUIRE(std::isnan(log_loss(std::vector{0, 1}, chances)));
}

TEST_CASE("metrics: say what is wrong", "[ml][metrics][errors]") {
    const std::vector<double> y{1, 2, 3};
    const std::vector<double> weights{1, -1, 1};
    const std::vector<double> none{0, 0, 0};
    const std::vector<int> labels{0, 1, 2};
    const matrix two{{0.5, 0.5}, {0.1, 0.9}, {1, 0}};
    REQUIRE_THROWS_WITH(r2(y, std::vector{1.0}), "r2: y_true has shape (3,), y_pred has (1,)");
    REQUIRE_THROWS_WITH(mean_squared_error(std::vector<double>{}, std::vector<double>{}),
                        "mean_squared_error: the number of rows must be >= 1, got 0");
    REQUIRE_THROWS_WITH(r2(y, y, {.weights = weights}), "r2: options.weights must be finite and >= 0, got -1");
    REQUIRE_THROWS_WITH(r2(y, y, {.weights = none}), "r2: the sum of options.weights must be > 0 and finite, got 0");
    REQUIRE_THROWS_WITH(r2(y, y, {.weights = std::span(none).first(2)}), "r2: options.weights has shape (2,), y_true has (3,)");
    REQUIRE_THROWS_WITH(f1(labels, labels),
                        "f1: the number of classes must be <= 2 with averaging::binary (choose macro, micro or weighted), got 3");
    REQUIRE_THROWS_WITH(confusion_matrix(std::vector{0.0, std::nan("")}, std::vector{0, 1}), "confusion_matrix: y_true row 1 is NaN");
    REQUIRE_THROWS_WITH(roc_auc(std::vector{1, 1}, std::vector{0.1, 0.2}), "roc_auc: the number of classes in y_true must be 2, got 1");
    REQUIRE_THROWS_WITH(roc_auc(std::vector{0, 1}, std::vector{0.1, std::nan("")}), "roc_auc: scores must not be NaN; that of row, got 1");
    REQUIRE_THROWS_WITH(log_loss(labels, two, std::vector{0, 1}), "log_loss: the label of row 2 is none of the 2 classes");
    REQUIRE_THROWS_WITH(log_loss(std::vector{0, 1, 1}, matrix{{0.5, 0.5}, {-1, 2}, {0, 1}}),
                        "log_loss: probabilities must be in [0, 1], got -1");
    REQUIRE_THROWS_WITH(log_loss(std::vector{0, 1}, two), "log_loss: y_true has shape (2,), probabilities has (3, 2)");
    REQUIRE_THROWS_WITH(log_loss(std::vector{0, 1, 1}, two, std::vector{1, 0}),
                        "log_loss: classes must ascend and be different; that of column 1 does not");
    REQUIRE_THROWS_WITH(top_k_accuracy_metric{.k = 0}(std::vector{0, 1, 1}, two), "top_k_accuracy: k must be >= 1, got 0");
    REQUIRE_THROWS_WITH(f_beta_metric{.beta = -1}(std::vector{0, 1}, std::vector{0, 1}), "f_beta: beta must be finite and >= 0, got -1");
}

TEST_CASE("scores: names say which signs are changed", "[ml][metrics]") {
    const auto set = scores(r2, mean_absolute_error, f1_metric{.average = averaging::macro});
    REQUIRE(set.names() == std::vector<std::string>{"r2", "neg_mean_absolute_error", "f1_macro"});
    static_assert(decltype(set)::read(prediction_kind::values) && !decltype(set)::read(prediction_kind::probabilities));
}
