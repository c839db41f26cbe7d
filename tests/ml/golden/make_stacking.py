#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes stacking.hpp beside this file: predictions of scikit-learn's StackingClassifier and StackingRegressor on iris and breast cancer.

    python3 make_stacking.py          Debian 12: python3-sklearn 1.2.1, python3-numpy 1.24.2
"""
import pathlib

import numpy
import sklearn
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import StackingClassifier, StackingRegressor
from sklearn.linear_model import LinearRegression, Ridge, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestCentroid


def braces(values):
    return "{" + ", ".join(repr(float(v)) if isinstance(v, (float, numpy.floating)) else str(int(v)) for v in values) + "}"


ix, iy = load_iris(return_X_y=True)
cx, cy = load_breast_cancer(return_X_y=True)
several = StackingClassifier([("a", GaussianNB()), ("b", LinearDiscriminantAnalysis())], RidgeClassifier(), cv=5).fit(ix, iy)
two = StackingClassifier([("a", GaussianNB()), ("b", NearestCentroid())], LinearDiscriminantAnalysis(), cv=4, passthrough=True).fit(cx, cy)
numbers = StackingRegressor([("a", Ridge(10.0)), ("b", LinearRegression())], Ridge(0.1), cv=3).fit(ix[:, :3], ix[:, 3])
text = """// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_GOLDEN_STACKING_HPP
#define XRAYON_TESTS_ML_GOLDEN_STACKING_HPP

// Written by make_stacking.py with scikit-learn %s and numpy %s. Do not edit.

namespace golden {

/// StackingClassifier of GaussianNB and LDA, RidgeClassifier last, on iris; of GaussianNB and NearestCentroid, LDA last, with X, on breast cancer.
inline constexpr int stacked_iris[] = %s;
inline constexpr int stacked_breast_cancer[] = %s;
/// StackingRegressor of Ridge(10) and LinearRegression, Ridge(0.1) last, for the last column of iris by the others; rows 0, 10, ...
inline constexpr double stacked_numbers[] = %s;

} // namespace golden

#endif // XRAYON_TESTS_ML_GOLDEN_STACKING_HPP
""" % (sklearn.__version__, numpy.__version__, braces(several.predict(ix)), braces(two.predict(cx)), braces(numbers.predict(ix[:, :3])[::10]))
pathlib.Path(__file__).resolve().with_name("stacking.hpp").write_text(text, encoding="ascii", newline="\n")
