#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the polynomials of include/xrayon/random/detail/{natural_log,normal_curve}.hpp, with their errors.

    python3 make_coefficients.py          Debian 12: python3-mpmath 1.2.1 or newer; some seconds

Chebyshev interpolation at 60 digits, truncated: within a factor of 2 of the best polynomial of that degree. docs/design/random.md says
what is approximated and why.
"""
import mpmath as mp

mp.mp.dps = 60


def upper_quantile(p):
    """z with P(Z > z) = p < 1/2, by Newton's method on erfc."""
    z = mp.sqrt(2) * mp.erfinv(1 - 2 * p) if p > 0.01 else mp.sqrt(-2 * mp.log(p))
    for _ in range(200):
        step = (mp.erfc(z / mp.sqrt(2)) / 2 - p) / (mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi))
        step /= 1 - z * step / 2 if abs(z * step) < 0.5 else 1
        z += step
        if abs(step) < mp.mpf(10) ** -50 * z:
            return z
    raise ArithmeticError("no convergence at %s" % p)


def two_tails(w):
    """p with 4 p (1 - p) = exp(-w)."""
    y = mp.exp(-w)
    return y / (2 * (1 + mp.sqrt(1 - y)))


def centre(w):
    """z / q for q = 1/2 - p."""
    return mp.sqrt(2 * mp.pi) if w < mp.mpf(10) ** -40 else upper_quantile(two_tails(w)) / (mp.sqrt(-mp.expm1(-w)) / 2)


def tail(t):
    return upper_quantile(two_tails(t * t))


def atanh_rest(v):
    """(2 atanh(s) - 2 s) / s^3 for v = s^2."""
    if v < mp.mpf(10) ** -15:
        return mp.mpf(2) / 3 + 2 * v / 5 + 2 * v * v / 7
    s = mp.sqrt(v)
    return (2 * mp.atanh(s) - 2 * s) / s ** 3


def fit(f, degree, low, high, middle):
    """Coefficients of powers of (x - middle), and the truncation error relative to f at the middle of the interval."""
    low, high = mp.mpf(low), mp.mpf(high)
    half, mean, nodes = (high - low) / 2, (high + low) / 2, degree + 20
    x = [mp.cos(mp.pi * (k + mp.mpf(1) / 2) / nodes) for k in range(nodes)]
    y = [f(mean + half * v) for v in x]
    c = [2 * mp.fsum(y[k] * mp.cos(j * mp.pi * (k + mp.mpf(1) / 2) / nodes) for k in range(nodes)) / nodes for j in range(nodes)]
    c[0] /= 2
    error = mp.fsum(abs(v) for v in c[degree + 1:]) / abs(c[0])
    powers = [mp.mpf(0)] * (degree + 1)  # of (x - mean) / half
    before, now = [mp.mpf(0)], [mp.mpf(1)]
    for j in range(degree + 1):
        for i, v in enumerate(now):
            powers[i] += c[j] * v
        after = [mp.mpf(0)] + [(2 if j else 1) * v for v in now]
        for i, v in enumerate(before):
            after[i] -= v if j else 0
        before, now = now, after
    powers = [v / half ** i for i, v in enumerate(powers)]
    shift = mp.mpf(middle) - mean
    moved = [mp.fsum(powers[i] * mp.binomial(i, k) * shift ** (i - k) for i in range(k, degree + 1)) for k in range(degree + 1)]
    return moved, error


def show(name, coefficients, error):
    print("// %s: relative truncation error %s" % (name, mp.nstr(error, 2)))
    texts = [float(mp.nstr(c, 40)).hex() for c in coefficients]
    for i in range(0, len(texts), 4):
        print("    " + ", ".join(texts[i:i + 4]) + ",")


show("atanh_rest", *fit(atanh_rest, 6, 0, (3 - 2 * mp.sqrt(2)) ** 2, 0))
show("centre, in w - 2.5", *fit(centre, 21, 0, "5.0001", 2.5))
show("tail, in sqrt(w) - 4.125", *fit(tail, 28, mp.sqrt(5) - mp.mpf("1e-4"), "6.0037", 4.125))
print("// last v of the centre, 52 bits: w <= 5 there")
q = mp.sqrt(-mp.expm1(-5)) / 2
print(hex(int(mp.floor(q * mp.mpf(2) ** 53 - mp.mpf(1) / 2))))
