// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_DETAIL_MODEL_INPUT_HPP
#define XRAYON_ML_ENSEMBLE_DETAIL_MODEL_INPUT_HPP

#include <concepts>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/ml/ensemble/detail/model_output.hpp>
#include <xrayon/ml/ensemble/detail/model_target.hpp>

namespace xrayon::ml::detail {

/// xtensor's lazy views carry caches, so that sharing one is a race: only their array_view goes to models.
template <class Input>
inline constexpr bool is_shareable_input = !xtensor_expression<Input> || std::same_as<stored_t<Input>, std::remove_cvref_t<Input>>;

/// What models are called with: the input as it is, or, where a model does not take that, the array_view of it. The view is made by the
/// calling thread.
template <class Input>
class model_input {
    static constexpr auto view_type() {
        if constexpr (viewable<const Input&>) {
            return std::type_identity<decltype(view_of(std::declval<const Input&>()))>{};
        } else {
            return std::type_identity<std::type_identity<void>>{};
        }
    }

public:
    static constexpr bool has_view = viewable<const Input&>;
    using view = typename decltype(view_type())::type;

    explicit model_input(const Input& input) : whole_(input) {
        if constexpr (has_view) {
            view_ = view_of(input);
        }
    }

    template <class Model>
    static constexpr bool takes_whole = is_shareable_input<Input>&& std::invocable<const Model&, const Input&>;
    template <class Model>
    static constexpr bool takes_view = has_view&& std::invocable<const Model&, view>;

    /// Not for an empty model.
    template <class Model>
        requires takes_whole<Model> || takes_view<Model>
    decltype(auto) give(const Model& model) const {
        if constexpr (takes_whole<Model>) {
            return std::invoke(model, whole_);
        } else {
            return std::invoke(model, view(view_));
        }
    }

    [[nodiscard]] const view& rows() const noexcept { return view_; }

private:
    const Input& whole_;
    [[no_unique_address]] view view_ = {};
};

template <class Model, class Input>
concept gives_prediction = requires(const model_input<Input>& input, const model_target_t<Model>& target) {
    input.give(target);
    requires storable<decltype(input.give(target))>;
    requires prediction<stored_t<decltype(input.give(target))>>;
};

template <class Model, class Input>
using kept_prediction_t = stored_t<decltype(std::declval<const model_input<Input>&>().give(std::declval<const model_target_t<Model>&>()))>;

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_ENSEMBLE_DETAIL_MODEL_INPUT_HPP
