// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_ROBUST_SCALER_HPP
#define XRAYON_ML_PREPROCESS_ROBUST_SCALER_HPP

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/preprocess/column_scaler.hpp>
#include <xrayon/ml/preprocess/detail/column_map.hpp>
#include <xrayon/ml/preprocess/detail/column_quantiles.hpp>
#include <xrayon/ml/preprocess/detail/matrix_access.hpp>
#include <xrayon/ml/preprocess/detail/pinned_floating_point.hpp>
#include <xrayon/ml/nan_policy.hpp>
#include <xrayon/ml/saved_model.hpp>

namespace xrayon::ml {

/// Per cent: 0 <= low <= high <= 100.
struct quantile_range {
    double low = 25;
    double high = 75;
};

struct robust_scaler_options {
    bool with_centering = true;  ///< Take the median away.
    bool with_scaling = true;    ///< Divide by the distance of the two quantiles.
    ml::quantile_range quantile_range = {};
    nan_policy nan = nan_policy::propagate;
    bool allow_inf = false;  ///< Infinite cells are an argument_error unless this is set.
    run_options run = {};    ///< Of every call of the object.
};

/// @brief Takes each column's median to 0 and the distance of two of its quantiles to 1: outliers move neither.
///
/// Quantiles lie between neighbours linearly, as numpy's do by default. A column whose two quantiles are equal has scale 1; scikit-learn
/// 1.2 also takes distances below 2.2e-15 for none, here every distance counts. nan_policy::omit passes over NaN, as scikit-learn does.
///
/// Quantiles of two sets of rows do not give those of both, so there is no partial_fit and no merge: calling one does not compile.
/// @throws argument_error  from the constructor: unless 0 <= low <= high <= 100. From fit: if there are no rows; for the first cell, in row
///                         order, that is infinite or NaN and may not be.
/// On an error the scaler is as it was. Same at every thread count and layout: every bit.
/// **Cost.** fit reads X twice (once with allow_inf) and selects within each column, columns in parallel; memory for up to eight columns
/// a thread.
/// @see column_scaler for transform
class robust_scaler : public column_scaler<robust_scaler> {
public:
    static constexpr std::string_view name = "robust_scaler";
    using vector = xt::xtensor<double, 1>;

    explicit robust_scaler(robust_scaler_options options = {}) : options_(std::move(options)) {
        const auto [low, high] = options_.quantile_range;
        if (!(0 <= low && low <= high && high <= 100)) {
            const std::string text = to_text(low) + " and " + to_text(high);
            throw argument_error("robust_scaler: options.quantile_range must have 0 <= low <= high <= 100, got " + text, text);
        }
    }

    template <scalable_matrix X>
    robust_scaler& fit(X&& x) {
        const std::string op = op_name("fit");
        const auto view = detail::read_only(x);
        check_rows(op, view, 0, true);
        const detail::pinned_floating_point pinned;
        const auto [low, high] = options_.quantile_range;
        set(detail::column_quantiles(detail::matrix_source(view), low / 100, high / 100, rules(op), options_.run));
        return *this;
    }
    template <class X>
    robust_scaler& partial_fit(X&& quantiles_cannot_be_merged_so_fit_all_rows_at_once) = delete;
    robust_scaler& merge(const robust_scaler& quantiles_cannot_be_merged_so_fit_all_rows_at_once) = delete;

    [[nodiscard]] const robust_scaler_options& options() const noexcept { return options_; }
    [[nodiscard]] const vector& center() const noexcept { return center_; }  ///< The median of each column; NaN for none.
    [[nodiscard]] const vector& scale() const noexcept { return scale_; }    ///< What is divided by: 1 where the quantiles are equal.

    /// @brief For save and load (ml/saved_model.hpp). @throws argument_error  before fit; data_error for what is no such model
    /// @{
    void save_to(model_writer& out) const {
        check(fitted(), op_name("save") + ": not fitted");
        out.text("type", name);
        out.number("with_centering", options_.with_centering);
        out.number("with_scaling", options_.with_scaling);
        out.number("low", options_.quantile_range.low);
        out.number("high", options_.quantile_range.high);
        out.number("nan", options_.nan);
        out.number("allow_inf", options_.allow_inf);
        std::vector<double> numbers;
        for (const detail::column_quantile& q : quantiles_) {
            numbers.insert(numbers.end(), {q.lower, q.median, q.upper});
        }
        out.array("quantiles", numbers.data(), quantiles_.size(), 3);
    }
    [[nodiscard]] static robust_scaler load_from(const model_reader& in) {
        in.expect_type(name);
        const detail::pinned_floating_point pinned;
        robust_scaler_options o;
        o.with_centering = in.number<bool>("with_centering");
        o.with_scaling = in.number<bool>("with_scaling");
        o.quantile_range = {in.number<double>("low"), in.number<double>("high")};
        o.nan = in.number("nan", nan_policy::omit);
        o.allow_inf = in.number<bool>("allow_inf");
        robust_scaler out(o);
        const auto numbers = in.matrix<double>("quantiles", model_reader::any, 3);
        std::vector<detail::column_quantile> quantiles;
        for (std::size_t j = 0; j < numbers.shape(0); ++j) {
            quantiles.push_back({numbers(j, 0), numbers(j, 1), numbers(j, 2)});
        }
        out.set(quantiles);
        return out;
    }
    /// @}

private:
    void set(const std::vector<detail::column_quantile>& quantiles) {
        const std::size_t count = quantiles.size();
        vector center = vector::from_shape({count});
        vector scale = vector::from_shape({count});
        detail::column_map forward(count);
        detail::column_map backward(count);
        for (std::size_t j = 0; j < count; ++j) {
            const detail::column_quantile& of = quantiles[j];
            const int power = std::isinf(of.upper - of.lower) && std::isfinite(of.upper) && std::isfinite(of.lower) ? 2 : 0;
            detail::spread width{std::ldexp(of.upper, -power) - std::ldexp(of.lower, -power), power};
            if (width.mantissa == 0 || !options_.with_scaling) {
                width = {1, 0};
            }
            const double centre = options_.with_centering ? of.median : 0;
            center(j) = of.median;
            scale(j) = width.value();
            forward.set(j, detail::towards(centre, width, 1, 0));
            backward.set(j, detail::away(centre, width, 1, 0));
        }
        learn(std::move(forward), std::move(backward));
        quantiles_ = quantiles;
        center_ = std::move(center);
        scale_ = std::move(scale);
    }

    robust_scaler_options options_;
    std::vector<detail::column_quantile> quantiles_;
    vector center_ = vector::from_shape({0});
    vector scale_ = vector::from_shape({0});
};

} // namespace xrayon::ml

#endif // XRAYON_ML_PREPROCESS_ROBUST_SCALER_HPP
