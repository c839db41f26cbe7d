// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_SCHEDULE_DETAIL_INVOKE_PLAN_HPP
#define XRAYON_SCHEDULE_DETAIL_INVOKE_PLAN_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <xrayon/core/balance_stats.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/core/index_order.hpp>
#include <xrayon/core/list_schedule.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/loop_options.hpp>
#include <xrayon/schedule/cost_model.hpp>
#include <xrayon/schedule/invoke_options.hpp>

namespace xrayon::detail {

/// The order in which the tasks of one call begin, and the times that they take. Made before any of them runs; when it is destroyed, the
/// call has ended and whoever asked for times is told.
class invoke_plan {
    enum class ended { never, failed, well };
    struct task_time {
        double seconds = 0;
        std::thread::id thread = {};
        ended outcome = ended::never;
    };

public:
    /// @throws argument_error
    invoke_plan(std::size_t n, const invoke_options& options, std::string_view function)
        : options_(options), threads_(current_num_threads()), loop_{.grain = 1, .run = options.run, .name = function} {
        prepare(n, options.run.label.empty() ? std::string(function) : options.run.label);
    }
    invoke_plan(const invoke_plan&) = delete;
    invoke_plan& operator=(const invoke_plan&) = delete;
    ~invoke_plan() {
        if (timed_) {
            tell();
        }
    }

    [[nodiscard]] std::span<const std::size_t> order() const noexcept { return order_; }
    /// One task at a time: the next one may be dear.
    [[nodiscard]] const loop_options& loop() const noexcept { return loop_; }

    /// Takes the time of task i, while it lives, if anybody wants it. Failed tasks have cost time too, but say nothing of their cost.
    class [[nodiscard]] stopwatch {
    public:
        stopwatch(invoke_plan& plan, std::size_t i) noexcept : time_(plan.timed_ ? &plan.times_[i] : nullptr) {
            if (time_ != nullptr) {
                exceptions_ = std::uncaught_exceptions();
                begin_ = std::chrono::steady_clock::now();
            }
        }
        ~stopwatch() {
            if (time_ != nullptr) {
                time_->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
                time_->thread = std::this_thread::get_id();
                time_->outcome = std::uncaught_exceptions() > exceptions_ ? ended::failed : ended::well;
            }
        }
        stopwatch(const stopwatch&) = delete;
        stopwatch& operator=(const stopwatch&) = delete;

    private:
        task_time* time_;
        int exceptions_ = 0;
        std::chrono::steady_clock::time_point begin_ = {};
    };
    stopwatch time(std::size_t i) noexcept { return {*this, i}; }

private:
    template <class = when_called>
    void prepare(std::size_t n, const std::string& name) {
        if (options_.costs.known()) {
            sizes_ = options_.costs.of(n, name);
        }
        if (!options_.ids.empty() && options_.ids.size() != n) [[unlikely]] {
            check(false, name + ": options.ids must have one for each task (" + to_text(n) + ")", options_.ids.size());
        }
        std::optional<std::vector<double>> learned;
        if (options_.model != nullptr) {
            if (sizes_.empty()) {
                sizes_.assign(n, 1.0);
            }
            ids_ = options_.ids;
            if (ids_.empty()) {
                for (std::size_t i = 0; i < n; ++i) {
                    ids_.push_back(i);
                }
            }
            learned = options_.model->predict_all(options_.key, ids_, sizes_);
        }
        order_ = learned ? longest_first(*learned) : options_.costs.known() ? longest_first(sizes_) : input_order(n);
        if (options_.model != nullptr || options_.balance != nullptr) {
            times_.resize(n);
            timed_ = true;
        }
    }

    /// What there is no memory for is left out.
    XRAYON_COLD void tell() noexcept {
        try {
            if (options_.model != nullptr) {
                for (std::size_t i = 0; i < times_.size(); ++i) {
                    if (times_[i].outcome == ended::well && sizes_[i] > 0) {
                        options_.model->observe(options_.key, ids_[i], sizes_[i], times_[i].seconds);
                    }
                }
            }
            if (options_.balance != nullptr) {
                *options_.balance = balance();
            }
        } catch (...) {
        }
    }

    template <class = when_called>
    balance_stats balance() const {
        std::vector<std::thread::id> seen;
        std::vector<double> loads(threads_, 0.0);
        for (const task_time& each : times_) {
            if (each.outcome == ended::never) {
                continue;
            }
            const auto worker = static_cast<std::size_t>(std::find(seen.begin(), seen.end(), each.thread) - seen.begin());
            if (worker == seen.size()) {
                seen.push_back(each.thread);
                loads.resize(std::max(loads.size(), seen.size()), 0.0);
            }
            loads[worker] += each.seconds;
        }
        return balance_stats(std::move(loads));
    }

    const invoke_options& options_;
    std::size_t threads_;
    loop_options loop_;
    std::vector<double> sizes_;
    std::vector<std::uint64_t> ids_;
    std::vector<std::size_t> order_;
    std::vector<task_time> times_;  // by task, each written by the thread that ran it
    bool timed_ = false;
};

} // namespace xrayon::detail

#endif // XRAYON_SCHEDULE_DETAIL_INVOKE_PLAN_HPP
