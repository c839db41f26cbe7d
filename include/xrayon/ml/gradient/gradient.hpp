// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_GRADIENT_HPP
#define XRAYON_ML_GRADIENT_GRADIENT_HPP

#include <cstddef>
#include <type_traits>
#include <vector>

#include <xrayon/ml/gradient/detail/gradient_types.hpp>

namespace xrayon::ml {

/// What gradients may be:
/// - a float or a double;
/// - an array of them: any xtensor container with a static layout, a std::vector or std::array, and what view_of turns into an array_view;
/// - a std::vector, std::array, std::tuple or std::pair of gradients, nested as deep as you like: one *parameter* each scalar
///   and array in it, counted from 0 in reading order;
/// - a type of yours with a member `accumulate(const G&)`, and `scale(double)` where a mean is asked for. Nothing else is known about it:
///   no shapes, no NaN, no median;
/// - a loss_and_gradient of one of those.
///
/// Two gradients go together if they have as many parameters, each of the same shape. Nothing is ever broadcast.
template <class G>
concept gradient = detail::gradient_kind_of<std::remove_cvref_t<G>>() != detail::gradient_kind::none;

/// A gradient that can be looked into: not one that adds itself, and no loss beside it. Parameters of a model are of such a type too.
template <class G>
concept elementwise_gradient = detail::elementwise<std::remove_cvref_t<G>>;

/// A gradient whose sums can be divided.
template <class G>
concept mean_gradient_type = gradient<G> && detail::averages<std::remove_cvref_t<G>>;

/// What owns a gradient of type G: G itself, but for views, which become an xt::xtensor.
template <gradient G>
using gradient_value_t = detail::gradient_value<std::remove_cvref_t<G>>;

/// What is done about a gradient that holds NaN.
enum class nan_gradient {
    propagate,   ///< Nothing: NaN comes out where NaN went in, and nowhere else.
    raise,       ///< argument_error: "batch 3 parameter 2 element 17 is NaN", of the lowest batch that has one.
    skip_batch,  ///< The batch counts as if it were not there, in means too; gradient_report says so. All of them: argument_error.
};

/// What became of the batches; filled when a call returns.
struct gradient_report {
    std::size_t used = 0;                    ///< Gradients in the result.
    double weight = 0;                       ///< What the sum was divided by, in a mean: `used`, or the sum of their weights.
    std::vector<std::size_t> skipped = {};   ///< nan_gradient::skip_batch: the batches left out, ascending.
};

} // namespace xrayon::ml

#endif // XRAYON_ML_GRADIENT_GRADIENT_HPP
