#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes quantiles.hpp: numpy.quantile (method "linear", the default) of x[0] ... x[n - 1], x[i] = ((i * 7919) % 1009) / 64 - 3."""
import numpy

print("""// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_GOLDEN_QUANTILES_HPP
#define XRAYON_TESTS_ML_GOLDEN_QUANTILES_HPP

// Written by make_quantiles.py with numpy %s. Do not edit.

#include <cstddef>

namespace golden {

inline constexpr double quantile_probabilities[] = {0, 0.025, 0.1, 1.0 / 3, 0.5, 0.7, 0.975, 1};
struct quantile_case {
    std::size_t n;
    double values[8];
};
inline constexpr quantile_case quantile_cases[] = {""" % numpy.__version__)
for n in (1, 2, 3, 10, 100, 101, 640):
    x = numpy.array([((i * 7919) % 1009) / 64 - 3 for i in range(n)])
    q = numpy.quantile(x, [0, 0.025, 0.1, 1 / 3, 0.5, 0.7, 0.975, 1])
    print("    {%d, {%s}}," % (n, ", ".join(repr(float(v)) for v in q)))
print("""};

} // namespace golden

#endif // XRAYON_TESTS_ML_GOLDEN_QUANTILES_HPP""")
