// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_NETWORK_DENSE_LAYERS_HPP
#define XRAYON_ML_MODELS_DETAIL_NETWORK_DENSE_LAYERS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/array/packed_matrix.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/models/multilayer_perceptron_options.hpp>
#include <xrayon/random/normal.hpp>
#include <xrayon/random/stream.hpp>
#include <xrayon/random/uniform.hpp>

namespace xrayon::ml::detail {

/// The parameters of dense layers: weights (inputs x outputs) and bias (1 x outputs) of each; and the weights once more, packed for both
/// directions. Layer l is what stands between widths[l] and widths[l + 1].
template <std::floating_point Real>
class dense_layers {
public:
    using matrix = xt::xtensor<Real, 2, xt::layout_type::row_major>;
    using parameters_type = std::vector<matrix>;

    /// Random weights, biases 0. Layer l's weights are numbers of the stream (seed / l): for ReLU normal with variance 2 / inputs (He et al.,
    /// "Delving deep into rectifiers", 2015), for tanh uniform with variance 2 / (inputs + outputs) (Glorot and Bengio, "Understanding
    /// the difficulty of training deep feedforward neural networks", 2010).
    dense_layers(std::vector<std::size_t> widths, activation_function activation, std::uint64_t seed) : widths_(std::move(widths)) {
        const stream root(seed);
        for (std::size_t l = 0; l + 1 < widths_.size(); ++l) {
            matrix weights = matrix::from_shape({widths_[l], widths_[l + 1]});
            const std::span<Real> all(weights.data(), weights.size());
            const auto inputs = static_cast<double>(widths_[l]);
            if (activation == activation_function::relu) {
                fill_normal(root / l, all, 0, std::sqrt(2 / inputs));
            } else {
                const auto bound = static_cast<Real>(std::sqrt(6 / (inputs + static_cast<double>(widths_[l + 1]))));
                fill_uniform(root / l, all, -bound, bound);
            }
            parameters_.push_back(std::move(weights));
            parameters_.push_back(matrix(std::array{std::size_t{1}, widths_[l + 1]}, Real{0}));
        }
        packed_.resize(count());
        pack();
    }

    [[nodiscard]] std::size_t count() const noexcept { return widths_.size() - 1; }
    [[nodiscard]] std::size_t width(std::size_t layer) const noexcept { return widths_[layer]; }
    [[nodiscard]] std::size_t widest_output() const noexcept { return *std::max_element(widths_.begin() + 1, widths_.end()); }
    [[nodiscard]] std::size_t inputs() const noexcept { return widths_.front(); }
    [[nodiscard]] std::size_t outputs() const noexcept { return widths_.back(); }

    [[nodiscard]] const packed_matrix<Real>& weights(std::size_t layer) const noexcept { return packed_[layer].weights; }
    /// Only of layers above the first: there is nothing below that one to be told of an error.
    [[nodiscard]] const packed_matrix<Real>& transposed(std::size_t layer) const noexcept { return packed_[layer].transposed; }
    [[nodiscard]] const Real* bias(std::size_t layer) const noexcept { return parameters_[2 * layer + 1].data(); }

    [[nodiscard]] const parameters_type& parameters() const noexcept { return parameters_; }

    /// @throws argument_error, shape_error  unless there are as many matrices as parameters, of their shapes
    void check_shapes_of(std::string_view op, const parameters_type& values) const {
        if (values.size() != parameters_.size()) [[unlikely]] {
            check(false, std::string(op) + ": there must be " + to_text(parameters_.size()) + " parameters", values.size());
        }
        for (std::size_t i = 0; i < parameters_.size(); ++i) {
            if (values[i].shape() != parameters_[i].shape()) [[unlikely]] {
                check_shapes(false, op, "parameter " + to_text(i), values[i].shape(), "the network's", parameters_[i].shape());
            }
        }
    }

    /// Other values for all parameters, of the same shapes. If it throws, nothing has changed.
    void assign(const parameters_type& values) {
        check_shapes_of("multilayer_perceptron.set_parameters", values);
        for (std::size_t i = 0; i < parameters_.size(); ++i) {
            std::copy(values[i].begin(), values[i].end(), parameters_[i].begin());
        }
        pack();
    }

private:
    struct packed_layer {
        packed_matrix<Real> weights;
        packed_matrix<Real> transposed;
    };

    /// Memory is used again: after the first time nothing is allocated, and nothing throws.
    void pack() {
        for (std::size_t l = 0; l < count(); ++l) {
            const matrix& values = parameters_[2 * l];
            const array_view<const Real, 2> weights = view_of(values);
            packed_[l].weights.assign(weights);
            if (l > 0) {
                packed_[l].transposed.assign(weights.transposed());
            }
        }
    }

    std::vector<std::size_t> widths_;
    parameters_type parameters_;
    std::vector<packed_layer> packed_;
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_NETWORK_DENSE_LAYERS_HPP
