// SPDX-License-Identifier: Apache-2.0
// Row B30: threads reach batch i at once; a list would be walked from its beginning each time.
#include <xrayon/ml/batch_inference.hpp>

#include <list>
#include <vector>

auto use(const std::list<double>& batches) {
    const auto twice = [](double x) { return 2 * x; };
#ifdef XRAYON_SHOULD_FAIL
    return xrayon::ml::batch_inference(batches, twice);
#else
    const std::vector<double> reachable(batches.begin(), batches.end());
    return xrayon::ml::batch_inference(reachable, twice);
#endif
}
