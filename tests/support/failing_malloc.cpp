// SPDX-License-Identifier: Apache-2.0
// malloc and its kin, replaced for the whole process by defining them in the program (failing_allocation.hpp). glibc only. Not for
// builds with a sanitizer, which replace malloc themselves.
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <dlfcn.h>

#include "failing_countdown.hpp"

namespace counting = xrayon::test::failing_allocation;

extern "C" {

void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) noexcept {
    if (counting::must_fail()) {
        errno = ENOMEM;
        return nullptr;
    }
    void* const block = __libc_malloc(size);
    counting::allocated(block);
    return block;
}

void* calloc(std::size_t count, std::size_t size) noexcept {
    if (counting::must_fail()) {
        errno = ENOMEM;
        return nullptr;
    }
    void* const block = __libc_calloc(count, size);
    counting::allocated(block);
    return block;
}

void* realloc(void* old, std::size_t size) noexcept {
    if (size != 0 && counting::must_fail()) {
        errno = ENOMEM;
        return nullptr;
    }
    void* const block = __libc_realloc(old, size);
    if (old == nullptr) {
        counting::allocated(block);
    } else if (size == 0) {
        counting::freed(old);
    }
    return block;
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
    if (counting::must_fail()) {
        errno = ENOMEM;
        return nullptr;
    }
    void* const block = __libc_memalign(alignment, size);
    counting::allocated(block);
    return block;
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept { return memalign(alignment, size); }

int posix_memalign(void** block, std::size_t alignment, std::size_t size) noexcept {
    *block = memalign(alignment, size);
    return *block == nullptr ? ENOMEM : 0;
}

void free(void* block) noexcept {
    counting::freed(block);
    __libc_free(block);
}

void* dlopen(const char* file, int mode) noexcept {
    static const auto next = reinterpret_cast<void* (*)(const char*, int)>(::dlsym(RTLD_NEXT, "dlopen"));
    if (counting::without_tbbmalloc && file != nullptr && std::strstr(file, "tbbmalloc") != nullptr) {
        return nullptr;
    }
    return next(file, mode);
}

} // extern "C"
