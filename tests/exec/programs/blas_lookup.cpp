// SPDX-License-Identifier: Apache-2.0
// The libraries are looked up without the BLAS mutex: the loader's lock, which dlsym takes, is held by a thread inside dlopen while the static
// constructors of what it loads run, and one of them that calls the library would wait for the mutex. Here dlsym is ours, and
// sees whether another thread could have the mutex.
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include <xrayon/exec/blas_guard.hpp>

namespace {

std::atomic<int> looks{0};
std::atomic<int> held{0};

} // namespace

extern "C" void* dlsym(void*, const char*) noexcept {
    ++looks;
    std::thread([] {
        const std::unique_lock lock(xrayon::detail::process().blas_mutex, std::try_to_lock);
        held += !lock.owns_lock();
    }).join();
    return nullptr;
}

int main() {
    { const xrayon::blas_guard guard; }
    const int first = looks;
    xrayon::pin_blas_threads();
    std::printf("%d and %d symbols looked up, %d of them with the mutex held\n", first, looks - first, held.load());
    return first > 0 && looks > first && held == 0 ? 0 : 1;
}
