// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SEARCH_HALVING_SEARCH_HPP
#define XRAYON_ML_SEARCH_HALVING_SEARCH_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/exec/declared_progress.hpp>
#include <xrayon/ml/metrics/scores.hpp>
#include <xrayon/ml/search/grid.hpp>
#include <xrayon/ml/search/grid_search.hpp>
#include <xrayon/ml/search/search_options.hpp>
#include <xrayon/ml/search/search_result.hpp>
#include <xrayon/ml/split/detail/label_codes.hpp>
#include <xrayon/ml/split/detail/mt19937.hpp>
#include <xrayon/ml/split/fold.hpp>
#include <xrayon/ml/validation/detail/fold_list.hpp>
#include <xrayon/ml/validation/detail/fold_rows.hpp>

namespace xrayon::ml {

struct halving_options {
    std::size_t factor = 3;    ///< One of so many candidates stays from rung to rung, and so many times the rows come: at least 2.
    std::size_t min_rows = 0;  ///< Rows of the first rung. 0: so many that the last rung has all rows, or nearly.
    std::uint32_t seed = 0;    ///< Of the rows that are taken.
    search_options search = {};
};

/// One round of a halving_search.
template <class P, class Model>
struct halving_rung {
    std::size_t rows = 0;                 ///< Of the data set: folds take their share of it.
    std::vector<std::size_t> candidates;  ///< Indices in the space, ascending.
    search_result<P, Model> table;        ///< Of those candidates.
};

/// What a halving_search has found.
template <class P, class Model>
struct halving_result {
    std::vector<halving_rung<P, Model>> rungs;
    std::optional<Model>
        model;  ///< The best candidate fitted on all rows, unless that was turned off, the deadline came before, or there is none.

    /// The index in the space of the best candidate of the last rung. @throws argument_error  if none of them has a score
    [[nodiscard]] std::size_t best_index() const { return rungs.back().candidates[rungs.back().table.best_index()]; }
    [[nodiscard]] const P& best_params() const { return rungs.back().table.best_params(); }
    [[nodiscard]] double best_score() const { return rungs.back().table.best_score(); }
};

namespace detail {

/// Some of a space's candidates.
template <class Space>
struct chosen_candidates {
    const Space* space;
    const std::vector<std::size_t>* which;

    [[nodiscard]] std::size_t size() const noexcept { return which->size(); }
    [[nodiscard]] auto operator[](std::size_t i) const { return (*space)[(*which)[i]]; }
    [[nodiscard]] std::vector<std::string> names() const { return space->names(); }
    [[nodiscard]] std::vector<std::string> texts(std::size_t i) const { return space->texts((*which)[i]); }
};

/// Some rows of a list, as sklearn.utils.resample(replace=False, random_state=seed) takes them.
[[nodiscard]] inline std::vector<std::size_t> resampled(const std::vector<std::size_t>& rows, double fraction, std::uint32_t seed) {
    const auto kept = static_cast<std::size_t>(fraction * static_cast<double>(rows.size()));
    const std::vector<std::size_t> order = permutation(rows.size(), seed);
    std::vector<std::size_t> out(kept);
    for (std::size_t i = 0; i < kept; ++i) {
        out[i] = rows[order[i]];
    }
    return out;
}

} // namespace detail

/// @brief Successive halving: all candidates on few rows, the best of them on more, until few are left on all: a search for the price of a
/// fraction.
///
/// Rungs are rounds: all folds of all candidates of a rung are done before one is promoted, by mean score and, where that is equal, by
/// index. So neither threads nor luck decide who stays. Rungs, their rows and the rows of their folds are those of scikit-learn 1.2's
/// `HalvingGridSearchCV(factor=factor, random_state=seed)`.
///
/// A journal is a file for each rung: its path and ".rung0", ".rung1" ...
/// @returns  A table for each rung, and the best candidate of the last one fitted on all rows. Same at every thread count: all but times.
/// @throws argument_error  if factor < 2; `halving_search: options.min_rows must be ...`; `halving_search: 0 candidates`; and as
///                         grid_search K. Jamieson and A. Talwalkar, "Non-stochastic best arm identification and hyperparameter
///                         optimization" (2016).
template <class Make, parameter_space Space, class X, indexed_range Y, class Splitter, metric... Metrics>
    requires viewable_as<const X&, 2> && detail::gives_folds<Splitter, Y> && std::invocable < const Make&, const parameters_of<Space>
& > &&detail::row_estimator<detail::made_estimator<Make, Space>, detail::element_of_matrix<X>, detail::target_value_t<Y>> [[nodiscard]] auto
    halving_search(const Make& make, const Space& space, const X& x, const Y& y, const Splitter& splitter,
                   const score_set<Metrics...>& scores, const halving_options& options = {}) {
    using E = detail::made_estimator<Make, Space>;
    using T = detail::element_of_matrix<X>;
    using L = detail::target_value_t<Y>;
    using model = detail::model_of<E, T, L>;
    const auto begin = std::chrono::steady_clock::now();
    check(options.factor >= 2, "halving_search: options.factor must be >= 2", options.factor);
    const std::size_t count = space.size();
    check(count >= 1, "halving_search: 0 candidates");
    check(options.search.costs.empty(), "halving_search: options.search.costs must not be given");
    check(!options.search.reject_hopeless,
          "halving_search: options.search.reject_hopeless must be false: who is promoted is decided by whole means");
    const array_view<const T, 2> rows = detail::labelled("halving_search", x, y);
    const std::size_t n = rows.shape(0);
    decltype(auto) folds = detail::folds_of("halving_search", splitter, y);
    const detail::fold_survey survey = detail::survey_folds("halving_search", folds, n);

    std::size_t promotions = 0;  // until fewer candidates than factor are left
    for (std::size_t left = count; left >= options.factor; left /= options.factor) {
        ++promotions;
    }
    std::size_t least = options.min_rows;
    if (least == 0) {
        least = 2 * survey.count;
        if constexpr (is_classifier<E, Y>() && std::totally_ordered<detail::target_value_t<Y>>) {
            least *= detail::encode_labels("halving_search", "y", y).size();
        }
        least = std::min(least, n);
        std::size_t divisor = 1;
        for (std::size_t i = 0; i < promotions && divisor <= n; ++i) {
            divisor *= options.factor;
        }
        least = std::max(least, n / divisor);
    }
    check(least >= 1 && least <= n, "halving_search: options.min_rows must be from 1 to the number of rows " + to_text(n), least);
    std::size_t rounds = 1;
    for (std::size_t resource = least; rounds <= promotions && resource <= n / options.factor; resource *= options.factor) {
        ++rounds;
    }

    halving_result<parameters_of<Space>, model> out;
    std::size_t fits = 0;
    for (std::size_t round = 0, left = count; round < rounds; ++round) {
        fits += left * survey.count;
        left = (left + options.factor - 1) / options.factor;
    }
    declared_progress bar(options.search.run, "halving_search", fits);
    std::vector<std::size_t> candidates(count);
    for (std::size_t c = 0; c < count; ++c) {
        candidates[c] = c;
    }
    std::size_t resource = least;
    for (std::size_t round = 0; round < rounds; ++round) {
        const double fraction = static_cast<double>(resource) / static_cast<double>(n);
        std::vector<fold> fewer;
        for (std::size_t f = 0; f < survey.count; ++f) {
            const fold whole = element(folds, f);
            fewer.push_back(
                {detail::resampled(whole.train, fraction, options.seed), detail::resampled(whole.test, fraction, options.seed)});
        }
        search_options how = options.search;
        how.refit = how.refit && round + 1 == rounds;
        if (!how.journal.path.empty()) {
            how.journal.path += ".rung" + to_text(round);
        }
        if (how.run.deadline.count() > 0) {
            const auto spent = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begin);
            how.run.deadline = std::max(how.run.deadline - spent, std::chrono::nanoseconds(1));
        }
        auto table = detail::run_search("halving_search", make, detail::chosen_candidates<Space>{&space, &candidates}, x, y, fewer, scores,
                                        how, &bar);
        const std::vector<std::size_t> order = table.order();
        if (round + 1 == rounds) {
            out.model = std::move(table.model);
            table.model.reset();
        }
        const bool complete = table.complete;
        out.rungs.push_back({resource, candidates, std::move(table)});
        if (!complete) {
            break;
        }
        const std::size_t kept = (candidates.size() + options.factor - 1) / options.factor;
        std::vector<std::size_t> next;
        for (std::size_t k = 0; k < kept; ++k) {
            next.push_back(candidates[order[k]]);
        }
        std::sort(next.begin(), next.end());
        candidates = std::move(next);
        resource *= options.factor;
    }
    return out;
}

} // namespace xrayon::ml

#endif // XRAYON_ML_SEARCH_HALVING_SEARCH_HPP
