// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_DETAIL_NUMPY_SUM_HPP
#define XRAYON_ML_SPLIT_DETAIL_NUMPY_SUM_HPP

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <xrayon/core/config.hpp>

namespace xrayon::ml::detail {

// stratified_group_k_fold compares floating point numbers that rounding can tie or part, so they are rounded as numpy 1.24 rounds them.

/// numpy.sum of contiguous numbers: eight running sums, halves above 128 (pairwise summation; N. Higham, SIAM J. Sci. Comput. 14 (1993)).
[[nodiscard]] inline double numpy_sum(std::span<const double> x) noexcept {
    const std::size_t n = x.size();
    if (n < 8) {
        double sum = 0;
        for (const double value : x) {
            sum += value;
        }
        return sum;
    }
    if (n > 128) {
        const std::size_t half = n / 2 - n / 2 % 8;
        return numpy_sum(x.first(half)) + numpy_sum(x.subspan(half));
    }
    double part[8] = {x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]};
    std::size_t i = 8;
    for (; i + 8 <= n; i += 8) {
        for (std::size_t j = 0; j < 8; ++j) {
            part[j] += x[i + j];
        }
    }
    double sum = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
    for (; i < n; ++i) {
        sum += x[i];
    }
    return sum;
}

/// numpy.std of contiguous numbers. `x` is used up.
[[nodiscard]] inline double numpy_std(std::span<double> x) noexcept {
    const auto n = static_cast<double>(x.size());
    const double mean = numpy_sum(x) / n;
    for (double& value : x) {
        const double off = value - mean;
        value = off * off;
    }
    return std::sqrt(numpy_sum(x) / n);
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_SPLIT_DETAIL_NUMPY_SUM_HPP
