// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_RANKING_HPP
#define XRAYON_ML_METRICS_RANKING_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/ml/metrics/detail/label_table.hpp>
#include <xrayon/ml/metrics/detail/metric_call.hpp>
#include <xrayon/ml/metrics/detail/metric_name.hpp>
#include <xrayon/ml/metrics/detail/probability_table.hpp>
#include <xrayon/ml/metrics/metric.hpp>
#include <xrayon/ml/metrics/precision_recall.hpp>
#include <xrayon/ml/metrics/score_range.hpp>
#include <xrayon/ml/split/detail/label_value.hpp>
#include <xrayon/par/argsort.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

namespace detail {

/// What a walk from the highest score down has met at the end of each group of equal scores: weights of positive and of other rows.
struct ranked_counts {
    std::vector<double> positive, negative;
};

inline void check_score(const metric_call& call, double score, std::size_t i) {
    if (score != score) [[unlikely]] {
        check(false, call.name() + ": scores must not be NaN; that of row", i);
    }
}

/// @param count     how many rows count
/// @param row       the rows that do, ascending: row(k), k < count
/// @param score     score(i) of row i, not NaN
/// @param positive  whether row i is
template <class Row, class Score, class Positive>
[[nodiscard]] ranked_counts rank_some_rows(const metric_call& call, std::size_t count, const Row& row, const Score& score,
                                           const Positive& positive) {
    const auto scores = map_index(
        count,
        [&](std::size_t k) {
            const double s = score(row(k));
            check_score(call, s, row(k));
            return s;
        },
        call.loop());
    const auto order = argsort(scores, std::greater<>(), call.loop());
    ranked_counts out;
    double above = 0;
    double other = 0;
    for (std::size_t k = 0; k < order.size(); ++k) {
        const std::size_t i = row(order[k]);
        (positive(i) ? above : other) += call.weight(i);
        if (k + 1 == order.size() || scores[order[k + 1]] != scores[order[k]]) {
            out.positive.push_back(above);
            out.negative.push_back(other);
        }
    }
    return out;
}

template <class Score, class Positive>
[[nodiscard]] ranked_counts rank_rows(const metric_call& call, const Score& score, const Positive& positive) {
    return rank_some_rows(
        call, call.rows(), [](std::size_t k) { return k; }, score, positive);
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
    check(element_count(classes) >= 2, call.name() + ": the number of classes must be >= 2", element_count(classes));
    auto coded = encode_rows(call, y_true, class_columns<label_of_both<True, Classes>>(call, classes, p.shape()));
    std::vector<double> rows(coded.classes.size());
    for (std::size_t i = 0; i < coded.of_row.size(); ++i) {
        rows[coded.of_row[i]] += call.weight(i);
    }
    for (std::size_t c = 0; c < rows.size(); ++c) {
        if (!(rows[c] > 0)) [[unlikely]] {
            check(false, call.name() + ": y_true must have rows of every class; of class " + to_text(c) + " (in ascending order)", rows[c]);
        }
    }
    return std::pair(std::move(coded), std::move(rows));
}

} // namespace detail

/// How the ROC of two classes becomes one of several.
enum class multi_class {
    one_versus_rest,  ///< Each class against all others.
    one_versus_one,   ///< Each pair of classes; weights of rows are not used for the average.
};

/// @brief The area under the ROC curve: how likely a row of the positive class has a higher score than another one, ties counting half. 1
/// is best.
///
/// Of two classes `m(y_true, scores)` with a score for each row, the greater label being the positive one; or n x 2 probabilities. Of more
/// classes n x c, averaged by `average` (macro or weighted) over classes or pairs. scikit-learn's `roc_auc_score`. The same bits at every
/// thread count.
/// @throws shape_error     if rows or columns do not fit
/// @throws argument_error  if y_true has not rows of every class, at least two; for NaN; for bad weights
/// **Cost.** A sort of n rows for each class; of one_versus_one, for each pair of classes, two sorts of their rows: as much as 2 (c - 1)
/// sorts of n.
struct roc_auc_metric {
    averaging average = averaging::macro;
    multi_class several = multi_class::one_versus_rest;

    static constexpr bool higher_is_better = true;
    [[nodiscard]] static constexpr score_range range() noexcept { return {0, 1}; }
    static constexpr prediction_kind reads = prediction_kind::probabilities;
    /// "roc_auc(average=weighted, several=one_versus_one)"; with the usual options "roc_auc".
    [[nodiscard]] std::string name() const {
        detail::metric_name out("roc_auc");
        if (average != averaging::macro) {
            out.add("average", detail::averaging_text(average));
        }
        if (several != multi_class::one_versus_rest) {
            out.add("several", "one_versus_one");
        }
        return out.text();
    }

    template <indexed_range True, detail::score_numbers S>
    [[nodiscard]] double operator()(const True& y_true, const S& scores, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_metric("roc_auc", y_true, scores, options);
        const auto classes = detail::two_classes(call, y_true);
        return detail::area_under_roc(detail::rank_rows(
            call, [&](std::size_t i) { return static_cast<double>(element(scores, i)); },
            [&](std::size_t i) { return detail::equal_labels(element(y_true, i), classes.back()); }));
    }
    template <indexed_range True, detail::probability_matrix P, indexed_range Classes>
        requires detail::ordered_labels<True, Classes>
    [[nodiscard]] double operator()(const True& y_true, const P& probabilities, const Classes& classes,
                                    const metric_options& options = {}) const {
        check(average == averaging::macro || average == averaging::weighted, "roc_auc: average must be macro or weighted");
        const detail::metric_call call = detail::open_probabilities("roc_auc", y_true, probabilities, options);
        const auto p = view_of<2>(probabilities);
        const auto [coded, rows] = detail::ranked_classes(call, y_true, p, classes);
        const std::vector<std::size_t>& code = coded.of_row;
        if (rows.size() > 2 && several == multi_class::one_versus_one) {
            return mean_over_pairs(call, p, code, rows);
        }
        const auto area = [&](std::size_t c) {
            return detail::area_under_roc(detail::rank_rows(
                call, [&](std::size_t i) { return static_cast<double>(p(i, c)); }, [&](std::size_t i) { return code[i] == c; }));
        };
        if (rows.size() == 2) {
            return area(1);
        }
        double sum = 0;
        double weight = 0;
        for (std::size_t c = 0; c < rows.size(); ++c) {
            const double w = average == averaging::weighted ? rows[c] : 1;
            sum += w * area(c);
            weight += w;
        }
        return sum / weight;
    }
    /// The classes are those of y_true.
    template <indexed_range True, detail::probability_matrix P>
    [[nodiscard]] double operator()(const True& y_true, const P& probabilities, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_probabilities("roc_auc", y_true, probabilities, options);
        return (*this)(y_true, probabilities, detail::distinct_labels<detail::label_of<True>>(call, "y_true", y_true), options);
    }

private:
    /// The mean over pairs of classes of the areas of one against the other, both ways round.
    template <class View>
    [[nodiscard]] double mean_over_pairs(const detail::metric_call& call, const View& p, const std::vector<std::size_t>& code,
                                         const std::vector<double>& weight_of_class) const {
        const std::size_t classes = weight_of_class.size();
        std::vector<std::vector<std::size_t>> rows_of_class(classes);
        for (std::size_t i = 0; i < code.size(); ++i) {
            rows_of_class[code[i]].push_back(i);
        }
        for (std::size_t c = 0; c < classes; ++c) {
            for_each_index(
                call.rows(), [&](std::size_t i) { detail::check_score(call, static_cast<double>(p(i, c)), i); }, call.loop());
        }
        double sum = 0;
        double weight = 0;
        for (std::size_t a = 0; a < classes; ++a) {
            for (std::size_t b = a + 1; b < classes; ++b) {
                std::vector<std::size_t> either;
                either.reserve(rows_of_class[a].size() + rows_of_class[b].size());
                std::merge(rows_of_class[a].begin(), rows_of_class[a].end(), rows_of_class[b].begin(), rows_of_class[b].end(),
                           std::back_inserter(either));
                const auto area = [&](std::size_t c) {
                    return detail::area_under_roc(detail::rank_some_rows(
                        call, either.size(), [&](std::size_t k) { return either[k]; },
                        [&](std::size_t i) { return static_cast<double>(p(i, c)); }, [&](std::size_t i) { return code[i] == c; }));
                };
                const double w = average == averaging::weighted ? weight_of_class[a] + weight_of_class[b] : 1;
                sum += w * (area(a) + area(b)) / 2;
                weight += w;
            }
        }
        return sum / weight;
    }
};
inline constexpr roc_auc_metric roc_auc{};

/// @brief The mean of precision at each positive row's rank, from the highest score down: the sum of (recall - recall before) x precision.
/// 1 is best.
///
/// Of two classes as roc_auc; of more, n x c, the mean over classes against the rest. scikit-learn's `average_precision_score`. Errors,
/// cost and determinism as roc_auc_metric.
struct average_precision_metric {
    averaging average = averaging::macro;

    static constexpr bool higher_is_better = true;
    [[nodiscard]] static constexpr score_range range() noexcept { return {0, 1}; }
    static constexpr prediction_kind reads = prediction_kind::probabilities;
    /// "average_precision(average=weighted)"; with the usual average "average_precision".
    [[nodiscard]] std::string name() const {
        detail::metric_name out("average_precision");
        if (average != averaging::macro) {
            out.add("average", detail::averaging_text(average));
        }
        return out.text();
    }

    template <indexed_range True, detail::score_numbers S>
    [[nodiscard]] double operator()(const True& y_true, const S& scores, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_metric("average_precision", y_true, scores, options);
        const auto classes = detail::two_classes(call, y_true);
        return detail::average_of_precision(detail::rank_rows(
            call, [&](std::size_t i) { return static_cast<double>(element(scores, i)); },
            [&](std::size_t i) { return detail::equal_labels(element(y_true, i), classes.back()); }));
    }
    template <indexed_range True, detail::probability_matrix P, indexed_range Classes>
        requires detail::ordered_labels<True, Classes>
    [[nodiscard]] double operator()(const True& y_true, const P& probabilities, const Classes& classes,
                                    const metric_options& options = {}) const {
        check(average == averaging::macro || average == averaging::weighted, "average_precision: average must be macro or weighted");
        const detail::metric_call call = detail::open_probabilities("average_precision", y_true, probabilities, options);
        const auto p = view_of<2>(probabilities);
        const auto [coded, rows] = detail::ranked_classes(call, y_true, p, classes);
        double sum = 0;
        double weight = 0;
        for (std::size_t c = rows.size() == 2 ? 1 : 0; c < rows.size(); ++c) {
            const double w = average == averaging::weighted ? rows[c] : 1;
            sum += w
                   * detail::average_of_precision(detail::rank_rows(
                       call, [&, c](std::size_t i) { return static_cast<double>(p(i, c)); },
                       [&, c, &code = coded.of_row](std::size_t i) { return code[i] == c; }));
            weight += w;
        }
        return sum / weight;
    }
    template <indexed_range True, detail::probability_matrix P>
    [[nodiscard]] double operator()(const True& y_true, const P& probabilities, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_probabilities("average_precision", y_true, probabilities, options);
        return (*this)(y_true, probabilities, detail::distinct_labels<detail::label_of<True>>(call, "y_true", y_true), options);
    }
};
inline constexpr average_precision_metric average_precision{};

} // namespace xrayon::ml

#endif // XRAYON_ML_METRICS_RANKING_HPP
