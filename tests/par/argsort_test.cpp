// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/argsort.hpp>
#include <xrayon/par/is_sorted.hpp>
#include <xrayon/par/top_k.hpp>

#include "../support/catch.hpp"
#include "../support/sequences.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include <xrayon/exec/pool.hpp>

using namespace xrayon;
using test::mix;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Many equal ones, zeros of both signs, NaNs.
std::vector<double> doubles(std::size_t n) {
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i) {
        const auto draw = mix(i + 5) % 60;
        values[i] = draw == 0 ? not_a_number : draw == 1 ? -0.0 : draw == 2 ? -not_a_number : static_cast<double>(draw) - 20;
    }
    return values;
}

std::vector<std::string> texts(std::size_t n) {
    std::vector<std::string> values(n);
    for (std::size_t i = 0; i < n; ++i) {
        values[i] = std::to_string(mix(i) % 500);
    }
    return values;
}

template <class Range, class Less>
std::vector<std::size_t> plain_argsort(const Range& range, const Less& less) {
    std::vector<std::size_t> order(std::ranges::size(range));
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return less(element(range, i), element(range, j)); });
    return order;
}

/// By its definition: those of a stable sort, the greatest first.
template <class Range, class Less>
std::vector<std::size_t> plain_top_k(const Range& range, std::size_t k, const Less& less) {
    auto order = plain_argsort(range, [&](const auto& a, const auto& b) { return less(b, a); });
    order.resize(k);
    return order;
}

struct failed_at {
    int a;
    int b;
    friend bool operator==(const failed_at&, const failed_at&) = default;
};

} // namespace

TEST_CASE("argsort: the indices of a stable sort, of numbers and of others, at every thread count and grain", "[par][argsort][law]") {
    for (const std::size_t n : {0u, 1u, 2u, 24u, 25u, 300u, 3000u, 33'000u}) {
        INFO("n = " << n);
        const auto values = doubles(n);
        const auto expected = plain_argsort(values, natural_less{});
        const auto descending = plain_argsort(values, [](double a, double b) { return natural_less{}(b, a); });
        test::require_everywhere(expected, [&](const loop_options& options) { return argsort(values, options).to_vector(); });
        test::require_everywhere(descending,
                                 [&](const loop_options& options) { return argsort(values, std::greater<>{}, options).to_vector(); });
        if (n <= 3000) {
            const auto strings = texts(n);
            const auto expected_texts = plain_argsort(strings, std::less<>{});
            test::require_everywhere(expected_texts,
                                     [&](const loop_options& options) { return argsort(strings, natural_less{}, options).to_vector(); });
        }
    }
}

TEST_CASE("argsort: reads any indexed range, computed ones and lists of bits included, and writes to none", "[par][argsort]") {
    const auto computed = std::views::iota(0, 1000) | std::views::transform([](int i) { return (i * 37) % 101; });
    REQUIRE(argsort(computed).to_vector() == plain_argsort(computed, std::less<>{}));
    const auto by_last_digit = [](int a, int b) { return a % 10 <=> b % 10; };
    REQUIRE(argsort(computed, by_last_digit).to_vector() == plain_argsort(computed, [](int a, int b) { return a % 10 < b % 10; }));
    const std::vector<bool> bits{true, false, true, false};
    REQUIRE(argsort(bits).to_vector() == std::vector<std::size_t>{1, 3, 0, 2});
}

TEST_CASE("argsort: the same exception at every thread count, and what is wrong with an argument", "[par][argsort][errors]") {
    const auto values = test::numbers(5000);
    std::optional<failed_at> first;
    for (const std::size_t threads : test::thread_counts) {
        const test::random_delays delays(threads, 4);
        std::optional<failed_at> failure;
        try {
            static_cast<void>(pool(threads).install([&] {
                return argsort(values, [](int a, int b) {
                    if ((a * 31 + b) % 977 == 0) {
                        throw failed_at{a, b};
                    }
                    return a < b;
                });
            }));
        } catch (const failed_at& each) {
            failure = each;
        }
        REQUIRE(failure.has_value());
        first = first ? first : failure;
        REQUIRE((failure == first));
    }
    REQUIRE_THROWS_WITH(argsort(values, {.grain = 0}), "argsort: options.grain must be >= 1, got 0");
}

TEST_CASE("top_k: what a stable sort begins with, the greatest first, at every thread count and grain", "[par][top_k][law]") {
    for (const std::size_t n : {1u, 2u, 30u, 9000u, 70'000u}) {
        const auto values = doubles(n);
        const auto strings = texts(n);
        for (const std::size_t k : {std::size_t{0}, std::size_t{1}, std::size_t{10}, n / 9, n == 9000 ? n : 5}) {
            if (k > n) {
                continue;
            }
            INFO("n = " << n << ", k = " << k);
            const auto expected = plain_top_k(values, k, natural_less{});
            const auto least = plain_top_k(values, k, [](double a, double b) { return natural_less{}(b, a); });
            const auto expected_texts = plain_top_k(strings, k, std::less<>{});
            test::require_everywhere(true, [&](const loop_options& options) {
                const auto got = top_k(values, k, options);
                bool same = got.indices.size() == k && std::equal(expected.begin(), expected.end(), got.indices.begin());
                for (std::size_t i = 0; i < k && same; ++i) {
                    same = std::bit_cast<std::uint64_t>(got.values[i]) == std::bit_cast<std::uint64_t>(values[expected[i]]);
                }
                const auto low = top_k(
                    values, k, [](double a, double b) { return natural_less{}(b, a); }, options);
                const auto by_text = top_k(strings, k, natural_less{}, options);
                return same && std::equal(least.begin(), least.end(), low.indices.begin(), low.indices.end())
                       && std::equal(expected_texts.begin(), expected_texts.end(), by_text.indices.begin(), by_text.indices.end());
            });
        }
    }
}

TEST_CASE("top_k: NaN is the greatest, equal ones come by index, and greater turns it round", "[par][top_k]") {
    const std::vector<double> values{1, not_a_number, 3, 3, -5};
    const auto best = top_k(values, 3);
    REQUIRE(best.indices.size() == 3);
    REQUIRE(best.values[0] != best.values[0]);
    REQUIRE(std::vector<std::size_t>(best.indices.begin(), best.indices.end()) == std::vector<std::size_t>{1, 2, 3});
    REQUIRE(best.values[1] == 3);
    const auto worst = top_k(std::vector<int>{5, 1, 4, 1}, 2, std::greater<>{});
    REQUIRE(worst.values.size() == 2);
    REQUIRE(worst.indices[0] == 1);
    REQUIRE(worst.indices[1] == 3);
    REQUIRE(worst.values[1] == 1);
}

TEST_CASE("top_k: says that there are too few elements", "[par][top_k][errors]") {
    REQUIRE_THROWS_WITH(top_k(std::vector<int>{1, 2}, 3), "top_k: k must be at most the number of elements (2), got 3");
    REQUIRE_THROWS_WITH(top_k(std::vector<int>{1, 2}, 1, {.grain = 0}), "top_k: options.grain must be >= 1, got 0");
    REQUIRE(top_k(std::vector<int>{}, 0).values.empty());
}

TEST_CASE("par_is_sorted and par_first_unsorted: the lowest place that is out of order, at every thread count and grain",
          "[par][sort][law]") {
    std::vector<double> values(20'000);
    std::iota(values.begin(), values.end(), 0.0);
    values.back() = not_a_number;
    test::require_everywhere(true, [&](const loop_options& options) { return par_is_sorted(values, natural_less{}, options); });
    values[777] = 776;  // equal to the one before: still sorted
    REQUIRE(par_is_sorted(values));
    REQUIRE_FALSE(par_is_sorted(values, std::greater<>{}));
    values[15'000] = 3;
    values[18'000] = 3;
    test::require_everywhere(std::optional<std::size_t>(15'000),
                             [&](const loop_options& options) { return par_first_unsorted(values, natural_less{}, options); });
    REQUIRE(par_is_sorted(std::vector<int>{}));
    REQUIRE(par_is_sorted(std::vector<int>{1}));
    REQUIRE_FALSE(par_first_unsorted(std::vector<int>{1, 1, 2}));
    REQUIRE_THROWS_WITH(par_is_sorted(values, natural_less{}, {.grain = 0}), "par_is_sorted: options.grain must be >= 1, got 0");
}
