// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_SORT_MERGE_SORT_HPP
#define XRAYON_PAR_DETAIL_SORT_MERGE_SORT_HPP

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <xrayon/par/detail/sort/merge_block.hpp>
#include <xrayon/par/detail/sort/sort_call.hpp>
#include <xrayon/par/detail/sort/sort_memory.hpp>

namespace xrayon::detail {

/// How values are cut into chunks: by their number alone. An even number of levels of merging: what begins in `data` ends there.
struct merge_plan {
    explicit merge_plan(std::size_t n) noexcept {
        while (((n - 1) >> levels) >= most) {
            levels += 2;
        }
        chunk = ((n - 1) >> levels) + 1;
        chunks = (n - 1) / chunk + 1;
    }

    static constexpr std::size_t alone = 2048;  ///< Up to so many values are one chunk.
    static constexpr std::size_t most = 8192;   ///< In a chunk.

    int levels = 4;
    std::size_t chunk = 0;
    std::size_t chunks = 0;
};

/// Puts values that ascend already, or descend from one to the next, in order: true. Of values in random order it compares a few of each chunk.
template <class T, class Less>
bool sort_if_in_order(T* data, std::size_t n, const Less& less, const merge_plan& plan, const sort_steps& steps) {
    struct finding {
        bool ascends = true;
        bool descends = true;
    };
    std::vector<finding> found(plan.chunks);
    steps.each(plan.chunks,
               [&](std::size_t c) {  // no chunk looks at what others found: which comparisons are made is the same in every run
                   const std::size_t end = std::min(n - 1, (c + 1) * plan.chunk);
                   finding mine;
                   for (std::size_t i = c * plan.chunk; i < end && (mine.ascends || mine.descends); ++i) {
                       (less(data[i + 1], data[i]) ? mine.ascends : mine.descends) = false;
                   }
                   found[c] = mine;
               });
    if (std::all_of(found.begin(), found.end(), [](const finding& each) { return each.ascends; })) {
        return true;
    }
    if (!std::all_of(found.begin(), found.end(), [](const finding& each) { return each.descends; })) {
        return false;
    }
    steps.each(plan.chunks, [&](std::size_t c) {
        const std::size_t end = std::min(n / 2, (c + 1) * plan.chunk);
        for (std::size_t i = c * plan.chunk; i < end; ++i) {
            std::swap(data[i], data[n - 1 - i]);
        }
    });
    return true;
}

/// How many of the first `k` values of the merged runs are from the left one ("merge path": Odeh et al., 2012).
template <class T, class Less>
std::size_t merged_from_left(const T* left, std::size_t left_size, const T* right, std::size_t right_size, std::size_t k,
                             const Less& less) {
    std::size_t low = k < right_size ? 0 : k - right_size;
    std::size_t high = std::min(k, left_size);
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if (less(right[k - middle - 1], left[middle])) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/// One level: merges neighbouring runs of `width` values, which is a multiple of the chunk. Each chunk of what comes out is made by itself,
/// of a part of the left run and a part of the right one.
template <class T, class Less>
void merge_level(const T* from, T* to, std::size_t n, std::size_t width, const Less& less, const merge_plan& plan,
                 std::vector<std::size_t>& cuts, const sort_steps& steps) {
    struct runs {
        std::size_t begin;
        std::size_t left;  // sizes
        std::size_t right;
    };
    const auto runs_at = [&](std::size_t place) -> runs {
        const std::size_t begin = place / (2 * width) * (2 * width);
        const std::size_t left = std::min(width, n - begin);
        return {begin, left, std::min(width, n - begin - left)};
    };
    steps.each(plan.chunks, [&](std::size_t c) {
        const runs at = runs_at(c * plan.chunk);
        const T* const left = from + at.begin;
        cuts[c] = merged_from_left(left, at.left, left + at.left, at.right, c * plan.chunk - at.begin, less);
    });
    // A comparison that contradicts itself may give cuts that overlap. What is between them must be all there is, once.
    const auto end_of = [&](std::size_t c, const runs& at) {
        const std::size_t next = (c + 1) * plan.chunk;
        return c + 1 == plan.chunks || next - at.begin >= 2 * width ? at.left : cuts[c + 1];
    };
    for (std::size_t c = 1; c < plan.chunks; ++c) {
        const runs at = runs_at(c * plan.chunk);
        if (at.begin != c * plan.chunk) {
            cuts[c] = std::clamp(cuts[c], cuts[c - 1], std::min(cuts[c - 1] + plan.chunk, at.left));
        }
    }
    steps.each(plan.chunks, [&](std::size_t c) {
        const std::size_t place = c * plan.chunk;
        const runs at = runs_at(place);
        const T* const left = from + at.begin;
        const T* const right = left + at.left;
        const std::size_t size = std::min(plan.chunk, n - place);
        const std::size_t left_end = end_of(c, at);
        const std::size_t done = place - at.begin;
        merge_runs(left + cuts[c], left + left_end, right + (done - cuts[c]), right + (done + size - left_end), to + place, less);
    });
}

/// Sorts `data[0, n)`, values that may be copied as bytes, by `less`; stable.
///
/// Chunks are sorted in parallel, then merged level by level, each level in chunks of its output. Which comparisons are made depends on the
/// values alone. If one throws, or the call is stopped, `data` has every value: as it was before the level (chunk) that did not end.
/// Memory: n values.
///
/// @param sorted_chunk  `sorted_chunk(begin, size)` is called for each chunk once that is sorted; not for few values, nor for values that
///                      were in order.
template <class T, class Less, class SortedChunk>
void merge_sort(T* data, std::size_t n, const Less& less, const SortedChunk& sorted_chunk, const sort_steps& steps) {
    if (n <= merge_plan::alone) {
        sort_memory<T> memory(n);
        merge_sort_block(data, memory.data(), n, less);
        return;
    }
    const merge_plan plan(n);
    if (sort_if_in_order(data, n, less, plan, steps)) {
        return;
    }
    sort_memory<T> memory(n);
    T* const other = memory.data();
    std::vector<std::size_t> cuts(plan.chunks);
    steps.each(plan.chunks, [&](std::size_t c) {
        const std::size_t begin = c * plan.chunk;
        const std::size_t size = std::min(plan.chunk, n - begin);
        merge_sort_block(data + begin, other + begin, size, less);
        sorted_chunk(begin, size);
    });
    T* from = data;
    T* to = other;
    try {
        for (int level = 0; level < plan.levels; ++level) {
            merge_level(from, to, n, plan.chunk << level, less, plan, cuts, steps);
            std::swap(from, to);
        }
    } catch (...) {
        if (from != data) {
            std::copy(from, from + n, data);
        }
        throw;
    }
}

template <class T, class Less>
void merge_sort(T* data, std::size_t n, const Less& less, const sort_steps& steps) {
    merge_sort(
        data, n, less, [](std::size_t, std::size_t) {}, steps);
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_SORT_MERGE_SORT_HPP
