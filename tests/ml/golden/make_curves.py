#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes curves.hpp beside this file: scikit-learn's learning curve, permutation test, predictions and halving search on iris and breast cancer.

    python3 make_curves.py          Debian 12: python3-sklearn 1.2.1, python3-numpy 1.24.2
"""
import pathlib

import numpy
import sklearn
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import (HalvingGridSearchCV, KFold, StratifiedKFold, cross_val_predict, learning_curve, permutation_test_score,
                                     validation_curve)
from sklearn.naive_bayes import GaussianNB


def braces(values):
    return "{" + ", ".join(braces(v) if numpy.ndim(v) else (repr(float(v)) if isinstance(v, (float, numpy.floating)) else str(int(v))) for v in values) + "}"


x, y = load_iris(return_X_y=True)
cx, cy = load_breast_cancer(return_X_y=True)
folds = KFold(5, shuffle=True, random_state=3)
sizes, train, test = learning_curve(GaussianNB(), x, y, cv=folds, train_sizes=[0.1, 0.325, 0.55, 0.775, 1.0])
score, permuted, p = permutation_test_score(GaussianNB(), x[:, :2], y, cv=StratifiedKFold(5), n_permutations=20, random_state=7)
predicted = cross_val_predict(GaussianNB(), x, y, cv=folds)
chances = cross_val_predict(GaussianNB(), x, y, cv=folds, method="predict_proba")
alphas = [float(a) for a in 10.0 ** numpy.arange(-3, 6)]
curve_train, curve_test = validation_curve(RidgeClassifier(), cx, cy, param_name="alpha", param_range=alphas, cv=StratifiedKFold(5))
halving = HalvingGridSearchCV(RidgeClassifier(), {"alpha": alphas}, cv=StratifiedKFold(5), factor=3, random_state=5, refit=False).fit(cx, cy)
table = halving.cv_results_
text = """// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_GOLDEN_CURVES_HPP
#define XRAYON_TESTS_ML_GOLDEN_CURVES_HPP

// Written by make_curves.py with scikit-learn %s and numpy %s. Do not edit.

#include <cstddef>

namespace golden {

inline constexpr std::size_t curve_sizes[] = %s;
inline constexpr double curve_train[5][5] = %s;
inline constexpr double curve_test[5][5] = %s;

inline constexpr double permutation_score = %r, permutation_p = %r;
inline constexpr double permutation_scores[] = %s;

inline constexpr int predicted[] = %s;
inline constexpr double chances_of_row[4][3] = %s;  // rows 0, 50, 77, 149

inline constexpr double alphas[] = %s;
inline constexpr double validation_train[9][5] = %s;
inline constexpr double validation_test[9][5] = %s;

inline constexpr std::size_t halving_rows[] = %s;
inline constexpr std::size_t halving_counts[] = %s;
inline constexpr std::size_t halving_rung[] = %s;
inline constexpr double halving_alpha[] = %s;
inline constexpr double halving_mean[] = %s;

} // namespace golden

#endif // XRAYON_TESTS_ML_GOLDEN_CURVES_HPP
""" % (sklearn.__version__, numpy.__version__, braces(sizes), braces(train), braces(test), float(score), float(p), braces(permuted), braces(predicted),
       braces(chances[[0, 50, 77, 149]]), braces(alphas), braces(curve_train), braces(curve_test), braces(halving.n_resources_), braces(halving.n_candidates_),
       braces(table["iter"]), braces([p["alpha"] for p in table["params"]]), braces(table["mean_test_score"]))
pathlib.Path(__file__).resolve().with_name("curves.hpp").write_text(text, encoding="ascii", newline="\n")
