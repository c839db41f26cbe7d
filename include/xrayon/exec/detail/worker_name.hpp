// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_WORKER_NAME_HPP
#define XRAYON_EXEC_DETAIL_WORKER_NAME_HPP

#include <algorithm>
#include <cstddef>
#include <string>

#if defined(__linux__)
#include <pthread.h>
#endif

#include <xrayon/core/check.hpp>

namespace xrayon::detail {

/// Calls the calling thread "<pool>-<number>", for debuggers and top. The kernel keeps 15 bytes, and the number matters more than
/// the end of a long name. So short a string needs no memory, and this cannot throw.
inline void name_worker(const std::string& pool, std::size_t number) noexcept {
#if defined(__linux__)
    const std::string text = to_text(number);
    const std::string name = pool.substr(0, 14 - std::min<std::size_t>(14, text.size())) + "-" + text;
    ::pthread_setname_np(::pthread_self(), name.c_str());
#else
    (void)pool;
    (void)number;
#endif
}

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_WORKER_NAME_HPP
