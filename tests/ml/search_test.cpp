// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/search/grid_search.hpp>
#include <xrayon/ml/search/random_search.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/metrics/agreement.hpp>
#include <xrayon/ml/metrics/ranking.hpp>
#include <xrayon/ml/metrics/regression_errors.hpp>
#include <xrayon/ml/models/k_nearest_neighbors.hpp>
#include <xrayon/ml/models/ridge_classifier.hpp>
#include <xrayon/ml/pipeline.hpp>
#include <xrayon/ml/preprocess/standard_scaler.hpp>
#include <xrayon/ml/train_test_split.hpp>

#include "data_sets.hpp"
#include "golden/search.hpp"

using namespace xrayon;
using namespace xrayon::ml;
using data_sets::matrix;
using rows_view = array_view<const double, 2>;
using numbers = std::span<const double>;

namespace {

struct params {
    double rate = 0.5;
    int width = 8;
    std::string name = "plain";
};

const matrix ten_rows = matrix::from_shape({10, 1});
const std::vector<double> ten_numbers(10, 1.0);

/// Searches a grid of n candidates on a hold-out by a function of the candidate's index.
template <class F>
auto search_indices(int n, const F& score, const search_options& options = {}) {
    std::vector<int> widths;
    for (int i = 0; i < n; ++i) {
        widths.push_back(i);
    }
    return grid_search(
        grid(params{}, axis("width", &params::width, widths)), ten_rows, ten_numbers, k_fold{.folds = 2},
        [&](const params& p, const rows_view&, const numbers&, const rows_view&, const numbers&) { return score(p.width); }, options);
}

const double nan_value = std::numeric_limits<double>::quiet_NaN();
const double infinity = std::numeric_limits<double>::infinity();

const auto make_classifier = [](const ridge_classifier_options& o) { return ridge_classifier<>(o); };

} // namespace

TEST_CASE("grid: all combinations, the last axis fastest", "[ml][search]") {
    const grid space(params{.rate = 9}, axis("width", &params::width, {1, 2}), axis("name", &params::name, {"a", "b", "c"}));
    REQUIRE(space.size() == 6);
    REQUIRE(space[0].width == 1);
    REQUIRE(space[0].name == "a");
    REQUIRE(space[4].width == 2);
    REQUIRE(space[4].name == "b");
    REQUIRE(space[4].rate == 9);
    REQUIRE(space.names() == std::vector<std::string>{"width", "name"});
    REQUIRE(space.texts(5) == std::vector<std::string>{"2", "c"});
    REQUIRE(grid(params{}).size() == 1);
    static_assert(parameter_space<grid<params>> && parameter_space<random_candidates<params>>);

    REQUIRE_THROWS_WITH(grid(params{}, axis("rate", &params::rate, std::vector<double>{})), "grid: \"rate\" has 0 values");  // S2
    REQUIRE_THROWS_WITH(grid(params{}, axis("rate", &params::rate, {1.0}), axis("rate", &params::width, {1})),
                        "grid: \"rate\" given twice");  // S4
    REQUIRE_THROWS_WITH(grid(params{}, axis("rate", &params::rate, {1.0}), axis("other", &params::rate, {2.0})),
                        "grid: \"other\" given twice");
    struct five {
        int a = 0, b = 0, c = 0, d = 0, e = 0;
    };
    const std::vector<int> many(1 << 16);
    REQUIRE_THROWS_WITH(grid(five{}, axis("a", &five::a, many), axis("b", &five::b, many), axis("c", &five::c, many),
                             axis("d", &five::d, many), axis("e", &five::e, many)),
                        "grid: candidate count overflows");  // S3
}

TEST_CASE("random_candidates: drawn by their index, so the first n are the same however many there are", "[ml][search]") {
    const auto space = [](std::size_t count, std::uint64_t seed) {
        return random_candidates(count, seed, params{}, draw("rate", &params::rate, log_uniform{1e-3, 10}),
                                 draw("width", &params::width, integer_between{2, 5}),
                                 draw("name", &params::name, one_of<std::string>{{"x", "y"}}));
    };
    const auto few = space(5, 1);
    const auto many = space(2000, 1);
    std::size_t low = 0;
    std::set<int> widths;
    std::set<std::string> names;
    for (std::size_t i = 0; i < many.size(); ++i) {
        if (i < few.size()) {
            REQUIRE(few[i].rate == many[i].rate);
            REQUIRE(few.texts(i) == many.texts(i));
        }
        REQUIRE((many[i].rate >= 1e-3 && many[i].rate <= 10));
        low += many[i].rate < 0.1 ? 1 : 0;  // half of the decades
        widths.insert(many[i].width);
        names.insert(many[i].name);
    }
    REQUIRE(low > 900);
    REQUIRE(low < 1100);
    REQUIRE(widths == std::set<int>{2, 3, 4, 5});
    REQUIRE(names.size() == 2);
    REQUIRE(space(1, 2)[0].rate != few[0].rate);
    REQUIRE_THROWS_WITH(space(0, 1), "random_candidates: count must be >= 1, got 0");
    REQUIRE_THROWS_WITH(random_candidates(1, 1, params{}, draw("rate", &params::rate, log_uniform{0, 1})),
                        "log_uniform: bounds must be 0 < lo <= hi, and hi / lo finite; lo, got 0");
    REQUIRE_THROWS_WITH(
        random_candidates(1, 1, params{}, draw("a", &params::rate, uniform_between{0, 1}), draw("b", &params::rate, uniform_between{0, 1})),
        "random_candidates: \"b\" given twice");
}

TEST_CASE("grid_search: scikit-learn's GridSearchCV, means, deviations, ranks and winner", "[ml][search]") {
    const auto& data = data_sets::load("breast_cancer");
    std::vector<double> alphas;
    for (const auto& row : golden::search_rows) {
        alphas.push_back(row.alpha);
    }
    const grid space(ridge_classifier_options{}, axis("alpha", &ridge_classifier_options::alpha, alphas));
    for (const fold_algebra algebra : {fold_algebra::automatic, fold_algebra::off}) {
        const auto found =
            grid_search(make_classifier, space, data.x, data.y, stratified_k_fold{.folds = 5}, scores(accuracy), {.algebra = algebra});
        const auto ranks = found.ranks();
        for (std::size_t c = 0; c < alphas.size(); ++c) {
            CAPTURE(c);
            CHECK(std::abs(found.mean(c) - golden::search_rows[c].mean) < 1e-12);
            CHECK(std::abs(found.stddev(c) - golden::search_rows[c].stddev) < 1e-12);
            CHECK(ranks[c] == golden::search_rows[c].rank);
            CHECK(found.roads[c][0] == (algebra == fold_algebra::off ? fold_road::fitted : fold_road::merged));
        }
        REQUIRE(found.best_index() == golden::search_best);
        REQUIRE(found.complete);
        REQUIRE(found.finished == 5 * alphas.size());
        ridge_classifier<> best({.alpha = found.best_params().alpha});
        best.fit(data.x, data.y);
        REQUIRE((found.model->predict(data.x) == best.predict(data.x)));
    }
}

TEST_CASE("grid_search: one table at every thread count, for every road", "[ml][search]") {
    const auto& data = data_sets::load("iris");
    const random_candidates ridges(9, 4, ridge_classifier_options{},
                                   draw("alpha", &ridge_classifier_options::alpha, log_uniform{1e-4, 1e3}),
                                   draw("intercept", &ridge_classifier_options::intercept, one_of<bool>{{false, true}}));
    const grid ks(k_nearest_neighbors_options{}, axis("k", &k_nearest_neighbors_options::k, {1, 2, 3, 5, 8, 13, 21, 119}));
    const auto piped = [](const ridge_classifier_options& o) { return standard_scaler() | ridge_classifier<>(o); };
    const auto neighbours = [](const k_nearest_neighbors_options& o) { return k_nearest_neighbors<>(o); };
    const k_fold folds{.folds = 5, .shuffle = true, .seed = 9};
    std::set<std::string> merged;
    std::set<std::string> fitted;
    std::set<std::string> paths;
    std::set<std::string> single;
    const std::vector<double> costs{1, 5, 2, 9, 4, 4, 8, 1, 3};
    for (const std::size_t threads : test::thread_counts) {
        const test::random_delays delays(threads);
        pool workers(threads);
        workers.install([&] {
            merged.insert(grid_search(make_classifier, ridges, data.x, data.y, folds, scores(accuracy)).csv());
            merged.insert(random_search(make_classifier, ridges, data.x, data.y, folds, accuracy).csv());
            fitted.insert(grid_search(piped, ridges, data.x, data.y, folds, scores(accuracy), {.costs = costs}).csv());
            paths.insert(grid_search(neighbours, ks, data.x, data.y, folds, scores(accuracy)).csv());
            single.insert(grid_search(neighbours, ks, data.x, data.y, folds, scores(accuracy), {.algebra = fold_algebra::off}).csv());
        });
    }
    REQUIRE(merged.size() == 1);
    REQUIRE(fitted.size() == 1);
    REQUIRE(paths.size() == 1);
    REQUIRE(paths == single);
    // A k that is more than the rows of a training set fails as it does alone.
    const grid too_many(k_nearest_neighbors_options{}, axis("k", &k_nearest_neighbors_options::k, {1, 121, 2}));
    const auto recorded = grid_search(neighbours, too_many, data.x, data.y, folds, scores(accuracy), {.error = error_score::record});
    REQUIRE(recorded.errors.size() == 5);
    REQUIRE(recorded.errors[0].candidate == 1);
    REQUIRE(recorded.ranks()[1] == 3);
}

TEST_CASE("search_result: NaN is never best, ties go to the lower index", "[ml][search]") {
    const auto s6 = search_indices(4, [](int i) { return i == 0 ? nan_value : i == 3 ? 0.5 : 0.7; });
    REQUIRE(s6.best_index() == 1);  // S6, S9
    REQUIRE(s6.ranks() == std::vector<std::size_t>{4, 1, 1, 3});
    REQUIRE(s6.order() == std::vector<std::size_t>{1, 2, 3, 0});
    const auto s7 = search_indices(9, [](int) { return nan_value; });
    REQUIRE_THROWS_WITH(s7.best_index(), "best: all 9 scores are NaN");  // S7
    REQUIRE(search_indices(3, [](int i) { return i == 1 ? infinity : static_cast<double>(i); }).best_index()
            == 2);                                                                                    // S8: infinities rank last
    REQUIRE(search_indices(2, [](int i) { return i == 0 ? -0.0 : 0.0; }).best_index() == 0);          // S10
    REQUIRE(search_indices(2, [](int i) { return i == 1; }).best_score() == 1);                       // S22: bool
    REQUIRE(search_indices(3, [](int i) { return i; }).best_index() == 2);                            // S22: int
    REQUIRE(search_indices(3, [](int i) { return static_cast<float>(i) / 4; }).best_score() == 0.5);  // S22: float
}

TEST_CASE("grid_search: duplicates are both tried, no candidates are an error", "[ml][search]") {
    const std::vector<int> same{5, 5};
    const auto found =
        grid_search(grid(params{}, axis("width", &params::width, same)), ten_rows, ten_numbers, std::vector{train_test_split(10)},
                    [](const params& p, const rows_view&, const numbers&, const rows_view&, const numbers&) { return p.width; });
    REQUIRE(found.mean(0) == 5);  // S5
    REQUIRE(found.mean(1) == 5);
    struct nothing {
        [[nodiscard]] static std::size_t size() { return 0; }
        params operator[](std::size_t) const { return {}; }
        [[nodiscard]] static std::vector<std::string> names() { return {}; }
        [[nodiscard]] static std::vector<std::string> texts(std::size_t) { return {}; }
    };
    REQUIRE_THROWS_WITH(grid_search(nothing{}, ten_rows, ten_numbers, k_fold{},
                                    [](const params&, const rows_view&, const numbers&, const rows_view&, const numbers&) { return 1; }),
                        "grid_search: 0 candidates");  // S1
    const std::vector<double> costs(3);
    REQUIRE_THROWS_WITH(search_indices(2, [](int) { return 1; }, {.costs = costs}),
                        "grid_search: options.costs has shape (3,), the candidates has (2,)");
}

TEST_CASE("grid_search: the lowest failing candidate's exception, or all recorded", "[ml][search][errors]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const auto fails = [](int i) -> double {
        if (i == 7 || i == 9) {
            throw std::runtime_error("candidate " + std::to_string(i));
        }
        return i;
    };
    pool workers(threads);
    workers.install([&] {
        run_report report;
        REQUIRE_THROWS_WITH(search_indices(20, fails, {.run = {.report = &report}}), "candidate 7");  // S12
        REQUIRE(report.failed == std::size_t{14});
        const auto found = search_indices(20, fails, {.error = error_score::record});  // S13
        REQUIRE(found.errors.size() == 4);
        REQUIRE(found.errors[2].candidate == 9);
        REQUIRE(found.errors[2].fold == 0);
        REQUIRE_THROWS_WITH(std::rethrow_exception(found.errors[0].error), "candidate 7");
        REQUIRE(found.best_index() == 19);
        REQUIRE(found.ranks()[7] == 19);
    });
}

TEST_CASE("grid_search: a deadline gives what is there, and says that it is not all", "[ml][search]") {
    const auto slow = [](int i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(i < 2 ? 0 : 40));
        return i;
    };
    const auto found = pool(1).install([&] { return search_indices(200, slow, {.run = {.deadline = std::chrono::milliseconds(200)}}); });
    REQUIRE_FALSE(found.complete);
    REQUIRE(found.finished < 400);
    REQUIRE(found.text().starts_with("incomplete: " + to_text(found.finished) + " of 400 fits\n"));
    std::stop_source stop;
    stop.request_stop();
    REQUIRE_THROWS_AS(search_indices(5, slow, {.run = {.stop = stop.get_token()}}), cancelled);
}

TEST_CASE("search_result: CSV and JSON", "[ml][search]") {
    const grid space(params{}, axis("name", &params::name, {"plain", "with, comma", "with \"quote\""}));
    const auto found = grid_search(space, ten_rows, ten_numbers, k_fold{.folds = 2},
                                   [](const params& p, const rows_view&, const numbers&, const rows_view&, const numbers&) {
                                       return p.name.size() == 5 ? nan_value : static_cast<double>(p.name.size()) / 4;
                                   });
    REQUIRE(found.csv()
            == "candidate,param_name,rank_score,mean_score,std_score,split0_score,split1_score\n"
               "0,plain,3,nan,nan,nan,nan\n"
               "1,\"with, comma\",2,2.75,0,2.75,2.75\n"
               "2,\"with \"\"quote\"\"\",1,3,0,3,3\n");
    REQUIRE_THAT(found.json(), test::contains("\"name\": \"with \\\"quote\\\"\""));
    REQUIRE_THAT(found.json(), test::contains("\"mean\": 2.75"));
    REQUIRE(found.times_csv().starts_with("candidate,fold,fit,score\n0,0,"));
    REQUIRE(found.text(1) == "1. score 3.0000 +- 0.0000  name with \"quote\"\n");
}

TEST_CASE("random_candidates: bounds that the parameter's type does not hold are refused", "[ml][search][errors]") {
    enum class level : std::uint8_t { low, high };
    struct narrow {
        std::uint8_t byte = 0;
        unsigned count = 0;
        float rate = 0;
        bool flag = false;
        level at = level::low;
        std::int64_t wide = 0;
        double real = 0;
    };
    const auto make = [](const auto& axis) { return random_candidates(50, 3, narrow{}, axis); };
    REQUIRE_THROWS_WITH(make(draw("byte", &narrow::byte, integer_between{0, 300})),
                        "random_candidates: the bounds of \"byte\" must fit its type, got 300");
    REQUIRE_THROWS_WITH(make(draw("count", &narrow::count, integer_between{-1, 3})),
                        "random_candidates: the bounds of \"count\" must fit its type, got -1");
    REQUIRE_THROWS_AS(make(draw("count", &narrow::count, integer_between{-1, 3})), argument_error);
    REQUIRE_THROWS_WITH(make(draw("flag", &narrow::flag, integer_between{0, 2})),
                        "random_candidates: the bounds of \"flag\" must fit its type, got 2");
    REQUIRE_THROWS_WITH(make(draw("at", &narrow::at, integer_between{0, 256})),
                        "random_candidates: the bounds of \"at\" must fit its type, got 256");
    REQUIRE_THROWS_WITH(make(draw("byte", &narrow::byte, uniform_between{-2, 4})),
                        "random_candidates: the bounds of \"byte\" must fit its type, got -2");
    REQUIRE_THROWS_WITH(make(draw("wide", &narrow::wide, uniform_between{0, 1e19})),
                        test::contains("random_candidates: the bounds of \"wide\" must fit its type"));
    REQUIRE_THROWS_WITH(make(draw("rate", &narrow::rate, uniform_between{-1e39, 0})),
                        "random_candidates: the bounds of \"rate\" must fit its type, got -1e+39");
    REQUIRE_THROWS_WITH(make(draw("rate", &narrow::rate, log_uniform{1, 1e39})),
                        "random_candidates: the bounds of \"rate\" must fit its type, got 1e+39");
    REQUIRE_THROWS_WITH(make(draw("byte", &narrow::byte, one_of<int>{{256}})),
                        "random_candidates: what is drawn for \"byte\" must fit its type, got 256");
    // What fits, to the last number.
    const auto bytes = make(draw("byte", &narrow::byte, uniform_between{255, 256}));
    const auto wide = make(
        draw("wide", &narrow::wide, integer_between{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}));
    const auto flags = make(draw("flag", &narrow::flag, integer_between{0, 1}));
    const auto levels = make(draw("at", &narrow::at, integer_between{0, 1}));
    const auto reals = make(draw("real", &narrow::real, integer_between{5, 5}));
    std::set<bool> both;
    std::set<std::int64_t> different;
    for (std::size_t i = 0; i < 50; ++i) {
        REQUIRE(bytes[i].byte == 255);
        REQUIRE((levels[i].at == level::low || levels[i].at == level::high));
        REQUIRE(reals[i].real == 5);
        both.insert(flags[i].flag);
        different.insert(wide[i].wide);
    }
    REQUIRE(both.size() == 2);
    REQUIRE(different.size() == 50);
    // What a distribution itself refuses, it still does.
    REQUIRE_THROWS_WITH(make(draw("byte", &narrow::byte, integer_between{300, 200})), test::contains("draw_integer"));
}

TEST_CASE("search_result: two metrics of a kind stand apart, and a comma in a name is quoted", "[ml][search]") {
    const auto& data = data_sets::load("iris");
    const grid space(ridge_classifier_options{}, axis("alpha", &ridge_classifier_options::alpha, {0.1, 10.0, 1000.0}));
    const auto found = grid_search(make_classifier, space, data.x, data.y, stratified_k_fold{.folds = 3},
                                   scores(cohen_kappa, cohen_kappa_metric{.weights = kappa_weights::linear}));
    REQUIRE(found.metrics == std::vector<std::string>{"cohen_kappa", "cohen_kappa(weights=linear)"});
    REQUIRE(found.csv().starts_with(
        "candidate,param_alpha,rank_cohen_kappa,mean_cohen_kappa,std_cohen_kappa,split0_cohen_kappa,split1_cohen_kappa,split2_cohen_kappa,"
        "rank_cohen_kappa(weights=linear),mean_cohen_kappa(weights=linear),"));
    const std::string json = found.json();
    for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t m = 0; m < 2; ++m) {
            REQUIRE_THAT(json, test::contains("\"" + found.metrics[m] + "\": {\n        \"rank\": " + to_text(found.ranks(m)[c])
                                              + ",\n        \"mean\": " + to_text(found.mean(c, m))));
        }
    }
    auto named = found;
    named.metrics[1] = roc_auc_metric{.average = averaging::weighted, .several = multi_class::one_versus_one}.name();
    REQUIRE_THAT(named.csv(), test::contains(",\"rank_roc_auc(average=weighted, several=one_versus_one)\",\"mean_roc_auc(average=weighted, "
                                             "several=one_versus_one)\","));
}
