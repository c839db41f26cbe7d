// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_NETWORK_ACTIVATIONS_HPP
#define XRAYON_ML_MODELS_DETAIL_NETWORK_ACTIVATIONS_HPP

#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include <xrayon/core/wide_kernel.hpp>
#include <xrayon/ml/detail/elementary.hpp>

// What is done to hidden layers, number by number: tanh (ReLU is part of the matrix product), dropout, and both backwards. Kernels of
// wide.hpp over `count` numbers without gaps.

namespace xrayon::ml::detail {

template <std::floating_point Real>
struct tanh_kernel {
    [[gnu::always_inline]] static void run(Real* values, std::size_t count) noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            values[i] = tanh_of(values[i]);
        }
    }
};

/// `value` where `keep` is 1, +0 where it is 0. In integers, which vectors of bytes and of numbers have in common on every processor.
template <std::floating_point Real>
[[gnu::always_inline]] [[nodiscard]] inline Real kept(Real value, std::uint8_t keep) noexcept {
    using word = typename exp_numbers<Real>::word;
    return std::bit_cast<Real>(std::bit_cast<word>(value) & (word{0} - static_cast<word>(keep)));
}

/// out := keep ? scale * in : 0. `out` may be `in`.
template <std::floating_point Real>
struct dropout_kernel {
    [[gnu::always_inline]] static void run(const Real* in, const std::uint8_t* keep, Real scale, Real* out, std::size_t count) noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            out[i] = kept(in[i] * scale, keep[i]);
        }
    }
};

/// The error of a layer behind ReLU and dropout, from that of what they gave: it passes where that is above 0.
template <std::floating_point Real>
struct relu_backward_kernel {
    [[gnu::always_inline]] static void run(const Real* given, Real scale, Real* error, std::size_t count) noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            const Real value = error[i] * scale;
            error[i] = given[i] > 0 ? value : Real{0};
        }
    }
};

/// The same behind tanh: (1 - t^2) of it passes.
template <std::floating_point Real>
struct tanh_backward_kernel {
    [[gnu::always_inline]] static void run(const Real* given, Real* error, std::size_t count) noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            error[i] *= std::fma(-given[i], given[i], Real{1});
        }
    }
};

/// The same behind tanh and dropout; what tanh gave is what is given, over `scale`.
template <std::floating_point Real>
struct tanh_dropout_backward_kernel {
    [[gnu::always_inline]] static void run(const Real* given, const std::uint8_t* keep, Real scale, Real* error,
                                           std::size_t count) noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            const Real t = given[i] / scale;
            error[i] = kept(error[i] * scale * std::fma(-t, t, Real{1}), keep[i]);
        }
    }
};

/// The sums of the columns of a matrix without gaps, row after row, added to `sums`.
template <std::floating_point Real>
struct column_sums_kernel {
    [[gnu::always_inline]] static void run(const Real* values, std::size_t rows, std::size_t columns, Real* sums) noexcept {
        for (std::size_t i = 0; i < rows; ++i) {
            for (std::size_t j = 0; j < columns; ++j) {
                sums[j] += values[i * columns + j];
            }
        }
    }
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_NETWORK_ACTIVATIONS_HPP
