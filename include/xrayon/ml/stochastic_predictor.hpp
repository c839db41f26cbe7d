// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_STOCHASTIC_PREDICTOR_HPP
#define XRAYON_ML_STOCHASTIC_PREDICTOR_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xrayon/array/array_view.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/ml/detail/sample_value.hpp>
#include <xrayon/random/stream.hpp>

// What batch_inference_with_uncertainty asks of a model. In words:
//
//     model(batch, stream)                 one sample: a number, an xtensor (lazy ones too), an array_view, span or vector of numbers
//
// and, if it has them, these are used:
//
//     model.prepare(batch)                 what all samples of a batch share, computed once; then model(prepared, stream)
//     model.sample_shape(batch)            std::array: the shape of a sample; then model(batch, stream, out) writes to an array_view `out`
//                                          of double (or float), and no sample is allocated. `prepared` for `batch` if there is prepare
//
// All of them are const and called by several threads at once. The stream is an lvalue of the sample's own, so a model may take it as
// stream&, const stream& (for children), stream_ref or by value.

namespace xrayon::ml {

/// One sample of a model: a number, or an array of numbers.
template <class Value>
concept sample_like = detail::scalar_sample<Value> || detail::expression_sample<Value> || detail::view_sample<Value>;

/// The model has a part that does not depend on the stream.
template <class Model, class Batch>
concept preparing_predictor = requires(const Model& model, const Batch& batch) {
    { model.prepare(batch) } -> storable;
};

namespace detail {

template <class Model, class Batch>
auto sample_input_of() {
    if constexpr (preparing_predictor<Model, Batch>) {
        return std::type_identity<stored_t<decltype(std::declval<const Model&>().prepare(std::declval<const Batch&>()))>>{};
    } else {
        return std::type_identity<Batch>{};
    }
}

template <class Model, class Input>
using sample_shape_t = std::remove_cvref_t<decltype(std::declval<const Model&>().sample_shape(std::declval<const Input&>()))>;

} // namespace detail

/// What a sample is computed from: the batch, or what the model prepared of it.
template <class Model, class Batch>
using sample_input_t = typename decltype(detail::sample_input_of<Model, Batch>())::type;

/// `model(input, stream)` gives a sample.
template <class Model, class Input>
concept sampling_function = std::invocable<const Model&, const Input&, stream&> && sample_like<std::invoke_result_t<const Model&, const Input&, stream&>>;

/// `model(input, stream, out)` writes a sample of `T` in the shape `model.sample_shape(input)`.
template <class Model, class Input, class T>
concept sampling_writer = requires(const Model& model, const Input& input) {
    model.sample_shape(input);
    requires std::tuple_size<detail::sample_shape_t<Model, Input>>::value >= 1;
    requires std::invocable<const Model&, const Input&, stream&, array_view<T, std::tuple_size<detail::sample_shape_t<Model, Input>>::value>>;
};

/// A model with randomness in it, see the head of this file.
template <class Model, class Batch>
concept stochastic_predictor =
    sampling_writer<Model, sample_input_t<Model, Batch>, double> || sampling_writer<Model, sample_input_t<Model, Batch>, float>
    || sampling_function<Model, sample_input_t<Model, Batch>>;

} // namespace xrayon::ml

#endif // XRAYON_ML_STOCHASTIC_PREDICTOR_HPP
