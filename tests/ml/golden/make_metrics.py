#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes metrics.hpp beside this file: what scikit-learn's metrics give for numbers that the tests make as well.

    python3 make_metrics.py          Debian 12: python3-sklearn 1.2.1, python3-numpy 1.24.2
"""
import pathlib
import warnings

import numpy
import sklearn
from sklearn import metrics as m

warnings.filterwarnings("ignore")
WORD = 0xFFFFFFFFFFFFFFFF


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & WORD
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & WORD
    return x ^ (x >> 31)


def uniform(seed, n):
    """n numbers in [0, 1), multiples of 2^-53."""
    return numpy.array([(mix(seed * 1000003 + i) >> 11) * 2.0**-53 for i in range(n)])


def labels(seed, n, count):
    return numpy.array([mix(seed * 1000003 + i) % count for i in range(n)])


out = ["""// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_GOLDEN_METRICS_HPP
#define XRAYON_TESTS_ML_GOLDEN_METRICS_HPP

// Written by make_metrics.py with scikit-learn %s and numpy %s. Do not edit.

#include <cstddef>

namespace golden {

/// A metric by name, on n rows made from the seed (make_metrics.py says how); weighted: by uniform weights.
struct metric_case {
    const char* name;
    std::size_t n, classes, seed;
    bool weighted;
    double value;
};

inline constexpr metric_case metric_cases[] = {""" % (sklearn.__version__, numpy.__version__)]


def case(name, n, classes, seed, weighted, value):
    out.append("    {%s, %d, %d, %d, %s, %s}," % ('"%s"' % name, n, classes, seed, "true" if weighted else "false", float(value).hex()))


for n, seed in ((2, 1), (3, 2), (17, 3), (1024, 4), (3001, 5)):
    y, p = 10 * uniform(seed, n) - 2, 10 * uniform(seed + 50, n) - 2
    p = y + 0.3 * (p - y)
    for weighted in (False, True):
        w = uniform(seed + 90, n) if weighted else None
        case("r2", n, 0, seed, weighted, m.r2_score(y, p, sample_weight=w))
        case("explained_variance", n, 0, seed, weighted, m.explained_variance_score(y, p, sample_weight=w))
        case("mean_squared_error", n, 0, seed, weighted, m.mean_squared_error(y, p, sample_weight=w))
        case("root_mean_squared_error", n, 0, seed, weighted, m.mean_squared_error(y, p, sample_weight=w, squared=False))
        case("mean_absolute_error", n, 0, seed, weighted, m.mean_absolute_error(y, p, sample_weight=w))
        case("mean_absolute_percentage_error", n, 0, seed, weighted, m.mean_absolute_percentage_error(y, p, sample_weight=w))
        case("median_absolute_error", n, 0, seed, weighted, m.median_absolute_error(y, p, sample_weight=w))
    case("max_error", n, 0, seed, False, m.max_error(y, p))

for n, classes, seed in ((9, 2, 6), (40, 2, 7), (40, 3, 8), (5000, 2, 9), (5000, 7, 10), (300, 23, 11)):
    y, other = labels(seed, n, classes), labels(seed + 50, n, classes)
    p = numpy.where(uniform(seed + 70, n) < 0.6, y, other)
    for weighted in (False, True):
        w = uniform(seed + 90, n) if weighted else None
        case("accuracy", n, classes, seed, weighted, m.accuracy_score(y, p, sample_weight=w))
        case("balanced_accuracy", n, classes, seed, weighted, m.balanced_accuracy_score(y, p, sample_weight=w))
        case("balanced_accuracy_adjusted", n, classes, seed, weighted, m.balanced_accuracy_score(y, p, sample_weight=w, adjusted=True))
        for average in ("micro", "macro", "weighted") + (("binary",) if classes == 2 else ()):
            case("precision_" + average, n, classes, seed, weighted, m.precision_score(y, p, sample_weight=w, average=average))
            case("recall_" + average, n, classes, seed, weighted, m.recall_score(y, p, sample_weight=w, average=average))
            case("f1_" + average, n, classes, seed, weighted, m.f1_score(y, p, sample_weight=w, average=average))
            case("f2_" + average, n, classes, seed, weighted, m.fbeta_score(y, p, beta=2, sample_weight=w, average=average))
        case("cohen_kappa", n, classes, seed, weighted, m.cohen_kappa_score(y, p, sample_weight=w))
        case("cohen_kappa_linear", n, classes, seed, weighted, m.cohen_kappa_score(y, p, sample_weight=w, weights="linear"))
        case("cohen_kappa_quadratic", n, classes, seed, weighted, m.cohen_kappa_score(y, p, sample_weight=w, weights="quadratic"))
        case("matthews", n, classes, seed, weighted, m.matthews_corrcoef(y, p, sample_weight=w))

# Probabilities: a third of the scores are rounded to a tenth, so that there are ties; row i column c is number i classes + c of its seed.
for n, classes, seed in ((6, 2, 12), (50, 2, 13), (50, 3, 14), (4000, 2, 15), (4000, 5, 16)):
    y = labels(seed, n, classes)
    raw = uniform(seed + 50, n * classes).reshape(n, classes) + 0.05
    raw[numpy.arange(n), y] += 0.4
    raw[::3] = numpy.round(raw[::3], 1)
    p = raw / raw.sum(axis=1, keepdims=True)
    for weighted in (False, True):
        w = uniform(seed + 90, n) if weighted else None
        case("log_loss", n, classes, seed, weighted, m.log_loss(y, p, sample_weight=w))
        if classes == 2:
            case("brier", n, classes, seed, weighted, m.brier_score_loss(y, p[:, 1], sample_weight=w))
            case("roc_auc", n, classes, seed, weighted, m.roc_auc_score(y, p[:, 1], sample_weight=w))
            case("average_precision", n, classes, seed, weighted, m.average_precision_score(y, p[:, 1], sample_weight=w))
        else:
            case("roc_auc", n, classes, seed, weighted, m.roc_auc_score(y, p, sample_weight=w, multi_class="ovr"))
            case("roc_auc_weighted", n, classes, seed, weighted, m.roc_auc_score(y, p, sample_weight=w, multi_class="ovr", average="weighted"))
            if not weighted:
                case("roc_auc_one_versus_one", n, classes, seed, False, m.roc_auc_score(y, p, multi_class="ovo"))
                case("roc_auc_one_versus_one_weighted", n, classes, seed, False, m.roc_auc_score(y, p, multi_class="ovo", average="weighted"))
            case("top_2_accuracy", n, classes, seed, weighted, m.top_k_accuracy_score(y, p, k=2, sample_weight=w))
            case("average_precision", n, classes, seed, weighted, numpy.mean(
                [m.average_precision_score(y == c, p[:, c], sample_weight=w) for c in range(classes)]))

out.append("};\n\n} // namespace golden\n\n#endif // XRAYON_TESTS_ML_GOLDEN_METRICS_HPP\n")
pathlib.Path(__file__).resolve().with_name("metrics.hpp").write_text("\n".join(out), encoding="ascii", newline="\n")
