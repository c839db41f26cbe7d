// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_NETWORK_TARGETS_HPP
#define XRAYON_ML_MODELS_DETAIL_NETWORK_TARGETS_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/index_block.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/models/detail/network/losses.hpp>
#include <xrayon/ml/models/detail/training_rows.hpp>

// What a network is to give: labels for softmax, numbers for the squared loss. Each kind says how wrong outputs are, and which way.

namespace xrayon::ml::detail {

template <class Y>
concept network_labels = indexed_range<Y> && whole_number<std::remove_cvref_t<element_t<Y>>>;

template <class Y, class Real, std::size_t N>
concept network_values = viewable_as<const Y&, N> && requires(const Y& y) {
    requires std::same_as<typename decltype(view_of<N>(y))::value_type, Real>;
};

/// Whole numbers, or an array of Real with two axes or one.
template <class Y, class Real>
concept network_targets = network_labels<Y> || network_values<Y, Real, 2> || network_values<Y, Real, 1>;

/// A label per row, checked.
template <std::floating_point Real, class Y>
struct label_targets {
    const Y* labels;
    std::size_t classes;

    [[nodiscard]] std::size_t label(std::size_t row) const { return static_cast<std::size_t>(element(*labels, row)); }

    /// The loss of each row of the block; turns `values` into softmax.
    void losses(Real* values, const index_block& rows, Real* sums, double* out) const {
        cross_entropy(
            values, rows.size(), classes, [&](std::size_t i) { return label(rows.begin + i); }, sums, out);
    }
    /// Turns softmax into `share` of the derivative of each row's loss by what the last layer gave.
    void errors(Real* values, const index_block& rows, Real share) const {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            Real* const row = values + i * classes;
            row[label(rows.begin + i)] -= 1;
            for (std::size_t j = 0; j < classes; ++j) {
                row[j] *= share;
            }
        }
    }
};

/// Numbers per row.
template <std::floating_point Real>
struct value_targets {
    array_view<const Real, 2> values_wanted;

    void losses(const Real* values, const index_block& rows, Real*, double* out) const {
        half_squared_distance(
            values, rows.size(), values_wanted.shape(1), [&](std::size_t i, std::size_t j) { return values_wanted(rows.begin + i, j); },
            out);
    }
    void errors(Real* values, const index_block& rows, Real share) const {
        const std::size_t columns = values_wanted.shape(1);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            for (std::size_t j = 0; j < columns; ++j) {
                values[i * columns + j] = (values[i * columns + j] - values_wanted(rows.begin + i, j)) * share;
            }
        }
    }
};

/// @throws shape_error, argument_error  where y does not fit to X, to the network's outputs or to its loss.
template <std::floating_point Real, network_targets<Real> Y>
[[nodiscard]] auto targets_of(std::string_view op, const std::array<std::size_t, 2>& x, const Y& y, std::size_t outputs, bool classifier) {
    if constexpr (network_labels<Y>) {
        if (!classifier) [[unlikely]] {
            check(false,
                  std::string(op) + ": whole numbers are labels, for softmax_cross_entropy; squared loss needs y of the network's type");
        }
        const std::size_t n = element_count(y);
        check_shapes(n == x[0], op, "X", x, "y", std::array{n});
        for (std::size_t i = 0; i < n; ++i) {
            const auto label = element(y, i);
            if (std::cmp_less(label, 0) || !std::cmp_less(label, outputs)) [[unlikely]] {
                check(false, std::string(op) + ": labels must be in [0, " + to_text(outputs) + "); row " + to_text(i), label);
            }
        }
        return label_targets<Real, Y>{&y, outputs};
    } else {
        if (classifier) [[unlikely]] {
            check(false, std::string(op)
                             + ": softmax_cross_entropy needs labels, whole numbers; numbers with a fraction are for the squared loss");
        }
        array_view<const Real, 2> wanted;
        if constexpr (network_values<Y, Real, 2>) {
            wanted = view_of<2>(y);
            check_shapes(wanted.shape(0) == x[0], op, "X", x, "y", wanted.shape());
        } else {
            const array_view<const Real, 1> flat = view_of<1>(y);
            check_shapes(flat.shape(0) == x[0], op, "X", x, "y", flat.shape());
            wanted = array_view<const Real, 2>(flat.data(), {flat.shape(0), 1}, {flat.stride(0), 1});
        }
        check_shapes(wanted.shape(1) == outputs, op, "y", wanted.shape(), "the outputs", std::array{x[0], outputs});
        return value_targets<Real>{wanted};
    }
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_NETWORK_TARGETS_HPP
