// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_R2_HPP
#define XRAYON_ML_METRICS_R2_HPP

#include <cstddef>
#include <limits>
#include <string_view>

#include <xrayon/ml/metrics/detail/metric_call.hpp>
#include <xrayon/ml/metrics/metric.hpp>
#include <xrayon/ml/metrics/regression_errors.hpp>

namespace xrayon::ml {

namespace detail {

/// 1 - left / all; where there is nothing to explain, 1 if nothing is left and else 0 (scikit-learn's force_finite).
[[nodiscard]] inline double share_explained(double left, double all) noexcept {
    if (all == 0) {
        return left == 0 ? 1.0 : left != left ? left : 0.0;
    }
    return 1 - left / all;
}

} // namespace detail

/// @brief The coefficient of determination: 1 - sum (y_true - y_pred)^2 / sum (y_true - mean)^2.
///
/// 1 is best; 0 is as good as the mean; below that there is no bound. Where y_true is constant: 1 if it is predicted exactly, else 0. Of
/// one row: NaN. The same bits at every thread count. @throws shape_error, argument_error  as mean_squared_error
/// **Cost.** Two passes, no allocation.
struct r2_metric {
    static constexpr bool higher_is_better = true;
    static constexpr prediction_kind reads = prediction_kind::values;
    [[nodiscard]] static constexpr std::string_view name() noexcept { return "r2"; }
    template <numeric_range True, numeric_range Predicted>
    [[nodiscard]] double operator()(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_metric(name(), y_true, y_pred, options);
        if (call.rows() < 2) {
            return std::numeric_limits<double>::quiet_NaN();
        }
        const double mean = call.mean([&](std::size_t i) { return static_cast<double>(element(y_true, i)); });
        const auto [left, all] = call.sums<2>([&](std::size_t i) {
            const double error = detail::error_at(y_true, y_pred, i);
            const double off = static_cast<double>(element(y_true, i)) - mean;
            return std::array{error * error, off * off};
        });
        return detail::share_explained(left, all);
    }
};
inline constexpr r2_metric r2{};

/// @brief As r2, with the variance of the error for its squares: an error that is the same everywhere counts for nothing.
struct explained_variance_metric {
    static constexpr bool higher_is_better = true;
    static constexpr prediction_kind reads = prediction_kind::values;
    [[nodiscard]] static constexpr std::string_view name() noexcept { return "explained_variance"; }
    template <numeric_range True, numeric_range Predicted>
    [[nodiscard]] double operator()(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_metric(name(), y_true, y_pred, options);
        const auto [error_sum, true_sum] = call.sums<2>([&](std::size_t i) {
            return std::array{detail::error_at(y_true, y_pred, i), static_cast<double>(element(y_true, i))};
        });
        const double mean_error = error_sum / call.total();
        const double mean = true_sum / call.total();
        const auto [left, all] = call.sums<2>([&](std::size_t i) {
            const double error = detail::error_at(y_true, y_pred, i) - mean_error;
            const double off = static_cast<double>(element(y_true, i)) - mean;
            return std::array{error * error, off * off};
        });
        return detail::share_explained(left, all);
    }
};
inline constexpr explained_variance_metric explained_variance{};

} // namespace xrayon::ml

#endif // XRAYON_ML_METRICS_R2_HPP
