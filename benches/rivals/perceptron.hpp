// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_RIVALS_PERCEPTRON_HPP
#define XRAYON_BENCHES_RIVALS_PERCEPTRON_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

#include <xrayon/array/blas.hpp>
#include <xrayon/array/xtensor.hpp>

#include "venue.hpp"

// The model of W2 and W11: a perceptron 128-256-64-10 with ReLU and softmax, by cblas_dgemm; the same code for every rival, so that
// what differs is who calls it from where.

namespace xrayon::bench {

using matrix = xt::xtensor<double, 2>;

/// Element i of a fixed stream of normal numbers: Box and Muller, "A note on the generation of random normal deviates", 1958.
[[nodiscard]] inline double normal(std::uint64_t i) {
    const double u = uniform(2 * i);
    const double v = uniform(2 * i + 1);
    return std::sqrt(-2 * std::log1p(-u)) * std::cos(2 * std::numbers::pi * v);
}

inline constexpr std::array<std::size_t, 4> layer_sizes{128, 256, 64, 10};
inline constexpr std::size_t inputs = layer_sizes.front();
inline constexpr std::size_t classes = layer_sizes.back();

/// Rows of normal numbers.
[[nodiscard]] inline matrix normal_rows(std::size_t rows) {
    matrix x = matrix::from_shape({rows, inputs});
    for (std::size_t i = 0; i < x.size(); ++i) {
        x.data()[i] = normal(i);
    }
    return x;
}

/// What there is to learn about a row: which of its first ten numbers is the largest.
[[nodiscard]] inline std::vector<std::size_t> largest_of_ten(const matrix& x) {
    std::vector<std::size_t> labels(x.shape(0));
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const double* const row = x.data() + i * inputs;
        labels[i] = static_cast<std::size_t>(std::max_element(row, row + classes) - row);
    }
    return labels;
}

class perceptron {
public:
    /// Weights after He et al., "Delving deep into rectifiers", 2015; biases 0.
    perceptron() {
        std::uint64_t next = std::uint64_t{1} << 40;  // far from the data
        for (std::size_t l = 0; l < layers.size(); ++l) {
            layers[l].weights.resize(layer_sizes[l] * layer_sizes[l + 1]);
            for (double& w : layers[l].weights) {
                w = normal(next++) * std::sqrt(2.0 / static_cast<double>(layer_sizes[l]));
            }
            layers[l].bias.resize(layer_sizes[l + 1]);
        }
    }

    /// The probabilities of the classes, rows x 10.
    [[nodiscard]] matrix predict(const double* x, std::size_t rows) const {
        matrix out = matrix::from_shape({rows, classes});
        forward(x, rows, scratch(rows), out.data());
        return out;
    }

    /// One step down the gradient of the mean cross-entropy over all rows.
    void step(const double* x, std::span<const std::size_t> labels, double rate) {
        const std::size_t rows = labels.size();
        buffers& of = scratch(rows);
        double* const out = of.error[2].data();
        forward(x, rows, of, out);
        for (std::size_t i = 0; i < rows; ++i) {
            out[i * classes + labels[i]] -= 1;
        }
        const double scale = -rate / static_cast<double>(rows);
        for (std::size_t l = layers.size(); l-- > 0;) {
            const double* const in = l == 0 ? x : of.hidden[l - 1].data();
            const std::size_t from = layer_sizes[l];
            const std::size_t to = layer_sizes[l + 1];
            const double* const error = of.error[l].data();
            if (l > 0) {  // before the weights change
                double* const below = of.error[l - 1].data();
                product(CblasNoTrans, CblasTrans, rows, from, to, 1, error, to, layers[l].weights.data(), to, 0, below);
                for (std::size_t i = 0; i < rows * from; ++i) {
                    below[i] = in[i] > 0 ? below[i] : 0;
                }
            }
            product(CblasTrans, CblasNoTrans, from, to, rows, scale, in, from, error, to, 1, layers[l].weights.data());
            for (std::size_t i = 0; i < rows; ++i) {
                for (std::size_t j = 0; j < to; ++j) {
                    layers[l].bias[j] += scale * error[i * to + j];
                }
            }
        }
    }

    struct layer {
        std::vector<double> weights;  // inputs x outputs, row-major
        std::vector<double> bias;
    };
    std::array<layer, 3> layers;

private:
    /// What a thread needs on the way; kept from call to call.
    struct buffers {
        std::array<std::vector<double>, 2> hidden;
        std::array<std::vector<double>, 3> error;
    };
    static buffers& scratch(std::size_t rows) {
        thread_local buffers mine;
        if (mine.error[2].size() < rows * classes) {
            for (std::size_t l = 0; l < 3; ++l) {
                mine.error[l].resize(rows * layer_sizes[l + 1]);
                if (l < 2) {
                    mine.hidden[l].resize(rows * layer_sizes[l + 1]);
                }
            }
        }
        return mine;
    }

    /// c (m x n, dense) := alpha op(a) op(b) + beta c
    static void product(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, std::size_t m, std::size_t n, std::size_t k, double alpha, const double* a,
                        std::size_t lda, const double* b, std::size_t ldb, double beta, double* c) {
        cblas_dgemm(CblasRowMajor, ta, tb, static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), alpha, a, static_cast<int>(lda),
                    b, static_cast<int>(ldb), beta, c, static_cast<int>(n));
    }

    void forward(const double* x, std::size_t rows, buffers& of, double* out) const {
        for (std::size_t l = 0; l < layers.size(); ++l) {
            const double* const in = l == 0 ? x : of.hidden[l - 1].data();
            double* const to = l == 2 ? out : of.hidden[l].data();
            const std::size_t width = layer_sizes[l + 1];
            for (std::size_t i = 0; i < rows; ++i) {
                std::copy(layers[l].bias.begin(), layers[l].bias.end(), to + i * width);
            }
            product(CblasNoTrans, CblasNoTrans, rows, width, layer_sizes[l], 1, in, layer_sizes[l], layers[l].weights.data(), width, 1, to);
            if (l < 2) {
                std::transform(to, to + rows * width, to, [](double v) { return v > 0 ? v : 0.0; });
            }
        }
        for (std::size_t i = 0; i < rows; ++i) {
            double* const row = out + i * classes;
            const double largest = *std::max_element(row, row + classes);
            double sum = 0;
            for (std::size_t j = 0; j < classes; ++j) {
                row[j] = std::exp(row[j] - largest);
                sum += row[j];
            }
            for (std::size_t j = 0; j < classes; ++j) {
                row[j] /= sum;
            }
        }
    }
};

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_RIVALS_PERCEPTRON_HPP
