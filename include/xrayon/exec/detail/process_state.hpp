// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_PROCESS_STATE_HPP
#define XRAYON_EXEC_DETAIL_PROCESS_STATE_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include <xrayon/core/config.hpp>

// Everything process-wide, in one struct: the global pool, the BLAS guard's count, how many workers have been started, how often
// the process was forked, the item hook. It is one object also when several shared objects of a process use the library, and it is never destroyed, so that
// static destructors may still call us. A change of layout gets a new inline namespace: two versions then do not share it.

namespace xrayon {

struct item_hook;

namespace detail {

struct pool_state;
class arena_cache;

/// How to ask and set the thread count of one BLAS library. BLIS counts in 64 bits, the others in int.
struct blas_control {
    const char* name = nullptr;
    int (*get_int)() = nullptr;
    void (*set_int)(int) = nullptr;
    std::int64_t (*get_wide)() = nullptr;
    void (*set_wide)(std::int64_t) = nullptr;
    int saved = 0;

    [[nodiscard]] int get() const { return get_int != nullptr ? get_int() : static_cast<int>(get_wide()); }
    void set(int threads) const { set_int != nullptr ? set_int(threads) : set_wide(threads); }
};
struct blas_controls {
    std::array<blas_control, 4> items = {};
    std::size_t count = 0;
};

/// Whose progress has the line of the terminal that is drawn again and again.
struct progress_line_owner {
    std::mutex mutex;
    const void* printer = nullptr;  // whose; null: nobody's
    std::size_t columns = 0;        // of what stands there now
};

inline namespace state_1 {

struct XRAYON_SHARED process_state {
    std::mutex pool_mutex;
    std::shared_ptr<pool_state> global_pool;         // guarded by pool_mutex
    std::atomic<std::size_t> global_threads{0};      // 0: the global pool has not been made yet
    std::size_t reserved_workers = 0;                // what the living pools may want at once; guarded by pool_mutex
    std::size_t started_workers = 0;                 // how many have been proven and started; guarded by pool_mutex
    std::atomic<int> start_rounds{0};                // how often workers have been started
    void* thread_limit = nullptr;                    // the backend's; guarded by pool_mutex
    arena_cache* idle_arenas = nullptr;              // guarded by pool_mutex

    std::mutex blas_mutex;
    blas_controls blas;                              // written under blas_mutex while blas_users is 0
    std::atomic<bool> blas_known{false};
    std::atomic<bool> blas_absent{false};            // looked for, and there is none
    std::atomic<std::size_t> blas_users{0};
    std::atomic<bool> blas_pinned{false};
    bool blas_inherited = false;                     // a forked child: `saved` is from before the fork; guarded by blas_mutex

    // Forks between the process that made the first pool and this one. Pools and guards remember theirs, and compare.
    std::atomic<std::uint32_t> fork_generation{0};
    std::atomic<bool> fork_watched{false};

    std::atomic<item_hook*> hook{nullptr};
    progress_line_owner progress_line;
};

template <class T>
union XRAYON_SHARED never_destroyed {
    constexpr never_destroyed() noexcept : value() {}
    constexpr ~never_destroyed() {}
    T value;
};

XRAYON_SHARED inline constinit never_destroyed<process_state> the_process_state;

} // namespace state_1

inline process_state& process() noexcept { return the_process_state.value; }

} // namespace detail
} // namespace xrayon

#endif // XRAYON_EXEC_DETAIL_PROCESS_STATE_HPP
