// SPDX-License-Identifier: Apache-2.0
// Searches and cross-validation where something is amiss: killed between two candidates that share their work, models that throw, rows that
// come twice, disks that are full, deadlines of somebody else.
#include <xrayon/ml/search/grid_search.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/models/gaussian_naive_bayes.hpp>
#include <xrayon/ml/models/k_nearest_neighbors.hpp>
#include <xrayon/ml/models/nearest_centroid.hpp>
#include <xrayon/ml/models/ridge.hpp>
#include <xrayon/ml/models/ridge_classifier.hpp>
#include <xrayon/ml/search/halving_search.hpp>
#include <xrayon/ml/search/nested_cross_validate.hpp>
#include <xrayon/ml/validation/cross_val_predict.hpp>

#include "data_sets.hpp"

using namespace xrayon;
using namespace xrayon::ml;
using rows_view = array_view<const double, 2>;
using labels_view = std::span<const int>;

namespace {

const auto to_ridge = [](const ridge_classifier_options& o) { return ridge_classifier(o); };
const auto to_neighbours = [](const k_nearest_neighbors_options& o) { return k_nearest_neighbors(o); };

std::string bytes_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The journal of a whole search, cut behind each of its records: every resumed search ends with the same table.
template <class Make, class Space>
void resumes_behind_each_record(const Make& make, const Space& space) {
    const auto& data = data_sets::load("iris");
    const test::fixture_root root;
    search_options options;
    options.journal = {.path = root.path() + "/whole", .key = "test"};
    const auto folds = stratified_k_fold{.folds = 3};
    const auto whole = grid_search(make, space, data.x, data.y, folds, accuracy, options);
    REQUIRE(whole.complete);
    const std::string text = bytes_of(options.journal.path);
    std::size_t records = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', end + 1), ++records) {
        options.journal.path = root.path() + "/cut" + to_text(records);
        std::ofstream(options.journal.path, std::ios::binary) << text.substr(0, end + 1);
        const auto resumed =
            pool(1 + records % 3).install([&] { return grid_search(make, space, data.x, data.y, folds, accuracy, options); });
        REQUIRE(resumed.complete);
        REQUIRE(resumed.csv() == whole.csv());
        REQUIRE(resumed.roads == whole.roads);
    }
    REQUIRE(records == whole.candidates.size() * 3 + 1);
}

/// Learns the mean from sums; `trouble` says what becomes of solving and of fitting.
struct troubled {
    int number = 0;
    bool solves = true;
    bool fits = true;
    double mean = 0;

    struct statistics_type {
        double sum = 0;
        double rows = 0;
    };
    template <class X, class Y>
    troubled& fit(const X& x, const Y& y) {
        if (!fits) {
            throw std::domain_error("fit " + to_text(number));
        }
        return *this = *troubled{number, true, true, 0}.solve(statistics(x, y));
    }
    template <class X, class Y>
    [[nodiscard]] statistics_type statistics(const X&, const Y& y) const {
        statistics_type out;
        for (const auto v : y) {
            out.sum += static_cast<double>(v);
            out.rows += 1;
        }
        return out;
    }
    static void merge(statistics_type& a, const statistics_type& b) {
        a.sum += b.sum;
        a.rows += b.rows;
    }
    [[nodiscard]] std::optional<troubled> solve(const statistics_type& s) const {
        if (!solves) {
            throw std::length_error("solve " + to_text(number));
        }
        troubled out(*this);
        out.mean = s.sum / s.rows;
        return out;
    }
    [[nodiscard]] bool shares_statistics(const troubled&) const { return true; }
    template <class X>
    [[nodiscard]] std::vector<double> predict(const X& x) const {
        return std::vector<double>(x.shape(0), mean);
    }
};

struct numbered {
    int number = 0;
};

} // namespace

TEST_CASE("search: goes on behind any record, also between candidates that share their work", "[ml][search]") {
    resumes_behind_each_record(to_ridge,
                               grid(ridge_classifier_options{}, axis("alpha", &ridge_classifier_options::alpha, {0.1, 1.0, 10.0})));
    resumes_behind_each_record(to_neighbours, grid(k_nearest_neighbors_options{}, axis("k", &k_nearest_neighbors_options::k, {1, 4, 7})));
}

TEST_CASE("search: a candidate that failed is tried again when the search goes on", "[ml][search]") {
    const auto& data = data_sets::load("iris");
    const test::fixture_root root;
    const auto space = grid(k_nearest_neighbors_options{}, axis("k", &k_nearest_neighbors_options::k, {3, 101, 5}));
    search_options options{.error = error_score::record};
    options.journal = {.path = root.path() + "/j", .key = "test"};
    for (int time = 0; time < 3; ++time) {
        const auto found = grid_search(to_neighbours, space, data.x, data.y, k_fold{.folds = 3}, accuracy, options);
        REQUIRE(found.complete);
        REQUIRE(found.errors.size() == 3);
        REQUIRE(found.errors[0].candidate == 1);
    }
}

TEST_CASE("search: what a group of candidates throws is what the plain loop throws, at every thread count", "[ml][search][errors]") {
    const auto& data = data_sets::load("iris");
    const auto space = grid(numbered{}, axis("number", &numbered::number, {0, 1, 2, 3, 4, 5}));
    const auto folds = k_fold{.folds = 4};
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            // Nobody can be solved from sums: all are fitted on their rows, and 2 and 4 cannot be.
            const auto make = [](const numbered& n) { return troubled{n.number, false, n.number != 2 && n.number != 4}; };
            run_report report;
            search_options options;
            options.run.report = &report;
            REQUIRE_THROWS_WITH(grid_search(make, space, data.x, data.y, folds, r2, options), "fit 2");
            REQUIRE(report.failed == 8u);
            REQUIRE(report.total == 24u);
            options.run.error = on_error::wrap;
            REQUIRE_THROWS_AS(grid_search(make, space, data.x, data.y, folds, r2, options), task_error);
            options.run.error = on_error::collect;
            try {
                (void)grid_search(make, space, data.x, data.y, folds, r2, options);
                REQUIRE(false);
            } catch (const task_errors& all) {
                REQUIRE(all.errors().size() == 8);
            }
            options.run = {};
            options.error = error_score::record;
            const auto found = grid_search(make, space, data.x, data.y, folds, r2, options);
            REQUIRE(found.errors.size() == 8);
            REQUIRE(found.complete);
            // Only one cannot be solved, and it cannot be fitted either.
            const auto one = [](const numbered& n) { return troubled{n.number, n.number != 3, n.number != 3}; };
            REQUIRE_THROWS_WITH(grid_search(one, space, data.x, data.y, folds, r2), "fit 3");
            // The others are solved from sums all the same.
            const auto kept = grid_search(one, space, data.x, data.y, folds, r2, {.error = error_score::record});
            REQUIRE(kept.errors.size() == 4);
            REQUIRE(kept.roads[2] == std::vector(4, fold_road::merged));
            REQUIRE(kept.roads[3] == std::vector(4, fold_road::fitted));
        });
    }
}

TEST_CASE("search: a journal that cannot be written says why, and can be gone on with", "[ml][search][errors]") {
    const auto& data = data_sets::load("iris");
    const test::fixture_root root;
    const auto space = grid(ridge_classifier_options{}, axis("alpha", &ridge_classifier_options::alpha, {0.1, 1.0, 10.0}));
    search_options options;
    options.journal = {.path = root.path() + "/j", .key = "test"};
    const auto folds = k_fold{.folds = 3};
    struct ::rlimit before {};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const auto old = std::signal(SIGXFSZ, SIG_IGN);
    for (const std::size_t threads : test::thread_counts) {
        struct ::rlimit small = before;
        small.rlim_cur = 400;
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
        std::optional<int> code;
        try {
            pool(threads).install([&] { (void)grid_search(to_ridge, space, data.x, data.y, folds, accuracy, options); });
        } catch (const io_error& error) {
            code = error.code().value();
        }
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
        REQUIRE(code == EFBIG);
    }
    struct ::rlimit small = before;
    small.rlim_cur = 400;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    options.journal.optional = true;
    const auto without = grid_search(to_ridge, space, data.x, data.y, folds, accuracy, options);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    REQUIRE(without.complete);
    REQUIRE_THAT(without.journal_failure, Catch::Contains("journal: write"));
    options.journal.optional = false;
    std::signal(SIGXFSZ, old);
    const auto resumed = grid_search(to_ridge, space, data.x, data.y, folds, accuracy, options);
    REQUIRE(resumed.journal_failure.empty());
    REQUIRE(resumed.csv() == without.csv());
    options.journal = {};
    REQUIRE(resumed.csv() == grid_search(to_ridge, space, data.x, data.y, folds, accuracy, options).csv());
}

TEST_CASE("search: somebody else's deadline is a failure like any other", "[ml][search][errors]") {
    const auto& data = data_sets::load("iris");
    struct hurried {
        int number = 0;
        hurried& fit(const rows_view&, const labels_view&) {
            if (number == 1) {
                for_each_index(1000, [](std::size_t) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); },
                               {.grain = 1, .run = {.deadline = std::chrono::milliseconds(2)}});
            }
            return *this;
        }
        [[nodiscard]] std::vector<int> predict(const rows_view& x) const { return std::vector<int>(x.shape(0), 1); }
    };
    const auto make = [](const numbered& n) { return hurried{n.number}; };
    const auto space = grid(numbered{}, axis("number", &numbered::number, {0, 1, 2}));
    search_options options;
    options.run.deadline = std::chrono::hours(1);
    REQUIRE_THROWS_AS(grid_search(make, space, data.x, data.y, k_fold{.folds = 2}, accuracy, options), cancelled);
    options.error = error_score::record;
    const auto found = grid_search(make, space, data.x, data.y, k_fold{.folds = 2}, accuracy, options);
    REQUIRE(found.complete);
    REQUIRE(found.errors.size() == 2);
    // Its own one is not.
    options.run.deadline = std::chrono::nanoseconds(1);
    const auto late = grid_search(make, space, data.x, data.y, k_fold{.folds = 2}, accuracy, options);
    REQUIRE(!late.complete);
    REQUIRE(late.errors.empty());
}

TEST_CASE("search: bad options are said at once", "[ml][search][errors]") {
    const auto& data = data_sets::load("iris");
    const auto space = grid(ridge_classifier_options{}, axis("alpha", &ridge_classifier_options::alpha, {0.1, 1.0}));
    const auto folds = k_fold{.folds = 3};
    const std::vector<double> costs{1, std::numeric_limits<double>::quiet_NaN()};
    search_options options;
    options.costs = costs;
    REQUIRE_THROWS_WITH(grid_search(to_ridge, space, data.x, data.y, folds, accuracy, options),
                        "grid_search: options.costs must not be NaN");
    options.costs = {};
    options.journal.path = "anywhere";
    REQUIRE_THROWS_WITH(grid_search(to_ridge, space, data.x, data.y, folds, accuracy, options),
                        Catch::Contains("grid_search: options.journal.key must say what the search is about"));
    options.journal = {};
    options.reject_hopeless = true;
    REQUIRE_THROWS_WITH(grid_search(to_ridge, space, data.x, data.y, folds, r2, options),
                        "grid_search: options.reject_hopeless needs a first metric that is bounded on both sides");
    REQUIRE_THROWS_WITH(halving_search(to_ridge, space, data.x, data.y, folds, scores(accuracy), {.search = options}),
                        Catch::Contains("halving_search: options.search.reject_hopeless must be false"));
    const auto rejecting = grid_search(to_ridge, space, data.x, data.y, folds, accuracy, options);
    REQUIRE(rejecting.rejected.empty());  // they share their work
}

TEST_CASE("search: reject_hopeless changes neither the winner nor the rows of those that stay", "[ml][search]") {
    // Row i is i, its label i % 2. Candidate n has n of ten labels wrong; 5 has eight of ten wrong on the first fold and none elsewhere: it
    // wins with 0.84, after it had been the third.
    xt::xtensor<double, 2> x = xt::zeros<double>({50, 1});
    std::vector<int> y;
    for (std::size_t i = 0; i < 50; ++i) {
        x(i, 0) = static_cast<double>(i);
        y.push_back(static_cast<int>(i % 2));
    }
    struct wrong_at_times {
        int number;
        bool first = false;
        wrong_at_times& fit(const rows_view& rows, const labels_view&) {
            first = rows(0, 0) != 0;
            return *this;
        }
        [[nodiscard]] std::vector<int> predict(const rows_view& rows) const {
            const int wrong = number != 5 ? number : first ? 8 : 0;
            std::vector<int> out;
            for (std::size_t i = 0; i < rows.shape(0); ++i) {
                const int row = static_cast<int>(rows(i, 0));
                out.push_back(row % 10 < wrong ? 1 - row % 2 : row % 2);
            }
            return out;
        }
    };
    const auto make = [](const numbered& n) { return wrong_at_times{n.number}; };
    const auto space = grid(numbered{}, axis("number", &numbered::number, {9, 2, 5, 2, 10, 8}));
    const auto folds = k_fold{.folds = 5};
    const auto whole = grid_search(make, space, x, y, folds, accuracy);
    REQUIRE(whole.best_index() == 2);
    for (const std::size_t threads : test::thread_counts) {
        const auto found =
            pool(threads).install([&] { return grid_search(make, space, x, y, folds, accuracy, {.reject_hopeless = true}); });
        REQUIRE(found.complete);
        REQUIRE(found.best_index() == 2);
        REQUIRE(found.best_score() == whole.best_score());
        // After three folds the second has 2.4 at least, the first can have 0.3 + 2, and the last two 2 and 0.6 + 2; after four 3.2, and 0.8 + 1.
        REQUIRE(found.rejected == std::vector<std::size_t>{0, 4, 5});
        for (std::size_t c = 0; c < whole.candidates.size(); ++c) {
            const std::size_t tried = c == 0 || c == 4 ? 3 : c == 5 ? 4 : 5;
            for (std::size_t f = 0; f < 5; ++f) {
                const double score = found.test_scores[0][c][f];
                REQUIRE((f < tried ? score == whole.test_scores[0][c][f] : std::isnan(score)));
            }
        }
    }
}

TEST_CASE("cross_validate: a row that comes twice is learnt from twice, and one that was left out is not", "[ml][validation]") {
    const auto& data = data_sets::load("iris");
    std::vector<double> y;
    for (std::size_t i = 0; i < 150; ++i) {
        y.push_back(data.x(i, 3) + 0.01 * static_cast<double>(i));
    }
    std::vector<fold> folds(2);
    for (std::size_t i = 0; i < 75; ++i) {
        folds[0].train.push_back(i < 70 ? i : i - 70);  // 0 ... 4 twice, 70 ... 74 not at all
        folds[0].test.push_back(75 + i);
        folds[1].train.push_back(75 + i);
        folds[1].test.push_back(i);
    }
    const auto shared = cross_validate(ridge(), data.x, y, folds, mean_squared_error);
    const auto plain = cross_validate(ridge(), data.x, y, folds, mean_squared_error, {.algebra = fold_algebra::off});
    REQUIRE(std::abs(shared.test_scores[0][0] - plain.test_scores[0][0]) < 1e-12);
    REQUIRE(shared.roads[0] == fold_road::fitted);
}

TEST_CASE("cross_val_predict: bools, and predictions that are too short", "[ml][validation]") {
    struct large {
        std::size_t less = 0;
        large& fit(const rows_view&, const labels_view&) { return *this; }
        [[nodiscard]] std::vector<bool> predict(const rows_view& x) const {
            std::vector<bool> out;
            for (std::size_t i = 0; i + less < x.shape(0); ++i) {
                out.push_back(x(i, 0) > 5);
            }
            return out;
        }
    };
    const auto& data = data_sets::load("iris");
    pool(8).install([&] {
        for (int time = 0; time < 20; ++time) {
            const std::vector<int> all = cross_val_predict(large{}, data.x, data.y, k_fold{.folds = 50, .shuffle = true, .seed = 1});
            for (std::size_t i = 0; i < 150; ++i) {
                REQUIRE(all[i] == (data.x(i, 0) > 5 ? 1 : 0));
            }
        }
    });
    REQUIRE_THROWS_AS(cross_val_predict(large{1}, data.x, data.y, k_fold{.folds = 5}), shape_error);
}

TEST_CASE("models: a constant column has no say, whatever its mean", "[ml][models]") {
    // y = 2 x + 1, beside a column of 0.1, which no binary number is.
    xt::xtensor<double, 2> x = xt::zeros<double>({600, 2});
    std::vector<double> y(600);
    std::vector<int> side(600);
    for (std::size_t i = 0; i < 600; ++i) {
        x(i, 0) = 0.1;
        x(i, 1) = std::sin(static_cast<double>(i));
        y[i] = 2 * x(i, 1) + 1;
        side[i] = x(i, 1) > 0.2;
    }
    for (const double alpha : {0.0, 1e-12, 1e-9}) {
        const ridge model = ridge({.alpha = alpha}).fit(x, y);
        CHECK(std::abs(model.coefficients()[0]) < 1e-6);
        CHECK(std::abs(model.coefficients()[1] - 2) < 1e-6);
        CHECK(std::abs(model.intercept() - 1) < 1e-6);
    }
    const auto scores = cross_validate(ridge({.alpha = 0}), x, y, k_fold{.folds = 4}, r2);
    for (const double score : scores.test_scores[0]) {
        CHECK(score > 1 - 1e-12);
    }
    const ridge_classifier classifier = ridge_classifier({.alpha = 0}).fit(x, side);
    CHECK(classifier.coefficients()[0] == 0);
}

TEST_CASE("models: a class whose rows weigh nothing is not known", "[ml][models]") {
    const xt::xtensor<double, 2> x{{0.0}, {1.0}, {10.0}, {12.0}, {20.0}, {21.0}};
    const std::vector<int> y{0, 0, 1, 1, 2, 2};
    const std::vector<double> weights{0, 0, 1, 1, 2, 2};
    const xt::xtensor<double, 2> near{{0.5}};
    REQUIRE(nearest_centroid().fit(x, y, weights).predict(near)(0) == 1);
    const gaussian_naive_bayes bayes = gaussian_naive_bayes().fit(x, y, weights);
    REQUIRE(bayes.classes() == std::vector<int>{1, 2});
    REQUIRE(bayes.predict(near)(0) == 1);
    REQUIRE(ridge_classifier().fit(x, y, weights).predict(near)(0) == 1);
    // A row of weight 2 is two rows.
    const xt::xtensor<double, 2> twice{{10.0}, {12.0}, {20.0}, {20.0}, {21.0}, {21.0}};
    const ridge_classifier a = ridge_classifier().fit(x, y, weights);
    const ridge_classifier b = ridge_classifier().fit(twice, std::vector<int>{1, 1, 2, 2, 2, 2});
    REQUIRE(std::abs(a.coefficients()[0] - b.coefficients()[0]) < 1e-12);
    REQUIRE(std::abs(a.intercepts()[0] - b.intercepts()[0]) < 1e-12);
}

TEST_CASE("nested_cross_validate: weights are those of each fold's rows", "[ml][search]") {
    const auto& data = data_sets::load("breast_cancer");
    std::vector<double> weights;
    for (std::size_t i = 0; i < data.y.size(); ++i) {
        weights.push_back(1 + static_cast<double>(i % 3));
    }
    const auto space = grid(ridge_classifier_options{}, axis("alpha", &ridge_classifier_options::alpha, {0.1, 10.0}));
    const auto inner = stratified_k_fold{.folds = 2};
    const auto outer = stratified_k_fold{.folds = 3};
    search_options options;
    options.weights = weights;
    const auto nested = nested_cross_validate(to_ridge, space, data.x, data.y, outer, inner, scores(accuracy), options);
    const auto folds = outer.split(data.y);
    for (std::size_t f = 0; f < 3; ++f) {
        const fold rows = element(folds, f);
        xt::xtensor<double, 2> x = xt::zeros<double>({rows.train.size(), data.x.shape(1)});
        std::vector<int> y;
        std::vector<double> w;
        for (std::size_t i = 0; i < rows.train.size(); ++i) {
            y.push_back(data.y[rows.train[i]]);
            w.push_back(weights[rows.train[i]]);
            for (std::size_t j = 0; j < x.shape(1); ++j) {
                x(i, j) = data.x(rows.train[i], j);
            }
        }
        search_options plain;
        plain.weights = w;
        const auto one = grid_search(to_ridge, space, x, y, inner, accuracy, plain);
        REQUIRE(one.best_score() == nested.best_scores[f]);
        REQUIRE(one.best_params().alpha == nested.best_params[f].alpha);
    }
}

namespace {

/// Wants to show how far its own fit is.
struct talkative {
    progress_function* tell;
    talkative& fit(const rows_view&, const labels_view&) {
        for_each_index(3, [](std::size_t) {}, {.run = {.on_progress = *tell}});
        return *this;
    }
    [[nodiscard]] std::vector<int> predict(const rows_view& x) const { return std::vector<int>(x.shape(0), 1); }
};

} // namespace

TEST_CASE("searches: one bar, of finished fits", "[ml][search][progress]") {
    const auto& data = data_sets::load("iris");
    const auto space = grid(ridge_classifier_options{}, axis("alpha", &ridge_classifier_options::alpha, {0.1, 1.0, 10.0, 100.0}));
    const auto folds = stratified_k_fold{.folds = 3};
    const auto watched = [&](const auto& job) {
        std::vector<progress_state> seen;
        std::vector<std::string> names;
        run_options run;
        run.on_progress = [&](const progress_state& state) {
            seen.push_back(state);
            names.emplace_back(state.name);
        };
        job(run);
        REQUIRE(!seen.empty());
        for (std::size_t i = 1; i < seen.size(); ++i) {
            REQUIRE(seen[i].total == seen[0].total);
            REQUIRE(seen[i].done >= seen[i - 1].done);
        }
        REQUIRE(seen.back().ended);
        REQUIRE(std::count_if(seen.begin(), seen.end(), [](const auto& s) { return s.ended; }) == 1);
        REQUIRE(seen.back().done == seen.back().total);
        return std::pair(names.front(), seen.back().total);
    };
    std::atomic<int> inner{0};
    progress_function tell = [&](const progress_state&) { ++inner; };
    (void)cross_validate(talkative{&tell}, data.x, data.y, folds, accuracy);
    REQUIRE(inner > 0);  // nobody else shows anything
    inner = 0;
    (void)watched([&](const run_options& run) { (void)cross_validate(talkative{&tell}, data.x, data.y, folds, accuracy, {.run = run}); });
    REQUIRE(inner == 0);
    pool(3).install([&] {
        REQUIRE(watched([&](const run_options& run) { (void)grid_search(to_ridge, space, data.x, data.y, folds, accuracy, {.run = run}); })
                == std::pair(std::string("grid_search"), std::size_t{12}));
        REQUIRE(watched([&](const run_options& run) {
                    (void)cross_validate(ridge_classifier(), data.x, data.y, folds, accuracy, {.run = run});
                })
                == std::pair(std::string("cross_validate"), std::size_t{3}));
        REQUIRE(watched([&](const run_options& run) {
                    (void)halving_search(to_ridge, space, data.x, data.y, folds, scores(accuracy), {.factor = 2, .search = {.run = run}});
                })
                == std::pair(std::string("halving_search"), std::size_t{12 + 6 + 3}));
        REQUIRE(watched([&](const run_options& run) {
                    (void)nested_cross_validate(to_ridge, space, data.x, data.y, folds, stratified_k_fold{.folds = 2}, scores(accuracy),
                                                {.run = run});
                })
                == std::pair(std::string("nested_cross_validate"), std::size_t{3 * 4 * 2}));
    });
}
