// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_DETAIL_COLUMN_QUANTILES_HPP
#define XRAYON_ML_PREPROCESS_DETAIL_COLUMN_QUANTILES_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

#include <xrayon/core/config.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/preprocess/detail/cells.hpp>
#include <xrayon/ml/preprocess/detail/matrix_access.hpp>
#include <xrayon/ml/preprocess/detail/wide_kernel.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml::detail {

/// Median and two quantiles of a column.
struct column_quantile {
    double lower = 0;
    double median = 0;
    double upper = 0;
};

/// numpy's "linear" quantile of `values`, none of them NaN, of which those before `*sorted` are known to be no greater than the rest; moves it up.
/// Quantiles are asked for in ascending order.
inline double take_quantile(std::vector<double>& values, double at, std::size_t& sorted) {
    const double position = static_cast<double>(values.size() - 1) * at;
    const auto below = static_cast<std::size_t>(position);
    const double share = position - static_cast<double>(below);
    const auto here = values.begin() + static_cast<std::ptrdiff_t>(below);
    if (below >= sorted) {
        std::nth_element(values.begin() + static_cast<std::ptrdiff_t>(sorted), here, values.end());
        sorted = below;  // *here stays in the range: the next quantile may be the same
    }
    if (share == 0) {
        return *here;
    }
    const double low = *here;
    const double high = *std::min_element(here + 1, values.end());
    if (low == high) {
        return low;  // infinities too
    }
    const double apart = high - low;
    if (std::isinf(apart) && std::isfinite(low) && std::isfinite(high)) {
        return fused(low, 1 - share, high * share);
    }
    return share < 0.5 ? fused(apart, share, low) : fused(apart, share - 1, high);
}

/// @brief Quantiles of every column of x; x.rows >= 1. `at` ascends, in [0, 1].
/// @throws argument_error  for a cell that the rules refuse
/// Memory: up to eight columns a thread.
template <class = when_called>
[[nodiscard]] std::vector<column_quantile> column_quantiles(const matrix_source& x, double lower, double upper, const cell_rules& rules,
                                                            const run_options& run) {
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    if (x.is_floating() && rules.refuses_any()) {
        std::vector<std::size_t> all(x.columns);
        std::iota(all.begin(), all.end(), std::size_t{0});
        static_cast<void>(inspect_cells(x, all, rules, run));
    }
    std::vector<column_quantile> out(x.columns);
    // Columns side by side share cache lines; fewer at a time where there would be too few tasks.
    const std::size_t width = std::clamp<std::size_t>(x.columns / 16, 1, 8);
    const auto task = [&](std::size_t k) {
        const std::size_t first = k * width;
        const std::size_t count = std::min(width, x.columns - first);
        std::vector<std::vector<double>> cells(count);
        for (std::vector<double>& column : cells) {
            column.reserve(x.rows);
        }
        double tile[tile_size];
        constexpr std::size_t step = tile_size / 8;
        for (std::size_t row = 0; row < x.rows; row += step) {
            const std::size_t rows = std::min(step, x.rows - row);
            x.load(x, {row, rows, first, count}, tile, count);
            for (std::size_t i = 0; i < rows; ++i) {
                for (std::size_t j = 0; j < count; ++j) {
                    if (const double cell = tile[i * count + j]; !std::isnan(cell)) {
                        cells[j].push_back(cell);
                    }
                }
            }
        }
        for (std::size_t j = 0; j < count; ++j) {
            std::vector<double>& column = cells[j];
            column_quantile& to = out[first + j];
            if (column.empty() || (column.size() != x.rows && rules.nan != nan_policy::omit)) {
                to = {none, none, none};
                continue;
            }
            std::array<double, 3> at{lower, 0.5, upper};
            std::array<double*, 3> where{&to.lower, &to.median, &to.upper};
            if (upper < 0.5) {
                at = {lower, upper, 0.5};
                where = {&to.lower, &to.upper, &to.median};
            } else if (lower > 0.5) {
                at = {0.5, lower, upper};
                where = {&to.median, &to.lower, &to.upper};
            }
            std::size_t sorted = 0;
            for (std::size_t q = 0; q < 3; ++q) {
                *where[q] = take_quantile(column, at[q], sorted);
            }
        }
    };
    for_each_index((x.columns + width - 1) / width, task, {.run = run, .name = rules.op});
    return out;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_PREPROCESS_DETAIL_COLUMN_QUANTILES_HPP
