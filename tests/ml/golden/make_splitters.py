#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What scikit-learn's splitters give for random arguments: one line a case, as an entry of the table in splitters.hpp.

    python3 make_splitters.py                     writes splitters.hpp beside this file: 500 cases
    python3 make_splitters.py --live COUNT SEED   prints COUNT cases, fields separated by blanks: for the soak
Debian 12: python3-sklearn 1.2.1, python3-numpy 1.24.2. Group splitters show the order that this numpy's argsort leaves equal keys in.
"""
import pathlib
import random
import sys
import warnings

import numpy
import sklearn
from sklearn import model_selection as ms

warnings.filterwarnings("ignore")
WORD = 0xFFFFFFFFFFFFFFFF
KINDS = ("k_fold stratified_k_fold group_k_fold stratified_group_k_fold leave_one_out leave_p_out leave_one_group_out leave_p_groups_out "
         "shuffle_split stratified_shuffle_split group_shuffle_split time_series_split predefined_split repeated_k_fold "
         "repeated_stratified_k_fold stratified_train_test_split").split()


def mix(x):
    """The output function of SplitMix64, as support/delays.hpp has it."""
    x = (x + 0x9E3779B97F4A7C15) & WORD
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & WORD
    return x ^ (x >> 31)


def labels(n, count, data):
    return numpy.array([mix(data + i) % count for i in range(n)])


def digest(folds):
    """FNV-1a over 64-bit words: of each fold the sizes and the indices of both sets."""
    h = 0xCBF29CE484222325
    for train, test in folds:
        for part in (train, test):
            for word in [len(part), *part]:
                h = ((h ^ int(word)) * 0x100000001B3) & WORD
    return h


def size_of(value):
    return None if value == 0 else (value if value < 1 else int(value))


def folds_of(kind, n, k, extra, classes, groups, shuffle, seed, data, test_size, train_size):
    y, g = labels(n, classes, data), labels(n, groups, data + 1000003)
    random_state = seed if shuffle else None
    sizes = dict(test_size=size_of(test_size), train_size=size_of(train_size), random_state=seed)
    splitter = {
        "k_fold": lambda: ms.KFold(k, shuffle=shuffle, random_state=random_state),
        "stratified_k_fold": lambda: ms.StratifiedKFold(k, shuffle=shuffle, random_state=random_state),
        "group_k_fold": lambda: ms.GroupKFold(k),
        "stratified_group_k_fold": lambda: ms.StratifiedGroupKFold(k, shuffle=shuffle, random_state=random_state),
        "leave_one_out": lambda: ms.LeaveOneOut(),
        "leave_p_out": lambda: ms.LeavePOut(k),
        "leave_one_group_out": lambda: ms.LeaveOneGroupOut(),
        "leave_p_groups_out": lambda: ms.LeavePGroupsOut(k),
        "shuffle_split": lambda: ms.ShuffleSplit(k, **sizes),
        "stratified_shuffle_split": lambda: ms.StratifiedShuffleSplit(k, **sizes),
        "group_shuffle_split": lambda: ms.GroupShuffleSplit(k, **sizes),
        "time_series_split": lambda: ms.TimeSeriesSplit(k, gap=extra, test_size=size_of(test_size), max_train_size=size_of(train_size)),
        "predefined_split": lambda: ms.PredefinedSplit(g - 1),
        "repeated_k_fold": lambda: ms.RepeatedKFold(n_splits=k, n_repeats=extra, random_state=seed),
        "repeated_stratified_k_fold": lambda: ms.RepeatedStratifiedKFold(n_splits=k, n_repeats=extra, random_state=seed),
        "stratified_train_test_split": lambda: None,
    }[kind]()
    if splitter is None:
        return [ms.train_test_split(numpy.arange(n), stratify=y, **sizes)]
    return list(splitter.split(numpy.zeros((n, 1)), y, g))


def draw_size(rng, n):
    return rng.choice([0, 0, round(rng.uniform(0.02, 0.9), 3), rng.randint(1, max(1, n - 1))])


def draw(rng):
    """A case that scikit-learn takes."""
    while True:
        kind = KINDS[rng.randrange(len(KINDS))]
        n = rng.choice([rng.randint(2, 12), rng.randint(2, 60), rng.randint(60, 400)])
        classes = rng.choice([2, 2, 3, rng.randint(2, 12)])
        groups = rng.choice([rng.randint(2, 8), rng.randint(2, 40)])
        k = rng.choice([2, 3, 5, rng.randint(2, 12)])
        extra = rng.randint(1, 4)
        test_size, train_size = draw_size(rng, n), draw_size(rng, n)
        if kind == "group_k_fold" and rng.random() < 0.7:  # more groups than numpy sorts by insertion
            n = rng.randint(100, 3000)
            groups = rng.randint(17, n)
        if kind in ("leave_p_out", "leave_p_groups_out"):
            n, k, groups = rng.randint(3, 25), rng.randint(1, 3), rng.randint(2, 8)
        if kind == "group_shuffle_split":
            test_size, train_size = draw_size(rng, groups), draw_size(rng, groups)
        if kind == "time_series_split":
            extra = rng.choice([0, rng.randint(0, 5)])
            test_size = rng.choice([0, rng.randint(1, max(1, n // 4))])
            train_size = rng.choice([0, rng.randint(1, n)])
        if kind == "stratified_group_k_fold" and rng.random() < 0.2:  # numpy adds eight and more numbers in another order
            n, classes = rng.randint(150, 400), rng.randint(8, 12)
        case = (kind, n, k, extra, classes, groups, rng.random() < 0.5, rng.choice([0, 1, 42, rng.randrange(2**32)]), rng.randrange(2**40),
                float(test_size), float(train_size))
        distinct = len(set(labels(n, groups, case[8] + 1000003)))
        if len(set(labels(n, classes, case[8]))) < 2 or (kind == "stratified_group_k_fold" and distinct < k):
            continue
        try:
            folds = folds_of(*case)
        except ValueError:
            continue
        if folds:  # PredefinedSplit gives none where all are -1; ours refuses that
            return case, digest(folds)


def adversary(n):
    """Keys that numpy's quicksort parts badly, so that it falls back to its heapsort (M. McIlroy, "A killer adversary for quicksort", 1999)."""
    values, free = [None] * n, n
    frozen, candidate = 0, None

    def less(a, b):
        nonlocal frozen, candidate
        if values[a] is None and values[b] is None:
            values[a if a == candidate else b] = frozen
            frozen += 1
        if values[a] is None:
            candidate = a
        elif values[b] is None:
            candidate = b
        return (free if values[a] is None else values[a]) < (free if values[b] is None else values[b])

    index = list(range(n))

    def order_two(a, b):
        if less(index[b], index[a]):
            index[a], index[b] = index[b], index[a]

    waiting = [(0, n - 1)]
    while waiting:
        first, last = waiting.pop()
        while last - first > 15:
            middle = first + (last - first) // 2
            order_two(first, middle), order_two(middle, last), order_two(first, middle)
            pivot, left, right = index[middle], first, last - 1
            index[middle], index[right] = index[right], index[middle]
            while True:
                left += 1
                while less(index[left], pivot):
                    left += 1
                right -= 1
                while less(pivot, index[right]):
                    right -= 1
                if left >= right:
                    break
                index[left], index[right] = index[right], index[left]
            index[left], index[last - 1] = index[last - 1], index[left]
            if left - first < last - left:
                waiting.append((left + 1, last))
                last = left - 1
            else:
                waiting.append((first, left - 1))
                first = left + 1
    return [free if v is None else v for v in values]


def fields(case, expected):
    kind, *rest = case
    return [KINDS.index(kind), *(int(v) if isinstance(v, bool) else v for v in rest), expected]


def main():
    if sys.argv[1:2] == ["--live"]:
        rng = random.Random(int(sys.argv[3]))
        for _ in range(int(sys.argv[2])):
            print(*fields(*draw(rng)))
        return
    out = ["""// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_GOLDEN_SPLITTERS_HPP
#define XRAYON_TESTS_ML_GOLDEN_SPLITTERS_HPP

// Written by make_splitters.py with scikit-learn %s and numpy %s. Do not edit.

#include <cstddef>
#include <cstdint>

namespace golden {

/// What make_splitters.py drew, and the digest of the folds that scikit-learn gave. Sizes: 0 where not given, a fraction, or a number of rows.
struct splitter_case {
    enum which { %s } kind;
    std::size_t n, k, extra, classes, groups;
    bool shuffle;
    std::uint32_t seed;
    std::uint64_t data;
    double test_size, train_size;
    std::uint64_t digest;
};

inline constexpr splitter_case splitter_cases[] = {""" % (sklearn.__version__, numpy.__version__, ", ".join(KINDS))]
    rng = random.Random(2024)
    for _ in range(500):
        kind, n, k, extra, classes, groups, shuffle, seed, data, test_size, train_size, expected = fields(*draw(rng))
        out.append("    {splitter_case::%s, %d, %d, %d, %d, %d, %s, %du, %du, %r, %r, %du}," % (
            KINDS[kind], n, k, extra, classes, groups, "true" if shuffle else "false", seed, data, test_size, train_size, expected))
    keys = adversary(200)
    braces = [", ".join(str(int(v)) for v in values) for values in (keys, numpy.argsort(numpy.array(keys)))]
    out.append("};\n\n/// Keys that send numpy's argsort to its heapsort, and the order it gives.")
    out.append("inline constexpr std::int64_t adversary_keys[] = {%s};\ninline constexpr std::size_t adversary_order[] = {%s};" % tuple(braces))
    out.append("\n} // namespace golden\n\n#endif // XRAYON_TESTS_ML_GOLDEN_SPLITTERS_HPP\n")
    pathlib.Path(__file__).resolve().with_name("splitters.hpp").write_text("\n".join(out), encoding="ascii", newline="\n")


main()
