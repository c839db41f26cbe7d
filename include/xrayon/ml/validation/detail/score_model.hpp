// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_VALIDATION_DETAIL_SCORE_MODEL_HPP
#define XRAYON_ML_VALIDATION_DETAIL_SCORE_MODEL_HPP

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/metrics/metric.hpp>
#include <xrayon/ml/metrics/scores.hpp>
#include <xrayon/ml/validation/cross_validation.hpp>
#include <xrayon/ml/validation/detail/fold_rows.hpp>

namespace xrayon::ml::detail {

/// A metric's value as a score: higher is better.
template <class Metric>
[[nodiscard]] double as_score(const Metric&, double value) noexcept {
    return Metric::higher_is_better ? value : -value;
}

/// The scores of predictions that are there already, for metrics of values.
template <class Scores, class L, class Predicted>
void score_values(const Scores& scores, std::span<const L> y, const Predicted& predicted, std::vector<double>& out) {
    scores.for_each([&](std::size_t i, const auto& metric) {
        if constexpr (std::remove_cvref_t<decltype(metric)>::reads == prediction_kind::values) {
            out[i] = as_score(metric, metric(y, predicted));
        }
    });
}

/// The scores of a model on rows.
template <class E, class Model, class T, class L, class Scores>
[[nodiscard]] std::vector<double> score_model(const Model& model, const labelled_view<T, L>& rows, const Scores& scores) {
    std::vector<double> out(Scores::size());
    with_matrix<E, T, L>(rows.x, [&](const auto& x) {
        if constexpr (Scores::read(prediction_kind::values)) {
            score_values(scores, rows.y, model.predict(x), out);
        }
        if constexpr (Scores::read(prediction_kind::probabilities)) {
            static_assert(predicts_probabilities<Model, std::remove_cvref_t<decltype(x)>>,
                          "a metric of probabilities needs a model with predict_proba and classes");
            const auto probabilities = model.predict_proba(x);
            scores.for_each([&](std::size_t i, const auto& metric) {
                if constexpr (std::remove_cvref_t<decltype(metric)>::reads == prediction_kind::probabilities) {
                    out[i] = as_score(metric, metric(rows.y, probabilities, model.classes()));
                }
            });
        }
    });
    return out;
}

/// Throws score_error for the first score that is NaN.
inline void check_scores(std::string_view op, std::size_t fold, const std::vector<std::string>& names, const std::vector<double>& scores) {
    for (std::size_t m = 0; m < scores.size(); ++m) {
        if (std::isnan(scores[m])) {
            throw score_error(std::string(op) + ": fold " + to_text(fold) + ": " + names[m] + " is nan", names[m]);
        }
    }
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_VALIDATION_DETAIL_SCORE_MODEL_HPP
