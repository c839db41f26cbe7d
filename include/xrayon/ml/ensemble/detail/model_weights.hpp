// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_DETAIL_MODEL_WEIGHTS_HPP
#define XRAYON_ML_ENSEMBLE_DETAIL_MODEL_WEIGHTS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>

namespace xrayon::ml::detail {

/// A weight for each model, scaled by a power of two so that the largest lies in [0.5, 1): their ratios are untouched, and neither weights
/// near the largest double nor denormal ones make the sum infinite or 0.
class model_weights {
public:
    /// @throws argument_error  `ensemble_predict: 2 weights for 3 models`, `weight 1 is nan`, `weights sum to 0`
    model_weights(const std::vector<double>& weights, std::size_t models, bool allow_negative) : scaled_(weights) {
        if (weights.size() != models) [[unlikely]] {
            throw argument_error("ensemble_predict: " + to_text(weights.size()) + " weights for " + to_text(models) + " models",
                                 to_text(weights.size()));
        }
        double largest = 0;
        for (std::size_t k = 0; k < models; ++k) {
            const double w = weights[k];
            if (!std::isfinite(w) || (w < 0 && !allow_negative)) [[unlikely]] {
                throw argument_error("ensemble_predict: weight " + to_text(k) + " is " + to_text(w), to_text(w));
            }
            largest = std::max(largest, std::abs(w));
        }
        int exponent = 0;
        static_cast<void>(std::frexp(largest, &exponent));
        for (double& w : scaled_) {
            w = std::ldexp(w, -exponent);
            sum_ += w;
        }
        if (sum_ == 0) [[unlikely]] {
            throw argument_error("ensemble_predict: weights sum to 0", "0");
        }
    }

    /// The same weight for all where none are given.
    static model_weights or_equal(const std::vector<double>& weights, std::size_t models) {
        return model_weights(weights.empty() ? std::vector<double>(models, 1.0) : weights, models, false);
    }

    [[nodiscard]] const double* data() const noexcept { return scaled_.data(); }
    [[nodiscard]] double operator[](std::size_t k) const noexcept { return scaled_[k]; }
    [[nodiscard]] double sum() const noexcept { return sum_; }

private:
    std::vector<double> scaled_;
    double sum_ = 0;
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_ENSEMBLE_DETAIL_MODEL_WEIGHTS_HPP
