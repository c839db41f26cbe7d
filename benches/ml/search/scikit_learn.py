#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scikit-learn's side of bench.ml.search: what a Python user would write, on the same data.

    scikit_learn.py THREADS BACKEND FOLDER        BACKEND: loky (processes) or threading; FOLDER has the data as .npy
Reads lines "WORKLOAD N RUNS" and answers "SECONDS CHECKSUM", seconds of one run.
"""
import sys
import time
import warnings

import numpy as np
from joblib import parallel_backend
from sklearn.linear_model import Ridge, RidgeClassifier, RidgeCV
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

warnings.filterwarnings("ignore")
threads, backend, folder = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def load(name):
    return np.load(folder + "/" + name + ".npy")


def ordered_sum(values):
    values = np.asarray(values, dtype=float).ravel()
    return float(np.sum(values * (1 + np.arange(len(values)) % 7)))


def table(search):
    return np.array([[search.cv_results_["split%d_test_score" % f][c] for f in range(5)] for c in range(32)])


ridge_x, ridge_y = load("ridge_x"), load("ridge_y")
digits_x, digits_y = load("digits_x"), load("digits_y")
tall_x, tall_y = load("tall_x"), load("tall_y")
alphas = 10.0 ** (-3 + np.arange(32) * (6.0 / 31))
folds = KFold(5)


def w6():
    return cross_val_score(Ridge(alpha=1.0, fit_intercept=False, solver="cholesky"), ridge_x, ridge_y, cv=folds, n_jobs=threads)


def w7r():
    return table(GridSearchCV(RidgeClassifier(fit_intercept=False, solver="cholesky"), {"alpha": alphas}, cv=folds, n_jobs=threads, refit=False).fit(
        digits_x, digits_y))


def w7k():
    return table(GridSearchCV(KNeighborsClassifier(algorithm="brute", n_jobs=1), {"n_neighbors": list(range(1, 33))}, cv=folds, n_jobs=threads,
                              refit=False).fit(digits_x, digits_y))


def ridge_cv():  # no jobs of its own: BLAS has all the threads
    model = RidgeCV(alphas=alphas).fit(tall_x, tall_y)
    return [-model.best_score_, model.alpha_]


workloads = {"W6": w6, "W7r": w7r, "W7k": w7k, "W7v": ridge_cv}
for line in sys.stdin:
    name, _, runs = line.split()
    with threadpool_limits(threads if name == "W7v" else 1), parallel_backend(backend, n_jobs=threads):
        begin = time.perf_counter()
        for _ in range(int(runs)):
            result = workloads[name]()
        seconds = (time.perf_counter() - begin) / int(runs)
    print(repr(seconds), repr(ordered_sum(result)), flush=True)
