// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_DETAIL_MOMENT_KERNELS_HPP
#define XRAYON_ML_PREPROCESS_DETAIL_MOMENT_KERNELS_HPP

#include <cstddef>

#include <xrayon/ml/preprocess/detail/wide_kernel.hpp>

// Means and sums of squared deviations (m2) of many columns, reading memory once. A block of rows is brought into the first-level cache and
// read twice there: first for its mean, then for the deviations from that, with the correction of Chan, Golub and LeVeque ("Algorithms
// for computing the sample variance", 1983): what the deviations sum up to says how far the mean was off. Blocks are joined by Chan's
// formula, left to right within a leaf and along the canonical tree over leaves. A mean is kept as a sum of two doubles, `mean + low`, so that
// the distance of two means is known to more digits than the means have: where deviations are a millionth of the mean, it counts.

namespace xrayon::ml::detail {

inline constexpr std::size_t moment_block = 32;    ///< Rows of a block: enters the bits.
inline constexpr std::size_t moment_leaf = 1024;   ///< Rows of a leaf: likewise.
inline constexpr std::size_t moment_strip = 64;    ///< Columns at a time: does not.

/// Joins the moments of `rows` further rows to those of `before` rows.
struct merge_moments_kernel {
    XRAYON_PREPROCESS_INLINE static void run(double before, double* XRAYON_PREPROCESS_RESTRICT mean, double* XRAYON_PREPROCESS_RESTRICT low,
                                             double* XRAYON_PREPROCESS_RESTRICT m2, double rows, const double* XRAYON_PREPROCESS_RESTRICT more_mean,
                                             const double* XRAYON_PREPROCESS_RESTRICT more_low, const double* XRAYON_PREPROCESS_RESTRICT more_m2,
                                             std::size_t columns) {
        const double share = rows / (before + rows);
        const double both = before * share;
        for (std::size_t j = 0; j < columns; ++j) {
            const double apart = (more_mean[j] - mean[j]) + (more_low[j] - low[j]);
            // mean + step, and what rounding takes from it (Knuth's two-sum).
            const double step = fused(apart, share, low[j]);
            const double sum = mean[j] + step;
            const double taken = sum - mean[j];
            low[j] = (mean[j] - (sum - taken)) + (step - taken);
            mean[j] = sum;
            m2[j] = fused(apart * apart, both, m2[j] + more_m2[j]);
        }
    }
};

/// Moments of a block of up to moment_block rows and moment_strip columns, joined to those of the `before` rows above it.
template <class T>
struct block_moments_kernel {
    XRAYON_PREPROCESS_INLINE static void run(const T* x, std::ptrdiff_t row_stride, std::size_t rows, std::size_t columns, double before,
                                             double* XRAYON_PREPROCESS_RESTRICT mean, double* XRAYON_PREPROCESS_RESTRICT low,
                                             double* XRAYON_PREPROCESS_RESTRICT m2) {
        double block_mean[moment_strip];
        double off[moment_strip];
        double block_m2[moment_strip];
        const double count = static_cast<double>(rows);
        for (std::size_t j = 0; j < columns; ++j) {
            block_mean[j] = 0;
            off[j] = 0;
            block_m2[j] = 0;
        }
        std::size_t i = 0;
        for (; i + 4 <= rows; i += 4) {
            const T* const a = x + static_cast<std::ptrdiff_t>(i) * row_stride;
            const T* const b = a + row_stride;
            const T* const c = b + row_stride;
            const T* const d = c + row_stride;
            for (std::size_t j = 0; j < columns; ++j) {
                block_mean[j] += (static_cast<double>(a[j]) + static_cast<double>(b[j])) + (static_cast<double>(c[j]) + static_cast<double>(d[j]));
            }
        }
        for (; i < rows; ++i) {
            const T* const a = x + static_cast<std::ptrdiff_t>(i) * row_stride;
            for (std::size_t j = 0; j < columns; ++j) {
                block_mean[j] += static_cast<double>(a[j]);
            }
        }
        for (std::size_t j = 0; j < columns; ++j) {
            block_mean[j] /= count;
        }
        for (i = 0; i + 4 <= rows; i += 4) {
            const T* const a = x + static_cast<std::ptrdiff_t>(i) * row_stride;
            const T* const b = a + row_stride;
            const T* const c = b + row_stride;
            const T* const d = c + row_stride;
            // This pass reads the first-level cache; the memory meanwhile brings the block below.
            for (const T* next : {a, b, c, d}) {
                next += static_cast<std::ptrdiff_t>(rows) * row_stride;
                for (std::size_t j = 0; j < columns; j += 64 / sizeof(T)) {
                    XRAYON_PREPROCESS_PREFETCH(next + j);
                }
            }
            for (std::size_t j = 0; j < columns; ++j) {
                const double p = static_cast<double>(a[j]) - block_mean[j];
                const double q = static_cast<double>(b[j]) - block_mean[j];
                const double r = static_cast<double>(c[j]) - block_mean[j];
                const double s = static_cast<double>(d[j]) - block_mean[j];
                off[j] += (p + q) + (r + s);
                block_m2[j] += fused(p, p, q * q) + fused(r, r, s * s);
            }
        }
        for (; i < rows; ++i) {
            const T* const a = x + static_cast<std::ptrdiff_t>(i) * row_stride;
            for (std::size_t j = 0; j < columns; ++j) {
                const double p = static_cast<double>(a[j]) - block_mean[j];
                off[j] += p;
                block_m2[j] = fused(p, p, block_m2[j]);
            }
        }
        for (std::size_t j = 0; j < columns; ++j) {
            const double shift = off[j] / count;
            const double corrected = fused(-off[j], shift, block_m2[j]);
            off[j] = shift;  // from now on: the low part of the mean
            block_m2[j] = corrected < 0 ? 0 : corrected;  // NaN stays
        }
        if (before == 0) {  // not merged: where squares overflow, 0 of them would be NaN
            for (std::size_t j = 0; j < columns; ++j) {
                mean[j] = block_mean[j];
                low[j] = off[j];
                m2[j] = block_m2[j];
            }
        } else {
            merge_moments_kernel::run(before, mean, low, m2, count, block_mean, off, block_m2, columns);
        }
    }
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_PREPROCESS_DETAIL_MOMENT_KERNELS_HPP
