#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes models.hpp and iris.csv beside this file: what scikit-learn's closed-form models score on iris, digits and breast cancer, fold by fold.

    python3 make_models.py          Debian 12: python3-sklearn 1.2.1, python3-numpy 1.24.2
"""
import pathlib
import warnings

import numpy
import sklearn
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LinearRegression, Ridge, RidgeClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
here = pathlib.Path(__file__).resolve().parent
sets = {"iris": load_iris(return_X_y=True), "digits": load_digits(return_X_y=True), "breast_cancer": load_breast_cancer(return_X_y=True)}

x, y = sets["iris"]
(here / "iris.csv").write_text("sepal_length,sepal_width,petal_length,petal_width,species\n" + "".join(
    ",".join("%r" % v for v in row) + ",%d\n" % label for row, label in zip(x.tolist(), y)), encoding="ascii", newline="\n")

def neg_log_loss(model, x, y):
    """By the definition: scikit-learn's scorer hands on one of two columns only, and 1 - p has lost the digits of a small p."""
    return -log_loss(y, model.predict_proba(x), labels=model.classes_)


models = {
    "ordinary_least_squares": (LinearRegression(), "r2"),
    "ridge": (Ridge(alpha=0.5), "r2"),
    "ridge_without_intercept": (Ridge(alpha=2.0, fit_intercept=False), "r2"),
    "ridge_classifier": (RidgeClassifier(), "accuracy"),
    "gaussian_naive_bayes": (GaussianNB(), "accuracy"),
    "linear_discriminant_analysis": (LinearDiscriminantAnalysis(), "accuracy"),
    "nearest_centroid": (NearestCentroid(), "accuracy"),
    "k_nearest_neighbors": (KNeighborsClassifier(3, algorithm="brute"), "accuracy"),
    "gaussian_naive_bayes.log_loss": (GaussianNB(), neg_log_loss),
    "linear_discriminant_analysis.log_loss": (LinearDiscriminantAnalysis(), neg_log_loss),
    "scaled_ridge_classifier": (make_pipeline(StandardScaler(), RidgeClassifier(alpha=3.0)), "accuracy"),
    "scaled_ridge": (make_pipeline(StandardScaler(), Ridge(alpha=3.0)), "r2"),
}

out = ["""// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_GOLDEN_MODELS_HPP
#define XRAYON_TESTS_ML_GOLDEN_MODELS_HPP

// Written by make_models.py with scikit-learn %s and numpy %s. Do not edit.

namespace golden {

/// cross_val_score of a model; stratified: StratifiedKFold(5), else KFold(5, shuffle=True, random_state=1).
struct model_case {
    const char* data;
    const char* model;
    bool stratified;
    double scores[5];
};

inline constexpr model_case model_cases[] = {""" % (sklearn.__version__, numpy.__version__)]
for data, (x, y) in sets.items():
    for name, (model, scoring) in models.items():
        for stratified in (False, True):
            if stratified and scoring == "r2":
                continue
            splitter = StratifiedKFold(5) if stratified else KFold(5, shuffle=True, random_state=1)
            scores = cross_val_score(model, x, y, cv=splitter, scoring=scoring)
            out.append('    {"%s", "%s", %s, {%s}},' % (data, name, "true" if stratified else "false", ", ".join(repr(float(s)) for s in scores)))
out.append("};\n\n} // namespace golden\n\n#endif // XRAYON_TESTS_ML_GOLDEN_MODELS_HPP\n")
(here / "models.hpp").write_text("\n".join(out), encoding="ascii", newline="\n")
