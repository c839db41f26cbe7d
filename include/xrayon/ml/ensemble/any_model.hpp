// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_ANY_MODEL_HPP
#define XRAYON_ML_ENSEMBLE_ANY_MODEL_HPP

#include <algorithm>
#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/ml/ensemble/detail/model_output.hpp>
#include <xrayon/ml/ensemble/detail/model_target.hpp>

namespace xrayon::ml {

template <class Real = double, class Input = array_view<const Real, 2>>
class any_model;

namespace detail {

template <class Model, class Input>
concept erasable_model = std::invocable < const model_target_t<Model>
&, const Input& > &&storable<std::invoke_result_t<const model_target_t<Model>&, const Input&>>&&
                      prediction<stored_t<std::invoke_result_t<const model_target_t<Model>&, const Input&>>>;

} // namespace detail

/// @brief Any model, its type forgotten: so that models of many types stand in one std::vector.
///
/// Holds whatever can be called as const, `model(input)`, by several threads at once, and gives a number, vector or matrix (an array of
/// any rank) of numbers; these become Real. Models are not changed by calling them, so copies share one. It is empty if it was made
/// from nothing, an empty std::function, a null pointer, or another empty one; ensemble_predict says which model is.
///
/// @tparam Input  What models are called with; by default the rows of a matrix.
///
/// **Cost.** One virtual call, and one copy of the prediction, a call.
///
/// @code
/// std::vector<xrayon::ml::any_model<>> models{ridge, network, [](const auto& rows) { return baseline(rows); }};
/// auto y = xrayon::ml::ensemble_predict(X, models, xrayon::ml::ensemble::median{});
/// @endcode
template <class Real, class Input>
class any_model {
    struct held_model {
        virtual ~held_model() = default;
        virtual xt::xarray<Real> predict(const Input& input) const = 0;
        virtual bool row_wise() const = 0;
    };
    template <class Model>
    struct held final : held_model {
        explicit held(Model&& kept) : model(std::move(kept)) {}
        explicit held(const Model& kept) : model(kept) {}

        xt::xarray<Real> predict(const Input& input) const override {
            using result = std::invoke_result_t<const detail::model_target_t<Model>&, const Input&>;
            const stored_t<result> kept(std::invoke(detail::model_target(model), input));
            const auto shape = detail::shape_of_prediction(kept);
            auto out = xt::xarray<Real>::from_shape(shape);
            detail::read_prediction<Real, stored_t<result>>(&kept, 0, out.size(), out.data());
            return out;
        }
        bool row_wise() const override { return detail::is_row_wise_model(model); }

        Model model;
    };

public:
    /// Empty.
    any_model() = default;
    /// @throws  what copying or moving the model throws
    template <class Model>
        requires(!std::same_as<std::decay_t<Model>, any_model>)
    &&std::constructible_from<std::decay_t<Model>, Model>&& detail::erasable_model<std::decay_t<Model>, Input> any_model(
        Model&& model) {  // NOLINT: models convert
        if (!detail::is_empty_model(model)) {
            held_ = std::make_shared<const held<std::decay_t<Model>>>(std::forward<Model>(model));
        }
    }

    /// False if it is empty.
    explicit operator bool() const noexcept { return held_ != nullptr; }

    /// @throws argument_error  if it is empty
    [[nodiscard]] xt::xarray<Real> operator()(const Input& input) const {
        check(held_ != nullptr, "any_model: is empty");
        return held_->predict(input);
    }

    /// Whether the model says that it treats rows independently (ml/ensemble/row_wise.hpp). False if it is empty.
    [[nodiscard]] bool row_wise() const { return held_ != nullptr && held_->row_wise(); }

private:
    std::shared_ptr<const held_model> held_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_ENSEMBLE_ANY_MODEL_HPP
