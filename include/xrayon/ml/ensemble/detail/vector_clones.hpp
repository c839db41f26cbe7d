// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_DETAIL_VECTOR_CLONES_HPP
#define XRAYON_ML_ENSEMBLE_DETAIL_VECTOR_CLONES_HPP

#include <xrayon/core/config.hpp>

// A kernel is a type with a static, always inlined `run`. It is compiled twice: for the processor that the compiler was told of, and for
// AVX2 with FMA; which one runs, the machine decides. A program built with plain -O2 gets vectors that way. The bits are the same: products
// that are added to something stand in an explicit std::fma, which the portable form leaves to the C library.

// g++ vectorises loops of unknown length from -O3 on, clang from -O2 on.
#if defined(__GNUC__) && !defined(__clang__)
#define XRAYON_ENSEMBLE_KERNEL gnu::noinline, gnu::optimize("O3")
#else
#define XRAYON_ENSEMBLE_KERNEL gnu::noinline
#endif

namespace xrayon::ml::detail {

template <class Kernel, class... Arguments>
[[XRAYON_ENSEMBLE_KERNEL]] void run_portable_kernel(Arguments... arguments) {
    Kernel::run(arguments...);
}

#if defined(__x86_64__) && defined(__GNUC__)
template <class Kernel, class... Arguments>
[[XRAYON_ENSEMBLE_KERNEL, gnu::target("avx2,fma")]] void run_avx2_kernel(Arguments... arguments) {
    Kernel::run(arguments...);
}
#endif

/// `Kernel::run(arguments...)`, by the widest form that this machine runs.
template <class Kernel, class... Arguments>
void run_kernel(Arguments... arguments) {
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return run_avx2_kernel<Kernel>(arguments...);
    }
#endif
    run_portable_kernel<Kernel>(arguments...);
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_ENSEMBLE_DETAIL_VECTOR_CLONES_HPP
