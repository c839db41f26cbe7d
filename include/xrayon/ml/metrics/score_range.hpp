// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_SCORE_RANGE_HPP
#define XRAYON_ML_METRICS_SCORE_RANGE_HPP

#include <concepts>

namespace xrayon::ml {

/// What a score can be.
struct score_range {
    double lowest;
    double highest;
};

/// A metric that knows the range of its score: `m.range()`.
template <class M>
concept bounded_metric = requires(const M& m) {
    { m.range() } -> std::same_as<score_range>;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_METRICS_SCORE_RANGE_HPP
