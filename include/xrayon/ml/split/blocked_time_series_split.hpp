// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_BLOCKED_TIME_SERIES_SPLIT_HPP
#define XRAYON_ML_SPLIT_BLOCKED_TIME_SERIES_SPLIT_HPP

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/index_block.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/ml/split/detail/count_train_test.hpp>
#include <xrayon/ml/split/fold.hpp>
#include <xrayon/ml/split/split_size.hpp>

namespace xrayon::ml {

namespace detail {

struct make_blocked_split {
    std::size_t rows = 0;
    std::size_t folds = 1;
    std::size_t gap = 0;
    split_size test = 1;

    [[nodiscard]] index_block block(std::size_t i) const noexcept {
        const std::size_t each = rows / folds;
        const std::size_t over = rows % folds;
        const std::size_t begin = i * each + std::min(i, over);
        return {begin, begin + each + (i < over ? 1 : 0)};
    }

    /// Rows of block i that are tested.
    [[nodiscard]] std::size_t tested(std::size_t i) const {
        return count_train_test("blocked_time_series_split", "rows", block(i).size(), test, {}, 0).test;
    }

    [[nodiscard]] fold operator()(std::size_t i) const {
        const auto [begin, end] = block(i);
        const std::size_t test_begin = end - tested(i);
        fold out;
        out.train.resize(test_begin - gap - begin);
        std::iota(out.train.begin(), out.train.end(), begin);
        out.test.resize(end - test_begin);
        std::iota(out.test.begin(), out.test.end(), test_begin);
        return out;
    }
};

} // namespace detail

/// @brief Rows in the order of time, cut into blocks that know nothing of each other: the end of each is tested by a model that learnt from
/// its beginning.
///
/// For series that change in character: no training set is longer than another, and no fold sees a row of another fold. (As C. Bergmeir and
/// J. M. Benítez, "On the use of cross-validation for time series predictor evaluation", Information Sciences 191 (2012), call blocked.)
struct blocked_time_series_split {
    std::size_t folds = 5;       ///< Blocks, at least 2; the first n % folds have one row more.
    split_size test_size = 0.2;  ///< Of a block: a fraction (the ceiling) or a number of rows.
    std::size_t gap = 0;         ///< Rows of a block between its training set and its test set.

    /// @throws argument_error  if folds < 2; if test_size is not within (0, 1) or a block; if a block has no row left to learn from
    /// **Cost.** O(rows of the block) for each fold that is looked at.
    [[nodiscard]] indexed_view<detail::make_blocked_split> split(std::size_t rows) const {
        check(folds >= 2, "blocked_time_series_split: folds must be >= 2", folds);
        if (rows / folds < 2) {
            throw argument_error("blocked_time_series_split: " + to_text(rows) + " rows are too few for " + to_text(folds) + " blocks of 2",
                                 to_text(rows));
        }
        const detail::make_blocked_split made{rows, folds, gap, test_size};
        for (const std::size_t i : {std::size_t{0}, folds - 1}) {  // the longest and the shortest
            const std::size_t before = made.block(i).size() - made.tested(i);
            check(gap < before,
                  "blocked_time_series_split: gap must be less than the " + to_text(before) + " rows before a block's test set", gap);
        }
        return {folds, made};
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_BLOCKED_TIME_SERIES_SPLIT_HPP
