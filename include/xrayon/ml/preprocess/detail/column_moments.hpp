// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_DETAIL_COLUMN_MOMENTS_HPP
#define XRAYON_ML_PREPROCESS_DETAIL_COLUMN_MOMENTS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <utility>
#include <vector>

#include <xrayon/core/config.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/preprocess/detail/cells.hpp>
#include <xrayon/ml/preprocess/detail/matrix_access.hpp>
#include <xrayon/ml/preprocess/detail/moment_kernels.hpp>
#include <xrayon/ml/preprocess/detail/wide_kernel.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml::detail {

/// Numbers of this many powers of two up or down: squares and their sums stay far inside of a double.
inline constexpr int safe_magnitude = 400;

/// Weight, mean and sum of squared deviations of a column. m2 is in units of 4^exponent, so that it exists where the squares do not.
struct column_moment {
    double weight = 0;  ///< Cells, or the sum of their weights.
    double mean = 0;  ///< Rounded; mean + low is what is known.
    double low = 0;
    double m2 = 0;
    int exponent = 0;

    /// The power of two that mean and deviations are about as large as; 0 within what squares can hold anyway.
    [[nodiscard]] int magnitude() const noexcept {
        constexpr int none = std::numeric_limits<int>::min();
        const int of_mean = mean == 0 || !std::isfinite(mean) ? none : std::ilogb(mean);
        const int of_spread = m2 == 0 || !std::isfinite(m2) ? none : std::ilogb(m2) / 2 + exponent;
        return std::max(of_mean, of_spread);
    }
};

/// mean + step, `low` being what rounding takes from it (Knuth's two-sum).
inline void move_mean(column_moment& to, double step) noexcept {
    const double sum = to.mean + step;
    const double taken = sum - to.mean;
    to.low = (to.mean - (sum - taken)) + (step - taken);
    to.mean = sum;
}

/// Chan's formula, along any pair of exponents; a part of no weight changes nothing.
template <class = when_called>
[[nodiscard]] column_moment merge(const column_moment& a, const column_moment& b) {
    if (a.weight == 0 || b.weight == 0) {
        return a.weight == 0 ? b : a;
    }
    column_moment out;
    out.weight = a.weight + b.weight;
    if (!std::isfinite(a.mean) || !std::isfinite(b.mean)) {
        out.mean = a.mean + b.mean;
        out.m2 = std::numeric_limits<double>::quiet_NaN();
        return out;
    }
    const int largest = std::max(a.magnitude(), b.magnitude());
    out.exponent = largest == std::numeric_limits<int>::min() || std::abs(largest) <= safe_magnitude ? 0 : largest;
    const auto in_units = [&](double x) { return std::ldexp(x, -out.exponent); };
    const double apart = (in_units(b.mean) - in_units(a.mean)) + (in_units(b.low) - in_units(a.low));
    const double share = b.weight / out.weight;
    out.mean = in_units(a.mean);
    out.low = in_units(a.low);
    move_mean(out, fused(apart, share, out.low));
    out.mean = std::ldexp(out.mean, out.exponent);
    out.low = std::ldexp(out.low, out.exponent);
    const double both = std::ldexp(a.m2, 2 * (a.exponent - out.exponent)) + std::ldexp(b.m2, 2 * (b.exponent - out.exponent));
    out.m2 = fused(apart * apart, a.weight * share, both);
    return out;
}

/// The quick pass's partial result: means of a group of columns, behind them their low parts, then their m2.
struct moment_sums {
    double rows = 0;
    std::vector<double> values;
};

/// Moments of all columns of rows [begin, end), in blocks of moment_block rows.
template <class = when_called>
void add_moments_of_rows(const matrix_source& x, std::size_t begin, std::size_t end, std::size_t column, std::size_t columns, double* sums) {
    const auto block = [&](std::size_t row, std::size_t rows, std::size_t j, std::size_t width, const double* tile, std::ptrdiff_t tile_stride) {
        const auto before = static_cast<double>(row - begin);
        double* const mean = sums + (j - column);
        double* const low = mean + columns;
        double* const m2 = low + columns;
        if (tile != nullptr) {
            run_wide<block_moments_kernel<double>>(tile, tile_stride, rows, width, before, mean, low, m2);
        } else if (x.kind == element_kind::f64) {
            run_wide<block_moments_kernel<double>>(x.row<double>(row) + j, x.row_stride, rows, width, before, mean, low, m2);
        } else {
            run_wide<block_moments_kernel<float>>(x.row<float>(row) + j, x.row_stride, rows, width, before, mean, low, m2);
        }
    };
    if (x.has_plain_rows()) {
        for (std::size_t row = begin; row < end; row += moment_block) {
            const std::size_t rows = std::min(moment_block, end - row);
            for (std::size_t j = column; j < column + columns; j += moment_strip) {
                block(row, rows, j, std::min(moment_strip, column + columns - j), nullptr, 0);
            }
        }
        return;
    }
    double tile[tile_size];
    const tile_shape shape = x.tile();
    for (std::size_t j = column; j < column + columns; j += shape.columns) {
        const std::size_t width = std::min(shape.columns, column + columns - j);
        for (std::size_t first = begin; first < end; first += shape.rows) {
            const std::size_t loaded = std::min(shape.rows, end - first);
            x.load(x, {first, loaded, j, width}, tile, shape.columns);
            for (std::size_t k = 0; k < loaded; k += moment_block) {
                block(first + k, std::min(moment_block, loaded - k), j, width, tile + k * shape.columns, static_cast<std::ptrdiff_t>(shape.columns));
            }
        }
    }
}

/// Moments of columns [column, column + columns), without a look at what the cells are.
template <class = when_called>
[[nodiscard]] moment_sums quick_moments(const matrix_source& x, std::size_t column, std::size_t columns, const loop_options& options) {
    const auto leaf = [&](std::size_t begin, std::size_t end) {
        moment_sums out{static_cast<double>(end - begin), std::vector<double>(3 * columns)};
        add_moments_of_rows(x, begin, end, column, columns, out.values.data());
        return out;
    };
    const auto join = [&](moment_sums above, const moment_sums& below) {
        double* const to = above.values.data();
        const double* const from = below.values.data();
        run_wide<merge_moments_kernel>(above.rows, to, to + columns, to + 2 * columns, below.rows, from, from + columns, from + 2 * columns, columns);
        above.rows += below.rows;
        return above;
    };
    return fold_index(x.rows, moment_leaf, leaf, join, options);
}

/// A column that the careful pass reads: in units of 2^exponent.
struct careful_column {
    std::size_t column;
    int exponent;
};

/// Moments of some columns cell by cell: with weights, without NaN where those are left out, and scaled by a power of two where squares would
/// overflow or vanish. @param weights  One per row; null: all 1.
template <class = when_called>
[[nodiscard]] std::vector<column_moment> careful_moments(const matrix_source& x, const std::vector<careful_column>& columns, const double* weights,
                                                         bool omit_nan, const loop_options& options) {
    using moments = std::vector<column_moment>;  // means, too, in units while the fold runs
    const auto add = [](column_moment& to, const column_moment& more) {
        if (to.weight == 0) {
            to = more;
        } else if (more.weight != 0) {
            const double share = more.weight / (to.weight + more.weight);
            const double apart = (more.mean - to.mean) + (more.low - to.low);
            move_mean(to, fused(apart, share, to.low));
            to.m2 = fused(apart * apart, to.weight * share, to.m2 + more.m2);
            to.weight += more.weight;
        }
    };
    const auto leaf = [&](std::size_t begin, std::size_t end) {
        moments out(columns.size());
        double cells[moment_block];
        double weight[moment_block];
        for (std::size_t k = 0; k < columns.size(); ++k) {
            for (std::size_t row = begin; row < end; row += moment_block) {
                const std::size_t rows = std::min(moment_block, end - row);
                x.load(x, {row, rows, columns[k].column, 1}, cells, 1);
                double count = 0;
                double sum = 0;
                for (std::size_t i = 0; i < rows; ++i) {
                    weight[i] = weights == nullptr ? 1 : weights[row + i];
                    if (omit_nan && std::isnan(cells[i])) {
                        weight[i] = 0;
                        cells[i] = 0;
                    }
                    cells[i] = columns[k].exponent == 0 ? cells[i] : std::ldexp(cells[i], -columns[k].exponent);
                    count += weight[i];
                    sum = fused(weight[i], cells[i], sum);
                }
                if (count == 0) {
                    continue;
                }
                const double mean = sum / count;
                double off = 0;
                double m2 = 0;
                for (std::size_t i = 0; i < rows; ++i) {
                    const double apart = cells[i] - mean;
                    off = fused(weight[i], apart, off);
                    m2 = fused(weight[i] * apart, apart, m2);
                }
                const double shift = off / count;
                const double corrected = fused(-off, shift, m2);
                add(out[k], {count, mean, shift, corrected < 0 ? 0 : corrected, 0});
            }
        }
        return out;
    };
    const auto join = [&](moments above, const moments& below) {
        for (std::size_t k = 0; k < above.size(); ++k) {
            add(above[k], below[k]);
        }
        return above;
    };
    moments out = fold_index(x.rows, moment_leaf, leaf, join, options);
    for (std::size_t k = 0; k < columns.size(); ++k) {
        move_mean(out[k], out[k].low);
        out[k].mean = std::ldexp(out[k].mean, columns[k].exponent);
        out[k].low = std::ldexp(out[k].low, columns[k].exponent);
        out[k].exponent = columns[k].exponent;
    }
    return out;
}

/// Whether the quick pass may have missed what is there: a NaN, an infinity, squares that overflow, or that vanish.
[[nodiscard]] inline bool looks_strange(double mean, double m2) noexcept {
    constexpr double least_square = 0x1p-900;
    constexpr double small_mean = 0x1p-400;
    return !std::isfinite(mean) || !std::isfinite(m2) || (m2 < least_square && std::abs(mean) < small_mean);
}

/// Columns of one nested fold: bounds its partial results, changes no bit.
inline constexpr std::size_t moment_group = 256;

/// @brief Moments of every column of x; x.rows >= 1.
/// @param weights  One per row, finite and >= 0; null: all 1.
/// @throws argument_error  for a cell that the rules refuse
template <class = when_called>
[[nodiscard]] std::vector<column_moment> column_moments(const matrix_source& x, const double* weights, const cell_rules& rules, const run_options& run) {
    constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    const std::size_t columns = x.columns;
    const double rows = static_cast<double>(x.rows);
    std::vector<column_moment> out(columns);
    const auto quick = [&](std::size_t first, const loop_options& options) {
        const std::size_t width = std::min(moment_group, columns - first);
        const moment_sums sums = quick_moments(x, first, width, options);
        for (std::size_t j = 0; j < width; ++j) {
            column_moment& to = out[first + j];
            to = {rows, sums.values[j], 0, sums.values[2 * width + j], 0};
            move_mean(to, sums.values[width + j]);
        }
    };
    const std::size_t groups = (columns + moment_group - 1) / moment_group;
    if (groups == 1) {
        quick(0, {.run = run, .name = rules.op});
    } else {
        for_each_index(groups, [&](std::size_t g) { quick(g * moment_group, {.name = rules.op}); }, {.run = run, .name = rules.op});
    }

    std::vector<std::size_t> strange;
    for (std::size_t j = 0; j < columns; ++j) {
        if (x.is_floating() && looks_strange(out[j].mean, out[j].m2)) {
            strange.push_back(j);
        }
    }
    std::vector<careful_column> careful;
    if (!strange.empty()) {
        const std::vector<column_cells> cells = inspect_cells(x, strange, rules, run);
        for (std::size_t k = 0; k < strange.size(); ++k) {
            column_moment& moment = out[strange[k]];
            const column_cells& found = cells[k];
            if (found.nan && rules.nan != nan_policy::omit) {
                moment = {moment.weight, unknown, 0, unknown, 0};
            } else if (found.infinite()) {
                moment = {moment.weight, found.infinite_sum(), 0, unknown, 0};
            } else if (found.largest != 0 || found.nan) {
                const int power = found.largest == 0 ? 0 : std::ilogb(found.largest);
                careful.push_back({strange[k], std::abs(power) <= safe_magnitude ? 0 : power});
            }
        }
    }
    if (weights != nullptr) {  // all columns but those that are known to be NaN or infinite; all-zero ones among them
        std::vector<careful_column> all;
        for (std::size_t j = 0, k = 0; j < columns; ++j) {
            if (k < careful.size() && careful[k].column == j) {
                all.push_back(careful[k++]);
            } else if (std::isfinite(out[j].mean) && std::isfinite(out[j].m2)) {
                all.push_back({j, 0});
            } else {
                double sum = 0;
                for (std::size_t i = 0; i < x.rows; ++i) {
                    sum += weights[i];
                }
                out[j].weight = sum;
            }
        }
        careful = std::move(all);
    }
    if (!careful.empty()) {
        const std::vector<column_moment> again =
            careful_moments(x, careful, weights, rules.nan == nan_policy::omit, {.run = run, .name = rules.op});
        for (std::size_t k = 0; k < careful.size(); ++k) {
            out[careful[k].column] = again[k];
            if (again[k].weight == 0) {  // nothing but NaN
                out[careful[k].column] = {0, unknown, 0, unknown, 0};
            }
        }
    }
    return out;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_PREPROCESS_DETAIL_COLUMN_MOMENTS_HPP
