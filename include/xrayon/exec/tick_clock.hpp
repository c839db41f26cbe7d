// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_TICK_CLOCK_HPP
#define XRAYON_EXEC_TICK_CLOCK_HPP

#include <chrono>
#include <cstdint>

namespace xrayon {

/// A clock for scheduling decisions only: it is read several times in calls that take a tenth of a microsecond, where
/// steady_clock (20 to 40 ns) would be most of the cost. Its unit is only about known, and nothing but a grain depends on it.
struct tick_clock {
    using ticks = std::uint64_t;

    static ticks now() noexcept {
#if defined(__x86_64__) || defined(__i386__)
        return __builtin_ia32_rdtsc();  // <x86intrin.h>, for its name, is a thousand lines
#elif defined(__aarch64__)
        ticks value;
        asm volatile("mrs %0, cntvct_el0" : "=r"(value));
        return value;
#else
        return static_cast<ticks>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
    }

    /// About how many ticks a microsecond has. Time-stamp counters of x86 run at 2 to 4 GHz.
    static ticks per_microsecond() noexcept {
#if defined(__x86_64__) || defined(__i386__)
        return 3000;
#elif defined(__aarch64__)
        ticks per_second;
        asm volatile("mrs %0, cntfrq_el0" : "=r"(per_second));
        return per_second < 1'000'000 ? 1 : per_second / 1'000'000;
#else
        return static_cast<ticks>(std::chrono::steady_clock::period::den / std::chrono::steady_clock::period::num / 1'000'000);
#endif
    }
};

} // namespace xrayon

#endif // XRAYON_EXEC_TICK_CLOCK_HPP
