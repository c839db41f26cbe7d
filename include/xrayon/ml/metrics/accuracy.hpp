// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_ACCURACY_HPP
#define XRAYON_ML_METRICS_ACCURACY_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <string_view>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/metrics/detail/metric_call.hpp>
#include <xrayon/ml/metrics/metric.hpp>
#include <xrayon/ml/metrics/score_range.hpp>
#include <xrayon/ml/split/detail/label_value.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

/// Labels of two ranges that can be compared with each other, from several threads at once.
template <class True, class Predicted>
concept comparable_labels =
    indexed_range<True> && indexed_range<Predicted> && std::equality_comparable_with<element_t<True>, element_t<Predicted>>;

/// @brief The share of labels that were predicted: how many `y_pred[i] == y_true[i]`, divided by their number.
///
/// `accuracy(y_true, y_pred, options)`:
/// - y_true: n >= 1 labels: integers, strings, an enumeration, anything with ==. Numbers are compared by value, whatever their signs;
///   text by its characters, also where labels are pointers to it.
/// - y_pred: n labels.
/// - options: weights of rows, grain, stop token, deadline.
/// - returns: in [0, 1]; higher is better. NaN equals nothing, itself not either.
/// @throws shape_error     if the lengths differ; nothing is broadcast.
/// @throws argument_error  if there are no labels; for bad weights.
/// @throws ...             what the lowest-index comparison threw.
///
/// The same bits at every thread count: hits are counted in integers, and divided once; weights are summed along the canonical tree.
/// scikit-learn's `accuracy_score`.
///
/// **Cost.** n comparisons, no allocation.
struct accuracy_metric {
    static constexpr bool higher_is_better = true;
    [[nodiscard]] static constexpr score_range range() noexcept { return {0, 1}; }
    static constexpr prediction_kind reads = prediction_kind::values;
    [[nodiscard]] static constexpr std::string_view name() noexcept { return "accuracy"; }

    template <class True, class Predicted>
        requires comparable_labels<True, Predicted>
    [[nodiscard]] double operator()(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) const {
        const std::size_t n = element_count(y_true);
        check_same_shape("accuracy", "y_true", std::array{n}, "y_pred", std::array{element_count(y_pred)});
        check(n >= 1, "accuracy: the number of labels must be >= 1", n);
        if (!options.weights.empty()) {
            const detail::metric_call call = detail::open_metric(name(), y_true, y_pred, options);
            return call.mean([&](std::size_t i) { return detail::equal_labels(element(y_true, i), element(y_pred, i)) ? 1.0 : 0.0; });
        }
        constexpr std::size_t leaf = 4096;  // a few us of comparisons
        const std::size_t hits = fold_index(n, leaf,
                                            [&](std::size_t begin, std::size_t end) {
                                                std::size_t count = 0;
                                                for (std::size_t i = begin; i != end; ++i) {
                                                    count += detail::equal_labels(element(y_true, i), element(y_pred, i)) ? 1 : 0;
                                                }
                                                return count;
                                            },
                                            std::plus<>{}, {.grain = options.grain, .run = options.run, .name = name()});
        return static_cast<double>(hits) / static_cast<double>(n);
    }
};
inline constexpr accuracy_metric accuracy{};

} // namespace xrayon::ml

#endif // XRAYON_ML_METRICS_ACCURACY_HPP
