#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes search.hpp beside this file: the table of scikit-learn's GridSearchCV over alphas of RidgeClassifier on breast cancer.

    python3 make_search.py          Debian 12: python3-sklearn 1.2.1, python3-numpy 1.24.2
"""
import pathlib

import numpy
import sklearn
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold

x, y = load_breast_cancer(return_X_y=True)
alphas = [float(a) for a in 10.0 ** numpy.arange(-4, 5)]
found = GridSearchCV(RidgeClassifier(), {"alpha": alphas}, cv=StratifiedKFold(5)).fit(x, y)
table = found.cv_results_
rows = ["    {%r, %r, %r, %d}," % (a, float(m), float(s), r) for a, m, s, r in zip(
    alphas, table["mean_test_score"], table["std_test_score"], table["rank_test_score"])]
text = """// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_GOLDEN_SEARCH_HPP
#define XRAYON_TESTS_ML_GOLDEN_SEARCH_HPP

// Written by make_search.py with scikit-learn %s and numpy %s. Do not edit.

#include <cstddef>

namespace golden {

/// GridSearchCV(RidgeClassifier(), {"alpha": ...}, cv=StratifiedKFold(5)) on breast cancer.
struct search_row {
    double alpha, mean, stddev;
    std::size_t rank;
};

inline constexpr search_row search_rows[] = {
%s
};

inline constexpr std::size_t search_best = %d;

} // namespace golden

#endif // XRAYON_TESTS_ML_GOLDEN_SEARCH_HPP
""" % (sklearn.__version__, numpy.__version__, "\n".join(rows), found.best_index_)
pathlib.Path(__file__).resolve().with_name("search.hpp").write_text(text, encoding="ascii", newline="\n")
