// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_DECLARED_PROGRESS_HPP
#define XRAYON_EXEC_DECLARED_PROGRESS_HPP

#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/call_progress.hpp>
#include <xrayon/exec/run_options.hpp>

namespace xrayon {

/// @brief One bar for work that is done by several calls, with a total that is known beforehand.
///
/// Shown as run_options ask, unless a call around it shows one. The calls themselves must not ask.
class declared_progress {
public:
    /// @param name  What the bar is called where options.label is empty; it and `options` outlive this.
    /// @throws environment_error  for a bad XRAYON_PROGRESS
    declared_progress(const run_options& options, std::string_view name, std::size_t total) {
        state_.name = options.label.empty() ? name : std::string_view(options.label);
        state_.count = total;
        progress_ = call_progress::begin(options, state_, current_call(), 1);
    }
    declared_progress(const declared_progress&) = delete;
    declared_progress& operator=(const declared_progress&) = delete;
    ~declared_progress() {
        if (progress_) {
            call_progress::end(std::move(progress_));
        }
    }

    /// Whether it is: then calls inside the work must not show theirs (loop_options::shown_elsewhere).
    [[nodiscard]] bool shown() const noexcept { return progress_ != nullptr; }
    /// Another one has finished. From any thread.
    void add() noexcept {
        if (progress_) {
            const std::scoped_lock lock(mutex_);
            progress_->counter(0)->set(++done_);
        }
    }

private:
    call_state state_;
    std::unique_ptr<call_progress> progress_;
    std::mutex mutex_;
    std::size_t done_ = 0;
};

} // namespace xrayon

#endif // XRAYON_EXEC_DECLARED_PROGRESS_HPP
