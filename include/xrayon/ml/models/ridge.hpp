// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_RIDGE_HPP
#define XRAYON_ML_MODELS_RIDGE_HPP

#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/exec/blas_guard.hpp>
#include <xrayon/ml/models/detail/linear_function.hpp>
#include <xrayon/ml/models/detail/linear_solver.hpp>
#include <xrayon/ml/models/detail/linear_statistics.hpp>
#include <xrayon/ml/models/detail/real_matrix.hpp>
#include <xrayon/ml/models/detail/training_rows.hpp>
#include <xrayon/ml/saved_model.hpp>

namespace xrayon::ml {

struct ridge_options {
    double alpha = 1;       ///< How much large coefficients cost: finite, >= 0. 0 is ordinary least squares.
    bool intercept = true;  ///< Whether there is a constant, which costs nothing.
};

/// @brief Ridge regression: the w and b that make sum (y - x w - b)^2 + alpha |w|^2 least. scikit-learn's `Ridge`.
///
/// `fit(X, y)` learns from X (n x d, finite) and n numbers; `predict(X)` gives a number for each row.
///
/// **How.** Sums of products of the columns, about their means, in double, in one pass that is shared by tiles of rows; then Cholesky's
/// factor of the d x d system, scaled. Where that system is so ill-conditioned that the sums have lost digits (a reciprocal condition below
/// 1e-8), the rows themselves are solved, by their singular values. A. Hoerl and R. Kennard, "Ridge regression" (1970).
///
/// **Mergeable.** Cross-validation reads the rows once, and a search over alpha factors each fold's system once.
///
/// The same bits at every thread count; a row's prediction does not depend on the rows beside it. Needs LAPACK (xrayon::blas).
/// **Cost.** fit: n d^2 / 2 multiply-adds, and d^3 / 3; memory O(threads x (d^2 + 512 d)). predict: n d.
template <std::floating_point Real = double>
class ridge {
public:
    using vector = xt::xtensor<Real, 1, xt::layout_type::row_major>;
    using statistics_type = detail::linear_statistics;
    static constexpr bool is_classifier = false;
    static constexpr std::string_view name = "ridge";

    explicit ridge(const ridge_options& options = {}) : options_(options) {
        check(std::isfinite(options.alpha) && options.alpha >= 0, "ridge: options.alpha must be finite and >= 0", options.alpha);
    }

    /// @brief Learns from n rows; what was learnt before is forgotten.
    /// `weights` are    n numbers >= 0, finite, not all 0: a row of weight w counts as w rows would.
    /// @throws shape_error     if X and y, or X and weights, differ in rows
    /// @throws argument_error  if there are no rows; for NaN and infinities; for bad weights. The model is as it was then.
    /// @{
    template <detail::numeric_matrix X, indexed_range Y>
    ridge& fit(const X& x, const Y& y) {
        return learn(detail::matrix_view(x), y, {});
    }
    template <detail::numeric_matrix X, indexed_range Y, indexed_range Weights>
    ridge& fit(const X& x, const Y& y, const Weights& weights) {
        const auto view = detail::matrix_view(x);
        return learn(view, y, detail::checked_row_weights("ridge.fit", view.shape(0), weights));
    }
    /// @}

    /// @brief A number for each row of X.
    /// @throws argument_error  before fit; shape_error if X has other columns
    template <detail::real_matrix<Real> X>
    [[nodiscard]] vector predict(const X& x) const {
        const array_view<const Real, 2> rows = view_of<2>(x);
        detail::check_query_rows("ridge.predict", rows, fitted_, function_.features());
        vector out = vector::from_shape({rows.shape(0)});
        function_.apply(rows, array_view<Real, 2>(out.data(), {rows.shape(0), 1}), "ridge.predict");
        return out;
    }

    /// What must be known of these rows: see mergeable_estimator.
    template <detail::numeric_matrix X, indexed_range Y>
    [[nodiscard]] statistics_type statistics(const X& x, const Y& y) const {
        const auto view = detail::matrix_view(x);
        check_rows("ridge.statistics", view, y);
        return detail::sum_linear_statistics("ridge.statistics", view, y, {}, options_.intercept);
    }
    static void merge(statistics_type& left, const statistics_type& right) { detail::merge_into(left, right); }
    [[nodiscard]] std::optional<ridge> solve(const statistics_type& s) const {
        const blas_guard one_thread;
        auto [g, c] = detail::normal_equations(s);
        if (!detail::solve_scaled(std::move(g), s.features, options_.alpha, c)) {
            return std::nullopt;
        }
        return with(s, std::move(c));
    }
    /// Whether both learn from the same sums: all is equal but alpha.
    [[nodiscard]] bool shares_statistics(const ridge& other) const noexcept { return options_.intercept == other.options_.intercept; }
    /// The models of several, which share statistics, with one factorisation.
    [[nodiscard]] static std::vector<std::optional<ridge>> solve_path(std::span<const ridge> models, const statistics_type& s) {
        const blas_guard one_thread;
        auto [g, c] = detail::normal_equations(s);
        std::vector<double> alphas;
        for (const ridge& model : models) {
            alphas.push_back(model.options_.alpha);
        }
        std::vector<std::optional<ridge>> out(models.size());
        detail::solve_for_alphas(
            g, s.features, c, alphas, [&](std::size_t i, std::vector<double> w) { out[i] = models[i].with(s, std::move(w)); },
            [&](std::size_t i) { out[i] = models[i].solve(s); });
        return out;
    }

    [[nodiscard]] const ridge_options& options() const noexcept { return options_; }
    [[nodiscard]] bool fitted() const noexcept { return fitted_; }
    [[nodiscard]] std::span<const Real> coefficients() const noexcept { return function_.weights(); }  ///< d; none before fit.
    [[nodiscard]] Real intercept() const noexcept { return fitted_ ? function_.intercepts()[0] : Real(0); }

    /// @brief For save and load (ml/saved_model.hpp). @throws argument_error  before fit; data_error for what is no such model
    /// @{
    void save_to(model_writer& out) const {
        check(fitted_, "ridge.save: call fit first");
        out.text("type", type_name());
        out.number("alpha", options_.alpha);
        out.number("intercept", options_.intercept);
        function_.save_to(out);
    }
    [[nodiscard]] static ridge load_from(const model_reader& in) {
        in.expect_type(type_name());
        ridge out({.alpha = in.number<double>("alpha"), .intercept = in.number<bool>("intercept")});
        out.function_ = detail::linear_function<Real>::load_from(in);
        in.expect(out.function_.targets() == 1, "has not one function");
        out.fitted_ = true;
        return out;
    }
    [[nodiscard]] static std::string type_name() { return std::string(name) + std::string(detail::real_name<Real>); }
    /// @}

private:
    template <class T, class Y>
    static void check_rows(std::string_view op, const array_view<const T, 2>& x, const Y& y) {
        detail::check_training_rows(op, x, y);
        detail::check_finite_rows(op, x);
        for (std::size_t i = 0; i < x.shape(0); ++i) {
            const auto value = static_cast<double>(element(y, i));
            if (!std::isfinite(value)) [[unlikely]] {
                check(false, std::string(op) + ": y must be finite; row " + to_text(i), value);
            }
        }
    }

    template <class T, class Y>
    ridge& learn(const array_view<const T, 2>& x, const Y& y, const std::vector<double>& weights) {
        check_rows("ridge.fit", x, y);
        const blas_guard one_thread;
        std::optional<ridge> learnt = solve(detail::sum_linear_statistics("ridge.fit", x, y, weights, options_.intercept));
        if (!learnt) {
            std::vector<double> targets(x.shape(0));
            for (std::size_t i = 0; i < targets.size(); ++i) {
                targets[i] = static_cast<double>(element(y, i));
            }
            learnt = with(detail::solve_rows(x, targets, 1, weights, options_.alpha, options_.intercept));
        }
        return *this = *std::move(learnt);
    }

    [[nodiscard]] ridge with(const statistics_type& s, std::vector<double> w) const {
        const double b = s.centred ? detail::intercept_of(s.means, w.data(), s.features, s.means.back()) : 0;
        return with(detail::linear_coefficients{std::move(w), {b}});
    }
    [[nodiscard]] ridge with(const detail::linear_coefficients& c) const {
        ridge out(options_);
        out.function_ = detail::linear_function<Real>(c);
        out.fitted_ = true;
        return out;
    }

    ridge_options options_;
    detail::linear_function<Real> function_;
    bool fitted_ = false;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_MODELS_RIDGE_HPP
