// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_CHECK_GRADIENT_HPP
#define XRAYON_ML_GRADIENT_CHECK_GRADIENT_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>

#include <xrayon/core/check.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/gradient/detail/flat_parameters.hpp>
#include <xrayon/ml/gradient/gradient.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

struct check_gradient_options {
    /// How far each parameter is moved to either side, relative to max(1, |x|); > 0. Unset: the cube root of its type's epsilon, where the
    /// error of the difference quotient (step^2) and that of its rounding (epsilon / step) are alike.
    std::optional<double> step = {};
    /// Derivatives below this are compared as if they were as large: > 0. A relative error of numbers near 0 says nothing.
    double scale = 1e-3;
    std::optional<std::size_t> grain = {};  ///< Elements per claim, >= 1.
    run_options run = {};
};

/// Where a gradient is furthest from the difference quotients.
struct gradient_check {
    double max_relative_error = 0;  ///< |given - numeric| / max(|given|, |numeric|, scale); infinity where one of them is not finite.
    std::size_t parameter = 0;      ///< The parameter, and the element in memory order, where that is; the first one of equals.
    std::size_t element = 0;
    double given = 0;
    double numeric = 0;
};

/// @brief Compares a gradient with central differences, (f(x + h) - f(x - h)) / 2 h, in every element.
///
/// @param loss        `loss(parameters)` gives a number; called twice for each element, from several threads at once.
/// @param parameters  Where to look; each thread works on a copy. Floats are accurate to about 1e-3, doubles to 1e-9.
/// @param gradient    What is to be checked, at these parameters; of the same outline.
/// @returns           The largest relative error, and where it is. Nothing to check: 0.
/// @throws shape_error     `check_gradient: gradient parameter 2 has shape (4, 5), model has (5, 4)`
/// @throws argument_error  if `options.step` or `options.scale` is not > 0.
///
/// A function with a bend (ReLU) has no derivative there: an error at one element only may be that.
///
/// **Example.** `REQUIRE(ml::check_gradient(loss_of, weights, gradient_of(weights)).max_relative_error < 1e-7);`
template <elementwise_gradient Parameters, elementwise_gradient G, class Loss>
    requires std::copy_constructible<Parameters> && std::invocable<const Loss&, const Parameters&>
             && std::convertible_to<std::invoke_result_t<const Loss&, const Parameters&>, double>
[[nodiscard]] gradient_check check_gradient(const Loss& loss, const Parameters& parameters, const G& gradient,
                                            const check_gradient_options& options = {}) {
    check(!options.step || *options.step > 0, "check_gradient: options.step must be > 0", options.step.value_or(1));
    check(options.scale > 0, "check_gradient: options.scale must be > 0", options.scale);
    if (!detail::same_outline(parameters, gradient)) {
        detail::fail_outline("check_gradient", "gradient", detail::outline_of(gradient), "model", detail::outline_of(parameters));
    }
    const auto given = detail::flattened(gradient);
    scratch<Parameters> copies([&] { return Parameters(parameters); });
    const auto leaf = [&](std::size_t k, std::size_t) {
        const auto mine = copies.borrow();
        const auto flat = detail::flattened(*mine);
        const std::size_t parameter = flat.parameter_of(k);
        const std::size_t element = k - flat.blocks[parameter].first;
        const double numeric = flat.blocks[parameter].at(element, [&](auto* x) {
            using scalar = std::remove_pointer_t<decltype(x)>;
            const scalar before = *x;
            const double epsilon = static_cast<double>(std::numeric_limits<scalar>::epsilon());
            const double step = options.step.value_or(std::cbrt(epsilon)) * std::max(1.0, std::abs(static_cast<double>(before)));
            const auto above = static_cast<scalar>(static_cast<double>(before) + step);
            const auto below = static_cast<scalar>(static_cast<double>(before) - step);
            const auto at = [&](scalar value) {
                *x = value;
                try {
                    const double found = std::invoke(loss, *mine);
                    *x = before;
                    return found;
                } catch (...) {
                    *x = before;  // the copy goes to the next one
                    throw;
                }
            };
            const double high = at(above);
            return (high - at(below)) / (static_cast<double>(above) - static_cast<double>(below));
        });
        const double analytic = given.blocks[parameter].value(element);
        double error = std::abs(analytic - numeric) / std::max({std::abs(analytic), std::abs(numeric), options.scale});
        if (!std::isfinite(error)) {
            error = std::numeric_limits<double>::infinity();
        }
        return gradient_check{error, parameter, element, analytic, numeric};
    };
    if (given.size == 0) {
        return {};
    }
    return fold_index(
        given.size, 1, leaf,
        [](const gradient_check& a, const gradient_check& b) { return b.max_relative_error > a.max_relative_error ? b : a; },
        {.grain = options.grain, .run = options.run, .name = "check_gradient"});
}

} // namespace xrayon::ml

#endif // XRAYON_ML_GRADIENT_CHECK_GRADIENT_HPP
