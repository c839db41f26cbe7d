// SPDX-License-Identifier: Apache-2.0
// Lazy expressions hold caches that threads would race for.
#include <xrayon/array/xtensor.hpp>

auto use(const xt::xtensor<double, 1>& x) {
#ifdef XRAYON_SHOULD_FAIL
    const auto twice = 2.0 * x;
#else
    const xt::xtensor<double, 1> twice = 2.0 * x;
#endif
    return xrayon::view_of(twice).size();
}
