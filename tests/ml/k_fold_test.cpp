// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/split/k_fold.hpp>

#include "../support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <random>
#include <ranges>
#include <vector>

#include <xrayon/core/concepts.hpp>

#include "golden/splits.hpp"

using namespace xrayon;
using ml::fold;
using ml::k_fold;
using ml::remainder_rule;
using indices = std::vector<std::size_t>;

namespace {

using folds_of_k = decltype(k_fold{}.split(2));
static_assert(indexed_range<folds_of_k>);
static_assert(std::random_access_iterator<folds_of_k::iterator>);

/// The rows of [0, n) that `test` has not, ascending.
indices rest_of(std::size_t n, const indices& test) {
    indices out;
    for (std::size_t row = 0; row != n; ++row) {
        if (std::find(test.begin(), test.end(), row) == test.end()) {
            out.push_back(row);
        }
    }
    return out;
}

/// FNV-1a over 64-bit words, as golden/make_splits.py has it.
struct digest {
    std::uint64_t value = 0xcbf29ce484222325u;
    void add(const indices& words) {
        for (const std::size_t word : words) {
            value = (value ^ word) * 0x100000001b3u;
        }
    }
};

} // namespace

TEST_CASE("mt19937: the engine of the C++ standard and of numpy", "[ml][split]") {
    ml::detail::mt19937 ours(5489);
    std::uint32_t last = 0;
    for (int i = 0; i != 10'000; ++i) {
        last = ours();
    }
    REQUIRE(last == 4123659995u);  // the 10000th, [rand.predef] of the C++ standard

    for (const std::uint32_t seed : {0u, 1u, 20240601u, 0xffffffffu}) {
        ml::detail::mt19937 engine(seed);
        std::mt19937 standard(seed);
        std::size_t different = 0;
        for (int i = 0; i != 2000; ++i) {
            different += engine() == standard() ? 0 : 1;
        }
        REQUIRE(different == 0);
    }
    for (const auto& expected : golden::engine_cases) {
        ml::detail::mt19937 engine(expected.seed);
        std::vector<std::uint32_t> got(626);
        for (auto& value : got) {
            value = engine();
        }
        REQUIRE(std::vector(got.begin(), got.begin() + 5) == expected.first);
        REQUIRE(std::vector(got.begin() + 622, got.end()) == expected.around_623);
    }
}

TEST_CASE("mt19937: up_to draws as numpy's masked rejection does, below and above 32 bits", "[ml][split]") {
    for (const auto& expected : golden::interval_cases) {
        ml::detail::mt19937 engine(expected.seed);
        for (const std::uint64_t value : expected.values) {
            REQUIRE(engine.up_to(expected.most) == value);
        }
    }
    ml::detail::mt19937 engine(1);
    REQUIRE(engine.up_to(0) == 0);
    REQUIRE(engine() == golden::engine_cases[1].first[0]);  // 0 bits needed none
    for (int i = 0; i != 1000; ++i) {
        REQUIRE(engine.up_to(4) <= 4);
    }
}

TEST_CASE("permutation: the order of numpy.random.RandomState(seed).permutation(n)", "[ml][split]") {
    for (const auto& expected : golden::permutation_cases) {
        INFO("n = " << expected.n << ", seed = " << expected.seed);
        digest got;
        got.add(ml::detail::permutation(expected.n, expected.seed));
        REQUIRE(got.value == expected.digest);
    }
}

TEST_CASE("k_fold: the folds of scikit-learn's KFold, shuffled or not", "[ml][split][k_fold]") {
    for (const auto& expected : golden::k_fold_cases) {
        INFO("n = " << expected.n << ", k = " << expected.k << ", shuffle = " << expected.shuffle << ", seed = " << expected.seed);
        const k_fold splitter{.folds = expected.k, .shuffle = expected.shuffle, .seed = expected.seed};
        const auto folds = splitter.split(expected.n);
        REQUIRE(folds.size() == expected.k);
        for (std::size_t i = 0; i != expected.k; ++i) {
            REQUIRE(folds[i].test == expected.test[i]);
            REQUIRE(folds[i].train == rest_of(expected.n, expected.test[i]));
        }
    }
    for (const auto& expected : golden::k_fold_digests) {
        INFO("n = " << expected.n << ", k = " << expected.k << ", seed = " << expected.seed);
        digest test, train;
        for (const fold& each : k_fold{.folds = expected.k, .shuffle = true, .seed = expected.seed}.split(expected.n)) {
            test.add(each.test);
            train.add(each.train);
        }
        REQUIRE(test.value == expected.test);
        REQUIRE(train.value == expected.train);
    }
}

TEST_CASE("k_fold: five folds of neighbours, and three of unequal size, written out", "[ml][split][k_fold]") {
    const auto five = k_fold{}.split(10);
    REQUIRE(five.size() == 5);
    REQUIRE(five[0] == fold{{2, 3, 4, 5, 6, 7, 8, 9}, {0, 1}});
    REQUIRE(five[4] == fold{{0, 1, 2, 3, 4, 5, 6, 7}, {8, 9}});
    const auto three = k_fold{.folds = 3}.split(11);
    REQUIRE(three[0].test == indices{0, 1, 2, 3});
    REQUIRE(three[1].test == indices{4, 5, 6, 7});
    REQUIRE(three[2].test == indices{8, 9, 10});
}

TEST_CASE("k_fold: remainder_rule::last gives every fold n / k rows and the rest to the last one", "[ml][split][k_fold]") {
    const auto folds = k_fold{.folds = 3, .rest = remainder_rule::last}.split(11);
    REQUIRE(folds[0] == fold{{3, 4, 5, 6, 7, 8, 9, 10}, {0, 1, 2}});
    REQUIRE(folds[1] == fold{{0, 1, 2, 6, 7, 8, 9, 10}, {3, 4, 5}});
    REQUIRE(folds[2] == fold{{0, 1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}});
    REQUIRE(std::ranges::equal(k_fold{.folds = 5, .rest = remainder_rule::last}.split(10), k_fold{.folds = 5}.split(10)));

    // Shuffled, a fold is a slice of the same order, its indices ascending.
    const auto order = ml::detail::permutation(11, 9);
    const auto shuffled = k_fold{.folds = 3, .shuffle = true, .seed = 9, .rest = remainder_rule::last}.split(11);
    indices last(order.begin() + 6, order.end());
    std::sort(last.begin(), last.end());
    REQUIRE(shuffled[2].test == last);
    REQUIRE(shuffled[2].train == rest_of(11, last));
}

TEST_CASE("k_fold: every row is in one test set and in k - 1 training sets", "[ml][split][k_fold]") {
    for (const bool shuffle : {false, true}) {
        for (const remainder_rule rest : {remainder_rule::spread, remainder_rule::last}) {
            for (const std::size_t n : {2u, 3u, 10u, 37u, 101u}) {
                for (std::size_t k = 2; k <= std::min<std::size_t>(n, 12); ++k) {
                    INFO("n = " << n << ", k = " << k << ", shuffle = " << shuffle << ", last = " << (rest == remainder_rule::last));
                    indices tested(n), trained(n);
                    for (const auto& [train, test] : k_fold{.folds = k, .shuffle = shuffle, .seed = 5, .rest = rest}.split(n)) {
                        REQUIRE(!test.empty());
                        REQUIRE(std::is_sorted(test.begin(), test.end()));
                        REQUIRE(std::is_sorted(train.begin(), train.end()));
                        REQUIRE(train.size() + test.size() == n);
                        for (const std::size_t row : test) {
                            ++tested.at(row);
                        }
                        for (const std::size_t row : train) {
                            ++trained.at(row);
                        }
                    }
                    REQUIRE(tested == indices(n, 1));
                    REQUIRE(trained == indices(n, k - 1));
                }
            }
        }
    }
}

TEST_CASE("k_fold: the list of folds is a range that gives each fold any number of times", "[ml][split][k_fold]") {
    const auto folds = k_fold{.folds = 4, .shuffle = true, .seed = 3}.split(9);
    const std::vector<fold> kept(folds.begin(), folds.end());
    REQUIRE(kept.size() == 4);
    REQUIRE(std::ranges::size(folds) == 4);
    REQUIRE(element(folds, 2) == kept[2]);
    REQUIRE(folds[2] == kept[2]);
    auto it = folds.begin();
    REQUIRE(*(it + 3) == kept[3]);
    REQUIRE(it[1] == kept[1]);
    REQUIRE(*++it == kept[1]);
    REQUIRE(*it++ == kept[1]);
    REQUIRE(*it-- == kept[2]);
    REQUIRE(folds.end() - it == 3);
    REQUIRE(it < folds.end());
    REQUIRE(*(folds.end() - 1) == kept[3]);
}

TEST_CASE("k_fold: leave-one-out is as many folds as rows", "[ml][split][k_fold]") {
    const auto folds = k_fold{.folds = 6}.split(6);
    for (std::size_t i = 0; i != 6; ++i) {
        REQUIRE(folds[i].test == indices{i});
        REQUIRE(folds[i].train == rest_of(6, {i}));
    }
}

TEST_CASE("k_fold: says which number of folds is wrong, and for how many rows", "[ml][split][k_fold][errors]") {
    REQUIRE_THROWS_AS(k_fold{.folds = 1}.split(10), argument_error);
    REQUIRE_THROWS_WITH(k_fold{.folds = 1}.split(10), "k_fold: folds must be >= 2, got 1");
    REQUIRE_THROWS_WITH(k_fold{.folds = 0}.split(10), "k_fold: folds must be >= 2, got 0");
    REQUIRE_THROWS_AS(k_fold{.folds = 11}.split(10), argument_error);
    REQUIRE_THROWS_WITH(k_fold{.folds = 11}.split(10), "k_fold: folds = 11 is greater than the number of rows 10");
    REQUIRE_THROWS_WITH(k_fold{}.split(0), "k_fold: folds = 5 is greater than the number of rows 0");
    REQUIRE_THROWS_WITH((k_fold{.folds = 2, .shuffle = true}.split(1)), "k_fold: folds = 2 is greater than the number of rows 1");
}
