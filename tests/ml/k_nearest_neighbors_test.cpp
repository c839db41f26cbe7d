// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/models/k_nearest_neighbors.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"
#include "golden/knn.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <list>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/io/csv.hpp>
#include <xrayon/ml/batch_inference.hpp>
#include <xrayon/ml/metrics/accuracy.hpp>

using namespace xrayon;
using ml::k_nearest_neighbors;

namespace {

using matrix = xt::xtensor<double, 2>;
using labels = xt::xtensor<int, 1>;

struct labelled {
    matrix x;
    std::vector<int> y;
};

/// The digits, as examples/data/README.md describes them.
const labelled& digits() {
    static const labelled data = [] {
        const auto tree = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
        const csv_table table = read_csv((tree / "examples" / "data" / "digits.csv").string());
        return labelled{xt::view(table.values, xt::all(), xt::range(0, 64)), table.integers(64)};
    }();
    return data;
}

std::vector<int> as_vector(const labels& predicted) { return {predicted.begin(), predicted.end()}; }

std::vector<int> golden_labels(const golden::knn_case& known) {
    std::vector<int> out;
    for (const char digit : known.labels) {
        out.push_back(digit - '0');
    }
    return out;
}

/// Numbers in [-1, 1) with 24 bits, so that they are the same in float and double.
template <class Real>
xt::xtensor<Real, 2> random_table(std::size_t rows, std::size_t columns, std::uint64_t seed) {
    auto x = xt::xtensor<Real, 2>::from_shape({rows, columns});
    std::uint64_t state = seed;
    for (Real& value : x) {
        state += 0x9e3779b97f4a7c15u;
        value = static_cast<Real>(static_cast<double>(test::mix(state) >> 40) / 8388608.0 - 1.0);
    }
    return x;
}

std::vector<int> random_labels(std::size_t n, int classes, std::uint64_t seed) {
    std::vector<int> y(n);
    for (std::size_t i = 0; i < n; ++i) {
        y[i] = static_cast<int>(test::mix(seed + 0x9e3779b97f4a7c15u * (i + 1)) % static_cast<std::uint64_t>(classes));
    }
    return y;
}

constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();

struct naive_answer {
    int label;
    double gap;  ///< From the farthest neighbour that votes to the nearest that does not: below rounding, either may be taken.
};

/// By the definition: all squared distances in long double, sorted by (distance, index), votes counted, the smallest label of the most.
template <class Real>
naive_answer naive(const xt::xtensor<Real, 2>& x, const std::vector<int>& y, const Real* query, std::size_t k,
                   std::size_t left_out = nobody) {
    std::vector<std::pair<long double, std::size_t>> order;
    for (std::size_t i = 0; i < x.shape(0); ++i) {
        long double distance = 0;
        for (std::size_t j = 0; j < x.shape(1); ++j) {
            const long double difference = static_cast<long double>(x(i, j)) - static_cast<long double>(query[j]);
            distance += difference * difference;
        }
        if (i != left_out) {
            order.emplace_back(distance, i);
        }
    }
    std::sort(order.begin(), order.end());
    std::map<int, int> votes;
    for (std::size_t i = 0; i < k; ++i) {
        ++votes[y[order[i].second]];
    }
    int best = votes.begin()->first;
    for (const auto& [label, count] : votes) {
        if (count > votes[best]) {
            best = label;
        }
    }
    return {best, k < order.size() ? static_cast<double>(order[k].first - order[k - 1].first) : 1.0};
}

/// fit and predict borrow their arrays, so a temporary container is not taken: here it gets a name.
template <class Y>
k_nearest_neighbors<double>& fit(k_nearest_neighbors<double>& model, const matrix& x, const Y& y) {
    return model.fit(x, y);
}
labels predict(const k_nearest_neighbors<double>& model, const matrix& q) { return model.predict(q); }

template <class X, class Y>
concept can_fit = requires(k_nearest_neighbors<double>& model, X&& x, const Y& y) {
    model.fit(std::forward<X>(x), y);
};

static_assert(can_fit<const matrix&, std::vector<int>>);
static_assert(can_fit<const xt::xarray<double>&, std::span<const long>>);
static_assert(can_fit<const matrix&, labels>);
static_assert(!can_fit<const matrix&, std::vector<double>>, "labels are integers");
static_assert(!can_fit<const matrix&, std::list<int>>);
static_assert(!can_fit<const xt::xtensor<double, 1>&, std::vector<int>>, "X has two axes");
static_assert(std::same_as<decltype(k_nearest_neighbors()), k_nearest_neighbors<double>>);

} // namespace

TEST_CASE("k_nearest_neighbors: scikit-learn's leave-one-out labels on the digits, however the rows are batched", "[ml][knn]") {
    const auto& [x, y] = digits();
    for (const golden::knn_case& known : golden::knn_cases) {
        const std::vector<int> expected = golden_labels(known);
        REQUIRE(expected.size() == 1797);
        k_nearest_neighbors model({.k = known.k});
        model.fit(x, y);
        INFO("k = " << known.k);
        REQUIRE(as_vector(model.predict_left_out({0, 1797})) == expected);
        // All products are exact here, so a row's label depends on that row alone.
        for (const std::size_t rows_per_batch : {1u, 7u, 63u, 64u, 65u, 1000u}) {
            const auto parts = ml::batch_inference(row_blocks(y.size(), rows_per_batch),
                                                   [&](const index_block& rows) { return model.predict_left_out(rows); });
            std::vector<int> together;
            for (const labels& part : parts) {
                together.insert(together.end(), part.begin(), part.end());
            }
            INFO("rows per batch = " << rows_per_batch);
            REQUIRE(together == expected);
        }
    }
}

TEST_CASE("k_nearest_neighbors: the same labels at every thread count, in double and in float", "[ml][knn]") {
    const auto& [x, y] = digits();
    const xt::xtensor<float, 2> x_float = xt::cast<float>(x);
    const golden::knn_case& known = golden::knn_cases[1];
    k_nearest_neighbors<double> model({.k = known.k});
    k_nearest_neighbors<float> model_float({.k = known.k});
    model.fit(x, y);
    model_float.fit(x_float, y);
    const std::vector<int> expected = golden_labels(known);
    for (const std::size_t threads : test::thread_counts) {
        const test::random_delays delays(threads, 2);
        const pool workers(threads);
        INFO("threads = " << threads);
        REQUIRE(as_vector(workers.install([&] { return model.predict_left_out({0, 1797}); })) == expected);
        REQUIRE(as_vector(workers.install([&] { return model_float.predict_left_out({0, 1797}); })) == expected);
    }
}

TEST_CASE("k_nearest_neighbors: leave-one-out accuracy on the digits is at least 0.98", "[ml][knn]") {
    const auto& [x, y] = digits();
    for (const golden::knn_case& known : golden::knn_cases) {
        k_nearest_neighbors model({.k = known.k});
        model.fit(x, y);
        const double accuracy = ml::accuracy(y, model.predict_left_out({0, 1797}));
        REQUIRE(accuracy == static_cast<double>(known.right) / 1797.0);
        REQUIRE(accuracy >= 0.98);
    }
}

TEMPLATE_TEST_CASE("k_nearest_neighbors: a naive double loop gives the same labels", "[ml][knn]", float, double) {
    using Real = TestType;
    const std::size_t n = 700;  // beyond a tile of 512 training rows
    const std::size_t m = 150;  // two tiles of 64 queries and a part of one
    // |q|^2 - 2 q.x + |x|^2 is off by a few roundings of its terms, which are up to 20 here.
    constexpr bool single = std::same_as<Real, float>;
    const double least_gap = single ? 2e-5 : 1e-13;
    for (const std::size_t columns : single ? std::vector<std::size_t>{3, 17} : std::vector<std::size_t>{1, 3, 17}) {
        const auto x = random_table<Real>(n, columns, columns);
        const auto q = random_table<Real>(m, columns, 1000 + columns);
        const std::vector<int> y = random_labels(n, 4, columns);
        for (const std::size_t k : {1u, 2u, 5u, 16u, 17u, 699u, 700u}) {
            k_nearest_neighbors<Real> model({.k = k});
            model.fit(x, y);
            const labels predicted = model.predict(q);
            REQUIRE(predicted.size() == m);
            std::size_t wrong = 0;
            std::size_t compared = 0;
            for (std::size_t i = 0; i < m; ++i) {
                const naive_answer answer = naive(x, y, &q(i, 0), k);
                if (answer.gap > least_gap) {
                    ++compared;
                    wrong += predicted(i) != answer.label;
                }
            }
            INFO("columns = " << columns << ", k = " << k);
            REQUIRE(wrong == 0);
            REQUIRE(compared >= (single ? m * 9 / 10 : m));

            if (k < n) {
                const labels left_out = model.predict_left_out({500, 600});
                std::size_t wrong_left_out = 0;
                for (std::size_t i = 500; i < 600; ++i) {
                    const naive_answer answer = naive(x, y, &x(i, 0), k, i);
                    wrong_left_out += answer.gap > least_gap && left_out(i - 500) != answer.label;
                }
                REQUIRE(wrong_left_out == 0);
            }
        }
    }
}

TEST_CASE("k_nearest_neighbors: inexact products give the same labels at every thread count too", "[ml][knn]") {
    const matrix x = random_table<double>(1100, 30, 5);
    const matrix q = random_table<double>(500, 30, 6);
    k_nearest_neighbors model({.k = 4});
    model.fit(x, random_labels(1100, 10, 7));
    const labels expected = pool(1).install([&] { return model.predict(q); });
    for (const std::size_t threads : test::thread_counts) {
        const test::random_delays delays(threads, 2);
        REQUIRE((pool(threads).install([&] { return model.predict(q); }) == expected));
    }
}

TEST_CASE("k_nearest_neighbors: equal distances go to the lowest training index", "[ml][knn]") {
    // Every training row is the same point, and its label is its index.
    const std::size_t n = 1100;
    const matrix x = xt::ones<double>({n, std::size_t{2}}) * 3.0;
    std::vector<int> y(n);
    for (std::size_t i = 0; i < n; ++i) {
        y[i] = static_cast<int>(i);
    }
    k_nearest_neighbors one({.k = 1});
    one.fit(x, y);
    REQUIRE((predict(one, matrix{{3.0, 3.0}, {0.0, 0.0}}) == labels{0, 0}));
    const labels others = one.predict_left_out({0, n});
    REQUIRE(others(0) == 1);  // itself is left out
    REQUIRE(std::all_of(others.begin() + 1, others.end(), [](int label) { return label == 0; }));

    // The nearest two are equally near, wherever they stand in the blocks that distances come in: the first one wins.
    for (const auto& [first, second] :
         std::vector<std::pair<std::size_t, std::size_t>>{{0, 1}, {15, 16}, {511, 512}, {3, 1099}, {512, 1024}}) {
        matrix spread = matrix::from_shape({n, 1});
        for (std::size_t i = 0; i < n; ++i) {
            spread(i, 0) = static_cast<double>(10 + i);
        }
        spread(first, 0) = 4.0;
        spread(second, 0) = 6.0;
        one.fit(spread, y);
        INFO("rows " << first << " and " << second);
        REQUIRE(predict(one, matrix{{5.0}})(0) == static_cast<int>(first));
        spread(first, 0) = 6.0;  // the other side
        spread(second, 0) = 4.0;
        one.fit(spread, y);
        REQUIRE(predict(one, matrix{{5.0}})(0) == static_cast<int>(first));
    }

    // k = 3 of one at distance 0 and four at distance 1: rows 1 and 2 vote, 3 and 4 do not.
    k_nearest_neighbors three({.k = 3});
    fit(three, matrix{{0.0}, {1.0}, {-1.0}, {1.0}, {-1.0}}, std::vector{0, 1, 1, 2, 2});
    REQUIRE(predict(three, matrix{{0.0}})(0) == 1);
}

TEST_CASE("k_nearest_neighbors: equal votes go to the smallest label", "[ml][knn]") {
    k_nearest_neighbors two({.k = 2});
    fit(two, matrix{{0.0}, {1.0}}, std::vector{7, 3});
    REQUIRE(predict(two, matrix{{0.0}})(0) == 3);
    fit(two, matrix{{0.0}, {1.0}}, std::vector{5, -2});
    REQUIRE(predict(two, matrix{{0.0}})(0) == -2);
    k_nearest_neighbors five({.k = 5});
    fit(five, matrix{{0.0}, {1.0}, {2.0}, {3.0}, {4.0}}, std::vector{9, 4, 9, 4, 1});
    REQUIRE(predict(five, matrix{{0.0}})(0) == 4);
}

TEST_CASE("k_nearest_neighbors: with k = n every row gets the most frequent label", "[ml][knn]") {
    const matrix x = random_table<double>(41, 3, 8);
    std::vector<int> y(41, 2);
    std::fill(y.begin(), y.begin() + 20, 1);
    k_nearest_neighbors all({.k = 41});
    all.fit(x, y);
    const labels predicted = predict(all, random_table<double>(10, 3, 9));
    REQUIRE(std::all_of(predicted.begin(), predicted.end(), [](int label) { return label == 2; }));
    // All others: who is left out decides, as 21 twos stand against 20 ones.
    k_nearest_neighbors others({.k = 40});
    others.fit(x, y);
    const labels left_out = others.predict_left_out({0, 41});
    for (std::size_t i = 0; i < 41; ++i) {
        REQUIRE(left_out(i) == (i < 20 ? 2 : 1));  // 19 against 21; 20 against 20, a tie
    }
}

TEST_CASE("k_nearest_neighbors: the layout of its input changes nothing", "[ml][knn]") {
    const auto& [x, y] = digits();
    const matrix some = xt::view(x, xt::range(0, 300), xt::all());
    const std::vector<int> known(y.begin(), y.begin() + 300);
    const matrix queries = xt::view(x, xt::range(300, 450), xt::all());
    k_nearest_neighbors model({.k = 3});
    const labels expected = model.fit(some, known).predict(queries);
    REQUIRE(ml::accuracy(std::span<const int>(y).subspan(300, 150), expected) > 0.9);

    const auto same = [&](const auto& training, const auto& asked) {
        k_nearest_neighbors other({.k = 3});
        other.fit(training, known);
        REQUIRE((other.predict(asked) == expected));
        REQUIRE((model.predict(asked) == expected));
    };
    same(xt::xtensor<double, 2, xt::layout_type::column_major>(some), xt::xtensor<double, 2, xt::layout_type::column_major>(queries));
    same(xt::xarray<double>(some), xt::xarray<double>(queries));
    const matrix turned = xt::transpose(some);
    const matrix turned_queries = xt::transpose(queries);
    same(view_of(turned).transposed(), view_of(turned_queries).transposed());

    // Every second row and column of a larger array; columns from right to left.
    const auto spread = [](const matrix& dense) {
        matrix large = xt::ones<double>({2 * dense.shape(0), 2 * dense.shape(1)}) * 99.0;
        for (std::size_t i = 0; i < dense.shape(0); ++i) {
            for (std::size_t j = 0; j < dense.shape(1); ++j) {
                large(2 * i, 2 * (dense.shape(1) - 1 - j) + 1) = dense(i, j);
            }
        }
        return large;
    };
    const matrix large = spread(some);
    const matrix large_queries = spread(queries);
    k_nearest_neighbors strided({.k = 3});
    strided.fit(xt::view(large, xt::range(0, 600, 2), xt::range(127, xt::placeholders::_, -2)), known);
    REQUIRE((strided.predict(xt::view(large_queries, xt::range(0, 300, 2), xt::range(127, xt::placeholders::_, -2))) == expected));

    // Labels of other integer types, in other ranges.
    const std::vector<std::int64_t> wide(known.begin(), known.end());
    REQUIRE((strided.fit(some, wide).predict(queries) == expected));
    REQUIRE((strided.fit(some, std::vector<std::uint8_t>(known.begin(), known.end())).predict(queries) == expected));
    REQUIRE((strided.fit(some, labels(xt::adapt(known))).predict(queries) == expected));
}

TEST_CASE("k_nearest_neighbors: inside an item of batch_inference it gives what it gives alone", "[ml][knn]") {
    const auto& [x, y] = digits();
    const matrix queries = xt::view(x, xt::range(1000, 1797), xt::all());
    k_nearest_neighbors model({.k = 3});
    model.fit(xt::view(x, xt::range(0, 1000), xt::all()), std::span<const int>(y).first(1000));
    const labels expected = model.predict(queries);
    for (const std::size_t threads : test::thread_counts) {
        labels got = labels::from_shape({queries.shape(0)});
        pool(threads).install([&] {
            ml::batch_inference_into(
                batches(queries, 100), [&](const array_view<const double, 2>& batch) { return model.predict(batch); }, batches(got, 100));
        });
        REQUIRE((got == expected));
    }
}

TEST_CASE("k_nearest_neighbors: no rows to classify, no columns, a second fit", "[ml][knn]") {
    k_nearest_neighbors model({.k = 2});
    fit(model, matrix{{0.0, 0.0}, {1.0, 1.0}, {5.0, 5.0}}, std::vector{1, 1, 2});
    REQUIRE(model.k() == 2);
    REQUIRE(model.rows() == 3);
    REQUIRE(predict(model, matrix::from_shape({0, 2})).size() == 0);
    REQUIRE(model.predict_left_out({1, 1}).size() == 0);
    REQUIRE(as_vector(model.predict_left_out({0, 3})) == std::vector{1, 1, 1});

    // A fit that is refused leaves the model as it was; one that is not replaces it.
    REQUIRE_THROWS(fit(model, matrix{{0.0, std::nan("")}, {1.0, 1.0}}, std::vector{8, 8}));
    REQUIRE(model.rows() == 3);
    REQUIRE(predict(model, matrix{{0.0, 0.0}})(0) == 1);
    fit(model, matrix{{0.0}, {1.0}}, std::vector{8, 8});
    REQUIRE(model.rows() == 2);
    REQUIRE(predict(model, matrix{{0.0}})(0) == 8);

    // Without columns all rows are equally near.
    fit(model, matrix::from_shape({3, 0}), std::vector{4, 4, 6});
    REQUIRE((predict(model, matrix::from_shape({2, 0})) == labels{4, 4}));

    // The model keeps a copy of its data.
    matrix x{{0.0}, {10.0}};
    std::vector<int> y{0, 1};
    k_nearest_neighbors copy({.k = 1});
    copy.fit(x, y);
    x.fill(5.0);
    y = {7, 7};
    REQUIRE((predict(copy, matrix{{1.0}, {9.0}}) == labels{0, 1}));
}

TEST_CASE("k_nearest_neighbors: says which argument is wrong", "[ml][knn][errors]") {
    REQUIRE_THROWS_WITH(k_nearest_neighbors({.k = 0}), "k_nearest_neighbors: k must be >= 1, got 0");
    REQUIRE_THROWS_AS(k_nearest_neighbors({.k = 0}), argument_error);

    k_nearest_neighbors model({.k = 2});
    const matrix q{{0.0, 0.0}};
    REQUIRE_THROWS_WITH(model.predict(q), "k_nearest_neighbors.predict: call fit first");
    REQUIRE_THROWS_WITH(model.predict_left_out({0, 0}), "k_nearest_neighbors.predict_left_out: call fit first");

    const matrix x{{0.0, 0.0}, {1.0, 1.0}};
    REQUIRE_THROWS_WITH(model.fit(x, std::vector{1, 2, 3}), "k_nearest_neighbors.fit: X has shape (2, 2), y has (3,)");
    REQUIRE_THROWS_AS(model.fit(x, std::vector{1, 2, 3}), shape_error);
    REQUIRE_THROWS_WITH(fit(model, matrix::from_shape({0, 2}), std::vector<int>{}),
                        "k_nearest_neighbors.fit: X must have at least 1 row, got 0");
    REQUIRE_THROWS_WITH(fit(model, matrix{{0.0, 0.0}}, std::vector{1}),
                        "k_nearest_neighbors.fit: k must be at most the number of rows 1, got 2");
    REQUIRE_THROWS_WITH(fit(model, matrix{{0.0, 0.0}, {1.0, std::nan("")}}, std::vector{1, 2}),
                        "k_nearest_neighbors.fit: values must be finite; row 1 column 1, got nan");
    REQUIRE_THROWS_WITH(fit(model, matrix{{0.0, -std::numeric_limits<double>::infinity()}, {1.0, 1.0}}, std::vector{1, 2}),
                        "k_nearest_neighbors.fit: values must be finite; row 0 column 1, got -inf");
    REQUIRE_THROWS_WITH(model.fit(x, std::vector<std::int64_t>{1, 4294967296}),
                        "k_nearest_neighbors.fit: labels must fit in int; row 1, got 4294967296");
    REQUIRE_THROWS_WITH(model.fit(x, std::vector<std::uint32_t>{4294967295, 1}),
                        "k_nearest_neighbors.fit: labels must fit in int; row 0, got 4294967295");
    const xt::xarray<double> cube = xt::ones<double>({2, 2, 2});
    REQUIRE_THROWS_WITH(model.fit(cube, std::vector{1, 2}), "view_of: X must have rank 2, got shape (2, 2, 2)");
    REQUIRE(model.rows() == 0);

    model.fit(x, std::vector{1, 2});
    REQUIRE_THROWS_WITH(predict(model, matrix{{0.0}}), "k_nearest_neighbors.predict: Q has shape (1, 1), the training data has (2, 2)");
    REQUIRE_THROWS_WITH(predict(model, matrix{{std::nan(""), 0.0}}),
                        "k_nearest_neighbors.predict: values must be finite; row 0 column 0, got nan");
    REQUIRE_THROWS_WITH(model.predict_left_out({0, 2}),
                        "k_nearest_neighbors.predict_left_out: k must be below the number of rows 2, got 2");
    fit(model, matrix{{0.0}, {1.0}, {2.0}}, std::vector{1, 2, 3});
    REQUIRE_THROWS_WITH(model.predict_left_out({0, 4}), "k_nearest_neighbors.predict_left_out: rows must end at most at 3, got 4");
    REQUIRE_THROWS_AS(model.predict_left_out({2, 1}), argument_error);
}

TEMPLATE_TEST_CASE("k_nearest_neighbors: refuses rows whose distances could overflow, instead of a wrong label", "[ml][knn][errors]", float,
                   double) {
    using real_matrix = xt::xtensor<TestType, 2>;
    const TestType large = std::sqrt(std::numeric_limits<TestType>::max());
    const std::vector<int> y{1, 2, 3};
    k_nearest_neighbors<TestType> model({.k = 1});
    REQUIRE_THROWS_WITH(
        model.fit(real_matrix{{0}, {large}, {2}}, y),
        test::contains("k_nearest_neighbors.fit: the squared norm of a row must be at most an eighth of the largest number; row 1"));
    model.fit(real_matrix{{0}, {large / 4}, {2}}, y);
    REQUIRE(model.predict(real_matrix{{large / 4}})(0) == 2);
    REQUIRE(model.predict(real_matrix{{-large / 4}})(0) == 1);
    REQUIRE_THROWS_WITH(model.predict(real_matrix{{large}}), test::contains("k_nearest_neighbors.predict: the squared norm of a row"));
}

template <class Labels>
concept can_fit_labels = requires(k_nearest_neighbors<> model, const matrix& x, const Labels& y) {
    model.fit(x, y);
};
static_assert(can_fit_labels<std::vector<int>> && can_fit_labels<std::vector<unsigned char>> && can_fit_labels<std::vector<long long>>);
static_assert(!can_fit_labels<std::vector<char>> && !can_fit_labels<std::vector<double>> && !can_fit_labels<std::vector<std::string>>);

TEST_CASE("k_nearest_neighbors: equal rows are equally far, in any tile and from any batch, to the last bit", "[ml][knn]") {
    // Row 100 stands again as rows 517 and 700, in other tiles and other lanes, with other labels.
    auto x = random_table<double>(710, 37, 3);
    std::vector<int> y(710, 0);
    for (const std::size_t twin : {517u, 700u}) {
        for (std::size_t j = 0; j < 37; ++j) {
            x(twin, j) = x(100, j);
        }
    }
    y[100] = 3;
    y[517] = 2;
    y[700] = 1;
    k_nearest_neighbors nearest({.k = 1});
    nearest.fit(x, y);
    k_nearest_neighbors pair({.k = 2});
    pair.fit(x, y);
    for (const std::size_t rows : {1u, 2u, 3u, 7u, 8u, 13u, 64u, 65u, 100u}) {
        const auto others = random_table<double>(rows, 37, 4);
        for (std::size_t at = 0; at < rows; ++at) {
            matrix q = others;
            for (std::size_t j = 0; j < 37; ++j) {
                q(at, j) = x(100, j);
            }
            INFO("row " << at << " of " << rows);
            REQUIRE(nearest.predict(q)(at) == 3);  // the lowest index of three at distance 0
            REQUIRE(pair.predict(q)(at) == 2);     // rows 100 and 517: one vote each
        }
    }
    // Left out, its twins are at distance 0.
    REQUIRE(nearest.predict_left_out({100, 101})(0) == 2);
    REQUIRE(nearest.predict_left_out({510, 702})(7) == 3);
}

TEST_CASE("k_nearest_neighbors: a row's squared norm has the bits of its product with itself", "[ml][knn]") {
    for (const std::size_t rows : {1u, 7u, 8u, 20u}) {
        for (const std::size_t columns : {1u, 37u, 500u}) {
            const matrix x = random_table<double>(rows, columns, 5) / 3.0;  // products of more digits than a double has
            const auto view = view_of(x);
            const packed_matrix<double> turned(view.transposed());
            matrix products = matrix::from_shape({rows, rows});
            packed_gemm(view, turned, products);
            const std::vector<double> norms = ml::detail::squared_norms(array_view<const double, 2>(view));
            for (std::size_t i = 0; i < rows; ++i) {
                INFO("row " << i << " of " << rows << " x " << columns);
                REQUIRE(norms[i] == products(i, i));
            }
        }
    }
}
