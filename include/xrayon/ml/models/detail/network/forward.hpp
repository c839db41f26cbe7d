// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_NETWORK_FORWARD_HPP
#define XRAYON_ML_MODELS_DETAIL_NETWORK_FORWARD_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/packed_matrix.hpp>
#include <xrayon/ml/models/detail/network/activations.hpp>
#include <xrayon/ml/models/detail/network/dense_layers.hpp>
#include <xrayon/core/wide_kernel.hpp>
#include <xrayon/ml/models/detail/network/workspace.hpp>
#include <xrayon/ml/models/multilayer_perceptron_options.hpp>
#include <xrayon/random/bernoulli.hpp>
#include <xrayon/random/stream.hpp>

// Rows on their way up. A tile of 64 rows goes through all layers before the next one begins, so what lies between two layers stays in
// the caches. Nothing a row meets depends on its tile: packed_gemm sees to that in products, and the rest is done number by number.

namespace xrayon::ml::detail {

/// A network as its passes see it.
template <std::floating_point Real>
struct network {
    multilayer_perceptron_options options;
    dense_layers<Real> layers;

    explicit network(multilayer_perceptron_options what)
        : options(std::move(what)), layers(options.layers, options.activation, options.seed) {}

    [[nodiscard]] bool is_hidden(std::size_t layer) const noexcept { return layer + 1 < layers.count(); }
    /// Whether dropout does something to what this layer gives.
    [[nodiscard]] bool drops(std::size_t layer) const noexcept { return is_hidden(layer) && options.dropout[layer] > 0; }
    /// What the units that dropout keeps are multiplied by: sums of the layer above then keep their mean.
    [[nodiscard]] Real kept_scale(std::size_t layer) const noexcept { return static_cast<Real>(1 / (1 - options.dropout[layer])); }
};

inline constexpr std::size_t network_tile = 64;

/// What a layer makes of rows: activation(in W + b), without gaps, to `to`. The last layer has no activation.
template <std::floating_point Real>
void apply_layer(const network<Real>& net, std::size_t layer, const array_view<const Real, 2>& in, Real* to) {
    const array_view<Real, 2> out(to, {in.shape(0), net.layers.width(layer + 1)});
    const bool relu = net.is_hidden(layer) && net.options.activation == activation_function::relu;
    packed_gemm(in, net.layers.weights(layer), out, {.bias = net.layers.bias(layer), .relu = relu});
    if (net.is_hidden(layer) && !relu) {
        run_wide<tanh_kernel<Real>>(to, out.size());
    }
}

/// Dropout of what a hidden layer gave for rows `first_row ...`. Unit u of row r is kept where number r * width + u of the stream
/// (source / layer) is a hit of probability 1 - p.
/// @param keep  Room for a byte per number; afterwards 1 where it was kept, else 0.
/// @param out   May be `in`.
template <std::floating_point Real>
void drop_units(const network<Real>& net, std::size_t layer, const stream& source, std::size_t first_row, std::size_t rows, const Real* in,
                std::uint8_t* keep, Real* out) {
    const std::size_t width = net.layers.width(layer + 1);
    fill_bernoulli_at(source / layer, first_row * width, std::span<std::uint8_t>(keep, rows * width), 1 - net.options.dropout[layer]);
    run_wide<dropout_kernel<Real>>(in, static_cast<const std::uint8_t*>(keep), net.kept_scale(layer), out, rows * width);
}

/// What the last layer gives for a tile of rows, before softmax: rows x outputs numbers without gaps, in `work`.
///
/// @param first_layer  Where to begin. 0: `in` is rows of X. Else `in` is what the layer below gave, without gaps and before dropout.
/// @param source       Dropout's numbers, or none: then nothing is dropped.
/// @param first_row    Which row of the batch the first one is: its number for dropout.
template <std::floating_point Real>
[[nodiscard]] Real* forward_tile(const network<Real>& net, std::size_t first_layer, const array_view<const Real, 2>& in,
                                 const stream* source, std::size_t first_row, forward_workspace<Real>& work) {
    const std::size_t rows = in.shape(0);
    const std::size_t room = network_tile * net.layers.widest_output();
    const auto drops = [&](std::size_t layer) { return source != nullptr && net.drops(layer); };
    std::size_t turn = 0;
    array_view<const Real, 2> from = in;
    Real* to = nullptr;
    const auto drop = [&](std::size_t layer, const Real* given) {
        drop_units(net, layer, *source, first_row, rows, given, work.keep.room_for(room), to);
    };
    if (first_layer > 0 && (drops(first_layer - 1) || first_layer == net.layers.count())) {
        to = work.layers[turn].room_for(room);
        if (drops(first_layer - 1)) {
            drop(first_layer - 1, in.data());
        } else {
            std::copy_n(in.data(), in.size(), to);
        }
        from = array_view<const Real, 2>(to, in.shape());
        turn = 1;
    }
    for (std::size_t layer = first_layer; layer < net.layers.count(); ++layer) {
        to = work.layers[turn].room_for(room);
        apply_layer(net, layer, from, to);
        if (drops(layer)) {
            drop(layer, to);
        }
        from = array_view<const Real, 2>(to, {rows, net.layers.width(layer + 1)});
        turn = 1 - turn;
    }
    return to;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_NETWORK_FORWARD_HPP
