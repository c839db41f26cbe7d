// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/train_test_split.hpp>

#include "../support/catch.hpp"

#include <limits>
#include <optional>
#include <type_traits>
#include <vector>

#include "golden/splits.hpp"

using xrayon::argument_error;
using xrayon::ml::split_size;
using xrayon::ml::train_test_split;
using xrayon::ml::train_test_split_options;
using indices = std::vector<std::size_t>;

static_assert(!std::is_constructible_v<split_size, bool>);

TEST_CASE("train_test_split: the indices of scikit-learn's train_test_split", "[ml][split][train_test_split]") {
    const auto size = [](double value) -> std::optional<split_size> {
        if (value == 0) {
            return std::nullopt;
        }
        return value < 1 ? split_size(value) : split_size(static_cast<int>(value));
    };
    for (const auto& expected : golden::train_test_cases) {
        INFO("n = " << expected.n << ", test_size = " << expected.test_size << ", train_size = " << expected.train_size
                    << ", shuffle = " << expected.shuffle << ", seed = " << expected.seed);
        const auto [train, test] = train_test_split(expected.n, {.test_size = size(expected.test_size),
                                                                 .train_size = size(expected.train_size),
                                                                 .shuffle = expected.shuffle,
                                                                 .seed = expected.seed});
        REQUIRE(train == expected.train);
        REQUIRE(test == expected.test);
    }
}

TEST_CASE("split_size: the type tells a fraction from a number of rows", "[ml][split][train_test_split]") {
    REQUIRE(split_size(1).count() == 1);
    REQUIRE_FALSE(split_size(1).is_fraction());
    REQUIRE(split_size(1.0).is_fraction());
    REQUIRE(split_size(0.5f).fraction() == 0.5);
}

TEST_CASE("train_test_split: a quarter is for the test, unless a size is given", "[ml][split][train_test_split]") {
    REQUIRE(train_test_split(8).test.size() == 2);
    REQUIRE(train_test_split(8).train.size() == 6);
    REQUIRE(train_test_split(9).test.size() == 3);  // the ceiling
    REQUIRE(train_test_split(8, {.train_size = 2}).test.size() == 6);
    REQUIRE(train_test_split(8, {.train_size = 0.3}).train.size() == 2);  // the floor
    REQUIRE(train_test_split(8, {.test_size = 3}).train.size() == 5);
    REQUIRE(train_test_split(8, {.test_size = 3u, .train_size = 0.25f}).train.size() == 2);
}

TEST_CASE("train_test_split: without shuffle the training set stands first and the test set follows", "[ml][split][train_test_split]") {
    const auto [train, test] = train_test_split(6, {.test_size = 2, .shuffle = false});
    REQUIRE(train == indices{0, 1, 2, 3});
    REQUIRE(test == indices{4, 5});
    const auto [some, next] = train_test_split(6, {.test_size = 1, .train_size = 2, .shuffle = false});
    REQUIRE(some == indices{0, 1});
    REQUIRE(next == indices{2});
}

TEST_CASE("train_test_split: no row is in both sets, and none is lost without both sizes", "[ml][split][train_test_split]") {
    for (const std::size_t n : {2u, 3u, 10u, 101u}) {
        for (const std::uint32_t seed : {0u, 1u, 77u}) {
            const auto [train, test] = train_test_split(n, {.seed = seed});
            indices seen(n);
            for (const std::size_t row : train) {
                ++seen.at(row);
            }
            for (const std::size_t row : test) {
                ++seen.at(row);
            }
            REQUIRE(seen == indices(n, 1));
        }
    }
}

TEST_CASE("train_test_split: says which size is wrong", "[ml][split][train_test_split][errors]") {
    const auto refuses = [](std::size_t n, const train_test_split_options& options, const std::string& what) {
        REQUIRE_THROWS_AS(train_test_split(n, options), argument_error);
        REQUIRE_THROWS_WITH(train_test_split(n, options), what);
    };
    refuses(0, {}, "train_test_split: the number of rows must be >= 2, got 0");
    refuses(1, {}, "train_test_split: the number of rows must be >= 2, got 1");
    refuses(10, {.test_size = 0.0}, "train_test_split: test_size as a fraction must be in (0, 1), got 0");
    refuses(10, {.test_size = 1.0}, "train_test_split: test_size as a fraction must be in (0, 1), got 1");
    refuses(10, {.test_size = 1.5}, "train_test_split: test_size as a fraction must be in (0, 1), got 1.5");
    refuses(10, {.test_size = -0.25}, "train_test_split: test_size as a fraction must be in (0, 1), got -0.25");
    refuses(10, {.test_size = std::numeric_limits<double>::quiet_NaN()},
            "train_test_split: test_size as a fraction must be in (0, 1), got nan");
    refuses(10, {.train_size = 1.25}, "train_test_split: train_size as a fraction must be in (0, 1), got 1.25");
    refuses(10, {.test_size = 0}, "train_test_split: test_size as a number of rows must be from 1 to 9, got 0");
    refuses(10, {.test_size = 10}, "train_test_split: test_size as a number of rows must be from 1 to 9, got 10");
    refuses(10, {.train_size = 11}, "train_test_split: train_size as a number of rows must be from 1 to 9, got 11");
    refuses(10, {.test_size = 0.5, .train_size = 0.75}, "train_test_split: test_size + train_size must be <= 1, got 1.25");
    refuses(10, {.test_size = 4, .train_size = 7}, "train_test_split: test and training rows together must be <= 10, got 11");
    refuses(10, {.test_size = 0.25, .train_size = 8}, "train_test_split: test and training rows together must be <= 10, got 11");
    refuses(10, {.test_size = 0.95}, "train_test_split: the number of training rows must be >= 1, got 0");
    refuses(10, {.train_size = 0.05}, "train_test_split: the number of training rows must be >= 1, got 0");
    REQUIRE_THROWS_AS(split_size(-3), argument_error);
    REQUIRE_THROWS_WITH(split_size(-3), "split_size: a number of rows must be >= 0, got -3");
}
