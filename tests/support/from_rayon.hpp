// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_FROM_RAYON_HPP
#define XRAYON_TESTS_SUPPORT_FROM_RAYON_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <xrayon/exec/pool.hpp>

#include "catch.hpp"
#include "delays.hpp"
#include "sequences.hpp"
#include "thread_counts.hpp"

// What the lines of docs/guide/from-rayon.md speak of. The guide shows the same names.

namespace xrayon::test::from_rayon {

/// `make()` gives `expected` at every thread count, with items delayed.
template <class Expected, class Make>
void everywhere(const Expected& expected, const Make& make) {
    for (const std::size_t threads : thread_counts) {
        const pool workers(threads);
        const random_delays delays(threads, 64);
        INFO("threads " << threads);
        REQUIRE(workers.install(make) == expected);
    }
}

inline const std::vector<int> xs = numbers(600);  // from 0 to 999, even and odd, some equal
inline const std::vector<int> ys = [] {
    auto out = numbers(850);
    return std::vector<int>(out.begin() + 600, out.end());
}();
inline const std::vector<std::string> words = [] {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < 300; ++i) {
        out.push_back(std::to_string(xs[i]));
    }
    return out;
}();

inline constexpr auto even = [](int x) { return x % 2 == 0; };
inline constexpr auto large = [](int x) { return x > 900; };
inline constexpr auto square = [](int x) { return x * x; };
inline constexpr auto last_digit = [](int x) { return x % 10; };
inline constexpr auto by_last_digit = [](int a, int b) { return a % 10 < b % 10; };
/// Half of an even number.
inline constexpr auto half = [](int x) { return x % 2 == 0 ? std::optional(x / 2) : std::nullopt; };
/// Nothing where a sum would overflow, as checked_add of Rust's integers.
inline constexpr auto checked_add = [](int a, int b) {
    return b <= std::numeric_limits<int>::max() - a ? std::optional(a + b) : std::nullopt;
};
/// Fails for what is large, with an error that tells for what.
inline const auto fits = [](int x) { return large(x) ? std::error_code(x, std::generic_category()) : std::error_code(); };
/// A number, 0 to 3 times.
inline const auto copies = [](int x) { return std::vector<int>(static_cast<std::size_t>(x % 4), x); };
inline const auto listed = [](std::span<const int> part) { return std::vector<int>(part.begin(), part.end()); };
inline constexpr auto same_parity = [](int a, int b) { return a % 2 == b % 2; };

/// `function(x)` of each x for which `keeps(x)` holds, by a plain loop.
template <class Range, class Function, class Keeps>
auto plain(const Range& range, const Function& function, const Keeps& keeps) {
    std::vector<decltype(function(*range.begin()))> out;
    for (const auto& x : range) {
        if (keeps(x)) {
            out.push_back(function(x));
        }
    }
    return out;
}
template <class Range, class Function>
auto plain(const Range& range, const Function& function) {
    return plain(range, function, [](const auto&) { return true; });
}
inline const auto itself = [](const auto& x) { return x; };

} // namespace xrayon::test::from_rayon

#endif // XRAYON_TESTS_SUPPORT_FROM_RAYON_HPP
