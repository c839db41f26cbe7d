// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_ORDINARY_LEAST_SQUARES_HPP
#define XRAYON_ML_MODELS_ORDINARY_LEAST_SQUARES_HPP

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <xrayon/ml/models/detail/real_matrix.hpp>
#include <xrayon/ml/models/ridge.hpp>
#include <xrayon/ml/saved_model.hpp>

namespace xrayon::ml {

struct ordinary_least_squares_options {
    bool intercept = true;  ///< Whether there is a constant.
};

/// @brief Linear regression: the w and b that make sum (y - x w - b)^2 least, and of several such the shortest w. scikit-learn's
/// `LinearRegression`.
///
/// In all a ridge with alpha 0: `fit`, `predict`, mergeable, and what is said there of bits and cost. Where columns depend on each other,
/// the rows are solved by their singular values, those below 2.2e-16 of the greatest counting as 0.
template <std::floating_point Real = double>
class ordinary_least_squares {
public:
    using vector = typename ridge<Real>::vector;
    using statistics_type = typename ridge<Real>::statistics_type;
    static constexpr bool is_classifier = false;
    static constexpr std::string_view name = "ordinary_least_squares";

    explicit ordinary_least_squares(const ordinary_least_squares_options& options = {})
        : model_({.alpha = 0, .intercept = options.intercept}) {}

    /// @brief As ridge::fit, with its errors.
    template <detail::numeric_matrix X, indexed_range Y>
    ordinary_least_squares& fit(const X& x, const Y& y) {
        model_.fit(x, y);
        return *this;
    }
    template <detail::numeric_matrix X, indexed_range Y, indexed_range Weights>
    ordinary_least_squares& fit(const X& x, const Y& y, const Weights& weights) {
        model_.fit(x, y, weights);
        return *this;
    }
    template <detail::real_matrix<Real> X>
    [[nodiscard]] vector predict(const X& x) const {
        return model_.predict(x);
    }

    template <detail::numeric_matrix X, indexed_range Y>
    [[nodiscard]] statistics_type statistics(const X& x, const Y& y) const {
        return model_.statistics(x, y);
    }
    /// Whether both learn from the same sums.
    [[nodiscard]] bool shares_statistics(const ordinary_least_squares& other) const noexcept {
        return model_.shares_statistics(other.model_);
    }
    static void merge(statistics_type& left, const statistics_type& right) { ridge<Real>::merge(left, right); }
    [[nodiscard]] std::optional<ordinary_least_squares> solve(const statistics_type& s) const {
        std::optional<ridge<Real>> solved = model_.solve(s);
        return solved ? std::optional(ordinary_least_squares(*std::move(solved))) : std::nullopt;
    }

    [[nodiscard]] ordinary_least_squares_options options() const noexcept { return {model_.options().intercept}; }
    [[nodiscard]] bool fitted() const noexcept { return model_.fitted(); }
    [[nodiscard]] std::span<const Real> coefficients() const noexcept { return model_.coefficients(); }
    [[nodiscard]] Real intercept() const noexcept { return model_.intercept(); }

    /// @brief For save and load (ml/saved_model.hpp). @throws argument_error  before fit; data_error for what is no such model
    /// @{
    void save_to(model_writer& out) const {
        check(fitted(), "ordinary_least_squares.save: call fit first");
        out.text("type", type_name());
        out.part("ridge", model_);
    }
    [[nodiscard]] static ordinary_least_squares load_from(const model_reader& in) {
        in.expect_type(type_name());
        return ordinary_least_squares(in.template part<ridge<Real>>("ridge"));
    }
    [[nodiscard]] static std::string type_name() { return std::string(name) + std::string(detail::real_name<Real>); }
    /// @}

private:
    explicit ordinary_least_squares(ridge<Real> model) : model_(std::move(model)) {}

    ridge<Real> model_;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_MODELS_ORDINARY_LEAST_SQUARES_HPP
