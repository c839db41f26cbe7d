// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_VALIDATION_PERMUTATION_TEST_HPP
#define XRAYON_ML_VALIDATION_PERMUTATION_TEST_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/metrics/metric.hpp>
#include <xrayon/ml/metrics/scores.hpp>
#include <xrayon/ml/split/detail/mt19937.hpp>
#include <xrayon/ml/validation/cross_validate.hpp>
#include <xrayon/ml/validation/cross_validation.hpp>
#include <xrayon/ml/validation/detail/evaluation.hpp>
#include <xrayon/ml/validation/detail/fold_list.hpp>
#include <xrayon/ml/validation/detail/fold_rows.hpp>
#include <xrayon/ml/validation/validation_options.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

struct permutation_test_options {
    std::size_t permutations = 100;  ///< At least 1.
    std::uint32_t seed = 0;
    fold_algebra algebra = fold_algebra::automatic;
    run_options run = {};
};

/// Whether a score could be luck.
struct permutation_test_result {
    double score = 0;                        ///< The mean over the folds, with the labels as they are.
    std::vector<double> permutation_scores;  ///< The same with labels shuffled, one for each permutation.
    double p_value = 1;                      ///< (1 + how many of those are at least as good, or NaN) / (1 + permutations)
};

/// @brief Cross-validates once with the labels as they are and many times with labels dealt anew: how often is that as good?
///
/// Permutations are those of scikit-learn 1.2's `permutation_test_score(..., random_state=seed)`. All are one set of tasks. The same bits
/// at every thread count. M. Ojala and G. Garriga, "Permutation tests for studying classifier performance" (2010).
///
/// **NaN.** Where a fold of shuffled labels has a score that is NaN, so is the mean of that permutation; it counts as at least as good, so
/// that what is not known never makes a score look rarer than it is. (scikit-learn counts it as worse.)
/// @throws argument_error  if permutations is 0; and as cross_validate, of the lowest permutation that fails
/// @throws score_error     if, with the labels as they are, the score of a fold is NaN or the mean over the folds is not finite
/// **Cost.** permutations + 1 cross-validations. Memory: a copy of y for each permutation that is running.
template <class E, class X, indexed_range Y, class Splitter, metric Metric>
    requires viewable_as<const X&, 2> && detail::splits_rows<Splitter, Y> && detail::row_estimator<E, detail::element_of_matrix<X>,
                                                                                                   detail::target_value_t<Y>>
[[nodiscard]] permutation_test_result permutation_test(const E& estimator, const X& x, const Y& y, const Splitter& splitter,
                                                       const Metric& metric, const permutation_test_options& options = {}) {
    check(options.permutations >= 1, "permutation_test: permutations must be >= 1", options.permutations);
    const std::vector<detail::target_value_t<Y>> targets = detail::copy_targets(y);
    const auto rows = detail::labelled("permutation_test", x, y);
    std::vector<detail::mt19937> before;
    detail::mt19937 random(options.seed);
    for (std::size_t i = 0; i < options.permutations; ++i) {
        before.push_back(random);
        detail::skip_permutation(targets.size(), random);
    }
    const auto mean_score = [&](const std::vector<detail::target_value_t<Y>>& labels, error_score error) {
        const cross_validation_options how{.error = error, .algebra = options.algebra};
        const auto found = cross_validate(estimator, rows, labels, splitter, metric, how);
        if (!found.errors.empty()) {
            std::rethrow_exception(found.errors.front().error);  // recorded, as NaN would be; but it is none
        }
        const std::vector<double>& of_folds = found.scores();
        return std::accumulate(of_folds.begin(), of_folds.end(), 0.0) / static_cast<double>(of_folds.size());
    };
    const auto shuffled_score = [&](const std::vector<detail::target_value_t<Y>>& labels) {
        try {
            return mean_score(labels, error_score::record);
        } catch (const task_errors& all) {  // every fold's; what comes out is the first's own
            std::rethrow_exception(all.errors().front().error);
        }
    };
    const auto all = map_index(options.permutations + 1,
                               [&](std::size_t i) {
                                   if (i == 0) {
                                       const double score = mean_score(targets, error_score::raise);
                                       if (!std::isfinite(score)) {
                                           const std::string name = scores(metric).names().front();
                                           throw score_error("permutation_test: the mean of " + name + " is " + to_text(score), name);
                                       }
                                       return score;
                                   }
                                   detail::mt19937 engine = before[i - 1];
                                   const std::vector<std::size_t> order = detail::permutation(targets.size(), engine);
                                   std::vector<detail::target_value_t<Y>> shuffled(targets.size());
                                   for (std::size_t k = 0; k < order.size(); ++k) {
                                       shuffled[k] = targets[order[k]];
                                   }
                                   return shuffled_score(shuffled);
                               },
                               {.grain = 1, .run = options.run, .name = "permutation_test"});
    permutation_test_result out;
    out.score = all[0];
    std::size_t as_good = 0;
    for (std::size_t i = 1; i < all.size(); ++i) {
        out.permutation_scores.push_back(all[i]);
        as_good += all[i] < out.score ? 0 : 1;
    }
    out.p_value = static_cast<double>(as_good + 1) / static_cast<double>(options.permutations + 1);
    return out;
}

} // namespace xrayon::ml

#endif // XRAYON_ML_VALIDATION_PERMUTATION_TEST_HPP
