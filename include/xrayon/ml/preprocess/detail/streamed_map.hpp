// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_DETAIL_STREAMED_MAP_HPP
#define XRAYON_ML_PREPROCESS_DETAIL_STREAMED_MAP_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <xrayon/core/instruction_set.hpp>
#include <xrayon/ml/preprocess/detail/wide_kernel.hpp>

// Writing past the caches. An ordinary store first reads the line that it is about to overwrite, and a result that is too large to stay in a cache
// pays for that with a third of all traffic of a pass that reads x and writes y. The stores are instructions of 16 bytes, written as such, because
// no compiler makes them by itself; arithmetic and bits are those of the ordinary kernels (column_map.hpp).

namespace xrayon::ml::detail {

/// From this size on, in bytes, a result is written past the caches: more than a third level holds. Below, that lost time: 10 MB from and to a
/// third level of 32 MB took 1.15 times as long.
inline constexpr std::size_t streamed_size = std::size_t{64} << 20;

#if XRAYON_X86 && defined(__GNUC__) && defined(__SSE2__)
inline constexpr bool can_stream = true;

/// Results of 16 bytes to an address that is a multiple of that.
template <class T>
XRAYON_PREPROCESS_INLINE void store_past_caches(const T* from, T* to) noexcept {
    typedef T vector __attribute__((vector_size(16)));
    vector values;
    std::memcpy(&values, from, 16);
#if defined(__clang__)
    __builtin_nontemporal_store(values, reinterpret_cast<vector*>(to));
#else
    if constexpr (sizeof(T) == 8) {
        __builtin_ia32_movntpd(to, values);
    } else {
        __builtin_ia32_movntps(to, values);
    }
#endif
}
/// Makes what was stored visible to other threads.
inline void finish_stream() noexcept { __builtin_ia32_sfence(); }
#else
inline constexpr bool can_stream = false;

template <class T>
XRAYON_PREPROCESS_INLINE void store_past_caches(const T* from, T* to) noexcept {
    std::memcpy(to, from, 16);
}
inline void finish_stream() noexcept {}
#endif

/// Ends a stream, also where a refused cell ends the call.
struct stream_end {
    bool streams;
    explicit stream_end(bool does) noexcept : streams(does) {}
    ~stream_end() {
        if (streams) {
            finish_stream();
        }
    }
    stream_end(const stream_end&) = delete;
    stream_end& operator=(const stream_end&) = delete;
};

inline constexpr std::size_t streamed_lanes = 4;

/// `number(x, j)` of each cell, rows of y without gaps, their number of columns a multiple of streamed_lanes and their address of 16 bytes. False in
/// *finite if a cell of x is NaN or infinite.
template <class T, class Number>
XRAYON_PREPROCESS_INLINE void stream_rows(const T* x, std::ptrdiff_t x_stride, T* y, std::size_t rows, std::size_t columns, bool* finite,
                                          const Number& number) {
    // x - x is 0, or NaN where x is none or infinite.
    double odd[streamed_lanes] = {};
    for (std::size_t i = 0; i < rows; ++i) {
        const T* const from = x + static_cast<std::ptrdiff_t>(i) * x_stride;
        T* const to = y + i * columns;
        for (std::size_t j = 0; j < columns; j += streamed_lanes) {
            T results[streamed_lanes];
            for (std::size_t lane = 0; lane < streamed_lanes; ++lane) {
                const auto cell = static_cast<double>(from[j + lane]);
                odd[lane] += cell - cell;
                results[lane] = static_cast<T>(number(cell, j + lane));
            }
            for (std::size_t lane = 0; lane < streamed_lanes; lane += 16 / sizeof(T)) {
                store_past_caches(static_cast<const T*>(results) + lane, to + j + lane);
            }
        }
    }
    *finite = *finite && odd[0] + odd[1] + odd[2] + odd[3] == 0;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_PREPROCESS_DETAIL_STREAMED_MAP_HPP
