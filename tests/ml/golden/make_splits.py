#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes splits.hpp beside this file: what scikit-learn and numpy give for the splits that the tests compare with.

    python3 make_splits.py          Debian 12: python3-sklearn 1.2.1, python3-numpy 1.24.2
"""
import pathlib

import numpy
import sklearn
from sklearn.model_selection import KFold, train_test_split

FNV_OFFSET, FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3


def digest(indices):
    """FNV-1a over the indices as 64-bit words: for lists too long to write down."""
    h = FNV_OFFSET
    for i in indices:
        h = ((h ^ int(i)) * FNV_PRIME) & 0xFFFFFFFFFFFFFFFF
    return h


def braces(values):
    return "{" + ", ".join(str(int(v)) for v in values) + "}"


out = []
out.append("""// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_GOLDEN_SPLITS_HPP
#define XRAYON_TESTS_ML_GOLDEN_SPLITS_HPP

// Written by make_splits.py with scikit-learn %s and numpy %s. Do not edit.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace golden {

using indices = std::vector<std::size_t>;
""" % (sklearn.__version__, numpy.__version__))

# numpy.random.RandomState(seed).randint(0, 2**32): the engine itself.
out.append("/// RandomState(seed): the first outputs, 32 bits each; the last are the 623rd to 626th, around the first renewal.")
out.append("struct engine_case {\n    std::uint32_t seed;\n    std::vector<std::uint32_t> first, around_623;\n};")
out.append("inline const std::vector<engine_case> engine_cases = {")
for seed in (0, 1, 42, 5489, 2**32 - 1):
    raw = numpy.random.RandomState(seed).randint(0, 2**32, 626, dtype=numpy.uint32)
    out.append("    {%du, {%s}, {%s}}," % (seed, ", ".join("%du" % v for v in raw[:5]), ", ".join("%du" % v for v in raw[622:])))
out.append("};\n")

# RandomState.randint draws with the masked rejection that shuffle uses; dtype uint64 takes it beyond 32 bits.
out.append("/// RandomState(seed).randint(0, most, endpoint included): masked rejection.")
out.append("struct interval_case {\n    std::uint32_t seed;\n    std::uint64_t most;\n    std::vector<std::uint64_t> values;\n};")
out.append("inline const std::vector<interval_case> interval_cases = {")
for seed, most in ((3, 2**32), (3, 2**40 - 1), (4, 2**40), (5, 2**63 + 12345)):
    values = numpy.random.RandomState(seed).randint(0, most + 1, 6, dtype=numpy.uint64)
    out.append("    {%du, %du, {%s}}," % (seed, most, ", ".join("%du" % v for v in values)))
out.append("};\n")

out.append("/// RandomState(seed).permutation(n), as digest.")
out.append("struct permutation_case {\n    std::size_t n;\n    std::uint32_t seed;\n    std::uint64_t digest;\n};")
out.append("inline const std::vector<permutation_case> permutation_cases = {")
for n, seed in ((0, 0), (1, 7), (2, 7), (3, 3), (64, 1), (65, 1), (1000, 42), (65536, 9), (65537, 9), (100003, 2**32 - 1)):
    out.append("    {%d, %du, %du}," % (n, seed, digest(numpy.random.RandomState(seed).permutation(n))))
out.append("};\n")

out.append("/// The test sets of KFold(k, shuffle=shuffle, random_state=seed).split(arange(n)); each training set is the rest, ascending.")
out.append("struct k_fold_case {\n    std::size_t n, k;\n    bool shuffle;\n    std::uint32_t seed;\n    std::vector<indices> test;\n};")
out.append("inline const std::vector<k_fold_case> k_fold_cases = {")
for n, k, seed in ((2, 2, None), (10, 5, None), (11, 3, None), (7, 7, None), (23, 5, None), (2, 2, 0), (5, 2, 1), (10, 3, 0), (10, 3, 42),
                   (11, 11, 7), (23, 4, 2**32 - 1), (64, 5, 123456789)):
    folds = []
    for train, test in KFold(k, shuffle=seed is not None, random_state=seed).split(numpy.arange(n)):
        assert list(train) == [i for i in range(n) if i not in set(test)] and list(test) == sorted(test)
        folds.append(test)
    out.append("    {%d, %d, %s, %du, {%s}}," % (n, k, "false" if seed is None else "true", seed or 0, ", ".join(map(braces, folds))))
out.append("};\n")

out.append("/// The same for the 1,797 rows of the digits and for 100,000 rows: digest of all test sets in turn, and of all training sets.")
out.append("struct k_fold_digest {\n    std::size_t n, k;\n    std::uint32_t seed;\n    std::uint64_t test, train;\n};")
out.append("inline const std::vector<k_fold_digest> k_fold_digests = {")
for n, k, seed in ((1797, 5, 0), (1797, 10, 42), (100000, 7, 2024)):
    folds = list(KFold(k, shuffle=True, random_state=seed).split(numpy.arange(n)))
    out.append("    {%d, %d, %du, %du, %du}," % (n, k, seed, digest(i for _, t in folds for i in t), digest(i for t, _ in folds for i in t)))
out.append("};\n")

out.append("/// train_test_split(arange(n), test_size=, train_size=, shuffle=, random_state=seed). Sizes: a fraction in (0, 1), a whole")
out.append("/// number of rows, or 0 where not given.")
out.append("struct train_test_case {\n    std::size_t n;\n    double test_size, train_size;\n    bool shuffle;\n    std::uint32_t seed;\n"
           "    indices train, test;\n};")
out.append("inline const std::vector<train_test_case> train_test_cases = {")
for n, test_size, train_size, seed in ((4, None, None, 0), (10, None, None, 42), (10, 0.2, None, 1), (10, 3, None, 2), (11, 0.1, None, 3),
                                       (11, None, 0.55, 4), (12, None, 5, 5), (20, 0.25, 0.5, 6), (20, 2, 0.3, 7), (20, 0.35, 4, 8),
                                       (2, 0.5, None, 9), (10, 0.3, 0.7, 10), (30, 0.1, None, 11), (50, 0.07, None, 2**32 - 1),
                                       (10, None, None, None), (10, 0.3, None, None), (10, 2, 5, None), (100, 0.29, 0.57, 13)):
    train, test = train_test_split(numpy.arange(n), test_size=test_size, train_size=train_size, shuffle=seed is not None, random_state=seed)
    out.append("    {%d, %r, %r, %s, %du, %s, %s}," % (n, float(test_size or 0), float(train_size or 0), "false" if seed is None else "true",
                                                      seed or 0, braces(train), braces(test)))
out.append("};\n")

out.append("} // namespace golden\n\n#endif // XRAYON_TESTS_ML_GOLDEN_SPLITS_HPP\n")
pathlib.Path(__file__).resolve().with_name("splits.hpp").write_text("\n".join(out), encoding="ascii", newline="\n")
