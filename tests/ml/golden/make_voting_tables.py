#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes voting.hpp beside this file: what three models of scikit-learn say of some rows, and what its voting ensembles make of that.

    python3 make_voting_tables.py          Debian 12: python3-sklearn 1.2.1, python3-numpy 1.24.2; takes some seconds

Fitted on the even rows of each table, asked about odd ones: first all rows where two models name different classes, then others, up to a
dozen (digits: ten). Weights are 2, 1, 1.5. Labels are 0, 1, ..., so that a class is its column.
"""
import pathlib

import numpy
import sklearn
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

here = pathlib.Path(__file__).resolve()
weights = [2.0, 1.0, 1.5]


def numbers(name, values, kind="double"):
    values = numpy.ravel(values)
    texts = [str(int(v)) if kind == "int" else repr(float(v)) for v in values]
    lines, line = [], "   "
    for text in texts:
        if len(line) + len(text) + 2 > 138:
            lines.append(line)
            line = "   "
        line += " " + text + ","
    lines.append(line)
    return "inline constexpr %s %s[] = {\n%s\n};" % (kind, name, "\n".join(lines))


out = ["""// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_GOLDEN_VOTING_HPP
#define XRAYON_TESTS_ML_GOLDEN_VOTING_HPP

// Written by make_voting_tables.py with scikit-learn %s and numpy %s. Do not edit.

#include <cstddef>
#include <span>

namespace golden {

// NAME_probabilities: (3 models, rows, classes), from GaussianNB, KNeighborsClassifier(7) and DecisionTreeClassifier(max_depth=3).
// NAME_hard, NAME_soft: labels of VotingClassifier; NAME_means: its predict_proba; _weighted: with weights 2, 1, 1.5.
// NAME_values: (3 models, rows), from LinearRegression, KNeighborsRegressor(5), DecisionTreeRegressor(max_depth=3), fitted to the labels;
// NAME_regression: VotingRegressor.
""" % (sklearn.__version__, numpy.__version__)]
cases = []
for name, load, count in (("iris", load_iris, 12), ("digits", load_digits, 10), ("breast_cancer", load_breast_cancer, 12)):
    x, y = load(return_X_y=True)
    train_x, train_y, test_x = x[::2], y[::2], x[1::2]
    models = [("bayes", GaussianNB()), ("neighbors", KNeighborsClassifier(7)), ("tree", DecisionTreeClassifier(max_depth=3, random_state=0))]
    single = [model.fit(train_x, train_y) for _, model in models]
    labels = numpy.stack([model.predict(test_x) for model in single])
    unlike = (labels != labels[0]).any(axis=0)
    rows = numpy.argsort(~unlike, kind="stable")[:count]
    asked = test_x[rows]
    out.append(numbers(name + "_probabilities", numpy.stack([model.predict_proba(asked) for model in single])))
    for text, w in (("", None), ("_weighted", weights)):
        hard = VotingClassifier(models, voting="hard", weights=w).fit(train_x, train_y)
        soft = VotingClassifier(models, voting="soft", weights=w).fit(train_x, train_y)
        out.append(numbers(name + "_hard" + text, hard.predict(asked), "int"))
        out.append(numbers(name + "_soft" + text, soft.predict(asked), "int"))
        out.append(numbers(name + "_means" + text, soft.predict_proba(asked)))
    models = [("linear", LinearRegression()), ("neighbors", KNeighborsRegressor(5)), ("tree", DecisionTreeRegressor(max_depth=3, random_state=0))]
    single = [model.fit(train_x, train_y.astype(float)) for _, model in models]
    out.append(numbers(name + "_values", numpy.stack([model.predict(asked) for model in single])))
    for text, w in (("", None), ("_weighted", weights)):
        voting = VotingRegressor(models, weights=w).fit(train_x, train_y.astype(float))
        out.append(numbers(name + "_regression" + text, voting.predict(asked)))
    members = ["probabilities", "hard", "soft", "means", "hard_weighted", "soft_weighted", "means_weighted", "values", "regression",
               "regression_weighted"]
    cases.append('    {"%s", %d, %d,\n     %s},' % (name, count, len(set(y)), ",\n     ".join("%s_%s" % (name, m) for m in members)))
out.append("""
inline constexpr double voting_weights[] = {2, 1, 1.5};

struct voting_case {
    const char* name;
    std::size_t rows, classes;
    std::span<const double> probabilities;
    std::span<const int> hard, soft;
    std::span<const double> means;
    std::span<const int> hard_weighted, soft_weighted;
    std::span<const double> means_weighted, values, regression, regression_weighted;
};
inline constexpr voting_case voting_cases[] = {
%s
};

} // namespace golden

#endif // XRAYON_TESTS_ML_GOLDEN_VOTING_HPP""" % "\n".join(cases))
(here.parent / "voting.hpp").write_text("\n".join(out) + "\n")
