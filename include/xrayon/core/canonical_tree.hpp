// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_CANONICAL_TREE_HPP
#define XRAYON_CORE_CANONICAL_TREE_HPP

#include <bit>
#include <cstddef>
#include <utility>

#include <xrayon/core/config.hpp>

// The canonical tree: the one order in which every fold of the library combines its partial results. Over leaves [0, n) the
// node [lo, hi) splits at lo + bit_floor(hi - lo - 1), so every left part is a full power of two. The tree depends on n
// alone; neither the thread count nor the grain can change a bit of a sum that follows it.

namespace xrayon {

/// Where node [lo, hi) of at least two leaves splits.
[[nodiscard]] constexpr std::size_t canonical_split(std::size_t lo, std::size_t hi) noexcept {
    return lo + std::bit_floor(hi - lo - 1);
}

/// A node by its level and first leaf: it covers [begin, begin + 2^level), cut off at the number of leaves.
struct canonical_node {
    std::size_t begin = 0;
    unsigned level = 0;

    friend constexpr bool operator==(const canonical_node&, const canonical_node&) = default;

    /// True when this is a left child without a right sibling, which is then its own parent.
    [[nodiscard]] constexpr bool alone(std::size_t leaves) const noexcept {
        return ((begin >> level) & 1u) == 0 && leaves - begin <= (std::size_t{1} << level);
    }
    /// True when the node covers all leaves.
    [[nodiscard]] constexpr bool is_root(std::size_t leaves) const noexcept {
        return begin == 0 && leaves <= (std::size_t{1} << level);
    }
    [[nodiscard]] constexpr bool is_right() const noexcept { return ((begin >> level) & 1u) != 0; }
    [[nodiscard]] constexpr canonical_node sibling() const noexcept { return {begin ^ (std::size_t{1} << level), level}; }
    [[nodiscard]] constexpr canonical_node parent() const noexcept { return {begin & ~(std::size_t{1} << level), level + 1}; }
    /// One past the last leaf.
    [[nodiscard]] constexpr std::size_t end(std::size_t leaves) const noexcept {
        return leaves - begin <= (std::size_t{1} << level) ? leaves : begin + (std::size_t{1} << level);
    }
};

/// Combines `leaf(lo) ... leaf(hi - 1)` along the canonical tree on the calling thread: the definition that the parallel
/// folds are tested against, and what they run inside a claim. hi > lo. At most 1 + log2(hi - lo) values are alive.
template <class Leaf, class Combine>
[[nodiscard]] constexpr auto canonical_fold(std::size_t lo, std::size_t hi, const Leaf& leaf, const Combine& combine) -> decltype(leaf(lo)) {
    if (hi - lo == 1) {
        return leaf(lo);
    }
    const std::size_t middle = canonical_split(lo, hi);
    auto left = canonical_fold(lo, middle, leaf, combine);
    auto right = canonical_fold(middle, hi, leaf, combine);
    return combine(std::move(left), std::move(right));
}

} // namespace xrayon

#endif // XRAYON_CORE_CANONICAL_TREE_HPP
