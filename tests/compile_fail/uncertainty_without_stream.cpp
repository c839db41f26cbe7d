// SPDX-License-Identifier: Apache-2.0
// A model that takes no stream has no randomness to look at.
#include <xrayon/ml/batch_inference_with_uncertainty.hpp>

#include <vector>

struct model {
#ifdef XRAYON_SHOULD_FAIL
    double operator()(double batch) const { return batch; }
#else
    double operator()(double batch, xrayon::stream& draws) const { return batch * static_cast<double>(draws.next_u32()); }
#endif
};

auto use(const std::vector<double>& batches) { return xrayon::ml::batch_inference_with_uncertainty(batches, model{}); }
