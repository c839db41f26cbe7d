// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_DETAIL_MODEL_LIST_HPP
#define XRAYON_ML_ENSEMBLE_DETAIL_MODEL_LIST_HPP

#include <concepts>
#include <cstddef>
#include <optional>
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

/// The body of a loop, its type forgotten: what runs it is compiled once, and not again for each aggregation and type of models.
class block_body {
public:
    template <class F>
        requires(!std::same_as<F, block_body>)
    explicit block_body(const F& f) noexcept
        : body_(&f), call_([](const void* body, std::size_t i) { (*static_cast<const F*>(body))(i); }) {}
    void operator()(std::size_t i) const { call_(body_, i); }

private:
    const void* body_;
    void (*call_)(const void*, std::size_t);
};

/// Call i of a body, as a task.
struct body_call {
    const block_body* body = nullptr;
    std::size_t i = 0;
    void operator()() const { (*body)(i); }
};
struct body_call_at {
    const block_body* body = nullptr;
    body_call operator()(std::size_t i) const { return {body, i}; }
};

/// Calls `run(k)` for every model k, by the rules of invoke_all.
template <class Run>
void invoke_models(std::size_t count, const Run& run, const invoke_options& options) {
    const block_body body(run);
    invoke_all(indexed_view(count, body_call_at{&body}), options);
}

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
        std::vector<std::optional<kept_prediction_t<model, Input>>> all(size());
        const auto run = [&](std::size_t k) {
            all[k].emplace(input.give(model_target(static_cast<const model&>(element(models_, k)))));
        };
        invoke_models(size(), run, options);
        return all;
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
        std::tuple<std::optional<kept_prediction_t<std::remove_cvref_t<Model>, Input>>...> all;
        const auto run = [&](std::size_t wanted) {
            [&]<std::size_t... K>(std::index_sequence<K...>) {
                const auto try_one = [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
                    if (wanted == N) {
                        std::get<N>(all).emplace(input.give(model_target(std::get<N>(models_))));
                    }
                    return wanted == N;
                };
                static_cast<void>((try_one(std::integral_constant<std::size_t, K>{}) || ...));
            }(std::index_sequence_for<Model...>{});
        };
        invoke_models(size(), run, options);
        return all;
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

/// A prediction, or where one has been put.
template <class T>
[[nodiscard]] const T& prediction_in(const T& kept) noexcept {
    return kept;
}
template <class T>
[[nodiscard]] const T& prediction_in(const std::optional<T>& kept) noexcept {
    return *kept;
}

template <class T>
inline constexpr bool is_tuple = false;
template <class... T>
inline constexpr bool is_tuple<std::tuple<T...>> = true;

/// Calls `f(prediction)` for what each model gave, in order.
template <class Kept, class F>
void for_each_prediction(const Kept& all, const F& f) {
    if constexpr (is_tuple<Kept>) {
        std::apply([&](const auto&... each) { (f(prediction_in(each)), ...); }, all);
    } else {
        for (const auto& each : all) {
            f(prediction_in(each));
        }
    }
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_ENSEMBLE_DETAIL_MODEL_LIST_HPP
