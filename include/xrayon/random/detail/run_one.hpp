// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_DETAIL_RUN_ONE_HPP
#define XRAYON_RANDOM_DETAIL_RUN_ONE_HPP

#include <xrayon/core/wide_kernel.hpp>

// Kernels for one number at a time; for many there is core/wide_kernel.hpp.

namespace xrayon::detail {

#if XRAYON_X86 && !defined(__FMA__)
template <class Kernel, class... Arguments>
[[gnu::noinline, gnu::target("fma")]] double run_fma(Arguments... arguments) {
    return Kernel::run(arguments...);
}
#endif

/// `Kernel::run(arguments...)` for one number: inline where the compiler knows that there is an instruction for std::fma, else through a
/// call of code that has it, else (processors before 2013) with the C library's.
template <class Kernel, class... Arguments>
[[nodiscard]] double run_one(Arguments... arguments) {
#if XRAYON_X86 && !defined(__FMA__)
    if (__builtin_cpu_supports("fma")) {
        return run_fma<Kernel>(arguments...);
    }
#endif
    return Kernel::run(arguments...);
}

} // namespace xrayon::detail

#endif // XRAYON_RANDOM_DETAIL_RUN_ONE_HPP
