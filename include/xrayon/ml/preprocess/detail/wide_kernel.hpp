// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_DETAIL_WIDE_KERNEL_HPP
#define XRAYON_ML_PREPROCESS_DETAIL_WIDE_KERNEL_HPP

#include <cmath>

#include <xrayon/core/wide_kernel.hpp>

// What the kernels of preprocessing (core/wide_kernel.hpp) are written with.

#if defined(__GNUC__)
#define XRAYON_PREPROCESS_INLINE [[gnu::always_inline]] inline
#define XRAYON_PREPROCESS_RESTRICT __restrict
#define XRAYON_PREPROCESS_PREFETCH(address) __builtin_prefetch(address)  // may lie beyond the end
#else
#define XRAYON_PREPROCESS_INLINE inline
#define XRAYON_PREPROCESS_RESTRICT
#define XRAYON_PREPROCESS_PREFETCH(address) static_cast<void>(address)
#endif

// Before a loop whose turns do not depend on each other: what one writes, no other one reads. Needed where two pointers may be the same.
#if defined(__clang__)
#define XRAYON_PREPROCESS_APART _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define XRAYON_PREPROCESS_APART _Pragma("GCC ivdep")
#else
#define XRAYON_PREPROCESS_APART
#endif

namespace xrayon::ml::detail {

/// a * b + c, rounded once.
XRAYON_PREPROCESS_INLINE double fused(double a, double b, double c) noexcept {
#if defined(__GNUC__)
    return __builtin_fma(a, b, c);  // inline also where <cmath>'s wrapper is not
#else
    return std::fma(a, b, c);
#endif
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_PREPROCESS_DETAIL_WIDE_KERNEL_HPP
