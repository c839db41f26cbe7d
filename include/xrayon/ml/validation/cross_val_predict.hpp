// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_VALIDATION_CROSS_VAL_PREDICT_HPP
#define XRAYON_ML_VALIDATION_CROSS_VAL_PREDICT_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/validation/cross_validate.hpp>
#include <xrayon/ml/validation/detail/evaluation.hpp>
#include <xrayon/ml/validation/detail/fold_list.hpp>
#include <xrayon/ml/validation/detail/fold_rows.hpp>
#include <xrayon/ml/validation/validation_options.hpp>

namespace xrayon::ml {

struct cross_val_predict_options {
    fold_algebra algebra = fold_algebra::automatic;
    std::span<const double> weights = {};  ///< Of rows, for fit(x, y, weights); empty: none.
    run_options run = {};
};

namespace detail {

/// In place of metrics: what is done with a fold's model and its rows.
template <class Use>
struct model_use {
    const Use* call;

    [[nodiscard]] static constexpr std::size_t size() noexcept { return 0; }
    [[nodiscard]] static std::vector<std::string> names() { return {}; }
    [[nodiscard]] static constexpr bool read(prediction_kind) noexcept { return false; }
    template <class F>
    void for_each(const F&) const {}
    template <class Model, class Sets>
    void use(const Model& model, const Sets& sets) const {
        (*call)(model, sets);
    }
};

/// Fits each fold and calls `use(rows, model, x)` for its test rows, in parallel; each row is tested once.
template <class E, class X, class Y, class Splitter, class Use>
void with_fold_models(std::string_view op, const E& estimator, const X& x, const Y& y, const Splitter& splitter,
                      const cross_val_predict_options& options, const Use& use) {
    using T = element_of_matrix<X>;
    using L = target_value_t<Y>;
    const array_view<const T, 2> rows = labelled(op, x, y);
    if (!options.weights.empty()) {
        check_same_shape(op, "options.weights", std::array{options.weights.size()}, "y", std::array{rows.shape(0)});
    }
    decltype(auto) folds = folds_of(op, splitter, y);
    const fold_survey survey = survey_folds(op, folds, rows.shape(0));
    check(survey.tested_once, std::string(op) + ": every row must be tested by exactly one fold");
    const std::vector<L> targets = copy_targets(y);
    evaluation_options how;
    how.name = op;
    how.algebra = options.algebra;
    how.weights = options.weights;
    how.run = &options.run;
    const auto with_test_rows = [&](const auto& model, const auto& sets) {
        with_matrix<E, T, L>(sets.test.x, [&](const auto& test) { use(std::span<const std::size_t>(sets.indices->test), model, test); });
    };
    const model_use<decltype(with_test_rows)> using_models{&with_test_rows};
    evaluation<E, T, L, std::remove_cvref_t<decltype(folds)>, model_use<decltype(with_test_rows)>> job(
        std::span<const E>(&estimator, 1), {rows, targets}, folds, survey, using_models, how);
    job.run();
}

} // namespace detail

/// @brief A prediction for each row, by the model of the fold that tests it: for plots and for stacking. Not for scores: those are
/// cross_validate's.
///
/// @param splitter  As for cross_validate; each row is tested by exactly one fold.
/// @returns         n predictions, in the order of the rows; of the type that `predict` gives, bool as int. The same bits at every thread
///                    count.
/// @throws argument_error  if a row is tested by no fold or by two; and as cross_validate
/// **Cost.** As cross_validate.
template <class E, class X, indexed_range Y, class Splitter>
    requires viewable_as<const X&, 2> && detail::gives_folds<Splitter, Y> && detail::row_estimator<E, detail::element_of_matrix<X>,
                                                                                                   detail::target_value_t<Y>>
[[nodiscard]] auto cross_val_predict(const E& estimator, const X& x, const Y& y, const Splitter& splitter,
                                     const cross_val_predict_options& options = {}) {
    using model = detail::model_of<E, detail::element_of_matrix<X>, detail::target_value_t<Y>>;
    using argument = detail::matrix_argument<E, detail::element_of_matrix<X>, detail::target_value_t<Y>>;
    // As targets are kept: bools as int, because threads cannot share a std::vector<bool>.
    using value =
        detail::target_value_t<std::remove_cvref_t<decltype(std::declval<const model&>().predict(std::declval<const argument&>()))>>;
    std::vector<value> out(element_count(y));
    detail::with_fold_models("cross_val_predict", estimator, x, y, splitter, options,
                             [&](std::span<const std::size_t> rows, const model& m, const auto& test) {
                                 const auto predicted = m.predict(test);
                                 check_shapes(element_count(predicted) == rows.size(), "cross_val_predict", "the prediction",
                                              std::array{element_count(predicted)}, "the test rows", std::array{rows.size()});
                                 for (std::size_t i = 0; i < rows.size(); ++i) {
                                     out[rows[i]] = static_cast<value>(element(predicted, i));
                                 }
                             });
    return out;
}

/// @brief As cross_val_predict, with probabilities: n x c, a column for each label of y, ascending. Every fold must learn from rows of
/// every class.
/// @throws argument_error  also if a fold's model knows other classes than y has
template <class E, class X, indexed_range Y, class Splitter>
    requires viewable_as<const X&, 2> && detail::gives_folds<Splitter, Y> && detail::
        row_estimator<E, detail::element_of_matrix<X>, detail::target_value_t<Y>> && predicts_probabilities<
            detail::model_of<E, detail::element_of_matrix<X>, detail::target_value_t<Y>>,
            detail::matrix_argument<E, detail::element_of_matrix<X>, detail::target_value_t<Y>>>
[[nodiscard]] auto cross_val_predict_proba(const E& estimator, const X& x, const Y& y, const Splitter& splitter,
                                           const cross_val_predict_options& options = {}) {
    using model = detail::model_of<E, detail::element_of_matrix<X>, detail::target_value_t<Y>>;
    using argument = detail::matrix_argument<E, detail::element_of_matrix<X>, detail::target_value_t<Y>>;
    using matrix = std::remove_cvref_t<decltype(std::declval<const model&>().predict_proba(std::declval<const argument&>()))>;
    std::vector<detail::target_value_t<Y>> classes = detail::copy_targets(y);
    std::sort(classes.begin(), classes.end());
    classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
    matrix out = matrix::from_shape({element_count(y), classes.size()});
    detail::with_fold_models("cross_val_predict_proba", estimator, x, y, splitter, options,
                             [&](std::span<const std::size_t> rows, const model& m, const auto& test) {
                                 const auto& known = m.classes();
                                 bool same = element_count(known) == classes.size();
                                 for (std::size_t c = 0; same && c < classes.size(); ++c) {
                                     same = element(known, c) == classes[c];
                                 }
                                 check(same, "cross_val_predict_proba: every fold must learn from rows of every class");
                                 const auto predicted = m.predict_proba(test);
                                 check_same_shape("cross_val_predict_proba", "the prediction",
                                                  std::array<std::size_t, 2>{predicted.shape(0), predicted.shape(1)},
                                                  "the test rows and classes", std::array{rows.size(), classes.size()});
                                 for (std::size_t i = 0; i < rows.size(); ++i) {
                                     for (std::size_t c = 0; c < classes.size(); ++c) {
                                         out(rows[i], c) = predicted(i, c);
                                     }
                                 }
                             });
    return out;
}

} // namespace xrayon::ml

#endif // XRAYON_ML_VALIDATION_CROSS_VAL_PREDICT_HPP
