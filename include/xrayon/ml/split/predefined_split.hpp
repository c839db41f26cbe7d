// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_PREDEFINED_SPLIT_HPP
#define XRAYON_ML_SPLIT_PREDEFINED_SPLIT_HPP

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/split/detail/assigned_fold.hpp>
#include <xrayon/ml/split/fold.hpp>

namespace xrayon::ml {

/// @brief Folds that somebody else has decided: row i is tested in fold `test_fold[i]`, or never where that is -1. scikit-learn's
/// `PredefinedSplit(test_fold)`; folds come in ascending order of their numbers.
struct predefined_split {
    std::vector<int> test_fold = {};

    /// @throws shape_error     if there are not as many rows as entries
    /// @throws argument_error  if an entry is below -1, or all are -1
    /// **Cost.** O(n log n), then O(n) for each fold that is looked at.
    [[nodiscard]] indexed_view<detail::make_assigned_fold> split(std::size_t rows) const {
        check_same_shape("predefined_split", "test_fold", std::array{test_fold.size()}, "the rows", std::array{rows});
        std::vector<int> numbers;
        for (std::size_t i = 0; i < rows; ++i) {
            if (test_fold[i] < -1) [[unlikely]] {
                check(false, "predefined_split: the fold of row " + to_text(i) + " must be >= -1", test_fold[i]);
            }
            if (test_fold[i] >= 0) {
                numbers.push_back(test_fold[i]);
            }
        }
        std::sort(numbers.begin(), numbers.end());
        numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
        check(!numbers.empty(), "predefined_split: at least one row must have a fold");
        std::vector<std::size_t> fold_of_row(rows, detail::never_tested);
        for (std::size_t i = 0; i < rows; ++i) {
            if (test_fold[i] >= 0) {
                fold_of_row[i] = static_cast<std::size_t>(std::lower_bound(numbers.begin(), numbers.end(), test_fold[i]) - numbers.begin());
            }
        }
        return {numbers.size(), detail::assigned_to(std::move(fold_of_row))};
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_PREDEFINED_SPLIT_HPP
