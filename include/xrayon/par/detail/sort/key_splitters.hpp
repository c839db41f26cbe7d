// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_SORT_KEY_SPLITTERS_HPP
#define XRAYON_PAR_DETAIL_SORT_KEY_SPLITTERS_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include <xrayon/par/detail/sort/radix_block.hpp>

namespace xrayon::detail {

/// Which of up to 256 buckets a key belongs to; keys of a lower bucket are lower. The bounds are keys of a sample, so that buckets are about
/// equally large however keys are spread; a key that is common enough to be a bound twice has a bucket to itself. A search without branches:
/// after Sanders and Winkel, "Super scalar sample sort" (2004), equal keys as in Axtmann et al., "In-place parallel super scalar
/// samplesort" (2017).
template <class Key>
class key_splitters {
public:
    static constexpr std::size_t most_buckets = 256;

    /// Of `sample[0, n)` in ascending order, for about 2^levels buckets, levels from 1 to 8.
    key_splitters(const Key* sample, std::size_t n, int levels) noexcept : levels_(levels) {
        choose(sample, n);
        if (std::adjacent_find(bounds_.begin(), bounds_.begin() + leaves() - 1) != bounds_.begin() + leaves() - 1) {
            equals_ = true;  // a bit of the bucket number says whether a key equals its bound
            levels_ = std::max(1, levels_ - 1);
            choose(sample, n);
        }
        grow(1, 0, leaves() - 1);
    }

    [[nodiscard]] std::size_t buckets() const noexcept { return static_cast<std::size_t>(leaves()) << (equals_ ? 1 : 0); }

    /// Writes the buckets of `values[0, n)` to `bucket` and adds to `count` how often each occurs.
    template <class T, class KeyOf>
    void classify(const T* values, std::size_t n, const KeyOf& key, std::uint8_t* bucket, std::uint32_t* count) const noexcept {
        if (equals_) {
            classify_as<true>(values, n, key, bucket, count);
        } else {
            classify_as<false>(values, n, key, bucket, count);
        }
    }

private:
    static constexpr std::size_t lanes = 8;  // keys searched for side by side, as one waits for each of its steps

    [[nodiscard]] std::ptrdiff_t leaves() const noexcept { return std::ptrdiff_t{1} << levels_; }

    /// Evenly from the sample. The last one stands for "no bound".
    void choose(const Key* sample, std::size_t n) noexcept {
        const auto count = static_cast<std::size_t>(leaves());
        for (std::size_t i = 0; i + 1 < count; ++i) {
            bounds_[i] = sample[(i + 1) * n / count];
        }
        bounds_[count - 1] = std::numeric_limits<Key>::max();
    }

    /// Bounds [begin, end) below `node` of a tree in which the children of i are 2 i and 2 i + 1.
    void grow(std::size_t node, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
        if (begin < end) {
            const std::ptrdiff_t middle = begin + (end - begin) / 2;
            tree_[node] = bounds_[static_cast<std::size_t>(middle)];
            grow(2 * node, begin, middle);
            grow(2 * node + 1, middle + 1, end);
        }
    }

    template <bool Equals, class T, class KeyOf>
    void classify_as(const T* values, std::size_t n, const KeyOf& key, std::uint8_t* bucket, std::uint32_t* count) const noexcept {
        std::size_t i = 0;
        for (; i + lanes <= n; i += lanes) {
            classify_lanes<Equals>(values + i, key, bucket + i, count, std::make_index_sequence<lanes>{});
        }
        for (; i < n; ++i) {
            classify_lanes<Equals>(values + i, key, bucket + i, count, std::make_index_sequence<1>{});
        }
    }

    template <bool Equals, class T, class KeyOf, std::size_t... Lane>
    void classify_lanes(const T* values, const KeyOf& key, std::uint8_t* bucket, std::uint32_t* count,
                        std::index_sequence<Lane...>) const noexcept {
        const Key keys[] = {static_cast<Key>(key(values[Lane]))...};
        std::size_t node[] = {(static_cast<void>(Lane), std::size_t{1})...};
        for (int level = 0; level < levels_; ++level) {
            ((node[Lane] = 2 * node[Lane] + static_cast<std::size_t>(tree_[node[Lane]] < keys[Lane])), ...);
        }
        const auto finish = [&](std::size_t lane) {
            std::size_t b = node[lane] - static_cast<std::size_t>(leaves());
            if constexpr (Equals) {
                b = 2 * b + static_cast<std::size_t>(bounds_[b] == keys[lane]);
            }
            bucket[lane] = static_cast<std::uint8_t>(b);
            ++count[b];
        };
        (finish(Lane), ...);
    }

    int levels_;
    bool equals_ = false;
    std::array<Key, most_buckets> bounds_;  // bucket b: above bounds_[b - 1], up to bounds_[b]
    std::array<Key, most_buckets> tree_;
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_SORT_KEY_SPLITTERS_HPP
