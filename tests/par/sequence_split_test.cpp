// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/sequence.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/sequences.hpp"
#include "../support/thread_counts.hpp"

#include <compare>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/exec/pool.hpp>

using namespace xrayon;

namespace {

template <class T>
std::vector<T> copy_of(const results<T>& r) {
    return std::vector<T>(r.begin(), r.end());
}

} // namespace

TEST_CASE("sequence: partition keeps both sides in order", "[par][sequence]") {
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{100}, std::size_t{4096}, std::size_t{10'000}}) {
        const auto input = test::numbers(n);
        std::vector<int> small, large, odd_small, odd_large;
        for (const int x : input) {
            (x < 300 ? small : large).push_back(x);
            if (x % 2 == 1) (x < 300 ? odd_small : odd_large).push_back(x);
        }
        for (const std::size_t threads : test::thread_counts) {
            const pool workers(threads);
            const test::random_delays delays(threads, 64);
            workers.install([&] {
                const auto [kept, others] = par(input).partition([](int x) { return x < 300; });
                REQUIRE(copy_of(kept) == small);
                REQUIRE(copy_of(others) == large);
                const auto [odd_kept, odd_others] = par(input).filter([](int x) { return x % 2 == 1; }).partition([](int x) { return x < 300; });
                REQUIRE(copy_of(odd_kept) == odd_small);
                REQUIRE(copy_of(odd_others) == odd_large);
            });
        }
    }
    std::vector<std::unique_ptr<int>> owners;
    for (int i = 0; i < 10; ++i) {
        owners.push_back(std::make_unique<int>(i));
    }
    const auto [even, odd] = par(std::move(owners)).partition([](const std::unique_ptr<int>& p) { return *p % 2 == 0; });
    REQUIRE(even.size() == 5);
    REQUIRE(*odd[4] == 9);
}

TEST_CASE("sequence: unzip takes pairs apart", "[par][sequence]") {
    const auto input = test::numbers(1000);
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        workers.install([&] {
            const auto [numbers, texts] = par(input).map([](int x) { return std::pair(x + 1, std::to_string(x)); }).unzip();
            for (std::size_t i = 0; i < input.size(); ++i) {
                REQUIRE(numbers[i] == input[i] + 1);
                REQUIRE(texts[i] == std::to_string(input[i]));
            }
        });
    }
}

TEST_CASE("sequence: comparisons are those of a dictionary", "[par][sequence]") {
    const std::vector<std::vector<int>> words{{}, {1}, {1, 2}, {1, 2, 3}, {1, 3}, {2}, {1, 2}};
    for (const auto& a : words) {
        for (const auto& b : words) {
            const auto expected = std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
            REQUIRE(par(a).cmp(b) == expected);
            REQUIRE(par(a).partial_cmp(b) == expected);
            REQUIRE(par(a).eq(b) == (a == b));
            REQUIRE(par(a).ne(b) == (a != b));
            REQUIRE(par(a).lt(b) == (a < b));
            REQUIRE(par(a).le(b) == (a <= b));
            REQUIRE(par(a).gt(b) == (a > b));
            REQUIRE(par(a).ge(b) == (a >= b));
        }
    }
    auto a = test::numbers(5000);
    auto b = a;
    REQUIRE(par(a).eq(b));
    b[4000] += 1;
    a[4500] += 1;
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const test::random_delays delays(threads, 64);
        REQUIRE(workers.install([&] { return par(a).cmp(b); }) == std::strong_ordering::less);
    }
}

TEST_CASE("sequence: NaN is neither less, equal nor greater", "[par][sequence]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> a{1, nan, 3};
    const std::vector<double> b{1, 2, 2};
    REQUIRE(par(a).partial_cmp(b) == std::partial_ordering::unordered);
    REQUIRE_FALSE(par(a).eq(a));
    REQUIRE(par(a).ne(a));
    REQUIRE_FALSE(par(a).lt(b));
    REQUIRE_FALSE(par(a).ge(b));
    REQUIRE(par(std::vector<double>{1, 1, nan}).lt(b));  // decided before it comes to NaN
}

TEST_CASE("sequence: intersperse and positions", "[par][sequence]") {
    const auto input = test::numbers(100);
    std::vector<int> woven;
    std::vector<std::size_t> at;
    for (std::size_t i = 0; i < input.size(); ++i) {
        if (i != 0) woven.push_back(-1);
        woven.push_back(input[i]);
        if (input[i] % 7 == 0) at.push_back(i);
    }
    REQUIRE(par(input).intersperse(-1).to_vector() == woven);
    REQUIRE(par(std::vector<int>{}).intersperse(-1).to_vector().empty());
    REQUIRE(par(std::vector<int>{5}).intersperse(-1).to_vector() == std::vector<int>{5});
    REQUIRE(par(input).positions([](int x) { return x % 7 == 0; }).to_vector() == at);
}
