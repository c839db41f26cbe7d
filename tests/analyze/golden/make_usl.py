#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Universal Scalability Law over the Cisco measurements of B. Schwartz ("Practical scalability analysis with the Universal Scalability Law",
2015), by NumPy's least squares of relative errors: prints what usl_fit_test.cpp compares with.

    T(n) = a / n + b + c (n - 1), weights 1/T^2; T(1) = a + b, sigma = b / T(1), kappa = c / T(1)
"""
import numpy as np

throughput = [955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08, 7219.80, 7867.61, 8278.71, 8646.70, 9047.84, 9426.55,
              9645.37, 9897.24, 10097.60, 10240.50, 10532.39, 10798.52, 11151.43, 11518.63, 11806.00, 12089.37, 12075.41, 12177.29, 12211.41,
              12158.93, 12155.27, 12118.04, 12140.40, 12074.39]
n = np.arange(1, len(throughput) + 1, dtype=float)
seconds = 1 / np.array(throughput)
design = np.stack([1 / n, np.ones_like(n), n - 1], axis=1) / seconds[:, None]
a, b, c = np.linalg.lstsq(design, np.ones_like(n), rcond=None)[0]
one = a + b
print("T(1)", repr(one), "sigma", repr(b / one), "kappa", repr(c / one), "largest error", repr(np.max(np.abs(1 - design @ [a, b, c]))))
