// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_CLASS_WEIGHTS_HPP
#define XRAYON_ML_CLASS_WEIGHTS_HPP

#include <cstddef>
#include <limits>
#include <map>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/ml/split/detail/label_codes.hpp>

namespace xrayon::ml {

/// @brief Weights of rows that make all classes count the same: n / (classes x rows of the class). scikit-learn's
/// `class_weight="balanced"`.
/// @param y  n >= 1 labels: integers, strings, anything with == and <.
/// @returns  n weights, for `fit(x, y, weights)` and for metrics; their sum is n. In cross-validation they are those of all rows, where
///           scikit-learn balances each training set.
template <indexed_range Labels>
[[nodiscard]] std::vector<double> balanced_weights(const Labels& y) {
    const detail::label_codes classes = detail::encode_labels("balanced_weights", "y", y);
    check(classes.rows() >= 1, "balanced_weights: y must have at least 1 label", classes.rows());
    std::vector<double> out(classes.rows());
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = static_cast<double>(classes.rows())
                 / (static_cast<double>(classes.size()) * static_cast<double>(classes.counts[classes.of_row[i]]));
    }
    return out;
}

/// @brief Weights of rows by their class: `class_weights(y, {{0, 1.0}, {1, 5.0}})`. Classes that are not named weigh 1.
/// @throws argument_error  if a weight is negative, infinite or NaN, or a class is named that y has not
template <indexed_range Labels>
[[nodiscard]] std::vector<double> class_weights(const Labels& y, const std::map<std::remove_cvref_t<element_t<Labels>>, double>& weights) {
    std::map<std::remove_cvref_t<element_t<Labels>>, std::size_t> seen;
    std::vector<double> out(element_count(y), 1.0);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto at = weights.find(element(y, i));
        if (at != weights.end()) {
            out[i] = at->second;
            ++seen[at->first];
        }
    }
    for (const auto& [label, weight] : weights) {
        check(weight >= 0 && weight <= std::numeric_limits<double>::max(), "class_weights: weights must be finite and >= 0", weight);
        check(seen.contains(label), "class_weights: every class with a weight must occur in y");
    }
    return out;
}

} // namespace xrayon::ml

#endif // XRAYON_ML_CLASS_WEIGHTS_HPP
