// SPDX-License-Identifier: Apache-2.0
// Row B30: nobody can share out batches whose number is not known before they are made.
#include <xrayon/ml/batch_inference.hpp>

#include <ranges>

auto use() {
    const auto twice = [](int x) { return 2 * x; };
#ifdef XRAYON_SHOULD_FAIL
    return xrayon::ml::batch_inference(std::views::iota(0), twice);
#else
    return xrayon::ml::batch_inference(std::views::iota(0, 10), twice);
#endif
}
