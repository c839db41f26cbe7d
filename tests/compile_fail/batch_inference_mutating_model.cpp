// SPDX-License-Identifier: Apache-2.0
// Row B17: a model is called from many threads at once, and one that changes itself is a race.
#include <xrayon/ml/batch_inference.hpp>

#include <vector>

struct counting_model {
    int calls = 0;
#ifdef XRAYON_SHOULD_FAIL
    double operator()(double x) { return x + ++calls; }
#else
    double operator()(double x) const { return x + calls; }
#endif
};

auto use(const std::vector<double>& batches) { return xrayon::ml::batch_inference(batches, counting_model{}); }
