// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SEARCH_VALIDATION_CURVE_HPP
#define XRAYON_ML_SEARCH_VALIDATION_CURVE_HPP

#include <utility>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/ml/metrics/scores.hpp>
#include <xrayon/ml/search/grid.hpp>
#include <xrayon/ml/search/grid_search.hpp>
#include <xrayon/ml/search/search_options.hpp>
#include <xrayon/ml/search/search_result.hpp>
#include <xrayon/ml/validation/detail/fold_list.hpp>
#include <xrayon/ml/validation/detail/fold_rows.hpp>

namespace xrayon::ml {

/// @brief The train and test scores of each value of a parameter: a grid_search that keeps both and refits nothing. scikit-learn's
/// `validation_curve`.
template <class Make, parameter_space Space, class X, indexed_range Y, class Splitter, metric... Metrics>
    requires viewable_as<const X&, 2> && detail::gives_folds<Splitter, Y>
[[nodiscard]] auto validation_curve(const Make& make, const Space& space, const X& x, const Y& y, const Splitter& splitter,
                                    const score_set<Metrics...>& scores, search_options options = {}) {
    options.refit = false;
    options.train_scores = true;
    return grid_search(make, space, x, y, splitter, scores, options);
}

} // namespace xrayon::ml

#endif // XRAYON_ML_SEARCH_VALIDATION_CURVE_HPP
