// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_DETAIL_MODEL_TARGET_HPP
#define XRAYON_ML_ENSEMBLE_DETAIL_MODEL_TARGET_HPP

#include <concepts>
#include <type_traits>
#include <utility>

// A model may be handed in as itself or through something that may hold none: a pointer, a std::optional, a std::function.

namespace xrayon::ml::detail {

/// Holds a model, or none: pointers of all kinds, std::optional.
template <class T>
concept model_handle = (std::is_pointer_v<T> || requires(const T& handle) { handle.operator*(); }) && requires(const T& handle) {
    static_cast<bool>(handle);
};

/// Can be asked whether it holds something to call.
template <class T>
concept may_be_empty = !model_handle<T> && requires(const T& model) {
    model.operator bool();
};

/// What is called in the end.
template <class T>
[[nodiscard]] const auto& model_target(const T& model) noexcept {
    if constexpr (model_handle<T>) {
        return model_target(std::as_const(*model));
    } else {
        return model;
    }
}

template <class T>
[[nodiscard]] bool is_empty_model(const T& model) {
    if constexpr (model_handle<T>) {
        return !static_cast<bool>(model) || is_empty_model(std::as_const(*model));
    } else if constexpr (may_be_empty<T>) {
        return !static_cast<bool>(model);
    } else {
        return false;
    }
}

/// What the model says of itself: member `row_wise`, a constant or a function (ml/ensemble/row_wise.hpp). The model is not empty.
template <class T>
[[nodiscard]] bool is_row_wise_model(const T& model) {
    const auto& target = model_target(model);
    if constexpr (requires {
                      { target.row_wise() } -> std::convertible_to<bool>;
                  }) {
        return target.row_wise();
    } else if constexpr (requires {
                             { target.row_wise } -> std::convertible_to<bool>;
                         }) {
        return target.row_wise;
    } else {
        return false;
    }
}

template <class Model>
using model_target_t = std::remove_cvref_t<decltype(model_target(std::declval<const Model&>()))>;

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_ENSEMBLE_DETAIL_MODEL_TARGET_HPP
