// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/sequence.hpp>

#include "../support/catch.hpp"
#include "../support/from_rayon.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

// docs/guide/from-rayon.md shows the lines; cmake/check_from_rayon.cmake holds it against these tests.

using namespace xrayon;
using namespace xrayon::test::from_rayon;

TEST_CASE("rayon: map", "[par][rayon]") {
    everywhere(plain(xs, square), [] { return par(xs).map(square).to_vector(); });
}

TEST_CASE("rayon: map_with", "[par][rayon]") {
    everywhere(plain(xs, [](int x) { return std::to_string(x).size(); }), [] {
        return par(xs).map_with(std::string(), [](std::string& text, int x) { return (text = std::to_string(x)).size(); }).to_vector();
    });
}

TEST_CASE("rayon: map_init", "[par][rayon]") {
    everywhere(plain(xs, [](int x) { return std::to_string(x).size(); }), [] {
        return par(xs)
            .map_init([] { return std::string(); }, [](std::string& text, int x) { return (text = std::to_string(x)).size(); })
            .to_vector();
    });
}

TEST_CASE("rayon: inspect", "[par][rayon]") {
    std::atomic<long> seen{0};
    everywhere(xs.size(), [&] { return par(xs).inspect([&](int x) { seen += x; }).count(); });
    REQUIRE(seen == static_cast<long>(test::thread_counts.size()) * std::accumulate(xs.begin(), xs.end(), 0L));
}

TEST_CASE("rayon: update", "[par][rayon]") {
    everywhere(plain(xs, [](int x) { return x * x + 1; }), [] { return par(xs).map(square).update([](int& x) { ++x; }).to_vector(); });
}

TEST_CASE("rayon: filter", "[par][rayon]") {
    everywhere(plain(xs, itself, even), [] { return par(xs).filter(even).to_vector(); });
}

TEST_CASE("rayon: filter_map", "[par][rayon]") {
    everywhere(plain(
                   xs, [](int x) { return x / 2; }, even),
               [] { return par(xs).filter_map(half).to_vector(); });
}

TEST_CASE("rayon: flat_map", "[par][rayon]") {
    std::vector<int> expected;
    for (const int x : xs) {
        for (int k = 0; k < x % 4; ++k) {
            expected.push_back(k);
        }
    }
    everywhere(expected, [] { return par(xs).flat_map([](int x) { return par(iota(x % 4)); }).to_vector(); });
}

TEST_CASE("rayon: flat_map_iter", "[par][rayon]") {
    std::vector<int> expected;
    for (const int x : xs) {
        expected.insert(expected.end(), static_cast<std::size_t>(x % 4), x);
    }
    everywhere(expected, [] { return par(xs).flat_map_iter(copies).to_vector(); });
}

TEST_CASE("rayon: flatten", "[par][rayon]") {
    everywhere(xs, [] { return par(xs).chunks(7).flatten().to_vector(); });
    const std::vector<std::vector<int>> uneven{{}, {1}, {}, {2, 3}, {}};
    everywhere(std::vector{1, 2, 3}, [&] { return par(uneven).flatten().to_vector(); });
}

TEST_CASE("rayon: flatten_iter", "[par][rayon]") {
    std::size_t expected = 0;
    for (const int x : xs) {
        expected += static_cast<std::size_t>(x % 4);
    }
    everywhere(expected, [] { return par(xs).map(copies).flatten_iter().count(); });
}

TEST_CASE("rayon: fold", "[par][rayon]") {
    everywhere(std::accumulate(xs.begin(), xs.end(), 0), [] { return par(xs).fold([] { return 0; }, std::plus<>{}).sum(); });
}

TEST_CASE("rayon: fold_with", "[par][rayon]") {
    std::string expected;
    for (const int x : xs) {
        expected += std::to_string(x);
    }
    everywhere(std::optional(expected), [] {
        return par(xs)
            .fold_with(std::string(), [](std::string text, int x) { return text + std::to_string(x); })
            .reduce_with(std::plus<>{});
    });
}

TEST_CASE("rayon: try_fold", "[par][rayon]") {
    everywhere(std::optional(std::accumulate(xs.begin(), xs.end(), 0)),
               [] { return par(xs).try_fold([] { return 0; }, checked_add).try_reduce([] { return 0; }, checked_add); });
    const std::vector<int> huge(600, std::numeric_limits<int>::max() / 300);
    everywhere(std::optional<int>(),
               [&] { return par(huge).try_fold([] { return 0; }, checked_add).try_reduce([] { return 0; }, checked_add); });
}

TEST_CASE("rayon: try_fold_with", "[par][rayon]") {
    everywhere(std::optional(std::accumulate(xs.begin(), xs.end(), 0)),
               [] { return par(xs).try_fold_with(0, checked_add).try_reduce([] { return 0; }, checked_add); });
    const std::vector<int> huge(600, std::numeric_limits<int>::max() / 300);
    everywhere(std::optional<int>(), [&] { return par(huge).try_fold_with(0, checked_add).try_reduce([] { return 0; }, checked_add); });
}

TEST_CASE("rayon: chain", "[par][rayon]") {
    std::vector<int> expected = xs;
    expected.insert(expected.end(), ys.begin(), ys.end());
    everywhere(expected, [] { return par(xs).chain(ys).to_vector(); });
}

TEST_CASE("rayon: intersperse", "[par][rayon]") {
    std::string expected = words[0];
    for (std::size_t i = 1; i < words.size(); ++i) {
        expected += ", " + words[i];
    }
    everywhere(std::optional(expected), [] { return par(words).intersperse(std::string(", ")).reduce_with(std::plus<>{}); });
}

TEST_CASE("rayon: while_some", "[par][rayon]") {
    const auto odd = static_cast<std::size_t>(std::find_if_not(xs.begin(), xs.end(), even) - xs.begin());
    REQUIRE(odd < xs.size());
    std::vector<int> expected;
    for (std::size_t i = 0; i < odd; ++i) {
        expected.push_back(xs[i] / 2);
    }
    everywhere(expected, [] { return par(xs).map(half).while_some().to_vector(); });
}

TEST_CASE("rayon: take_any", "[par][rayon]") {
    auto expected = plain(xs, itself, even);
    expected.resize(5);
    everywhere(expected, [] { return par(xs).filter(even).take_any(5).to_vector(); });
}

TEST_CASE("rayon: skip_any", "[par][rayon]") {
    auto expected = plain(xs, itself, even);
    expected.erase(expected.begin(), expected.begin() + 5);
    everywhere(expected, [] { return par(xs).filter(even).skip_any(5).to_vector(); });
}

TEST_CASE("rayon: take_any_while", "[par][rayon]") {
    const auto end = std::find_if(xs.begin(), xs.end(), [](int x) { return x >= 990; });
    REQUIRE(end != xs.end());
    everywhere(std::vector<int>(xs.begin(), end), [] { return par(xs).take_any_while([](int x) { return x < 990; }).to_vector(); });
}

TEST_CASE("rayon: skip_any_while", "[par][rayon]") {
    const auto begin = std::find_if(xs.begin(), xs.end(), [](int x) { return x >= 990; });
    everywhere(std::vector<int>(begin, xs.end()), [] { return par(xs).skip_any_while([](int x) { return x < 990; }).to_vector(); });
}

TEST_CASE("rayon: opt_len", "[par][rayon]") {
    everywhere(std::optional<std::size_t>(xs.size()), [] { return par(xs).map(square).opt_len(); });
    REQUIRE_FALSE(par(xs).filter(even).opt_len().has_value());
}
