// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_DATA_PARALLEL_STEP_HPP
#define XRAYON_ML_GRADIENT_DATA_PARALLEL_STEP_HPP

#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/gradient/clip_gradient.hpp>
#include <xrayon/ml/gradient/gradient.hpp>
#include <xrayon/ml/gradient/mean_gradient.hpp>

namespace xrayon::ml {

/// What turns a gradient into a step of the parameters: sgd, adam, or one of yours.
template <class Optimizer, class Parameters, class G>
concept steps_parameters = requires(Optimizer& optimizer, Parameters& parameters, const G& gradient) { optimizer.step(parameters, gradient); };

struct data_parallel_step_options {
    std::vector<double> weights = {};            ///< One for each batch, as in mean_gradient_options.
    nan_gradient nan = nan_gradient::propagate;  ///< Likewise, as the next two.
    std::size_t leaf_size = 1;
    gradient_report* report = nullptr;
    std::optional<double> max_norm = {};    ///< Clips the mean gradient to this L2 norm (clip_by_norm): > 0.
    std::optional<std::size_t> grain = {};  ///< Leaves per claim, >= 1.
    run_options run = {};
};

/// What a step saw.
struct training_step {
    double loss = std::numeric_limits<double>::quiet_NaN();  ///< Mean loss of the batches, before the step; NaN if the function gives none.
    double norm = std::numeric_limits<double>::quiet_NaN();  ///< L2 norm of the mean gradient before clipping; NaN if max_norm is not set.
};

namespace detail {

/// The user's function with the parameters bound, so that it is one of batches alone. They are const: nothing can step them meanwhile.
template <class F, class Parameters>
struct with_parameters {
    const F& f;
    const Parameters& parameters;

    template <class... Arguments>
        requires std::invocable<const F&, const Parameters&, Arguments...>
    decltype(auto) operator()(Arguments&&... arguments) const {
        return std::invoke(f, parameters, std::forward<Arguments>(arguments)...);
    }
};

template <class F, class Parameters, class Batch>
concept step_accumulator = gradient_accumulator<with_parameters<F, Parameters>, Batch, Parameters>;
template <class F, class Parameters, class Batch>
concept step_function = gradient_function<with_parameters<F, Parameters>, Batch>;

template <class G>
[[nodiscard]] double loss_of(const G&) {
    return std::numeric_limits<double>::quiet_NaN();
}
template <class G>
[[nodiscard]] double loss_of(const loss_and_gradient<G>& both) {
    return both.loss;
}
template <class G>
[[nodiscard]] G& gradient_in(G& gradient) {
    return gradient;
}
template <class G>
[[nodiscard]] G& gradient_in(loss_and_gradient<G>& both) {
    return both.gradient;
}

} // namespace detail

/// @brief One training step on many batches at once: their gradients in parallel, the mean of those, one step of the optimizer.
///
/// @param batches     `n` >= 1 batches, or pairs and tuples (zip_batches), as for mean_gradient.
/// @param gradient    From several threads at once, with the parameters const: `gradient(parameters, batch)` or `gradient(parameters, X, y)`
///                    gives the gradient or a loss_and_gradient; or, with one more argument of the parameters' type, adds the gradient to it
///                    and gives nothing or the loss. The last is preferred: it allocates nothing per batch.
/// @param parameters  Changed once, by the calling thread, when all gradients have been added. Unchanged if anything throws.
/// @param optimizer   `optimizer.step(parameters, mean_gradient)`.
/// @returns           Mean loss and norm (training_step); they and every bit of the parameters are the same at every thread count.
/// @throws argument_error  `data_parallel_step: options.max_norm must be > 0, got 0`, and what mean_gradient and clip_by_norm throw: with
///                         max_norm, NaN and infinity in the mean gradient are errors.
/// @throws ...             what the lowest failing batch threw, unchanged.
///
/// Stepping the optimizer inside the parallel loop, once per batch, would be another algorithm and a race: what a batch sees would depend on
/// who came first.
///
/// **Cost.** As mean_gradient; the step is shared among threads if parameters are many.
///
/// **Example.**
/// @code
/// ml::adam optimizer({.learning_rate = 0.01});
/// for (int epoch = 0; epoch < 10; ++epoch) {
///     const auto [loss, norm] = ml::data_parallel_step(batches, gradient_of, weights, optimizer, {.max_norm = 1.0});
/// }
/// @endcode
/// Runs as examples/050_gradients.cpp. @see mean_gradient, sgd, adam
template <indexed_range Batches, class F, elementwise_gradient Parameters, class Optimizer>
    requires detail::step_accumulator<F, Parameters, element_t<Batches>> || detail::step_function<F, Parameters, element_t<Batches>>
training_step data_parallel_step(const Batches& batches, const F& gradient, Parameters& parameters, Optimizer& optimizer,
                                 const data_parallel_step_options& options = {}) {
    constexpr bool adds = detail::step_accumulator<F, Parameters, element_t<Batches>>;
    check(!options.max_norm || *options.max_norm > 0, "data_parallel_step: options.max_norm must be > 0", options.max_norm.value_or(1));
    const detail::with_parameters<F, Parameters> bound{gradient, parameters};
    auto mean = detail::with_request(
        "data_parallel_step", element_count(batches), options, adds, [&](const detail::fold_request& request) {
            if constexpr (adds) {
                detail::check_all_rows<detail::with_parameters<F, Parameters>, Parameters&>(request.op, batches);
                const auto make_zero = [&] {
                    Parameters zero(std::as_const(parameters));
                    detail::clear(zero);
                    return zero;
                };
                return detail::fuse_filled<Parameters>(batches, make_zero, bound, request, detail::fused_result::mean, options.report);
            } else {
                detail::check_all_rows<detail::with_parameters<F, Parameters>>(request.op, batches);
                return detail::fuse_given(batches, bound, request, detail::fused_result::mean, options.report);
            }
        });
    auto& step = detail::gradient_in(mean);
    static_assert(steps_parameters<Optimizer, Parameters, std::remove_reference_t<decltype(step)>>,
                  "data_parallel_step: the optimizer needs a member step(parameters, gradient) for these types");
    training_step result{.loss = detail::loss_of(mean)};
    if (options.max_norm) {
        result.norm = clip_by_norm(step, *options.max_norm);
    }
    optimizer.step(parameters, std::as_const(step));
    return result;
}

} // namespace xrayon::ml

#endif // XRAYON_ML_GRADIENT_DATA_PARALLEL_STEP_HPP
