// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/validation/cross_validate.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <exception>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/metrics/regression_errors.hpp>
#include <xrayon/ml/models/ordinary_least_squares.hpp>
#include <xrayon/ml/split/group_k_fold.hpp>
#include <xrayon/ml/split/leave_one_out.hpp>
#include <xrayon/ml/split/shuffle_split.hpp>
#include <xrayon/ml/split/time_series_split.hpp>

#include "data_sets.hpp"
#include "longley.hpp"

using namespace xrayon;
using namespace xrayon::ml;
using data_sets::matrix;
using rows_view = array_view<const double, 2>;
using numbers = std::span<const double>;

namespace {

/// Predicts the mean of what it has seen. Not mergeable, so that every fold is fitted.
struct mean_model {
    double mean = 0;
    mean_model& fit(const rows_view&, const numbers& y) {
        mean = 0;
        for (const double v : y) {
            mean += v / static_cast<double>(y.size());
        }
        return *this;
    }
    [[nodiscard]] std::vector<double> predict(const rows_view& x) const { return std::vector<double>(x.shape(0), mean); }
};

/// The same in linfa's way: fit is const and gives another type; and with containers for arguments.
struct mean_settings {
    struct fitted {
        double mean;
        [[nodiscard]] xt::xtensor<double, 1> predict(const xt::xtensor<double, 2>& x) const {
            return xt::xtensor<double, 1>(std::array{x.shape(0)}, mean);
        }
    };
    [[nodiscard]] fitted fit(const xt::xtensor<double, 2>&, const xt::xtensor<double, 1>& y) const {
        double sum = 0;
        for (const double v : y) {
            sum += v / static_cast<double>(y.size());
        }
        return {sum};
    }
};

static_assert(ml::detail::row_estimator<mean_model, double, double> && ml::detail::row_estimator<mean_settings, double, double>);
static_assert(!ml::detail::row_estimator<int, double, double>);

struct table {
    matrix x;
    std::vector<double> y;
};

table numbered(std::size_t n) {
    table out{matrix::from_shape({n, 2}), std::vector<double>(n)};
    for (std::size_t i = 0; i < n; ++i) {
        out.x(i, 0) = static_cast<double>(i);
        out.x(i, 1) = static_cast<double>(i * i % 7);
        out.y[i] = static_cast<double>(i % 5) + 0.25 * static_cast<double>(i);
    }
    return out;
}

std::uint64_t bits(const std::vector<std::vector<double>>& scores) {
    std::uint64_t hash = 0;
    for (const auto& list : scores) {
        for (const double s : list) {
            hash = test::mix(hash ^ std::bit_cast<std::uint64_t>(s)) + 1;
        }
    }
    return hash;
}

} // namespace

TEST_CASE("cross_validate: each fold's score is that of a plain loop", "[ml][validation]") {
    const table data = numbered(23);
    const k_fold splitter{.folds = 4, .shuffle = true, .seed = 3};
    const auto result = cross_validate(mean_model(), data.x, data.y, splitter, scores(mean_absolute_error, r2),
                                       {.train_scores = true, .indices = true, .models = true});
    REQUIRE(result.metrics == std::vector<std::string>{"neg_mean_absolute_error", "r2"});
    REQUIRE(result.models.size() == 4);
    std::size_t f = 0;
    for (const auto& [train, test] : splitter.split(23)) {
        double mean = 0;
        for (const std::size_t i : train) {
            mean += data.y[i] / static_cast<double>(train.size());
        }
        double error = 0;
        for (const std::size_t i : test) {
            error += std::abs(data.y[i] - mean);
        }
        double train_error = 0;
        for (const std::size_t i : train) {
            train_error += std::abs(data.y[i] - mean);
        }
        REQUIRE(std::abs(result.test_scores[0][f] + error / static_cast<double>(test.size())) < 1e-13);
        REQUIRE(std::abs(result.train_scores[0][f] + train_error / static_cast<double>(train.size())) < 1e-13);
        REQUIRE(result.indices[f] == fold{train, test});
        REQUIRE(result.models[f].mean == mean);
        REQUIRE(result.roads[f] == fold_road::fitted);
        ++f;
    }
    REQUIRE(result.mean() == summarise_scores(result.scores()).mean);
    REQUIRE(result.text().starts_with("neg_mean_absolute_error -"));
}

TEST_CASE("cross_validate: estimators that fit by value, and take xtensor containers", "[ml][validation]") {
    const table data = numbered(23);
    const auto ours = cross_validate(mean_model(), data.x, data.y, k_fold{.folds = 4}, r2);
    const auto theirs = cross_validate(mean_settings(), data.x, data.y, k_fold{.folds = 4}, r2, {.models = true});
    REQUIRE(ours.scores() == theirs.scores());
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(theirs.models[0])>, mean_settings::fitted>);
    // A function in place of both; and rows of a view that is not contiguous.
    const matrix wide = xt::hstack(xt::xtuple(data.x, data.x));
    const auto function = cross_validate(xt::view(wide, xt::all(), xt::range(1, 3)), data.y, k_fold{.folds = 4},
                                         [](const rows_view& tx, const numbers& ty, const rows_view& vx, const numbers& vy) {
                                             mean_model m;
                                             m.fit(tx, ty);
                                             return r2(vy, m.predict(vx));
                                         });
    REQUIRE(function.scores() == ours.scores());
    REQUIRE(function.metrics == std::vector<std::string>{"score"});
}

TEST_CASE("cross_validate: the same bits at every thread count, merged or fitted", "[ml][validation]") {
    const auto& data = data_sets::load("digits");
    const std::vector<double> y = data.targets();
    const shuffle_split cuts{.splits = 6, .seed = 2};
    const k_fold folds{.folds = 5, .shuffle = true, .seed = 1};
    std::set<std::uint64_t> merged;
    std::set<std::uint64_t> fitted;
    for (const std::size_t threads : test::thread_counts) {
        const test::random_delays delays(threads);
        pool workers(threads);
        workers.install([&] {
            merged.insert(bits(cross_validate(ordinary_least_squares(), data.x, y, folds, scores(r2, mean_squared_error)).test_scores));
            fitted.insert(bits(cross_validate(ordinary_least_squares(), data.x, y, cuts, scores(r2, mean_squared_error)).test_scores));
        });
    }
    REQUIRE(merged.size() == 1);
    REQUIRE(fitted.size() == 1);
}

TEST_CASE("cross_validate: merges where folds are complementary, and only there", "[ml][validation]") {
    const table data = numbered(40);
    const auto road = [&](const auto& splitter) {
        return cross_validate(ordinary_least_squares(), data.x, data.y, splitter, r2).roads.front();
    };
    std::vector<int> groups;
    for (int i = 0; i < 40; ++i) {
        groups.push_back(i % 6);
    }
    REQUIRE(road(k_fold{}) == fold_road::merged);
    REQUIRE(road(group_k_fold{.folds = 3}.split(groups)) == fold_road::merged);
    REQUIRE(road(shuffle_split{}) == fold_road::fitted);
    REQUIRE(road(time_series_split{}) == fold_road::fitted);
    // Rows that are never tested are always learnt from.
    std::vector<fold> folds(2);
    for (std::size_t i = 0; i < 40; ++i) {
        (i < 10 ? folds[0].test : folds[0].train).push_back(i);
        (i >= 10 && i < 25 ? folds[1].test : folds[1].train).push_back(i);
    }
    const auto merged = cross_validate(ordinary_least_squares(), data.x, data.y, folds, r2);
    const auto fitted = cross_validate(ordinary_least_squares(), data.x, data.y, folds, r2, {.algebra = fold_algebra::off});
    for (std::size_t f = 0; f < 2; ++f) {
        REQUIRE(merged.roads[f] == fold_road::merged);
        REQUIRE(std::abs(merged.scores()[f] - fitted.scores()[f]) <= 1e-10 * std::abs(fitted.scores()[f]));
    }
    // Weights: statistics know none.
    const std::vector<double> weights(40, 2.0);
    REQUIRE(cross_validate(ordinary_least_squares(), data.x, data.y, k_fold{}, r2, {.weights = weights}).roads.front()
            == fold_road::fitted);
}

TEST_CASE("cross_validate: ill-conditioned folds are fitted on their rows, and the result says so", "[ml][validation]") {
    // With the constant apart, about the means and scaled, the sums are good enough. With a column of ones for a constant the condition
    // number of the scaled columns is 4e4, its square beyond what the sums can bear.
    const matrix centred = longley::x();
    const matrix with_ones = xt::hstack(xt::xtuple(xt::ones<double>({16, 1}), centred));
    const std::vector<double> y = longley::y();
    for (const bool intercept : {true, false}) {
        const matrix& x = intercept ? centred : with_ones;
        const ordinary_least_squares model({.intercept = intercept});
        const auto merged = cross_validate(model, x, y, k_fold{.folds = 4}, scores(mean_squared_error));
        const auto fitted = cross_validate(model, x, y, k_fold{.folds = 4}, scores(mean_squared_error), {.algebra = fold_algebra::off});
        for (std::size_t f = 0; f < 4; ++f) {
            CAPTURE(intercept, f);
            CHECK(merged.roads[f] == (intercept ? fold_road::merged : fold_road::ill_conditioned));
            CHECK(std::abs(merged.scores()[f] / fitted.scores()[f] - 1) <= 1e-10);
        }
    }
}

TEST_CASE("cross_validate: leave-one-out by sums is leave-one-out by fits", "[ml][validation]") {
    const auto& data = data_sets::load("iris");
    const std::vector<double> y = data.targets();
    const auto merged = cross_validate(ridge(), data.x, y, leave_one_out{}, mean_absolute_error);
    const auto fitted = cross_validate(ridge(), data.x, y, leave_one_out{}, mean_absolute_error, {.algebra = fold_algebra::off});
    REQUIRE(merged.scores().size() == 150);
    for (std::size_t f = 0; f < 150; ++f) {
        REQUIRE(merged.roads[f] == fold_road::merged);
        REQUIRE(std::abs(merged.scores()[f] - fitted.scores()[f]) <= 1e-10);
    }
}

TEST_CASE("cross_validate: the lowest failing fold's exception, unchanged; or all are recorded", "[ml][validation][errors]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    pool workers(threads);
    const table data = numbered(20);
    const auto fails_from = [&](std::size_t first, std::size_t last) {
        return [first, last](const rows_view&, const numbers&, const rows_view& vx, const numbers&) {
            const auto number = static_cast<std::size_t>(vx(0, 0)) / 4;  // of the fold
            if (number >= first && number <= last) {
                throw std::runtime_error("fold " + std::to_string(number) + " failed");
            }
            return static_cast<double>(number);
        };
    };
    workers.install([&] {
        run_report report;
        REQUIRE_THROWS_WITH(cross_validate(data.x, data.y, k_fold{}, fails_from(1, 4), {.run = {.report = &report}}),
                            "fold 1 failed");  // K16
        REQUIRE(report.failed == std::size_t{1});
        REQUIRE(report.path == "cross_validate[1]");
        const auto recorded = cross_validate(data.x, data.y, k_fold{}, fails_from(1, 3), {.error = error_score::record});  // K14
        REQUIRE(recorded.errors.size() == 3);
        REQUIRE(recorded.errors[1].fold == 2);
        REQUIRE_THROWS_WITH(std::rethrow_exception(recorded.errors[1].error), "fold 2 failed");
        REQUIRE(std::isnan(recorded.scores()[2]));
        REQUIRE(recorded.failed() == 3);
        REQUIRE(recorded.mean() == 2);  // of folds 0 and 4
        REQUIRE(recorded.text() == "score 2.0000 +- 2.0000 (5 folds, 3 without a score)");
        try {
            (void)cross_validate(data.x, data.y, k_fold{}, fails_from(0, 4), {.error = error_score::record});  // K15
            FAIL("no error");
        } catch (const task_errors& all) {
            REQUIRE(all.errors().size() == 5);
            REQUIRE_THROWS_WITH(std::rethrow_exception(all.errors()[4].error), "fold 4 failed");
        }
        const auto nan = [](const rows_view&, const numbers&, const rows_view& vx, const numbers&) {
            return vx(0, 0) == 8 ? std::numeric_limits<double>::quiet_NaN() : 1.0;
        };
        REQUIRE_THROWS_WITH(cross_validate(data.x, data.y, k_fold{}, nan), "cross_validate: fold 2: score is nan");  // K13
        REQUIRE_THROWS_AS(cross_validate(data.x, data.y, k_fold{}, nan), score_error);
        REQUIRE(cross_validate(data.x, data.y, k_fold{}, nan, {.error = error_score::record}).mean() == 1);
    });
}

TEST_CASE("cross_validate: what a merged model throws is what fitting the fold throws", "[ml][validation][errors]") {
    table data = numbered(20);
    data.x(9, 1) = std::numeric_limits<double>::infinity();
    // In order, fold 0 is the first that learns from row 9, as row 9 - 4 of its training set.
    REQUIRE_THROWS_WITH(cross_validate(ridge(), data.x, data.y, k_fold{}, r2), "ridge.fit: X must be finite; row 5 column 1, got inf");
    const auto recorded =
        cross_validate(ridge(), data.x, data.y, std::vector<fold>{{{0, 1, 2}, {3}}, {{8, 9}, {4}}}, r2, {.error = error_score::record});
    REQUIRE(recorded.errors.size() == 1);
}

TEST_CASE("cross_validate: folds of one's own are checked", "[ml][validation][errors]") {
    const table data = numbered(10);
    const auto run = [&](std::vector<fold> folds) { return cross_validate(mean_model(), data.x, data.y, folds, r2); };
    const fold good{{0, 1, 2, 3}, {4, 5}};
    REQUIRE_NOTHROW(run({good}));
    REQUIRE_THROWS_WITH(run({good, good, {{1, 7}, {7, 2}}}), "cross_validate: fold 2: row 7 is in train and test");  // K18
    REQUIRE_THROWS_WITH(run({good, good, {{1}, {10}}}), "cross_validate: fold 2: row 10 of 10");                     // K19
    REQUIRE_THROWS_WITH(run({good, good, {{1}, {}}}), "cross_validate: fold 2: empty test set");                     // K20
    REQUIRE_THROWS_WITH(run({good, {{}, {1}}}), "cross_validate: fold 1: empty training set");
    REQUIRE_THROWS_WITH(run({}), "cross_validate: the number of folds must be >= 1, got 0");
    REQUIRE_THROWS_WITH(cross_validate(mean_model(), data.x, std::vector<double>(9), k_fold{}, r2),
                        "cross_validate: X has shape (10, 2), y has (9,)");  // K5
    REQUIRE_THROWS_WITH(cross_validate(mean_model(), view_of(data.x).slice(0, 0), std::vector<double>{}, k_fold{}, r2),
                        "cross_validate: X must have at least 1 row, got 0");  // K4
    std::vector<double> y = data.y;
    y[7] = std::nan("");
    REQUIRE_THROWS_WITH(cross_validate(mean_model(), data.x, y, k_fold{}, r2), "cross_validate: y row 7 is NaN");  // K12
    const std::vector<double> weights(3);
    REQUIRE_THROWS_WITH(cross_validate(mean_model(), data.x, data.y, k_fold{}, r2, {.weights = weights}),
                        "cross_validate: options.weights has shape (3,), y has (10,)");
    REQUIRE_THROWS_WITH(cross_validate(mean_model(), data.x, data.y, k_fold{}, r2, {.weights = std::vector<double>(10, 1.0)}),
                        "cross_validate: options.weights need an estimator with fit(x, y, weights)");
}

TEST_CASE("cross_validate: a stop is no score", "[ml][validation]") {
    const table data = numbered(20);
    std::stop_source stop;
    const auto stopping = [&](const rows_view&, const numbers&, const rows_view&, const numbers&) {
        stop.request_stop();
        return 1.0;
    };
    run_report report;
    REQUIRE_THROWS_AS(cross_validate(data.x, data.y, k_fold{}, stopping,
                                     {.error = error_score::record, .run = {.stop = stop.get_token(), .report = &report}}),
                      cancelled);  // K25
    REQUIRE(report.done < 5);
}

TEST_CASE("cross_validate: the usual folds and metrics", "[ml][validation]") {
    const auto& data = data_sets::load("iris");
    const std::vector<double> y = data.targets();
    REQUIRE(cross_validate(ridge(), data.x, y, {.folds = 7}).scores()
            == cross_validate(ridge(), data.x, y, k_fold{.folds = 7}, r2).scores());
    static_assert(is_classifier<mean_model, std::vector<int>>() && !is_classifier<mean_model, std::vector<double>>());
    static_assert(!is_classifier<ridge<>, std::vector<int>>());
}
