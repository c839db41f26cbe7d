// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_FUZZ_ALLOCATIONS_HPP
#define XRAYON_TESTS_FUZZ_ALLOCATIONS_HPP

#include <cstddef>

// The sanitizers' own; absent without them.
extern "C" {
[[gnu::weak]] int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t), void (*)(const volatile void*));
[[gnu::weak]] std::size_t __sanitizer_get_allocated_size(const volatile void*);
}

namespace xrayon::fuzz {

/// How much memory this thread holds more than at its beginning, at the most: under AddressSanitizer, elsewhere 0.
class allocations {
public:
    allocations() noexcept {
        static const bool installed = install();
        static_cast<void>(installed);
        begin_ = live;
        peak_before_ = most;
        most = live;
    }
    allocations(const allocations&) = delete;
    allocations& operator=(const allocations&) = delete;
    ~allocations() { most = most < peak_before_ ? peak_before_ : most; }

    [[nodiscard]] std::size_t peak() const noexcept { return static_cast<std::size_t>(most - begin_); }

private:
    static bool install() noexcept {
        if (__sanitizer_install_malloc_and_free_hooks == nullptr || __sanitizer_get_allocated_size == nullptr) {
            return false;
        }
        return __sanitizer_install_malloc_and_free_hooks(
                   [](const volatile void*, std::size_t size) {
                       live += static_cast<std::ptrdiff_t>(size);
                       most = most < live ? live : most;
                   },
                   [](const volatile void* memory) {
                       if (memory != nullptr) {
                           live -= static_cast<std::ptrdiff_t>(__sanitizer_get_allocated_size(memory));
                       }
                   })
               != 0;
    }

    inline static thread_local std::ptrdiff_t live = 0;
    inline static thread_local std::ptrdiff_t most = 0;
    std::ptrdiff_t begin_;
    std::ptrdiff_t peak_before_;
};

} // namespace xrayon::fuzz

#endif // XRAYON_TESTS_FUZZ_ALLOCATIONS_HPP
