// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_STATISTICS_HPP
#define XRAYON_ANALYZE_STATISTICS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/analyze/detail/split_mix_64.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>

// The few statistics that a table of running times needs. Medians throughout, because what disturbs a run makes it longer, sometimes
// by far; intervals by resampling, because running times have no distribution that one could write down.

namespace xrayon::analyze {

/// What an interval can be relied on for.
enum class interval_state {
    enough_values,  ///< The values can carry the level.
    few_values,     ///< Even [smallest, largest] would cover the median less often than the level says: 1 - 2^(1-n) < level.
    one_value,      ///< One value says nothing about spread: both ends are NaN.
};

/// An interval that should hold the true value in `level` of all repetitions of the experiment.
struct confidence_interval {
    double lower = std::numeric_limits<double>::quiet_NaN();
    double upper = std::numeric_limits<double>::quiet_NaN();
    interval_state state = interval_state::one_value;
};

struct bootstrap_options {
    std::size_t resamples = 2000;  ///< >= 1. Efron and Tibshirani advise at least 1,000 for the ends of a 95 % interval.
    std::uint64_t seed = 42;       ///< The same seed gives the same interval.
    double level = 0.95;           ///< Between 0 and 1.
};

namespace detail {

template <class = when_called>
void check_values(std::span<const double> values, std::string_view function) {
    const std::string name(function);
    check(!values.empty(), name + ": needs at least 1 value, got 0");
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values[i])) {
            check(false, name + ": value " + to_text(i) + " must be finite", values[i]);
        }
    }
}

template <class = when_called>
void check_positive_values(std::span<const double> values, std::string_view function) {
    check_values(values, function);
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!(values[i] > 0)) {
            check(false, std::string(function) + ": value " + to_text(i) + " must be positive", values[i]);
        }
    }
}

/// The median of checked values, which it reorders.
template <class = when_called>
double median_in_place(std::span<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return values.size() % 2 == 1 ? *middle : std::midpoint(*std::max_element(values.begin(), middle), *middle);
}

/// The quantile of checked, ascending values.
template <class = when_called>
double sorted_quantile(std::span<const double> sorted, double probability) {
    const double place = probability * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, sorted.size() - 1);
    return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

template <class = when_called>
void check_bootstrap(const bootstrap_options& options, std::string_view function) {
    const std::string name(function);
    check(options.resamples >= 1, name + ": options.resamples must be >= 1", options.resamples);
    check(options.level > 0 && options.level < 1, name + ": options.level must be between 0 and 1", options.level);
}

template <class = when_called>
double resampled_median(std::span<const double> values, std::vector<double>& scratch, split_mix_64& random) {
    scratch.resize(values.size());
    for (double& drawn : scratch) {
        drawn = values[random.below(static_cast<std::uint32_t>(values.size()))];
    }
    return median_in_place(scratch);
}

/// The middle `level` of `statistic()` called once per resample; `values` is the smallest sample behind it.
template <class Statistic>
confidence_interval percentile_interval(std::size_t values, const bootstrap_options& options, const Statistic& statistic) {
    if (values < 2) {
        return {};
    }
    std::vector<double> found(options.resamples);
    std::generate(found.begin(), found.end(), statistic);
    std::sort(found.begin(), found.end());
    const double tail = (1 - options.level) / 2;
    // [smallest, largest] misses the median only when all values lie on one side of it: twice 2^-n.
    const bool enough = 1 - std::exp2(1 - static_cast<double>(values)) >= options.level;
    return {sorted_quantile(found, tail), sorted_quantile(found, 1 - tail),
            enough ? interval_state::enough_values : interval_state::few_values};
}

} // namespace detail

/// @brief The value in the middle; of an even number of values, the midpoint of the two in the middle.
/// @throws argument_error  if there is no value, or one is NaN or infinite. Cost: O(n), one copy.
template <class = when_called>
[[nodiscard]] double median(std::span<const double> values) {
    detail::check_values(values, "median");
    std::vector<double> copy(values.begin(), values.end());
    return detail::median_in_place(copy);
}

/// @brief The quantile at `probability` in [0, 1] by linear interpolation between order statistics: of n ascending values, the one at
/// place probability * (n - 1), counted from 0. That is definition 7 of Hyndman and Fan ("Sample quantiles in statistical
/// packages", The American Statistician 50 (1996) 361), the default of NumPy and R; at 0.5 it is the median.
/// @throws argument_error  as `median`, and if the probability is outside [0, 1]. Cost: O(n log n), one copy.
template <class = when_called>
[[nodiscard]] double quantile(std::span<const double> values, double probability) {
    check(probability >= 0 && probability <= 1, "quantile: probability must be in [0, 1]", probability);
    detail::check_values(values, "quantile");
    std::vector<double> copy(values.begin(), values.end());
    std::sort(copy.begin(), copy.end());
    return detail::sorted_quantile(copy, probability);
}

/// @brief The arithmetic mean, corrected by the mean of what is left: as good as one rounding of the exact one where values do not cancel.
/// @throws argument_error  as `median`.
template <class = when_called>
[[nodiscard]] double mean(std::span<const double> values) {
    detail::check_values(values, "mean");
    const auto count = static_cast<double>(values.size());
    double first = 0;
    for (const double value : values) {
        first += value / count;
    }
    double rest = 0;
    for (const double value : values) {
        rest += value - first;
    }
    return first + rest / count;
}

/// @brief The sample standard deviation (n - 1), about the mean in a second pass: no cancellation, however far from 0 the values lie.
/// @returns  NaN for a single value: its spread is unknown, not zero.
/// @throws argument_error  as `median`.
template <class = when_called>
[[nodiscard]] double standard_deviation(std::span<const double> values) {
    const double center = mean(values);
    double squares = 0;
    double rest = 0;  // of the mean's own rounding
    for (const double value : values) {
        squares += (value - center) * (value - center);
        rest += value - center;
    }
    const auto count = static_cast<double>(values.size());
    return values.size() < 2 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt((squares - rest * rest / count) / (count - 1));
}

/// @brief The n-th root of the product: the average that fits ratios, such as speed-ups. Through logarithms, so that no product overflows.
/// @throws argument_error  as `median`, and if a value is not positive.
template <class = when_called>
[[nodiscard]] double geometric_mean(std::span<const double> values) {
    detail::check_positive_values(values, "geometric_mean");
    double sum = 0;
    for (const double value : values) {
        sum += std::log(value);
    }
    return std::exp(sum / static_cast<double>(values.size()));
}

/// @brief Bootstrap percentile interval of the median (Efron and Tibshirani: "An introduction to the bootstrap", 1993, chapter 13).
///
/// Draws n of the n values with replacement, takes the median, `options.resamples` times; the interval holds the middle `level` of
/// these medians. The same values, options and order of values give the same bits.
/// @returns  NaN at both ends, and `one_value`, for a single value: its spread is unknown, not zero.
/// @throws argument_error  as `median`, and for options out of range. Cost: O(resamples * n).
template <class = when_called>
[[nodiscard]] confidence_interval median_interval(std::span<const double> values, const bootstrap_options& options = {}) {
    detail::check_values(values, "median_interval");
    detail::check_bootstrap(options, "median_interval");
    detail::split_mix_64 random(options.seed);
    std::vector<double> scratch;
    return detail::percentile_interval(values.size(), options, [&] { return detail::resampled_median(values, scratch, random); });
}

/// @brief Bootstrap percentile interval of median(numerator) / median(denominator), the two resampled independently of each other.
/// @returns  NaN at both ends, and `one_value`, where one of the two has a single value.
/// @throws argument_error  as `median_interval`, and if a value is not positive.
template <class = when_called>
[[nodiscard]] confidence_interval median_ratio_interval(std::span<const double> numerator, std::span<const double> denominator,
                                                        const bootstrap_options& options = {}) {
    detail::check_positive_values(numerator, "median_ratio_interval: numerator");
    detail::check_positive_values(denominator, "median_ratio_interval: denominator");
    detail::check_bootstrap(options, "median_ratio_interval");
    detail::split_mix_64 random(options.seed);
    std::vector<double> scratch;
    return detail::percentile_interval(std::min(numerator.size(), denominator.size()), options, [&] {
        const double above = detail::resampled_median(numerator, scratch, random);
        return above / detail::resampled_median(denominator, scratch, random);
    });
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_STATISTICS_HPP
