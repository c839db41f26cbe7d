// SPDX-License-Identifier: Apache-2.0
// So are the smallest items looked for, by the same comparison.
#include <xrayon/par/sequence.hpp>

#include <vector>

auto use(const std::vector<double>& values) {
    int calls = 0;
#ifdef XRAYON_SHOULD_FAIL
    return xrayon::par(values).min_by([calls](double a, double b) mutable { return ++calls > 0 && a < b; });
#else
    return xrayon::par(values).min_by([calls](double a, double b) { return calls == 0 && a < b; });
#endif
}
