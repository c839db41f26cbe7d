// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SEARCH_RANDOM_SEARCH_HPP
#define XRAYON_ML_SEARCH_RANDOM_SEARCH_HPP

#include <concepts>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/ml/metrics/scores.hpp>
#include <xrayon/ml/search/grid_search.hpp>
#include <xrayon/ml/search/random_candidates.hpp>
#include <xrayon/ml/search/search_options.hpp>

namespace xrayon::ml {

/// @brief grid_search over candidates that were drawn: all that is said there holds.
///
/// @code
/// const random_candidates drawn(20, 42, ridge_options{}, draw("alpha", &ridge_options::alpha, log_uniform{1e-4, 1e3}));
/// auto found = random_search([](const ridge_options& o) { return ridge(o); }, drawn, x, y, k_fold{}, r2);
/// @endcode
/// With more candidates and the same seed the first ones are the same, so a larger search repeats a smaller one's rows.
/// J. Bergstra and Y. Bengio, "Random search for hyper-parameter optimization", JMLR 13 (2012).
/// @{
template <class Make, class P, class X, indexed_range Y, class Splitter, metric... Metrics>
    requires viewable_as<const X&, 2> && detail::gives_folds<Splitter, Y> && std::invocable<const Make&, const P&> && detail::row_estimator<
        detail::made_estimator<Make, random_candidates<P>>, detail::element_of_matrix<X>, detail::target_value_t<Y>>
[[nodiscard]] auto random_search(const Make& make, const random_candidates<P>& drawn, const X& x, const Y& y, const Splitter& splitter,
                                 const score_set<Metrics...>& scores, const search_options& options = {}) {
    return detail::run_search("random_search", make, drawn, x, y, splitter, scores, options, nullptr);
}
template <class Make, class P, class X, indexed_range Y, class Splitter, metric Metric>
    requires viewable_as<const X&, 2> && detail::gives_folds<Splitter, Y> && std::invocable<const Make&, const P&> && detail::row_estimator<
        detail::made_estimator<Make, random_candidates<P>>, detail::element_of_matrix<X>, detail::target_value_t<Y>>
[[nodiscard]] auto random_search(const Make& make, const random_candidates<P>& drawn, const X& x, const Y& y, const Splitter& splitter,
                                 const Metric& metric, const search_options& options = {}) {
    return random_search(make, drawn, x, y, splitter, scores(metric), options);
}
/// @}

} // namespace xrayon::ml

#endif // XRAYON_ML_SEARCH_RANDOM_SEARCH_HPP
