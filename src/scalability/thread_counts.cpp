// SPDX-License-Identifier: Apache-2.0
#include "scalability/thread_counts.hpp"

#include <xrayon/core/check.hpp>

namespace scalability {

std::vector<std::size_t> doubling(std::size_t most) {
    std::vector<std::size_t> counts;
    for (std::size_t n = 1; n < most; n *= 2) {
        counts.push_back(n);
    }
    counts.push_back(most);
    return counts;
}

std::string listed(const std::vector<std::size_t>& counts) {
    std::string text;
    for (const std::size_t count : counts) {
        text += (text.empty() ? "" : ", ") + xrayon::to_text(count);
    }
    return text;
}

} // namespace scalability
