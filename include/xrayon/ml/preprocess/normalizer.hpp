// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_NORMALIZER_HPP
#define XRAYON_ML_PREPROCESS_NORMALIZER_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/preprocess/column_scaler.hpp>
#include <xrayon/ml/preprocess/detail/cells.hpp>
#include <xrayon/ml/preprocess/detail/column_map.hpp>
#include <xrayon/ml/preprocess/detail/matrix_access.hpp>
#include <xrayon/ml/preprocess/detail/pinned_floating_point.hpp>
#include <xrayon/ml/preprocess/detail/wide_kernel.hpp>
#include <xrayon/ml/nan_policy.hpp>
#include <xrayon/ml/preprocess/recycled_matrix.hpp>
#include <xrayon/ml/saved_model.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

/// How long a row is.
enum class row_norm {
    l1,   ///< The sum of absolute values.
    l2,   ///< The root of the sum of squares.
    max,  ///< The largest absolute value.
};

struct normalizer_options {
    row_norm norm = row_norm::l2;
    nan_policy nan = nan_policy::propagate;  ///< omit: the norm is that of the other cells.
    bool allow_inf = false;                  ///< Infinite cells are an argument_error unless this is set.
    run_options run = {};                    ///< Of every call of the object.
};

namespace detail {

/// Sum of |x| and of x^2, and the largest |x|, of a row without gaps. Cell j goes to sum j mod 8; these are joined pairwise.
struct row_sums {
    double absolute = 0;
    double squares = 0;
    double largest = 0;
};
struct row_sums_kernel {
    XRAYON_PREPROCESS_INLINE static void add(double cell, double& absolute, double& squares, double& largest) {
        const double size = cell < 0 ? -cell : cell;
        absolute += size;
        squares = fused(cell, cell, squares);
        largest = size > largest ? size : largest;  // NaN passed over: the sums have it
    }
    XRAYON_PREPROCESS_INLINE static void run(const double* x, std::size_t columns, row_sums* out) {
        constexpr std::size_t lanes = 8;
        double absolute[lanes] = {};
        double squares[lanes] = {};
        double largest[lanes] = {};
        std::size_t j = 0;
        for (; j + lanes <= columns; j += lanes) {
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                add(x[j + lane], absolute[lane], squares[lane], largest[lane]);
            }
        }
        for (std::size_t lane = 0; j + lane < columns; ++lane) {
            add(x[j + lane], absolute[lane], squares[lane], largest[lane]);
        }
        for (std::size_t width = lanes / 2; width != 0; width /= 2) {
            for (std::size_t lane = 0; lane < width; ++lane) {
                absolute[lane] += absolute[lane + width];
                squares[lane] += squares[lane + width];
                largest[lane] = largest[lane + width] > largest[lane] ? largest[lane + width] : largest[lane];
            }
        }
        *out = {absolute[0], squares[0], largest[0]};
    }
};

/// What to divide a row by, as (x * before) / width; 1 for a row of zeros. May change `row`: cells that do not count become 0.
template <class = when_called>
[[nodiscard]] spread norm_of(std::vector<double>& row, row_norm norm, bool omit_nan) {
    row_sums sums;
    run_wide<row_sums_kernel>(static_cast<const double*>(row.data()), row.size(), &sums);
    if (std::isnan(sums.absolute) && omit_nan) {
        std::replace_if(
            row.begin(), row.end(), [](double cell) { return std::isnan(cell); }, 0.0);
        run_wide<row_sums_kernel>(static_cast<const double*>(row.data()), row.size(), &sums);
    }
    if (std::isnan(sums.absolute) || std::isinf(sums.largest)) {
        return {sums.absolute, 0};  // NaN, or infinity
    }
    if (sums.largest == 0) {
        return {1, 0};
    }
    if (norm == row_norm::max) {
        return {sums.largest, 0};
    }
    // Where squares or sums would overflow or vanish, the row is measured in units of its largest cell's power of two.
    constexpr int safe = 400;
    if (const int power = std::ilogb(sums.largest); std::abs(power) > safe) {
        for (double& cell : row) {
            cell = std::ldexp(cell, -power);
        }
        run_wide<row_sums_kernel>(static_cast<const double*>(row.data()), row.size(), &sums);
        return {norm == row_norm::l1 ? sums.absolute : std::sqrt(sums.squares), power};
    }
    return {norm == row_norm::l1 ? sums.absolute : std::sqrt(sums.squares), 0};
}

struct divide_row_kernel {
    XRAYON_PREPROCESS_INLINE static void run(const double* x, double* y, std::size_t columns, double before, double width) {
        XRAYON_PREPROCESS_APART
        for (std::size_t j = 0; j < columns; ++j) {
            y[j] = x[j] * before / width;
        }
    }
};

/// Rows [begin, end) of x divided by their norms.
template <class = when_called>
void normalize_rows(const matrix_source& x, const matrix_target& y, std::size_t begin, std::size_t end, row_norm norm,
                    const cell_rules& rules) {
    const std::size_t columns = x.columns;
    // As many rows at a time as make whole cache lines of columns that lie along memory.
    const std::size_t step = x.by_columns() || y.by_columns() ? 8 : 1;
    std::vector<double> tile(step * columns);
    std::vector<double> row(columns);
    for (std::size_t first = begin; first < end; first += step) {
        const std::size_t rows = std::min(step, end - first);
        x.load(x, {first, rows, 0, columns}, tile.data(), columns);
        if (rules.refuses_any() && x.is_floating()) {
            check_plain_cells(static_cast<const double*>(tile.data()), static_cast<std::ptrdiff_t>(columns), {first, rows, 0, columns},
                              rules);
        }
        for (std::size_t i = 0; i < rows; ++i) {
            double* const cells = tile.data() + i * columns;
            row.assign(cells, cells + columns);
            const spread width = norm_of(row, norm, rules.nan == nan_policy::omit);
            const int power = std::clamp(width.exponent, -1020, 1020);
            run_wide<divide_row_kernel>(static_cast<const double*>(cells), cells, columns, std::ldexp(1.0, -power),
                                        std::ldexp(width.mantissa, width.exponent - power));
        }
        y.store(y, {first, rows, 0, columns}, tile.data(), columns);
    }
}

} // namespace detail

/// @brief Divides each *row* by its norm, so that it has length 1.
///
/// There is nothing to fit: a row's result depends on that row alone. A row of zeros stays as it is. Every other one comes out with norm
/// 1, however small or large it is: squares that would overflow or vanish are taken in other units. (scikit-learn 1.2 leaves rows with a
/// norm below 2.2e-15 as they are.) NaN by default makes its row NaN; nan_policy::omit measures the other cells.
///
/// Fresh, recycled, into and in-place forms, input, layouts and errors as of column_scaler; the same bits at every thread count and layout.
/// The norm has no inverse.
/// **Cost.** X is read once and the result written once. Items (of run.report) are blocks of rows.
class normalizer {
public:
    explicit normalizer(normalizer_options options = {}) : options_(std::move(options)) {}

    template <scalable_matrix X>
    [[nodiscard]] auto transform(X&& x) const {
        const auto view = detail::read_only(x);
        auto out = detail::make_matrix<scaled_element<X>>(view.shape(0), view.shape(1));
        write("normalizer.transform", view, view_of<2>(out));
        return out;
    }
    template <scalable_matrix X>
    [[nodiscard]] auto transform(X&& x, std::pmr::memory_resource& memory) const {
        const auto view = detail::read_only(x);
        auto out = make_recycled_matrix<scaled_element<X>>(view.shape(0), view.shape(1), memory);
        write("normalizer.transform", view, view_of<2>(out));
        return out;
    }
    template <scalable_matrix X, scaled_matrix Y>
    void transform_into(X&& x, Y&& out) const {
        const auto from = detail::read_only(x);
        const auto to = view_of<2>(std::forward<Y>(out));
        detail::check_target("normalizer.transform_into", from, to);
        write("normalizer.transform_into", from, to);
    }
    template <scaled_matrix X>
    void transform_in_place(X&& x) const {
        const auto view = view_of<2>(std::forward<X>(x));
        detail::check_target("normalizer.transform_in_place", detail::read_only(view), view);
        write("normalizer.transform_in_place", detail::read_only(view), view);
    }
    [[nodiscard]] const normalizer_options& options() const noexcept { return options_; }

    /// @brief For save and load (ml/saved_model.hpp). @throws argument_error  before fit; data_error for what is no such model
    /// @{
    void save_to(model_writer& out) const {
        out.text("type", "normalizer");
        out.number("norm", options_.norm);
        out.number("nan", options_.nan);
        out.number("allow_inf", options_.allow_inf);
    }
    [[nodiscard]] static normalizer load_from(const model_reader& in) {
        in.expect_type("normalizer");
        normalizer_options o;
        o.norm = in.number("norm", row_norm::max);
        o.nan = in.number("nan", nan_policy::omit);
        o.allow_inf = in.number<bool>("allow_inf");
        return normalizer(o);
    }
    /// @}

private:
    template <class T, class U>
    void write(std::string_view op, const array_view<const T, 2>& x, const array_view<U, 2>& y) const {
        if (x.shape(1) == 0) {
            return;
        }
        const detail::pinned_floating_point pinned;
        const detail::matrix_source source(x);
        const detail::matrix_target target(y);
        const std::size_t step = detail::rows_per_task(x.shape(1));
        const auto task = [&](std::size_t k) {
            detail::normalize_rows(source, target, k * step, std::min(x.shape(0), (k + 1) * step), options_.norm,
                                   {op, options_.nan, options_.allow_inf});
        };
        for_each_index((x.shape(0) + step - 1) / step, task, {.run = options_.run, .name = op});
    }

    normalizer_options options_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_PREPROCESS_NORMALIZER_HPP
