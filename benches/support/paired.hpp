// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_SUPPORT_PAIRED_HPP
#define XRAYON_BENCHES_SUPPORT_PAIRED_HPP

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/analyze/statistics.hpp>
#include <xrayon/core/check.hpp>

#include "machine.hpp"

// Ours against rivals, in pairs. A machine that others use too has fast and slow minutes: a median of ours and a median of theirs,
// taken one after the other, compare the minutes. So every round runs every rival once, and what is kept is the ratio within the
// round; its median over the rounds comes with a bootstrap interval, and without enough rounds or with too wide an interval the
// answer is "not measured".

namespace xrayon::bench {

/// Makes the compiler believe that `object` is read and written.
template <class T>
void keep(T& object) {
    asm volatile("" : : "g"(&object) : "memory");
}

/// What is timed: one piece of work, and several ways to get it done. The first one added is ours.
class contest {
public:
    using action = std::function<void()>;
    struct timing {
        double seconds = 0;   ///< Of one run.
        double checksum = 0;  ///< Of the last run.
    };
    struct rival {
        std::string name;
        action prepare;                             ///< Before each sample, outside of the clock; may be empty.
        std::function<timing(std::size_t)> sample;  ///< So many runs, one after the other.
        double tolerance = 0;                       ///< Of its checksum, where that is more than the contest's.
    };

    /// @param items      What one run does, counted in `item`s: times are shown for one of them.
    /// @param tolerance  Relative, between checksums; 0: the same bits. Not 0 only where arithmetic orders differ.
    contest(std::string name, std::string question, std::size_t threads, std::size_t items, std::string item, double tolerance = 0)
        : name_(std::move(name)),
          question_(std::move(question)),
          threads_(threads),
          items_(items),
          item_(std::move(item)),
          tolerance_(tolerance) {}

    /// @param check    `check(result)` is the checksum.
    /// @param prepare  Before each sample, outside of the clock; may be left out.
    /// @param run      `run()` does the work once and returns the result; only this call is timed.
    template <class Check, std::invocable Run>
    void add(std::string name, Check check, action prepare, Run run) {
        auto sample = [check = std::move(check), run = std::move(run)](std::size_t runs) mutable {
            using clock = std::chrono::steady_clock;
            timing total;
            for (std::size_t k = 0; k < runs; ++k) {
                const auto begin = clock::now();
                auto result = run();
                keep(result);
                total.seconds += std::chrono::duration<double>(clock::now() - begin).count();
                if (k + 1 == runs) {
                    total.checksum = check(std::as_const(result));
                }
            }
            total.seconds /= static_cast<double>(runs);
            return total;
        };
        rivals_.push_back({std::move(name), std::move(prepare), std::move(sample), 0});
    }
    template <class Check, std::invocable Run>
    void add(std::string name, Check check, Run run) {
        add(std::move(name), std::move(check), action(), std::move(run));
    }
    /// A rival that runs and times itself, such as another process.
    void add(rival other) { rivals_.push_back(std::move(other)); }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::string& question() const noexcept { return question_; }
    [[nodiscard]] std::size_t threads() const noexcept { return threads_; }
    [[nodiscard]] double items() const noexcept { return static_cast<double>(items_); }
    [[nodiscard]] const std::string& item() const noexcept { return item_; }
    [[nodiscard]] double tolerance() const noexcept { return tolerance_; }
    [[nodiscard]] const std::vector<rival>& rivals() const noexcept { return rivals_; }

private:
    std::string name_;
    std::string question_;
    std::size_t threads_;
    std::size_t items_;
    std::string item_;
    double tolerance_;
    std::vector<rival> rivals_;
};

struct contest_options {
    std::size_t pairs = 30;         ///< Rounds.
    double seconds = 300;           ///< No round begins after this time.
    double sample_seconds = 0.005;  ///< The quickest rival's sample lasts about this long; all make as many runs as it does.
};

/// What a contest measured. seconds[r][k]: of one run of rival r in round k; place[r][k]: where in that round it came.
struct contest_times {
    std::vector<std::vector<double>> seconds;
    std::vector<std::vector<std::size_t>> place;
    std::size_t runs = 1;                  ///< Of each sample.
    machine_share share;                   ///< Who used the machine meanwhile.
    std::optional<std::string> disagrees;  ///< Whose answer differs from ours, if any: then nothing else counts.

    [[nodiscard]] std::size_t rounds() const noexcept { return seconds.front().size(); }
};

/// The order of round `round`: rows of a Williams square (a Latin square in which everyone also follows everyone else equally often),
/// so that neither a place nor the state that a rival leaves caches and threads in favours anybody. Even counts need `count` rounds for a
/// full turn, odd ones twice that.
[[nodiscard]] inline std::vector<std::size_t> williams_order(std::size_t count, std::size_t round) {
    std::vector<std::size_t> order(count);
    for (std::size_t j = 0; j < count; ++j) {
        const std::size_t step = j % 2 == 1 ? (j + 1) / 2 : count - j / 2;  // 0, 1, n - 1, 2, n - 2, ...
        order[j] = (step + round) % count;
    }
    if (count % 2 == 1 && round / count % 2 == 1) {
        std::reverse(order.begin(), order.end());
    }
    return order;
}

/// Runs the rounds.
[[nodiscard]] inline contest_times run(const contest& what, const contest_options& options = {}) {
    const auto& rivals = what.rivals();
    if (rivals.size() < 2) {
        throw std::invalid_argument(what.name() + ": a contest needs ours and at least one rival");
    }
    const auto sample = [](const contest::rival& rival, std::size_t runs) {
        if (rival.prepare) {
            rival.prepare();
        }
        return rival.sample(runs);
    };
    contest_times times;
    times.seconds.resize(rivals.size());
    times.place.resize(rivals.size());

    const double expected = sample(rivals.front(), 1).checksum;
    const auto disagrees = [&](const contest::rival& rival, double got) {
        const double allowed = std::max(what.tolerance(), rival.tolerance) * std::max(std::abs(expected), std::abs(got));
        if (got == expected || std::abs(got - expected) <= allowed) {  // NaN is neither
            return false;
        }
        times.disagrees = rival.name + " has checksum " + to_text(got) + ", " + rivals.front().name + " " + to_text(expected);
        return true;
    };

    double quickest = std::numeric_limits<double>::infinity();
    for (int warm_up = 0; warm_up < 3; ++warm_up) {
        for (const auto& rival : rivals) {
            const contest::timing timing = sample(rival, 1);
            quickest = std::min(quickest, timing.seconds);
            if (disagrees(rival, timing.checksum)) {
                return times;
            }
        }
    }
    times.runs = static_cast<std::size_t>(std::clamp(std::ceil(options.sample_seconds / quickest), 1.0, 1e6));

    const share_meter meter;
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t round = 0; round < options.pairs; ++round) {
        if (round != 0 && std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() > options.seconds) {
            break;
        }
        std::size_t place = 0;
        for (const std::size_t r : williams_order(rivals.size(), round)) {
            const contest::timing timing = sample(rivals[r], times.runs);
            if (disagrees(rivals[r], timing.checksum)) {
                return times;
            }
            times.seconds[r].push_back(timing.seconds);
            times.place[r].push_back(place++);
        }
    }
    times.share = meter.read();
    return times;
}

enum class verdict { ahead, level, behind, not_measured };

[[nodiscard]] inline std::string_view name_of(verdict v) noexcept {
    switch (v) {
        case verdict::ahead:
            return "ahead";
        case verdict::level:
            return "level";
        case verdict::behind:
            return "behind";
        case verdict::not_measured:
            break;
    }
    return "not measured";
}

/// What an interval of ratios ours / rival allows to say. Not measured: fewer than 30 pairs; an interval wider than +-10 % of the
/// ratio; one that holds 1 but is wider than +-5 %. Level: inside 0.97 .. 1.03, or it holds 1.
[[nodiscard]] inline verdict judge(double ratio, const analyze::confidence_interval& interval, std::size_t pairs) noexcept {
    const double half_width = (interval.upper - interval.lower) / (2 * ratio);
    if (pairs < 30 || !(half_width <= 0.10)) {
        return verdict::not_measured;
    }
    if (interval.lower >= 0.97 && interval.upper <= 1.03) {
        return verdict::level;
    }
    if (interval.upper < 1) {
        return verdict::ahead;
    }
    if (interval.lower > 1) {
        return verdict::behind;
    }
    return half_width <= 0.05 ? verdict::level : verdict::not_measured;
}

/// A median with its 95 % interval.
struct estimate {
    double median = 0;
    analyze::confidence_interval interval;

    static estimate of(const std::vector<double>& values) { return {analyze::median(values), analyze::median_interval(values)}; }
};

/// Ours against one rival.
struct comparison {
    estimate ratio;       ///< ours / rival
    estimate difference;  ///< ours - rival, seconds of one item
    verdict outcome = verdict::not_measured;
};

/// @param other  Which rival, >= 1 (0 is ours).
[[nodiscard]] inline comparison compare(const contest& what, const contest_times& times, std::size_t other) {
    const auto& ours = times.seconds.front();
    const auto& theirs = times.seconds.at(other);
    std::vector<double> ratios;
    std::vector<double> differences;
    for (std::size_t k = 0; k < ours.size(); ++k) {
        ratios.push_back(ours[k] / theirs[k]);
        differences.push_back((ours[k] - theirs[k]) / what.items());
    }
    comparison result{estimate::of(ratios), estimate::of(differences)};
    result.outcome = judge(result.ratio.median, result.ratio.interval, ratios.size());
    return result;
}

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_SUPPORT_PAIRED_HPP
