// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PIPELINE_HPP
#define XRAYON_ML_PIPELINE_HPP

#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/saved_model.hpp>

namespace xrayon::ml {

/// Learns how to change rows, and changes them: `t.fit(x)`, then `t.transform(x)` gives a matrix.
template <class Transformer, class X>
concept transformer = std::copy_constructible<Transformer> && requires(Transformer& t, const Transformer& fitted, const X& x) {
    t.fit(x);
    fitted.transform(x);
};

namespace detail {

template <class T>
concept transforms_something = transformer<T, array_view<const double, 2>> || transformer<T, array_view<const float, 2>>;

/// What a transformer has made, as what comes behind it reads it.
template <class M>
[[nodiscard]] auto changed_view(const M& m) {
    const auto view = view_of<2>(m);
    return array_view<const typename decltype(view)::value_type, 2>(view);
}
template <class Transformer, class X>
using changed_t = decltype(changed_view(std::declval<const Transformer&>().transform(std::declval<const X&>())));

} // namespace detail

/// @brief A transformer and what comes behind it, as one estimator: `standard_scaler() | ridge({.alpha = 0.1})`, or another transformer in
/// front.
///
/// `fit(x, y)` fits the transformer on x and then the other on what it makes of x: so in cross-validation a scaler's statistics are those
/// of the training rows alone. `predict`, `predict_proba` and `classes` are those of the last. Copying gives another one with the same
/// settings.
///
/// @throws ...  what the parts throw
/// **Cost.** That of the parts, and a copy of x for each transformer.
template <class First, class Rest>
class pipeline : public detail::says_what_it_is<Rest> {
public:
    pipeline(First first, Rest rest) : first_(std::move(first)), rest_(std::move(rest)) {}

    template <class X, indexed_range Y>
    requires transformer<First, X> pipeline& fit(const X& x, const Y& y) {
        pipeline next(*this);  // so that a throw leaves this as it was
        next.first_.fit(x);
        const auto changed = next.first_.transform(x);
        next.rest_.fit(detail::changed_view(changed), y);
        return take(std::move(next));
    }
    template <class X, indexed_range Y, indexed_range Weights>
        requires transformer<First, X> && requires(Rest& r, const detail::changed_t<First, X>& x, const Y& y, const Weights& w) {
            r.fit(x, y, w);
        }
    pipeline& fit(const X& x, const Y& y, const Weights& weights) {
        pipeline next(*this);
        next.first_.fit(x);
        const auto changed = next.first_.transform(x);
        next.rest_.fit(detail::changed_view(changed), y, weights);
        return take(std::move(next));
    }

    template <class X>
        requires transformer<First, X>
    [[nodiscard]] auto predict(const X& x) const {
        const auto changed = first_.transform(x);
        return rest_.predict(detail::changed_view(changed));
    }
    template <class X>
        requires transformer<First, X> && requires(const Rest& r, const detail::changed_t<First, X>& x) { r.predict_proba(x); }
    [[nodiscard]] auto predict_proba(const X& x) const {
        const auto changed = first_.transform(x);
        return rest_.predict_proba(detail::changed_view(changed));
    }
    [[nodiscard]] const auto& classes() const requires requires(const Rest& r) { r.classes(); }
    { return rest_.classes(); }

    /// @brief For save and load (ml/saved_model.hpp), where both parts can be saved.
    /// @{
    void save_to(model_writer& out) const requires savable_model<First> && savable_model<Rest> {
        out.text("type", "pipeline");
        out.part("first", first_);
        out.part("rest", rest_);
    }
    [[nodiscard]] static pipeline load_from(const model_reader& in) requires savable_model<First> && savable_model<Rest> {
        in.expect_type("pipeline");
        First first = in.template part<First>("first");
        return {std::move(first), in.template part<Rest>("rest")};
    }
    /// @}

    [[nodiscard]] const First& first() const noexcept { return first_; }
    [[nodiscard]] const Rest& rest() const noexcept { return rest_; }

private:
    /// Parts need not be assignable: one that holds a lambda is not.
    pipeline& take(pipeline&& next) {
        if constexpr (std::is_move_assignable_v<First> && std::is_move_assignable_v<Rest>) {
            *this = std::move(next);
        } else {
            static_assert(std::is_nothrow_move_constructible_v<First> && std::is_nothrow_move_constructible_v<Rest>,
                          "the parts of a pipeline must be assignable, or moved without throwing");
            std::destroy_at(&first_);
            std::construct_at(&first_, std::move(next.first_));
            std::destroy_at(&rest_);
            std::construct_at(&rest_, std::move(next.rest_));
        }
        return *this;
    }

    First first_;
    Rest rest_;
};

/// `scaler | model`, `scaler | scaler | model`: grouped from the right, so that each part sees what the one before it made.
template <detail::transforms_something First, class Rest>
    requires(!detail::transforms_something<Rest>)
&&std::is_class_v<Rest>&& std::copy_constructible<Rest> [[nodiscard]] pipeline<First, Rest> operator|(First first, Rest rest) {
    return {std::move(first), std::move(rest)};
}

/// Two transformers one after the other: a transformer.
template <class First, class Second>
class transformer_chain {
public:
    transformer_chain(First first, Second second) : first_(std::move(first)), second_(std::move(second)) {}

    template <class X>
    requires transformer<First, X> transformer_chain& fit(const X& x) {
        transformer_chain next(*this);
        next.first_.fit(x);
        const auto changed = next.first_.transform(x);
        const auto view = view_of<2>(changed);
        next.second_.fit(array_view<const typename decltype(view)::value_type, 2>(view));
        return *this = std::move(next);
    }
    template <class X>
        requires transformer<First, X>
    [[nodiscard]] auto transform(const X& x) const {
        const auto changed = first_.transform(x);
        const auto view = view_of<2>(changed);
        return second_.transform(array_view<const typename decltype(view)::value_type, 2>(view));
    }

    /// @brief For save and load (ml/saved_model.hpp), where both parts can be saved.
    /// @{
    void save_to(model_writer& out) const requires savable_model<First> && savable_model<Second> {
        out.text("type", "transformer_chain");
        out.part("first", first_);
        out.part("second", second_);
    }
    [[nodiscard]] static transformer_chain load_from(const model_reader& in) requires savable_model<First> && savable_model<Second> {
        in.expect_type("transformer_chain");
        First first = in.template part<First>("first");
        return {std::move(first), in.template part<Second>("second")};
    }
    /// @}

    [[nodiscard]] const First& first() const noexcept { return first_; }
    [[nodiscard]] const Second& second() const noexcept { return second_; }

private:
    First first_;
    Second second_;
};

template <detail::transforms_something First, detail::transforms_something Second>
[[nodiscard]] transformer_chain<First, Second> operator|(First first, Second second) {
    return {std::move(first), std::move(second)};
}

} // namespace xrayon::ml

#endif // XRAYON_ML_PIPELINE_HPP
