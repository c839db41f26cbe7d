// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_SORT_ARRANGE_HPP
#define XRAYON_PAR_DETAIL_SORT_ARRANGE_HPP

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/par/detail/sort/sort_call.hpp>
#include <xrayon/par/detail/sort/sort_memory.hpp>

// The second half of sorts that have sorted pointers: values move to where they belong, each once or twice.

namespace xrayon::detail {

template <class T>
inline constexpr bool moves_without_throwing = std::is_nothrow_move_constructible_v<T>&& std::is_nothrow_move_assignable_v<T>;

/// Moves `*order[i]` to `data[i]` for every i; `order` holds each of &data[0] ... &data[n - 1] once, and &data[i] at i afterwards. One cycle of
/// the permutation after the other, a value held in hand. If a move throws and left its source as it was, every value is there, once,
/// unless what is in hand cannot be put down either.
template <class T>
void arrange_in_cycles(T* data, T** order, std::size_t n) {
    for (std::size_t start = 0; start < n; ++start) {
        if (order[start] == data + start) {
            continue;
        }
        T held(std::move(data[start]));
        std::size_t hole = start;
        try {
            for (;;) {
                T* const source = std::exchange(order[hole], data + hole);
                if (source == data + start) {
                    break;
                }
                data[hole] = std::move(*source);
                hole = static_cast<std::size_t>(source - data);
            }
            data[hole] = std::move(held);
        } catch (...) {
            try {
                data[hole] = std::move(held);
            } catch (...) {  // the first exception says what is wrong
            }
            throw;
        }
    }
}

/// The same in parallel, by way of other memory, for values whose moves do not throw. If it is stopped, the values are where they were or
/// where they belong.
template <class T>
void arrange_in_blocks(T* data, T* const* order, std::size_t n, const sort_steps& steps) {
    constexpr std::size_t block = 1024;
    const std::size_t blocks = n / block + (n % block != 0);
    sort_memory<T, sizeof(T)> memory(n);
    T* const other = memory.data();
    std::vector<unsigned char> done(blocks);
    const auto in_block = [&](std::size_t b, const auto& move_one) {
        for (std::size_t i = b * block; i < std::min(n, (b + 1) * block); ++i) {
            move_one(i);
        }
    };
    const auto put = [&](std::size_t i) {
        data[i] = std::move(other[i]);
        std::destroy_at(other + i);
    };
    try {
        steps.each(blocks, [&](std::size_t b) {
            in_block(b, [&](std::size_t i) { ::new (static_cast<void*>(other + i)) T(std::move(*order[i])); });
            done[b] = 1;
        });
    } catch (...) {
        for (std::size_t b = 0; b < blocks; ++b) {
            if (done[b] != 0) {
                in_block(b, [&](std::size_t i) {
                    *order[i] = std::move(other[i]);
                    std::destroy_at(other + i);
                });
            }
        }
        throw;
    }
    try {
        steps.each(blocks, [&](std::size_t b) {
            in_block(b, put);
            done[b] = 0;
        });
    } catch (...) {
        for (std::size_t b = 0; b < blocks; ++b) {
            if (done[b] != 0) {
                in_block(b, put);
            }
        }
        throw;
    }
}

template <class T>
void arrange(T* data, T** order, std::size_t n, const sort_steps& steps) {
    constexpr std::size_t few = 2048;
    if constexpr (moves_without_throwing<T>) {
        if (n > few) {
            return arrange_in_blocks(data, order, n, steps);
        }
    }
    arrange_in_cycles(data, order, n);
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_SORT_ARRANGE_HPP
