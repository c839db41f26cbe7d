// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_BATCH_ROWS_HPP
#define XRAYON_ML_GRADIENT_BATCH_ROWS_HPP

#include <cstddef>
#include <tuple>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/ml/gradient/detail/call_on_batch.hpp>

namespace xrayon::ml {

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

#endif // XRAYON_ML_GRADIENT_BATCH_ROWS_HPP
