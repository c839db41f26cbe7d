// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_NETWORK_BACKWARD_HPP
#define XRAYON_ML_MODELS_DETAIL_NETWORK_BACKWARD_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/packed_matrix.hpp>
#include <xrayon/ml/models/detail/network/activations.hpp>
#include <xrayon/ml/models/detail/network/dense_layers.hpp>
#include <xrayon/ml/models/detail/network/forward.hpp>
#include <xrayon/core/wide_kernel.hpp>
#include <xrayon/ml/models/detail/network/workspace.hpp>
#include <xrayon/random/stream.hpp>

// Rows up and errors down: Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature 323 (1986). A
// block of 128 rows at a time: what their layers give stays in the caches, and the gradient, which is read and written once per block, costs
// little beside. Sums over rows go on from block to block where they stopped, so the bits are those of one block.

namespace xrayon::ml::detail {

inline constexpr std::size_t gradient_block = 128;

/// Room for a gradient: as many matrices as the network has parameters, of their shapes. Allocates where it has others.
template <std::floating_point Real>
void shape_gradient(const network<Real>& net, typename dense_layers<Real>::parameters_type& gradient) {
    const auto& parameters = net.layers.parameters();
    gradient.resize(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        if (gradient[i].shape() != parameters[i].shape()) {
            gradient[i].resize(parameters[i].shape());
        }
    }
}

/// Turns the error of what a hidden layer gave, after dropout, into that of the sums that its activation took.
template <std::floating_point Real>
void activation_backward(const network<Real>& net, std::size_t layer, const Real* given, const std::uint8_t* keep, Real* error,
                         std::size_t count) {
    const Real scale = keep != nullptr ? net.kept_scale(layer) : Real{1};
    if (net.options.activation == activation_function::relu) {
        run_wide<relu_backward_kernel<Real>>(given, scale, error, count);
    } else if (keep != nullptr) {
        run_wide<tanh_dropout_backward_kernel<Real>>(given, keep, scale, error, count);
    } else {
        run_wide<tanh_backward_kernel<Real>>(given, error, count);
    }
}

/// What up to 128 rows contribute to the gradient: added to it, or (`add` false) in place of what it holds.
///
/// @param output_error  `output_error(values, work)` turns what the last layer gave for these rows, without gaps, into its error.
template <std::floating_point Real, class OutputError>
void add_block_gradient(const network<Real>& net, const array_view<const Real, 2>& x, const stream* source, std::size_t first_row,
                        const OutputError& output_error, typename dense_layers<Real>::parameters_type& gradient, bool add,
                        gradient_workspace<Real>& work) {
    const std::size_t rows = x.shape(0);
    const std::size_t layers = net.layers.count();
    work.given.resize(std::max(work.given.size(), layers));
    work.keep.resize(std::max(work.keep.size(), layers));
    const auto drops = [&](std::size_t layer) { return source != nullptr && net.drops(layer); };
    const auto size_of = [&](std::size_t layer) { return gradient_block * net.layers.width(layer + 1); };
    const auto given = [&](std::size_t layer) { return work.given[layer].room_for(size_of(layer)); };
    const auto input_of = [&](std::size_t layer) {
        return layer == 0 ? x : array_view<const Real, 2>(given(layer - 1), {rows, net.layers.width(layer)});
    };

    for (std::size_t layer = 0; layer < layers; ++layer) {
        apply_layer(net, layer, input_of(layer), given(layer));
        if (drops(layer)) {
            drop_units(net, layer, *source, first_row, rows, given(layer), work.keep[layer].room_for(size_of(layer)), given(layer));
        }
    }
    Real* error = given(layers - 1);
    output_error(error, work);

    for (std::size_t layer = layers; layer-- > 0;) {
        const std::size_t width = net.layers.width(layer + 1);
        const array_view<const Real, 2> error_rows(error, {rows, width});
        work.packed_errors.assign(error_rows);
        packed_gemm(input_of(layer).transposed(), work.packed_errors, view_of(gradient[2 * layer]), {.add_to_y = add});
        Real* const bias = gradient[2 * layer + 1].data();
        if (!add) {
            std::fill_n(bias, width, Real{0});
        }
        run_wide<column_sums_kernel<Real>>(static_cast<const Real*>(error), rows, width, bias);
        if (layer > 0) {
            Real* const below = work.errors[layer % 2].room_for(gradient_block * net.layers.widest_output());
            const std::size_t units = net.layers.width(layer);
            packed_gemm(error_rows, net.layers.transposed(layer), array_view<Real, 2>(below, {rows, units}));
            const std::uint8_t* const keep = drops(layer - 1) ? work.keep[layer - 1].room_for(size_of(layer - 1)) : nullptr;
            activation_backward(net, layer - 1, static_cast<const Real*>(given(layer - 1)), keep, below, rows * units);
            error = below;
        }
    }
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_NETWORK_BACKWARD_HPP
