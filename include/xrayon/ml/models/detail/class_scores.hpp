// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_CLASS_SCORES_HPP
#define XRAYON_ML_MODELS_DETAIL_CLASS_SCORES_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml::detail {

/// The first of the largest of a row.
template <class Real>
[[nodiscard]] std::size_t best_column(const array_view<const Real, 2>& scores, std::size_t i) noexcept {
    std::size_t best = 0;
    for (std::size_t c = 1; c < scores.shape(1); ++c) {
        best = scores(i, c) > scores(i, best) ? c : best;
    }
    return best;
}

/// The label of the first of the largest scores in each row.
template <class Real>
[[nodiscard]] xt::xtensor<int, 1> best_labels(const array_view<const Real, 2>& scores, const std::vector<int>& labels) {
    auto out = xt::xtensor<int, 1>::from_shape({scores.shape(0)});
    for (std::size_t i = 0; i < scores.shape(0); ++i) {
        out(i) = labels[best_column(scores, i)];
    }
    return out;
}

/// scores := exp(scores) / the sum over the row, without overflow.
template <class Real>
void softmax_rows(const array_view<Real, 2>& scores) {
    for (std::size_t i = 0; i < scores.shape(0); ++i) {
        const auto row = scores[i];
        const Real most = row.shape(0) == 0 ? Real(0) : *std::max_element(row.begin(), row.end());
        Real sum = 0;
        for (Real& value : row) {
            value = std::exp(value - most);
            sum += value;
        }
        for (Real& value : row) {
            value /= sum;
        }
    }
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_CLASS_SCORES_HPP
