// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_BRIER_HPP
#define XRAYON_ML_METRICS_BRIER_HPP

#include <cstddef>
#include <string_view>
#include <type_traits>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/ml/metrics/detail/label_table.hpp>
#include <xrayon/ml/metrics/detail/metric_call.hpp>
#include <xrayon/ml/metrics/detail/probability_table.hpp>
#include <xrayon/ml/metrics/metric.hpp>
#include <xrayon/ml/split/detail/label_value.hpp>

namespace xrayon::ml {

/// @brief The mean of (probability of the positive class - 1 or 0)^2, of two classes; lower is better. scikit-learn's `brier_score_loss`.
///
/// The positive class is the greater label; of 0 or -1 alone the 1 that does not occur. NaN makes the result NaN. The same bits at every
/// thread count. G. Brier, "Verification of forecasts expressed in terms of probability" (1950), which adds up both classes: twice this.
/// @throws shape_error     if rows or columns do not fit
/// @throws argument_error  if there are not two classes; if a label is no class; if a probability is outside [0, 1]; for bad weights
struct brier_metric {
    static constexpr bool higher_is_better = false;
    static constexpr prediction_kind reads = prediction_kind::probabilities;
    [[nodiscard]] static constexpr std::string_view name() noexcept { return "brier"; }

    /// @param positive  n probabilities of the positive class. y_true may hold one label only, if that is a number.
    template <indexed_range True, detail::score_numbers S>
    [[nodiscard]] double operator()(const True& y_true, const S& positive, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_metric(name(), y_true, positive, options);
        const auto classes = detail::distinct_labels<detail::label_of<True>>(call, "y_true", y_true);
        constexpr bool one_will_do = std::is_arithmetic_v<detail::label_of<True>>;
        check(classes.size() == 2 || (one_will_do && classes.size() == 1), call.name() + ": the number of classes in y_true must be 2",
              classes.size());
        const bool occurs = detail::last_is_positive(classes);
        return of(
            call, [&](std::size_t i) { return occurs && detail::equal_labels(element(y_true, i), classes.back()); },
            [&](std::size_t i) { return static_cast<double>(element(positive, i)); });
    }
    /// @param probabilities  n x 2
    /// @param classes        The labels of both columns, ascending.
    template <indexed_range True, detail::probability_matrix P, indexed_range Classes>
        requires detail::ordered_labels<True, Classes>
    [[nodiscard]] double operator()(const True& y_true, const P& probabilities, const Classes& classes,
                                    const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_probabilities(name(), y_true, probabilities, options);
        const auto p = view_of<2>(probabilities);
        check(element_count(classes) == 2, call.name() + ": the number of classes must be 2", element_count(classes));
        using label = detail::label_of_both<True, Classes>;
        const auto coded = detail::encode_rows(call, y_true, detail::class_columns<label>(call, classes, p.shape()));
        return of(
            call, [&](std::size_t i) { return coded.of_row[i] == 1; }, [&](std::size_t i) { return static_cast<double>(p(i, 1)); });
    }

private:
    template <class Positive, class At>
    [[nodiscard]] static double of(const detail::metric_call& call, const Positive& positive, const At& at) {
        return call.mean([&](std::size_t i) {
            const double value = at(i);
            detail::check_probability(call, value);
            const double off = value - (positive(i) ? 1.0 : 0.0);
            return off * off;
        });
    }
};
inline constexpr brier_metric brier{};

} // namespace xrayon::ml

#endif // XRAYON_ML_METRICS_BRIER_HPP
