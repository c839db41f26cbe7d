// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_PRECISION_RECALL_HPP
#define XRAYON_ML_METRICS_PRECISION_RECALL_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/ml/metrics/detail/label_table.hpp>
#include <xrayon/ml/metrics/detail/metric_call.hpp>
#include <xrayon/ml/metrics/detail/metric_name.hpp>
#include <xrayon/ml/metrics/metric.hpp>
#include <xrayon/ml/metrics/score_range.hpp>
#include <xrayon/ml/split/detail/label_value.hpp>

namespace xrayon::ml {

/// How a metric of one class becomes one of several.
enum class averaging {
    binary,    ///< Of the positive class alone; there may be two at most.
    micro,     ///< Of all decisions together.
    macro,     ///< The mean over classes, each counting once.
    weighted,  ///< The mean over classes, each by its rows in y_true.
};

namespace detail {

[[nodiscard]] inline std::string averaging_text(averaging average) {
    return average == averaging::binary  ? "binary"
           : average == averaging::micro ? "micro"
           : average == averaging::macro ? "macro"
                                         : "weighted";
}

/// Classes' hits, predictions and rows, as `average` asks for: one triple, or one for each class.
template <class Label>
[[nodiscard]] std::vector<std::array<double, 3>> decisions(const std::string& name, const class_counts<Label>& counts, averaging average,
                                                           const std::optional<long long>& positive) {
    const std::size_t classes = counts.labels.size();
    if (average == averaging::binary) {
        check(classes <= 2, name + ": the number of classes must be <= 2 with averaging::binary (choose macro, micro or weighted)",
              classes);
        std::size_t c = classes - 1;
        if (positive) {
            if constexpr (std::is_arithmetic_v<Label>) {
                c = 0;
                while (c < classes && !equal_labels(counts.labels[c], *positive)) {
                    ++c;
                }
                if (c == classes) {
                    return {{0, 0, 0}};
                }
            } else {
                check(false, name + ": positive is for labels that are numbers");
            }
        } else if (!last_is_positive(counts.labels)) {
            return {{0, 0, 0}};
        }
        return {{counts.both[c], counts.predicted[c], counts.actual[c]}};
    }
    if (average == averaging::micro) {
        const auto sum = [](const std::vector<double>& v) { return std::accumulate(v.begin(), v.end(), 0.0); };
        return {{sum(counts.both), sum(counts.predicted), sum(counts.actual)}};
    }
    std::vector<std::array<double, 3>> out;
    for (std::size_t c = 0; c < classes; ++c) {
        out.push_back({counts.both[c], counts.predicted[c], counts.actual[c]});
    }
    return out;
}

/// The mean of `of(hits, predicted, actual)` as `average` asks for.
template <class Of>
[[nodiscard]] double average_decisions(const std::vector<std::array<double, 3>>& decisions, averaging average, const Of& of) {
    double sum = 0;
    double weight = 0;
    for (const auto& [hits, predicted, actual] : decisions) {
        const double w = average == averaging::weighted ? actual : 1;
        sum += w * of(hits, predicted, actual);
        weight += w;
    }
    return sum / weight;
}

/// "" for binary, "_macro" ...
[[nodiscard]] inline std::string average_suffix(averaging average) {
    return average == averaging::binary ? std::string() : "_" + averaging_text(average);
}

/// "precision_macro(zero_division=1)". `positive` counts with averaging::binary only.
[[nodiscard]] inline std::string decision_name(std::string plain, averaging average, const std::optional<long long>& positive,
                                               double zero_division) {
    metric_name out(std::move(plain));
    if (positive && average == averaging::binary) {
        out.add("positive", to_text(*positive));
    }
    return out.add("zero_division", zero_division, 0).text();
}

/// hits / all, or what stands for it where there are none.
[[nodiscard]] inline double ratio(double hits, double all, double zero_division) noexcept { return all == 0 ? zero_division : hits / all; }

} // namespace detail

/// @brief F_beta: (1 + b^2) precision recall / (b^2 precision + recall), higher is better. `f1` has beta 1.
///
/// Labels are integers, strings, anything with == and <; see confusion_matrix for how they compare. The positive class of averaging::binary
/// is `positive`, else 1 where labels are 0 and 1 or -1 and 1, else the greater label. Where there is nothing to divide by, `zero_division`
/// stands.
/// scikit-learn's `fbeta_score`, which says pos_label for `positive`. The same bits at every thread count.
/// @throws shape_error     if the lengths differ
/// @throws argument_error  if there are no rows; for NaN; for bad weights; of three classes and more with averaging::binary
/// **Cost.** Three passes over the rows; memory O(classes) for each thread and level of the tree.
///
/// @code
/// const double score = xrayon::ml::f1_metric{.average = xrayon::ml::averaging::macro}(y_true, y_pred);
/// @endcode
struct f_beta_metric {
    averaging average = averaging::binary;
    double beta = 1;
    std::optional<long long> positive = {};
    double zero_division = 0;

    static constexpr bool higher_is_better = true;
    [[nodiscard]] static constexpr score_range range() noexcept { return {0, 1}; }
    static constexpr prediction_kind reads = prediction_kind::values;
    /// "f1", "f2_macro", "f1(positive=0)"
    [[nodiscard]] std::string name() const { return detail::decision_name(plain_name(), average, positive, zero_division); }
    template <indexed_range True, indexed_range Predicted>
        requires detail::ordered_labels<True, Predicted>
    [[nodiscard]] double operator()(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) const {
        check(std::isfinite(beta) && beta >= 0, "f_beta: beta must be finite and >= 0", beta);
        const detail::metric_call call = detail::open_metric(plain_name(), y_true, y_pred, options);
        const auto parts = detail::decisions(call.name(), detail::count_classes(call, y_true, y_pred), average, positive);
        return detail::average_decisions(parts, average, [&](double hits, double predicted, double actual) {
            const double b2 = beta * beta;
            const double all = b2 * actual + predicted;
            return detail::ratio((1 + b2) * hits, all, zero_division);
        });
    }

private:
    [[nodiscard]] std::string plain_name() const {
        return (beta == 1 ? std::string("f1") : "f" + to_text(beta)) + detail::average_suffix(average);
    }
};
using f1_metric = f_beta_metric;
inline constexpr f1_metric f1{};

/// @brief Of the rows predicted as positive, the share that are. As f_beta_metric in all.
struct precision_metric {
    averaging average = averaging::binary;
    std::optional<long long> positive = {};
    double zero_division = 0;

    static constexpr bool higher_is_better = true;
    [[nodiscard]] static constexpr score_range range() noexcept { return {0, 1}; }
    static constexpr prediction_kind reads = prediction_kind::values;
    [[nodiscard]] std::string name() const { return detail::decision_name(plain_name(), average, positive, zero_division); }
    template <indexed_range True, indexed_range Predicted>
        requires detail::ordered_labels<True, Predicted>
    [[nodiscard]] double operator()(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_metric(plain_name(), y_true, y_pred, options);
        const auto parts = detail::decisions(call.name(), detail::count_classes(call, y_true, y_pred), average, positive);
        return detail::average_decisions(
            parts, average, [&](double hits, double predicted, double) { return detail::ratio(hits, predicted, zero_division); });
    }

private:
    [[nodiscard]] std::string plain_name() const { return "precision" + detail::average_suffix(average); }
};
inline constexpr precision_metric precision{};

/// @brief Of the rows that are positive, the share that were predicted. As f_beta_metric in all.
struct recall_metric {
    averaging average = averaging::binary;
    std::optional<long long> positive = {};
    double zero_division = 0;

    static constexpr bool higher_is_better = true;
    [[nodiscard]] static constexpr score_range range() noexcept { return {0, 1}; }
    static constexpr prediction_kind reads = prediction_kind::values;
    [[nodiscard]] std::string name() const { return detail::decision_name(plain_name(), average, positive, zero_division); }
    template <indexed_range True, indexed_range Predicted>
        requires detail::ordered_labels<True, Predicted>
    [[nodiscard]] double operator()(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_metric(plain_name(), y_true, y_pred, options);
        const auto parts = detail::decisions(call.name(), detail::count_classes(call, y_true, y_pred), average, positive);
        return detail::average_decisions(parts, average,
                                         [&](double hits, double, double actual) { return detail::ratio(hits, actual, zero_division); });
    }

private:
    [[nodiscard]] std::string plain_name() const { return "recall" + detail::average_suffix(average); }
};
inline constexpr recall_metric recall{};

/// @brief The mean over the classes of y_true of the share of their rows that were predicted. 1 is best. scikit-learn's
/// `balanced_accuracy_score`.
///
/// With `adjusted`, 0 is what guessing gives. Errors, cost and determinism as f_beta_metric.
struct balanced_accuracy_metric {
    bool adjusted = false;

    static constexpr bool higher_is_better = true;
    [[nodiscard]] constexpr score_range range() const noexcept { return {adjusted ? -1.0 : 0.0, 1.0}; }
    static constexpr prediction_kind reads = prediction_kind::values;
    /// "balanced_accuracy(adjusted=true)"; without it "balanced_accuracy".
    [[nodiscard]] std::string name() const { return detail::metric_name("balanced_accuracy").add("adjusted", adjusted, false).text(); }
    template <indexed_range True, indexed_range Predicted>
        requires detail::ordered_labels<True, Predicted>
    [[nodiscard]] double operator()(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_metric("balanced_accuracy", y_true, y_pred, options);
        const auto counts = detail::count_classes(call, y_true, y_pred);
        double sum = 0;
        double classes = 0;
        for (std::size_t c = 0; c < counts.labels.size(); ++c) {
            if (counts.actual[c] > 0) {
                sum += counts.both[c] / counts.actual[c];
                classes += 1;
            }
        }
        const double score = sum / classes;
        return adjusted ? (score - 1 / classes) / (1 - 1 / classes) : score;
    }
};
inline constexpr balanced_accuracy_metric balanced_accuracy{};

} // namespace xrayon::ml

#endif // XRAYON_ML_METRICS_PRECISION_RECALL_HPP
