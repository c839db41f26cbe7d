// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_FIT_LAW_HPP
#define XRAYON_ANALYZE_DETAIL_FIT_LAW_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/detail/nonnegative_fit.hpp>
#include <xrayon/analyze/detail/split_mix_64.hpp>
#include <xrayon/analyze/law_fit.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/analyze/statistics.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>

// What the fits of all laws do alike: sort out the points, resample them, judge how the law meets them.

namespace xrayon::analyze::detail {

/// All times of one thread count.
struct count_times {
    std::size_t threads = 0;
    std::vector<double> seconds = {};
};

struct law_points {
    std::vector<timed_threads> given = {};
    std::vector<timed_threads> fitted = {};  // without those of more threads than cores
    std::vector<count_times> times = {};     // of the fitted counts, ascending; what is resampled
    bool medians = false;                    // what is fitted is the median of a count's times; else all of them
};

template <class = when_called>
void check_timed_threads(std::span<const timed_threads> points, const std::string& op) {
    for (std::size_t i = 0; i < points.size(); ++i) {
        const std::string point = op + ": point " + to_text(i) + ": ";
        check(points[i].threads >= 1, point + "threads must be >= 1", points[i].threads);
        check(std::isfinite(points[i].seconds) && points[i].seconds > 0, point + "duration must be positive and finite", points[i].seconds);
    }
}

template <class = when_called>
law_points sort_out(std::span<const timed_threads> points, const law_fit_options& options, const std::string& op) {
    check(options.trusted_error > 0, op + ": options.trusted_error must be positive", options.trusted_error);
    check_bootstrap(options.bootstrap, op);
    check_timed_threads(points, op);
    law_points out{.given = {points.begin(), points.end()}};
    for (const timed_threads& point : points) {
        if (options.cores != 0 && point.threads > options.cores) {
            continue;
        }
        out.fitted.push_back(point);
        const auto place = std::lower_bound(out.times.begin(), out.times.end(), point.threads,
                                            [](const count_times& each, std::size_t threads) { return each.threads < threads; });
        if (place == out.times.end() || place->threads != point.threads) {
            out.times.insert(place, {point.threads, {point.seconds}});
        } else {
            place->seconds.push_back(point.seconds);
        }
    }
    check(out.times.size() >= 2,
          op + ": needs at least 2 thread counts"
              + (out.fitted.size() < points.size() ? " within the " + counted(options.cores, "usable core") : std::string()),
          out.times.size());
    return out;
}

/// The medians of a report; what is resampled are its repetitions. Points with more threads than the report's usable cores are left out.
/// Times of the same work and times of work that grows with the threads follow different laws.
template <class = when_called>
law_points sort_out(const scalability_report& report, law_fit_options& options, const std::string& op, bool weak = false) {
    check(report.weak == weak, op
                                   + (weak ? ": the report is of strong scaling, for amdahl_fit and usl_fit"
                                           : ": the report is of weak scaling, for gustafson_fit"));
    if (options.cores == 0) {
        options.cores = report.cores;
    }
    std::vector<timed_threads> points;
    for (const scaling_point& point : report.points) {
        points.push_back({point.threads, point.median});
    }
    law_points out = sort_out(points, options, op);
    out.medians = true;
    for (const scaling_point& point : report.points) {
        for (count_times& count : out.times) {
            if (count.threads == point.threads && !point.repetitions.empty()) {
                count.seconds = point.repetitions;
            }
        }
    }
    return out;
}

/// The interval of `statistic(points)` over resampled times; of no number where a count has a single time.
template <class Statistic>
confidence_interval law_interval(const law_points& points, const bootstrap_options& options, const Statistic& statistic) {
    std::size_t fewest = std::numeric_limits<std::size_t>::max();
    for (const count_times& count : points.times) {
        fewest = std::min(fewest, count.seconds.size());
    }
    split_mix_64 random(options.seed);
    std::vector<double> scratch;
    std::vector<timed_threads> drawn;
    return percentile_interval(fewest, options, [&] {
        drawn.clear();
        for (const auto& [threads, seconds] : points.times) {
            if (points.medians) {
                drawn.push_back({threads, resampled_median(seconds, scratch, random)});
                continue;
            }
            for (std::size_t i = 0; i < seconds.size(); ++i) {
                drawn.push_back({threads, seconds[random.below(static_cast<std::uint32_t>(seconds.size()))]});
            }
        }
        return statistic(drawn);
    });
}

/// Equations whose squared errors are those of the times, relative to the times: as the noise of times is.
template <std::size_t Unknowns, class Factors>
std::array<double, Unknowns> fit_times(const std::vector<timed_threads>& points, const Factors& factors) {
    least_squares<Unknowns> equations;
    for (const auto& [threads, seconds] : points) {
        std::array<double, Unknowns> one = factors(static_cast<double>(threads));
        for (double& factor : one) {
            factor /= seconds;
        }
        equations.add(one, 1);
    }
    return equations.fit_nonnegative();
}

/// Fills the members of law_fit; `law(threads)` is the time by the law, which has so many unknowns.
template <class Law>
void judge_fit(law_fit& fit, const law_points& points, const law_fit_options& options, std::size_t unknowns, const Law& law) {
    fit.counts_fitted = points.times.size();
    fit.most_threads_fitted = points.times.back().threads;
    const std::size_t least = points.times.front().threads;
    double base = std::numeric_limits<double>::infinity();  // the fastest run of the smallest count
    for (const timed_threads& point : points.fitted) {
        base = point.threads == least ? std::min(base, point.seconds) : base;
    }
    for (const auto& [threads, seconds] : points.given) {
        const double fitted = law(threads);
        const bool left_out = options.cores != 0 && threads > options.cores;
        fit.residuals.push_back({threads, seconds, fitted, (seconds - fitted) / seconds, left_out});
        if (left_out) {
            continue;
        }
        fit.fit_error = std::max(fit.fit_error, std::abs(fit.residuals.back().relative));
        const double ideal = static_cast<double>(threads) / static_cast<double>(least);
        if (threads != least && base / seconds > ideal * (1 + 1e-9)) {  // beyond rounding
            fit.superlinear.push_back(threads);
        }
        if (threads != least && base / seconds < 1 - 1e-9) {
            fit.slowdown.push_back(threads);
        }
    }
    static constexpr std::array numbers{"one", "two", "three"};
    if (fit.fit_error > options.trusted_error) {
        fit.reason = "misses a point by " + percent(fit.fit_error, 1) + ", more than " + percent(options.trusted_error, 1);
    } else if (fit.counts_fitted <= unknowns) {
        fit.reason = std::string(numbers[fit.counts_fitted - 1]) + " thread counts fit any law of " + numbers[unknowns - 1] + " unknowns";
    }
    fit.trusted = fit.reason.empty();
}

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_FIT_LAW_HPP
