// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_DETAIL_COLUMN_RANGE_HPP
#define XRAYON_ML_PREPROCESS_DETAIL_COLUMN_RANGE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/config.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/preprocess/detail/cells.hpp>
#include <xrayon/ml/preprocess/detail/matrix_access.hpp>
#include <xrayon/ml/preprocess/detail/wide_kernel.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml::detail {

/// Least and greatest cell of each column. Of no cells: plus and minus infinity. With a NaN that counts: both NaN.
struct column_ranges {
    std::vector<double> least;
    std::vector<double> greatest;

    explicit column_ranges(std::size_t columns = 0)
        : least(columns, std::numeric_limits<double>::infinity()), greatest(columns, -std::numeric_limits<double>::infinity()) {}
    void join(const column_ranges& below) {
        for (std::size_t j = 0; j < least.size(); ++j) {
            const bool none = std::isnan(least[j]) || std::isnan(below.least[j]);
            least[j] = none ? std::numeric_limits<double>::quiet_NaN() : std::min(least[j], below.least[j]);
            greatest[j] = none ? least[j] : std::max(greatest[j], below.greatest[j]);
        }
    }
};

/// Ranges of a part, NaN passed over; where a cell was NaN or infinite, `strange` of its column becomes NaN.
template <class T>
struct block_range_kernel {
    XRAYON_PREPROCESS_INLINE static void run(const T* x, std::ptrdiff_t row_stride, std::size_t rows, std::size_t columns,
                                             double* XRAYON_PREPROCESS_RESTRICT least, double* XRAYON_PREPROCESS_RESTRICT greatest,
                                             double* XRAYON_PREPROCESS_RESTRICT strange) {
        for (std::size_t i = 0; i < rows; ++i) {
            const T* const row = x + static_cast<std::ptrdiff_t>(i) * row_stride;
            for (std::size_t j = 0; j < columns; ++j) {
                const auto cell = static_cast<double>(row[j]);
                least[j] = cell < least[j] ? cell : least[j];
                greatest[j] = cell > greatest[j] ? cell : greatest[j];
                strange[j] += cell * 0;
            }
        }
    }
};

inline constexpr std::size_t range_leaf = 1024;

/// @brief Ranges of every column of x; x.rows >= 1.
/// @throws argument_error  for a cell that the rules refuse
template <class = when_called>
[[nodiscard]] column_ranges column_ranges_of(const matrix_source& x, const cell_rules& rules, const run_options& run) {
    struct partial {
        column_ranges ranges;
        std::vector<double> strange;
    };
    const std::size_t columns = x.columns;
    const auto leaf = [&](std::size_t begin, std::size_t end) {
        partial out{column_ranges(columns), std::vector<double>(columns, 0.0)};
        const bool plain = x.has_plain_rows();
        const tile_shape shape = x.tile();
        double tile[tile_size];
        const auto part = [&](const auto* first, std::ptrdiff_t stride, std::size_t rows, std::size_t j, std::size_t width) {
            using element = std::remove_cvref_t<decltype(*first)>;
            run_wide<block_range_kernel<element>>(first, stride, rows, width, out.ranges.least.data() + j, out.ranges.greatest.data() + j,
                                                  out.strange.data() + j);
        };
        for (std::size_t j = 0; j < columns; j += plain ? columns : shape.columns) {
            const std::size_t width = plain ? columns : std::min(shape.columns, columns - j);
            for (std::size_t row = begin; row < end; row += shape.rows) {
                const std::size_t rows = std::min(shape.rows, end - row);
                if (!plain) {
                    x.load(x, {row, rows, j, width}, tile, shape.columns);
                    part(static_cast<const double*>(tile), static_cast<std::ptrdiff_t>(shape.columns), rows, j, width);
                } else if (x.kind == element_kind::f64) {
                    part(x.row<double>(row), x.row_stride, rows, j, width);
                } else {
                    part(x.row<float>(row), x.row_stride, rows, j, width);
                }
            }
        }
        return out;
    };
    const auto join = [](partial above, const partial& below) {
        above.ranges.join(below.ranges);
        for (std::size_t j = 0; j < above.strange.size(); ++j) {
            above.strange[j] += below.strange[j];
        }
        return above;
    };
    partial found = fold_index(x.rows, range_leaf, leaf, join, {.run = run, .name = rules.op});
    std::vector<std::size_t> strange;
    for (std::size_t j = 0; j < columns; ++j) {
        if (std::isnan(found.strange[j])) {
            strange.push_back(j);
        }
    }
    if (!strange.empty()) {
        const std::vector<column_cells> cells = inspect_cells(x, strange, rules, run);
        for (std::size_t k = 0; k < strange.size(); ++k) {
            if (cells[k].nan && rules.nan != nan_policy::omit) {
                found.ranges.least[strange[k]] = found.ranges.greatest[strange[k]] = std::numeric_limits<double>::quiet_NaN();
            }
        }
    }
    return std::move(found.ranges);
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_PREPROCESS_DETAIL_COLUMN_RANGE_HPP
