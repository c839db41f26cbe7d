// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_DETAIL_SAMPLE_QUANTILES_HPP
#define XRAYON_ML_DETAIL_SAMPLE_QUANTILES_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <xrayon/core/config.hpp>

namespace xrayon::ml::detail {

/// Definition 7 of Hyndman and Fan ("Sample quantiles in statistical packages", The American Statistician 50 (1996) 361), NumPy's default,
/// with NumPy's order of operations, so that the bits are the same.
[[nodiscard]] inline double quantile_of_sorted(std::span<const double> sorted, double q) {
    const double place = q * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    const double part = place - static_cast<double>(below);
    const double width = sorted[above] - sorted[below];
    if (part == 0 || width == 0) {
        return sorted[below];
    }
    return part >= 0.5 ? sorted[above] - width * (1 - part) : sorted[below] + width * part;
}

/// The quantiles of `values`, which are reordered: NaN if there is a NaN, or without regard to them; NaN where nothing is left.
/// `take(k, value)` gets that of probabilities[k].
template <class Take>
void take_quantiles(std::span<double> values, std::span<const double> probabilities, bool omit_nan, const Take& take) {
    const auto end = std::partition(values.begin(), values.end(), [](double x) { return x == x; });
    const std::span<double> numbers(values.begin(), end);
    const bool undefined = numbers.empty() || (!omit_nan && numbers.size() != values.size());
    if (!undefined) {
        std::sort(numbers.begin(), numbers.end());
    }
    for (std::size_t k = 0; k < probabilities.size(); ++k) {
        take(k, undefined ? std::numeric_limits<double>::quiet_NaN() : quantile_of_sorted(numbers, probabilities[k]));
    }
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_DETAIL_SAMPLE_QUANTILES_HPP
