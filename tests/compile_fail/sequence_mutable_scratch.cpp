// SPDX-License-Identifier: Apache-2.0
// The function beside a scratch object is called by several threads too: what it changes is the scratch object, not itself.
#include <xrayon/par/sequence.hpp>

#include <vector>

auto use(const std::vector<double>& values) {
    int calls = 0;
#ifdef XRAYON_SHOULD_FAIL
    return xrayon::par(values).map_init([] { return 0; }, [calls](int& count, double x) mutable { return x + ++count + ++calls; }).collect();
#else
    return xrayon::par(values).map_init([] { return 0; }, [calls](int& count, double x) { return x + ++count + calls; }).collect();
#endif
}
