// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_EXEC_TRACE_SCOPES_HPP
#define XRAYON_EXEC_TRACE_SCOPES_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <xrayon/core/config.hpp>
#include <xrayon/exec/detail/trace_log.hpp>

// What those who run calls and tasks put around them, so that a recording has them (exec/task_trace.hpp).

namespace xrayon::detail {

/// A task of a call while it runs on this thread; does nothing where `call` is 0.
class traced_task_scope {
public:
    traced_task_scope() noexcept = default;
    XRAYON_COLD void begin(trace_id call, std::size_t begin, std::size_t end, trace_id spawner = 0, std::int64_t spawned = 0) noexcept {
        era_ = tracing().era.load(std::memory_order_relaxed);
        within_ = current_trace_task;
        if (call != 0 && !is_of_era(call, era_)) {
            return;  // of a call that began in a recording that is over
        }
        const std::int64_t now = trace_now();
        const trace_id within = is_of_era(within_, era_) ? within_ : 0;
        const trace_id by = is_of_era(spawner, era_) ? spawner : 0;
        id_ = log_entry(&trace_lane::tasks, logged_task{call, begin, end, within, by, spawned, now, 0});
        if (id_ != 0) {
            current_trace_task = id_;
        }
    }
    XRAYON_COLD void end() noexcept {
        if (id_ != 0) {
            log_stop(&trace_lane::tasks, id_, era_);
            current_trace_task = within_;
            id_ = 0;
        }
    }
    ~traced_task_scope() {
        if (id_ != 0) [[unlikely]] {
            end();
        }
    }
    traced_task_scope(const traced_task_scope&) = delete;
    traced_task_scope& operator=(const traced_task_scope&) = delete;

private:
    trace_id id_ = 0;
    trace_id within_ = 0;
    std::uint64_t era_ = 0;
};

/// A call while it runs; `id()` is 0 while nobody records.
class traced_call_scope {
public:
    traced_call_scope() noexcept = default;
    XRAYON_COLD void begin(std::string_view name, std::size_t items, std::size_t threads) noexcept {
        era_ = tracing().era.load(std::memory_order_relaxed);
        try {
            const std::int64_t now = trace_now();
            const trace_id parent = is_of_era(current_trace_task, era_) ? current_trace_task : 0;
            id_ = log_entry(&trace_lane::calls, logged_call{std::string(name), items, threads, parent, now, 0});
        } catch (...) {
            // No memory for the name.
        }
    }
    ~traced_call_scope() {
        if (id_ != 0) [[unlikely]] {
            log_stop(&trace_lane::calls, id_, era_);
        }
    }
    traced_call_scope(const traced_call_scope&) = delete;
    traced_call_scope& operator=(const traced_call_scope&) = delete;

    [[nodiscard]] trace_id id() const noexcept { return id_; }

private:
    trace_id id_ = 0;
    std::uint64_t era_ = 0;
};

} // namespace xrayon::detail

#endif // XRAYON_EXEC_TRACE_SCOPES_HPP
