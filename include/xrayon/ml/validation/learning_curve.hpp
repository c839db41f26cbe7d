// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_VALIDATION_LEARNING_CURVE_HPP
#define XRAYON_ML_VALIDATION_LEARNING_CURVE_HPP

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/metrics/scores.hpp>
#include <xrayon/ml/split/fold.hpp>
#include <xrayon/ml/validation/cross_validate.hpp>
#include <xrayon/ml/validation/detail/evaluation.hpp>
#include <xrayon/ml/validation/detail/fold_list.hpp>
#include <xrayon/ml/validation/detail/fold_rows.hpp>
#include <xrayon/ml/validation/validation_options.hpp>

namespace xrayon::ml {

/// How good a model is that has learnt from fewer rows.
struct learning_curve_result {
    std::vector<std::size_t> train_sizes;  ///< Rows that were learnt from, ascending and different.
    std::vector<std::string> metrics;
    std::vector<std::vector<std::vector<double>>> train_scores;  ///< [metric][size][fold]
    std::vector<std::vector<std::vector<double>>> test_scores;   ///< [metric][size][fold]
};

/// @brief Fits an estimator on the first rows of each fold's training set, more and more of them, and scores it on those rows and on the
/// test set.
///
/// @param fractions  Of the first fold's training rows, each in (0, 1]; scikit-learn's `learning_curve` has 0.1, 0.325, 0.55, 0.775, 1.
///                   Rounded down, 1 row at least; equal
///                   numbers of rows count once.
/// In all else as cross_validate. Sizes and folds are one set of tasks. Rows in an order that means something need a shuffling splitter.
/// @throws argument_error  if there are no fractions, or one is not in (0, 1]; and as cross_validate
template <class E, class X, indexed_range Y, class Splitter, metric... Metrics>
    requires viewable_as<const X&, 2> && detail::gives_folds<Splitter, Y> && detail::row_estimator<E, detail::element_of_matrix<X>,
                                                                                                   detail::target_value_t<Y>>
[[nodiscard]] learning_curve_result learning_curve(const E& estimator, const X& x, const Y& y, const Splitter& splitter,
                                                   const score_set<Metrics...>& scores,
                                                   const std::vector<double>& fractions = {0.1, 0.325, 0.55, 0.775, 1.0},
                                                   const cross_validation_options& options = {}) {
    check(!fractions.empty(), "learning_curve: there must be a fraction");
    decltype(auto) folds = detail::folds_of("learning_curve", splitter, y);
    const std::size_t count = element_count(folds);
    check(count >= 1, "learning_curve: the number of folds must be >= 1", count);
    learning_curve_result out;
    const std::size_t most = fold(element(folds, 0)).train.size();
    for (const double fraction : fractions) {
        check(fraction > 0 && fraction <= 1, "learning_curve: fractions must be in (0, 1]", fraction);
        out.train_sizes.push_back(std::max<std::size_t>(1, static_cast<std::size_t>(fraction * static_cast<double>(most))));
    }
    std::sort(out.train_sizes.begin(), out.train_sizes.end());
    out.train_sizes.erase(std::unique(out.train_sizes.begin(), out.train_sizes.end()), out.train_sizes.end());
    std::vector<fold> shortened;
    for (std::size_t f = 0; f < count; ++f) {
        const fold whole = element(folds, f);
        for (const std::size_t size : out.train_sizes) {
            const std::size_t kept = std::min(size, whole.train.size());
            shortened.push_back({{whole.train.begin(), whole.train.begin() + static_cast<std::ptrdiff_t>(kept)}, whole.test});
        }
    }
    cross_validation_options how = options;
    how.train_scores = true;
    how.models = false;
    how.indices = false;
    const auto result = cross_validate(estimator, x, y, shortened, scores, how);
    out.metrics = result.metrics;
    const std::size_t sizes = out.train_sizes.size();
    const auto by_size = [&](const std::vector<std::vector<double>>& flat) {
        std::vector<std::vector<std::vector<double>>> table(flat.size(), std::vector(sizes, std::vector<double>(count)));
        for (std::size_t m = 0; m < flat.size(); ++m) {
            for (std::size_t i = 0; i < flat[m].size(); ++i) {
                table[m][i % sizes][i / sizes] = flat[m][i];
            }
        }
        return table;
    };
    out.test_scores = by_size(result.test_scores);
    out.train_scores = by_size(result.train_scores);
    return out;
}

} // namespace xrayon::ml

#endif // XRAYON_ML_VALIDATION_LEARNING_CURVE_HPP
