#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes scalers.hpp beside this file: what scikit-learn's scalers learn from three data sets, and some rows that they transform.

    python3 make_scaler_tables.py      Debian 12: python3-sklearn 1.2.1, python3-numpy 1.24.2

iris: all of it. breast_cancer: its first ten columns, 0.05 to 2500 in size. digits: examples/data/digits.csv, with columns of
zeros. iris_nan: iris with NaN in every eleventh cell. Statistics are kept in full, transformed rows for a sample: 0, n/3, 2n/3, n - 1.
"""
import pathlib

import numpy
import sklearn
from sklearn import datasets, preprocessing

here = pathlib.Path(__file__).resolve()
digits = numpy.loadtxt(here.parents[3] / "examples/data/digits.csv", delimiter=",", skiprows=1)[:, :-1]
iris = datasets.load_iris().data
breast_cancer = numpy.ascontiguousarray(datasets.load_breast_cancer().data[:, :10])
iris_nan = iris.copy()
iris_nan.reshape(-1)[::11] = numpy.nan

data = {"iris": iris, "breast_cancer": breast_cancer, "digits": digits, "iris_nan": iris_nan}
numbers = []


def text(value):
    return "not_a_number" if numpy.isnan(value) else repr(float(value))


def array(name, values):
    values = [text(v) for v in numpy.asarray(values, dtype=float).reshape(-1)]
    lines, line = [], ""
    for value in values:
        if len(line) + len(value) + 2 > 134:
            lines.append(line.rstrip())
            line = ""
        line += value + ", "
    lines.append(line.rstrip().rstrip(","))
    numbers.append("inline constexpr double %s[] = {\n    %s};\n" % (name, "\n    ".join(lines)))
    return name


tables = []


for_digits = ("standard", "min_max_clip", "max_abs", "robust", "normalizer_l2")


def table(dataset, scaler, fitted, statistics, x):
    if dataset == "digits" and scaler not in for_digits:
        return
    n = len(x)
    sample = x[[0, n // 3, 2 * n // 3, n - 1]]
    stem = "%s_%s" % (dataset, scaler)
    names = [array("%s_%s" % (stem, name), value) for name, value in statistics]
    names += ["none"] * (3 - len(names))
    names.append(array(stem + "_rows", fitted.transform(sample)))
    tables.append('    {"%s", "%s", %s},' % (dataset, scaler, ", ".join(names)))


for dataset, x in data.items():
    weights = 1 + numpy.arange(len(x)) % 3
    s = preprocessing.StandardScaler().fit(x)
    table(dataset, "standard", s, [("mean", s.mean_), ("variance", s.var_), ("scale", s.scale_)], x)
    s = preprocessing.StandardScaler().fit(x, sample_weight=weights)
    table(dataset, "weighted", s, [("mean", s.mean_), ("variance", s.var_), ("scale", s.scale_)], x)
    s = preprocessing.StandardScaler(with_mean=False).fit(x)
    table(dataset, "standard_without_mean", s, [], x)
    s = preprocessing.StandardScaler(with_std=False).fit(x)
    table(dataset, "standard_without_std", s, [], x)
    s = preprocessing.MinMaxScaler().fit(x)
    table(dataset, "min_max", s, [("min", s.data_min_), ("max", s.data_max_), ("scale", s.scale_)], x)
    s = preprocessing.MinMaxScaler(feature_range=(-1, 2.5)).fit(x)
    table(dataset, "min_max_wide", s, [("min", s.data_min_), ("max", s.data_max_), ("scale", s.scale_)], x)
    s = preprocessing.MinMaxScaler(clip=True).fit(x[: len(x) // 3])
    table(dataset, "min_max_clip", s, [("min", s.data_min_), ("max", s.data_max_), ("scale", s.scale_)], x)
    s = preprocessing.MaxAbsScaler().fit(x)
    table(dataset, "max_abs", s, [("max_abs", s.max_abs_), ("scale", s.scale_)], x)
    s = preprocessing.RobustScaler().fit(x)
    table(dataset, "robust", s, [("center", s.center_), ("scale", s.scale_)], x)
    s = preprocessing.RobustScaler(quantile_range=(5, 40)).fit(x)
    table(dataset, "robust_low", s, [("center", s.center_), ("scale", s.scale_)], x)
    if dataset != "iris_nan":
        for norm in ("l1", "l2", "max"):
            table(dataset, "normalizer_" + norm, preprocessing.Normalizer(norm=norm).fit(x), [], x)

head = """// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_GOLDEN_SCALERS_HPP
#define XRAYON_TESTS_ML_GOLDEN_SCALERS_HPP

// Written by make_scaler_tables.py with scikit-learn %s and numpy %s. Do not edit.

#include <limits>
#include <span>
#include <string_view>

namespace golden {

inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
inline constexpr std::span<const double> none = {};

/// The data, row by row; digits lie in examples/data.
""" % (sklearn.__version__, numpy.__version__)
array("iris", iris)
array("breast_cancer", breast_cancer)
middle = """
/// What a scaler learns from a data set, in the order of its accessors, and its rows 0, n/3, 2n/3 and n - 1 transformed.
struct scaler_table {
    std::string_view data, scaler;
    std::span<const double> first, second, third, rows;
};
inline constexpr scaler_table scaler_tables[] = {
"""
(here.parent / "scalers.hpp").write_text(
    head + "\n".join(numbers) + middle + "\n".join(tables) + "\n};\n\n} // namespace golden\n\n#endif // XRAYON_TESTS_ML_GOLDEN_SCALERS_HPP\n")
