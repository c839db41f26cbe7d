// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_SAMPLE_HPP
#define XRAYON_RANDOM_SAMPLE_HPP

#include <cstddef>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/random/integer.hpp>
#include <xrayon/random/stream.hpp>

namespace xrayon {

namespace detail {

/// The first `k` steps of Fisher and Yates from the front, over an array of 0 ... n-1.
[[nodiscard]] inline std::vector<std::size_t> sample_dense(stream& source, std::size_t n, std::size_t k) {
    std::vector<std::size_t> items(n);
    std::iota(items.begin(), items.end(), std::size_t{0});
    for (std::size_t i = 0; i < k; ++i) {
        std::swap(items[i], items[draw_integer(source, i, n - 1)]);
    }
    items.resize(k);
    return items;
}

/// The same steps, remembering only the places that changed: O(k) memory whatever n is.
[[nodiscard]] inline std::vector<std::size_t> sample_sparse(stream& source, std::size_t n, std::size_t k) {
    std::vector<std::size_t> items(k);
    std::unordered_map<std::size_t, std::size_t> moved;
    moved.reserve(k);
    for (std::size_t i = 0; i < k; ++i) {
        const std::size_t other = draw_integer(source, i, n - 1);
        const auto here = moved.find(i);
        const std::size_t at_i = here == moved.end() ? i : here->second;
        const auto there = moved.try_emplace(other, other).first;
        items[i] = there->second;
        there->second = at_i;
    }
    return items;
}

} // namespace detail

/// @brief k of the numbers 0 ... n-1, no one twice, each ordered choice equally likely.
///
/// Fisher and Yates, stopped after k steps. Takes a word of the stream for each (two, above 2^32). Same numbers everywhere.
/// @throws argument_error  if k > n.
/// **Cost.** k draws; n words of memory, or O(k) where k < n/16.
[[nodiscard]] inline std::vector<std::size_t> sample_indices(stream_ref source, std::size_t n, std::size_t k) {
    if (k > n) [[unlikely]] {
        detail::fail_check("sample_indices: k must be <= n = " + to_text(n), k);
    }
    return k < n / 16 ? detail::sample_sparse(source.get(), n, k) : detail::sample_dense(source.get(), n, k);
}

} // namespace xrayon

#endif // XRAYON_RANDOM_SAMPLE_HPP
