// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_AGGREGATE_HPP
#define XRAYON_ML_GRADIENT_AGGREGATE_HPP

#include <cstddef>
#include <vector>

#include <xrayon/core/config.hpp>

namespace xrayon::ml {

/// What aggregate_gradients can make of many gradients, element by element.
namespace aggregate {

struct mean_of_gradients {};
struct sum_of_gradients {};
struct median_of_gradients {};

/// The sum over their number.
inline constexpr mean_of_gradients mean{};
inline constexpr sum_of_gradients sum{};
/// The one in the middle; of an even number, the midpoint of the two, which cannot overflow. NaN where one is NaN.
inline constexpr median_of_gradients median{};

/// sum(weight * gradient) / sum(weight). Weights are finite and >= 0, one for each gradient, and not all 0.
struct weighted_mean {
    std::vector<double> weights;
};

/// The mean of what is left when the `trim` smallest and the `trim` largest have been taken away (Yin et al., "Byzantine-robust distributed
/// learning", 2018). NaN where one is NaN.
struct trimmed_mean {
    std::size_t trim = 1;
};

} // namespace aggregate

} // namespace xrayon::ml

#endif // XRAYON_ML_GRADIENT_AGGREGATE_HPP
