// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_SUMMARY_HPP
#define XRAYON_ANALYZE_SUMMARY_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <xrayon/analyze/amdahl_fit.hpp>
#include <xrayon/analyze/best_law.hpp>
#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/gustafson_fit.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/analyze/usl_fit.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon::analyze {

/// How texts are written.
struct text_options {
    bool utf8 = true;       ///< False: plain ASCII ("x" for the times sign, "-" for rules).
    std::size_t width = 0;  ///< Columns that a table may take: where it needs more, intervals become "+- %". 0: any.
};

namespace detail {

template <class = when_called>
std::string times(double factor, int decimals, const text_options& options) {
    return fixed(factor, decimals) + (std::isnan(factor) ? "" : options.utf8 ? "×" : "x");
}

} // namespace detail

/// @brief The thread count to run with: of those that are not oversubscribed, the smallest whose speed-up is at most 5 % short of the
/// greatest. Threads that buy less than that are better left to others.
[[nodiscard]] inline const scaling_point& best_setting(const scalability_report& report) {
    check(!report.points.empty(), "best_setting: the report has no points");
    const auto usable = [&](const scaling_point& point) { return !point.oversubscribed || report.points.front().oversubscribed; };
    double greatest = 0;
    for (const scaling_point& point : report.points) {
        greatest = usable(point) ? std::max(greatest, point.speed_up) : greatest;
    }
    for (const scaling_point& point : report.points) {
        if (usable(point) && 1.05 * point.speed_up >= greatest) {
            return point;
        }
    }
    return report.points.front();
}

/// One line about a fit: p, the limit, how well it holds and over which counts.
template <class = when_called>
[[nodiscard]] std::string to_summary(const amdahl_fit_result& fit, const text_options& options = {}) {
    std::string text = "Amdahl (up to " + detail::counted(fit.most_threads_fitted, "thread")
                       + "): parallel part p = " + detail::percent(fit.parallel_fraction, 1);
    if (fit.parallel_fraction_interval.state == interval_state::enough_values) {
        text += " (" + detail::fixed(100 * fit.parallel_fraction_interval.lower, 1) + " to "
                + detail::percent(fit.parallel_fraction_interval.upper, 1) + ")";
    }
    if (std::isinf(fit.max_speed_up)) {
        text += ", no limit seen";
    } else {
        text += ", so never more than " + detail::times(fit.max_speed_up, fit.max_speed_up < 9.95 ? 1 : 0, options);
    }
    text += fit.trusted ? ". Fits within " + detail::percent(fit.fit_error, 1) + "." : ". Do not rely on it: " + fit.reason + ".";
    return text;
}

/// One line about a fit: both parameters, the count beyond which more threads are slower, and over which counts.
template <class = when_called>
[[nodiscard]] std::string to_summary(const usl_fit_result& fit, const text_options& options = {}) {
    std::string text = "Universal Scalability Law (up to " + detail::counted(fit.most_threads_fitted, "thread") + "): contention "
                       + detail::percent(fit.sigma, 2) + ", coherency " + detail::percent(fit.kappa, 3);
    if (std::isfinite(fit.peak_threads)) {
        const double peak = std::floor(fit.peak_threads);
        text += ", so " + detail::fixed(peak, 0) + (peak == 1 ? " thread is" : " threads are") + " the most that help ("
                + detail::times(fit.speed_up_at(static_cast<std::size_t>(std::min(peak, 1e9))), 1, options) + ")";
    }
    text += fit.trusted ? ". Fits within " + detail::percent(fit.fit_error, 1) + "." : ". Do not rely on it: " + fit.reason + ".";
    return text;
}

/// One line about a fit: the serial share, how well it holds and over which counts.
template <class = when_called>
[[nodiscard]] std::string to_summary(const gustafson_fit_result& fit, const text_options& = {}) {
    std::string text = "Gustafson (up to " + detail::counted(fit.most_threads_fitted, "thread") + "): serial part "
                       + detail::percent(fit.serial_fraction, 1);
    if (fit.serial_fraction_interval.state == interval_state::enough_values) {
        text += " (" + detail::fixed(100 * fit.serial_fraction_interval.lower, 1) + " to "
                + detail::percent(fit.serial_fraction_interval.upper, 1) + ")";
    }
    return text + " of the time"
           + (fit.trusted ? ". Fits within " + detail::percent(fit.fit_error, 1) + "." : ". Do not rely on it: " + fit.reason + ".");
}

namespace detail {

/// What it says that the serial part rises or falls from count to count, of the counts within the cores; empty where it does neither clearly.
template <class = when_called>
std::string serial_part_trend(const scalability_report& report) {
    std::vector<double> parts;
    for (const scaling_point& point : report.points) {
        if (point.serial_part && !point.oversubscribed) {
            parts.push_back(*point.serial_part);
        }
    }
    // Less than half a point from end to end, or than a quarter of the larger one, is nothing to speak of; what is below 0 is no part.
    const double change = parts.empty() ? 0 : std::abs(parts.back() - parts.front());
    if (parts.size() < 3 || std::any_of(parts.begin(), parts.end(), [](double part) { return part < 0; })
        || change < std::max(0.005, std::max(parts.front(), parts.back()) / 4)) {
        return {};
    }
    const std::string from_to = " (" + fixed(100 * parts.front(), 1) + " to " + percent(parts.back(), 1) + "): ";
    if (std::is_sorted(parts.begin(), parts.end())) {
        return "The serial part grows with the threads" + from_to + "they cost each other time, or have too little to share.\n";
    }
    if (std::is_sorted(parts.rbegin(), parts.rend())) {
        return "The serial part falls as threads grow" + from_to + "a fixed cost of each call. More work in a call would help.\n";
    }
    return {};
}

} // namespace detail

/// @brief The findings of a report in sentences, one a line: the limit by Amdahl's law (of weak scaling the share by
/// Gustafson's), the Universal Scalability Law where that is the
/// one that holds (see best_law), what the trend of the serial part says, the best
/// setting, why not to trust it, the notes. Without two counts that can be fitted
/// there is no law, and that is said.
template <class = when_called>
[[nodiscard]] std::string to_summary(const scalability_report& report, const text_options& options = {}) {
    const scaling_point& best = best_setting(report);
    std::string text;
    std::size_t fitted = 0;
    for (const scaling_point& point : report.points) {
        fitted += !point.oversubscribed;
    }
    if (report.weak) {
        text += fitted < 2                     ? "Gustafson: not fitted, fewer than two counts within the usable cores.\n"
                : report.baseline_threads != 1 ? "Gustafson: not fitted, there is no time at 1 thread.\n"
                                               : to_summary(gustafson_fit(report), options) + "\n";
    } else if (fitted >= 2) {
        const best_law_result laws = best_law(report);
        text += to_summary(laws.amdahl, options) + "\n";
        if (laws.law == scaling_law::usl) {
            text += to_summary(laws.usl, options) + "\n";
        }
    } else {
        text += "Amdahl: not fitted, fewer than two counts within the usable cores.\n";
    }

    text += detail::serial_part_trend(report);
    text += (report.weak ? "Most work in the same time here: " : "Best setting here: ") + detail::counted(best.threads, "thread") + " ("
            + detail::times(best.speed_up, 1, options) + ").";
    const scaling_point& most = report.points.back();
    if (most.threads > best.threads) {
        const double gain = most.speed_up / best.speed_up - 1;
        const double price = static_cast<double>(most.threads) / static_cast<double>(best.threads);
        text += gain > 0 ? " " + detail::counted(most.threads, "thread") + " buy " + detail::percent(gain, 1) + " more for "
                               + detail::times(price, std::floor(price) == price ? 0 : 1, options) + " the threads."
                         : " " + detail::counted(most.threads, "thread") + " buy nothing more.";
    }
    text += "\n";
    for (const std::string& reason : report.distrust) {
        text += "Not trusted: " + reason + ".\n";
    }
    for (const std::string& note : report.notes) {
        text += "Note: " + note + ".\n";
    }
    return text;
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_SUMMARY_HPP
