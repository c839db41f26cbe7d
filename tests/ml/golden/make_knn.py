#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes knn.hpp beside this file: how scikit-learn's k nearest neighbours classify each of the digits from all the others.

    python3 make_knn.py          Debian 12: python3-sklearn 1.2.1, python3-numpy 1.24.2; takes some minutes

Ties. scikit-learn gives equal votes to the smallest label, as we do. Equal distances it promises nothing about: it keeps the k
smallest in a heap, which may drop either of two equal ones. The pixels are small integers, so squared distances are exact and equal
ones do occur: the script counts the rows where a neighbour outside of the k is as near as one inside, and works the labels out a
second time, in integers, with the lowest index first. Where the two differed, only the rule for ties could be the reason; they
do not differ anywhere.
"""
import pathlib

import numpy
import sklearn
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

here = pathlib.Path(__file__).resolve()
table = numpy.loadtxt(here.parents[3] / "examples/data/digits.csv", delimiter=",", skiprows=1)
x, y = table[:, :-1], table[:, -1].astype(int)

pixels = x.astype(numpy.int64)
norms = (pixels * pixels).sum(axis=1)
squared = norms[:, None] + norms[None, :] - 2 * pixels @ pixels.T
numpy.fill_diagonal(squared, numpy.iinfo(numpy.int64).max)
order = numpy.argsort(squared, axis=1, kind="stable")  # by (distance, index)
rows = numpy.arange(len(y))

out = ["""// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_GOLDEN_KNN_HPP
#define XRAYON_TESTS_ML_GOLDEN_KNN_HPP

// Written by make_knn.py with scikit-learn %s and numpy %s. Do not edit.

#include <cstddef>
#include <string_view>

namespace golden {

/// cross_val_predict(KNeighborsClassifier(k, algorithm="brute", weights="uniform"), X, y, cv=LeaveOneOut()) on examples/data/digits.csv:
/// one digit per row. `right` of them are the row's label. For `tied` rows a neighbour outside of the k is as near as one inside.
struct knn_case {
    std::size_t k, right, tied;
    std::string_view labels;
};
inline constexpr knn_case knn_cases[] = {""" % (sklearn.__version__, numpy.__version__)]
for k in (1, 3, 5):
    model = KNeighborsClassifier(k, algorithm="brute", weights="uniform")
    predicted = cross_val_predict(model, x, y, cv=LeaveOneOut())
    nearest = order[:, :k]
    votes = numpy.stack([(y[nearest] == label).sum(axis=1) for label in range(10)], axis=1)
    by_index = votes.argmax(axis=1)  # the first maximum: the smallest label
    assert (predicted == by_index).all(), ("ties are resolved in another way at rows", (predicted != by_index).nonzero()[0])
    farthest = squared[rows, order[:, k - 1]]
    tied = (squared == farthest[:, None]).sum(axis=1) > (squared[rows[:, None], nearest] == farthest[:, None]).sum(axis=1)
    out.append("    {%d, %d, %d," % (k, (predicted == y).sum(), tied.sum()))
    text = "".join(map(str, predicted))
    out.extend('     "%s"' % text[i:i + 120] for i in range(0, len(text), 120))
    out[-1] += "},"
out.append("};\n\n} // namespace golden\n\n#endif // XRAYON_TESTS_ML_GOLDEN_KNN_HPP\n")
here.with_name("knn.hpp").write_text("\n".join(out), encoding="ascii", newline="\n")
