// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_LINEAR_DISCRIMINANT_ANALYSIS_HPP
#define XRAYON_ML_MODELS_LINEAR_DISCRIMINANT_ANALYSIS_HPP

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
#include <xrayon/array/lapack.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/exec/blas_guard.hpp>
#include <xrayon/ml/models/detail/class_scores.hpp>
#include <xrayon/ml/models/detail/class_statistics.hpp>
#include <xrayon/ml/models/detail/linear_function.hpp>
#include <xrayon/ml/models/detail/linear_statistics.hpp>
#include <xrayon/ml/models/detail/real_matrix.hpp>
#include <xrayon/ml/models/detail/training_rows.hpp>
#include <xrayon/ml/saved_model.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

struct linear_discriminant_analysis_options {
    std::vector<double> priors = {};  ///< Of the classes in ascending order, adding up to 1. None: their shares of the rows.
    double tol = 1e-4;                ///< Directions in which scaled rows spread less within classes than this do not count.
};

/// @brief Linear discriminant analysis: normal distributions with one covariance. scikit-learn's
/// `LinearDiscriminantAnalysis(solver="svd")`.
///
/// `fit(X, y)` learns from X (n x d, finite) and n integer labels of at least two classes; `predict(X)` gives the likeliest label,
/// `predict_proba(X)` n x c probabilities. scikit-learn takes the singular values of the rows; these are the eigenvalues of their scatter
/// within classes, in double, of columns scaled to a deviation of 1. R. Fisher, "The use of multiple measurements in taxonomic problems"
/// (1936).
///
/// **Mergeable**: cross-validation reads the rows once. The same bits at every thread count; a row's result is its own. Needs LAPACK
/// (xrayon::blas).
/// **Cost.** fit: n d^2 / 2 and d^3; predict: n d c.
template <std::floating_point Real = double>
class linear_discriminant_analysis {
public:
    using matrix = xt::xtensor<Real, 2, xt::layout_type::row_major>;
    using labels = xt::xtensor<int, 1>;
    using statistics_type = detail::class_statistics;
    static constexpr bool is_classifier = true;
    static constexpr std::string_view name = "linear_discriminant_analysis";

    explicit linear_discriminant_analysis(linear_discriminant_analysis_options options = {}) : options_(std::move(options)) {
        check(options_.tol >= 0, "linear_discriminant_analysis: options.tol must be >= 0", options_.tol);
        double sum = options_.priors.empty() ? 1 : 0;
        for (const double prior : options_.priors) {
            check(prior >= 0, "linear_discriminant_analysis: options.priors must be >= 0", prior);
            sum += prior;
        }
        check(std::abs(sum - 1) <= 1e-8, "linear_discriminant_analysis: the sum of options.priors must be 1", sum);
    }

    /// @brief Learns from n rows; what was learnt before is forgotten.
    /// @throws shape_error     if X and y differ in rows
    /// @throws argument_error  if there are not two classes, or not more rows than classes; for NaN and infinities; if there are not as
    ///                         many priors as classes.
    ///                         The model is as it was then.
    template <detail::numeric_matrix X, indexed_range Y>
    linear_discriminant_analysis& fit(const X& x, const Y& y) {
        return learn(statistics(x, y));
    }

    template <detail::real_matrix<Real> X>
    [[nodiscard]] labels predict(const X& x) const {
        const matrix scores = decision("linear_discriminant_analysis.predict", view_of<2>(x));
        return detail::best_labels<Real>(view_of<2>(scores), labels_);
    }
    /// n x c: the probability of each class, in ascending order of the labels.
    template <detail::real_matrix<Real> X>
    [[nodiscard]] matrix predict_proba(const X& x) const {
        matrix out = decision("linear_discriminant_analysis.predict_proba", view_of<2>(x));
        detail::softmax_rows<Real>(view_of<2>(out));
        return out;
    }

    template <detail::numeric_matrix X, indexed_range Y>
    [[nodiscard]] statistics_type statistics(const X& x, const Y& y) const {
        const auto view = detail::matrix_view(x);
        detail::check_training_rows("linear_discriminant_analysis.fit", view, y);
        detail::check_finite_rows("linear_discriminant_analysis.fit", view);
        return detail::sum_class_statistics(detail::class_spread::scatter, "linear_discriminant_analysis.fit", view, y, {});
    }
    /// Whether both learn from the same sums: always.
    [[nodiscard]] bool shares_statistics(const linear_discriminant_analysis&) const noexcept { return true; }
    static void merge(statistics_type& left, const statistics_type& right) { detail::merge_into(left, right); }
    [[nodiscard]] std::optional<linear_discriminant_analysis> solve(const statistics_type& s) const {
        linear_discriminant_analysis out(options_);
        out.learn(s);
        return out;
    }

    [[nodiscard]] const linear_discriminant_analysis_options& options() const noexcept { return options_; }
    [[nodiscard]] bool fitted() const noexcept { return !labels_.empty(); }
    [[nodiscard]] const std::vector<int>& classes() const noexcept { return labels_; }                  ///< Ascending.
    [[nodiscard]] std::span<const Real> coefficients() const noexcept { return function_.weights(); }   ///< c x d.
    [[nodiscard]] std::span<const Real> intercepts() const noexcept { return function_.intercepts(); }  ///< c.

    /// @brief For save and load (ml/saved_model.hpp). @throws argument_error  before fit; data_error for what is no such model
    /// @{
    void save_to(model_writer& out) const {
        check(fitted(), "linear_discriminant_analysis.save: call fit first");
        out.text("type", type_name());
        out.number("tol", options_.tol);
        out.array("priors", options_.priors);
        out.array("classes", labels_);
        function_.save_to(out);
    }
    [[nodiscard]] static linear_discriminant_analysis load_from(const model_reader& in) {
        in.expect_type(type_name());
        linear_discriminant_analysis out({.priors = in.array<double>("priors"), .tol = in.number<double>("tol")});
        out.function_ = detail::linear_function<Real>::load_from(in);
        out.labels_ = in.ascending_labels("classes");
        in.expect(out.labels_.size() >= 2 && out.function_.targets() == out.labels_.size(), "has not a function for each class");
        return out;
    }
    [[nodiscard]] static std::string type_name() { return std::string(name) + std::string(detail::real_name<Real>); }
    /// @}

private:
    linear_discriminant_analysis& learn(const statistics_type& s) {
        const std::size_t d = s.features;
        const std::size_t k = s.classes();
        const double n = s.total();
        check(k >= 2, "linear_discriminant_analysis.fit: the number of classes must be >= 2", k);
        check(n > static_cast<double>(k),
              "linear_discriminant_analysis.fit: the number of rows must be more than the classes, " + to_text(k), n);
        check(options_.priors.empty() || options_.priors.size() == k,
              "linear_discriminant_analysis.fit: options.priors must be as many as the classes, " + to_text(k), options_.priors.size());
        const blas_guard one_thread;
        std::vector<double> prior(k);
        std::vector<double> centre(d, 0.0);
        for (std::size_t c = 0; c < k; ++c) {
            prior[c] = options_.priors.empty() ? s.weight[c] / n : options_.priors[c];
            for (std::size_t j = 0; j < d; ++j) {
                centre[j] += prior[c] * s.mean(c)[j];
            }
        }
        // 1. Within classes: columns to deviation 1, then the directions in which they spread, each to 1.
        std::vector<double> deviation(d);
        for (std::size_t j = 0; j < d; ++j) {
            double largest = 0;
            for (std::size_t c = 0; c < k; ++c) {
                largest = std::max(largest, std::abs(s.mean(c)[j]));
            }
            const double squares = s.spread[j * d + j];
            deviation[j] = detail::is_rounding(squares, n, largest) ? 1 : std::sqrt(squares / n);
        }
        std::vector<double> within(d * d);
        for (std::size_t i = 0; i < d; ++i) {
            for (std::size_t j = 0; j < d; ++j) {
                within[i * d + j] = s.spread[i * d + j] / (n - static_cast<double>(k)) / deviation[i] / deviation[j];
            }
        }
        const std::vector<double> values = symmetric_eigen(array_view<double, 2>(within.data(), {d, d}));
        std::vector<double> scalings;  // rank x d
        for (std::size_t e = d; e-- > 0;) {
            const double singular = std::sqrt(std::max(values[e], 0.0));
            if (singular > options_.tol) {
                for (std::size_t j = 0; j < d; ++j) {
                    scalings.push_back(within[e * d + j] / deviation[j] / singular);
                }
            }
        }
        const std::size_t rank = d == 0 ? 0 : scalings.size() / d;
        // 2. Between classes: the directions in which their means differ.
        std::vector<double> means(k * rank);
        for (std::size_t c = 0; c < k; ++c) {
            const double factor = std::sqrt(n * prior[c] / static_cast<double>(k - 1));
            for (std::size_t r = 0; r < rank; ++r) {
                double sum = 0;
                for (std::size_t j = 0; j < d; ++j) {
                    sum += (s.mean(c)[j] - centre[j]) * scalings[r * d + j];
                }
                means[c * rank + r] = factor * sum;
            }
        }
        std::vector<double> between(rank * rank, 0.0);
        for (std::size_t c = 0; c < k; ++c) {
            for (std::size_t i = 0; i < rank; ++i) {
                for (std::size_t j = 0; j < rank; ++j) {
                    between[i * rank + j] += means[c * rank + i] * means[c * rank + j];
                }
            }
        }
        const std::vector<double> spread = symmetric_eigen(array_view<double, 2>(between.data(), {rank, rank}));
        const double most = rank == 0 ? 0 : std::sqrt(std::max(spread.back(), 0.0));
        std::vector<double> directions;  // of discriminants: r x d
        for (std::size_t e = rank; e-- > 0;) {
            if (std::sqrt(std::max(spread[e], 0.0)) > options_.tol * most) {
                for (std::size_t j = 0; j < d; ++j) {
                    double sum = 0;
                    for (std::size_t r = 0; r < rank; ++r) {
                        sum += scalings[r * d + j] * between[e * rank + r];
                    }
                    directions.push_back(sum);
                }
            }
        }
        // 3. Linear functions of the columns.
        const std::size_t found = d == 0 ? 0 : directions.size() / d;
        detail::linear_coefficients c_out{std::vector<double>(k * d, 0.0), std::vector<double>(k)};
        for (std::size_t c = 0; c < k; ++c) {
            double squares = 0;
            for (std::size_t r = 0; r < found; ++r) {
                double projected = 0;
                for (std::size_t j = 0; j < d; ++j) {
                    projected += (s.mean(c)[j] - centre[j]) * directions[r * d + j];
                }
                squares += projected * projected;
                for (std::size_t j = 0; j < d; ++j) {
                    c_out.weights[c * d + j] += projected * directions[r * d + j];
                }
            }
            double at_centre = 0;
            for (std::size_t j = 0; j < d; ++j) {
                at_centre += centre[j] * c_out.weights[c * d + j];
            }
            c_out.intercepts[c] = -0.5 * squares + std::log(prior[c]) - at_centre;
        }
        function_ = detail::linear_function<Real>(c_out);
        labels_ = s.labels;
        return *this;
    }

    [[nodiscard]] matrix decision(std::string_view op, const array_view<const Real, 2>& x) const {
        detail::check_query_rows(op, x, fitted(), function_.features());
        matrix out = matrix::from_shape({x.shape(0), labels_.size()});
        function_.apply(x, view_of<2>(out), op);
        return out;
    }

    linear_discriminant_analysis_options options_;
    detail::linear_function<Real> function_;
    std::vector<int> labels_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_MODELS_LINEAR_DISCRIMINANT_ANALYSIS_HPP
