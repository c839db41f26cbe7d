// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_THREAD_PROBE_HPP
#define XRAYON_EXEC_DETAIL_THREAD_PROBE_HPP

#include <cerrno>
#include <cstddef>
#include <latch>
#include <new>
#include <string>
#include <vector>

#include <pthread.h>
#include <sys/mman.h>

#include <xrayon/core/check.hpp>

namespace xrayon::detail {

/// What threads are started with: stacks of 4 MiB, as oneTBB's.
class thread_attributes {
public:
    thread_attributes() noexcept {
        if (::pthread_attr_init(&attributes_) == 0) {
            usable_ = ::pthread_attr_setstacksize(&attributes_, std::size_t{4} << 20) == 0;
        }
    }
    ~thread_attributes() {
        if (usable_) {
            ::pthread_attr_destroy(&attributes_);
        }
    }
    thread_attributes(const thread_attributes&) = delete;
    thread_attributes& operator=(const thread_attributes&) = delete;

    [[nodiscard]] const pthread_attr_t* get() const noexcept { return usable_ ? &attributes_ : nullptr; }

private:
    pthread_attr_t attributes_;
    bool usable_ = false;
};

/// The name of what pthread_create answers.
[[nodiscard]] inline std::string thread_error_name(int error) {
    switch (error) {
    case EAGAIN: return "EAGAIN";
    case ENOMEM: return "ENOMEM";
    case EPERM: return "EPERM";
    case EINVAL: return "EINVAL";
    default: return "errno " + to_text(error);
    }
}

struct probe_result {
    std::size_t threads = 0;  ///< How many could be created.
    int error = 0;            ///< Why not more; 0 if all could.
};

/// How many of `wanted` plain threads can exist at once, besides those that exist already, and leave some memory: what a worker
/// allocates when it starts (its descriptors, the allocator's cache) must be had too, since oneTBB ends the process without it.
inline probe_result probe_threads(std::size_t wanted) {
    probe_result result;
    const std::size_t margin = (std::size_t{4} << 20) + wanted * (std::size_t{256} << 10);
    void* const memory = ::mmap(nullptr, margin, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        result.error = errno;
        return result;
    }
    const thread_attributes attributes;
    std::latch go(1);
    std::vector<pthread_t> threads;
    try {
        threads.reserve(wanted);
    } catch (const std::bad_alloc&) {
        ::munmap(memory, margin);
        result.error = ENOMEM;
        return result;
    }
    for (std::size_t i = 0; i < wanted && result.error == 0; ++i) {
        pthread_t thread;
        const auto wait = [](void* latch) -> void* {
            static_cast<std::latch*>(latch)->wait();
            return nullptr;
        };
        result.error = ::pthread_create(&thread, attributes.get(), wait, &go);
        if (result.error == 0) {
            threads.push_back(thread);
        }
    }
    go.count_down();
    for (const pthread_t thread : threads) {
        ::pthread_join(thread, nullptr);
    }
    ::munmap(memory, margin);
    result.threads = threads.size();
    return result;
}

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_THREAD_PROBE_HPP
