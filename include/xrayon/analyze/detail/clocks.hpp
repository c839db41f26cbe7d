// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_CLOCKS_HPP
#define XRAYON_ANALYZE_DETAIL_CLOCKS_HPP

#include <chrono>
#include <optional>

#include <xrayon/core/config.hpp>

#if defined(__unix__) || defined(__APPLE__)
#include <time.h>
#endif

namespace xrayon::analyze::detail {

/// The two clocks of a measurement. A type, so that tests can bring clocks that stand still or run backwards.
struct real_clocks {
    /// Never set back and never stepped by who corrects the time of day.
    [[nodiscard]] std::chrono::nanoseconds wall() const { return std::chrono::steady_clock::now().time_since_epoch(); }

    /// Time that all threads of this process have spent on processors; nothing where the system does not say. std::clock() would
    /// do on Unix, in microseconds, but is wall time on Windows.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> cpu() const {
#if defined(CLOCK_PROCESS_CPUTIME_ID)
        timespec now{};
        if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0) {
            return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
        }
#endif
        return std::nullopt;
    }
};

/// Makes the compiler believe that `value` is read, so that it cannot drop the work behind it.
template <class T>
inline void keep_alive(const T& value) noexcept {
#if defined(__GNUC__)
    asm volatile("" : : "r"(&value) : "memory");
#else
    static const void* volatile seen;
    seen = &value;
#endif
}

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_CLOCKS_HPP
