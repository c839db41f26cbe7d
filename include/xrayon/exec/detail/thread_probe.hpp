// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_THREAD_PROBE_HPP
#define XRAYON_EXEC_DETAIL_THREAD_PROBE_HPP

#include <cstddef>
#include <latch>
#include <vector>

#include <pthread.h>

namespace xrayon::detail {

/// How many of `wanted` plain threads can exist at once, besides those that exist already. A probe, no promise: oneTBB makes
/// its workers later and ends the process when it cannot, so a pool asks before. Stacks of 4 MiB, as oneTBB's.
inline std::size_t probe_threads(std::size_t wanted) {
    pthread_attr_t attributes;
    if (::pthread_attr_init(&attributes) != 0) {
        return 0;
    }
    ::pthread_attr_setstacksize(&attributes, std::size_t{4} << 20);
    std::latch go(1);
    std::vector<pthread_t> threads;
    threads.reserve(wanted);
    for (std::size_t i = 0; i < wanted; ++i) {
        pthread_t thread;
        const auto wait = [](void* latch) -> void* {
            static_cast<std::latch*>(latch)->wait();
            return nullptr;
        };
        if (::pthread_create(&thread, &attributes, wait, &go) != 0) {
            break;
        }
        threads.push_back(thread);
    }
    go.count_down();
    for (const pthread_t thread : threads) {
        ::pthread_join(thread, nullptr);
    }
    ::pthread_attr_destroy(&attributes);
    return threads.size();
}

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_THREAD_PROBE_HPP
