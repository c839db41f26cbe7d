// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_SORT_MERGE_BLOCK_HPP
#define XRAYON_PAR_DETAIL_SORT_MERGE_BLOCK_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <utility>

// A stable merge sort on one thread, of values that may be copied as bytes, by a comparison that may throw and may contradict itself.
// Values are only ever copied from a place that keeps them until all of their copies are made: so whatever a comparison does, there is a
// place where every value is exactly once.

namespace xrayon::detail {

/// Sorts `from[0, n)`, n < 4, into `to`, the same memory or apart. No value is written before the last comparison.
template <class T, class Less>
void sort_up_to_three(const T* from, T* to, std::size_t n, const Less& less) {
    const T* sorted[] = {from, from + (n > 1), from + 2 * (n > 2)};
    if (n >= 2 && less(*sorted[1], *sorted[0])) {
        std::swap(sorted[0], sorted[1]);
    }
    if (n == 3 && less(*sorted[2], *sorted[1])) {
        std::swap(sorted[1], sorted[2]);
        if (less(*sorted[1], *sorted[0])) {
            std::swap(sorted[0], sorted[1]);
        }
    }
    if (n == 3) {
        const T a = *sorted[0], b = *sorted[1], c = *sorted[2];
        to[0] = a, to[1] = b, to[2] = c;
    } else if (n == 2) {
        const T a = *sorted[0], b = *sorted[1];
        to[0] = a, to[1] = b;
    } else if (n == 1) {
        to[0] = *sorted[0];
    }
}

/// The same for four, without a branch.
template <class T, class Less>
void sort_four(const T* from, T* to, const Less& less) {
    const bool swap_first = less(from[1], from[0]);
    const bool swap_second = less(from[3], from[2]);
    const T* const a = from + swap_first;  // a <= b, c <= d
    const T* const b = from + !swap_first;
    const T* const c = from + 2 + swap_second;
    const T* const d = from + 3 - swap_second;
    const bool c_first = less(*c, *a);
    const bool b_last = less(*d, *b);
    const T* const lowest = c_first ? c : a;
    const T* const highest = b_last ? b : d;
    const T* const left = c_first ? a : b_last ? c : b;  // the two between, the one that came first before the other
    const T* const right = b_last ? d : c_first ? b : c;
    const bool swap_middle = less(*right, *left);
    const T w = *lowest, x = *(swap_middle ? right : left), y = *(swap_middle ? left : right), z = *highest;
    to[0] = w, to[1] = x, to[2] = y, to[3] = z;
}

/// Merges two sorted runs to `to`; where values are equal those of the left one come first. From both ends at once, in steps that do not
/// wait for each other, as long as neither run can come to its end meanwhile.
template <class T, class Less>
void merge_runs(const T* left, const T* left_end, const T* right, const T* right_end, T* to, const Less& less) {
    T* to_end = to + (left_end - left) + (right_end - right);
    const auto take_first = [&] {
        const bool take_right = less(*right, *left);
        *to++ = *(take_right ? right : left);
        right += take_right;
        left += !take_right;
    };
    while (std::ptrdiff_t sure = std::min(left_end - left, right_end - right) / 2) {
        for (; sure != 0; --sure) {
            take_first();
            const bool take_left = less(*(right_end - 1), *(left_end - 1));
            *--to_end = *((take_left ? left_end : right_end) - 1);
            left_end -= take_left;
            right_end -= !take_left;
        }
    }
    while (left != left_end && right != right_end) {
        take_first();
    }
    to = std::copy(left, left_end, to);
    std::copy(right, right_end, to);
}

/// Merges `from[0, half)` and `from[half, 2 half)` from both ends at once, two steps that do not wait for each other. False: the answers of
/// `less` contradict each other, and what is in `to` means nothing.
template <class T, class Less>
[[nodiscard]] bool merge_halves(const T* from, std::size_t half, T* to, const Less& less) {
    std::size_t left = 0;
    std::size_t right = half;
    std::size_t left_end = half;
    std::size_t right_end = 2 * half;
    for (std::size_t i = 0; i < half; ++i) {
        const bool take_right = less(from[right], from[left]);
        to[i] = from[take_right ? right : left];
        right += take_right;
        left += !take_right;
        const bool take_left = less(from[right_end - 1], from[left_end - 1]);
        to[2 * half - 1 - i] = from[(take_left ? left_end : right_end) - 1];
        left_end -= take_left;
        right_end -= !take_left;
    }
    return left == left_end && right == right_end;
}

/// Merges the runs `from[0, middle)` and `from[middle, n)` to `to`.
template <class T, class Less>
void merge_neighbours(const T* from, std::size_t middle, std::size_t n, T* to, const Less& less) {
    constexpr std::size_t worth_a_look = 16;
    if (middle >= n) {
        std::copy(from, from + n, to);
    } else if (middle >= worth_a_look && !less(from[middle], from[middle - 1])) {
        std::copy(from, from + n, to);
    } else if (middle >= worth_a_look && less(from[n - 1], from[0])) {
        std::rotate_copy(from, from + middle, from + n, to);
    } else if (2 * middle != n || !merge_halves(from, middle, to, less)) {
        merge_runs(from, from + middle, from + middle, from + n, to, less);
    }
}

/// Sorts `data[0, n)`, with room for as many in `other`. If a comparison throws, `data` has every value, in some order.
template <class T, class Less>
void merge_sort_block(T* data, T* other, std::size_t n, const Less& less) {
    const auto passes = std::bit_width(n == 0 ? 0 : (n - 1) / 4);  // runs of 4, 8, 16 ...
    T* from = passes % 2 == 0 ? data : other;                      // so that the last one ends in `data`
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        sort_four(data + i, from + i, less);
    }
    sort_up_to_three(data + i, from + i, n - i, less);
    try {
        for (std::size_t width = 4; width < n; width *= 2) {
            T* const to = from == data ? other : data;
            for (std::size_t begin = 0; begin < n; begin += 2 * width) {
                merge_neighbours(from + begin, width, std::min(2 * width, n - begin), to + begin, less);
            }
            from = to;
        }
    } catch (...) {
        if (from != data) {
            std::copy(from, from + n, data);
        }
        throw;
    }
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_SORT_MERGE_BLOCK_HPP
