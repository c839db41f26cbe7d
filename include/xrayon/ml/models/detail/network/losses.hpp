// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_NETWORK_LOSSES_HPP
#define XRAYON_ML_MODELS_DETAIL_NETWORK_LOSSES_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>

#include <xrayon/core/wide_kernel.hpp>
#include <xrayon/ml/detail/elementary.hpp>

// The last layer: softmax with cross-entropy, or the values themselves with the squared distance. Rows lie one behind the other without
// gaps.

namespace xrayon::ml::detail {

template <std::floating_point Real>
struct exp_below_kernel {
    [[gnu::always_inline]] static void run(Real* values, std::size_t count) noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            values[i] = exp_below(values[i]);
        }
    }
};

/// Each value over its row's sum.
template <std::floating_point Real>
struct divide_rows_kernel {
    [[gnu::always_inline]] static void run(Real* values, std::size_t rows, std::size_t columns, const Real* sums) noexcept {
        for (std::size_t i = 0; i < rows; ++i) {
            const Real sum = sums[i];
            for (std::size_t j = 0; j < columns; ++j) {
                values[i * columns + j] /= sum;
            }
        }
    }
};

/// Each row less its largest value. A row with a NaN becomes NaN in softmax whatever this finds: its sum is NaN.
template <std::floating_point Real>
void subtract_largest(Real* values, std::size_t rows, std::size_t columns) noexcept {
    for (std::size_t i = 0; i < rows; ++i) {
        Real* const row = values + i * columns;
        Real largest = row[0];
        for (std::size_t j = 1; j < columns; ++j) {
            largest = largest < row[j] ? row[j] : largest;
        }
        for (std::size_t j = 0; j < columns; ++j) {
            row[j] -= largest;
        }
    }
}

/// Softmax of each row, in place: e^(z - largest) over their sum, which is made from the first column to the last.
/// @param sums    Scratch of `rows` numbers; holds the sums then.
template <std::floating_point Real>
void softmax_shifted(Real* values, std::size_t rows, std::size_t columns, Real* sums) noexcept {
    run_wide<exp_below_kernel<Real>>(values, rows * columns);
    for (std::size_t i = 0; i < rows; ++i) {
        Real sum = 0;
        for (std::size_t j = 0; j < columns; ++j) {
            sum += values[i * columns + j];
        }
        sums[i] = sum;
    }
    run_wide<divide_rows_kernel<Real>>(values, rows, columns, static_cast<const Real*>(sums));
}

/// -ln of the softmax at `label`, for each row: ln(sum) - (z - largest), which loses nothing where the probability is near 0 or 1.
/// Turns the values z into softmax.
/// @param label  `label(i)` of row i, below `columns`.
/// @param losses Room for `rows` numbers.
template <std::floating_point Real, class Label>
void cross_entropy(Real* values, std::size_t rows, std::size_t columns, const Label& label, Real* sums, double* losses) {
    subtract_largest(values, rows, columns);
    for (std::size_t i = 0; i < rows; ++i) {
        losses[i] = static_cast<double>(values[i * columns + label(i)]);
    }
    softmax_shifted(values, rows, columns, sums);
    for (std::size_t i = 0; i < rows; ++i) {
        losses[i] = log_above(static_cast<double>(sums[i])) - losses[i];
    }
}

/// Half the squared distance of each row from its target, in double.
/// @param target  `target(i, j)`.
template <std::floating_point Real, class Target>
void half_squared_distance(const Real* values, std::size_t rows, std::size_t columns, const Target& target, double* losses) {
    for (std::size_t i = 0; i < rows; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < columns; ++j) {
            const double distance = static_cast<double>(values[i * columns + j]) - static_cast<double>(target(i, j));
            sum = std::fma(distance, distance, sum);
        }
        losses[i] = sum * 0.5;
    }
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_NETWORK_LOSSES_HPP
