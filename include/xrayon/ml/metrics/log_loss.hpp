// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_LOG_LOSS_HPP
#define XRAYON_ML_METRICS_LOG_LOSS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/ml/metrics/detail/label_table.hpp>
#include <xrayon/ml/metrics/detail/metric_call.hpp>
#include <xrayon/ml/metrics/detail/probability_table.hpp>
#include <xrayon/ml/metrics/metric.hpp>

namespace xrayon::ml {

/// @brief The mean of -log(probability of the right class); lower is better. scikit-learn's `log_loss`.
///
/// Probabilities are first taken to at least eps and at most 1 - eps (2.2e-16; of floats 1.2e-7), then divided by their sum, row by row.
/// NaN makes the result NaN. The same bits at every thread count.
/// @throws shape_error     if rows or columns do not fit
/// @throws argument_error  if there are no rows; if a label is no class; if a probability is outside [0, 1]; for bad weights
/// **Cost.** One pass over the probabilities.
struct log_loss_metric {
    static constexpr bool higher_is_better = false;
    static constexpr prediction_kind reads = prediction_kind::probabilities;
    [[nodiscard]] static constexpr std::string_view name() noexcept { return "log_loss"; }

    /// @param probabilities  n x c.
    /// @param classes        The labels of the columns, ascending.
    template <indexed_range True, detail::probability_matrix P, indexed_range Classes>
        requires detail::ordered_labels<True, Classes>
    [[nodiscard]] double operator()(const True& y_true, const P& probabilities, const Classes& classes,
                                    const metric_options& options = {}) const {
        using label = detail::label_of_both<True, Classes>;
        const detail::metric_call call = detail::open_probabilities(name(), y_true, probabilities, options);
        const auto p = view_of<2>(probabilities);
        const auto coded = detail::encode_rows(call, y_true, detail::class_columns<label>(call, classes, p.shape()));
        constexpr auto eps = static_cast<double>(std::numeric_limits<typename decltype(p)::value_type>::epsilon());
        return call.mean([&](std::size_t i) {
            double sum = 0;
            double right = 0;
            for (std::size_t c = 0; c < p.shape(1); ++c) {
                const auto value = static_cast<double>(p(i, c));
                detail::check_probability(call, value);
                const double kept = value != value ? value : std::clamp(value, eps, 1 - eps);
                sum += kept;
                right = c == coded.of_row[i] ? kept : right;
            }
            return -std::log(right / sum);
        });
    }
    /// The classes are those of y_true.
    template <indexed_range True, detail::probability_matrix P>
    [[nodiscard]] double operator()(const True& y_true, const P& probabilities, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_probabilities(name(), y_true, probabilities, options);
        return (*this)(y_true, probabilities, detail::distinct_labels<detail::label_of<True>>(call, "y_true", y_true), options);
    }
};
inline constexpr log_loss_metric log_loss{};

} // namespace xrayon::ml

#endif // XRAYON_ML_METRICS_LOG_LOSS_HPP
