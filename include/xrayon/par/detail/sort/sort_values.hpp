// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_SORT_SORT_VALUES_HPP
#define XRAYON_PAR_DETAIL_SORT_SORT_VALUES_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <type_traits>

#include <xrayon/par/detail/sort/arrange.hpp>
#include <xrayon/par/detail/sort/merge_sort.hpp>
#include <xrayon/par/detail/sort/radix_sort.hpp>
#include <xrayon/par/detail/sort/sort_call.hpp>
#include <xrayon/par/detail/sort/sort_key.hpp>
#include <xrayon/par/detail/sort/sort_memory.hpp>

// Which algorithm sorts what.

namespace xrayon::detail {

/// What `less(a, b)` says: a bool, or an ordering of a and b as <=> gives.
template <class Less, class T>
bool comes_before(const Less& less, const T& a, const T& b) {
    using answer = std::invoke_result_t<const Less&, const T&, const T&>;
    if constexpr (std::convertible_to<answer, bool>) {
        return static_cast<bool>(std::invoke(less, a, b));
    } else {
        return std::invoke(less, a, b) < 0;
    }
}

/// Moved by copies of their bytes while they are sorted. Others, and large ones, stay where they are while pointers to them are sorted.
template <class T>
inline constexpr bool sorts_as_bytes =
    std::is_trivially_copyable_v<T>&& std::is_copy_constructible_v<T>&& std::is_copy_assignable_v<T> && sizeof(T) <= 32;

/// Calls `f(i)` for every i in [0, n), which costs next to nothing and does not throw.
template <class F>
void fill_in_blocks(std::size_t n, const F& f, const sort_steps& steps) {
    constexpr std::size_t block = 16'384;
    if (n <= block) {
        for (std::size_t i = 0; i < n; ++i) {
            f(i);
        }
        return;
    }
    steps.each(n / block + (n % block != 0), [&](std::size_t b) {
        for (std::size_t i = b * block; i < std::min(n, (b + 1) * block); ++i) {
            f(i);
        }
    });
}

/// Stable.
template <class T, class Less>
void sort_by_less(T* data, std::size_t n, const Less& less, const sort_steps& steps) {
    if constexpr (has_key<Less, T>) {
        radix_sort(data, n, key_for_t<Less, T>{}, steps);
    } else if constexpr (sorts_as_bytes<T>) {
        merge_sort(
            data, n, [&less](const T& a, const T& b) { return comes_before(less, a, b); }, steps);
    } else {
        sort_memory<T*> memory(n);
        T** const order = memory.data();
        fill_in_blocks(
            n, [&](std::size_t i) { order[i] = data + i; }, steps);
        // Chunks of values are put in order as soon as their pointers are: what is merged then lies side by side, and is found in a cache.
        const auto sorted_chunk = [&]([[maybe_unused]] std::size_t begin, [[maybe_unused]] std::size_t size) {
            if constexpr (moves_without_throwing<T>) {
                arrange_in_cycles(data + begin, order + begin, size);
            }
        };
        merge_sort(
            order, n, [&less](const T* a, const T* b) { return comes_before(less, *a, *b); }, sorted_chunk, steps);
        arrange(data, order, n, steps);
    }
}

/// Sorts indices [0, n) to `out` by what `less(i, j)` says of two of them; stable.
template <class Less>
void sort_indices_by_less(std::size_t* out, std::size_t n, const Less& less, const sort_steps& steps) {
    fill_in_blocks(
        n, [&](std::size_t i) { out[i] = i; }, steps);
    merge_sort(out, n, less, steps);
}

/// The same by `key(i)`, an unsigned integer.
template <class KeyAt>
void sort_indices_by_key(std::size_t* out, std::size_t n, const KeyAt& key, const sort_steps& steps) {
    using item = keyed_index<std::remove_cvref_t<std::invoke_result_t<const KeyAt&, std::size_t>>>;
    sort_memory<item> memory(n);
    item* const items = memory.data();
    fill_in_blocks(
        n,
        [&](std::size_t i) {
            items[i] = item{key(i), i};
        },
        steps);
    radix_sort(items, n, key_of_index{}, steps);
    fill_in_blocks(
        n, [&](std::size_t i) { out[i] = items[i].index; }, steps);
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_SORT_SORT_VALUES_HPP
