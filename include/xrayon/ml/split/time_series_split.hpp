// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_TIME_SERIES_SPLIT_HPP
#define XRAYON_ML_SPLIT_TIME_SERIES_SPLIT_HPP

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <string>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/ml/split/fold.hpp>

namespace xrayon::ml {

namespace detail {

struct make_time_series_split {
    std::size_t first_test = 0;
    std::size_t test_rows = 0;
    std::size_t gap = 0;
    std::size_t most_train = 0;  // 0: all

    [[nodiscard]] fold operator()(std::size_t i) const {
        const std::size_t begin = first_test + i * test_rows;
        const std::size_t train_end = begin - gap;
        const std::size_t train_begin = most_train != 0 && most_train < train_end ? train_end - most_train : 0;
        fold out;
        out.train.resize(train_end - train_begin);
        std::iota(out.train.begin(), out.train.end(), train_begin);
        out.test.resize(test_rows);
        std::iota(out.test.begin(), out.test.end(), begin);
        return out;
    }
};

} // namespace detail

/// @brief Rows in the order of time: each fold is tested by a model that learnt from rows before it alone.
///
/// The last folds x test_size rows are tested, block by block; a block's training set is all rows up to `gap` before it. The indices are
/// those of scikit-learn 1.2's `TimeSeriesSplit(folds, max_train_size=..., test_size=..., gap=gap)`.
struct time_series_split {
    std::size_t folds = 5;                           ///< Blocks that are tested, at least 2.
    std::optional<std::size_t> max_train_size = {};  ///< Unset: every row before.
    std::optional<std::size_t> test_size = {};       ///< Rows of a block, at least 1. Unset: n / (folds + 1).
    std::size_t gap = 0;                             ///< Rows between the training set and the block: as far as a label looks ahead.

    /// @throws argument_error  if folds < 2; if max_train_size or test_size is 0; if no row is left to learn from
    /// **Cost.** O(n) for each fold that is looked at.
    [[nodiscard]] indexed_view<detail::make_time_series_split> split(std::size_t rows) const {
        check(folds >= 2, "time_series_split: folds must be >= 2", folds);
        check(!max_train_size || *max_train_size >= 1, "time_series_split: max_train_size must be >= 1", max_train_size.value_or(0));
        check(!test_size || *test_size >= 1, "time_series_split: test_size must be >= 1", test_size.value_or(0));
        if (folds >= rows) {
            throw argument_error("time_series_split: folds = " + to_text(folds) + " must be less than the number of rows " + to_text(rows),
                                 to_text(folds));
        }
        const std::size_t each = test_size.value_or(rows / (folds + 1));
        // No sum or product here can overflow.
        const bool enough = each <= (rows - 1) / folds && gap < rows - each * folds;
        if (!enough) {
            throw argument_error("time_series_split: " + to_text(folds) + " folds of " + to_text(each) + " rows and a gap of "
                                     + to_text(gap) + " leave nothing to learn from of " + to_text(rows) + " rows",
                                 to_text(rows));
        }
        return {folds, detail::make_time_series_split{rows - folds * each, each, gap, max_train_size.value_or(0)}};
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_TIME_SERIES_SPLIT_HPP
