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
#include <string_view>
#include <type_traits>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/models/detail/training_rows.hpp>

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

} // namespace

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

TEST_CASE("metrics: options that change the number are part of the name, usual ones are not", "[ml][metrics]") {
    REQUIRE(top_k_accuracy.name() == "top_k_accuracy");
    REQUIRE(top_k_accuracy_metric{.k = 3}.name() == "top_k_accuracy(k=3)");
    REQUIRE(roc_auc.name() == "roc_auc");
    REQUIRE(roc_auc_metric{.average = averaging::weighted}.name() == "roc_auc(average=weighted)");
    REQUIRE(roc_auc_metric{.several = multi_class::one_versus_one}.name() == "roc_auc(several=one_versus_one)");
    REQUIRE(roc_auc_metric{.average = averaging::weighted, .several = multi_class::one_versus_one}.name()
            == "roc_auc(average=weighted, several=one_versus_one)");
    REQUIRE(average_precision.name() == "average_precision");
    REQUIRE(average_precision_metric{.average = averaging::weighted}.name() == "average_precision(average=weighted)");
    REQUIRE(cohen_kappa.name() == "cohen_kappa");
    REQUIRE(cohen_kappa_metric{.weights = kappa_weights::linear}.name() == "cohen_kappa(weights=linear)");
    REQUIRE(cohen_kappa_metric{.weights = kappa_weights::quadratic}.name() == "cohen_kappa(weights=quadratic)");
    REQUIRE(balanced_accuracy.name() == "balanced_accuracy");
    REQUIRE(balanced_accuracy_metric{.adjusted = true}.name() == "balanced_accuracy(adjusted=true)");
    REQUIRE(f1.name() == "f1");
    REQUIRE(f1_metric{.average = averaging::macro}.name() == "f1_macro");
    REQUIRE(f_beta_metric{.average = averaging::weighted, .beta = 0.5}.name() == "f0.5_weighted");
    REQUIRE(f1_metric{.positive = 0}.name() == "f1(positive=0)");
    REQUIRE(f1_metric{.average = averaging::macro, .positive = 0}.name() == "f1_macro");  // which then does not look at it
    REQUIRE(precision.name() == "precision");
    REQUIRE(precision_metric{.positive = -1, .zero_division = 1}.name() == "precision(positive=-1, zero_division=1)");
    REQUIRE(recall.name() == "recall");
    REQUIRE(recall_metric{.average = averaging::micro, .zero_division = 1}.name() == "recall_micro(zero_division=1)");
    REQUIRE(scores(top_k_accuracy, top_k_accuracy_metric{.k = 3}).names()
            == std::vector<std::string>{"top_k_accuracy", "top_k_accuracy(k=3)"});
    // Messages begin with the function.
    REQUIRE_THROWS_WITH(cohen_kappa_metric{.weights = kappa_weights::linear}(std::vector{0, 1}, std::vector{1}),
                        "confusion_matrix: y_true has shape (2,), y_pred has (1,)");
    REQUIRE_THROWS_WITH(recall_metric{.positive = 0}(std::vector{0, 1}, std::vector{1}), "recall: y_true has shape (2,), y_pred has (1,)");
}

TEST_CASE("metrics: labels of mixed signs are compared by value", "[ml][metrics]") {
    const std::vector<int> truth{-1, 1, 1};
    const std::vector<std::size_t> guess{1, 1, 1};
    const auto table = confusion_matrix(truth, guess);
    REQUIRE(table.labels == std::vector<std::int64_t>{-1, 1});
    REQUIRE(table.counts == matrix{{0, 1}, {0, 2}});
    // 1 is positive: 2 hits of 3 predicted, of 2 that are.
    REQUIRE(precision(truth, guess) == 2.0 / 3.0);
    REQUIRE(recall(truth, guess) == 1.0);
    REQUIRE(std::abs(f1(truth, guess) - 0.8) < 1e-15);
    REQUIRE(recall_metric{.positive = -1}(truth, guess) == 0.0);
    REQUIRE(accuracy(truth, guess) == 2.0 / 3.0);
    REQUIRE(balanced_accuracy(truth, guess) == 0.5);
    // 2^32 - 1 is not -1.
    REQUIRE(accuracy(std::vector<int>{-1, 1}, std::vector<unsigned>{4294967295u, 1u}) == 0.5);
    REQUIRE(confusion_matrix(std::vector<int>{-1}, std::vector<unsigned>{4294967295u}).labels == std::vector<std::int64_t>{-1, 4294967295});
    // A column's label is found, whatever its type.
    const matrix chances{{0.75, 0.25}, {0.5, 0.5}};
    REQUIRE(log_loss(std::vector<unsigned>{1, 1}, chances, std::vector<int>{-1, 1}) == (std::log(4.0) + std::log(2.0)) / 2);
    REQUIRE(brier(std::vector<unsigned>{1, 1}, chances, std::vector<int>{-1, 1}) == (0.75 * 0.75 + 0.5 * 0.5) / 2);

    const std::vector<std::size_t> far{1, std::numeric_limits<std::size_t>::max()};
    REQUIRE_THROWS_WITH(f1(std::vector<int>{-1, 1}, far),
                        "f1: labels of mixed signs must be < 2^63; y_pred row 1, got 18446744073709551615");
    REQUIRE_THROWS_AS(confusion_matrix(far, std::vector<int>{-1, 1}), argument_error);
    REQUIRE_THROWS_WITH(log_loss(far, chances, std::vector<int>{-1, 1}), "log_loss: the label of row 1 is none of the 2 classes");
    REQUIRE(confusion_matrix(far, far).labels == far);  // of one sign all is well
}

TEST_CASE("metrics: labels that are bool or characters", "[ml][metrics]") {
    const std::vector<char> truth{'a', 'b', 'b'};
    const std::vector<char> guess{'a', 'a', 'b'};
    REQUIRE(accuracy(truth, guess) == 2.0 / 3.0);
    REQUIRE(accuracy(std::vector<char>{1, 0}, std::vector<bool>{true, true}) == 0.5);
    REQUIRE(accuracy(std::vector<char>{-1}, std::vector<unsigned>{4294967295u}) == 0.0);
    REQUIRE(accuracy(std::vector<char8_t>{1, 2}, std::vector<int>{1, 3}) == 0.5);
    REQUIRE(confusion_matrix(truth, guess).labels == std::vector<char>{'a', 'b'});
    REQUIRE(recall(truth, guess) == 0.5);  // of b, the greater one
    REQUIRE(f1(std::vector<bool>{true, false}, std::vector<bool>{true, true}) == 2.0 / 3.0);
    REQUIRE(recall_metric{.positive = 256}(std::vector<char>{0, 1}, std::vector<char>{0, 1}) == 0);  // 256 is not 0
    REQUIRE(f1(std::vector<double>{0, 0}, std::vector<double>{0, 0}) == 0);                          // as of integers
    REQUIRE(roc_auc(std::vector<bool>{false, true}, std::vector{0.1, 0.2}) == 1);
    // What the models make of labels.
    REQUIRE(ml::detail::label_at("fit", truth, 1) == 'b');
    REQUIRE(ml::detail::label_at("fit", std::vector<char8_t>{200}, 0) == 200);
    REQUIRE(ml::detail::label_at("fit", std::vector<char32_t>{7}, 0) == 7);
    REQUIRE(ml::detail::label_at("fit", std::vector<bool>{false, true}, 1) == 1);
    REQUIRE(ml::detail::label_at("fit", std::vector<std::int64_t>{-2147483648}, 0) == std::numeric_limits<int>::min());
    REQUIRE_THROWS_WITH(ml::detail::label_at("fit", std::vector<unsigned>{0, 4294967295u}, 1),
                        "fit: labels must fit in int; row 1, got 4294967295");
    REQUIRE_THROWS_WITH(ml::detail::checked_row_weights("fit", 2, std::vector{1.0, -1.0}), "fit: weights must be finite and >= 0, got -1");
}

TEST_CASE("metrics: pointers to text are the text", "[ml][metrics]") {
    // The same words at different addresses, in another order of addresses.
    const std::vector<std::string> words{"cat", "ant", "cat", "cat", "ant", "bird"};
    const std::vector<std::string> others{"ant", "ant", "cat", "cat", "ant", "cat"};
    std::vector<const char*> truth;
    std::vector<const char*> guess;
    for (std::size_t i = 0; i < words.size(); ++i) {
        truth.push_back(words[i].c_str());
        guess.push_back(others[i].c_str());
    }
    REQUIRE(accuracy(truth, guess) == 4.0 / 6.0);
    REQUIRE(accuracy(truth, others) == 4.0 / 6.0);
    const auto table = confusion_matrix(truth, guess);
    REQUIRE(table.labels == std::vector<std::string_view>{"ant", "bird", "cat"});
    REQUIRE(table.counts == matrix{{2, 0, 0}, {0, 0, 1}, {1, 0, 2}});
    const auto mixed = confusion_matrix(words, guess);
    static_assert(std::is_same_v<decltype(mixed.labels), std::vector<std::string>>);
    REQUIRE(mixed.counts == table.counts);
    REQUIRE(f1_metric{.average = averaging::macro}(truth, guess) == f1_metric{.average = averaging::macro}(words, others));
    const std::string yes = "yes";
    const std::vector<const char*> two{"no", "yes", "no", yes.c_str()};
    REQUIRE(roc_auc(two, std::vector{0.1, 0.4, 0.35, 0.8}) == 1);
    REQUIRE(roc_auc(two, matrix{{0.9, 0.1}, {0.6, 0.4}, {0.65, 0.35}, {0.2, 0.8}}, std::vector{"no", "yes"}) == 1);
    REQUIRE(std::abs(brier(two, std::vector{0.1, 0.9, 0.3, 0.8}) - (0.01 + 0.01 + 0.09 + 0.04) / 4) < 1e-16);
    REQUIRE_THROWS_WITH(accuracy(std::vector<const char*>{nullptr}, std::vector<const char*>{"a"}),
                        "labels: a label that is text must not be a null pointer");
}

TEST_CASE("confusion_matrix: as many labels as can be counted, no more", "[ml][metrics][errors]") {
    std::vector<double> many(8193);
    for (std::size_t i = 0; i < many.size(); ++i) {
        many[i] = static_cast<double>(i) / 3;
    }
    REQUIRE_THROWS_AS(confusion_matrix(many, many), argument_error);
    REQUIRE_THROWS_WITH(confusion_matrix(many, many), "confusion_matrix: the number of different labels must be <= 8192, got 8193");
    REQUIRE_THROWS_WITH(cohen_kappa(many, many), "confusion_matrix: the number of different labels must be <= 8192, got 8193");
    REQUIRE(f1_metric{.average = averaging::micro}(many, many) == 1);  // counts of classes alone are few
}

TEST_CASE("brier: one label alone, as in scikit-learn", "[ml][metrics]") {
    // sklearn.metrics.brier_score_loss of 1.2.1
    const std::vector<double> p{0.1, 0.9, 0.4};
    const auto near = [](double got, double expected) { return std::abs(got - expected) < 1e-15; };
    CHECK(near(brier(std::vector{0, 0, 0}, p), 0.3266666666666667));
    CHECK(near(brier(std::vector{-1, -1, -1}, p), 0.3266666666666667));
    CHECK(near(brier(std::vector{0.0, 0.0, 0.0}, p), 0.3266666666666667));
    CHECK(near(brier(std::vector<bool>{false, false, false}, p), 0.3266666666666667));
    CHECK(near(brier(std::vector{1, 1, 1}, p), 0.39333333333333337));
    CHECK(near(brier(std::vector{2, 2, 2}, p), 0.39333333333333337));
    CHECK(near(brier(std::vector{1, 2, 1}, p), 0.060000000000000005));
    CHECK(near(brier(std::vector{-1, 0, 0}, p), 0.12666666666666668));
    REQUIRE_THROWS_WITH(brier(std::vector<std::string>(3, "a"), p), "brier: the number of classes in y_true must be 2, got 1");
    REQUIRE_THROWS_WITH(brier(std::vector{0, 1, 2}, p), "brier: the number of classes in y_true must be 2, got 3");
    REQUIRE_THROWS_WITH(brier(std::vector{0, 1, 0}, std::vector{0.1, 1.5, 0.4}), "brier: probabilities must be in [0, 1], got 1.5");
    const matrix two{{0.9, 0.1}, {0.1, 0.9}, {0.6, 0.4}};
    CHECK(near(brier(std::vector{0, 0, 0}, two, std::vector{0, 1}), 0.3266666666666667));
    REQUIRE_THROWS_WITH(brier(std::vector{0, 1, 2}, two, std::vector{0, 1}), "brier: the label of row 2 is none of the 2 classes");
}

TEST_CASE("roc_auc: of each pair of classes, by the definition", "[ml][metrics]") {
    // How often a row of the one class has a higher score for it than a row of the other, ties half; the mean over pairs, both ways round.
    const std::size_t n = 240;
    const auto truth = labels(21, n, 5);
    const auto raw = uniform(22, n * 5);
    matrix p = matrix::from_shape({n, 5});
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t c = 0; c < 5; ++c) {
            p(i, c) = std::nearbyint(raw[i * 5 + c] * 20) / 20 + (truth[i] == static_cast<int>(c) ? 0.25 : 0.0);
        }
    }
    const auto area = [&](int one, int other) {
        double wins = 0;
        double pairs = 0;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                if (truth[i] == one && truth[j] == other) {
                    const double a = p(i, static_cast<std::size_t>(one));
                    const double b = p(j, static_cast<std::size_t>(one));
                    wins += a > b ? 1 : a == b ? 0.5 : 0;
                    pairs += 1;
                }
            }
        }
        return wins / pairs;
    };
    double sum = 0;
    for (int a = 0; a < 5; ++a) {
        for (int b = a + 1; b < 5; ++b) {
            sum += (area(a, b) + area(b, a)) / 2;
        }
    }
    const roc_auc_metric pairs{.several = multi_class::one_versus_one};
    REQUIRE(std::abs(pairs(truth, p) - sum / 10) < 1e-13);
    const double one = pool(1).install([&] { return pairs(truth, p); });
    REQUIRE(pool(8).install([&] { return pairs(truth, p); }) == one);
    p(7, 0) = std::nan("");
    p(3, 4) = std::nan("");
    REQUIRE_THROWS_WITH(pairs(truth, p), "roc_auc: scores must not be NaN; that of row, got 7");  // column by column
    REQUIRE_THROWS_WITH(roc_auc(truth, p), "roc_auc: scores must not be NaN; that of row, got 7");
}
