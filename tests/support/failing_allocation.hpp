// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_FAILING_ALLOCATION_HPP
#define XRAYON_TESTS_SUPPORT_FAILING_ALLOCATION_HPP

// Makes the n-th allocation of the process fail, whichever thread asks for it. A program that uses this links one of two sources:
// failing_new.cpp replaces operator new, so that the allocations counted are those of our code and of the user's; failing_malloc.cpp
// replaces malloc and its kin, so that oneTBB's, OpenBLAS' and the C library's count too.

namespace xrayon::test::failing_allocation {

enum class failing {
    once,      ///< The n-th allocation only: memory ran out for a moment.
    from_then, ///< The n-th and every later one.
};

struct seen {
    long allocations = 0;  ///< Since arm, by all threads.
    bool failed = false;   ///< The n-th was reached.
};

/// From now on the n-th allocation fails; 0: none does, they are only counted. Nothing may be armed already.
void arm(long n, failing how = failing::once) noexcept;
/// Ends that.
seen disarm() noexcept;
/// Allocations that have not been freed.
[[nodiscard]] long live() noexcept;

/// For failing_malloc.cpp. oneTBB takes its memory from its own allocator, libtbbmalloc, where that is installed, and from malloc where it
/// is not. True, before oneTBB's first use: as if it were not, so that oneTBB's allocations count.
inline constinit bool without_tbbmalloc = false;

} // namespace xrayon::test::failing_allocation

#endif // XRAYON_TESTS_SUPPORT_FAILING_ALLOCATION_HPP
