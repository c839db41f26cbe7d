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
/// program uses the same few arenas again and again. Their names do not matter: an arena gets the new pool's.
class arena_cache {
public:
    static constexpr std::size_t most = 128;         ///< Arenas: every size up to 64, and as many others.
    static constexpr std::size_t most_slots = 8192;  ///< Of all of them; an arena's memory goes by its slots, up to 2.5 KiB each.

    /// An arena of this kind, from the cache or new.
    static std::unique_ptr<arena> get(const arena_config& config, std::size_t visitors) {
        entry found = take(config, visitors);
        if (found.value == nullptr) {
            return std::make_unique<arena>(config, visitors);
        }
        if (found.config.name != config.name) {
            found.value->name_workers(config, visitors);
        }
        return std::move(found.value);
    }

    /// Takes one that nobody is in any more. Those that have lain there longest go if there are too many.
    static void give_back(arena_config&& config, std::size_t visitors, std::unique_ptr<arena> value) noexcept {
        const std::size_t slots = slots_of(config, visitors);
        process_state& state = process();
        for (entry oldest;; oldest = {}) {  // destroyed without the lock
            const std::lock_guard lock(state.pool_mutex);
            arena_cache& cache = *state.idle_arenas;
            if (cache.idle_.empty() || (cache.idle_.size() < most && cache.slots_ + slots <= most_slots)) {
                cache.idle_.push_back({std::move(config), visitors, std::move(value)});  // there is room
                cache.slots_ += slots;
                return;
            }
            oldest = cache.remove(cache.idle_.begin());
        }
    }

private:
    struct entry {
        arena_config config = {};
        std::size_t visitors = 0;
        std::unique_ptr<arena> value = {};
    };
    using place = std::vector<entry>::iterator;

    arena_cache() { idle_.reserve(most); }

    static std::size_t slots_of(const arena_config& config, std::size_t visitors) noexcept { return config.threads - 1 + visitors; }

    /// The one that was used last, of the same name if there is such a one; or nothing.
    static entry take(const arena_config& config, std::size_t visitors) {
        process_state& state = process();
        const std::lock_guard lock(state.pool_mutex);
        if (state.idle_arenas == nullptr) {
            state.idle_arenas = new arena_cache;  // never destroyed, like all of the process's state
        }
        auto& idle = state.idle_arenas->idle_;
        const auto serves = [&](const entry& e) { return e.visitors == visitors && same_arena(e.config, config); };
        auto found = std::find_if(idle.rbegin(), idle.rend(), [&](const entry& e) { return serves(e) && e.config.name == config.name; });
        if (found == idle.rend()) {
            found = std::find_if(idle.rbegin(), idle.rend(), serves);
        }
        return found == idle.rend() ? entry{} : state.idle_arenas->remove(std::next(found).base());
    }

    entry remove(place which) noexcept {
        entry removed = std::move(*which);
        idle_.erase(which);
        slots_ -= slots_of(removed.config, removed.visitors);
        return removed;
    }

    std::vector<entry> idle_;
    std::size_t slots_ = 0;
};

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_ARENA_CACHE_HPP
