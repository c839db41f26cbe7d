// SPDX-License-Identifier: Apache-2.0
// A sample is a number or an array of numbers.
#include <xrayon/ml/batch_inference_with_uncertainty.hpp>

#include <string>
#include <vector>

#ifdef XRAYON_SHOULD_FAIL
using result = std::string;
#else
using result = std::vector<float>;
#endif

auto use(const std::vector<double>& batches) {
    return xrayon::ml::batch_inference_with_uncertainty(batches, [](double, xrayon::stream&) { return result(); });
}
