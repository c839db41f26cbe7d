// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_HUGE_PAGES_HPP
#define XRAYON_EXEC_HUGE_PAGES_HPP

#include <cstddef>
#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace xrayon {

/// Asks for huge pages under memory of 8 MiB or more that is about to be filled for the first time. Where the system has them "on request",
/// that memory then costs 1 page fault instead of 512. A system that refuses is no worse off than before.
inline void prefer_huge_pages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    constexpr std::size_t worth_a_call = std::size_t{8} << 20;
    if (bytes < worth_a_call) {
        return;
    }
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<std::uintptr_t>(memory);
    const std::uintptr_t first = (begin + page - 1) / page * page;
    const std::uintptr_t last = (begin + bytes) / page * page;
    (void)::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
}

} // namespace xrayon

#endif // XRAYON_EXEC_HUGE_PAGES_HPP
