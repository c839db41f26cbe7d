// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_MULTILAYER_PERCEPTRON_OPTIONS_HPP
#define XRAYON_ML_MODELS_MULTILAYER_PERCEPTRON_OPTIONS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <xrayon/core/check.hpp>

namespace xrayon::ml {

/// What hidden layers make of a sum.
enum class activation_function {
    relu,  ///< The sum where it is above 0, else 0. NaN stays NaN.
    tanh,
};

/// What a network gives and how wrong that is. The loss of a batch is the mean over its rows.
enum class loss_function {
    softmax_cross_entropy,  ///< Probabilities of the classes; -ln of that of the row's label.
    squared,                ///< Values; half the squared distance from the row's targets.
};

/// What a multilayer_perceptron is.
struct multilayer_perceptron_options {
    std::vector<std::size_t> layers = {};  ///< Columns of X, widths of the hidden layers, outputs: two numbers or more, each >= 1.
    activation_function activation = activation_function::relu;
    /// The share of a hidden layer's units that dropout switches off, in [0, 1): none given, no dropout; one, the same for each hidden
    /// layer; else one per hidden layer. Of no effect but where a stream is handed in.
    std::vector<double> dropout = {};
    loss_function loss = loss_function::softmax_cross_entropy;
    std::uint64_t seed = 0;  ///< Of the initial weights.
};

namespace detail {

/// The options, checked, with one dropout per hidden layer.
[[nodiscard]] inline multilayer_perceptron_options checked_network_options(multilayer_perceptron_options options) {
    check(options.layers.size() >= 2, "multilayer_perceptron: options.layers must name inputs and outputs at least", options.layers.size());
    for (std::size_t l = 0; l < options.layers.size(); ++l) {
        if (options.layers[l] < 1) {
            check(false, "multilayer_perceptron: options.layers must be >= 1; layer " + to_text(l), options.layers[l]);
        }
    }
    for (std::size_t l = 1; l < options.layers.size(); ++l) {
        // As doubles, and with room for a tile of rows beside them.
        if (options.layers[l] > std::numeric_limits<std::size_t>::max() / 16 / std::max<std::size_t>(options.layers[l - 1], 256)) {
            check(false, "multilayer_perceptron: options.layers must make no more weights than memory can hold; layer " + to_text(l),
                  options.layers[l]);
        }
    }
    const std::size_t hidden = options.layers.size() - 2;
    for (std::size_t l = 0; l < options.dropout.size(); ++l) {
        if (!(options.dropout[l] >= 0 && options.dropout[l] < 1)) {
            check(false, "multilayer_perceptron: options.dropout must be in [0, 1); hidden layer " + to_text(l), options.dropout[l]);
        }
    }
    if (options.dropout.size() <= 1) {
        const double all = options.dropout.empty() ? 0 : options.dropout.front();
        options.dropout.assign(hidden, all);
    }
    check(options.dropout.size() == hidden,
          "multilayer_perceptron: options.dropout must have no, one or " + to_text(hidden) + " numbers (one per hidden layer)",
          options.dropout.size());
    return options;
}

} // namespace detail

} // namespace xrayon::ml

#endif // XRAYON_ML_MODELS_MULTILAYER_PERCEPTRON_OPTIONS_HPP
