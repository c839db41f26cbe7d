// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_GAUSSIAN_NAIVE_BAYES_HPP
#define XRAYON_ML_MODELS_GAUSSIAN_NAIVE_BAYES_HPP

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
#include <xrayon/ml/models/detail/class_scores.hpp>
#include <xrayon/ml/models/detail/class_statistics.hpp>
#include <xrayon/ml/models/detail/real_matrix.hpp>
#include <xrayon/ml/models/detail/training_rows.hpp>
#include <xrayon/ml/saved_model.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

struct gaussian_naive_bayes_options {
    double var_smoothing = 1e-9;      ///< This share of the largest variance of a column is added to all variances: finite, >= 0.
    std::vector<double> priors = {};  ///< Of the classes in ascending order, adding up to 1. None: their shares of the rows.
};

/// @brief Naive Bayes with a normal distribution for each column and class. scikit-learn's `GaussianNB`.
///
/// `fit(X, y)` learns from X (n x d, finite) and n integer labels; `partial_fit` adds rows; `predict(X)` gives the likeliest label (of
/// equal ones the lowest),
/// `predict_proba(X)` n x c probabilities. Means and variances are in double, by two passes over tiles of rows that are merged.
///
/// **Mergeable**: cross-validation reads the rows once. The same bits at every thread count; a row's result is its own. exp and log are
/// those of the C library, so bits may differ between systems.
/// **Cost.** fit: n d; predict: n d c.
template <std::floating_point Real = double>
class gaussian_naive_bayes {
public:
    using matrix = xt::xtensor<Real, 2, xt::layout_type::row_major>;
    using labels = xt::xtensor<int, 1>;
    using statistics_type = detail::class_statistics;
    static constexpr bool is_classifier = true;
    static constexpr std::string_view name = "gaussian_naive_bayes";

    explicit gaussian_naive_bayes(gaussian_naive_bayes_options options = {}) : options_(std::move(options)) {
        check(std::isfinite(options_.var_smoothing) && options_.var_smoothing >= 0,
              "gaussian_naive_bayes: options.var_smoothing must be finite and >= 0", options_.var_smoothing);
        double sum = options_.priors.empty() ? 1 : 0;
        for (const double prior : options_.priors) {
            check(prior >= 0, "gaussian_naive_bayes: options.priors must be >= 0", prior);
            sum += prior;
        }
        check(std::abs(sum - 1) <= 1e-8, "gaussian_naive_bayes: the sum of options.priors must be 1", sum);
    }

    /// @brief Learns from n rows; what was learnt before is forgotten.
    /// `weights` are    n numbers >= 0, finite, not all 0.
    /// @throws shape_error     if rows do not fit
    /// @throws argument_error  if there are no rows; for NaN and infinities; if there are not as many priors as classes. The model is as it
    ///                         was then.
    /// @{
    template <detail::numeric_matrix X, indexed_range Y>
    gaussian_naive_bayes& fit(const X& x, const Y& y) {
        return learn(statistics(x, y));
    }
    template <detail::numeric_matrix X, indexed_range Y, indexed_range Weights>
    gaussian_naive_bayes& fit(const X& x, const Y& y, const Weights& weights) {
        const auto view = checked("fit", x, y);
        const auto numbers = detail::checked_row_weights("gaussian_naive_bayes.fit", view.shape(0), weights);
        return learn(detail::sum_class_statistics(detail::class_spread::columns, "gaussian_naive_bayes.fit", view, y, numbers));
    }
    /// As if these rows had come after those learnt so far; new labels too.
    template <detail::numeric_matrix X, indexed_range Y>
    gaussian_naive_bayes& partial_fit(const X& x, const Y& y) {
        statistics_type both = learnt_;
        if (fitted()) {
            const auto view = detail::matrix_view(x);
            check_shapes(view.shape(1) == both.features, "gaussian_naive_bayes.partial_fit", "X", view.shape(), "the fitted model",
                         std::array{both.features});
        }
        merge(both, statistics(x, y));
        return learn(std::move(both));
    }
    /// @}

    template <detail::real_matrix<Real> X>
    [[nodiscard]] labels predict(const X& x) const {
        const matrix likelihood = log_likelihood("gaussian_naive_bayes.predict", view_of<2>(x));
        return detail::best_labels<Real>(view_of<2>(likelihood), learnt_.labels);
    }
    /// n x c: the probability of each class, in ascending order of the labels.
    template <detail::real_matrix<Real> X>
    [[nodiscard]] matrix predict_proba(const X& x) const {
        matrix out = log_likelihood("gaussian_naive_bayes.predict_proba", view_of<2>(x));
        detail::softmax_rows<Real>(view_of<2>(out));
        return out;
    }

    template <detail::numeric_matrix X, indexed_range Y>
    [[nodiscard]] statistics_type statistics(const X& x, const Y& y) const {
        return detail::sum_class_statistics(detail::class_spread::columns, "gaussian_naive_bayes.fit", checked("fit", x, y), y, {});
    }
    /// Whether both learn from the same sums: always.
    [[nodiscard]] bool shares_statistics(const gaussian_naive_bayes&) const noexcept { return true; }
    static void merge(statistics_type& left, const statistics_type& right) { detail::merge_into(left, right); }
    [[nodiscard]] std::optional<gaussian_naive_bayes> solve(const statistics_type& s) const {
        gaussian_naive_bayes out(options_);
        out.learn(s);
        return out;
    }

    [[nodiscard]] const gaussian_naive_bayes_options& options() const noexcept { return options_; }
    [[nodiscard]] bool fitted() const noexcept { return learnt_.classes() > 0; }
    [[nodiscard]] const std::vector<int>& classes() const noexcept { return learnt_.labels; }  ///< Ascending.
    [[nodiscard]] std::span<const double> means() const noexcept { return learnt_.means; }     ///< c x d.
    [[nodiscard]] std::span<const double> variances() const noexcept { return variance_; }     ///< c x d, with what was added.
    [[nodiscard]] std::span<const double> class_priors() const noexcept { return prior_; }     ///< c.
    [[nodiscard]] const statistics_type& learnt() const noexcept { return learnt_; }

    /// @brief For save and load (ml/saved_model.hpp). @throws argument_error  before fit; data_error for what is no such model
    /// @{
    void save_to(model_writer& out) const {
        check(fitted(), "gaussian_naive_bayes.save: call fit first");
        out.text("type", type_name());
        out.number("var_smoothing", options_.var_smoothing);
        out.array("priors", options_.priors);
        learnt_.save_to(out);
    }
    [[nodiscard]] static gaussian_naive_bayes load_from(const model_reader& in) {
        in.expect_type(type_name());
        gaussian_naive_bayes out({.var_smoothing = in.number<double>("var_smoothing"), .priors = in.array<double>("priors")});
        statistics_type learnt = statistics_type::load_from(in);
        in.expect(learnt.kind == detail::class_spread::columns && learnt.classes() >= 1, "has not the sums of a naive Bayes");
        out.learn(std::move(learnt));
        return out;
    }
    [[nodiscard]] static std::string type_name() { return std::string(name) + std::string(detail::real_name<Real>); }
    /// @}

private:
    template <class X, class Y>
    [[nodiscard]] static auto checked(std::string_view function, const X& x, const Y& y) {
        const auto view = detail::matrix_view(x);
        const std::string op = std::string(name) + "." + std::string(function);
        detail::check_training_rows(op, view, y);
        detail::check_finite_rows(op, view);
        return view;
    }

    gaussian_naive_bayes& learn(statistics_type s) {
        const std::size_t d = s.features;
        const double all = s.total();
        check(options_.priors.empty() || options_.priors.size() == s.classes(),
              "gaussian_naive_bayes.fit: options.priors must be as many as the classes, " + to_text(s.classes()), options_.priors.size());
        // The variance of a column over all rows: within the classes and between them.
        const std::vector<double> centre = s.grand_mean();
        double largest = 0;
        for (std::size_t j = 0; j < d; ++j) {
            double squares = 0;
            for (std::size_t c = 0; c < s.classes(); ++c) {
                const double off = s.mean(c)[j] - centre[j];
                squares += s.spread[c * d + j] + s.weight[c] * (off * off);
            }
            largest = std::max(largest, squares / all);
        }
        std::vector<double> variance(s.classes() * d);
        std::vector<double> prior(s.classes());
        for (std::size_t c = 0; c < s.classes(); ++c) {
            prior[c] = options_.priors.empty() ? s.weight[c] / all : options_.priors[c];
            for (std::size_t j = 0; j < d; ++j) {
                variance[c * d + j] = s.spread[c * d + j] / s.weight[c] + options_.var_smoothing * largest;
            }
        }
        learnt_ = std::move(s);
        variance_ = std::move(variance);
        prior_ = std::move(prior);
        return *this;
    }

    [[nodiscard]] matrix log_likelihood(std::string_view op, const array_view<const Real, 2>& x) const {
        detail::check_query_rows(op, x, fitted(), learnt_.features);
        const std::size_t d = learnt_.features;
        const std::size_t classes = learnt_.classes();
        std::vector<double> constant(classes);
        for (std::size_t c = 0; c < classes; ++c) {
            double logs = 0;
            for (std::size_t j = 0; j < d; ++j) {
                logs += std::log(2 * std::numbers::pi * variance_[c * d + j]);
            }
            constant[c] = std::log(prior_[c]) - 0.5 * logs;
        }
        matrix out = matrix::from_shape({x.shape(0), classes});
        for_each_index(x.shape(0),
                       [&](std::size_t i) {
                           for (std::size_t c = 0; c < classes; ++c) {
                               double sum = 0;
                               for (std::size_t j = 0; j < d; ++j) {
                                   const double off = static_cast<double>(x(i, j)) - learnt_.mean(c)[j];
                                   sum += off * off / variance_[c * d + j];
                               }
                               out(i, c) = static_cast<Real>(constant[c] - 0.5 * sum);
                           }
                       },
                       {.name = op});
        return out;
    }

    gaussian_naive_bayes_options options_;
    statistics_type learnt_;
    std::vector<double> variance_;
    std::vector<double> prior_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_MODELS_GAUSSIAN_NAIVE_BAYES_HPP
