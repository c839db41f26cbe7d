// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_VALIDATION_DETAIL_FIT_COPY_WEIGHTED_HPP
#define XRAYON_ML_VALIDATION_DETAIL_FIT_COPY_WEIGHTED_HPP

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <xrayon/core/error.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/validation/detail/fold_rows.hpp>

namespace xrayon::ml::detail {

/// A copy of `e`, fitted on weighted rows. @throws argument_error  if it takes no weights
template <class E, class T, class L>
[[nodiscard]] model_of<E, T, L> fit_copy_weighted(std::string_view op, const E& e, const labelled_view<T, L>& rows,
                                                  const std::vector<double>& weights) {
    return with_rows<E, T, L>(rows, [&](const auto& x, const auto& y) -> model_of<E, T, L> {
        if constexpr (weighted_fittable<E, std::remove_cvref_t<decltype(x)>, std::remove_cvref_t<decltype(y)>, std::vector<double>>) {
            E copy(e);
            if constexpr (std::same_as<model_of<E, T, L>, E>) {
                copy.fit(x, y, weights);
                return copy;
            } else {
                return copy.fit(x, y, weights);
            }
        } else {
            throw argument_error(std::string(op) + ": options.weights need an estimator with fit(x, y, weights)");
        }
    });
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_VALIDATION_DETAIL_FIT_COPY_WEIGHTED_HPP
