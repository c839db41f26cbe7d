// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_DETAIL_GRADIENT_WEIGHTS_HPP
#define XRAYON_ML_GRADIENT_DETAIL_GRADIENT_WEIGHTS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/ml/gradient/detail/gradient_walk.hpp>

namespace xrayon::ml::detail {

[[noreturn]] inline void fail_weight(std::string_view op, std::size_t i, double weight) {
    const std::string is = std::isnan(weight) ? "NaN" : std::isinf(weight) ? to_text(weight) : "negative, got " + to_text(weight);
    throw argument_error(std::string(op) + ": weight " + to_text(i) + " is " + is, to_text(weight));
}

[[noreturn]] inline void fail_weight_sum(std::string_view op) { throw argument_error(std::string(op) + ": weights sum to 0", "0"); }

struct scaled_weights {
    std::vector<double> values;
    int exponent = 0;  // values = weights / 2^exponent
};

/// Weights that have been looked at, times a power of two that brings the largest to [0.5, 1): then neither huge nor tiny ones over- or
/// underflow what they multiply, and all else is as it would be without.
/// @param one, many  What there are `n` of: "gradient", "gradients".
inline scaled_weights checked_weights(std::string_view op, const std::vector<double>& weights, std::size_t n, std::string_view one,
                                      std::string_view many) {
    if (weights.size() != n) [[unlikely]] {
        throw argument_error(std::string(op) + ": " + count_text(weights.size(), "weight", "weights") + " for " + count_text(n, one, many), to_text(weights.size()));
    }
    double largest = 0;
    for (std::size_t i = 0; i < n; ++i) {
        if (!(weights[i] >= 0) || std::isinf(weights[i])) [[unlikely]] {
            fail_weight(op, i, weights[i]);
        }
        largest = std::max(largest, weights[i]);
    }
    if (largest == 0) [[unlikely]] {
        fail_weight_sum(op);
    }
    scaled_weights scaled{weights, 0};
    static_cast<void>(std::frexp(largest, &scaled.exponent));
    for (double& weight : scaled.values) {
        weight = std::ldexp(weight, -scaled.exponent);
    }
    return scaled;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_GRADIENT_DETAIL_GRADIENT_WEIGHTS_HPP
