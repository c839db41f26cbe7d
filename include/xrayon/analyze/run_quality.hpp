// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_RUN_QUALITY_HPP
#define XRAYON_ANALYZE_RUN_QUALITY_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/analyze/detail/format.hpp>
#include <xrayon/analyze/statistics.hpp>
#include <xrayon/core/config.hpp>

// What repeated times say about themselves: whether some stand apart, whether they moved while they were taken, whether there are two kinds.
// A median with a narrow interval hides each of these.

namespace xrayon::analyze {

/// Values far from the rest, by J. W. Tukey's fences ("Exploratory data analysis", 1977): beyond the quartiles by more than so many times
/// their distance.
struct outlier_count {
    std::size_t mild = 0;    ///< By more than 1.5 times and at most 3 times.
    std::size_t severe = 0;  ///< By more than 3 times.
};

/// Whether values rose or fell in the order in which they were taken.
struct drift_test {
    /// Of no trend, two-sided: H. B. Mann's test ("Nonparametric tests against trend", Econometrica 13 (1945) 245), with its continuity
    /// correction and M. G. Kendall's for ties. NaN for fewer than 8 values.
    double p_value = std::numeric_limits<double>::quiet_NaN();
    double change = 0;  ///< Median of the last third over that of the first third, minus 1.
};

/// The two kinds of values that a sample falls into.
struct two_modes {
    double lower = 0;        ///< Mean of the lower kind.
    double upper = 0;        ///< Mean of the upper kind.
    double upper_share = 0;  ///< How many of the values are of the upper kind.
    double separation = 0;   ///< Distance of the means over the root mean square of the deviations: D of K. M. Ashman et al. (1994).
};

/// @brief Counts the values outside of Tukey's fences. Fewer than 4 values have none.
/// @throws argument_error  if there is no value, or one is NaN or infinite.
template <class = when_called>
[[nodiscard]] outlier_count count_outliers(std::span<const double> values) {
    detail::check_values(values, "count_outliers");
    outlier_count found;
    if (values.size() < 4) {
        return found;
    }
    std::vector<double> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end());
    const double lower = detail::sorted_quantile(sorted, 0.25);
    const double upper = detail::sorted_quantile(sorted, 0.75);
    for (const double value : sorted) {
        const double beyond = std::max(lower - value, value - upper) / (upper - lower);  // equal quartiles: NaN on them, else infinite
        found.severe += beyond > 3;
        found.mild += beyond > 1.5 && beyond <= 3;
    }
    return found;
}

namespace detail {

/// Pairs i < j with values[i] > values[j]; sorts the values. Merge sort: O(n log n).
template <class = when_called>
std::size_t sort_and_count_inversions(std::span<double> values, std::vector<double>& memory) {
    if (values.size() < 2) {
        return 0;
    }
    const std::size_t half = values.size() / 2;
    const auto left = values.first(half);
    const auto right = values.subspan(half);
    std::size_t inversions = sort_and_count_inversions(left, memory) + sort_and_count_inversions(right, memory);
    memory.clear();
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < left.size() || j < right.size()) {
        if (j == right.size() || (i < left.size() && left[i] <= right[j])) {
            memory.push_back(left[i++]);
        } else {
            inversions += left.size() - i;
            memory.push_back(right[j++]);
        }
    }
    std::copy(memory.begin(), memory.end(), values.begin());
    return inversions;
}

} // namespace detail

/// @brief Tests the values, in the order in which they were taken, for a trend. Times that fall are a warm-up that was too short, times that rise a
/// processor that gets hot or a neighbour that came.
/// @throws argument_error  as `count_outliers`, and if a value is not positive. Cost: O(n log n).
template <class = when_called>
[[nodiscard]] drift_test test_drift(std::span<const double> values) {
    detail::check_positive_values(values, "test_drift");
    drift_test test;
    const std::size_t n = values.size();
    if (n < 8) {
        return test;
    }
    test.change = median(values.last(n / 3)) / median(values.first(n / 3)) - 1;
    std::vector<double> sorted(values.begin(), values.end());
    std::vector<double> memory;
    const auto falling = static_cast<double>(detail::sort_and_count_inversions(sorted, memory));
    const auto pairs = [](double count) { return count * (count - 1) / 2; };
    const auto spread = [](double count) { return count * (count - 1) * (2 * count + 5); };
    double tied = 0;
    double variance = spread(static_cast<double>(n));
    for (std::size_t i = 0; i < n;) {
        const auto end = static_cast<std::size_t>(std::upper_bound(sorted.begin(), sorted.end(), sorted[i]) - sorted.begin());
        const auto equal = static_cast<double>(end - i);
        tied += pairs(equal);
        variance -= spread(equal);
        i = end;
    }
    const double trend = pairs(static_cast<double>(n)) - tied - 2 * falling;  // rising pairs minus falling ones
    test.p_value = variance > 0 ? std::min(1.0, std::erfc(std::max(0.0, std::abs(trend) - 1) / std::sqrt(variance / 18 * 2))) : 1;
    return test;
}

/// @brief Looks for two kinds of values: the best cut of the ordered values into two groups (least squares about their means), each of a
/// fifth of the values or more.
///
/// Found are groups whose means are 6 deviations apart (D > 6). So that chance seldom looks like that, 20 values are needed: then fewer
/// than 1 in 100 samples of normal, uniform, lognormal or exponential times are taken for two kinds (simulated).
/// @returns  nothing where there is one kind, or too few values to tell.
/// @throws argument_error  as `count_outliers`. Cost: O(n log n).
template <class = when_called>
[[nodiscard]] std::optional<two_modes> find_two_modes(std::span<const double> values) {
    detail::check_values(values, "find_two_modes");
    constexpr std::size_t needed = 20;
    const std::size_t n = values.size();
    if (n < needed) {
        return std::nullopt;
    }
    std::vector<double> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end());
    const double middle = sorted[n / 2];  // sums of squares about it lose no digits
    std::vector<double> sums(n + 1, 0.0);
    std::vector<double> squares(n + 1, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
        const double value = sorted[i] - middle;
        sums[i + 1] = sums[i] + value;
        squares[i + 1] = squares[i] + value * value;
    }
    struct group {
        double count, mean, scatter;
    };
    const auto of = [&](std::size_t begin, std::size_t end) {
        const auto count = static_cast<double>(end - begin);
        const double sum = sums[end] - sums[begin];
        return group{count, sum / count, std::max(0.0, squares[end] - squares[begin] - sum * sum / count)};
    };
    const std::size_t least = (n + 4) / 5;
    std::size_t cut = least;
    for (std::size_t k = least; k <= n - least; ++k) {
        if (of(0, k).scatter + of(k, n).scatter < of(0, cut).scatter + of(cut, n).scatter) {
            cut = k;
        }
    }
    const group low = of(0, cut);
    const group high = of(cut, n);
    const double deviations = std::sqrt((low.scatter / (low.count - 1) + high.scatter / (high.count - 1)) / 2);
    const double separation = (high.mean - low.mean) / deviations;
    if (!(separation > 6)) {  // NaN: all values are equal
        return std::nullopt;
    }
    return two_modes{middle + low.mean, middle + high.mean, high.count / static_cast<double>(n), separation};
}

/// The three together, for the times of one thread count.
struct run_quality {
    outlier_count outliers = {};
    drift_test drift = {};
    std::optional<two_modes> modes = {};

    /// A trend that chance would give once in a thousand runs, of more than 5 % of the time.
    [[nodiscard]] bool drifts() const noexcept { return drift.p_value < 1e-3 && std::abs(drift.change) > 0.05; }
    /// Two kinds of runs whose times differ by more than 5 %.
    [[nodiscard]] bool has_two_modes() const noexcept { return modes && modes->upper > 1.05 * modes->lower; }
};

/// @throws argument_error  as `test_drift`.
template <class = when_called>
[[nodiscard]] run_quality judge_runs(std::span<const double> seconds) {
    run_quality quality{count_outliers(seconds), test_drift(seconds), {}};
    quality.modes = find_two_modes(seconds);
    return quality;
}

} // namespace xrayon::analyze

#endif // XRAYON_ANALYZE_RUN_QUALITY_HPP
