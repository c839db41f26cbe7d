// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/gradient/compute_gradients.hpp>
#include <xrayon/ml/gradient/zip_batches.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <atomic>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xrayon/array/batches.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/gradient/batch_rows.hpp>

using namespace xrayon;
using ml::compute_gradients;

namespace {

using matrix = xt::xtensor<double, 2>;
using vector = xt::xtensor<double, 1>;

matrix table(std::size_t rows) {
    matrix x = matrix::from_shape({rows, 3});
    for (std::size_t k = 0; k < x.size(); ++k) {
        x.data()[k] = 1.0 / static_cast<double>(3 * k + 1);
    }
    return x;
}

std::vector<double> first_and_rows(const array_view<const double, 2>& x, const array_view<const double, 1>& y) {
    return {x(0, 0) + y[0], static_cast<double>(x.shape(0))};
}

template <class Batches, class F>
concept computes = requires(const Batches& batches, const F& f) { compute_gradients(batches, f); };
struct counts_itself {
    double operator()(int) { return 0; }
};
static_assert(computes<std::vector<int>, double (*)(int)>);
static_assert(!computes<std::vector<int>, int (*)(int)>, "an int is no gradient");
static_assert(!computes<std::vector<int>, counts_itself>, "called as const");
static_assert(!computes<std::vector<int>, double (*)(int, int)>);
static_assert(computes<std::vector<std::pair<int, double>>, double (*)(int, double)>);
static_assert(computes<std::vector<std::tuple<int, int, int>>, double (*)(int, int, int)>);
static_assert(!ml::zippable_batches<std::vector<int>>, "a temporary container would be gone");

} // namespace

TEST_CASE("compute_gradients: the gradient of every batch, in order, at every thread count and grain", "[ml][gradient][compute_gradients][G14]") {
    std::vector<int> batches;
    for (int i = 0; i < 61; ++i) {
        batches.push_back(i);
    }
    const auto gradient = [](int batch) { return std::tuple(std::vector<float>(static_cast<std::size_t>(batch % 5), 0.5f), 1.0 / batch); };
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::optional<std::size_t> grain : {std::optional<std::size_t>{}, std::optional<std::size_t>{1}, std::optional<std::size_t>{7}}) {
            const test::random_delays delays(threads);
            const auto got = workers.install([&] { return compute_gradients(batches, gradient, {.grain = grain}); });
            REQUIRE(got.size() == 61);
            std::size_t wrong = 0;
            for (std::size_t i = 0; i < 61; ++i) {
                wrong += got[i] != gradient(batches[i]);
            }
            REQUIRE(wrong == 0);
        }
    }
    REQUIRE(compute_gradients(std::vector<int>{}, gradient).empty());
}

TEST_CASE("compute_gradients: pairs and tuples are taken apart unless the function takes them whole", "[ml][gradient][compute_gradients]") {
    const std::vector<std::pair<int, double>> pairs{{1, 0.5}, {2, 0.25}};
    REQUIRE(compute_gradients(pairs, [](int x, double y) { return x + y; }).to_vector() == std::vector<double>{1.5, 2.25});
    REQUIRE(compute_gradients(pairs, [](const std::pair<int, double>& both) { return both.second; }).to_vector() == std::vector<double>{0.5, 0.25});

    const matrix x = table(10);
    const vector y{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    const auto got = compute_gradients(ml::zip_batches(batches(x, 4), batches(y, 4)), first_and_rows);
    REQUIRE(got.size() == 3);
    REQUIRE(got[1] == std::vector<double>{x(4, 0) + 5, 4});
    REQUIRE(got[2] == std::vector<double>{x(8, 0) + 9, 2});
    // Containers of batches are borrowed; a lazy result is evaluated in its task.
    const std::vector<matrix> stored{table(2), table(3)};
    const std::vector<double> factors{2, 3};
    const auto doubled = compute_gradients(ml::zip_batches(stored, factors), [](const matrix& batch, const double& factor) { return factor * batch; });
    REQUIRE((doubled[1] == matrix(3.0 * stored[1])));
}

TEST_CASE("compute_gradients: rows that do not match name the batch and both numbers", "[ml][gradient][compute_gradients][errors][G16]") {
    std::vector<std::pair<matrix, std::vector<double>>> pairs;
    for (std::size_t i = 0; i < 8; ++i) {
        pairs.emplace_back(table(10), std::vector<double>(10));
    }
    pairs[4].second.pop_back();
    pairs[6].second.pop_back();
    std::atomic<int> calls{0};
    const auto gradient = [&](const matrix&, const std::vector<double>&) {
        ++calls;
        return 0.0;
    };
    for (const std::size_t threads : test::thread_counts) {
        try {
            (void)pool(threads).install([&] { return compute_gradients(pairs, gradient); });
            FAIL("no error");
        } catch (const shape_error& error) {
            REQUIRE(std::string(error.what()) == "compute_gradients: batch 4: X has 10 rows, y has 9");
            REQUIRE(error.lhs() == shape_error::shape{10});
            REQUIRE(error.rhs() == shape_error::shape{9});
        }
    }
    REQUIRE(calls == 0);  // kept batches are looked at before anything runs

    // Batches that are made when asked: when their turn comes.
    const auto made = indexed_view(8, [](std::size_t i) { return std::tuple(std::vector<int>(3), std::vector<int>(3), std::vector<int>(i == 5 ? 1 : 3)); });
    REQUIRE_THROWS_WITH(compute_gradients(made, [](const auto&, const auto&, const auto&) { return 1.0; }),
                        "compute_gradients: batch 5: X has 3 rows, part 2 has 1");
    // A function that takes the pair whole may mean something else by it; what has no rows is not looked at.
    REQUIRE(compute_gradients(pairs, [](const std::pair<matrix, std::vector<double>>&) { return 1.0; }).size() == 8);
    const matrix x = table(10);
    const vector y = vector::from_shape({12});
    REQUIRE_THROWS_WITH(compute_gradients(ml::zip_batches(batches(x, 4), batches(y, 4)), first_and_rows),
                        "compute_gradients: batch 2: X has 2 rows, y has 4");
    REQUIRE_THROWS_WITH(ml::zip_batches(batches(x, 4), batches(y, 3)), "zip_batches: y has 4 batches, X has 3");
}

TEST_CASE("compute_gradients: the lowest failing batch's exception comes out as it is", "[ml][gradient][compute_gradients][errors]") {
    std::vector<std::size_t> batches(40);
    for (std::size_t i = 0; i < 40; ++i) {
        batches[i] = i;
    }
    const auto failing = [](std::size_t i) -> double { return i == 7 || i == 30 ? throw std::domain_error("batch " + std::to_string(i)) : 1.0; };
    for (const std::size_t threads : test::thread_counts) {
        const test::random_delays delays(threads);
        run_report report;
        REQUIRE_THROWS_AS(pool(threads).install([&] { return compute_gradients(batches, failing, {.grain = 1, .run = {.report = &report}}); }),
                          std::domain_error);
        REQUIRE(report.failed == 7u);
        REQUIRE(report.path == "compute_gradients[7]");
    }
    REQUIRE_THROWS_WITH(compute_gradients(batches, failing), "batch 7");
    REQUIRE_THROWS_WITH(compute_gradients(batches, failing, {.grain = 0}), "compute_gradients: options.grain must be >= 1, got 0");
}

TEST_CASE("batch_rows: the rows of batches, alone or zipped", "[ml][gradient][batch_rows]") {
    const matrix x = table(10);
    const vector y = vector::from_shape({10});
    REQUIRE(ml::batch_rows(batches(x, 4)) == std::vector<double>{4, 4, 2});
    REQUIRE(ml::batch_rows(ml::zip_batches(batches(x, 3), batches(y, 3))) == std::vector<double>{3, 3, 3, 1});
    REQUIRE(ml::batch_rows(std::vector<std::vector<int>>{{}, {1, 2}}) == std::vector<double>{0, 2});
    REQUIRE_THROWS_WITH(ml::batch_rows(std::vector<int>{1}), "batch_rows: batch 0 has no rows to count");
}
