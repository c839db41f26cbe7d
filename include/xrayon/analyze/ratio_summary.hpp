// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_RATIO_SUMMARY_HPP
#define XRAYON_ANALYZE_RATIO_SUMMARY_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <xrayon/analyze/statistics.hpp>
#include <xrayon/core/config.hpp>

namespace xrayon::analyze {

/// What a table of speed-ups says: ratios of a time before over a time now, one for each of several things.
struct ratio_summary {
    double geometric_mean = 1;   ///< The mean that fits ratios: that of the inverses is its inverse.
    double arithmetic_mean = 1;  ///< What is often shown instead; one large ratio is enough to lift it.
    std::size_t slower = 0;      ///< How many are below 1.
    /// The one ratio that is more than three times the next lower one, if there is one, among 4 or more: the time before was that of a cold
    /// start, or of something else. No average should hang on it.
    std::optional<std::size_t> alone_on_top = {};
};

/// @throws argument_error  if there is no ratio, or one is not positive and finite
template <class = when_called>
[[nodiscard]] ratio_summary summarize_ratios(std::span<const double> ratios) {
    detail::check_positive_values(ratios, "summarize_ratios");
    ratio_summary out;
    out.geometric_mean = geometric_mean(ratios);
    out.arithmetic_mean = 0;
    for (const double ratio : ratios) {
        out.arithmetic_mean += ratio / static_cast<double>(ratios.size());
        out.slower += ratio < 1;
    }
    if (ratios.size() >= 4) {
        const auto top = std::max_element(ratios.begin(), ratios.end());
        double next = 0;
        for (auto it = ratios.begin(); it != ratios.end(); ++it) {
            next = it == top ? next : std::max(next, *it);
        }
        if (*top > 3 * next) {
            out.alone_on_top = static_cast<std::size_t>(top - ratios.begin());
        }
    }
    return out;
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_RATIO_SUMMARY_HPP
