// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_BENCHES_ML_NETWORK_BLAS_NETWORK_HPP
#define XRAYON_BENCHES_ML_NETWORK_BLAS_NETWORK_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <xrayon/array/blas.hpp>
#include <xrayon/ml/models/multilayer_perceptron.hpp>
#include <xrayon/random/philox.hpp>
#include <xrayon/random/stream.hpp>

#include "rivals/perceptron.hpp"

// The rivals' network, 128-256-64-10: each batch by cblas_dgemm as one piece, as one writes it by hand. Dropout draws our numbers, so that
// answers can be compared, by Random123's Philox in a plain loop.

namespace xrayon::bench {

inline constexpr std::size_t batch_rows = 256;
inline constexpr double drop_share = 0.1;
inline constexpr std::size_t parameter_count = 128 * 256 + 256 + 256 * 64 + 64 + 64 * 10 + 10;

/// Ours, with the weights of theirs.
[[nodiscard]] inline ml::multilayer_perceptron<double> same_network(const perceptron& theirs) {
    ml::multilayer_perceptron<double> ours({.layers = {layer_sizes.begin(), layer_sizes.end()}, .dropout = {drop_share}});
    auto parameters = ours.parameters();
    for (std::size_t l = 0; l < theirs.layers.size(); ++l) {
        std::copy(theirs.layers[l].weights.begin(), theirs.layers[l].weights.end(), parameters[2 * l].begin());
        for (std::size_t j = 0; j < theirs.layers[l].bias.size(); ++j) {  // some bias, or nobody would notice one that is lost
            parameters[2 * l + 1](0, j) = theirs.layers[l].bias[j];
        }
    }
    ours.set_parameters(parameters);
    return ours;
}

class blas_network {
public:
    explicit blas_network(const perceptron& net) : net_(net) {}

    /// One sample of dropout for a batch.
    void sample(const double* x, std::size_t rows, const stream& source, double* out) const {
        scratch& of = mine(rows);
        affine(x, rows, 0, of.hidden[0].data());
        relu(of.hidden[0], rows * layer_sizes[1]);
        drop(of.hidden[0].data(), rows * layer_sizes[1], source / 0);
        affine(of.hidden[0].data(), rows, 1, of.hidden[1].data());
        relu(of.hidden[1], rows * layer_sizes[2]);
        drop(of.hidden[1].data(), rows * layer_sizes[2], source / 1);
        affine(of.hidden[1].data(), rows, 2, out);
        softmax(out, rows);
    }

    /// Adds a batch's gradient, mean over its rows, to `sum` (weights and bias of each layer one after the other).
    void add_gradient(const double* x, const std::size_t* labels, std::size_t rows, double* sum) const {
        scratch& of = mine(rows);
        affine(x, rows, 0, of.hidden[0].data());
        relu(of.hidden[0], rows * layer_sizes[1]);
        affine(of.hidden[0].data(), rows, 1, of.hidden[1].data());
        relu(of.hidden[1], rows * layer_sizes[2]);
        double* const out = of.error[2].data();
        affine(of.hidden[1].data(), rows, 2, out);
        softmax(out, rows);
        for (std::size_t i = 0; i < rows; ++i) {
            out[i * classes + labels[i]] -= 1;
            for (std::size_t j = 0; j < classes; ++j) {
                out[i * classes + j] /= static_cast<double>(rows);
            }
        }
        std::array<double*, 3> to{};
        double* next = sum;
        for (std::size_t l = 0; l < 3; ++l) {
            to[l] = next;
            next += layer_sizes[l] * layer_sizes[l + 1] + layer_sizes[l + 1];
        }
        for (std::size_t l = 3; l-- > 0;) {
            const std::size_t from = layer_sizes[l];
            const std::size_t width = layer_sizes[l + 1];
            const double* const in = l == 0 ? x : of.hidden[l - 1].data();
            const double* const error = of.error[l].data();
            product(CblasTrans, CblasNoTrans, from, width, rows, in, from, error, width, 1, to[l]);
            double* const bias = to[l] + from * width;
            for (std::size_t i = 0; i < rows; ++i) {
                for (std::size_t j = 0; j < width; ++j) {
                    bias[j] += error[i * width + j];
                }
            }
            if (l > 0) {
                double* const below = of.error[l - 1].data();
                product(CblasNoTrans, CblasTrans, rows, from, width, error, width, net_.layers[l].weights.data(), width, 0, below);
                for (std::size_t i = 0; i < rows * from; ++i) {
                    below[i] = in[i] > 0 ? below[i] : 0;
                }
            }
        }
    }

private:
    struct scratch {
        std::array<std::vector<double>, 2> hidden;
        std::array<std::vector<double>, 3> error;
    };
    static scratch& mine(std::size_t rows) {
        thread_local scratch of;
        for (std::size_t l = 0; l < 3; ++l) {
            of.error[l].resize(rows * layer_sizes[l + 1]);
            if (l < 2) {
                of.hidden[l].resize(rows * layer_sizes[l + 1]);
            }
        }
        return of;
    }

    static void product(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, std::size_t m, std::size_t n, std::size_t k, const double* a,
                        std::size_t lda, const double* b, std::size_t ldb, double beta, double* c) {
        cblas_dgemm(CblasRowMajor, ta, tb, static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), 1, a, static_cast<int>(lda), b,
                    static_cast<int>(ldb), beta, c, static_cast<int>(n));
    }
    void affine(const double* in, std::size_t rows, std::size_t l, double* to) const {
        const std::size_t width = layer_sizes[l + 1];
        for (std::size_t i = 0; i < rows; ++i) {
            std::copy(net_.layers[l].bias.begin(), net_.layers[l].bias.end(), to + i * width);
        }
        product(CblasNoTrans, CblasNoTrans, rows, width, layer_sizes[l], in, layer_sizes[l], net_.layers[l].weights.data(), width, 1, to);
    }
    static void relu(std::vector<double>& values, std::size_t count) {
        std::transform(values.data(), values.data() + count, values.data(), [](double v) { return v > 0 ? v : 0.0; });
    }
    static void softmax(double* out, std::size_t rows) {
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
    static void drop(double* values, std::size_t count, const stream& source) {
        const stream_address address = source.address();
        const auto cut = static_cast<std::uint32_t>((1 - drop_share) * 0x1p32);
        const double kept = 1 / (1 - drop_share);
        for (std::size_t e = 0; e < count; e += 4) {
            const std::uint64_t block = e / 4;
            const philox_counter four =
                philox_4x32_10({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                                static_cast<std::uint32_t>(address.nonce), static_cast<std::uint32_t>(address.nonce >> 32)},
                               {static_cast<std::uint32_t>(address.key), static_cast<std::uint32_t>(address.key >> 32)});
            for (std::size_t j = 0; j < 4; ++j) {
                values[e + j] *= four[j] < cut ? kept : 0.0;
            }
        }
    }

    const perceptron& net_;
};

} // namespace xrayon::bench

#endif // XRAYON_BENCHES_ML_NETWORK_BLAS_NETWORK_HPP
