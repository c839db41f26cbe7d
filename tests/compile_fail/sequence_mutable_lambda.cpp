// SPDX-License-Identifier: Apache-2.0
// A mutable lambda would be changed by several threads at once.
#include <xrayon/par/sequence.hpp>

#include <vector>

auto use(const std::vector<double>& values) {
    double before = 0;
#ifdef XRAYON_SHOULD_FAIL
    return xrayon::par(values).map([before](double x) mutable { return x - (before = x); }).collect();
#else
    return xrayon::par(values).map([before](double x) { return x - before; }).collect();
#endif
}
