// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_SHUFFLE_HPP
#define XRAYON_RANDOM_SHUFFLE_HPP

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <vector>

#include <xrayon/core/ranges.hpp>
#include <xrayon/random/integer.hpp>
#include <xrayon/random/stream.hpp>

namespace xrayon {

/// @brief Puts a range in random order, each order equally likely.
///
/// Fisher and Yates, from the back: element i changes places with element draw_integer(0, i), for i = n-1 ... 1. Takes a word of the
/// stream for each (two, above 2^32). Same order everywhere, which std::shuffle does not promise.
/// **Cost.** n - 1 draws and exchanges.
template <std::ranges::random_access_range Range>
    requires std::ranges::sized_range<Range> && std::permutable<std::ranges::iterator_t<Range>>
void shuffle(stream_ref source, Range&& range) {
    const auto first = std::ranges::begin(range);
    using step = std::iter_difference_t<decltype(first)>;
    for (auto left = static_cast<std::uint64_t>(std::ranges::size(range)); left > 1; --left) {
        const std::uint64_t other = draw_integer(source, std::uint64_t{0}, left - 1);
        std::ranges::iter_swap(first + static_cast<step>(left - 1), first + static_cast<step>(other));
    }
}

/// @brief 0 ... n-1 in random order: what shuffle makes of them.
[[nodiscard]] inline std::vector<std::size_t> permutation(stream_ref source, std::size_t n) {
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    shuffle(source, order);
    return order;
}

} // namespace xrayon

#endif // XRAYON_RANDOM_SHUFFLE_HPP
