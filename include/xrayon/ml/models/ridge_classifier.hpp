// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_RIDGE_CLASSIFIER_HPP
#define XRAYON_ML_MODELS_RIDGE_CLASSIFIER_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <numbers>
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
#include <xrayon/ml/models/detail/class_scores.hpp>
#include <xrayon/ml/models/detail/class_statistics.hpp>
#include <xrayon/ml/models/detail/linear_function.hpp>
#include <xrayon/ml/models/detail/linear_solver.hpp>
#include <xrayon/ml/models/detail/real_matrix.hpp>
#include <xrayon/ml/models/detail/training_rows.hpp>
#include <xrayon/ml/saved_model.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

struct ridge_classifier_options {
    double alpha = 1;       ///< How much large coefficients cost: finite, >= 0.
    bool intercept = true;  ///< Whether there are constants.
};

/// @brief A ridge regression of 1 for a class and -1 for the others, for each class: the greatest decides. scikit-learn's
/// `RidgeClassifier`.
///
/// `fit(X, y)` learns from X (n x d, finite) and n integer labels of at least two classes; `predict(X)` gives a label for each row;
/// `decision_function(X)` the n x c
/// values (for two classes n x 1: positive means the greater label).
///
/// **Mergeable**, in all as ridge: cross-validation reads the rows once, and a search over alpha factors each fold's system once.
/// The same bits at every thread count; a row's result is its own. Needs LAPACK (xrayon::blas).
/// **Cost.** fit: n d^2 / 2 and d^3 / 3; predict: n d c.
template <std::floating_point Real = double>
class ridge_classifier {
public:
    using matrix = xt::xtensor<Real, 2, xt::layout_type::row_major>;
    using labels = xt::xtensor<int, 1>;
    using statistics_type = detail::class_statistics;
    static constexpr bool is_classifier = true;
    static constexpr std::string_view name = "ridge_classifier";

    explicit ridge_classifier(const ridge_classifier_options& options = {}) : options_(options) {
        check(std::isfinite(options.alpha) && options.alpha >= 0, "ridge_classifier: options.alpha must be finite and >= 0", options.alpha);
    }

    /// @brief Learns from n rows; what was learnt before is forgotten.
    /// `weights` are    n numbers >= 0, finite, not all 0; for those of classes see class_weights.
    /// @throws shape_error     if X and y, or X and weights, differ in rows
    /// @throws argument_error  if there are not two classes; for NaN and infinities; for bad weights. The model is as it was then.
    /// @{
    template <detail::numeric_matrix X, indexed_range Y>
    ridge_classifier& fit(const X& x, const Y& y) {
        return learn(x, y, {});
    }
    template <detail::numeric_matrix X, indexed_range Y, indexed_range Weights>
    ridge_classifier& fit(const X& x, const Y& y, const Weights& weights) {
        return learn(x, y, detail::checked_row_weights("ridge_classifier.fit", detail::matrix_view(x).shape(0), weights));
    }
    /// @}

    template <detail::real_matrix<Real> X>
    [[nodiscard]] labels predict(const X& x) const {
        const matrix scores = decide("ridge_classifier.predict", view_of<2>(x));
        if (labels_.size() != 2) {
            return detail::best_labels<Real>(view_of<2>(scores), labels_);
        }
        labels out = labels::from_shape({scores.shape(0)});
        for (std::size_t i = 0; i < out.size(); ++i) {
            out(i) = labels_[scores(i, 0) > 0 ? 1 : 0];
        }
        return out;
    }
    template <detail::real_matrix<Real> X>
    [[nodiscard]] matrix decision_function(const X& x) const {
        return decide("ridge_classifier.decision_function", view_of<2>(x));
    }

    template <detail::numeric_matrix X, indexed_range Y>
    [[nodiscard]] statistics_type statistics(const X& x, const Y& y) const {
        return sums_of(x, y, {});
    }
    static void merge(statistics_type& left, const statistics_type& right) { detail::merge_into(left, right); }
    [[nodiscard]] std::optional<ridge_classifier> solve(const statistics_type& s) const {
        const blas_guard one_thread;
        check_classes(s);
        system equations = of(s, options_.intercept);
        if (!detail::solve_scaled(std::move(equations.g), s.features, options_.alpha, equations.c)) {
            return std::nullopt;
        }
        return with(s, equations, std::move(equations.c));
    }
    /// Whether both learn from the same sums: all is equal but alpha.
    [[nodiscard]] bool shares_statistics(const ridge_classifier& other) const noexcept {
        return options_.intercept == other.options_.intercept;
    }
    /// The models of several, which share statistics, with one factorisation.
    [[nodiscard]] static std::vector<std::optional<ridge_classifier>> solve_path(std::span<const ridge_classifier> models,
                                                                                 const statistics_type& s) {
        const blas_guard one_thread;
        check_classes(s);
        std::vector<std::optional<ridge_classifier>> out(models.size());
        if (models.empty()) {
            return out;
        }
        const system equations = of(s, models.front().options_.intercept);
        std::vector<double> alphas;
        for (const ridge_classifier& model : models) {
            alphas.push_back(model.options_.alpha);
        }
        detail::solve_for_alphas(
            equations.g, s.features, equations.c, alphas,
            [&](std::size_t i, std::vector<double> w) { out[i] = models[i].with(s, equations, std::move(w)); },
            [&](std::size_t i) { out[i] = models[i].solve(s); });
        return out;
    }

    [[nodiscard]] const ridge_classifier_options& options() const noexcept { return options_; }
    [[nodiscard]] bool fitted() const noexcept { return !labels_.empty(); }
    [[nodiscard]] const std::vector<int>& classes() const noexcept { return labels_; }                  ///< Ascending.
    [[nodiscard]] std::span<const Real> coefficients() const noexcept { return function_.weights(); }   ///< c x d; of two classes 1 x d.
    [[nodiscard]] std::span<const Real> intercepts() const noexcept { return function_.intercepts(); }  ///< c; of two classes 1.

    /// @brief For save and load (ml/saved_model.hpp). @throws argument_error  before fit; data_error for what is no such model
    /// @{
    void save_to(model_writer& out) const {
        check(fitted(), "ridge_classifier.save: call fit first");
        out.text("type", type_name());
        out.number("alpha", options_.alpha);
        out.number("intercept", options_.intercept);
        out.array("classes", labels_);
        function_.save_to(out);
    }
    [[nodiscard]] static ridge_classifier load_from(const model_reader& in) {
        in.expect_type(type_name());
        ridge_classifier out({.alpha = in.number<double>("alpha"), .intercept = in.number<bool>("intercept")});
        out.function_ = detail::linear_function<Real>::load_from(in);
        out.labels_ = in.ascending_labels("classes");
        in.expect(out.labels_.size() >= 2 && out.function_.targets() == (out.labels_.size() == 2 ? 1 : out.labels_.size()),
                  "has not a function for each class");
        return out;
    }
    [[nodiscard]] static std::string type_name() { return std::string(name) + std::string(detail::real_name<Real>); }
    /// @}

private:
    /// (G + alpha I) w = c for each target, and means to find the intercepts by.
    struct system {
        std::vector<double> g, c, x_mean, y_mean;
    };

    template <class X, class Y>
    [[nodiscard]] static statistics_type sums_of(const X& x, const Y& y, const std::vector<double>& weights) {
        const auto view = detail::matrix_view(x);
        detail::check_training_rows("ridge_classifier.fit", view, y);
        detail::check_finite_rows("ridge_classifier.fit", view);
        return detail::sum_class_statistics(detail::class_spread::scatter, "ridge_classifier.fit", view, y, weights);
    }
    template <class X, class Y>
    ridge_classifier& learn(const X& x, const Y& y, const std::vector<double>& weights) {
        const statistics_type s = sums_of(x, y, weights);
        check_classes(s);
        std::optional<ridge_classifier> learnt = solve(s);
        if (!learnt) {
            const blas_guard one_thread;
            const auto view = detail::matrix_view(x);
            const std::size_t t = targets(s);
            std::vector<double> sides(view.shape(0) * t);
            for (std::size_t i = 0; i < view.shape(0); ++i) {
                const int label = detail::label_at("ridge_classifier.fit", y, i);
                const std::size_t c = s.find(label);
                for (std::size_t k = 0; k < t; ++k) {
                    sides[i * t + k] = c < s.classes() && s.labels[c] == label && c == (t == 1 ? 1 : k) ? 1 : -1;
                }
            }
            learnt = with(s, detail::solve_rows(view, sides, t, weights, options_.alpha, options_.intercept));
        }
        return *this = *std::move(learnt);
    }

    static void check_classes(const statistics_type& s) {
        check(s.classes() >= 2, "ridge_classifier.fit: the number of classes must be >= 2", s.classes());
    }
    [[nodiscard]] static std::size_t targets(const statistics_type& s) noexcept { return s.classes() == 2 ? 1 : s.classes(); }

    [[nodiscard]] static system of(const statistics_type& s, bool centred) {
        const std::size_t d = s.features;
        const std::size_t t = targets(s);
        const double n = s.total();
        system out{s.spread, std::vector<double>(t * d, 0.0), centred ? s.grand_mean() : std::vector<double>(d, 0.0),
                   std::vector<double>(t, 0.0)};
        std::vector<double> off(d);
        for (std::size_t k = 0; k < s.classes(); ++k) {
            for (std::size_t j = 0; j < d; ++j) {
                off[j] = s.mean(k)[j] - out.x_mean[j];
            }
            detail::add_outer_product(out.g, off, s.weight[k]);
            // The sum over rows of (x - mean)(y - mean of y); where centred, the means of y drop out.
            for (std::size_t target = 0; target < t; ++target) {
                const double y = k == (t == 1 ? 1 : target) ? 1 : -1;
                out.y_mean[target] += centred ? s.weight[k] / n * y : 0;
                for (std::size_t j = 0; j < d; ++j) {
                    out.c[target * d + j] += s.weight[k] * y * off[j];
                }
            }
        }
        for (std::size_t j = 0; j < d && centred; ++j) {
            if (detail::is_rounding(out.g[j * d + j], n, out.x_mean[j])) {
                detail::clear_column(out.g, d, j);
                for (std::size_t target = 0; target < t; ++target) {
                    out.c[target * d + j] = 0;
                }
            }
        }
        return out;
    }

    [[nodiscard]] ridge_classifier with(const statistics_type& s, const system& equations, std::vector<double> w) const {
        const std::size_t d = s.features;
        detail::linear_coefficients c{std::move(w), equations.y_mean};
        for (std::size_t target = 0; target < c.intercepts.size(); ++target) {
            c.intercepts[target] = detail::intercept_of(equations.x_mean, c.weights.data() + target * d, d, equations.y_mean[target]);
        }
        return with(s, c);
    }
    [[nodiscard]] ridge_classifier with(const statistics_type& s, const detail::linear_coefficients& c) const {
        ridge_classifier out(options_);
        out.function_ = detail::linear_function<Real>(c);
        out.labels_ = s.labels;
        return out;
    }

    [[nodiscard]] matrix decide(std::string_view op, const array_view<const Real, 2>& x) const {
        detail::check_query_rows(op, x, fitted(), function_.features());
        matrix out = matrix::from_shape({x.shape(0), function_.targets()});
        function_.apply(x, view_of<2>(out), op);
        return out;
    }

    ridge_classifier_options options_;
    detail::linear_function<Real> function_;
    std::vector<int> labels_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_MODELS_RIDGE_CLASSIFIER_HPP
