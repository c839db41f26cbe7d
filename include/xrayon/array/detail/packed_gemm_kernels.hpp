// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_DETAIL_PACKED_GEMM_KERNELS_HPP
#define XRAYON_ARRAY_DETAIL_PACKED_GEMM_KERNELS_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <utility>

#include <xrayon/core/instruction_set.hpp>

// The innermost loops of packed_gemm: a few rows of x times a few strips of w, for the processors that we know. Every element of the
// result is one chain of fused multiply-adds in ascending k, and nothing that a kernel chooses (how many rows and strips it holds in
// registers, how wide those are) has a say in it. A chain that stops at the end of a block of k goes on from its last value, which is in y.
//
// In the compilers' own vector types: <immintrin.h> would cost everyone who includes us half a second.

namespace xrayon::detail {

/// The columns of w that lie together: as many as one cache line holds.
template <class Real>
inline constexpr std::size_t strip_columns = 64 / sizeof(Real);

/// How far ahead strips are fetched: with blocks that come from memory the first time, 5 % for the whole.
inline constexpr std::ptrdiff_t gemm_prefetched_k = 24;

/// What a kernel is asked for. Steps count elements.
template <class Real>
struct gemm_tile {
    const Real* x = nullptr;     ///< Element (0, 0) of the rows.
    std::ptrdiff_t x_row = 0;    ///< To the next row.
    std::ptrdiff_t x_k = 0;      ///< To the next k.
    std::size_t rows = 0;        ///< At least 1, at most what the kernel holds.
    const Real* w = nullptr;     ///< A strip: k times strip_columns values. On a cache line.
    std::ptrdiff_t w_strip = 0;  ///< To the next strip.
    std::size_t k = 0;
    const Real* from = nullptr;   ///< What the chains begin with.
    std::ptrdiff_t from_row = 0;  ///< To the next row; 0: all rows begin with the same values.
    Real* to = nullptr;           ///< Where they end; `from` may be the same place.
    std::ptrdiff_t to_row = 0;
    bool last = false;  ///< The chains end for good: then
    Real scale = 1;     ///< multiplies,
    bool relu = false;  ///< and what is below 0 becomes 0.
};

template <class Real>
using gemm_kernel = void(const gemm_tile<Real>&);

/// The kernels of one instruction set: kinds of different numbers of rows, most first. The fewer rows, the more strips at a time: a
/// processor waits for a sum unless it has some ten others to go on with.
template <class Real>
struct gemm_kernels {
    struct kind {
        std::size_t rows = 0;
        std::size_t strips = 0;             ///< The most at a time.
        gemm_kernel<Real>* of[6] = {};      ///< For 1, 2, ... strips.
    };
    kind kinds[3] = {};

    /// The kind for so many rows, at most kinds[0].rows: the smallest that holds them.
    [[nodiscard]] const kind& holding(std::size_t rows) const noexcept {
        return kinds[rows <= kinds[2].rows ? 2 : rows <= kinds[1].rows ? 1 : 0];
    }
};

/// With std::fma: an instruction where the compiler was told of one, else a call. Right everywhere, and quick where it can be.
template <class Real>
void multiply_portable(const gemm_tile<Real>& tile) {
    constexpr std::size_t columns = strip_columns<Real>;
    for (std::size_t r = 0; r < tile.rows; ++r) {
        const auto row = static_cast<std::ptrdiff_t>(r);
        Real sums[columns];
        std::copy_n(tile.from + row * tile.from_row, columns, sums);
        const Real* x = tile.x + row * tile.x_row;
        const Real* w = tile.w;
        for (std::size_t k = 0; k < tile.k; ++k) {
            for (std::size_t j = 0; j < columns; ++j) {
                sums[j] = std::fma(*x, w[j], sums[j]);
            }
            x += tile.x_k;
            w += columns;
        }
        for (std::size_t j = 0; j < columns; ++j) {
            const Real sum = tile.last ? sums[j] * tile.scale : sums[j];
            tile.to[row * tile.to_row + static_cast<std::ptrdiff_t>(j)] = tile.last && tile.relu && sum < Real(0) ? Real(0) : sum;
        }
    }
}

#if XRAYON_X86

#if defined(__clang__)
#define XRAYON_GEMM_CLONE(set) gnu::noinline, gnu::target(set)
#else
#define XRAYON_GEMM_CLONE(set) gnu::noinline, gnu::target(set), gnu::optimize("O2")  // in programs without optimisation too
#endif
#define XRAYON_GEMM_INLINE(set) gnu::always_inline, gnu::target(set)
#define XRAYON_GEMM_AVX2 "avx2,fma"
#define XRAYON_GEMM_AVX2_BYTES 32
#define XRAYON_GEMM_AVX512 "avx512f,avx2,fma"
#define XRAYON_GEMM_AVX512_BYTES 64

[[gnu::always_inline]] inline void fetch(const void* line) noexcept { __builtin_prefetch(line); }

// multiply_add: sum := x * w + sum, rounded once, where the first of a row of vectors fetches x for all of them. Spelled out: what compilers
// call these instructions changes with their versions, and whether they make one of a product and a sum changes with flags.
#define XRAYON_GEMM_VECTOR(vector, real, set, packed, single)                                                                   \
    typedef real vector __attribute__((vector_size(set##_BYTES)));                                                              \
    typedef real vector##_in_memory __attribute__((vector_size(set##_BYTES), aligned(sizeof(real)), may_alias));                \
    [[XRAYON_GEMM_INLINE(set)]] inline void load(vector& out, const real* in) noexcept {                                        \
        out = *reinterpret_cast<const vector##_in_memory*>(in);                                                                 \
    }                                                                                                                           \
    [[XRAYON_GEMM_INLINE(set)]] inline void store(const vector& in, real* out) noexcept {                                       \
        *reinterpret_cast<vector##_in_memory*>(out) = in;                                                                       \
    }                                                                                                                           \
    template <bool First>                                                                                                       \
    [[XRAYON_GEMM_INLINE(set)]] inline void multiply_add(vector& sum, vector& value, const real& x, const vector& w) noexcept { \
        if constexpr (First) {                                                                                                  \
            asm("vbroadcast" single " {%1, %0|%0, %1}" : "=v"(value) : "m"(x));                                                 \
        }                                                                                                                       \
        asm("vfmadd231" packed " {%2, %1, %0|%0, %1, %2}" : "+v"(sum) : "v"(value), "v"(w));                                    \
    }                                                                                                                           \
    [[XRAYON_GEMM_INLINE(set)]] inline void finish(vector& sum, real scale, bool relu) noexcept {                               \
        sum = sum * scale;                                                                                                      \
        if (relu) {                                                                                                             \
            sum = sum < vector{} ? vector{} : sum;                                                                              \
        }                                                                                                                       \
    }
XRAYON_GEMM_VECTOR(f64x8, double, XRAYON_GEMM_AVX512, "pd", "sd")
XRAYON_GEMM_VECTOR(f32x16, float, XRAYON_GEMM_AVX512, "ps", "ss")
XRAYON_GEMM_VECTOR(f64x4, double, XRAYON_GEMM_AVX2, "pd", "sd")
XRAYON_GEMM_VECTOR(f32x8, float, XRAYON_GEMM_AVX2, "ps", "ss")
#undef XRAYON_GEMM_VECTOR

template <class Real>
struct avx512_vector {
    using type = f64x8;
};
template <>
struct avx512_vector<float> {
    using type = f32x16;
};
template <class Real>
struct avx2_vector {
    using type = f64x4;
};
template <>
struct avx2_vector<float> {
    using type = f32x8;
};

// A kernel: I = 0, 1, ... are the vectors of sums, Parts in a row, rows one after the other. Rows beyond tile.rows stand for the last
// one, and what they give is thrown away: so reading needs no copy, and few kernels do. A macro, because a function is compiled for its
// own target before it is inlined anywhere; and folds, not loops, so that sums are in registers at every level of optimisation.
#define XRAYON_GEMM_KERNEL(name, vector_of, set)                                                                                           \
    template <class Real, int Parts, int... I>                                                                                             \
    [[XRAYON_GEMM_CLONE(set)]] void name(const gemm_tile<Real>& tile) {                                                                    \
        using vector = typename vector_of<Real>::type;                                                                                     \
        constexpr std::ptrdiff_t lanes = sizeof(vector) / sizeof(Real);                                                                    \
        constexpr int in_strip = 64 / sizeof(vector);                                                                                      \
        const auto last = static_cast<std::ptrdiff_t>(tile.rows) - 1;                                                                      \
        const Real* const x[] = {tile.x + std::min<std::ptrdiff_t>(I / Parts, last) * tile.x_row...};                                      \
        vector sums[sizeof...(I)];                                                                                                         \
        (load(sums[I], tile.from + std::min<std::ptrdiff_t>(I / Parts, last) * tile.from_row + I % Parts * lanes), ...);                   \
        const Real* w = tile.w;                                                                                                            \
        std::ptrdiff_t at = 0;                                                                                                             \
        for (std::size_t k = tile.k; k != 0; --k) {                                                                                        \
            vector columns[Parts];                                                                                                         \
            ((I < Parts ? load(columns[I % Parts], w + I / in_strip * tile.w_strip + I % in_strip * lanes) : void()), ...);                \
            ((I < Parts && I % in_strip == 0 ? fetch(w + I / in_strip * tile.w_strip + gemm_prefetched_k * in_strip * lanes) : void()), ...);\
            vector value;                                                                                                                  \
            (multiply_add<I % Parts == 0>(sums[I], value, x[I][at], columns[I % Parts]), ...);                                             \
            w += in_strip * lanes;                                                                                                         \
            at += tile.x_k;                                                                                                                \
        }                                                                                                                                  \
        if (tile.last) {                                                                                                                   \
            (finish(sums[I], tile.scale, tile.relu), ...);                                                                                 \
        }                                                                                                                                  \
        ((I / Parts <= last ? store(sums[I], tile.to + I / Parts * tile.to_row + I % Parts * lanes) : void()), ...);                       \
    }
XRAYON_GEMM_KERNEL(multiply_avx512, avx512_vector, XRAYON_GEMM_AVX512)
XRAYON_GEMM_KERNEL(multiply_avx2, avx2_vector, XRAYON_GEMM_AVX2)
#undef XRAYON_GEMM_KERNEL
#undef XRAYON_GEMM_CLONE
#undef XRAYON_GEMM_INLINE
#undef XRAYON_GEMM_AVX2
#undef XRAYON_GEMM_AVX2_BYTES
#undef XRAYON_GEMM_AVX512
#undef XRAYON_GEMM_AVX512_BYTES

template <class Real, int Parts, int... I>
[[nodiscard]] constexpr gemm_kernel<Real>* avx512_kernel(std::integer_sequence<int, I...>) noexcept {
    return multiply_avx512<Real, Parts, I...>;
}
template <class Real, int Rows, int... Strip>
[[nodiscard]] constexpr typename gemm_kernels<Real>::kind avx512_kind(std::integer_sequence<int, Strip...>) noexcept {
    return {Rows, sizeof...(Strip), {avx512_kernel<Real, Strip + 1>(std::make_integer_sequence<int, Rows*(Strip + 1)>())...}};
}
template <class Real, int Parts, int... I>
[[nodiscard]] constexpr gemm_kernel<Real>* avx2_kernel(std::integer_sequence<int, I...>) noexcept {
    return multiply_avx2<Real, Parts, I...>;
}
template <class Real, int Rows, int... Strip>
[[nodiscard]] constexpr typename gemm_kernels<Real>::kind avx2_kind(std::integer_sequence<int, Strip...>) noexcept {
    return {Rows, sizeof...(Strip), {avx2_kernel<Real, 2 * (Strip + 1)>(std::make_integer_sequence<int, 2 * Rows*(Strip + 1)>())...}};
}

#endif // XRAYON_X86

/// The kernels for `set`, which this machine must run.
template <class Real>
[[nodiscard]] const gemm_kernels<Real>& kernels_for(xrayon::instruction_set set) noexcept {
#if XRAYON_X86
    // 24, 12 and 6 sums in 32 registers; 12, 12 and 6 in 16.
    if (set == xrayon::instruction_set::avx512) {
        static constexpr gemm_kernels<Real> kernels = {{avx512_kind<Real, 8>(std::make_integer_sequence<int, 3>()),
                                                        avx512_kind<Real, 4>(std::make_integer_sequence<int, 3>()),
                                                        avx512_kind<Real, 1>(std::make_integer_sequence<int, 6>())}};
        return kernels;
    }
    if (set == xrayon::instruction_set::avx2) {
        static constexpr gemm_kernels<Real> kernels = {{avx2_kind<Real, 6>(std::make_integer_sequence<int, 1>()),
                                                        avx2_kind<Real, 3>(std::make_integer_sequence<int, 2>()),
                                                        avx2_kind<Real, 1>(std::make_integer_sequence<int, 3>())}};
        return kernels;
    }
#endif
    (void)set;
    static constexpr typename gemm_kernels<Real>::kind any = {6, 1, {multiply_portable<Real>}};
    static constexpr gemm_kernels<Real> kernels = {{any, any, any}};
    return kernels;
}

} // namespace xrayon::detail

#endif // XRAYON_ARRAY_DETAIL_PACKED_GEMM_KERNELS_HPP
