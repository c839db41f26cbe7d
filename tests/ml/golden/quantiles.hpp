// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_GOLDEN_QUANTILES_HPP
#define XRAYON_TESTS_ML_GOLDEN_QUANTILES_HPP

// Written by make_quantiles.py with numpy 1.24.2. Do not edit.

#include <cstddef>

namespace golden {

inline constexpr double quantile_probabilities[] = {0, 0.025, 0.1, 1.0 / 3, 0.5, 0.7, 0.975, 1};
struct quantile_case {
    std::size_t n;
    double values[8];
};
inline constexpr quantile_case quantile_cases[] = {
    {1, {-3.0, -3.0, -3.0, -3.0, -3.0, -3.0, -3.0, -3.0}},
    {2, {-3.0, -2.665625, -1.6624999999999999, 1.458333333333333, 3.6875, 6.3625, 10.040625, 10.375}},
    {3, {-3.0, -2.45078125, -0.8031250000000001, 4.322916666666666, 7.984375, 8.940625, 10.25546875, 10.375}},
    {10, {-3.0, -2.680078125, -1.7203125, 3.203125, 6.3046875, 8.4109375, 11.476953125000001, 11.796875}},
    {100, {-3.0, -2.5796875, -1.2828125, 2.234375, 4.984375, 8.0828125, 12.422265624999998, 12.703125}},
    {101, {-3.0, -2.578125, -1.25, 2.3437499999999982, 5.015625, 8.3125, 12.4140625, 12.703125}},
    {640, {-3.0, -2.61015625, -1.4234375, 2.234375, 4.8984375, 8.0046875, 12.344921874999999, 12.734375}},
};

} // namespace golden

#endif // XRAYON_TESTS_ML_GOLDEN_QUANTILES_HPP
