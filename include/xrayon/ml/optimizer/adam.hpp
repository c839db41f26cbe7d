// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_OPTIMIZER_ADAM_HPP
#define XRAYON_ML_OPTIMIZER_ADAM_HPP

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/ml/gradient/gradient.hpp>
#include <xrayon/ml/optimizer/detail/optimizer_step.hpp>

namespace xrayon::ml {

struct adam_options {
    double learning_rate = 1e-3;   ///< Finite, >= 0.
    double beta1 = 0.9;            ///< Of the mean of gradients: >= 0, < 1.
    double beta2 = 0.999;          ///< Of the mean of their squares: >= 0, < 1.
    double epsilon = 1e-8;         ///< Finite, > 0.
    double weight_decay = 0;       ///< Finite, >= 0.
    bool decoupled = false;        ///< Weights decay by themselves, apart from the gradient: AdamW. Else the decay is an L2 penalty.
    bool bias_correction = true;   ///< Makes up for means that begin at 0.
};

/// @brief Adam (Kingma and Ba 2015), and AdamW (Loshchilov and Hutter 2019) with `decoupled`.
///
/// With gradient g and parameters p at step t = 1, 2, ...: `m = beta1 m + (1 - beta1) g`, `v = beta2 v + (1 - beta2) g^2`, `p -= learning_rate
/// m' / (sqrt(v') + epsilon)`, where m' = m / (1 - beta1^t) and v' = v / (1 - beta2^t). Before that, `g += weight_decay p`, or decoupled
/// `p -= learning_rate weight_decay p`.
///
/// Types, precision and errors are those of sgd. m and v, in doubles, are made at the first step.
class adam {
public:
    /// @throws argument_error  `adam: options.beta1 must be >= 0 and < 1, got 1`
    explicit adam(const adam_options& options = {}) : options_(options) {
        detail::check_rate("adam: options.learning_rate", options.learning_rate);
        check(options.beta1 >= 0 && options.beta1 < 1, "adam: options.beta1 must be >= 0 and < 1", options.beta1);
        check(options.beta2 >= 0 && options.beta2 < 1, "adam: options.beta2 must be >= 0 and < 1", options.beta2);
        check(options.epsilon > 0 && std::isfinite(options.epsilon), "adam: options.epsilon must be finite and > 0", options.epsilon);
        detail::check_rate("adam: options.weight_decay", options.weight_decay);
    }

    /// @brief One step; see sgd::step.
    template <elementwise_gradient Parameters, elementwise_gradient G>
    void step(Parameters& parameters, const G& gradient) {
        detail::check_step("adam", parameters, gradient, outline_, steps_ > 0);
        const auto into = detail::flattened(parameters);
        const auto from = detail::flattened(gradient);
        if (steps_ == 0) {
            const std::size_t size = into.size;
            std::vector<double> squares(size);  // both, or neither
            mean_.resize(size);
            squares_.swap(squares);
        }
        // Powers by multiplication: std::pow has other bits in other libraries.
        const double beta1_power = beta1_power_ * options_.beta1;
        const double beta2_power = beta2_power_ * options_.beta2;
        const bool corrected = options_.bias_correction;
        const double mean_scale = corrected ? 1 / (1 - beta1_power) : 1;
        const double root_scale = corrected ? 1 / std::sqrt(1 - beta2_power) : 1;
        const double shrink = options_.decoupled ? 1 - options_.learning_rate * options_.weight_decay : 1;
        const double penalty = options_.decoupled ? 0 : options_.weight_decay;
        detail::step_elements_of(
            into, from,
            [=, m = mean_.data(), v = squares_.data(), rate = options_.learning_rate * mean_scale, b1 = options_.beta1, b2 = options_.beta2,
             epsilon = options_.epsilon](double p, double g, std::size_t k) {
                const double pull = penalty == 0 ? g : g + penalty * p;
                m[k] = b1 * m[k] + (1 - b1) * pull;
                v[k] = b2 * v[k] + (1 - b2) * pull * pull;
                return shrink * p - rate * m[k] / (std::sqrt(v[k]) * root_scale + epsilon);
            },
            "adam");
        beta1_power_ = beta1_power;
        beta2_power_ = beta2_power;
        ++steps_;
    }

    [[nodiscard]] const adam_options& options() const noexcept { return options_; }
    /// For schedules. @throws argument_error  unless finite and >= 0
    void set_learning_rate(double rate) {
        detail::check_rate("adam: learning_rate", rate);
        options_.learning_rate = rate;
    }
    [[nodiscard]] std::size_t steps() const noexcept { return steps_; }
    /// m and v of all elements, parameter by parameter.
    [[nodiscard]] std::span<const double> mean() const noexcept { return mean_; }
    [[nodiscard]] std::span<const double> squares() const noexcept { return squares_; }

private:
    adam_options options_;
    std::size_t steps_ = 0;
    double beta1_power_ = 1;
    double beta2_power_ = 1;
    detail::outline outline_;
    std::vector<double> mean_;
    std::vector<double> squares_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_OPTIMIZER_ADAM_HPP
