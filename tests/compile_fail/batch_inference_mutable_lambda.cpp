// SPDX-License-Identifier: Apache-2.0
// Row B17: a mutable lambda would be changed by several threads at once.
#include <xrayon/ml/batch_inference.hpp>

#include <vector>

auto use(const std::vector<double>& batches) {
    double before = 0;
#ifdef XRAYON_SHOULD_FAIL
    return xrayon::ml::batch_inference(batches, [before](double x) mutable { return x - (before = x); });
#else
    return xrayon::ml::batch_inference(batches, [before](double x) { return x - before; });
#endif
}
