// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SEARCH_NESTED_CROSS_VALIDATE_HPP
#define XRAYON_ML_SEARCH_NESTED_CROSS_VALIDATE_HPP

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/exec/declared_progress.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/metrics/scores.hpp>
#include <xrayon/ml/search/grid.hpp>
#include <xrayon/ml/search/grid_search.hpp>
#include <xrayon/ml/search/search_options.hpp>
#include <xrayon/ml/search/search_result.hpp>
#include <xrayon/ml/validation/detail/fold_list.hpp>
#include <xrayon/ml/validation/detail/fold_rows.hpp>
#include <xrayon/ml/validation/detail/score_model.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

/// What nested_cross_validate has found, fold by fold of the outer splitter.
template <class P>
struct nested_cross_validation {
    std::vector<std::string> metrics;
    std::vector<std::vector<double>>
        test_scores;             ///< [metric][fold]: of the best candidate of each fold's search, on rows that the search has not seen.
    std::vector<P> best_params;  ///< Of each fold's search.
    std::vector<double> best_scores;  ///< What the search thought of them.
    [[nodiscard]] double mean(std::size_t metric = 0) const { return summarise_scores(test_scores.at(metric)).mean; }
    [[nodiscard]] double stddev(std::size_t metric = 0) const { return summarise_scores(test_scores.at(metric)).stddev; }
};

/// @brief How good the whole procedure "search, then fit the best" is: on each outer fold's training rows a search over inner folds, whose
/// winner is scored on the outer fold's
/// test rows. A search's own best score is too good, because it was chosen for it.
///
/// @param outer, inner  k_fold and its kin; `inner` is asked for folds of each outer training set.
/// A journal is a file for each outer fold: its path and ".fold0", ".fold1" ...
/// All inner fits of all outer folds share the threads of one call. A deadline ends it with `cancelled`: there is no half of an answer. In
/// all else as grid_search. The same at every thread count.
/// @throws ...  what the lowest failing outer fold's search threw
/// G. Cawley and N. Talbot, "On over-fitting in model selection and subsequent selection bias in performance evaluation", JMLR 11 (2010).
template <class Make, parameter_space Space, class X, indexed_range Y, class Outer, class Inner, metric... Metrics>
    requires viewable_as<const X&, 2> && detail::gives_folds<Outer, Y> && detail::splits_rows<
        Inner, std::span<const detail::target_value_t<Y>>> && detail::row_estimator<detail::made_estimator<Make, Space>,
                                                                                    detail::element_of_matrix<X>, detail::target_value_t<Y>>
[[nodiscard]] nested_cross_validation<parameters_of<Space>> nested_cross_validate(const Make& make, const Space& space, const X& x,
                                                                                  const Y& y, const Outer& outer, const Inner& inner,
                                                                                  const score_set<Metrics...>& scores,
                                                                                  const search_options& options = {}) {
    using T = detail::element_of_matrix<X>;
    using L = detail::target_value_t<Y>;
    using E = detail::made_estimator<Make, Space>;
    const array_view<const T, 2> rows = detail::labelled("nested_cross_validate", x, y);
    decltype(auto) folds = detail::folds_of("nested_cross_validate", outer, y);
    const std::size_t count = detail::survey_folds("nested_cross_validate", folds, rows.shape(0)).count;
    if (!options.weights.empty()) {
        check_same_shape("nested_cross_validate", "options.weights", std::array{options.weights.size()}, "y", std::array{rows.shape(0)});
    }
    const std::vector<L> targets = detail::copy_targets(y);
    check(options.costs.empty() || options.costs.size() == space.size(),
          "nested_cross_validate: options.costs must be one for each candidate");
    search_options how = options;
    how.refit = true;
    how.run = {};
    how.weights = {};
    std::size_t fits = 0;
    for (std::size_t f = 0; f < count; ++f) {
        std::vector<L> labels;
        for (const std::size_t row : fold(element(folds, f)).train) {
            labels.push_back(targets[row]);
        }
        fits += space.size() * element_count(detail::folds_of("nested_cross_validate", inner, std::span<const L>(labels)));
    }
    declared_progress bar(options.run, "nested_cross_validate", fits);
    run_options run = options.run;
    run.progress = progress_mode::off;
    run.on_progress = {};
    scratch<detail::fold_buffer<T, L>> buffers;
    struct outcome {
        std::vector<double> scores;
        std::size_t best = 0;
        double thought = 0;
    };
    const auto found = map_index(count,
                                 [&](std::size_t f) {
                                     const auto buffer = buffers.borrow();
                                     const auto sets = buffer->take({rows, targets}, folds, f, true);
                                     search_options mine = how;
                                     if (!mine.journal.path.empty()) {
                                         mine.journal.path += ".fold" + to_text(f);
                                     }
                                     std::vector<double> weights;
                                     for (std::size_t i = 0; !options.weights.empty() && i < sets.indices->train.size(); ++i) {
                                         weights.push_back(options.weights[sets.indices->train[i]]);
                                     }
                                     mine.weights = weights;
                                     const auto searched = detail::run_search("nested_cross_validate", make, space, sets.train.x,
                                                                              sets.train.y, inner, scores, mine, &bar);
                                     outcome out;
                                     out.best = searched.best_index();
                                     out.thought = searched.best_score();
                                     out.scores = detail::score_model<E>(*searched.model, sets.test, scores);
                                     return out;
                                 },
                                 {.grain = 1, .run = run, .name = "nested_cross_validate", .shown_elsewhere = bar.shown()});
    nested_cross_validation<parameters_of<Space>> out;
    out.metrics = scores.names();
    out.test_scores.resize(out.metrics.size());
    for (const outcome& one : found) {
        for (std::size_t m = 0; m < out.metrics.size(); ++m) {
            out.test_scores[m].push_back(one.scores[m]);
        }
        out.best_params.push_back(space[one.best]);
        out.best_scores.push_back(one.thought);
    }
    return out;
}

} // namespace xrayon::ml

#endif // XRAYON_ML_SEARCH_NESTED_CROSS_VALIDATE_HPP
