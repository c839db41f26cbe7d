// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_DETAIL_MODEL_LIST_HPP
#define XRAYON_ML_ENSEMBLE_DETAIL_MODEL_LIST_HPP

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/concepts.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/ml/ensemble/detail/model_input.hpp>
#include <xrayon/ml/ensemble/detail/model_output.hpp>
#include <xrayon/ml/ensemble/detail/model_target.hpp>
#include <xrayon/schedule/invoke_all.hpp>

// The two forms in which several models come: a range of one type, a tuple of many. Both run them and keep what they give.

namespace xrayon::ml::detail {

/// Calls model k of a range; what it gives is kept.
template <class Models, class Input>
struct range_call {
    using model = std::remove_cvref_t<element_t<Models>>;

    const Models* models = nullptr;
    const model_input<Input>* input = nullptr;
    std::size_t k = 0;

    kept_prediction_t<model, Input> operator()() const {
        return kept_prediction_t<model, Input>(input->give(model_target(std::as_const(static_cast<const model&>(element(*models, k))))));
    }
};
template <class Models, class Input>
struct range_call_at {
    const Models* models = nullptr;
    const model_input<Input>* input = nullptr;
    range_call<Models, Input> operator()(std::size_t k) const { return {models, input, k}; }
};

template <class Models>
class model_list;

template <indexed_range Models>
class model_list<Models> {
public:
    using model = std::remove_cvref_t<element_t<Models>>;
    template <class Input>
    static constexpr bool fits = gives_prediction<model, Input>;
    template <class Input>
    using element_type = prediction_element_t<kept_prediction_t<model, Input>>;
    template <class Input>
    static constexpr std::ptrdiff_t rank = prediction_rank_of<kept_prediction_t<model, Input>>();

    explicit model_list(const Models& models) : models_(models) {}

    [[nodiscard]] std::size_t size() const { return element_count(models_); }
    [[nodiscard]] std::size_t first_empty() const {
        std::size_t k = 0;
        while (k < size() && !is_empty_model(static_cast<const model&>(element(models_, k)))) {
            ++k;
        }
        return k;
    }
    [[nodiscard]] bool row_wise() const {
        std::size_t k = 0;
        while (k < size() && is_row_wise_model(static_cast<const model&>(element(models_, k)))) {
            ++k;
        }
        return k == size();
    }

    /// All in parallel.
    template <class Input>
    [[nodiscard]] auto predict(const model_input<Input>& input, const invoke_options& options) const {
        return invoke_all(indexed_view(size(), range_call_at<Models, Input>{&models_, &input}), options);
    }
    /// One after the other.
    template <class Input>
    [[nodiscard]] auto predict_in_turn(const model_input<Input>& input) const {
        std::vector<kept_prediction_t<model, Input>> all;
        all.reserve(size());
        for (std::size_t k = 0; k < size(); ++k) {
            all.emplace_back(input.give(model_target(static_cast<const model&>(element(models_, k)))));
        }
        return all;
    }

private:
    const Models& models_;
};

template <class... Model>
class model_list<std::tuple<Model...>> {
    static_assert(sizeof...(Model) >= 1);

public:
    template <class Input>
    static constexpr bool fits = (gives_prediction<std::remove_cvref_t<Model>, Input> && ...);
    template <class Input>
    using element_type = promotion_t<prediction_element_t<kept_prediction_t<std::remove_cvref_t<Model>, Input>>...>;
    /// That of the first where they differ: then shapes do, which is an error of the call.
    template <class Input>
    static constexpr std::ptrdiff_t rank = [] {
        constexpr std::ptrdiff_t all[] = {prediction_rank_of<kept_prediction_t<std::remove_cvref_t<Model>, Input>>()...};
        for (const std::ptrdiff_t each : all) {
            if (each == -1) {
                return each;
            }
        }
        return all[0];
    }();

    explicit model_list(const std::tuple<Model...>& models) : models_(models) {}

    [[nodiscard]] static constexpr std::size_t size() { return sizeof...(Model); }
    [[nodiscard]] std::size_t first_empty() const {
        std::size_t k = 0;
        std::apply([&](const auto&... model) { static_cast<void>(((!is_empty_model(model) && ++k != 0) && ...)); }, models_);
        return k;
    }
    [[nodiscard]] bool row_wise() const {
        return std::apply([](const auto&... model) { return (is_row_wise_model(model) && ...); }, models_);
    }

    template <class Input>
    [[nodiscard]] auto predict(const model_input<Input>& input, const invoke_options& options) const {
        return std::apply([&](const auto&... model) { return invoke_all(options, [&] { return keep<Input>(input, model); }...); }, models_);
    }
    template <class Input>
    [[nodiscard]] auto predict_in_turn(const model_input<Input>& input) const {
        return std::apply(
            [&](const auto&... model) {
                return std::tuple<kept_prediction_t<std::remove_cvref_t<decltype(model)>, Input>...>{keep<Input>(input, model)...};
            },
            models_);
    }

private:
    template <class Input, class Each>
    static auto keep(const model_input<Input>& input, const Each& model) {
        return kept_prediction_t<Each, Input>(input.give(model_target(model)));
    }

    const std::tuple<Model...>& models_;
};

template <class T>
inline constexpr bool is_tuple = false;
template <class... T>
inline constexpr bool is_tuple<std::tuple<T...>> = true;

/// Calls `f(prediction)` for what each model gave, in order.
template <class Kept, class F>
void for_each_prediction(const Kept& all, const F& f) {
    if constexpr (is_tuple<Kept>) {
        std::apply([&](const auto&... each) { (f(each), ...); }, all);
    } else {
        for (const auto& each : all) {
            f(each);
        }
    }
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_ENSEMBLE_DETAIL_MODEL_LIST_HPP
