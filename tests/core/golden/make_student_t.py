#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes student_t.hpp: t with P(|T| <= t) = level for whole degrees, from the finite sums of Abramowitz and Stegun, "Handbook of
mathematical functions", 1964, 26.7.3 and 26.7.4, in 60 digits; `level` is the double, exactly. (scipy 1.10's stats.t.isf has 8 to 13.)"""
from decimal import Decimal, getcontext

getcontext().prec = 60
ONE = Decimal(1)


def atan(x):
    """For x > 0: halved until the series is short."""
    halvings = 0
    while x > Decimal("0.01"):
        x = x / (1 + (1 + x * x).sqrt())
        halvings += 1
    total, power, k = Decimal(0), x, 1
    while abs(power) > Decimal(10) ** -62:
        total += power / k
        power, k = -power * x * x, k + 2
    return total * 2**halvings


PI = 4 * atan(ONE)


def inside(t, degrees):
    """P(|T| <= t)"""
    nu = Decimal(degrees)
    cos2 = nu / (nu + t * t)
    sin, cos = (1 - cos2).sqrt(), cos2.sqrt()
    if degrees % 2 == 0:
        term, total = ONE, ONE
        for j in range(1, degrees // 2):
            term *= cos2 * (2 * j - 1) / (2 * j)
            total += term
        return sin * total
    total = Decimal(0)
    if degrees > 1:
        term = cos
        total = term
        for j in range(1, (degrees - 1) // 2):
            term *= cos2 * (2 * j) / (2 * j + 1)
            total += term
    return 2 / PI * (atan(t / nu.sqrt()) + sin * total)


def bound(level, degrees):
    low, high = Decimal(0), Decimal(1)
    while inside(high, degrees) < level:
        high *= 2
    while high - low > high * Decimal(10) ** -24:
        middle = (low + high) / 2
        if inside(middle, degrees) < level:
            low = middle
        else:
            high = middle
    return float((low + high) / 2)


print("""// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_CORE_GOLDEN_STUDENT_T_HPP
#define XRAYON_TESTS_CORE_GOLDEN_STUDENT_T_HPP

// Written by make_student_t.py. Do not edit.

namespace golden {

struct student_t_case {
    double level, degrees, bound;
};
inline constexpr student_t_case student_t_cases[] = {""")
for degrees in (1, 2, 3, 4, 5, 9, 10, 31, 99, 100, 999):
    for level in (0.001, 0.5, 0.9, 0.95, 0.99, 0.999, 1 - 2.0**-20):
        print("    {%r, %d, %r}," % (level, degrees, bound(Decimal(level), degrees)))
print("""};

} // namespace golden

#endif // XRAYON_TESTS_CORE_GOLDEN_STUDENT_T_HPP""")
