// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_FAILING_COUNTDOWN_HPP
#define XRAYON_TESTS_SUPPORT_FAILING_COUNTDOWN_HPP

#include <atomic>

#include "failing_allocation.hpp"

// What failing_new.cpp and failing_malloc.cpp share; included by one of them, once in a program. Must not allocate.

namespace xrayon::test::failing_allocation {

inline constinit std::atomic<bool> armed{false};
inline constinit std::atomic<bool> from_then_on{false};
inline constinit std::atomic<long> fails_at{0};
inline constinit std::atomic<long> asked_for{0};
inline constinit std::atomic<long> alive{0};

/// Called for each allocation before it is made: true when it must fail.
inline bool must_fail() noexcept {
    if (!armed.load(std::memory_order_relaxed)) {
        return false;
    }
    const long number = asked_for.fetch_add(1, std::memory_order_relaxed) + 1;
    const long at = fails_at.load(std::memory_order_relaxed);
    return at != 0 && (number == at || (number > at && from_then_on.load(std::memory_order_relaxed)));
}

inline void allocated(const void* block) noexcept {
    if (block != nullptr) {
        alive.fetch_add(1, std::memory_order_relaxed);
    }
}
inline void freed(const void* block) noexcept {
    if (block != nullptr) {
        alive.fetch_sub(1, std::memory_order_relaxed);
    }
}

void arm(long n, failing how) noexcept {
    asked_for = 0;
    fails_at = n;
    from_then_on = how == failing::from_then;
    armed = true;
}

seen disarm() noexcept {
    armed = false;
    const long count = asked_for;
    return {count, fails_at != 0 && count >= fails_at};
}

long live() noexcept { return alive; }

} // namespace xrayon::test::failing_allocation

#endif // XRAYON_TESTS_SUPPORT_FAILING_COUNTDOWN_HPP
