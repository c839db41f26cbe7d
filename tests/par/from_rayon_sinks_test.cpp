// SPDX-License-Identifier: Apache-2.0
#include <xrayon/par/sequence.hpp>

#include "../support/catch.hpp"
#include "../support/from_rayon.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

// docs/guide/from-rayon.md shows the lines; cmake/check_from_rayon.cmake holds it against these tests.

using namespace xrayon;
using namespace xrayon::test::from_rayon;

TEST_CASE("rayon: for_each", "[par][rayon]") {
    everywhere(plain(xs, [](int x) { return 2 * x; }), [] {
        auto v = xs;
        par_mut(v).for_each([](int& x) { x *= 2; });
        return v;
    });
}

TEST_CASE("rayon: for_each_with", "[par][rayon]") {
    std::size_t expected = 0;
    for (const int x : xs) {
        expected += std::to_string(x).size();
    }
    everywhere(expected, [] {
        std::atomic<std::size_t> digits{0};
        par(xs).for_each_with(std::string(), [&](std::string& text, int x) { digits += (text = std::to_string(x)).size(); });
        return digits.load();
    });
}

TEST_CASE("rayon: for_each_init", "[par][rayon]") {
    std::size_t expected = 0;
    for (const int x : xs) {
        expected += std::to_string(x).size();
    }
    everywhere(expected, [] {
        std::atomic<std::size_t> digits{0};
        par(xs).for_each_init([] { return std::string(); }, [&](std::string& text, int x) { digits += (text = std::to_string(x)).size(); });
        return digits.load();
    });
}

TEST_CASE("rayon: try_for_each", "[par][rayon]") {
    const int failing = *std::find_if(xs.begin(), xs.end(), large);
    everywhere(std::error_code(failing, std::generic_category()), [] { return par(xs).try_for_each(fits); });
    REQUIRE_FALSE(par(std::vector{1, 900}).try_for_each(fits));
}

TEST_CASE("rayon: try_for_each_with", "[par][rayon]") {
    const int failing = *std::find_if(xs.begin(), xs.end(), large);
    everywhere(std::error_code(failing, std::generic_category()),
               [] { return par(xs).try_for_each_with(0, [](int& last, int x) { return fits(last = x); }); });
}

TEST_CASE("rayon: try_for_each_init", "[par][rayon]") {
    const int failing = *std::find_if(xs.begin(), xs.end(), large);
    everywhere(std::error_code(failing, std::generic_category()),
               [] { return par(xs).try_for_each_init([] { return 0; }, [](int& last, int x) { return fits(last = x); }); });
}

TEST_CASE("rayon: count", "[par][rayon]") {
    everywhere(static_cast<std::size_t>(std::count_if(xs.begin(), xs.end(), even)), [] { return par(xs).filter(even).count(); });
}

TEST_CASE("rayon: reduce", "[par][rayon]") {
    everywhere(std::accumulate(words.begin(), words.end(), std::string()),
               [] { return par(words).reduce([] { return std::string(); }, std::plus<>{}); });
}

TEST_CASE("rayon: reduce_with", "[par][rayon]") {
    everywhere(std::optional(std::accumulate(words.begin(), words.end(), std::string())),
               [] { return par(words).reduce_with(std::plus<>{}); });
    REQUIRE_FALSE(par(std::vector<int>()).reduce_with(std::plus<>{}).has_value());
}

TEST_CASE("rayon: try_reduce", "[par][rayon]") {
    everywhere(std::optional(std::accumulate(xs.begin(), xs.end(), 0)),
               [] { return par(xs).map([](int x) { return std::optional(x); }).try_reduce([] { return 0; }, checked_add); });
    everywhere(std::optional<int>(), [] { return par(xs).map(half).try_reduce([] { return 0; }, checked_add); });
}

TEST_CASE("rayon: try_reduce_with", "[par][rayon]") {
    everywhere(std::optional(std::optional(std::accumulate(xs.begin(), xs.end(), 0))),
               [] { return par(xs).map([](int x) { return std::optional(x); }).try_reduce_with(checked_add); });
    REQUIRE_FALSE(par(std::vector<int>()).map(half).try_reduce_with(checked_add).has_value());
}

TEST_CASE("rayon: sum", "[par][rayon]") {
    everywhere(std::accumulate(xs.begin(), xs.end(), 0), [] { return par(xs).sum(); });
}

TEST_CASE("rayon: product", "[par][rayon]") {
    std::uint64_t expected = 1;  // modulo 2^64
    for (const int x : xs) {
        expected *= std::uint64_t(2) * static_cast<unsigned>(x) + 1;
    }
    everywhere(expected, [] { return par(xs).map([](int x) { return std::uint64_t(2) * static_cast<unsigned>(x) + 1; }).product(); });
}

TEST_CASE("rayon: min", "[par][rayon]") {
    everywhere(std::optional(*std::min_element(xs.begin(), xs.end())), [] { return par(xs).min(); });
    REQUIRE_FALSE(empty<int>().min().has_value());
}

TEST_CASE("rayon: min_by", "[par][rayon]") {
    everywhere(std::optional(*std::min_element(xs.begin(), xs.end(), by_last_digit)), [] { return par(xs).min_by(by_last_digit); });
}

TEST_CASE("rayon: min_by_key", "[par][rayon]") {
    everywhere(std::optional(*std::min_element(xs.begin(), xs.end(), by_last_digit)), [] { return par(xs).min_by_key(last_digit); });
}

TEST_CASE("rayon: max", "[par][rayon]") {
    everywhere(std::optional(*std::max_element(xs.begin(), xs.end())), [] { return par(xs).max(); });
    REQUIRE_FALSE(empty<int>().max().has_value());
}

TEST_CASE("rayon: max_by", "[par][rayon]") {
    int expected = xs[0];
    for (const int x : xs) {
        expected = x % 10 >= expected % 10 ? x : expected;
    }
    everywhere(std::optional(expected), [] { return par(xs).max_by(by_last_digit); });
}

TEST_CASE("rayon: max_by_key", "[par][rayon]") {
    int expected = xs[0];
    for (const int x : xs) {
        expected = x % 10 >= expected % 10 ? x : expected;
    }
    everywhere(std::optional(expected), [] { return par(xs).max_by_key(last_digit); });
}

TEST_CASE("rayon: find_any", "[par][rayon]") {
    everywhere(std::optional(*std::find_if(xs.begin(), xs.end(), large)), [] { return par(xs).find_any(large); });
}

TEST_CASE("rayon: find_first", "[par][rayon]") {
    everywhere(std::optional(*std::find_if(xs.begin(), xs.end(), large)), [] { return par(xs).find_first(large); });
    REQUIRE_FALSE(par(xs).find_first([](int x) { return x < 0; }).has_value());
}

TEST_CASE("rayon: find_last", "[par][rayon]") {
    everywhere(std::optional(*std::find_if(xs.rbegin(), xs.rend(), large)), [] { return par(xs).find_last(large); });
}

TEST_CASE("rayon: find_map_any", "[par][rayon]") {
    everywhere(std::optional(*std::find_if(xs.begin(), xs.end(), even) / 2), [] { return par(xs).find_map_any(half); });
}

TEST_CASE("rayon: find_map_first", "[par][rayon]") {
    everywhere(std::optional(*std::find_if(xs.begin(), xs.end(), even) / 2), [] { return par(xs).find_map_first(half); });
}

TEST_CASE("rayon: find_map_last", "[par][rayon]") {
    everywhere(std::optional(*std::find_if(xs.rbegin(), xs.rend(), even) / 2), [] { return par(xs).find_map_last(half); });
}

TEST_CASE("rayon: any", "[par][rayon]") {
    everywhere(true, [] { return par(xs).any(large); });
    REQUIRE_FALSE(par(xs).any([](int x) { return x < 0; }));
}

TEST_CASE("rayon: all", "[par][rayon]") {
    everywhere(true, [] { return par(xs).all([](int x) { return x >= 0; }); });
    REQUIRE_FALSE(par(xs).all(even));
}

TEST_CASE("rayon: collect", "[par][rayon]") {
    everywhere(plain(xs, square), [] {
        const auto squares = par(xs).map(square).collect();
        return std::vector<int>(squares.begin(), squares.end());
    });
}

TEST_CASE("rayon: unzip", "[par][rayon]") {
    std::vector<std::size_t> counted(xs.size());
    std::iota(counted.begin(), counted.end(), std::size_t{0});
    everywhere(std::pair(counted, xs), [] {
        const auto [indices, values] = par(xs).enumerate().unzip();
        return std::pair(std::vector<std::size_t>(indices.begin(), indices.end()), std::vector<int>(values.begin(), values.end()));
    });
}

TEST_CASE("rayon: partition", "[par][rayon]") {
    const auto odd = [](int x) { return !even(x); };
    everywhere(std::pair(plain(xs, itself, even), plain(xs, itself, odd)), [] {
        const auto [evens, odds] = par(xs).partition(even);
        return std::pair(std::vector<int>(evens.begin(), evens.end()), std::vector<int>(odds.begin(), odds.end()));
    });
}

TEST_CASE("rayon: partition_map", "[par][rayon]") {
    const auto odd = [](int x) { return !even(x); };
    const auto half_or_text = [](int x) -> std::variant<int, std::string> {
        if (even(x)) {
            return x / 2;
        }
        return std::to_string(x);
    };
    const auto expected = std::pair(plain(
                                        xs, [](int x) { return x / 2; }, even),
                                    plain(
                                        xs, [](int x) { return std::to_string(x); }, odd));
    everywhere(expected, [&] {
        const auto [halves, odds] = par(xs).partition_map(half_or_text);
        return std::pair(std::vector<int>(halves.begin(), halves.end()), std::vector<std::string>(odds.begin(), odds.end()));
    });
}

TEST_CASE("rayon: collect_vec_list", "[par][rayon]") {
    everywhere(plain(xs, itself, even), [] {
        const auto list = par(xs).filter(even).collect_vec_list();
        std::vector<int> all;
        for (const std::vector<int>& each : list) {
            all.insert(all.end(), each.begin(), each.end());
        }
        return all;
    });
}
