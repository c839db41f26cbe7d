// SPDX-License-Identifier: Apache-2.0
// A lazy expression holds caches that threads would race for.
#include <xrayon/array/xtensor.hpp>
#include <xrayon/par/sequence.hpp>

double use(const xt::xtensor<double, 1>& x) {
#ifdef XRAYON_SHOULD_FAIL
    const auto twice = 2.0 * x;
#else
    const xt::xtensor<double, 1> twice = 2.0 * x;
#endif
    return xrayon::par(twice).sum();
}
