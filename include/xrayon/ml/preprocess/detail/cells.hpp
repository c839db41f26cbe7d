// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_DETAIL_CELLS_HPP
#define XRAYON_ML_PREPROCESS_DETAIL_CELLS_HPP

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/preprocess/detail/matrix_access.hpp>
#include <xrayon/ml/preprocess/detail/wide_kernel.hpp>
#include <xrayon/ml/nan_policy.hpp>
#include <xrayon/par/index.hpp>

// NaN and infinities. The quick passes do not look for them: they leave a NaN in the statistics of their columns, and only columns that
// show one are read again, by what stands here.

namespace xrayon::ml::detail {

/// Which cells a call refuses, and who it is.
struct cell_rules {
    std::string_view op;
    nan_policy nan = nan_policy::propagate;
    bool allow_inf = false;

    [[nodiscard]] bool refuses_any() const noexcept { return !allow_inf || nan == nan_policy::raise; }
    [[nodiscard]] bool refuses(double cell) const noexcept {
        return std::isnan(cell) ? nan == nan_policy::raise : std::isinf(cell) && !allow_inf;
    }
};

XRAYON_COLD [[noreturn]] inline void fail_cell(const cell_rules& rules, std::size_t row, std::size_t column, double cell) {
    const std::string text = std::isnan(cell) ? "NaN" : to_text(cell);  // a NaN's sign means nothing
    throw argument_error(std::string(rules.op) + ": column " + to_text(column) + " row " + to_text(row) + " is " + text, text);
}

/// What is known of a column whose statistics came out strange.
struct column_cells {
    static constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();
    std::size_t refused = nowhere;  ///< Lowest row with a cell that the rules refuse.
    double refused_cell = 0;
    bool nan = false;
    bool plus_inf = false;
    bool minus_inf = false;
    double largest = 0;  ///< Of the absolute values of finite cells.

    void add(std::size_t row, double cell, const cell_rules& rules) {
        if (std::isfinite(cell)) {
            largest = std::max(largest, std::abs(cell));
            return;
        }
        nan = nan || std::isnan(cell);
        plus_inf = plus_inf || cell > 0;
        minus_inf = minus_inf || cell < 0;
        if (refused == nowhere && rules.refuses(cell)) {
            refused = row;
            refused_cell = cell;
        }
    }
    void join(const column_cells& below) {
        if (refused == nowhere) {
            refused = below.refused;
            refused_cell = below.refused_cell;
        }
        nan = nan || below.nan;
        plus_inf = plus_inf || below.plus_inf;
        minus_inf = minus_inf || below.minus_inf;
        largest = std::max(largest, below.largest);
    }
    [[nodiscard]] bool infinite() const noexcept { return plus_inf || minus_inf; }
    /// The sum of a column with infinities.
    [[nodiscard]] double infinite_sum() const noexcept {
        constexpr double inf = std::numeric_limits<double>::infinity();
        return plus_inf && minus_inf ? std::numeric_limits<double>::quiet_NaN() : plus_inf ? inf : -inf;
    }
};

inline constexpr std::size_t cells_leaf = 1024;

/// Reads `columns` of x. @throws argument_error  for the first cell in row order that the rules refuse.
template <class = when_called>
[[nodiscard]] std::vector<column_cells> inspect_cells(const matrix_source& x, const std::vector<std::size_t>& columns, const cell_rules& rules,
                                                      const run_options& run) {
    using all_cells = std::vector<column_cells>;
    const auto leaf = [&](std::size_t begin, std::size_t end) {
        all_cells out(columns.size());
        std::vector<double> cells(end - begin);
        for (std::size_t k = 0; k < columns.size(); ++k) {
            x.load(x, {begin, end - begin, columns[k], 1}, cells.data(), 1);
            for (std::size_t i = begin; i < end; ++i) {
                out[k].add(i, cells[i - begin], rules);
            }
        }
        return out;
    };
    const auto join = [](all_cells above, const all_cells& below) {
        for (std::size_t k = 0; k < above.size(); ++k) {
            above[k].join(below[k]);
        }
        return above;
    };
    all_cells found = fold_index(x.rows, cells_leaf, leaf, join, {.run = run, .name = rules.op});
    std::size_t first = column_cells::nowhere;
    for (std::size_t k = 0; k < columns.size(); ++k) {
        if (found[k].refused != column_cells::nowhere && (first == column_cells::nowhere || found[k].refused < found[first].refused)) {
            first = k;
        }
    }
    if (first != column_cells::nowhere) {
        fail_cell(rules, found[first].refused, columns[first], found[first].refused_cell);
    }
    return found;
}

/// True in *all when no cell is NaN or infinite.
template <class T>
struct all_finite_kernel {
    using bits = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
    static constexpr bits exponent = sizeof(T) == 8 ? static_cast<bits>(0x7ff0000000000000u) : static_cast<bits>(0x7f800000u);

    XRAYON_PREPROCESS_INLINE static void run(const T* x, std::ptrdiff_t row_stride, std::size_t rows, std::size_t columns, bool* all) {
        bits odd = 0;
        for (std::size_t i = 0; i < rows; ++i) {
            const T* const row = x + static_cast<std::ptrdiff_t>(i) * row_stride;
            for (std::size_t j = 0; j < columns; ++j) {
                odd |= (std::bit_cast<bits>(row[j]) & exponent) == exponent ? bits{1} : bits{0};
            }
        }
        *all = odd == 0;
    }
};

/// Checks a part of plain rows. @throws argument_error  for its first cell in row order that the rules refuse.
template <class T>
void check_plain_cells(const T* first, std::ptrdiff_t row_stride, const matrix_part& part, const cell_rules& rules) {
    bool all = true;
    if (row_stride == static_cast<std::ptrdiff_t>(part.columns)) {  // no gaps: one long row
        run_wide<all_finite_kernel<T>>(first, row_stride, std::size_t{1}, part.rows * part.columns, &all);
    } else {
        run_wide<all_finite_kernel<T>>(first, row_stride, part.rows, part.columns, &all);
    }
    if (all) [[likely]] {
        return;
    }
    for (std::size_t i = 0; i < part.rows; ++i) {
        for (std::size_t j = 0; j < part.columns; ++j) {
            if (const auto cell = static_cast<double>(first[static_cast<std::ptrdiff_t>(i) * row_stride + static_cast<std::ptrdiff_t>(j)]); rules.refuses(cell)) {
                fail_cell(rules, part.row + i, part.column + j, cell);
            }
        }
    }
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_PREPROCESS_DETAIL_CELLS_HPP
