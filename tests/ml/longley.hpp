// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_LONGLEY_HPP
#define XRAYON_TESTS_ML_LONGLEY_HPP

#include <vector>

#include <xrayon/array/xtensor.hpp>

// J. Longley, "An appraisal of least squares programs for the electronic computer from the point of view of the user", JASA 62 (1967), as
// NIST's Statistical Reference Datasets have it, with certified coefficients: the constant, then the six columns.

namespace longley {

inline xt::xtensor<double, 2> x() {
    return {{83.0, 234289, 2356, 1590, 107608, 1947},  {88.5, 259426, 2325, 1456, 108632, 1948},  {88.2, 258054, 3682, 1616, 109773, 1949},
            {89.5, 284599, 3351, 1650, 110929, 1950},  {96.2, 328975, 2099, 3099, 112075, 1951},  {98.1, 346999, 1932, 3594, 113270, 1952},
            {99.0, 365385, 1870, 3547, 115094, 1953},  {100.0, 363112, 3578, 3350, 116219, 1954}, {101.2, 397469, 2904, 3048, 117388, 1955},
            {104.6, 419180, 2822, 2857, 118734, 1956}, {108.4, 442769, 2936, 2798, 120445, 1957}, {110.8, 444546, 4681, 2637, 121950, 1958},
            {112.6, 482704, 3813, 2552, 123366, 1959}, {114.2, 502601, 3931, 2514, 125368, 1960}, {115.7, 518173, 4806, 2572, 127852, 1961},
            {116.9, 554894, 4007, 2827, 130081, 1962}};
}

inline std::vector<double> y() {
    return {60323, 61122, 60171, 61187, 63221, 63639, 64989, 63761, 66019, 67857, 68169, 66513, 68655, 69564, 69331, 70551};
}

inline constexpr double certified[] = {-3482258.63459582, 15.0618722713733,       -0.358191792925910E-01, -2.02022980381683,
                                       -1.03322686717359, -0.511041056535807E-01, 1829.15146461355};

} // namespace longley

#endif // XRAYON_TESTS_ML_LONGLEY_HPP
