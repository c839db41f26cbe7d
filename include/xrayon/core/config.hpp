// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_CONFIG_HPP
#define XRAYON_CORE_CONFIG_HPP

// What every translation unit must satisfy. Included by all of core, so by everything.

#if defined(_MSVC_LANG)
#define XRAYON_CPLUSPLUS _MSVC_LANG
#else
#define XRAYON_CPLUSPLUS __cplusplus
#endif
#if XRAYON_CPLUSPLUS < 202002L
#error "xrayon needs C++20: add -std=c++20"
#endif

#if !defined(__cpp_exceptions)
#error "xrayon needs exceptions: a failing task is reported by the exception it threw"
#endif

// -ffast-math and its parts let the compiler reorder sums and drop NaN: the same program would give other bits at
// another optimisation level. Each macro below is what one part of it defines.
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ != 0) || defined(__ASSOCIATIVE_MATH__) \
    || defined(__RECIPROCAL_MATH__)
#error "xrayon: compile without -ffast-math and its parts (-ffinite-math-only, -fassociative-math, ...): results would depend on flags"
#endif

/// Process-wide state is shared by all shared objects of a process, also under -fvisibility=hidden.
#if defined(__GNUC__)
#define XRAYON_SHARED [[gnu::visibility("default")]]
#define XRAYON_COLD [[gnu::cold, gnu::noinline]]
#define XRAYON_NOINLINE [[gnu::noinline]]
#else
#define XRAYON_SHARED
#define XRAYON_COLD
#define XRAYON_NOINLINE
#endif

namespace xrayon {

/// `template <class = when_called>` stands before a function that needs no template: it is compiled where it is called, and not in every
/// file that includes its header. For what is long, or sorts, and most programs never call (docs/design/include_budget.md).
struct when_called;

} // namespace xrayon

#endif // XRAYON_CORE_CONFIG_HPP
