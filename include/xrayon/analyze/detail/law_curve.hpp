// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_LAW_CURVE_HPP
#define XRAYON_ANALYZE_DETAIL_LAW_CURVE_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include <xrayon/analyze/amdahl_fit.hpp>
#include <xrayon/analyze/gustafson_fit.hpp>
#include <xrayon/analyze/scalability_report.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon::analyze::detail {

/// The law that a chart draws beside what was measured: Amdahl's, of weak scaling Gustafson's, over the counts within the cores.
struct law_curve {
    bool weak = false;
    double first = 1;   // strong: seconds that do not divide; weak: 1 - alpha
    double second = 0;  // strong: seconds that do; weak: alpha
    double baseline = 1;

    [[nodiscard]] std::string_view name() const { return weak ? "Gustafson" : "Amdahl"; }
    /// Against the baseline, for any number of threads, whole or not.
    [[nodiscard]] double speed_up(double threads) const {
        const auto at = [&](double n) { return weak ? first * n + second : 1 / (first + second / n); };
        return at(threads) / at(baseline);
    }
};

/// Nothing where fewer than two counts can be fitted, and for weak scaling without a time at one thread.
template <class = when_called>
std::optional<law_curve> law_curve_of(const scalability_report& report) {
    const auto fitted = std::count_if(report.points.begin(), report.points.end(), [](const auto& point) { return !point.oversubscribed; });
    if (fitted < 2 || (report.weak && report.baseline_threads != 1)) {
        return std::nullopt;
    }
    const law_fit_options no_interval{.bootstrap = {.resamples = 1}};
    if (report.weak) {
        const double alpha = gustafson_fit(report, no_interval).serial_fraction;
        return law_curve{.weak = true, .first = 1 - alpha, .second = alpha};
    }
    const amdahl_fit_result fit = amdahl_fit(report, no_interval);
    return law_curve{.first = fit.serial_seconds, .second = fit.parallel_seconds, .baseline = static_cast<double>(report.baseline_threads)};
}

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_LAW_CURVE_HPP
