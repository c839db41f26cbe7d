// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_METRICS_BRIER_HPP
#define XRAYON_ML_METRICS_BRIER_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
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

/// @brief The mean of (probability of the positive class - 1 or 0)^2, of two classes; lower is better. scikit-learn's `brier_score_loss`.
///
/// The positive class is the greater label. The same bits at every thread count.
/// G. Brier, "Verification of forecasts expressed in terms of probability" (1950), which adds up both classes: twice this.
/// @throws shape_error     if rows or columns do not fit
/// @throws argument_error  if there are not two classes; if a probability is outside [0, 1]; for bad weights
struct brier_metric {
    static constexpr bool higher_is_better = false;
    static constexpr prediction_kind reads = prediction_kind::probabilities;
    [[nodiscard]] static constexpr std::string_view name() noexcept { return "brier"; }

    /// @param positive  n probabilities of the greater label. y_true may hold one label only, if that is 0 or 1.
    template <indexed_range True, detail::score_range S>
    [[nodiscard]] double operator()(const True& y_true, const S& positive, const metric_options& options = {}) const {
        const detail::metric_call call = detail::open_metric(name(), y_true, positive, options);
        const auto classes = detail::two_classes(call, y_true);
        return of(call, y_true, classes[1], [&](std::size_t i) { return static_cast<double>(element(positive, i)); });
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
        check_shapes(p.shape(1) == 2, call.name(), "classes", std::array{element_count(classes)}, "probabilities", p.shape());
        return of(call, y_true, element(classes, 1), [&](std::size_t i) { return static_cast<double>(p(i, 1)); });
    }

private:
    template <class True, class Label, class At>
    [[nodiscard]] static double of(const detail::metric_call& call, const True& y_true, const Label& positive, const At& at) {
        return call.mean([&](std::size_t i) {
            const double value = at(i);
            check(!(value < 0 || value > 1), call.name() + ": probabilities must be in [0, 1]", value);
            const double off = value - (element(y_true, i) == positive ? 1.0 : 0.0);
            return off * off;
        });
    }
};
inline constexpr brier_metric brier{};

}  // namespace xrayon::ml

#endif  // XRAYON_ML_METRICS_BRIER_HPP
