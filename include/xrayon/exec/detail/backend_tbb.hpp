// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_BACKEND_TBB_HPP
#define XRAYON_EXEC_DETAIL_BACKEND_TBB_HPP

#include <algorithm>
#include <cfenv>
#include <cstddef>
#include <optional>
#include <string>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#include <oneapi/tbb/task_scheduler_observer.h>
#include <oneapi/tbb/version.h>

#if defined(__linux__)
#include <pthread.h>
#endif

#include <xrayon/core/check.hpp>

// A preview of 2021.x, regular since 2021.9.
#if TBB_INTERFACE_VERSION >= 12090 || TBB_PREVIEW_TASK_ARENA_CONSTRAINTS_EXTENSION
#define XRAYON_TBB_HAS_CORE_TYPES 1
#else
#define XRAYON_TBB_HAS_CORE_TYPES 0
#endif

// The seam: the only file that names oneTBB. What the rest needs of a scheduler is here: an arena of bounded size that a
// caller can always enter, and one call that offers a body to other threads of the arena.

namespace xrayon::detail {

inline std::string backend_version() { return TBB_runtime_version(); }

/// Lets `threads` threads exist in this process for as long as it lives, and says how many really may: the smallest live
/// global_control wins, and one of the program's own may be lower. Never destroyed: its end would cap arenas still in use.
inline std::size_t allow_threads(std::size_t threads) {
    static const auto* const control = new tbb::global_control(tbb::global_control::max_allowed_parallelism, threads);
    (void)control;
    return tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
}

struct arena_config {
    std::size_t threads = 1;
    std::string name = {};
    std::optional<int> numa_node = {};
    std::optional<int> core_type = {};
    int priority = 0;  ///< -1, 0, 1
};

/// Gives the workers of an arena their names, for debuggers and top. Runs when a worker enters the arena.
class worker_namer : public tbb::task_scheduler_observer {
public:
    worker_namer(tbb::task_arena& arena, std::string name, std::size_t visitors)
        : task_scheduler_observer(arena), name_(std::move(name)), visitors_(visitors) {
        observe(true);
    }
    ~worker_namer() override { observe(false); }

    void on_scheduler_entry(bool is_worker) override {
#if defined(__linux__)
        const auto slot = static_cast<std::size_t>(std::max(0, tbb::this_task_arena::current_thread_index()));
        if (is_worker && slot >= visitors_) {  // not a worker of another arena that visits
            const std::string number = to_text(slot - visitors_ + 1);
            // The kernel keeps 15 bytes: the number matters more than the end of a long name.
            const std::string name = name_.substr(0, 14 - std::min<std::size_t>(14, number.size())) + "-" + number;
            ::pthread_setname_np(::pthread_self(), name.c_str());
        }
#else
        (void)is_worker;
#endif
    }

private:
    std::string name_;
    std::size_t visitors_;
};

/// An arena of `threads - 1` workers with room for `visitors` callers, or the arena that the calling thread is in.
class arena {
public:
    arena(const arena_config& config, std::size_t visitors)
        : arena_(constraints_of(config, visitors), static_cast<unsigned>(visitors),
                 config.priority < 0   ? tbb::task_arena::priority::low
                 : config.priority > 0 ? tbb::task_arena::priority::high
                                       : tbb::task_arena::priority::normal) {
        if (config.threads > 1) {
            namer_.emplace(arena_, config.name, visitors);
        }
    }

    struct attach_current {};
    explicit arena(attach_current) : arena_(tbb::task_arena::attach{}) {}

    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;

    static std::size_t current_arena_threads() { return static_cast<std::size_t>(std::max(1, tbb::this_task_arena::max_concurrency())); }
    static bool has_numa_node(int node) {
        const auto nodes = tbb::info::numa_nodes();
        return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
    }
    /// False too where this oneTBB does not offer core types (2021.8 does with TBB_PREVIEW_TASK_ARENA_CONSTRAINTS_EXTENSION).
    static bool has_core_type(int type) {
#if XRAYON_TBB_HAS_CORE_TYPES
        const auto types = tbb::info::core_types();
        return std::find(types.begin(), types.end(), type) != types.end();
#else
        (void)type;
        return false;
#endif
    }

    /// Runs `body` with the calling thread inside the arena. The caller sees to it that a slot is free. On entry oneTBB sets the
    /// floating-point mode that was in force when the arena was made; the caller's own is put back for the body.
    template <class Body>
    void execute(Body& body) {
        std::fenv_t callers;
        std::fegetenv(&callers);
        arena_.execute([&] {
            std::fesetenv(&callers);
            body();
        });
    }

private:
    static tbb::task_arena::constraints constraints_of(const arena_config& config, std::size_t visitors) {
        tbb::task_arena::constraints result;
        result.set_max_concurrency(static_cast<int>(config.threads - 1 + visitors));
        if (config.numa_node) {
            result.set_numa_id(*config.numa_node);
        }
#if XRAYON_TBB_HAS_CORE_TYPES
        if (config.core_type) {
            result.set_core_type(*config.core_type);
        }
#endif
        return result;
    }

    tbb::task_arena arena_;
    std::optional<worker_namer> namer_;
};

/// Runs `body()` on the calling thread and offers it to up to `helpers` others of the arena the caller is in. Returns when
/// the caller's and all begun bodies have ended; the caller takes back the offers that nobody has taken up, so that it never
/// waits for a thread to become free. `body` must not throw. A waiting thread runs nothing but bodies of this very call.
/// The context is isolated, so that a foreign group that is cancelled around us leaves no part of the work undone, and it
/// carries the caller's floating-point settings to the helpers.
template <class Body>
void share_with(std::size_t helpers, Body& body) {
    tbb::this_task_arena::isolate([&] {
        tbb::task_group_context context(tbb::task_group_context::isolated,
                                        tbb::task_group_context::default_traits | tbb::task_group_context::fp_settings);
        tbb::task_group group(context);
        try {
            for (std::size_t i = 0; i < helpers; ++i) {
                group.run([&body] { body(); });
            }
        } catch (...) {
            // No memory for another task: fewer helpers do the same work.
        }
        body();
        group.wait();
    });
}

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_BACKEND_TBB_HPP
