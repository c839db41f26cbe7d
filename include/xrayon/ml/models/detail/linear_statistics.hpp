// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_LINEAR_STATISTICS_HPP
#define XRAYON_ML_MODELS_DETAIL_LINEAR_STATISTICS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/packed_gram.hpp>
#include <xrayon/array/packed_matrix.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/models/detail/training_rows.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml::detail {

/// @brief Sums of products of the columns of X and of the target: what a linear model learns from. In double, whatever the rows are.
///
/// Centred: about the mean, so that no digits are lost where columns lie far from 0; merged by the formulas of T. Chan, G. Golub and R.
/// LeVeque (1979).
struct linear_statistics {
    std::size_t features = 0;
    bool centred = true;
    double weight = 0;          // the number of rows, or the sum of their weights
    std::vector<double> means;  // of the columns of X, then of y; 0 where not centred
    std::vector<double> gram;   // (features + 1)^2, symmetric: sums of products of [X y]

    [[nodiscard]] std::size_t width() const noexcept { return features + 1; }
    [[nodiscard]] std::size_t bytes() const noexcept { return (means.size() + gram.size()) * sizeof(double); }
    [[nodiscard]] double product(std::size_t i, std::size_t j) const noexcept { return gram[i * width() + j]; }

    friend bool operator==(const linear_statistics&, const linear_statistics&) = default;
};

/// @brief Whether a column's sum of squares about its mean is only what rounding has left of a constant: a mean over a tile of rows is off
/// by some hundred ulps at most, and merging adds less.
[[nodiscard]] inline bool is_rounding(double squares, double weight, double mean) noexcept {
    return std::sqrt(squares / weight) <= 1024 * std::numeric_limits<double>::epsilon() * std::abs(mean);
}

/// gram += factor delta delta^T
inline void add_outer_product(std::vector<double>& gram, const std::vector<double>& delta, double factor) {
    const std::size_t n = delta.size();
    for (std::size_t i = 0; i < n; ++i) {
        const double f = factor * delta[i];
        double* const row = gram.data() + i * n;
        for (std::size_t j = 0; j < n; ++j) {
            row[j] += f * delta[j];
        }
    }
    // f delta[j] and f' delta[i] may round apart.
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            gram[i * n + j] = gram[j * n + i];
        }
    }
}

inline void merge_into(linear_statistics& left, const linear_statistics& right) {
    if (right.weight == 0) {
        return;
    }
    if (left.weight == 0) {
        left = right;
        return;
    }
    std::transform(left.gram.begin(), left.gram.end(), right.gram.begin(), left.gram.begin(), std::plus<>());
    const double both = left.weight + right.weight;
    if (left.centred) {
        std::vector<double> delta(left.width());
        for (std::size_t j = 0; j < delta.size(); ++j) {
            delta[j] = right.means[j] - left.means[j];
            left.means[j] += delta[j] * (right.weight / both);
        }
        add_outer_product(left.gram, delta, left.weight * (right.weight / both));
    }
    left.weight = both;
}

/// Memory for one tile.
struct linear_tile {
    std::vector<double> rows;
    packed_matrix<double> packed;
};

/// The statistics of rows [begin, end), a tile of them.
template <class T, class Y>
[[nodiscard]] linear_statistics tile_statistics(const array_view<const T, 2>& x, const Y& y, std::span<const double> weights, bool centred,
                                                std::size_t begin, std::size_t end, linear_tile& memory) {
    linear_statistics out;
    out.features = x.shape(1);
    out.centred = centred;
    const std::size_t width = out.width();
    out.means.assign(width, 0.0);
    out.gram.assign(width * width, 0.0);
    const std::size_t rows = end - begin;
    memory.rows.resize(rows * width);
    for (std::size_t i = 0; i < rows; ++i) {
        double* const row = memory.rows.data() + i * width;
        for (std::size_t j = 0; j < out.features; ++j) {
            row[j] = static_cast<double>(x(begin + i, j));
        }
        row[out.features] = static_cast<double>(element(y, begin + i));
        out.weight += weights.empty() ? 1.0 : weights[begin + i];
    }
    if (out.weight == 0) {
        return out;
    }
    if (centred) {
        for (std::size_t i = 0; i < rows; ++i) {
            const double w = weights.empty() ? 1.0 : weights[begin + i];
            for (std::size_t j = 0; j < width; ++j) {
                out.means[j] += w * memory.rows[i * width + j];
            }
        }
        for (double& mean : out.means) {
            mean /= out.weight;
        }
    }
    if (centred || !weights.empty()) {
        for (std::size_t i = 0; i < rows; ++i) {
            const double root = weights.empty() ? 1.0 : std::sqrt(weights[begin + i]);
            for (std::size_t j = 0; j < width; ++j) {
                double& value = memory.rows[i * width + j];
                value = root * (value - out.means[j]);
            }
        }
    }
    packed_gram(array_view<const double, 2>(memory.rows.data(), {rows, width}), array_view<double, 2>(out.gram.data(), {width, width}),
                memory.packed);
    return out;
}

/// The statistics of all rows, in parallel over tiles; the same bits at every thread count.
template <class T, class Y>
[[nodiscard]] linear_statistics sum_linear_statistics(std::string_view op, const array_view<const T, 2>& x, const Y& y,
                                                      std::span<const double> weights, bool centred) {
    scratch<linear_tile> tiles;
    return fold_index(
        x.shape(0), training_leaf,
        [&](std::size_t begin, std::size_t end) {
            const auto memory = tiles.borrow();
            return tile_statistics(x, y, weights, centred, begin, end, *memory);
        },
        [](linear_statistics left, const linear_statistics& right) {
            merge_into(left, right);
            return left;
        },
        {.name = op});
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_LINEAR_STATISTICS_HPP
