// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_AGGREGATE_HPP
#define XRAYON_ML_GRADIENT_AGGREGATE_HPP

#include <cstddef>
#include <tuple>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/ml/gradient/detail/call_on_batch.hpp>

namespace xrayon::ml {

/// What aggregate_gradients can make of many gradients, element by element.
namespace aggregate {

struct mean_of_gradients {};
struct sum_of_gradients {};
struct median_of_gradients {};

/// The sum over their number.
inline constexpr mean_of_gradients mean{};
inline constexpr sum_of_gradients sum{};
/// The one in the middle; of an even number, the midpoint of the two, which cannot overflow. NaN where one is NaN.
inline constexpr median_of_gradients median{};

/// sum(weight * gradient) / sum(weight). Weights are finite and >= 0, one for each gradient, and not all 0.
struct weighted_mean {
    std::vector<double> weights;
};

/// The mean of what is left when the `trim` smallest and the `trim` largest have been taken away (Yin et al., "Byzantine-robust distributed
/// learning", 2018). NaN where one is NaN.
struct trimmed_mean {
    std::size_t trim = 1;
};

} // namespace aggregate

/// @brief The rows of each batch, as weights: with them a mean over batches of unequal size is the mean over all rows.
///
/// @param batches  Of arrays, or pairs and tuples whose first part is one.
/// @throws argument_error  `batch_rows: batch 3 has no rows to count`
template <indexed_range Batches>
[[nodiscard]] std::vector<double> batch_rows(const Batches& batches) {
    std::vector<double> rows;
    rows.reserve(element_count(batches));
    for (std::size_t i = 0; i < element_count(batches); ++i) {
        auto&& batch = element(batches, i);
        const auto count = [&] {
            if constexpr (detail::tuple_like<decltype(batch)>) {
                return detail::rows_in(std::get<0>(batch));
            } else {
                return detail::rows_in(batch);
            }
        }();
        if (!count) [[unlikely]] {
            throw argument_error("batch_rows: batch " + to_text(i) + " has no rows to count");
        }
        rows.push_back(static_cast<double>(*count));
    }
    return rows;
}

} // namespace xrayon::ml

#endif // XRAYON_ML_GRADIENT_AGGREGATE_HPP
