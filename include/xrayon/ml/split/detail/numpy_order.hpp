// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_DETAIL_NUMPY_ORDER_HPP
#define XRAYON_ML_SPLIT_DETAIL_NUMPY_ORDER_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <xrayon/core/config.hpp>

namespace xrayon::ml::detail {

// The order in which numpy 1.24's argsort leaves equal keys is that of its introsort, and scikit-learn's group_k_fold shows it: which of
// two groups of one size comes first decides where both go. So this is that algorithm, comparison for comparison: quicksort by the median
// of three (R. Singleton, CACM 12 (1969), algorithm 347) with insertion sort for 16 keys and fewer, and heapsort below 2 log2 n levels (D.
// Musser, "Introspective sorting and selection algorithms", Software: Practice and Experience 27 (1997)).

/// Sorts `index` by `key[index]` as a heap would: numpy's fall-back.
inline void heap_order(std::span<const std::int64_t> key, std::span<std::size_t> index) {
    const auto sift = [&](std::size_t hole, std::size_t count, std::size_t moved) {  // positions count from 1
        for (std::size_t child = 2 * hole; child <= count; child = 2 * hole) {
            if (child < count && key[index[child - 1]] < key[index[child]]) {
                ++child;
            }
            if (key[moved] >= key[index[child - 1]]) {
                break;
            }
            index[hole - 1] = index[child - 1];
            hole = child;
        }
        index[hole - 1] = moved;
    };
    for (std::size_t top = index.size() / 2; top > 0; --top) {
        sift(top, index.size(), index[top - 1]);
    }
    for (std::size_t count = index.size(); count > 1;) {
        const std::size_t moved = index[count - 1];
        index[count - 1] = index[0];
        sift(1, --count, moved);
    }
}

/// numpy.argsort(key) of 64-bit integers.
[[nodiscard]] inline std::vector<std::size_t> numpy_order(std::span<const std::int64_t> key) {
    constexpr std::ptrdiff_t few = 15;
    std::vector<std::size_t> index(key.size());
    std::iota(index.begin(), index.end(), std::size_t{0});
    if (key.size() < 2) {
        return index;
    }
    struct part {
        std::ptrdiff_t first, last;  // both belong to it
        int levels;                  // of quicksort that are left
    };
    const auto at = [&](std::ptrdiff_t i) -> std::size_t& { return index[static_cast<std::size_t>(i)]; };
    const auto value = [&](std::ptrdiff_t i) { return key[at(i)]; };
    const auto order_two = [&](std::ptrdiff_t a, std::ptrdiff_t b) {
        if (value(b) < value(a)) {
            std::swap(at(a), at(b));
        }
    };
    std::vector<part> waiting{{0, std::ssize(key) - 1, 2 * static_cast<int>(std::bit_width(key.size()) - 1)}};
    while (!waiting.empty()) {
        auto [first, last, levels] = waiting.back();
        waiting.pop_back();
        if (levels < 0) {
            heap_order(key, std::span(index).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first + 1)));
            continue;
        }
        while (last - first > few) {
            const std::ptrdiff_t middle = first + (last - first) / 2;
            order_two(first, middle);
            order_two(middle, last);
            order_two(first, middle);
            const std::int64_t pivot = value(middle);
            std::ptrdiff_t left = first;
            std::ptrdiff_t right = last - 1;
            std::swap(at(middle), at(right));
            while (true) {
                do {
                    ++left;
                } while (value(left) < pivot);
                do {
                    --right;
                } while (pivot < value(right));
                if (left >= right) {
                    break;
                }
                std::swap(at(left), at(right));
            }
            std::swap(at(left), at(last - 1));
            --levels;
            if (left - first < last - left) {  // the longer part waits
                waiting.push_back({left + 1, last, levels});
                last = left - 1;
            } else {
                waiting.push_back({first, left - 1, levels});
                first = left + 1;
            }
        }
        for (std::ptrdiff_t i = first + 1; i <= last; ++i) {
            const std::size_t moved = at(i);
            std::ptrdiff_t hole = i;
            for (; hole > first && key[moved] < value(hole - 1); --hole) {
                at(hole) = at(hole - 1);
            }
            at(hole) = moved;
        }
    }
    return index;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_SPLIT_DETAIL_NUMPY_ORDER_HPP
