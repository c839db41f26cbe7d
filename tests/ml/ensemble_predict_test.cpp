// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/ensemble/ensemble_predict.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"
#include "golden/voting.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/ensemble/row_wise.hpp>
#include <xrayon/schedule/cost_model.hpp>

using namespace xrayon;
using ml::ensemble_predict;
namespace ensemble = ml::ensemble;

namespace {

using matrix = xt::xtensor<double, 2>;
using rows_view = array_view<const double, 2>;

matrix table(std::size_t rows, std::size_t columns) {
    matrix x = matrix::from_shape({rows, columns});
    for (std::size_t i = 0; i < x.size(); ++i) {
        x.data()[i] = std::ldexp(static_cast<double>(test::mix(i) >> 11), -53) - 0.5;
    }
    return x;
}

/// Treats rows independently. Rounds differently for each k, and gives whole numbers where `labels` is set.
struct row_model {
    std::size_t k = 0;
    bool labels = false;

    matrix operator()(const rows_view& x) const {
        matrix y = matrix::from_shape({x.shape(0), 3});
        for (std::size_t i = 0; i < x.shape(0); ++i) {
            for (std::size_t j = 0; j < 3; ++j) {
                double sum = 0.1 * static_cast<double>(k);
                for (std::size_t c = 0; c < x.shape(1); ++c) {
                    sum += x(i, c) / static_cast<double>(1 + c + j + k);
                }
                y(i, j) = labels ? std::round(3 * sum) : sum;
            }
        }
        return y;
    }
};

std::vector<row_model> row_models(std::size_t count, bool labels = false) {
    std::vector<row_model> models;
    for (std::size_t k = 0; k < count; ++k) {
        models.push_back({k, labels});
    }
    return models;
}

/// Probabilities of such a model: positive, and rows that sum to 1.
struct probability_model {
    row_model scores;
    matrix operator()(const rows_view& x) const {
        matrix p = scores(x);
        for (std::size_t i = 0; i < p.shape(0); ++i) {
            const double sum = std::exp(p(i, 0)) + std::exp(p(i, 1)) + std::exp(p(i, 2));
            for (std::size_t j = 0; j < 3; ++j) {
                p(i, j) = std::exp(p(i, j)) / sum;
            }
        }
        return p;
    }
};

template <class Array>
std::uint64_t hash_of(const Array& values, std::uint64_t hash = 1) {
    for (const auto x : values) {
        hash = test::mix(hash ^ std::bit_cast<std::uint64_t>(static_cast<double>(x)));
    }
    return hash;
}

/// Bytes of predictions in memory now, and at most.
std::atomic<std::size_t> bytes_now{0};
std::atomic<std::size_t> bytes_at_most{0};

template <class T>
struct counting_allocator {
    using value_type = T;
    counting_allocator() = default;
    template <class U>
    counting_allocator(const counting_allocator<U>&) {}
    T* allocate(std::size_t n) {
        const std::size_t now = bytes_now += n * sizeof(T);
        for (std::size_t most = bytes_at_most; most < now && !bytes_at_most.compare_exchange_weak(most, now);) {
        }
        return std::allocator<T>().allocate(n);
    }
    void deallocate(T* p, std::size_t n) {
        std::allocator<T>().deallocate(p, n);
        bytes_now -= n * sizeof(T);
    }
    friend bool operator==(const counting_allocator&, const counting_allocator&) { return true; }
};

/// Model k of a fixed prediction.
struct fixed {
    matrix y;
    const matrix& operator()(int) const { return y; }
};

} // namespace

TEST_CASE("ensemble_predict: one hash at every thread count, grain, tile and cost", "[ml][ensemble_predict]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const matrix x = table(1500, 5);
    const auto models = row_models(7);
    const auto voters = row_models(7, true);
    std::vector<probability_model> soft;
    for (const row_model& each : models) {
        soft.push_back({each});
    }
    const std::vector<double> weights{3, 1, 4, 1, 5, 9, 2};
    // By hand: mean and weighted mean of each element in the models' order.
    std::vector<matrix> each;
    for (const row_model& model : models) {
        each.push_back(model(view_of(x)));
    }
    matrix mean = matrix::from_shape({1500, 3});
    for (std::size_t i = 0; i < mean.size(); ++i) {
        double sum = 0;
        for (const matrix& y : each) {
            sum += y.data()[i];
        }
        mean.data()[i] = sum / 7;
    }
    const auto all = [&](const ml::ensemble_options& options) {
        std::uint64_t hash = hash_of(ensemble_predict(x, models, ensemble::mean{}, options));
        hash = hash_of(ensemble_predict(x, models, ensemble::weighted_mean{weights}, options), hash);
        hash = hash_of(ensemble_predict(x, models, ensemble::median{}, options), hash);
        hash = hash_of(ensemble_predict(x, models, ensemble::trimmed_mean{2}, options), hash);
        hash = hash_of(ensemble_predict(x, models, ensemble::min{}, options), hash);
        hash = hash_of(ensemble_predict(x, voters, ensemble::vote{}, options), hash);
        hash = hash_of(ensemble_predict(x, soft, ensemble::soft_vote{}, options), hash);
        return hash_of(ensemble_predict(x, soft, ensemble::mean_probability{weights}, options), hash);
    };
    static const std::uint64_t expected = pool(1).install([&] { return all({}); });
    const test::random_delays delays(threads, 4);
    pool(threads).install([&] {
        REQUIRE((ensemble_predict(x, models) == mean));
        REQUIRE(all({}) == expected);
        REQUIRE(all({.costs = {1, 2, 3, 7, 6, 5, 4}, .grain = 1}) == expected);
        for (const std::size_t tile : {1u, 7u, 64u, 256u, 1499u, 5000u}) {
            REQUIRE(all({.tile_rows = tile, .grain = tile == 7 ? 3u : 1u}) == expected);
        }
        REQUIRE(all({.row_wise = true}) == expected);
    });
}

TEST_CASE("ensemble_predict: scikit-learn's VotingClassifier and VotingRegressor", "[ml][ensemble_predict][golden]") {
    const golden::voting_case& c = golden::voting_cases[GENERATE(0u, 1u, 2u)];
    CAPTURE(c.name);
    std::vector<fixed> models;
    std::vector<xt::xtensor<double, 1>> values;
    std::vector<xt::xtensor<int, 1>> labels;
    for (std::size_t k = 0; k < 3; ++k) {
        fixed model{matrix::from_shape({c.rows, c.classes})};
        std::copy_n(c.probabilities.data() + k * c.rows * c.classes, c.rows * c.classes, model.y.data());
        models.push_back(model);
        labels.push_back(ensemble_predict(0, std::vector{model}, ensemble::soft_vote{}));  // the argmax of one
        auto value = xt::xtensor<double, 1>::from_shape({c.rows});
        std::copy_n(c.values.data() + k * c.rows, c.rows, value.data());
        values.push_back(value);
    }
    const std::vector<double> weights(std::begin(golden::voting_weights), std::end(golden::voting_weights));
    const auto value_models =
        std::tuple([&](int) { return values[0]; }, [&](int) { return values[1]; }, [&](int) { return values[2]; });
    const auto label_models =
        std::tuple([&](int) { return labels[0]; }, [&](int) { return labels[1]; }, [&](int) { return labels[2]; });

    const auto same_labels = [](const auto& got, std::span<const int> expected) {
        return std::equal(got.begin(), got.end(), expected.begin(), expected.end());
    };
    const auto close = [](const auto& got, std::span<const double> expected) {
        REQUIRE(got.size() == expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            REQUIRE(got.data()[i] == test::approx(expected[i]).epsilon(1e-14).margin(1e-300));
        }
    };
    REQUIRE(same_labels(ensemble_predict(0, label_models, ensemble::vote{}), c.hard));
    REQUIRE(same_labels(ensemble_predict(0, label_models, ensemble::vote{weights}), c.hard_weighted));
    REQUIRE(same_labels(ensemble_predict(0, models, ensemble::soft_vote{}), c.soft));
    REQUIRE(same_labels(ensemble_predict(0, models, ensemble::soft_vote{weights}), c.soft_weighted));
    close(ensemble_predict(0, models, ensemble::mean_probability{}), c.means);
    close(ensemble_predict(0, models, ensemble::mean_probability{weights}), c.means_weighted);
    close(ensemble_predict(0, value_models, ensemble::mean{}), c.regression);
    close(ensemble_predict(0, value_models, ensemble::weighted_mean{weights}), c.regression_weighted);
}

TEST_CASE("ensemble_predict: models get the input as it is or as a view, and may give numbers", "[ml][ensemble_predict]") {
    const auto squares = std::tuple([](int x) { return x * x; }, [](double x) { return x + 0.5; });
    const auto middle = ensemble_predict(3, squares, ensemble::mean{});
    STATIC_REQUIRE(std::same_as<decltype(middle), const double>);
    REQUIRE(middle == 6.25);

    const matrix x = table(20, 4);
    const auto whole = [](const matrix& all) { return all.shape(0); };
    REQUIRE(ensemble_predict(x, std::vector{whole}, ensemble::max{}) == 20);
    // A lazy view is a race when shared: models see the array_view of it.
    const auto view = xt::view(x, xt::range(5, 15), xt::all());
    const auto first = ensemble_predict(view, row_models(3), ensemble::median{});
    const matrix copy = view;
    REQUIRE((first == ensemble_predict(copy, row_models(3), ensemble::median{})));
    // Results of other layouts and ranges of models that compute them.
    const auto column_major = [&](const matrix& all) { return xt::xtensor<double, 2, xt::layout_type::column_major>(all); };
    const auto transposed = [&](const matrix& all) { return xt::xtensor<float, 2>(all); };
    const auto of_both = ensemble_predict(x, std::tie(column_major, transposed), ensemble::min{});
    REQUIRE(of_both(7, 2) == std::min(x(7, 2), static_cast<double>(static_cast<float>(x(7, 2)))));
    // A result that refers to what the model has.
    REQUIRE((ensemble_predict(0, std::vector{fixed{x}}) == x));
}

TEST_CASE("ensemble_predict: where all models say that they are row-wise, they see tiles", "[ml][ensemble_predict]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const matrix x = table(1000, 4);
    std::atomic<std::size_t> calls{0};
    const auto counted = [&](std::size_t k) {
        return [&calls, k](const rows_view& rows) {
            ++calls;
            return row_model{k}(rows);
        };
    };
    const auto expected = ensemble_predict(x, row_models(3), ensemble::median{});
    pool(threads).install([&] {
        const auto marked = std::tuple(ml::row_wise(counted(0)), ml::row_wise(counted(1)), ml::row_wise(counted(2)));
        REQUIRE((ensemble_predict(x, marked, ensemble::median{}) == expected));
        REQUIRE(calls.exchange(0) == 3 * 32);  // 32 tiles of 32 rows
        REQUIRE((ensemble_predict(x, marked, ensemble::median{}, {.tile_rows = 400}) == expected));
        REQUIRE(calls.exchange(0) == 3 * 3);
        const auto one_unmarked = std::tuple(ml::row_wise(counted(0)), counted(1), ml::row_wise(counted(2)));
        REQUIRE((ensemble_predict(x, one_unmarked, ensemble::median{}) == expected));
        REQUIRE(calls.exchange(0) == 3);
        const matrix few = xt::view(x, xt::range(0, 511), xt::all());
        REQUIRE(ensemble_predict(few, marked).shape(0) == 511);
        REQUIRE(calls.exchange(0) == 3);
    });
    const matrix none = matrix::from_shape({0, 4});
    REQUIRE((ensemble_predict(none, row_models(3), ensemble::median{}, {.row_wise = true}).shape() == std::array<std::size_t, 2>{0, 3}));
}

TEST_CASE("ensemble_predict: tiles need memory for threads x models x tile, whatever the number of rows", "[ml][ensemble_predict]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const matrix x = table(8192, 1);
    const auto model = [](const rows_view& rows) { return std::vector<double, counting_allocator<double>>(rows.shape(0), 1.0); };
    const std::vector models(6, model);
    const auto most = [&](std::size_t tile_rows) {
        bytes_at_most = 0;
        const auto y = pool(threads).install([&] { return ensemble_predict(x, models, ensemble::mean{}, {.tile_rows = tile_rows}); });
        REQUIRE(y(8191) == 1);
        REQUIRE(bytes_now == 0);
        return bytes_at_most.load();
    };
    REQUIRE(most(0) == 6 * 8192 * sizeof(double));
    REQUIRE(most(64) <= threads * 6 * 64 * sizeof(double));
}

TEST_CASE("ensemble_predict_into: the same bits, into any layout", "[ml][ensemble_predict]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const std::size_t tile = GENERATE(0u, 100u);
    const matrix x = table(1234, 4);
    const auto models = row_models(5);
    const auto expected = ensemble_predict(x, models, ensemble::median{});
    pool(threads).install([&] {
        matrix out = matrix::from_shape({1234, 3});
        ml::ensemble_predict_into(x, models, ensemble::median{}, out, {.tile_rows = tile});
        REQUIRE((out == expected));
        matrix wide = xt::zeros<double>({1234, 5});
        ml::ensemble_predict_into(x, models, ensemble::median{}, view_of(wide).slice<1>(1, 4), {.tile_rows = tile});
        REQUIRE((matrix(xt::view(wide, xt::all(), xt::range(1, 4))) == expected));
        REQUIRE(wide(1233, 0) == 0);
        REQUIRE(wide(1233, 4) == 0);
        std::vector<int> labels(1234);
        const std::vector<probability_model> soft{{{0}}, {{1}}};
        ml::ensemble_predict_into(x, soft, ensemble::soft_vote{}, labels, {.tile_rows = tile});
        const auto expected_labels = ensemble_predict(x, soft, ensemble::soft_vote{});
        REQUIRE(std::equal(labels.begin(), labels.end(), expected_labels.begin(), expected_labels.end()));
    });
    matrix narrow = xt::zeros<double>({1234, 2});
    REQUIRE_THROWS_AS(ml::ensemble_predict_into(x, models, ensemble::mean{}, narrow, {.tile_rows = tile}), shape_error);
    REQUIRE_THROWS_WITH(ml::ensemble_predict_into(x, models, ensemble::mean{}, narrow, {.tile_rows = tile}),
                        "ensemble_predict_into: the result has shape (1234, 3), out has (1234, 2)");
    REQUIRE(narrow(0, 0) == 0);
}

TEST_CASE("ensemble_predict: costs are learned, and change nothing", "[ml][ensemble_predict]") {
    cost_model costs;
    const matrix x = table(50, 4);
    const auto expected = ensemble_predict(x, row_models(4));
    for (int run = 0; run < 2; ++run) {
        REQUIRE((ensemble_predict(x, row_models(4), ensemble::mean{}, {.learned = &costs, .key = "four"}) == expected));
        REQUIRE(costs.size() == 4);
    }
    std::string begun;
    const auto named = [&](char name) {
        return [&begun, name](int) {
            begun += name;
            return 1;
        };
    };
    const auto four = std::tuple(named('a'), named('b'), named('c'), named('d'));
    REQUIRE(pool(1).install([&] { return ensemble_predict(0, four, ensemble::mean{}, {.costs = {2, 7, 1, 4}}); }) == 1);
    REQUIRE(begun == "bdac");
}
