// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_OPTIMIZER_SGD_HPP
#define XRAYON_ML_OPTIMIZER_SGD_HPP

#include <cstddef>
#include <span>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/ml/gradient/gradient.hpp>
#include <xrayon/ml/optimizer/detail/optimizer_step.hpp>

namespace xrayon::ml {

struct sgd_options {
    double learning_rate = 0.01;  ///< Finite, >= 0.
    double momentum = 0;          ///< >= 0, < 1.
    bool nesterov = false;        ///< Looks ahead along the velocity; needs momentum > 0.
    double weight_decay = 0;      ///< L2 penalty, added to the gradient: finite, >= 0.
};

/// @brief Stochastic gradient descent with momentum (Polyak 1964), Nesterov's look ahead (Sutskever et al. 2013) and weight decay.
///
/// With gradient g and parameters p, in PyTorch's terms: `g += weight_decay p`; `v = g` at the first step, then `v = momentum v + g`; `p -=
/// learning_rate d`, where d is v, or `g + momentum v` with nesterov, or g without momentum.
///
/// Parameters are of any elementwise_gradient type: an array, or tuples and vectors of them. One optimizer steps one set of parameters; its
/// velocity, in doubles, is made at the first step. Arithmetic is in doubles, floats are rounded once when stored.
///
/// **Example.**
/// @code
/// ml::sgd optimizer({.learning_rate = 0.1, .momentum = 0.9});
/// optimizer.step(weights, gradient);
/// @endcode
/// @see adam, data_parallel_step
class sgd {
public:
    /// @throws argument_error  `sgd: options.momentum must be >= 0 and < 1, got 1`
    explicit sgd(const sgd_options& options = {}) : options_(options) {
        detail::check_rate("sgd: options.learning_rate", options.learning_rate);
        check(options.momentum >= 0 && options.momentum < 1, "sgd: options.momentum must be >= 0 and < 1", options.momentum);
        check(!options.nesterov || options.momentum > 0, "sgd: options.momentum must be > 0 with nesterov", options.momentum);
        detail::check_rate("sgd: options.weight_decay", options.weight_decay);
    }

    /// @brief One step.
    /// @param parameters  Changed in place.
    /// @param gradient    Of the same outline; its scalars may be others.
    /// @throws shape_error  `sgd: gradient parameter 2 has shape (4, 5), model has (5, 4)`; likewise if the parameters have
    ///                      other shapes than at the first step. Nothing has changed then.
    ///
    /// Large parameters are shared among threads; the bits are the same.
    template <elementwise_gradient Parameters, elementwise_gradient G>
    void step(Parameters& parameters, const G& gradient) {
        detail::check_step("sgd", parameters, gradient, outline_, steps_ > 0);
        const auto into = detail::flattened(parameters);
        const auto from = detail::flattened(gradient);
        const bool first = steps_ == 0;
        if (first && options_.momentum > 0) {
            velocity_.resize(into.size);
        }
        const double rate = options_.learning_rate;
        const double momentum = options_.momentum;
        const double decay = options_.weight_decay;
        if (momentum == 0) {
            detail::step_elements_of(
                into, from, [=](double p, double g, std::size_t) { return p - rate * (decay == 0 ? g : g + decay * p); }, "sgd");
        } else {
            detail::step_elements_of(
                into, from,
                [=, v = velocity_.data(), nesterov = options_.nesterov](double p, double g, std::size_t k) {
                    const double pull = decay == 0 ? g : g + decay * p;
                    v[k] = first ? pull : momentum * v[k] + pull;
                    return p - rate * (nesterov ? pull + momentum * v[k] : v[k]);
                },
                "sgd");
        }
        ++steps_;
    }

    [[nodiscard]] const sgd_options& options() const noexcept { return options_; }
    /// For schedules. @throws argument_error  unless finite and >= 0
    void set_learning_rate(double rate) {
        detail::check_rate("sgd: learning_rate", rate);
        options_.learning_rate = rate;
    }
    [[nodiscard]] std::size_t steps() const noexcept { return steps_; }
    /// Of all elements, parameter by parameter; empty without momentum.
    [[nodiscard]] std::span<const double> velocity() const noexcept { return velocity_; }

private:
    sgd_options options_;
    std::size_t steps_ = 0;
    detail::outline outline_;
    std::vector<double> velocity_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_OPTIMIZER_SGD_HPP
