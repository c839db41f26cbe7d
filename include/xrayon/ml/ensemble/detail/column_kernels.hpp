// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_DETAIL_COLUMN_KERNELS_HPP
#define XRAYON_ML_ENSEMBLE_DETAIL_COLUMN_KERNELS_HPP

#include <cmath>
#include <cstddef>

#include <xrayon/ml/ensemble/detail/sorting_network.hpp>
#include <xrayon/core/wide_kernel.hpp>

// The arithmetic of aggregations: x[k][i] is what model k says of element i. Every loop runs over elements inside and models outside, in
// the models' order, so that elements fill vectors and no element's arithmetic depends on its neighbours.

namespace xrayon::ml::detail {

/// Elements that one call of a kernel takes at most: with 8 models they and their sums stay in the first-level cache.
inline constexpr std::size_t strip_elements = 256;
/// Elements that a sorting network takes at a time.
inline constexpr std::size_t sorted_elements = 64;

/// out := (x[0] + x[1] + ...) / models
struct mean_kernel {
    [[gnu::always_inline]] static void run(const double* const* x, std::size_t models, std::size_t count, double* out) noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            out[i] = x[0][i];
        }
        for (std::size_t k = 1; k < models; ++k) {
            const double* const from = x[k];
            for (std::size_t i = 0; i < count; ++i) {
                out[i] += from[i];
            }
        }
        const auto divisor = static_cast<double>(models);
        for (std::size_t i = 0; i < count; ++i) {
            out[i] /= divisor;
        }
    }
};

/// out := (w[0] x[0] + w[1] x[1] + ...) / sum
struct weighted_mean_kernel {
    [[gnu::always_inline]] static void run(const double* const* x, const double* w, double sum, std::size_t models, std::size_t count,
                                           double* out) noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            out[i] = w[0] * x[0][i];
        }
        for (std::size_t k = 1; k < models; ++k) {
            const double* const from = x[k];
            const double weight = w[k];
            for (std::size_t i = 0; i < count; ++i) {
                out[i] = std::fma(weight, from[i], out[i]);
            }
        }
        for (std::size_t i = 0; i < count; ++i) {
            out[i] /= sum;
        }
    }
};

/// Sorts each element's values: afterwards work[sorted_elements * r + i] has rank r, as far as the network goes. count <= sorted_elements.
struct sort_kernel {
    [[gnu::always_inline]] static void run(const double* const* x, std::size_t models, std::size_t count, const exchange* network,
                                           std::size_t exchanges, double* work) noexcept {
        for (std::size_t k = 0; k < models; ++k) {
            const double* const from = x[k];
            double* const to = work + k * sorted_elements;
            for (std::size_t i = 0; i < count; ++i) {
                to[i] = from[i];
            }
            for (std::size_t i = count; i < sorted_elements; ++i) {
                to[i] = 0;
            }
        }
        for (std::size_t e = 0; e < exchanges; ++e) {
            double* const low = work + network[e].low * sorted_elements;
            double* const high = work + network[e].high * sorted_elements;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC ivdep
#endif
            for (std::size_t i = 0; i < sorted_elements; ++i) {
                const double a = low[i];
                const double b = high[i];
                low[i] = b < a ? b : a;
                high[i] = b < a ? a : b;
            }
        }
    }
};

/// out := (a + b) / 2, a zero as +0
struct midpoint_kernel {
    [[gnu::always_inline]] static void run(const double* a, const double* b, std::size_t count, double* out) noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            const double middle = (a[i] + b[i]) * 0.5;
            out[i] = middle == 0 ? 0.0 : middle;
        }
    }
};

/// out := the least (Greatest: the greatest) of x[0], x[1], ...; of equal ones the first
template <class T, bool Greatest>
struct extreme_kernel {
    [[gnu::always_inline]] static void run(const T* const* x, std::size_t models, std::size_t count, T* out) noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            out[i] = x[0][i];
        }
        for (std::size_t k = 1; k < models; ++k) {
            const T* const from = x[k];
            for (std::size_t i = 0; i < count; ++i) {
                if constexpr (Greatest) {
                    out[i] = from[i] > out[i] ? from[i] : out[i];
                } else {
                    out[i] = from[i] < out[i] ? from[i] : out[i];
                }
            }
        }
    }
};

/// *any := whether there is a NaN
template <class T>
struct find_nan_kernel {
    [[gnu::always_inline]] static void run(const T* const* x, std::size_t models, std::size_t count, bool* any) noexcept {
        unsigned found = 0;
        for (std::size_t k = 0; k < models; ++k) {
            const T* const from = x[k];
            for (std::size_t i = 0; i < count; ++i) {
                found |= static_cast<unsigned>(from[i] != from[i]);
            }
        }
        *any = found != 0;
    }
};

/// *all := whether every value is finite
struct finite_values_kernel {
    [[gnu::always_inline]] static void run(const double* x, std::size_t count, bool* all) noexcept {
        unsigned other = 0;
        for (std::size_t i = 0; i < count; ++i) {
            other |= static_cast<unsigned>(x[i] - x[i] != 0);
        }
        *all = other == 0;
    }
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_ENSEMBLE_DETAIL_COLUMN_KERNELS_HPP
