// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_VALIDATION_VALIDATION_OPTIONS_HPP
#define XRAYON_ML_VALIDATION_VALIDATION_OPTIONS_HPP

#include <cstddef>
#include <cstdint>
#include <span>

#include <xrayon/exec/run_options.hpp>

namespace xrayon::ml {

/// What becomes of a fold whose model throws, or whose score is NaN.
enum class error_score {
    raise,   ///< The first error in order of folds comes out, unchanged; a NaN is a score_error.
    record,  ///< The fold's scores are NaN, and the result keeps what was thrown. If every fold throws, task_errors comes out.
};

/// Whether a model that can be put together from sums (mergeable_estimator) is.
enum class fold_algebra {
    automatic,  ///< Where model and folds allow it: the rows are read once for all folds.
    off,        ///< Every fold is fitted on its rows.
};

/// How cross_validate runs.
struct cross_validation_options {
    std::size_t folds = 5;      ///< Of k_fold, or for classifiers stratified_k_fold, where no splitter is given.
    bool train_scores = false;  ///< Score the training rows too.
    bool indices = false;       ///< Keep the folds in the result.
    bool models = false;        ///< Keep the fitted models in the result.
    error_score error = error_score::raise;
    fold_algebra algebra = fold_algebra::automatic;
    std::span<const double> weights = {};  ///< Of rows, for fit(x, y, weights); empty: none. Folds are then fitted on their rows.
    run_options run = {};
};

} // namespace xrayon::ml

#endif // XRAYON_ML_VALIDATION_VALIDATION_OPTIONS_HPP
