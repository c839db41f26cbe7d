// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_CONFUSION_MATRIX_HPP
#define XRAYON_ML_METRICS_CONFUSION_MATRIX_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/ml/metrics/detail/label_table.hpp>
#include <xrayon/ml/metrics/detail/metric_call.hpp>
#include <xrayon/ml/metrics/metric.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

/// How often which label was taken for which.
template <class Label>
struct confusion {
    std::vector<Label> labels;  ///< All that occur in y_true or y_pred, ascending.
    xt::xtensor<double, 2> counts =
        xt::xtensor<double, 2>::from_shape({0, 0});  ///< [i][j]: rows (or their weights) of label i that were predicted as label j.
};

/// @brief Counts which label was predicted for which: scikit-learn's `confusion_matrix`.
///
/// @param y_true   n >= 1 labels: integers, strings, anything with == and <; NaN is refused.
/// @param y_pred   n labels of a type that has a common one with those.
/// @param options  Weights of rows; grain, stop token.
/// @returns        c x c counts and the c labels. The same bits at every thread count.
/// @throws shape_error     if the lengths differ
/// @throws argument_error  if there are no rows; for NaN; for bad weights; if there are more than 8192 labels (2^26 counts), as where
///                         targets are continuous; if labels are of mixed signs and one is beyond 2^63 - 1
/// Numbers are compared by value: -1 comes before 1u. Text is compared by its characters, also where labels are pointers to it; the labels
/// of the result are then views of it.
/// **Cost.** Three passes; memory O(c^2) for each thread and level of the tree.
template <indexed_range True, indexed_range Predicted>
    requires detail::ordered_labels<True, Predicted>
[[nodiscard]] auto confusion_matrix(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) {
    using label = detail::label_of_both<True, Predicted>;
    const detail::metric_call call = detail::open_metric("confusion_matrix", y_true, y_pred, options);
    const std::vector<label> left = detail::distinct_labels<label>(call, "y_true", y_true);
    const std::vector<label> right = detail::distinct_labels<label>(call, "y_pred", y_pred);
    confusion<label> out;
    std::set_union(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(out.labels));
    const std::size_t classes = out.labels.size();
    check(classes <= 8192, "confusion_matrix: the number of different labels must be <= 8192", classes);
    const std::vector<double> counts = fold_index(
        call.rows(), std::max(4 * detail::metric_leaf, classes * classes),
        [&](std::size_t begin, std::size_t end) {
            std::vector<double> sum(classes * classes);
            for (std::size_t i = begin; i < end; ++i) {
                sum[detail::code_of(out.labels, element(y_true, i)) * classes + detail::code_of(out.labels, element(y_pred, i))] +=
                    call.weight(i);
            }
            return sum;
        },
        [](std::vector<double> a, const std::vector<double>& b) {
            std::transform(a.begin(), a.end(), b.begin(), a.begin(), std::plus<>());
            return a;
        },
        call.loop());
    out.counts = xt::xtensor<double, 2>::from_shape({classes, classes});
    std::copy(counts.begin(), counts.end(), out.counts.data());
    return out;
}

} // namespace xrayon::ml

#endif // XRAYON_ML_METRICS_CONFUSION_MATRIX_HPP
