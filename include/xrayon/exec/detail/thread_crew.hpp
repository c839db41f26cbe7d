// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DETAIL_THREAD_CREW_HPP
#define XRAYON_EXEC_DETAIL_THREAD_CREW_HPP

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <pthread.h>

#include <xrayon/exec/detail/fork_watch.hpp>
#include <xrayon/exec/detail/thread_probe.hpp>
#include <xrayon/exec/detail/worker_name.hpp>

namespace xrayon::detail {

/// The helpers of a pool in a forked child. oneTBB cannot be used there: its list of workers names threads that do not exist,
/// and any of its locks may be held for ever. So a call starts plain threads, up to as many as the pool has seats, and joins them at its
/// end: tens of microseconds a call where workers that sleep take two, but they are real, and nothing of before the fork is touched.
/// Where a thread cannot be started fewer do the same work.
class thread_crew {
public:
    /// @param seats  Helpers that may exist at once, in all calls of the pool together.
    /// @param comes, goes  Told by each helper, numbered from 1, as it begins and as it ends; may be empty, must not throw.
    thread_crew(std::size_t seats, std::string name, std::function<void(std::size_t)> comes = {}, std::function<void(std::size_t)> goes = {})
        : taken_(seats), name_(std::move(name)), comes_(std::move(comes)), goes_(std::move(goes)) {}

    /// 0, or of a helper of this crew its number from 1.
    [[nodiscard]] std::size_t number_here() const noexcept { return here_.crew == this ? here_.number : 0; }

    /// Runs `body()` on the calling thread and on up to `helpers` new ones; returns when all have ended. `body` must not throw.
    template <class Body>
    void share(std::size_t helpers, Body& body) {
        struct helper {
            pthread_t thread;
            thread_crew* crew;
            Body* body;
            const std::fenv_t* floating_point;
            const fork_mark* mark;
            std::size_t seat;
        };
        const fork_mark mark;
        std::fenv_t callers;
        std::fegetenv(&callers);
        std::vector<helper> started;
        try {
            started.reserve(std::min(helpers, taken_.size()));  // never grows after that: threads point into it
        } catch (...) {
            helpers = 0;  // no memory: alone
        }
        const thread_attributes attributes;
        for (std::size_t seat = 0; seat < taken_.size() && started.size() < helpers; ++seat) {
            if (taken_[seat].load(std::memory_order_relaxed) || taken_[seat].exchange(true, std::memory_order_acquire)) {
                continue;
            }
            started.push_back({{}, this, &body, &callers, &mark, seat});
            const auto run = [](void* argument) -> void* {
                const auto& self = *static_cast<helper*>(argument);
                std::fesetenv(self.floating_point);
                name_worker(self.crew->name_, self.seat + 1);
                here_ = {self.crew, self.seat + 1};
                if (self.crew->comes_) {
                    self.crew->comes_(self.seat + 1);
                }
                (*self.body)();
                if (self.mark->in_child()) {
                    end_lost_helper(*self.mark);
                }
                if (self.crew->goes_) {
                    self.crew->goes_(self.seat + 1);
                }
                return nullptr;
            };
            if (::pthread_create(&started.back().thread, attributes.get(), run, &started.back()) != 0) {
                taken_[seat].store(false, std::memory_order_release);
                started.pop_back();
                break;
            }
        }
        body();
        mark.check_not_in_child("xrayon");  // a child of the child: nobody to join
        for (const helper& each : started) {
            ::pthread_join(each.thread, nullptr);
            taken_[each.seat].store(false, std::memory_order_release);
        }
    }

private:
    struct place {
        const thread_crew* crew;
        std::size_t number;
    };
    XRAYON_SHARED static inline constinit thread_local place here_ = {nullptr, 0};

    std::vector<std::atomic<bool>> taken_;
    std::string name_;
    std::function<void(std::size_t)> comes_;
    std::function<void(std::size_t)> goes_;
};

} // namespace xrayon::detail

#endif // XRAYON_EXEC_DETAIL_THREAD_CREW_HPP
