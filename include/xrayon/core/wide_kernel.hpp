// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_WIDE_KERNEL_HPP
#define XRAYON_CORE_WIDE_KERNEL_HPP

#include <xrayon/core/config.hpp>
#include <xrayon/core/instruction_set.hpp>

// A kernel is a type with a static, always inlined `run` that loops over numbers. Here it is compiled for what the compiler was told of
// and again for wider processors, and the widest that this machine runs is called: a program built with -O2 and nothing else gets AVX-512.
// The bits are those of the scalar text whichever is called, because kernels leave a compiler nothing to choose: each element is computed
// by itself, a product that is added to something stands in an explicit std::fma, and sums go in the order of the text.

// g++ vectorises loops of unknown length from -O3 on, clang from -O2 on.
#if defined(__GNUC__) && !defined(__clang__)
#define XRAYON_WIDE_KERNEL gnu::noinline, gnu::optimize("O3")
#else
#define XRAYON_WIDE_KERNEL gnu::noinline
#endif

namespace xrayon {

namespace detail {

template <class Kernel, class... Arguments>
[[XRAYON_WIDE_KERNEL]] void run_portable(Arguments... arguments) {
    Kernel::run(arguments...);
}
#if XRAYON_X86
template <class Kernel, class... Arguments>
[[XRAYON_WIDE_KERNEL, gnu::target("avx2,fma")]] void run_avx2(Arguments... arguments) {
    Kernel::run(arguments...);
}
template <class Kernel, class... Arguments>
[[XRAYON_WIDE_KERNEL, gnu::target("avx512f,avx512dq,avx512vl,avx2,fma")]] void run_avx512(Arguments... arguments) {
    Kernel::run(arguments...);
}
#endif

} // namespace detail

/// `Kernel::run(arguments...)`, compiled for `set`, which this machine must run.
template <class Kernel, class... Arguments>
void run_at(instruction_set set, Arguments... arguments) {
#if XRAYON_X86
    if (set == instruction_set::avx512) {
        return detail::run_avx512<Kernel>(arguments...);
    }
    if (set == instruction_set::avx2) {
        return detail::run_avx2<Kernel>(arguments...);
    }
#endif
    (void)set;
    detail::run_portable<Kernel>(arguments...);
}

/// `Kernel::run(arguments...)`, at the greatest width that this machine has.
template <class Kernel, class... Arguments>
void run_wide(Arguments... arguments) {
    run_at<Kernel>(best_instruction_set(), arguments...);
}

} // namespace xrayon

#undef XRAYON_WIDE_KERNEL

#endif // XRAYON_CORE_WIDE_KERNEL_HPP
