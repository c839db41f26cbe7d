// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_BLAS_GUARD_HPP
#define XRAYON_EXEC_BLAS_GUARD_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <dlfcn.h>

#include <xrayon/exec/detail/fork_watch.hpp>
#include <xrayon/exec/detail/process_state.hpp>

// BLAS runs on one thread from the first to the last line of a public call: its bits change with its thread count, and BLAS
// threads inside our threads oversubscribe the machine. The setting of every BLAS is process-wide, so the guard is too: counted,
// 1 at the first entry, restored at the last exit. The libraries are looked up at run time among what the program has linked
// (threadpoolctl's idea); where nothing is linked nothing is done.

namespace xrayon {

/// One BLAS library found in this process.
struct blas_library {
    std::string name;         ///< "OpenBLAS", "MKL", "BLIS"
    std::string version;      ///< As the library says; empty if it does not.
    std::size_t threads = 0;  ///< Its setting now.
    bool openmp = false;      ///< It counts threads as OpenMP does, for each calling thread apart: one setting cannot hold it.
};

namespace detail {

template <class Function>
[[nodiscard]] Function find_symbol(const char* name) noexcept {
    // POSIX: the address that dlsym gives for a function converts to a function pointer.
    return reinterpret_cast<Function>(::dlsym(RTLD_DEFAULT, name));
}

inline blas_controls find_blas() noexcept {
    blas_controls found;
    const auto add = [&found](blas_control control) {
        const bool usable = control.get_int != nullptr ? control.set_int != nullptr : control.get_wide != nullptr && control.set_wide != nullptr;
        if (usable && found.count < found.items.size()) {
            found.items[found.count++] = control;
        }
    };
    const auto add_int = [&add](const char* name, const char* get, const char* set) {
        add({.name = name, .get_int = find_symbol<int (*)()>(get), .set_int = find_symbol<void (*)(int)>(set)});
    };
    add_int("OpenBLAS", "openblas_get_num_threads", "openblas_set_num_threads");
    add_int("OpenBLAS64", "openblas_get_num_threads64_", "openblas_set_num_threads64_");
    add_int("MKL", "MKL_Get_Max_Threads", "MKL_Set_Num_Threads");
    add({.name = "BLIS",
         .get_wide = find_symbol<std::int64_t (*)()>("bli_thread_get_num_threads"),
         .set_wide = find_symbol<void (*)(std::int64_t)>("bli_thread_set_num_threads")});
    return found;
}

/// Looks up the libraries. `again`: also if that has been done, since a library may have been loaded meanwhile.
/// The look comes before the mutex: it takes the loader's lock, which a thread inside dlopen holds while the static constructors of what
/// it loads run, and these may want the mutex.
inline void look_up_blas(process_state& state, bool again) {
    const blas_controls found = find_blas();
    const std::lock_guard lock(state.blas_mutex);
    if (!again && state.blas_known.load(std::memory_order_relaxed)) {
        return;  // somebody else's look may be younger
    }
    if (state.blas_users.load(std::memory_order_relaxed) == 0 && !state.blas_inherited) {
        state.blas = found;
        state.blas_absent.store(found.count == 0, std::memory_order_release);
        state.blas_known.store(true, std::memory_order_release);
    }
}

XRAYON_COLD inline void enter_blas(process_state& state) {
    if (!state.blas_known.load(std::memory_order_acquire)) {
        look_up_blas(state, false);
    }
    const std::lock_guard lock(state.blas_mutex);
    if (state.blas_users.load(std::memory_order_relaxed) == 0) {
        for (std::size_t i = 0; i < state.blas.count; ++i) {
            auto& library = state.blas.items[i];
            const int threads = library.get();
            if (!state.blas_inherited) {  // else it is 1, and `saved` what the parent had found
                library.saved = threads;
            }
            if (threads != 1) {
                library.set(1);
            }
        }
    }
    state.blas_users.fetch_add(1, std::memory_order_release);
}

XRAYON_COLD inline void leave_blas(process_state& state) noexcept {
    const std::lock_guard lock(state.blas_mutex);
    if (state.blas_users.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        for (std::size_t i = 0; i < state.blas.count; ++i) {
            const auto& library = state.blas.items[i];
            if (library.saved != 1) {
                library.set(library.saved);
            }
        }
        state.blas_inherited = false;
    }
}

} // namespace detail

/// Holds BLAS at one thread while it lives; nests and overlaps freely. Every public call holds one itself.
/// A child forked while one is held has BLAS at one thread until the first guard of its own, or call of ours, has ended.
class blas_guard {
public:
    blas_guard() : state_(&detail::process()) {
        // Somebody holds it already: only count. Else take the lock and set the libraries.
        std::size_t users = state_->blas_users.load(std::memory_order_relaxed);
        while (users != 0) {
            if (state_->blas_users.compare_exchange_weak(users, users + 1, std::memory_order_acquire, std::memory_order_relaxed)) {
                return;
            }
        }
        if (state_->blas_absent.load(std::memory_order_acquire)) {
            state_ = nullptr;  // No BLAS in this program.
            return;
        }
        detail::enter_blas(*state_);
    }
    ~blas_guard() {
        if (state_ == nullptr || mark_.in_child()) {
            return;  // a guard from before a fork counts in the parent
        }
        std::size_t users = state_->blas_users.load(std::memory_order_relaxed);
        while (users > 1) {
            if (state_->blas_users.compare_exchange_weak(users, users - 1, std::memory_order_release, std::memory_order_relaxed)) {
                return;
            }
        }
        detail::leave_blas(*state_);
    }
    blas_guard(const blas_guard&) = delete;
    blas_guard& operator=(const blas_guard&) = delete;

private:
    detail::process_state* state_;
    detail::fork_mark mark_;
};

/// Sets every BLAS of the process to one thread for good. Advised for servers, and for programs that also call BLAS from
/// threads of their own: those then see 1 always, instead of 1 only while a call of ours runs.
inline void pin_blas_threads() {
    auto& state = detail::process();
    detail::look_up_blas(state, true);
    if (!state.blas_pinned.exchange(true)) {
        detail::enter_blas(state);
    }
}

/// The BLAS libraries of this process and how many threads each is set to.
[[nodiscard]] inline std::vector<blas_library> loaded_blas() {
    std::vector<blas_library> libraries;
    const detail::blas_controls found = detail::find_blas();
    for (std::size_t i = 0; i < found.count; ++i) {
        const auto& item = found.items[i];
        blas_library library{item.name, {}, static_cast<std::size_t>(std::max(0, item.get())), false};
        if (library.name == "OpenBLAS") {
            if (const auto config = detail::find_symbol<char* (*)()>("openblas_get_config")) {
                library.version = config();
            }
            const auto parallel = detail::find_symbol<int (*)()>("openblas_get_parallel");
            library.openmp = parallel != nullptr && parallel() == 2;
        } else if (library.name == "BLIS") {
            if (const auto version = detail::find_symbol<const char* (*)()>("bli_info_get_version_str")) {
                library.version = version();
            }
        }
        libraries.push_back(std::move(library));
    }
    return libraries;
}

} // namespace xrayon

#endif // XRAYON_EXEC_BLAS_GUARD_HPP
