// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_REGRESSION_ERRORS_HPP
#define XRAYON_ML_METRICS_REGRESSION_ERRORS_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <numeric>
#include <string_view>
#include <type_traits>
#include <vector>

#include <xrayon/core/concepts.hpp>
#include <xrayon/ml/metrics/detail/metric_call.hpp>
#include <xrayon/ml/metrics/metric.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

/// Ranges of numbers.
template <class Range>
concept numeric_range = indexed_range<Range> && std::is_arithmetic_v<std::remove_cvref_t<element_t<Range>>>;

// How far predictions are from n numbers. Of all: `m(y_true, y_pred, options)`; lower is better; NaN in either makes the result NaN. The
// same bits at every thread count: leaves of 1,024 rows from left to right, then the canonical tree. scikit-learn's functions of these
// names. Throws shape_error if the lengths differ; argument_error if there are no rows, or for bad weights. Cost: one pass, no allocation;
// the median sorts.

namespace detail {

struct regression_error {
    static constexpr bool higher_is_better = false;
    static constexpr prediction_kind reads = prediction_kind::values;
};

} // namespace detail

/// The mean of (y_true - y_pred)^2.
struct mean_squared_error_metric : detail::regression_error {
    [[nodiscard]] static constexpr std::string_view name() noexcept { return "mean_squared_error"; }
    template <numeric_range True, numeric_range Predicted>
    [[nodiscard]] double operator()(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) const {
        return detail::open_metric(name(), y_true, y_pred, options).mean([&](std::size_t i) {
            const double e = detail::error_at(y_true, y_pred, i);
            return e * e;
        });
    }
};
inline constexpr mean_squared_error_metric mean_squared_error{};

/// The root of mean_squared_error.
struct root_mean_squared_error_metric : detail::regression_error {
    [[nodiscard]] static constexpr std::string_view name() noexcept { return "root_mean_squared_error"; }
    template <numeric_range True, numeric_range Predicted>
    [[nodiscard]] double operator()(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) const {
        return std::sqrt(detail::open_metric(name(), y_true, y_pred, options).mean([&](std::size_t i) {
            const double e = detail::error_at(y_true, y_pred, i);
            return e * e;
        }));
    }
};
inline constexpr root_mean_squared_error_metric root_mean_squared_error{};

/// The mean of |y_true - y_pred|.
struct mean_absolute_error_metric : detail::regression_error {
    [[nodiscard]] static constexpr std::string_view name() noexcept { return "mean_absolute_error"; }
    template <numeric_range True, numeric_range Predicted>
    [[nodiscard]] double operator()(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) const {
        return detail::open_metric(name(), y_true, y_pred, options).mean([&](std::size_t i) {
            return std::abs(detail::error_at(y_true, y_pred, i));
        });
    }
};
inline constexpr mean_absolute_error_metric mean_absolute_error{};

/// The mean of |y_true - y_pred| / |y_true|, where 2.2e-16 stands for smaller |y_true|: a fraction, not per cent.
struct mean_absolute_percentage_error_metric : detail::regression_error {
    [[nodiscard]] static constexpr std::string_view name() noexcept { return "mean_absolute_percentage_error"; }
    template <numeric_range True, numeric_range Predicted>
    [[nodiscard]] double operator()(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) const {
        return detail::open_metric(name(), y_true, y_pred, options).mean([&](std::size_t i) {
            const double size = std::abs(static_cast<double>(element(y_true, i)));
            return std::abs(detail::error_at(y_true, y_pred, i)) / std::max(size, std::numeric_limits<double>::epsilon());
        });
    }
};
inline constexpr mean_absolute_percentage_error_metric mean_absolute_percentage_error{};

/// The median of |y_true - y_pred|; of an even number of rows the midpoint. With weights the smallest error that at least half of the
/// weight does not exceed.
struct median_absolute_error_metric : detail::regression_error {
    [[nodiscard]] static constexpr std::string_view name() noexcept { return "median_absolute_error"; }
    template <numeric_range True, numeric_range Predicted>
    [[nodiscard]] double operator()(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_metric(name(), y_true, y_pred, options);
        const auto at = [&](std::size_t i) { return std::abs(detail::error_at(y_true, y_pred, i)); };
        const auto mapped = map_index(call.rows(), at, call.loop());
        std::vector<double> errors(mapped.begin(), mapped.end());
        if (std::any_of(errors.begin(), errors.end(), [](double e) { return e != e; })) {
            return std::numeric_limits<double>::quiet_NaN();
        }
        const std::size_t n = errors.size();
        if (!call.weighted()) {
            const auto middle = errors.begin() + static_cast<std::ptrdiff_t>(n / 2);
            std::nth_element(errors.begin(), middle, errors.end());
            return n % 2 == 1 ? *middle : std::midpoint(*std::max_element(errors.begin(), middle), *middle);
        }
        std::vector<std::size_t> order(n);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return errors[a] < errors[b]; });
        double total = 0;
        for (const std::size_t i : order) {
            total += call.weight(i);
        }
        double seen = 0;
        for (const std::size_t i : order) {
            seen += call.weight(i);
            if (seen >= 0.5 * total) {
                return errors[i];
            }
        }
        return errors[order.back()];
    }
};
inline constexpr median_absolute_error_metric median_absolute_error{};

/// The greatest |y_true - y_pred|. Weights are not used.
struct max_error_metric : detail::regression_error {
    [[nodiscard]] static constexpr std::string_view name() noexcept { return "max_error"; }
    template <numeric_range True, numeric_range Predicted>
    [[nodiscard]] double operator()(const True& y_true, const Predicted& y_pred, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_metric(name(), y_true, y_pred, options);
        const auto larger = [](double a, double b) { return a != a ? a : b != b ? b : std::max(a, b); };
        return fold_index(
            call.rows(), detail::metric_leaf,
            [&](std::size_t begin, std::size_t end) {
                double most = 0;
                for (std::size_t i = begin; i < end; ++i) {
                    most = larger(most, std::abs(detail::error_at(y_true, y_pred, i)));
                }
                return most;
            },
            larger, call.loop());
    }
};
inline constexpr max_error_metric max_error{};

} // namespace xrayon::ml

#endif // XRAYON_ML_METRICS_REGRESSION_ERRORS_HPP
