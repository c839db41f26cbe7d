// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_MEASURE_ROUNDS_HPP
#define XRAYON_ANALYZE_DETAIL_MEASURE_ROUNDS_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/analyze/detail/clocks.hpp>
#include <xrayon/analyze/detail/same_answer.hpp>
#include <xrayon/analyze/summarize_runs.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/exec/pool.hpp>

namespace xrayon::analyze::detail {

/// What a workload returns, as it is kept; void becomes a type that nothing is asked of.
struct no_answer {};
template <class Workload>
using answer_of = typename std::conditional_t<std::is_void_v<std::invoke_result_t<Workload&>>, std::type_identity<no_answer>,
                                              stored<std::remove_cvref_t<std::invoke_result_t<Workload&>>>>::type;

/// The measuring half of scalability_benchmark: pools, calibration, rounds. Knows nothing of medians.
template <class Workload, class Clocks = real_clocks>
class round_measurement {
public:
    using answer = answer_of<Workload>;
    static constexpr bool comparable = !std::is_same_v<answer, no_answer> && has_comparable_answer<answer>();

    round_measurement(const std::vector<std::size_t>& threads, Workload& workload, Clocks clocks = {})
        : workload_(workload), clocks_(std::move(clocks)) {
        for (const std::size_t count : threads) {
            pools_.emplace_back(count);
            runs_.push_back({.threads = count});
        }
    }

    /// Finds how many calls make one measurement last `shortest` at every count, smallest count first. The first call of all is
    /// the one whose answer the others are compared with.
    void calibrate(std::chrono::nanoseconds shortest) {
        for (std::size_t i = 0; i < pools_.size(); ++i) {
            for (;;) {
                const std::chrono::nanoseconds taken = measure(i).wall;
                if (taken >= shortest || calls_ == most_calls) {
                    break;
                }
                check_clock(taken.count() > 0 || calls_ < hopeless_calls, taken);
                // Towards 1.2 times the goal, but never by more than ten: a first call is often slower than the rest.
                const double wanted = 1.2 * static_cast<double>(shortest.count());
                const double factor = taken.count() > 0 ? std::min(wanted / static_cast<double>(taken.count()), 10.0) : 10.0;
                calls_ = std::clamp(static_cast<std::size_t>(static_cast<double>(calls_) * factor), calls_ + 1, most_calls);
            }
        }
    }

    /// One measurement per count, beginning with count `first` and going round.
    void run_round(std::size_t first, bool recorded) {
        for (std::size_t k = 0; k < pools_.size(); ++k) {
            const std::size_t i = (first + k) % pools_.size();
            const taken_time taken = measure(i);
            if (!recorded) {
                continue;
            }
            check_clock(taken.wall.count() > 0, taken.wall);
            const double per_call = 1e-9 / static_cast<double>(calls_);
            runs_[i].seconds.push_back(per_call * static_cast<double>(taken.wall.count()));
            if (taken.cpu && taken.cpu->count() >= 0) {
                runs_[i].cpu_seconds.push_back(per_call * static_cast<double>(taken.cpu->count()));
            }
        }
    }

    [[nodiscard]] std::size_t calls() const noexcept { return calls_; }

    [[nodiscard]] std::vector<measured_runs> take() && {
        for (measured_runs& run : runs_) {
            if (run.cpu_seconds.size() != run.seconds.size()) {
                run.cpu_seconds.clear();  // unknown once is unknown
            }
        }
        return std::move(runs_);
    }

private:
    struct taken_time {
        std::chrono::nanoseconds wall;
        std::optional<std::chrono::nanoseconds> cpu;
    };

    static constexpr std::size_t most_calls = std::size_t{1} << 30;
    /// So many calls take 16 ms even if each is a nanosecond: a clock that has not moved by then never will.
    static constexpr std::size_t hopeless_calls = std::size_t{1} << 24;

    static void check_clock(bool holds, std::chrono::nanoseconds taken) {
        if (!holds) {
            throw std::runtime_error("scalability_benchmark: internal error: steady_clock says that a measurement took "
                                     + to_text(taken.count()) + " ns");
        }
    }

    /// `calls_` calls on pool `i`; the last answer is compared after the clock has stopped.
    taken_time measure(std::size_t i) {
        std::optional<answer> last;
        const taken_time taken = pools_[i].install([&] {
            const auto cpu_before = clocks_.cpu();
            const auto before = clocks_.wall();
            for (std::size_t call = 0; call < calls_; ++call) {
                if constexpr (std::is_same_v<answer, no_answer>) {
                    std::invoke(workload_);
                } else {
                    last.emplace(std::invoke(workload_));
                    keep_alive(*last);
                }
            }
            const auto after = clocks_.wall();
            const auto cpu_after = clocks_.cpu();
            return taken_time{after - before, cpu_before && cpu_after ? std::optional(*cpu_after - *cpu_before) : std::nullopt};
        });
        check_clock(taken.wall.count() >= 0, taken.wall);
        if constexpr (comparable) {
            if (!first_answer_) {
                first_answer_.emplace(std::move(*last));
            } else if (!same_answer(*first_answer_, *last)) {
                runs_[i].answer_matches = false;
            }
        }
        return taken;
    }

    Workload& workload_;
    Clocks clocks_;
    std::deque<pool> pools_;
    std::vector<measured_runs> runs_;
    std::size_t calls_ = 1;
    std::optional<answer> first_answer_;
};

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_MEASURE_ROUNDS_HPP
