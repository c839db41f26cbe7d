// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_INSTRUCTION_SET_HPP
#define XRAYON_CORE_INSTRUCTION_SET_HPP

#include <xrayon/core/config.hpp>

// For code that is compiled several times, for the processor that the compiler was told of and for those that the running machine may
// turn out to be. All of it must give the same bits: integers, or floating point whose every product that is added to something is an
// explicit fused multiply-add.

#if defined(__x86_64__) && defined(__GNUC__)
#define XRAYON_X86 1
#else
#define XRAYON_X86 0
#endif

namespace xrayon {

/// Instructions that functions of this library are compiled for.
enum class instruction_set {
    portable,  ///< What the compiler was told to compile for.
    avx2,      ///< AVX2 and FMA.
    avx512,    ///< AVX-512 F, DQ, VL and FMA.
};

/// Whether this machine runs it.
[[nodiscard]] inline bool runs(instruction_set set) noexcept {
#if XRAYON_X86
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

} // namespace xrayon

#endif // XRAYON_CORE_INSTRUCTION_SET_HPP
