// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ESTIMATOR_HPP
#define XRAYON_ML_ESTIMATOR_HPP

#include <concepts>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include <xrayon/core/concepts.hpp>

namespace xrayon::ml {

/// Learns from rows X and their targets or labels y: `e.fit(x, y)`, which changes e (scikit-learn's way) or gives the fitted model
/// (linfa's).
template <class E, class X, class Y>
concept fittable = requires(E& e, const X& x, const Y& y) {
    e.fit(x, y);
};

/// Gives one value for each row of X.
template <class M, class X>
concept predicts = requires(const M& m, const X& x) {
    m.predict(x);
};

/// Learns from weighted rows: `e.fit(x, y, weights)`.
template <class E, class X, class Y, class Weights>
concept weighted_fittable = requires(E& e, const X& x, const Y& y, const Weights& weights) {
    e.fit(x, y, weights);
};

/// Gives a probability for each class: `m.predict_proba(x)` is rows x classes, `m.classes()` their labels, ascending.
template <class M, class X>
concept predicts_probabilities = requires(const M& m, const X& x) {
    m.predict_proba(x);
    { m.classes() } -> indexed_range;
};

namespace detail {

template <class E, class X, class Y>
constexpr auto fitted_type() {
    using result = std::remove_cvref_t<decltype(std::declval<E&>().fit(std::declval<const X&>(), std::declval<const Y&>()))>;
    if constexpr (std::is_void_v<result> || std::same_as<result, E> || !predicts<result, X>) {
        return std::type_identity<E>{};
    } else {
        return std::type_identity<result>{};
    }
}

} // namespace detail

/// What predicts after `fit`: what fit gives by value, if that predicts, else the estimator itself.
template <class E, class X, class Y>
    requires fittable<E, X, Y>
using fitted_t = typename decltype(detail::fitted_type<E, X, Y>())::type;

/// @brief Something that can be fitted and then asked: a concept, no base class. Copying an estimator gives another one with the same
/// settings.
template <class E, class X, class Y>
concept estimator = std::copy_constructible<E> && fittable<E, X, Y> && predicts<fitted_t<E, X, Y>, X>;

/// @brief An estimator that learns from sums over rows, so that what is learnt from two parts can be put together.
///
/// - `e.statistics(x, y)` is a `typename E::statistics_type`: what must be known of these rows;
/// - `E::merge(a, b)`, with `a` changed, is as if b's rows had come after a's;
/// - `e.solve(s)` is the fitted model as an optional: nothing where the sums have lost what the rows would still tell (an ill-conditioned
///   system): then the
///   rows are asked, by fit.
///
/// k-fold cross-validation of such a model reads the data once: the training rows of a fold are the other folds' rows merged. The model is
/// that of fit, to rounding.
template <class E, class X, class Y>
concept mergeable_estimator = estimator<E, X, Y> && requires(const E& e, const X& x, const Y& y, typename E::statistics_type& s) {
    { e.statistics(x, y) } -> std::same_as<typename E::statistics_type>;
    E::merge(s, std::as_const(s));
    { e.solve(std::as_const(s)) } -> std::same_as<std::optional<fitted_t<E, X, Y>>>;
};

/// @brief What is predicted: a label, or a number. `E::is_classifier` says so; of types that do not, labels are integers.
template <class E, class Y>
[[nodiscard]] constexpr bool is_classifier() {
    if constexpr (requires {
                      { E::is_classifier } -> std::convertible_to<bool>;
                  }) {
        return E::is_classifier;
    } else {
        return std::integral<std::remove_cvref_t<element_t<Y>>>;
    }
}

namespace detail {

/// `is_classifier` of Rest, if it has one.
template <class Rest>
struct says_what_it_is {};
template <class Rest>
    requires requires {
        { Rest::is_classifier } -> std::convertible_to<bool>;
    }
struct says_what_it_is<Rest> {
    static constexpr bool is_classifier = static_cast<bool>(Rest::is_classifier);
};
/// Whether E says that it is a classifier.
template <class E>
inline constexpr bool labels_are_predicted = false;
template <class E>
    requires requires {
        { E::is_classifier } -> std::convertible_to<bool>;
    }
inline constexpr bool labels_are_predicted<E> = static_cast<bool>(E::is_classifier);

/// A copy of `e`, fitted.
template <class E, class X, class Y>
[[nodiscard]] fitted_t<E, X, Y> fit_copy(const E& e, const X& x, const Y& y) {
    E copy(e);
    if constexpr (std::same_as<fitted_t<E, X, Y>, E>) {
        copy.fit(x, y);
        return copy;
    } else {
        return copy.fit(x, y);
    }
}

} // namespace detail

} // namespace xrayon::ml

#endif // XRAYON_ML_ESTIMATOR_HPP
