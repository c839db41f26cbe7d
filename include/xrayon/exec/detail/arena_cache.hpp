// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_ARENA_CACHE_HPP
#define XRAYON_EXEC_DETAIL_ARENA_CACHE_HPP

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <xrayon/exec/detail/backend_tbb.hpp>
#include <xrayon/exec/detail/process_state.hpp>

namespace xrayon::detail {

/// Arenas of pools that are gone, for pools like them. oneTBB keeps an arena until each worker that was called has looked in once
/// more, and a program that makes a pool for every request is faster than that: 20,000 pools in a row grew by 50 MiB. With the cache such a
/// program uses the same few arenas again and again.
class arena_cache {
public:
    /// An arena of this kind, from the cache or new.
    static std::unique_ptr<arena> get(const arena_config& config, std::size_t visitors) {
        process_state& state = process();
        {
            const std::lock_guard lock(state.pool_mutex);
            if (state.idle_arenas == nullptr) {
                state.idle_arenas = new arena_cache;  // never destroyed, like all of the process's state
            }
            auto& idle = state.idle_arenas->idle_;
            const auto found =
                std::find_if(idle.rbegin(), idle.rend(), [&](const entry& e) { return e.visitors == visitors && e.config == config; });
            if (found != idle.rend()) {
                auto result = std::move(found->value);
                idle.erase(std::next(found).base());
                return result;
            }
        }
        return std::make_unique<arena>(config, visitors);
    }

    /// Takes one that nobody is in any more. The one that has lain there longest goes if there are too many.
    static void give_back(arena_config&& config, std::size_t visitors, std::unique_ptr<arena> value) noexcept {
        process_state& state = process();
        entry oldest{{}, 0, nullptr};  // destroyed after the lock
        const std::lock_guard lock(state.pool_mutex);
        auto& idle = state.idle_arenas->idle_;
        if (idle.size() == most) {
            oldest = std::move(idle.front());
            idle.erase(idle.begin());
        }
        idle.push_back({std::move(config), visitors, std::move(value)});  // there is room
    }

private:
    static constexpr std::size_t most = 32;
    struct entry {
        arena_config config;
        std::size_t visitors;
        std::unique_ptr<arena> value;
    };

    arena_cache() { idle_.reserve(most); }

    std::vector<entry> idle_;
};

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_ARENA_CACHE_HPP
