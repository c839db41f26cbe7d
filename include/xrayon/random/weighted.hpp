// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_WEIGHTED_HPP
#define XRAYON_RANDOM_WEIGHTED_HPP

#include <cmath>
#include <cstddef>
#include <span>

#include <xrayon/core/check.hpp>
#include <xrayon/random/stream.hpp>
#include <xrayon/random/uniform.hpp>

namespace xrayon {

/// @brief An index i with probability weights[i] / sum of weights. Never one of weight 0.
///
/// Takes two words of the stream. Same index everywhere: sums run from left to right. Weights may be as small and as large as doubles are.
/// @throws argument_error  if a weight is negative or not finite, or if the sum is not > 0 and finite.
/// **Cost.** Two passes over the weights.
[[nodiscard]] inline std::size_t draw_weighted(stream_ref source, std::span<const double> weights) {
    double total = 0;
    std::size_t last = 0;  // of weight > 0
    for (std::size_t i = 0; i < weights.size(); ++i) {
        check(weights[i] >= 0 && std::isfinite(weights[i]), "draw_weighted: a weight must be finite and >= 0", weights[i]);
        total += weights[i];
        last = weights[i] > 0 ? i : last;
    }
    check(total > 0 && std::isfinite(total), "draw_weighted: the sum of the weights must be finite and > 0", total);
    // Where u times the sum could be a subnormal number, which has few bits, everything is made larger: exact, by a power of two.
    const double scale = total < 0x1p-969 ? 0x1p200 : 1;
    const double aim = draw_uniform(source) * (total * scale);
    double passed = 0;
    for (std::size_t i = 0; i < last; ++i) {
        passed += weights[i] * scale;
        if (aim < passed) {
            return i;
        }
    }
    return last;
}

} // namespace xrayon

#endif // XRAYON_RANDOM_WEIGHTED_HPP
