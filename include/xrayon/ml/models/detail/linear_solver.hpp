// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_LINEAR_SOLVER_HPP
#define XRAYON_ML_MODELS_DETAIL_LINEAR_SOLVER_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/lapack.hpp>
#include <xrayon/array/packed_matrix.hpp>
#include <xrayon/ml/models/detail/linear_statistics.hpp>

namespace xrayon::ml::detail {

/// Coefficients of `targets` linear functions of `features` columns.
struct linear_coefficients {
    std::vector<double> weights;     // targets x features
    std::vector<double> intercepts;  // targets
};

/// Products are trusted as far as this: where the scaled system's condition is worse, the rows are asked again.
inline constexpr double worst_reciprocal_condition = 1e-8;

/// @brief Solves (G + alpha I) w = c for each row c of `right`, G being d x d. @returns false where rounding in G would show.
///
/// Scaled to a unit diagonal first, so that columns of different units do no harm (A. van der Sluis, 1969). A column whose diagonal is 0
/// has coefficient 0.
[[nodiscard]] inline bool solve_scaled(std::vector<double> g, std::size_t d, double alpha, std::vector<double>& right) {
    std::vector<std::size_t> used;
    std::vector<double> scale;
    for (std::size_t j = 0; j < d; ++j) {
        const double diagonal = g[j * d + j] + alpha;
        if (diagonal > 0) {
            used.push_back(j);
            scale.push_back(1 / std::sqrt(diagonal));
        } else if (diagonal != 0) {
            return false;  // NaN
        }
    }
    const std::size_t m = used.size();
    const std::size_t targets = d == 0 ? 0 : right.size() / d;
    std::vector<double> a(m * m);
    std::vector<double> b(targets * m);
    for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j < m; ++j) {
            a[i * m + j] = i == j ? 1.0 : g[used[i] * d + used[j]] * scale[i] * scale[j];
        }
        for (std::size_t t = 0; t < targets; ++t) {
            b[t * m + i] = right[t * d + used[i]] * scale[i];
        }
    }
    const cholesky<double> factor(array_view<double, 2>(a.data(), {m, m}));
    if (!factor.positive_definite() || !(factor.reciprocal_condition() >= worst_reciprocal_condition)) {
        return false;
    }
    factor.solve_rows(array_view<double, 2>(b.data(), {targets, m}));
    std::fill(right.begin(), right.end(), 0.0);
    for (std::size_t t = 0; t < targets; ++t) {
        for (std::size_t i = 0; i < m; ++i) {
            right[t * d + used[i]] = b[t * m + i] * scale[i];
        }
    }
    return true;
}

/// @brief The eigenvectors of G, with which (G + alpha I) w = c is solved for many alpha. Columns whose diagonal is 0 are left out: their w
/// is 0.
class ridge_path {
public:
    /// @param g  d x d, symmetric.
    explicit ridge_path(const std::vector<double>& g, std::size_t d) : d_(d) {
        for (std::size_t j = 0; j < d; ++j) {
            if (g[j * d + j] != 0) {
                used_.push_back(j);
            }
        }
        const std::size_t m = used_.size();
        vectors_.resize(m * m);
        for (std::size_t i = 0; i < m; ++i) {
            for (std::size_t j = 0; j < m; ++j) {
                vectors_[i * m + j] = g[used_[i] * d + used_[j]];
            }
        }
        values_ = symmetric_eigen(array_view<double, 2>(vectors_.data(), {m, m}));
    }

    /// False where alpha is too small beside the greatest eigenvalue, so that the eigenvectors' rounding would show: then solve_scaled.
    [[nodiscard]] bool holds(double alpha) const noexcept {
        return values_.empty() || std::max(values_.front(), 0.0) + alpha >= worst_reciprocal_condition * (values_.back() + alpha);
    }

    /// @brief w for each alpha and each row c of `right`: alphas x targets rows of d.
    /// In the basis of eigenvectors alpha is added to a diagonal; there and back is a product each, for all of them.
    [[nodiscard]] std::vector<double> solve(const std::vector<double>& right, std::span<const double> alphas) const {
        const std::size_t m = used_.size();
        const std::size_t targets = d_ == 0 ? 0 : right.size() / d_;
        const std::size_t rows = alphas.size() * targets;
        std::vector<double> out(rows * d_, 0.0);
        if (m == 0) {
            return out;
        }
        std::vector<double> c(targets * m);
        for (std::size_t t = 0; t < targets; ++t) {
            for (std::size_t j = 0; j < m; ++j) {
                c[t * m + j] = right[t * d_ + used_[j]];
            }
        }
        const array_view<const double, 2> vectors(vectors_.data(), {m, m});
        std::vector<double> rotated(targets * m);
        packed_gemm(array_view<const double, 2>(c.data(), {targets, m}), packed_matrix<double>(vectors.transposed()),
                    array_view<double, 2>(rotated.data(), {targets, m}));
        std::vector<double> scaled(rows * m);
        for (std::size_t a = 0; a < alphas.size(); ++a) {
            for (std::size_t t = 0; t < targets; ++t) {
                for (std::size_t k = 0; k < m; ++k) {
                    scaled[(a * targets + t) * m + k] = rotated[t * m + k] / (std::max(values_[k], 0.0) + alphas[a]);
                }
            }
        }
        std::vector<double> w(rows * m);
        packed_gemm(array_view<const double, 2>(scaled.data(), {rows, m}), packed_matrix<double>(vectors),
                    array_view<double, 2>(w.data(), {rows, m}));
        for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t j = 0; j < m; ++j) {
                out[r * d_ + used_[j]] = w[r * m + j];
            }
        }
        return out;
    }

private:
    std::size_t d_;
    std::vector<std::size_t> used_;
    std::vector<double> vectors_;
    std::vector<double> values_;
};

/// @brief Solves for many alphas: where the path holds by it, and the others alone by `one(i)`.
/// @param accept  `accept(i, w)` takes the coefficients of alpha i: targets x d.
template <class Accept, class One>
void solve_for_alphas(const std::vector<double>& g, std::size_t d, const std::vector<double>& right, const std::vector<double>& alphas,
                      const Accept& accept, const One& one) {
    const ridge_path path(g, d);
    std::vector<double> held;
    for (const double alpha : alphas) {
        if (path.holds(alpha)) {
            held.push_back(alpha);
        }
    }
    const std::vector<double> solved = path.solve(right, held);
    std::size_t at = 0;
    for (std::size_t i = 0; i < alphas.size(); ++i) {
        if (path.holds(alphas[i])) {
            const auto first = solved.begin() + static_cast<std::ptrdiff_t>(at * right.size());
            accept(i, std::vector<double>(first, first + static_cast<std::ptrdiff_t>(right.size())));
            ++at;
        } else {
            one(i);
        }
    }
}

/// g's row and column j become 0.
inline void clear_column(std::vector<double>& g, std::size_t d, std::size_t j) {
    for (std::size_t i = 0; i < d; ++i) {
        g[i * d + j] = 0;
        g[j * d + i] = 0;
    }
}

/// The part of [X y]'s sums that is X's, and its products with y. A column that is constant has 0 there, and so its coefficient is 0.
[[nodiscard]] inline std::pair<std::vector<double>, std::vector<double>> normal_equations(const linear_statistics& s) {
    const std::size_t d = s.features;
    std::vector<double> g(d * d);
    std::vector<double> c(d);
    for (std::size_t i = 0; i < d; ++i) {
        for (std::size_t j = 0; j < d; ++j) {
            g[i * d + j] = s.product(i, j);
        }
        c[i] = s.product(i, d);
    }
    for (std::size_t j = 0; j < d && s.centred; ++j) {
        if (is_rounding(g[j * d + j], s.weight, s.means[j])) {
            clear_column(g, d, j);
            c[j] = 0;
        }
    }
    return {std::move(g), std::move(c)};
}

/// mean of y - w mean of x
[[nodiscard]] inline double intercept_of(const std::vector<double>& means, const double* weights, std::size_t d, double target_mean) {
    double sum = 0;
    for (std::size_t j = 0; j < d; ++j) {
        sum += weights[j] * means[j];
    }
    return target_mean - sum;
}

/// @brief The rows themselves: least squares by singular values of X, centred where asked, with sqrt(alpha) I below it.
/// @param targets  t for each row, row-major.
template <class T>
[[nodiscard]] linear_coefficients solve_rows(const array_view<const T, 2>& x, const std::vector<double>& targets, std::size_t t,
                                             std::span<const double> weights, double alpha, bool centred) {
    const std::size_t n = x.shape(0);
    const std::size_t d = x.shape(1);
    const auto weight = [&](std::size_t i) { return weights.empty() ? 1.0 : weights[i]; };
    std::vector<double> x_mean(d, 0.0);
    std::vector<double> y_mean(t, 0.0);
    double all = 0;
    for (std::size_t i = 0; i < n; ++i) {
        all += weight(i);
    }
    // Twice: the second time adds the mean of what the first has left.
    for (int pass = 0; centred && pass < 2; ++pass) {
        std::vector<double> x_off(d, 0.0);
        std::vector<double> y_off(t, 0.0);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < d; ++j) {
                x_off[j] += weight(i) * (static_cast<double>(x(i, j)) - x_mean[j]);
            }
            for (std::size_t k = 0; k < t; ++k) {
                y_off[k] += weight(i) * (targets[i * t + k] - y_mean[k]);
            }
        }
        for (std::size_t j = 0; j < d; ++j) {
            x_mean[j] += x_off[j] / all;
        }
        for (std::size_t k = 0; k < t; ++k) {
            y_mean[k] += y_off[k] / all;
        }
    }
    const std::size_t rows = n + (alpha > 0 ? d : 0);
    std::vector<double> a(rows * d, 0.0);
    std::vector<double> b(rows * t, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
        const double root = std::sqrt(weight(i));
        for (std::size_t j = 0; j < d; ++j) {
            a[i * d + j] = root * (static_cast<double>(x(i, j)) - x_mean[j]);
        }
        for (std::size_t k = 0; k < t; ++k) {
            b[i * t + k] = root * (targets[i * t + k] - y_mean[k]);
        }
    }
    for (std::size_t j = 0; j < d && centred; ++j) {
        double squares = 0;
        for (std::size_t i = 0; i < n; ++i) {
            squares += a[i * d + j] * a[i * d + j];
        }
        for (std::size_t i = 0; i < n && is_rounding(squares, all, x_mean[j]); ++i) {
            a[i * d + j] = 0;
        }
    }
    for (std::size_t j = 0; j < d && alpha > 0; ++j) {
        a[(n + j) * d + j] = std::sqrt(alpha);
    }
    const auto found =
        least_squares<double>(array_view<const double, 2>(a.data(), {rows, d}), array_view<const double, 2>(b.data(), {rows, t}));
    linear_coefficients out{std::vector<double>(t * d), y_mean};
    for (std::size_t k = 0; k < t; ++k) {
        for (std::size_t j = 0; j < d; ++j) {
            out.weights[k * d + j] = found.x[j * t + k];
        }
        out.intercepts[k] = intercept_of(x_mean, out.weights.data() + k * d, d, y_mean[k]);
    }
    return out;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_LINEAR_SOLVER_HPP
