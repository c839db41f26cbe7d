// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_DETAIL_WIDE_KERNEL_HPP
#define XRAYON_ML_PREPROCESS_DETAIL_WIDE_KERNEL_HPP

#include <cmath>

#include <xrayon/core/config.hpp>

// A kernel is a type with a static, always inlined `run`. It is compiled for the processor that the compiler was told of, and once more for
// one with AVX2 and FMA, so that a program built with plain -O2 gets vectors. The bits are the same in both: a column's numbers are joined
// in the order that the text says, whatever the width, and a product that is added to something is an explicit fused multiply-add.

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__AVX512F__)
#define XRAYON_PREPROCESS_CLONES 1
#else
#define XRAYON_PREPROCESS_CLONES 0
#endif

#if defined(__GNUC__)
#define XRAYON_PREPROCESS_INLINE [[gnu::always_inline]] inline
#define XRAYON_PREPROCESS_RESTRICT __restrict
#else
#define XRAYON_PREPROCESS_INLINE inline
#define XRAYON_PREPROCESS_RESTRICT
#endif

// Before a loop whose turns do not depend on each other: what one writes, no other one reads. Needed where two pointers may be the same.
#if defined(__clang__)
#define XRAYON_PREPROCESS_APART _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define XRAYON_PREPROCESS_APART _Pragma("GCC ivdep")
#else
#define XRAYON_PREPROCESS_APART
#endif

// g++ vectorises loops of unknown length from -O3 on, clang from -O2 on.
#if defined(__GNUC__) && !defined(__clang__)
#define XRAYON_PREPROCESS_KERNEL gnu::noinline, gnu::optimize("O3")
#else
#define XRAYON_PREPROCESS_KERNEL gnu::noinline
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

template <class Kernel, class... Arguments>
[[XRAYON_PREPROCESS_KERNEL]] void run_narrow(Arguments... arguments) {
    Kernel::run(arguments...);
}

#if XRAYON_PREPROCESS_CLONES
template <class Kernel, class... Arguments>
[[XRAYON_PREPROCESS_KERNEL, gnu::target("avx2,fma")]] void run_avx2(Arguments... arguments) {
    Kernel::run(arguments...);
}
#endif

/// `Kernel::run(arguments...)` as wide as this machine can.
template <class Kernel, class... Arguments>
void run_wide(Arguments... arguments) {
#if XRAYON_PREPROCESS_CLONES
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return run_avx2<Kernel>(arguments...);
    }
#endif
    run_narrow<Kernel>(arguments...);
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_PREPROCESS_DETAIL_WIDE_KERNEL_HPP
