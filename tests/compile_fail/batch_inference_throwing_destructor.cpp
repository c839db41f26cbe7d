// SPDX-License-Identifier: Apache-2.0
// Row B16: results are destroyed when another one's item throws; a destructor that throws as well would end the program.
#include <xrayon/ml/batch_inference.hpp>

#include <vector>

struct label {
    int value;
#ifdef XRAYON_SHOULD_FAIL
    ~label() noexcept(false) {}
#else
    ~label() {}
#endif
};

auto use(const std::vector<int>& batches) {
    return xrayon::ml::batch_inference(batches, [](int batch) { return label{batch}; });
}
