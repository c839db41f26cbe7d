// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_VALIDATION_CROSS_VALIDATE_HPP
#define XRAYON_ML_VALIDATION_CROSS_VALIDATE_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/exec/call_context.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/metrics/accuracy.hpp>
#include <xrayon/ml/metrics/r2.hpp>
#include <xrayon/ml/metrics/scores.hpp>
#include <xrayon/ml/split/k_fold.hpp>
#include <xrayon/ml/split/stratified_k_fold.hpp>
#include <xrayon/ml/validation/cross_validation.hpp>
#include <xrayon/ml/validation/detail/evaluation.hpp>
#include <xrayon/ml/validation/detail/fold_list.hpp>
#include <xrayon/ml/validation/detail/fold_rows.hpp>
#include <xrayon/ml/validation/validation_options.hpp>

namespace xrayon::ml {

namespace detail {

/// A view of numbers with two axes, and as many targets.
template <class X, indexed_range Y>
[[nodiscard]] auto labelled(std::string_view op, const X& x, const Y& y) {
    const auto view = view_of<2>(x);
    const array_view<const typename decltype(view)::value_type, 2> rows(view);
    check_shapes(rows.shape(0) == element_count(y), op, "X", rows.shape(), "y", std::array{element_count(y)});
    check(rows.shape(0) >= 1, std::string(op) + ": X must have at least 1 row", rows.shape(0));
    if constexpr (std::floating_point<std::remove_cvref_t<element_t<Y>>>) {
        for (std::size_t i = 0; i < element_count(y); ++i) {
            if (element(y, i) != element(y, i)) {
                throw argument_error(std::string(op) + ": y row " + to_text(i) + " is NaN", "nan");
            }
        }
    }
    return rows;
}

template <class X>
using element_of_matrix = std::remove_const_t<typename decltype(view_of<2>(std::declval<const X&>()))::element_type>;

/// What a function of a fold's rows is called with.
template <class F, class X, class Y>
concept fold_function = std::invocable < const F&,
        array_view < const element_of_matrix<X>,
2 >, std::span<const target_value_t<Y>>, array_view<const element_of_matrix<X>, 2>,
    std::span < const target_value_t < Y >>> &&std::is_arithmetic_v<
        std::invoke_result_t<const F&, array_view<const element_of_matrix<X>, 2>, std::span<const target_value_t<Y>>,
                             array_view<const element_of_matrix<X>, 2>, std::span<const target_value_t<Y>>>>;

template <class Model>
[[nodiscard]] cross_validation<Model> collect_folds(std::vector<fold_outcome<Model>>& table, const std::vector<std::string>& names,
                                                    const cross_validation_options& options) {
    cross_validation<Model> out;
    out.metrics = names;
    out.test_scores.resize(names.size());
    out.train_scores.resize(options.train_scores ? names.size() : 0);
    for (std::size_t f = 0; f < table.size(); ++f) {
        for (std::size_t m = 0; m < names.size(); ++m) {
            out.test_scores[m].push_back(table[f].test[m]);
            if (options.train_scores) {
                out.train_scores[m].push_back(table[f].train[m]);
            }
        }
        out.roads.push_back(table[f].road);
        out.times.push_back(table[f].times);
        if (table[f].error) {
            out.errors.push_back({f, table[f].error});
        } else if (options.models) {
            out.models.push_back(*std::move(table[f].model));
        }
    }
    if (out.errors.size() == table.size()) {
        std::vector<item_error> all;
        for (const fold_error& e : out.errors) {
            all.push_back({e.fold, e.error});
        }
        try {
            std::rethrow_exception(all.front().error);
        } catch (...) {
            throw task_errors("cross_validate: every fold failed", all, table.size(), "cross_validate[0]");
        }
    }
    return out;
}

} // namespace detail

/// @brief Fits an estimator on each fold's training rows and scores it on the rows that were held out.
///
/// @param estimator  Anything with `fit(x, y)` and `predict(x)` (see ml/estimator.hpp): it is copied for each fold and not changed. x is an
///                   array_view<const T, 2> and y a std::span; or, where fit takes none, xt::xtensor containers.
/// @param x          n x d, what view_of takes, any strides; only read.
/// @param y          n targets or labels.
/// @param splitter   k_fold and its kin, or a range of folds: `group_k_fold{.folds = 5}.split(groups)`, a std::vector<fold> of one's own.
/// @param scores     What is asked of the predictions: `scores(r2, mean_absolute_error)`.
/// @param options    See cross_validation_options.
/// @returns          Scores of each fold, in order, higher being better; times, and what was asked for. Same at every thread count: all but
///                   times.
/// @throws shape_error     if X and y differ in rows
/// @throws argument_error  if there are no rows; if y has a NaN; for a fold without rows, or with one in both ("cross_validate: fold 2: row
///                         7 is in train and test"). A row that comes twice in a training set is learnt from twice.
/// @throws score_error     for a NaN (error_score::raise)
/// @throws ...             what the lowest failing fold threw, unchanged; options.run.report says which. With error_score::record
///                         task_errors, if all failed.
///
/// **Rows.** Rows that lie together are read where they are; others are copied once by each worker, for the fold it works on. Of models
/// that are put together from sums only the test rows are copied, and the training rows not at all, or 1,024 at a time.
/// **Algebra.** A mergeable estimator reads all rows once, whatever the number of folds: `roads` says of each fold how its model came
/// about. Scores are those of fitting each fold, to rounding (docs/design/cross_validation.md).
/// **Cost.** k fits and predictions, in parallel, and whatever is parallel in them. Memory: for each worker the rows of one fold.
///
/// @code
/// auto result = xrayon::ml::cross_validate(xrayon::ml::ridge({.alpha = 0.1}), x, y, xrayon::ml::k_fold{.folds = 10},
/// xrayon::ml::scores(xrayon::ml::r2));
/// std::cout << result << '\n';
/// @endcode
template <class E, class X, indexed_range Y, class Splitter, metric... Metrics>
    requires viewable_as<const X&, 2> && detail::gives_folds<Splitter, Y> && detail::row_estimator<E, detail::element_of_matrix<X>,
                                                                                                   detail::target_value_t<Y>>
[[nodiscard]] auto cross_validate(const E& estimator, const X& x, const Y& y, const Splitter& splitter, const score_set<Metrics...>& scores,
                                  const cross_validation_options& options = {}) {
    using T = detail::element_of_matrix<X>;
    using L = detail::target_value_t<Y>;
    const array_view<const T, 2> rows = detail::labelled("cross_validate", x, y);
    if (!options.weights.empty()) {
        check_same_shape("cross_validate", "options.weights", std::array{options.weights.size()}, "y", std::array{rows.shape(0)});
    }
    decltype(auto) folds = detail::folds_of("cross_validate", splitter, y);
    const detail::fold_survey survey = detail::survey_folds("cross_validate", folds, rows.shape(0));
    const std::vector<L> targets = detail::copy_targets(y);
    detail::evaluation_options how;
    how.name = "cross_validate";
    how.train_scores = options.train_scores;
    how.models = options.models;
    how.record_errors = options.error == error_score::record;
    how.raise_nan = !how.record_errors;
    how.algebra = options.algebra;
    how.weights = options.weights;
    how.run = &options.run;
    detail::evaluation<E, T, L, std::remove_cvref_t<decltype(folds)>, score_set<Metrics...>> job(
        std::span<const E>(&estimator, 1), {rows, targets}, folds, survey, scores, how);
    job.run();
    auto out = detail::collect_folds(job.table(), scores.names(), options);
    if (options.indices) {
        for (std::size_t f = 0; f < survey.count; ++f) {
            out.indices.push_back(element(folds, f));
        }
    }
    return out;
}

/// @brief The same with one metric.
template <class E, class X, indexed_range Y, class Splitter, metric Metric>
    requires viewable_as<const X&, 2> && detail::gives_folds<Splitter, Y> && detail::row_estimator<E, detail::element_of_matrix<X>,
                                                                                                   detail::target_value_t<Y>>
[[nodiscard]] auto cross_validate(const E& estimator, const X& x, const Y& y, const Splitter& splitter, const Metric& metric,
                                  const cross_validation_options& options = {}) {
    return cross_validate(estimator, x, y, splitter, scores(metric), options);
}

/// @brief The same by the usual folds and metric: `options.folds` folds of stratified_k_fold and accuracy for classifiers, of k_fold and r2
/// for others.
template <class E, class X, indexed_range Y>
    requires viewable_as<const X&, 2> && detail::row_estimator<E, detail::element_of_matrix<X>, detail::target_value_t<Y>>
[[nodiscard]] auto cross_validate(const E& estimator, const X& x, const Y& y, const cross_validation_options& options = {}) {
    if constexpr (is_classifier<E, Y>()) {
        return cross_validate(estimator, x, y, stratified_k_fold{.folds = options.folds}, scores(accuracy), options);
    } else {
        return cross_validate(estimator, x, y, k_fold{.folds = options.folds}, scores(r2), options);
    }
}

/// @brief The same with folds of one's own and the usual metric.
template <class E, class X, indexed_range Y, class Splitter>
    requires viewable_as<const X&, 2> && detail::gives_folds<Splitter, Y> && detail::row_estimator<E, detail::element_of_matrix<X>,
                                                                                                   detail::target_value_t<Y>>
[[nodiscard]] auto cross_validate(const E& estimator, const X& x, const Y& y, const Splitter& splitter,
                                  const cross_validation_options& options = {}) {
    if constexpr (is_classifier<E, Y>()) {
        return cross_validate(estimator, x, y, splitter, scores(accuracy), options);
    } else {
        return cross_validate(estimator, x, y, splitter, scores(r2), options);
    }
}

/// What a fold has instead of a model, where a function fits and scores.
struct no_model {};

/// @brief Calls `fit_and_score(train_x, train_y, test_x, test_y)` for each fold: whatever is to be fitted, as a function that gives its
/// score.
///
/// @param fit_and_score  Called once for each fold, from several threads at once, as const: the rows as array_view<const T, 2>, the targets
///                       as std::span. What it
///                       gives is kept as a double; higher is better.
/// @param options        `train_scores`, `models`, `algebra` and `weights` mean nothing here.
/// In all else as cross_validate of an estimator. The training rows are copied once by each worker, for the fold it works on, unless they
/// lie together.
template <class X, indexed_range Y, class Splitter, class F>
    requires viewable_as<const X&, 2> && detail::gives_folds<Splitter, Y> && detail::fold_function<F, X, Y>
[[nodiscard]] cross_validation<no_model> cross_validate(const X& x, const Y& y, const Splitter& splitter, const F& fit_and_score,
                                                        const cross_validation_options& options = {}) {
    using T = detail::element_of_matrix<X>;
    using L = detail::target_value_t<Y>;
    const array_view<const T, 2> rows = detail::labelled("cross_validate", x, y);
    decltype(auto) folds = detail::folds_of("cross_validate", splitter, y);
    const detail::fold_survey survey = detail::survey_folds("cross_validate", folds, rows.shape(0));
    const std::vector<L> targets = detail::copy_targets(y);
    const std::vector<std::string> names{"score"};
    scratch<detail::fold_buffer<T, L>> buffers;
    std::vector<detail::fold_outcome<no_model>> table(survey.count);
    for_each_index(survey.count,
                   [&](std::size_t f) {
                       detail::fold_outcome<no_model>& out = table[f];
                       try {
                           const auto buffer = buffers.borrow();
                           const auto sets = buffer->take({rows, targets}, folds, f, true);
                           detail::timed(out.times.fit, [&] {
                               out.test.assign(1, static_cast<double>(
                                                      std::invoke(fit_and_score, sets.train.x, sets.train.y, sets.test.x, sets.test.y)));
                           });
                           if (options.error == error_score::raise) {
                               detail::check_scores("cross_validate", f, names, out.test);
                           }
                       } catch (...) {
                           if (options.error == error_score::raise || is_cancelled(current_call())) {
                               throw;
                           }
                           out.test.assign(1, std::numeric_limits<double>::quiet_NaN());
                           out.error = std::current_exception();
                       }
                   },
                   {.grain = 1, .run = options.run, .name = "cross_validate"});
    cross_validation_options kept = options;
    kept.train_scores = false;
    kept.models = false;
    auto out = detail::collect_folds(table, names, kept);
    if (options.indices) {
        for (std::size_t f = 0; f < survey.count; ++f) {
            out.indices.push_back(element(folds, f));
        }
    }
    return out;
}

} // namespace xrayon::ml

#endif // XRAYON_ML_VALIDATION_CROSS_VALIDATE_HPP
