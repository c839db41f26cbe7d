// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_DETAIL_INSTRUCTION_SET_HPP
#define XRAYON_RANDOM_DETAIL_INSTRUCTION_SET_HPP

#include <xrayon/core/config.hpp>

// One text, several machine codes, the same bits. A kernel is a type with a static, always inlined `run`; here it is compiled for the
// processor that the compiler was told of and again for those that the running machine may turn out to be. What makes the bits equal is
// in the kernels: integers, and floating point whose every product that is added to something stands in an explicit std::fma (rounded
// once, in hardware or in the C library), so that nothing is left for a compiler to contract.

#if defined(__x86_64__) && defined(__GNUC__)
#define XRAYON_RANDOM_X86 1
#else
#define XRAYON_RANDOM_X86 0
#endif
// g++ vectorises loops of unknown length from -O3 on, clang from -O2 on.
#if defined(__GNUC__) && !defined(__clang__)
#define XRAYON_RANDOM_KERNEL gnu::noinline, gnu::optimize("O3")
#else
#define XRAYON_RANDOM_KERNEL gnu::noinline
#endif

namespace xrayon::detail {

enum class instruction_set {
    portable,  ///< What the compiler was told to compile for.
    avx2,      ///< AVX2 and FMA.
    avx512,    ///< AVX-512 F, DQ, VL and FMA.
};

/// Whether this machine runs it.
[[nodiscard]] inline bool runs(instruction_set set) noexcept {
#if XRAYON_RANDOM_X86
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    switch (set) {
        case instruction_set::avx512:
            return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
        case instruction_set::avx2:
            return avx2;
        case instruction_set::portable:
            break;
    }
#endif
    return set == instruction_set::portable;
}

/// The widest that this machine runs.
[[nodiscard]] inline instruction_set best_instruction_set() noexcept {
    if (runs(instruction_set::avx512)) {
        return instruction_set::avx512;
    }
    return runs(instruction_set::avx2) ? instruction_set::avx2 : instruction_set::portable;
}

template <class Kernel, class... Arguments>
[[XRAYON_RANDOM_KERNEL]] void run_portable(Arguments... arguments) {
    Kernel::run(arguments...);
}
#if XRAYON_RANDOM_X86
template <class Kernel, class... Arguments>
[[XRAYON_RANDOM_KERNEL, gnu::target("avx2,fma")]] void run_avx2(Arguments... arguments) {
    Kernel::run(arguments...);
}
template <class Kernel, class... Arguments>
[[XRAYON_RANDOM_KERNEL, gnu::target("avx512f,avx512dq,avx512vl,avx2,fma")]] void run_avx512(Arguments... arguments) {
    Kernel::run(arguments...);
}
#endif

/// `Kernel::run(arguments...)` over many numbers, compiled for `set`, which this machine must run.
template <class Kernel, class... Arguments>
void run_many(instruction_set set, Arguments... arguments) {
#if XRAYON_RANDOM_X86
    if (set == instruction_set::avx512) {
        return run_avx512<Kernel>(arguments...);
    }
    if (set == instruction_set::avx2) {
        return run_avx2<Kernel>(arguments...);
    }
#endif
    (void)set;
    run_portable<Kernel>(arguments...);
}

#if XRAYON_RANDOM_X86 && !defined(__FMA__)
template <class Kernel, class... Arguments>
[[gnu::noinline, gnu::target("fma")]] double run_fma(Arguments... arguments) {
    return Kernel::run(arguments...);
}
#endif

/// `Kernel::run(arguments...)` for one number: inline where the compiler knows that there is an instruction for std::fma, else through a
/// call of code that has it, else (processors before 2013) with the C library's.
template <class Kernel, class... Arguments>
[[nodiscard]] double run_one(Arguments... arguments) {
#if XRAYON_RANDOM_X86 && !defined(__FMA__)
    if (__builtin_cpu_supports("fma")) {
        return run_fma<Kernel>(arguments...);
    }
#endif
    return Kernel::run(arguments...);
}

} // namespace xrayon::detail

#endif // XRAYON_RANDOM_DETAIL_INSTRUCTION_SET_HPP
