// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_METRIC_HPP
#define XRAYON_ML_METRICS_METRIC_HPP

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include <xrayon/exec/run_options.hpp>

namespace xrayon::ml {

/// What a metric is called with.
struct metric_options {
    std::span<const double> weights = {};   ///< One for each row, >= 0 and finite, not all 0. Empty: every row counts once.
    std::optional<std::size_t> grain = {};  ///< Blocks per claim, >= 1. Unset: found while running.
    run_options run = {};                   ///< Stop token, deadline, report.
};

/// What of a model's output a metric reads.
enum class prediction_kind {
    values,         ///< What `predict` gives: a number or a label for each row.
    probabilities,  ///< What `predict_proba` gives: for each row a number for each class.
};

/// @brief What is good about predictions, as a number: a function object that knows its name and which way is better.
///
/// `m(y_true, predictions, options)` is a double, for metrics of probabilities `m(y_true, probabilities, classes, options)`. A type of
/// one's own with these members may stand wherever the library's may: in `scores(...)`, `cross_validate`, a search.
template <class M>
concept metric = std::copyable<M> && requires(const M& m) {
    { m.name() } -> std::convertible_to<std::string_view>;
    { M::higher_is_better } -> std::convertible_to<bool>;
    { M::reads } -> std::convertible_to<prediction_kind>;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_METRICS_METRIC_HPP
