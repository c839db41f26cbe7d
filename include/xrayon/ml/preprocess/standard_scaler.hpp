// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_STANDARD_SCALER_HPP
#define XRAYON_ML_PREPROCESS_STANDARD_SCALER_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/preprocess/column_scaler.hpp>
#include <xrayon/ml/preprocess/detail/column_map.hpp>
#include <xrayon/ml/preprocess/detail/column_moments.hpp>
#include <xrayon/ml/preprocess/detail/matrix_access.hpp>
#include <xrayon/ml/preprocess/detail/pinned_floating_point.hpp>
#include <xrayon/ml/preprocess/detail/wide_kernel.hpp>
#include <xrayon/ml/nan_policy.hpp>
#include <xrayon/ml/saved_model.hpp>

namespace xrayon::ml {

struct standard_scaler_options {
    bool with_mean = true;  ///< Take the mean away.
    bool with_std = true;   ///< Divide by the standard deviation.
    std::size_t ddof = 0;   ///< Deviations are divided by n - ddof; 0 as in scikit-learn, 1 for the unbiased variance.
    nan_policy nan = nan_policy::propagate;
    bool allow_inf = false;  ///< Infinite cells are an argument_error unless this is set.
    run_options run = {};    ///< Of every call of the object.
};

namespace detail {

/// scikit-learn's rule (1.2, _is_constant_feature): what rounding alone could have made of a constant column counts as constant.
/// Mean and variance may both be in units of a power of two.
[[nodiscard]] inline bool is_constant(double variance, double mean, double count) noexcept {
    constexpr double epsilon = std::numeric_limits<double>::epsilon();
    const double of_mean = count * mean * epsilon;
    return variance <= fused(of_mean, of_mean, count * epsilon * variance);
}

/// The standard deviation to divide by: 1 for a constant column.
[[nodiscard]] inline spread deviation_of(const column_moment& moment, double count) noexcept {
    const double variance = moment.m2 / count;
    if (is_constant(variance, std::ldexp(moment.mean, -moment.exponent), moment.weight)) {
        return {1, 0};
    }
    return {std::sqrt(variance), moment.exponent};
}

} // namespace detail

/// @brief Takes each column to mean 0 and standard deviation 1: (x - mean) / scale.
///
/// The statistics are those of all rows it was fitted with: *global* ones. To scale each chunk by its own mean and deviation is another
/// thing, with another name: standardize_chunk.
///
/// - `fit(X)` forgets what was before; `partial_fit(X)` adds rows to it; `merge(other)` adds the rows of another scaler. The same rows in
///   the same pieces in the same order give the same bits; in other pieces, the same statistics to rounding.
/// - `fit(X, weights)` and `partial_fit(X, weights)`: a row of weight w counts as w rows would. Weights are finite, >= 0, not all 0.
/// - A constant column has scale 1 and comes out as exactly 0. scikit-learn's rule says what is constant: a variance that rounding alone
///   could have made (var <= n eps var + (n mean eps)^2). A spread of 1e-30 around 0 is a spread.
/// - Means and deviations of numbers whose squares overflow or vanish (1e300, 1e-200) are right; variance() may then be infinite or 0.
///
/// Statistics are computed in double with scikit-learn 1.2's results to 1e-12 (docs/design/preprocessing.md). Same at every
/// thread count, grain and layout: every bit.
/// @throws argument_error  from fit: if there are no rows, or not more than options.ddof; for the first cell, in row order, that is
///                         infinite or NaN and may not be ("standard_scaler.fit: column 3 row 7 is NaN"); for bad weights.
/// @throws shape_error     if X has other columns than before, or there are not as many weights as rows.
/// On an error the scaler is as it was.
/// **Cost.** fit reads X once; with NaN, infinities, weights or extreme numbers the columns concerned again. Memory: O(threads x columns).
///
/// @code
/// auto scaler = xrayon::ml::standard_scaler();
/// auto train_z = scaler.fit_transform(train);
/// auto test_z = scaler.transform(test);
/// @endcode
/// Runs as examples/040_preprocessing.cpp. @see column_scaler for transform, standardize_chunk
class standard_scaler : public column_scaler<standard_scaler> {
public:
    static constexpr std::string_view name = "standard_scaler";
    using vector = xt::xtensor<double, 1>;

    explicit standard_scaler(standard_scaler_options options = {}) : options_(std::move(options)) {}

    template <scalable_matrix X>
    standard_scaler& fit(X&& x) {
        return learn_from("fit", detail::read_only(x), nullptr, {});
    }
    template <scalable_matrix X, indexed_range Weights>
    standard_scaler& fit(X&& x, const Weights& weights) {
        const auto view = detail::read_only(x);
        const std::vector<double> copied = checked("fit", view.shape(0), weights);
        return learn_from("fit", view, copied.data(), {});
    }
    template <scalable_matrix X>
    standard_scaler& partial_fit(X&& x) {
        return learn_from("partial_fit", detail::read_only(x), nullptr, moments_);
    }
    template <scalable_matrix X, indexed_range Weights>
    standard_scaler& partial_fit(X&& x, const Weights& weights) {
        const auto view = detail::read_only(x);
        const std::vector<double> copied = checked("partial_fit", view.shape(0), weights);
        return learn_from("partial_fit", view, copied.data(), moments_);
    }
    /// As if the other's rows had been added to these. @throws shape_error  if both are fitted and have different columns
    standard_scaler& merge(const standard_scaler& other) {
        if (other.fitted()) {
            if (fitted()) {
                check_shapes(columns() == other.columns(), op_name("merge"), "this", std::array{columns()}, "the other",
                             std::array{other.columns()});
            }
            const detail::pinned_floating_point pinned;
            set(op_name("merge"), joined(fitted() ? moments_ : std::vector<detail::column_moment>(other.columns()), other.moments_));
        }
        return *this;
    }

    [[nodiscard]] const standard_scaler_options& options() const noexcept { return options_; }
    [[nodiscard]] const vector& mean() const noexcept { return mean_; }          ///< Of each column.
    [[nodiscard]] const vector& variance() const noexcept { return variance_; }  ///< By n - ddof.
    [[nodiscard]] const vector& scale() const noexcept {
        return scale_;
    }  ///< What is divided by: 1 for constant columns and without with_std.
    /// Rows that count in each column: fewer than were given where NaN are omitted; with weights, their sum.
    [[nodiscard]] const vector& counts() const noexcept { return counts_; }

    /// @brief For save and load (ml/saved_model.hpp). @throws argument_error  before fit; data_error for what is no such model
    /// @{
    void save_to(model_writer& out) const {
        check(fitted(), op_name("save") + ": not fitted");
        out.text("type", name);
        out.number("with_mean", options_.with_mean);
        out.number("with_std", options_.with_std);
        out.number("ddof", options_.ddof);
        out.number("nan", options_.nan);
        out.number("allow_inf", options_.allow_inf);
        std::vector<double> numbers;
        for (const detail::column_moment& m : moments_) {
            numbers.insert(numbers.end(), {m.weight, m.mean, m.low, m.m2, static_cast<double>(m.exponent)});
        }
        out.array("moments", numbers.data(), moments_.size(), 5);
    }
    [[nodiscard]] static standard_scaler load_from(const model_reader& in) {
        in.expect_type(name);
        const detail::pinned_floating_point pinned;
        standard_scaler_options o;
        o.with_mean = in.number<bool>("with_mean");
        o.with_std = in.number<bool>("with_std");
        o.ddof = in.number<std::size_t>("ddof");
        o.nan = in.number("nan", nan_policy::omit);
        o.allow_inf = in.number<bool>("allow_inf");
        standard_scaler out(o);
        const auto numbers = in.matrix<double>("moments", model_reader::any, 5);
        std::vector<detail::column_moment> moments;
        for (std::size_t j = 0; j < numbers.shape(0); ++j) {
            in.expect(std::abs(numbers(j, 4)) < 5000, "has an exponent that no double has");
            moments.push_back({numbers(j, 0), numbers(j, 1), numbers(j, 2), numbers(j, 3), static_cast<int>(numbers(j, 4))});
        }
        out.set(op_name("load"), std::move(moments));
        return out;
    }
    /// @}

private:
    template <class Weights>
    static std::vector<double> checked(std::string_view function, std::size_t rows, const Weights& weights) {
        static_assert(std::is_arithmetic_v<std::remove_cvref_t<element_t<Weights>>>, "standard_scaler: weights are numbers");
        const std::string op = op_name(function);
        check_same_shape(op, "weights", std::array{element_count(weights)}, "the rows", std::array{rows});
        std::vector<double> out(rows);
        double sum = 0;
        for (std::size_t i = 0; i < rows; ++i) {
            out[i] = static_cast<double>(element(weights, i));
            check(std::isfinite(out[i]) && out[i] >= 0, op + ": weights must be finite and >= 0", out[i]);
            sum += out[i];
        }
        check(rows == 0 || (sum > 0 && std::isfinite(sum)), op + ": the sum of weights must be > 0 and finite", sum);
        return out;
    }

    static std::vector<detail::column_moment> joined(std::vector<detail::column_moment> above,
                                                     const std::vector<detail::column_moment>& below) {
        for (std::size_t j = 0; j < above.size(); ++j) {
            above[j] = detail::merge(above[j], below[j]);
        }
        return above;
    }

    template <class T>
    standard_scaler& learn_from(std::string_view function, const array_view<const T, 2>& x, const double* weights,
                                std::vector<detail::column_moment> before) {
        const std::string op = op_name(function);
        const bool first = before.empty() && (function == "fit" || !fitted());
        check_rows(op, x, columns(), first);
        const detail::pinned_floating_point pinned;
        std::vector<detail::column_moment> moments = detail::column_moments(detail::matrix_source(x), weights, rules(op), options_.run);
        set(op, first ? std::move(moments) : joined(std::move(before), moments));
        return *this;
    }

    /// Takes over moments; or throws, and everything is as before.
    void set(const std::string& op, std::vector<detail::column_moment> moments) {
        const std::size_t count = moments.size();
        const auto ddof = static_cast<double>(options_.ddof);
        vector mean = vector::from_shape({count});
        vector variance = vector::from_shape({count});
        vector scale = vector::from_shape({count});
        vector counts = vector::from_shape({count});
        detail::column_map forward(count);
        detail::column_map backward(count);
        for (std::size_t j = 0; j < count; ++j) {
            const detail::column_moment& moment = moments[j];
            check(options_.nan == nan_policy::omit || moment.weight > ddof,
                  op + ": the number of rows must be > options.ddof (" + to_text(options_.ddof) + ")", moment.weight);
            const double divisor = moment.weight - ddof;
            const detail::spread width = options_.with_std ? detail::deviation_of(moment, divisor) : detail::spread{1, 0};
            const double centre = options_.with_mean ? moment.mean : 0;
            mean(j) = moment.mean;
            variance(j) = std::ldexp(moment.m2 / divisor, 2 * moment.exponent);
            scale(j) = width.value();
            counts(j) = moment.weight;
            forward.set(j, detail::towards(centre, width, 1, 0));
            backward.set(j, detail::away(centre, width, 1, 0));
        }
        learn(std::move(forward), std::move(backward));
        moments_ = std::move(moments);
        mean_ = std::move(mean);
        variance_ = std::move(variance);
        scale_ = std::move(scale);
        counts_ = std::move(counts);
    }

    standard_scaler_options options_;
    std::vector<detail::column_moment> moments_;
    vector mean_ = vector::from_shape({0});
    vector variance_ = vector::from_shape({0});
    vector scale_ = vector::from_shape({0});
    vector counts_ = vector::from_shape({0});
};

} // namespace xrayon::ml

#endif // XRAYON_ML_PREPROCESS_STANDARD_SCALER_HPP
