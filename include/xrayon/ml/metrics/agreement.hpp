// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_AGREEMENT_HPP
#define XRAYON_ML_METRICS_AGREEMENT_HPP

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/ml/metrics/confusion_matrix.hpp>
#include <xrayon/ml/metrics/detail/label_table.hpp>
#include <xrayon/ml/metrics/detail/metric_call.hpp>
#include <xrayon/ml/metrics/detail/metric_name.hpp>
#include <xrayon/ml/metrics/metric.hpp>
#include <xrayon/ml/metrics/score_range.hpp>

namespace xrayon::ml {

/// How much a confusion of two classes weighs in Cohen's kappa, by how far they are apart in ascending order.
enum class kappa_weights { none, linear, quadratic };

/// @brief Cohen's kappa: how far labels and predictions agree beyond chance; 1 is best, 0 is chance. scikit-learn's `cohen_kappa_score`.
///
/// NaN where chance alone would agree everywhere. J. Cohen, "A coefficient of agreement for nominal scales" (1960). The same bits at every
/// thread count. @throws shape_error, argument_error  as confusion_matrix, whose cost it has
struct cohen_kappa_metric {
    kappa_weights weights = kappa_weights::none;

    static constexpr bool higher_is_better = true;
    [[nodiscard]] static constexpr score_range range() noexcept { return {-1, 1}; }
    static constexpr prediction_kind reads = prediction_kind::values;
    /// "cohen_kappa(weights=linear)"; without weights "cohen_kappa".
    [[nodiscard]] std::string name() const {
        detail::metric_name out("cohen_kappa");
        if (weights != kappa_weights::none) {
            out.add("weights", weights == kappa_weights::linear ? "linear" : "quadratic");
        }
        return out.text();
    }
    template <indexed_range True, indexed_range Predicted>
        requires detail::ordered_labels<True, Predicted>
    [[nodiscard]] double operator()(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) const {
        const auto table = confusion_matrix(y_true, y_pred, options);
        const std::size_t classes = table.labels.size();
        std::vector<double> actual(classes);
        std::vector<double> predicted(classes);
        double all = 0;
        for (std::size_t i = 0; i < classes; ++i) {
            for (std::size_t j = 0; j < classes; ++j) {
                actual[i] += table.counts(i, j);
                predicted[j] += table.counts(i, j);
                all += table.counts(i, j);
            }
        }
        double observed = 0;
        double by_chance = 0;
        for (std::size_t i = 0; i < classes; ++i) {
            for (std::size_t j = 0; j < classes; ++j) {
                const double apart = static_cast<double>(i) - static_cast<double>(j);
                const double w = weights == kappa_weights::none     ? (i == j ? 0.0 : 1.0)
                                 : weights == kappa_weights::linear ? std::abs(apart)
                                                                    : apart * apart;
                observed += w * table.counts(i, j);
                by_chance += w * (actual[i] * predicted[j] / all);
            }
        }
        return by_chance == 0 ? std::numeric_limits<double>::quiet_NaN() : 1 - observed / by_chance;
    }
};
inline constexpr cohen_kappa_metric cohen_kappa{};

/// @brief Matthews' correlation of labels and predictions, for any number of classes: 1 is best, 0 is chance; 0 too where either is
/// constant.
///
/// scikit-learn's `matthews_corrcoef`; J. Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient" (2004).
/// The same bits at every thread count. @throws shape_error, argument_error  as f_beta_metric, whose cost it has
struct matthews_metric {
    static constexpr bool higher_is_better = true;
    [[nodiscard]] static constexpr score_range range() noexcept { return {-1, 1}; }
    static constexpr prediction_kind reads = prediction_kind::values;
    [[nodiscard]] static constexpr std::string_view name() noexcept { return "matthews"; }
    template <indexed_range True, indexed_range Predicted>
        requires detail::ordered_labels<True, Predicted>
    [[nodiscard]] double operator()(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_metric(name(), y_true, y_pred, options);
        const auto counts = detail::count_classes(call, y_true, y_pred);
        double hits = 0;
        double all = 0;
        double cross = 0;
        double actual = 0;
        double predicted = 0;
        for (std::size_t c = 0; c < counts.labels.size(); ++c) {
            hits += counts.both[c];
            all += counts.actual[c];
            cross += counts.actual[c] * counts.predicted[c];
            actual += counts.actual[c] * counts.actual[c];
            predicted += counts.predicted[c] * counts.predicted[c];
        }
        const double spread = (all * all - predicted) * (all * all - actual);
        return spread == 0 ? 0 : (hits * all - cross) / std::sqrt(spread);
    }
};
inline constexpr matthews_metric matthews{};

} // namespace xrayon::ml

#endif // XRAYON_ML_METRICS_AGREEMENT_HPP
