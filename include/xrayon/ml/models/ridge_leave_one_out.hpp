// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_RIDGE_LEAVE_ONE_OUT_HPP
#define XRAYON_ML_MODELS_RIDGE_LEAVE_ONE_OUT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/lapack.hpp>
#include <xrayon/array/packed_matrix.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/exec/blas_guard.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/models/detail/linear_solver.hpp>
#include <xrayon/ml/models/detail/linear_statistics.hpp>
#include <xrayon/ml/models/detail/training_rows.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

/// Leave-one-out errors of a ridge for several alphas.
struct ridge_leave_one_out_result {
    std::vector<double> alphas;
    std::vector<double> mean_squared_error;  ///< Of each alpha: over rows, each predicted by the model of all others.
    std::vector<bool> well_conditioned;      ///< Of each alpha; false: rounding in the sums of products may show.

    /// The index of the smallest error, also where that alpha is not well conditioned; of equal ones the first. @throws argument_error
    /// if all are NaN
    [[nodiscard]] std::size_t best() const {
        std::size_t found = alphas.size();
        for (std::size_t i = 0; i < alphas.size(); ++i) {
            if (std::isfinite(mean_squared_error[i]) && (found == alphas.size() || mean_squared_error[i] < mean_squared_error[found])) {
                found = i;
            }
        }
        check(found < alphas.size(), "ridge_leave_one_out: all errors are NaN; alphas", alphas.size());
        return found;
    }
};

struct ridge_leave_one_out_options {
    bool intercept = true;
    run_options run = {};
};

/// @brief The exact leave-one-out error of ridge regression for many alphas, without a second fit: scikit-learn's `RidgeCV`.
///
/// The residual of a row by the model of all others is its residual by the model of all, divided by 1 - h, where h is what the row's own
/// target weighs in its prediction (D. Allen, "The relationship between variable selection and data augmentation and a method for
/// prediction", 1974). In the basis of eigenvectors of the columns' products h and the prediction are sums over d terms for each alpha.
///
/// @param x       n x d, finite; n >= 2.
/// @param y       n numbers.
/// @param alphas  At least one, each finite and > 0.
/// The same bits at every thread count. Needs LAPACK.
/// @throws shape_error, argument_error  as ridge; `ridge_leave_one_out: alphas must be finite and > 0`
/// **Cost.** Two passes over x: n d^2 / 2 and n d (d + 2 alphas) multiply-adds, and d^3. Memory: for each worker 256 rows.
template <detail::numeric_matrix X, indexed_range Y>
[[nodiscard]] ridge_leave_one_out_result ridge_leave_one_out(const X& x, const Y& y, std::vector<double> alphas,
                                                             const ridge_leave_one_out_options& options = {}) {
    const auto rows = detail::matrix_view(x);
    detail::check_training_rows("ridge_leave_one_out", rows, y);
    const std::size_t n = rows.shape(0);
    const std::size_t d = rows.shape(1);
    check(n >= 2, "ridge_leave_one_out: the number of rows must be >= 2", n);
    check(!alphas.empty(), "ridge_leave_one_out: there must be an alpha");
    for (const double alpha : alphas) {
        check(std::isfinite(alpha) && alpha > 0, "ridge_leave_one_out: alphas must be finite and > 0", alpha);
    }
    detail::check_finite_rows("ridge_leave_one_out", rows);
    for (std::size_t i = 0; i < n; ++i) {
        if (!std::isfinite(static_cast<double>(element(y, i)))) [[unlikely]] {
            check(false, "ridge_leave_one_out: y must be finite; row " + to_text(i), static_cast<double>(element(y, i)));
        }
    }
    const blas_guard one_thread;
    const detail::linear_statistics s = detail::sum_linear_statistics("ridge_leave_one_out", rows, y, {}, options.intercept);
    auto [vectors, c] = detail::normal_equations(s);
    const std::vector<double> values = symmetric_eigen(array_view<double, 2>(vectors.data(), {d, d}));  // row k: vector k
    // For alpha a: prediction = mean + sum_k z_k (v_k c) / (l_k + a), weight of itself = 1/n + sum_k z_k^2 / (l_k + a), with z = V (x -
    // mean).
    const std::size_t m = alphas.size();
    std::vector<double> of_prediction(d * m);
    std::vector<double> of_weight(d * m);
    for (std::size_t k = 0; k < d; ++k) {
        double projected = 0;
        for (std::size_t j = 0; j < d; ++j) {
            projected += vectors[k * d + j] * c[j];
        }
        for (std::size_t a = 0; a < m; ++a) {
            const double share = 1 / (std::max(values[k], 0.0) + alphas[a]);
            of_prediction[k * m + a] = projected * share;
            of_weight[k * m + a] = share;
        }
    }
    const packed_matrix<double> to_basis(array_view<const double, 2>(vectors.data(), {d, d}).transposed());
    const packed_matrix<double> predictions(array_view<const double, 2>(of_prediction.data(), {d, m}));
    const packed_matrix<double> weights(array_view<const double, 2>(of_weight.data(), {d, m}));
    struct tile {
        std::vector<double> rows, z, p, h;
    };
    scratch<tile> tiles;
    const double own = options.intercept ? 1 / static_cast<double>(n) : 0;
    const std::vector<double> sums = fold_index(
        n, detail::training_leaf,
        [&](std::size_t begin, std::size_t end) {
            const auto memory = tiles.borrow();
            const std::size_t count = end - begin;
            memory->rows.resize(count * d);
            memory->z.resize(count * d);
            memory->p.resize(count * m);
            memory->h.resize(count * m);
            for (std::size_t i = 0; i < count; ++i) {
                for (std::size_t j = 0; j < d; ++j) {
                    memory->rows[i * d + j] = static_cast<double>(rows(begin + i, j)) - s.means[j];
                }
            }
            const array_view<double, 2> z(memory->z.data(), {count, d});
            const array_view<double, 2> p(memory->p.data(), {count, m});
            const array_view<double, 2> h(memory->h.data(), {count, m});
            packed_gemm(array_view<const double, 2>(memory->rows.data(), {count, d}), to_basis, z);
            packed_gemm(array_view<const double, 2>(z), predictions, p);
            for (double& value : memory->z) {
                value *= value;
            }
            packed_gemm(array_view<const double, 2>(z), weights, h);
            std::vector<double> out(m, 0.0);
            for (std::size_t i = 0; i < count; ++i) {
                const double target = static_cast<double>(element(y, begin + i)) - s.means[d];
                for (std::size_t a = 0; a < m; ++a) {
                    const double residual = (target - p(i, a)) / (1 - own - h(i, a));
                    out[a] += residual * residual;
                }
            }
            return out;
        },
        [](std::vector<double> left, const std::vector<double>& right) {
            std::transform(left.begin(), left.end(), right.begin(), left.begin(), std::plus<>());
            return left;
        },
        {.run = options.run, .name = "ridge_leave_one_out"});
    ridge_leave_one_out_result out;
    for (std::size_t a = 0; a < m; ++a) {
        out.mean_squared_error.push_back(sums[a] / static_cast<double>(n));
        out.well_conditioned.push_back(
            d == 0 || std::max(values.front(), 0.0) + alphas[a] >= detail::worst_reciprocal_condition * (values.back() + alphas[a]));
    }
    out.alphas = std::move(alphas);
    return out;
}

} // namespace xrayon::ml

#endif // XRAYON_ML_MODELS_RIDGE_LEAVE_ONE_OUT_HPP
