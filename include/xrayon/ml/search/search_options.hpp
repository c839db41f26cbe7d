// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SEARCH_SEARCH_OPTIONS_HPP
#define XRAYON_ML_SEARCH_SEARCH_OPTIONS_HPP

#include <cstddef>
#include <span>
#include <string>

#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/validation/validation_options.hpp>

namespace xrayon::ml {

/// Where a search writes down what it has done, so that it can be killed and go on.
struct search_journal_options {
    std::string path = {};  ///< Empty: nowhere.
    /// What the search is about beside data, folds, metrics and the candidates' texts, which are looked at: the model, and those of its
    /// settings that no candidate sets. A journal with another key is another search's. Must be given with a path.
    std::string key = {};
    bool durable = false;   ///< Wait for the disk at each fit, so that also a power failure loses none.
    bool optional = false;  ///< When the file can no longer be written, go on without it: search_result::journal_failure says why.
};

/// How a search runs.
struct search_options {
    bool refit = true;          ///< Fit the best candidate on all rows.
    bool train_scores = false;  ///< Score the training rows too.
    error_score error =
        error_score::raise;  ///< What becomes of a candidate that throws. A NaN is a score like any other here, and ranks last.
    fold_algebra algebra = fold_algebra::automatic;
    std::span<const double> weights = {};  ///< Of rows, for fit(x, y, weights); empty: none.
    std::span<const double> costs = {};    ///< What each candidate takes, in any unit: the dearest run first. Empty: fold by fold.
    /// Leave candidates before their last fold when even the best scores there would not make them win. Rounds are folds: all candidates
    /// on a fold, then who goes on; so it is the same at every thread count, and the winner and the rows of those that stayed are those of
    /// the whole search. The first metric must be one that is bounded on both sides (accuracy, f1, roc_auc ...). Candidates that share
    /// work (fold algebra) are not left, because together they cost what one does.
    bool reject_hopeless = false;
    search_journal_options journal = {};
    run_options run = {};  ///< A deadline ends the search with what is there: see search_result::complete.
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SEARCH_SEARCH_OPTIONS_HPP
