// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_SQUARED_NORMS_HPP
#define XRAYON_ML_MODELS_DETAIL_SQUARED_NORMS_HPP

#include <cmath>
#include <cstddef>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/core/wide_kernel.hpp>

namespace xrayon::ml::detail {

/// The sum of x[j] * x[j] for each row, as the chain of fused multiply-adds that packed_gemm makes of a row times itself: |x|^2 - 2 x.x + |x|^2
/// is exactly 0.
template <class Real>
struct squared_norms_kernel {
    [[gnu::always_inline]] static void run(const Real* x, std::ptrdiff_t down, std::ptrdiff_t across, std::size_t rows, std::size_t columns,
                                           Real* out) {
        constexpr std::size_t lanes = 8;  // chains side by side: one alone waits for each of its sums
        std::size_t i = 0;
        for (; i + lanes <= rows; i += lanes) {
            Real sums[lanes] = {};
            const Real* const first = x + static_cast<std::ptrdiff_t>(i) * down;
            for (std::size_t j = 0; j < columns; ++j) {
                for (std::size_t lane = 0; lane < lanes; ++lane) {
                    const Real value = first[static_cast<std::ptrdiff_t>(lane) * down + static_cast<std::ptrdiff_t>(j) * across];
                    sums[lane] = std::fma(value, value, sums[lane]);
                }
            }
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                out[i + lane] = sums[lane];
            }
        }
        for (; i < rows; ++i) {
            Real sum = 0;
            for (std::size_t j = 0; j < columns; ++j) {
                const Real value = x[static_cast<std::ptrdiff_t>(i) * down + static_cast<std::ptrdiff_t>(j) * across];
                sum = std::fma(value, value, sum);
            }
            out[i] = sum;
        }
    }
};

template <class Real>
[[nodiscard]] std::vector<Real> squared_norms(const array_view<const Real, 2>& rows) {
    std::vector<Real> norms(rows.shape(0));
    run_wide<squared_norms_kernel<Real>>(rows.data(), rows.stride(0), rows.stride(1), rows.shape(0), rows.shape(1), norms.data());
    return norms;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_SQUARED_NORMS_HPP
