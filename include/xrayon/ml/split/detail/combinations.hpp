// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_DETAIL_COMBINATIONS_HPP
#define XRAYON_ML_SPLIT_DETAIL_COMBINATIONS_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include <xrayon/core/config.hpp>

namespace xrayon::ml::detail {

/// The number of ways to choose p of n; nothing if it does not fit.
[[nodiscard]] inline std::optional<std::size_t> combination_count(std::size_t n, std::size_t p) noexcept {
    __extension__ using wide = unsigned __int128;
    if (p > n) {
        return 0;
    }
    p = std::min(p, n - p);
    wide count = 1;
    for (std::size_t i = 1; i <= p; ++i) {
        count = count * (n - p + i) / i;  // each is a binomial coefficient, so the division leaves nothing
        if (count > std::numeric_limits<std::size_t>::max()) {
            return std::nullopt;
        }
    }
    return static_cast<std::size_t>(count);
}

/// Combination `rank` of p of 0 ... n - 1, ascending, in lexicographic order (itertools.combinations). The count of all fits.
[[nodiscard]] inline std::vector<std::size_t> combination(std::size_t n, std::size_t p, std::size_t rank) {
    std::vector<std::size_t> out;
    out.reserve(p);
    for (std::size_t value = 0; out.size() < p; ++value) {
        const std::size_t with = *combination_count(n - 1 - value, p - 1 - out.size());
        if (rank < with) {
            out.push_back(value);
        } else {
            rank -= with;
        }
    }
    return out;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_SPLIT_DETAIL_COMBINATIONS_HPP
