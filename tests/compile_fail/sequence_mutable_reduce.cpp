// SPDX-License-Identifier: Apache-2.0
// Several leaves are reduced at once, by the same function.
#include <xrayon/par/sequence.hpp>

#include <vector>

auto use(const std::vector<double>& values) {
    int calls = 0;
#ifdef XRAYON_SHOULD_FAIL
    return xrayon::par(values).reduce([] { return 0.0; }, [calls](double a, double b) mutable { return a + b + ++calls; });
#else
    return xrayon::par(values).reduce([] { return 0.0; }, [calls](double a, double b) { return a + b + calls; });
#endif
}
