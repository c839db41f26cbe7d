// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_THREAD_COUNTS_HPP
#define XRAYON_TESTS_SUPPORT_THREAD_COUNTS_HPP

#include <array>
#include <cstddef>

namespace xrayon::test {

/// The thread counts that every claim "the same at every thread count" is tested with: one, even, odd, more than a small machine has.
/// `const std::size_t threads = GENERATE(from_range(test::thread_counts));`
inline constexpr std::array<std::size_t, 5> thread_counts{1, 2, 3, 5, 8};

/// The same for soaks ([.soak]), with heavy oversubscription.
inline constexpr std::array<std::size_t, 7> soak_thread_counts{1, 2, 3, 5, 8, 16, 64};

} // namespace xrayon::test

#endif // XRAYON_TESTS_SUPPORT_THREAD_COUNTS_HPP
