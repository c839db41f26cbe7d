// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/metrics/accuracy.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <xrayon/exec/pool.hpp>

using namespace xrayon;
using ml::accuracy;

namespace {

enum class color { red, green };

/// Throws when compared, from this label on.
struct touchy {
    int value;
    friend bool operator==(const touchy& a, const touchy& b) {
        if (a.value >= 5000) {
            throw std::runtime_error("label " + std::to_string(a.value));
        }
        return a.value == b.value;
    }
};

static_assert(ml::comparable_labels<std::vector<int>, std::vector<long>>);
static_assert(ml::comparable_labels<std::vector<std::string>, std::vector<const char*>>);
static_assert(!ml::comparable_labels<std::vector<int>, std::vector<std::string>>);
static_assert(!ml::comparable_labels<std::list<int>, std::vector<int>>);

} // namespace

TEST_CASE("accuracy: the share of equal labels", "[ml][metrics]") {
    REQUIRE(accuracy(std::vector{0, 2, 1, 3}, std::vector{0, 1, 2, 3}) == 0.5);  // scikit-learn's example
    REQUIRE(accuracy(std::vector{1}, std::vector{1}) == 1.0);
    REQUIRE(accuracy(std::vector{1}, std::vector{2}) == 0.0);
    REQUIRE(accuracy(std::vector{1, 1, 1}, std::vector{1, 1, 2}) == 2.0 / 3.0);
}

TEST_CASE("accuracy: any labels that can be compared, in any indexed range", "[ml][metrics]") {
    REQUIRE(accuracy(std::vector<std::string>{"cat", "dog"}, std::array{"cat", "cat"}) == 0.5);
    REQUIRE(accuracy(std::array{color::red, color::green}, std::vector{color::red, color::green}) == 1.0);
    const std::vector<int> truth{0, 1, 2};
    REQUIRE(accuracy(std::span<const int>(truth), std::views::iota(0, 3)) == 1.0);
    REQUIRE(accuracy(std::vector<bool>{true, false}, std::vector<bool>{true, true}) == 0.5);
    REQUIRE(accuracy(std::vector<double>{1, 2}, std::vector<int>{1, 3}) == 0.5);
}

TEST_CASE("accuracy: integers of different types are compared by value", "[ml][metrics]") {
    REQUIRE(accuracy(std::vector<int>{-1, 1}, std::vector<std::uint32_t>{4294967295u, 1}) == 0.5);
    REQUIRE(accuracy(std::vector<std::int8_t>{-1}, std::vector<std::uint64_t>{std::numeric_limits<std::uint64_t>::max()}) == 0.0);
}

TEST_CASE("accuracy: NaN is never a hit", "[ml][metrics]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    REQUIRE(accuracy(std::vector{nan, 1.0}, std::vector{nan, 1.0}) == 0.5);
}

TEST_CASE("accuracy: every label counts once, at every thread count and grain", "[ml][metrics]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    for (const std::size_t n : {1u, 2u, 4095u, 4096u, 4097u, 100'003u}) {
        std::vector<int> truth(n), predicted(n);
        std::size_t hits = 0;
        for (std::size_t i = 0; i != n; ++i) {
            truth[i] = static_cast<int>(i * i % 7);
            predicted[i] = static_cast<int>(i % 7);
            hits += truth[i] == predicted[i] ? 1u : 0u;
        }
        const double expected = static_cast<double>(hits) / static_cast<double>(n);
        pool workers(threads);
        REQUIRE(workers.install([&] { return accuracy(truth, predicted); }) == expected);
        REQUIRE(workers.install([&] { return accuracy(truth, predicted, {.grain = 1}); }) == expected);
    }
}

TEST_CASE("accuracy: the comparison that fails first by index is the one that is reported", "[ml][metrics][errors]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    std::vector<touchy> labels;
    for (int i = 0; i != 50'000; ++i) {
        labels.push_back({i});
    }
    pool workers(threads);
    REQUIRE_THROWS_WITH(workers.install([&] { return accuracy(labels, labels); }), "label 5000");
}

TEST_CASE("accuracy: refuses labels of different number, and none", "[ml][metrics][errors]") {
    REQUIRE_THROWS_AS(accuracy(std::vector{1, 2, 3}, std::vector{1, 2, 3, 4}), shape_error);
    REQUIRE_THROWS_WITH(accuracy(std::vector{1, 2, 3}, std::vector{1, 2, 3, 4}), "accuracy: y_true has shape (3,), y_pred has (4,)");
    try {
        static_cast<void>(accuracy(std::vector{1, 2, 3}, std::vector<int>{}));
        FAIL("no error");
    } catch (const shape_error& error) {
        REQUIRE(error.lhs() == shape_error::shape{3});
        REQUIRE(error.rhs() == shape_error::shape{0});
    }
    REQUIRE_THROWS_AS(accuracy(std::vector<int>{}, std::vector<int>{}), argument_error);
    REQUIRE_THROWS_WITH(accuracy(std::vector<int>{}, std::vector<int>{}), "accuracy: the number of labels must be >= 1, got 0");
    REQUIRE_THROWS_AS(accuracy(std::vector{1}, std::vector{1}, {.grain = 0}), argument_error);
}
