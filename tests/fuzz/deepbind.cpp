// SPDX-License-Identifier: Apache-2.0
// oneTBB loads its binding library with RTLD_DEEPBIND, and AddressSanitizer ends a process that does so. This dlopen is found first.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define XRAYON_UNDER_ASAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(XRAYON_UNDER_ASAN)
#include <dlfcn.h>

extern "C" void* dlopen(const char* file, int mode) noexcept {
    static const auto next = reinterpret_cast<void* (*)(const char*, int)>(::dlsym(RTLD_NEXT, "dlopen"));
    return next(file, mode & ~RTLD_DEEPBIND);
}
#endif
