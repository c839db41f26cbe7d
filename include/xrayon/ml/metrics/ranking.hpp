// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_RANKING_HPP
#define XRAYON_ML_METRICS_RANKING_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/ml/metrics/detail/label_table.hpp>
#include <xrayon/ml/metrics/detail/metric_call.hpp>
#include <xrayon/ml/metrics/detail/probability_table.hpp>
#include <xrayon/ml/metrics/metric.hpp>
#include <xrayon/ml/metrics/precision_recall.hpp>
#include <xrayon/par/argsort.hpp>

namespace xrayon::ml {

namespace detail {

/// What a walk from the highest score down has met at the end of each group of equal scores: weights of positive and of other rows.
struct ranked_counts {
    std::vector<double> positive, negative;
};

/// @param score     n numbers, none of them NaN
/// @param positive  whether row i is
/// @param counts    whether row i counts at all
template <class Score, class Positive, class Counts>
[[nodiscard]] ranked_counts rank_rows(const metric_call& call, const Score& score, const Positive& positive, const Counts& counts) {
    const auto scores = map_index(
        call.rows(),
        [&](std::size_t i) {
            const double s = score(i);
            check(s == s, call.name() + ": scores must not be NaN; that of row", i);
            return s;
        },
        call.loop());
    const auto order = argsort(scores, std::greater<>(), call.loop());
    ranked_counts out;
    double above = 0;
    double other = 0;
    for (std::size_t k = 0; k < order.size(); ++k) {
        const std::size_t i = order[k];
        if (counts(i)) {
            (positive(i) ? above : other) += call.weight(i);
        }
        if (k + 1 == order.size() || scores[order[k + 1]] != scores[i]) {
            out.positive.push_back(above);
            out.negative.push_back(other);
        }
    }
    return out;
}

/// The area under the curve of hits against false alarms, equal scores joined by a straight line.
[[nodiscard]] inline double area_under_roc(const ranked_counts& ranked) noexcept {
    double area = 0;
    double hits = 0;
    double alarms = 0;
    for (std::size_t k = 0; k < ranked.positive.size(); ++k) {
        area += (ranked.negative[k] - alarms) * (ranked.positive[k] + hits) / 2;
        hits = ranked.positive[k];
        alarms = ranked.negative[k];
    }
    return area / (hits * alarms);
}

/// sum over thresholds of (recall - recall before) precision
[[nodiscard]] inline double average_of_precision(const ranked_counts& ranked) noexcept {
    double sum = 0;
    double hits = 0;
    for (std::size_t k = 0; k < ranked.positive.size(); ++k) {
        if (ranked.positive[k] > hits) {
            sum += (ranked.positive[k] - hits) * (ranked.positive[k] / (ranked.positive[k] + ranked.negative[k]));
        }
        hits = ranked.positive[k];
    }
    return sum / hits;
}

/// The columns of a matrix of probabilities, and which one each row belongs to.
template <class True, class P, class Classes>
[[nodiscard]] auto ranked_classes(const metric_call& call, const True& y_true, const P& p, const Classes& classes) {
    using label = std::common_type_t<label_of<True>, label_of<Classes>>;
    std::vector<label> columns;
    for (std::size_t c = 0; c < element_count(classes); ++c) {
        columns.push_back(static_cast<label>(element(classes, c)));
    }
    check(columns.size() >= 2, call.name() + ": the number of classes must be >= 2", columns.size());
    check_class_columns(call, columns, p.shape());
    auto coded = encode_rows(call, y_true, std::move(columns));
    std::vector<double> rows(coded.classes.size());
    for (std::size_t i = 0; i < coded.of_row.size(); ++i) {
        rows[coded.of_row[i]] += call.weight(i);
    }
    for (std::size_t c = 0; c < rows.size(); ++c) {
        check(rows[c] > 0, call.name() + ": y_true must have rows of every class; of class " + to_text(c) + " (in ascending order)",
              rows[c]);
    }
    return std::pair(std::move(coded), std::move(rows));
}

}  // namespace detail

/// How the ROC of two classes becomes one of several.
enum class multi_class {
    one_versus_rest,  ///< Each class against all others.
    one_versus_one,   ///< Each pair of classes; weights of rows are not used for the average.
};

/// @brief The area under the ROC curve: how likely a row of the positive class has a higher score than another one, ties counting half. 1
/// is best.
///
/// Of two classes `m(y_true, scores)` with a score for each row, the greater label being the positive one; or n x 2 probabilities. Of more
/// classes n x c, averaged
/// by `average` (macro or weighted) over classes or pairs. scikit-learn's `roc_auc_score`. The same bits at every thread count.
/// @throws shape_error     if rows or columns do not fit
/// @throws argument_error  if y_true has not rows of every class, at least two; for NaN; for bad weights
/// **Cost.** A sort for each class.
struct roc_auc_metric {
    averaging average = averaging::macro;
    multi_class several = multi_class::one_versus_rest;

    static constexpr bool higher_is_better = true;
    static constexpr prediction_kind reads = prediction_kind::probabilities;
    [[nodiscard]] static constexpr std::string_view name() noexcept { return "roc_auc"; }

    template <indexed_range True, detail::score_range S>
    [[nodiscard]] double operator()(const True& y_true, const S& scores, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_metric(name(), y_true, scores, options);
        const auto classes = detail::two_classes(call, y_true);
        return detail::area_under_roc(detail::rank_rows(
            call, [&](std::size_t i) { return static_cast<double>(element(scores, i)); },
            [&](std::size_t i) { return element(y_true, i) == classes[1]; }, [](std::size_t) { return true; }));
    }
    template <indexed_range True, detail::probability_matrix P, indexed_range Classes>
        requires detail::ordered_labels<True, Classes>
    [[nodiscard]] double operator()(const True& y_true, const P& probabilities, const Classes& classes,
                                    const metric_options& options = {}) const {
        check(average == averaging::macro || average == averaging::weighted, "roc_auc: average must be macro or weighted");
        const detail::metric_call call = detail::open_probabilities(name(), y_true, probabilities, options);
        const auto p = view_of<2>(probabilities);
        const auto [coded, rows] = detail::ranked_classes(call, y_true, p, classes);
        const std::vector<std::size_t>& code = coded.of_row;
        const std::size_t count = rows.size();
        const auto area = [&, &coded_rows = code](std::size_t c, auto counts) {
            return detail::area_under_roc(detail::rank_rows(
                call, [&](std::size_t i) { return static_cast<double>(p(i, c)); }, [&](std::size_t i) { return coded_rows[i] == c; },
                counts));
        };
        if (count == 2) {
            return area(1, [](std::size_t) { return true; });
        }
        double sum = 0;
        double weight = 0;
        for (std::size_t a = 0; a < count; ++a) {
            if (several == multi_class::one_versus_rest) {
                const double w = average == averaging::weighted ? rows[a] : 1;
                sum += w * area(a, [](std::size_t) { return true; });
                weight += w;
                continue;
            }
            for (std::size_t b = a + 1; b < count; ++b) {
                const auto either = [&, &coded_rows = code](std::size_t i) { return coded_rows[i] == a || coded_rows[i] == b; };
                const double w = average == averaging::weighted ? rows[a] + rows[b] : 1;
                sum += w * (area(a, either) + area(b, either)) / 2;
                weight += w;
            }
        }
        return sum / weight;
    }
    /// The classes are those of y_true.
    template <indexed_range True, detail::probability_matrix P>
    [[nodiscard]] double operator()(const True& y_true, const P& probabilities, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_probabilities(name(), y_true, probabilities, options);
        return (*this)(y_true, probabilities, detail::distinct_labels<detail::label_of<True>>(call, "y_true", y_true), options);
    }
};
inline constexpr roc_auc_metric roc_auc{};

/// @brief The mean of precision at each positive row's rank, from the highest score down: the sum of (recall - recall before) x precision.
/// 1 is best.
///
/// Of two classes as roc_auc; of more, n x c, the mean over classes against the rest. scikit-learn's `average_precision_score`. Errors,
/// cost and determinism
/// as roc_auc_metric.
struct average_precision_metric {
    averaging average = averaging::macro;

    static constexpr bool higher_is_better = true;
    static constexpr prediction_kind reads = prediction_kind::probabilities;
    [[nodiscard]] static constexpr std::string_view name() noexcept { return "average_precision"; }

    template <indexed_range True, detail::score_range S>
    [[nodiscard]] double operator()(const True& y_true, const S& scores, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_metric(name(), y_true, scores, options);
        const auto classes = detail::two_classes(call, y_true);
        return detail::average_of_precision(detail::rank_rows(
            call, [&](std::size_t i) { return static_cast<double>(element(scores, i)); },
            [&](std::size_t i) { return element(y_true, i) == classes[1]; }, [](std::size_t) { return true; }));
    }
    template <indexed_range True, detail::probability_matrix P, indexed_range Classes>
        requires detail::ordered_labels<True, Classes>
    [[nodiscard]] double operator()(const True& y_true, const P& probabilities, const Classes& classes,
                                    const metric_options& options = {}) const {
        check(average == averaging::macro || average == averaging::weighted, "average_precision: average must be macro or weighted");
        const detail::metric_call call = detail::open_probabilities(name(), y_true, probabilities, options);
        const auto p = view_of<2>(probabilities);
        const auto [coded, rows] = detail::ranked_classes(call, y_true, p, classes);
        double sum = 0;
        double weight = 0;
        for (std::size_t c = rows.size() == 2 ? 1 : 0; c < rows.size(); ++c) {
            const double w = average == averaging::weighted ? rows[c] : 1;
            sum += w
                   * detail::average_of_precision(detail::rank_rows(
                       call, [&, c](std::size_t i) { return static_cast<double>(p(i, c)); },
                       [&, c, &code = coded.of_row](std::size_t i) { return code[i] == c; }, [](std::size_t) { return true; }));
            weight += w;
        }
        return sum / weight;
    }
    template <indexed_range True, detail::probability_matrix P>
    [[nodiscard]] double operator()(const True& y_true, const P& probabilities, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_probabilities(name(), y_true, probabilities, options);
        return (*this)(y_true, probabilities, detail::distinct_labels<detail::label_of<True>>(call, "y_true", y_true), options);
    }
};
inline constexpr average_precision_metric average_precision{};

}  // namespace xrayon::ml

#endif  // XRAYON_ML_METRICS_RANKING_HPP
