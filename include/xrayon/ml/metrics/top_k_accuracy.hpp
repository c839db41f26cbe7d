// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_TOP_K_ACCURACY_HPP
#define XRAYON_ML_METRICS_TOP_K_ACCURACY_HPP

#include <cstddef>
#include <string>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/ml/metrics/detail/label_table.hpp>
#include <xrayon/ml/metrics/detail/metric_call.hpp>
#include <xrayon/ml/metrics/detail/metric_name.hpp>
#include <xrayon/ml/metrics/detail/probability_table.hpp>
#include <xrayon/ml/metrics/metric.hpp>
#include <xrayon/ml/metrics/score_range.hpp>

namespace xrayon::ml {

/// @brief The share of rows whose class is among the k with the highest scores. 1 is best. scikit-learn's `top_k_accuracy_score`.
///
/// Of equal scores the later class counts as higher, as in scikit-learn. The same bits at every thread count.
/// @throws shape_error     if rows or columns do not fit
/// @throws argument_error  if k is 0; if a label is no class; for NaN; for bad weights
/// **Cost.** n c comparisons.
struct top_k_accuracy_metric {
    std::size_t k = 2;

    static constexpr bool higher_is_better = true;
    [[nodiscard]] static constexpr score_range range() noexcept { return {0, 1}; }
    static constexpr prediction_kind reads = prediction_kind::probabilities;
    /// "top_k_accuracy(k=3)"; of the usual k "top_k_accuracy".
    [[nodiscard]] std::string name() const { return detail::metric_name("top_k_accuracy").add("k", k, 2).text(); }

    /// @param scores   n x c.
    /// @param classes  The labels of the columns, ascending.
    template <indexed_range True, detail::probability_matrix P, indexed_range Classes>
        requires detail::ordered_labels<True, Classes>
    [[nodiscard]] double operator()(const True& y_true, const P& scores, const Classes& classes, const metric_options& options = {}) const {
        using label = detail::label_of_both<True, Classes>;
        check(k >= 1, "top_k_accuracy: k must be >= 1", k);
        const detail::metric_call call = detail::open_probabilities("top_k_accuracy", y_true, scores, options);
        const auto p = view_of<2>(scores);
        const auto coded = detail::encode_rows(call, y_true, detail::class_columns<label>(call, classes, p.shape()));
        return call.mean([&](std::size_t i) {
            const std::size_t right = coded.of_row[i];
            std::size_t ahead = 0;
            for (std::size_t c = 0; c < p.shape(1); ++c) {
                if (p(i, c) != p(i, c)) [[unlikely]] {
                    check(false, call.name() + ": scores must not be NaN; one of row", i);
                }
                ahead += p(i, c) > p(i, right) || (p(i, c) == p(i, right) && c > right) ? 1 : 0;
            }
            return ahead < k ? 1.0 : 0.0;
        });
    }
    template <indexed_range True, detail::probability_matrix P>
    [[nodiscard]] double operator()(const True& y_true, const P& scores, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_probabilities("top_k_accuracy", y_true, scores, options);
        return (*this)(y_true, scores, detail::distinct_labels<detail::label_of<True>>(call, "y_true", y_true), options);
    }
};
inline constexpr top_k_accuracy_metric top_k_accuracy{};

} // namespace xrayon::ml

#endif // XRAYON_ML_METRICS_TOP_K_ACCURACY_HPP
