// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_PURGED_K_FOLD_HPP
#define XRAYON_ML_SPLIT_PURGED_K_FOLD_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/index_block.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/ml/split/fold.hpp>

namespace xrayon::ml {

namespace detail {

struct make_purged_fold {
    std::shared_ptr<const std::vector<std::size_t>> last_row = {};  // that row i's label knows of; none: i + horizon
    std::size_t rows = 0;
    std::size_t folds = 1;
    std::size_t horizon = 0;
    std::size_t embargo = 0;

    [[nodiscard]] std::size_t last(std::size_t row) const noexcept {
        return last_row ? (*last_row)[row] : row + std::min(horizon, rows - 1 - row);
    }

    [[nodiscard]] fold operator()(std::size_t i) const {
        const std::size_t each = rows / folds;
        const std::size_t over = rows % folds;
        const std::size_t begin = i * each + std::min(i, over);
        const std::size_t end = begin + each + (i < over ? 1 : 0);
        std::size_t known = end - 1;  // the last row that the test set's labels know of
        for (std::size_t row = begin; row < end; ++row) {
            known = std::max(known, last(row));
        }
        const std::size_t free = known + std::min(embargo, rows - 1 - known);  // rows above it may be learnt from
        fold out;
        for (std::size_t row = 0; row < rows; ++row) {
            if (row >= begin && row < end) {
                out.test.push_back(row);
            } else if (row < begin ? last(row) < begin : row > free) {
                out.train.push_back(row);
            }
        }
        return out;
    }
};

} // namespace detail

/// @brief k blocks of neighbouring rows, in the order of time; rows whose labels know of the tested block, or of which it knows, are not
/// learnt from.
///
/// The label of row i is made from rows i ... i + horizon (a return over `horizon` steps, say). *Purging* leaves out of the training set
/// each row whose span of rows meets that of a tested row; the *embargo* leaves out some more behind the block, where serial correlation
/// leaks. M. López de Prado, Advances in Financial Machine Learning (2018), chapter 7.
struct purged_k_fold {
    std::size_t folds = 5;    ///< k, at least 2 and at most n; the first n % k have one row more.
    std::size_t horizon = 0;  ///< How many rows a label looks ahead.
    std::size_t embargo = 0;  ///< Rows left out behind the block and its labels' span.

    /// @throws argument_error  if folds < 2 or > n
    /// **Cost.** O(n) for each fold that is looked at. A fold may have nothing to learn from; cross_validate then says which.
    [[nodiscard]] indexed_view<detail::make_purged_fold> split(std::size_t rows) const {
        check_folds(rows);
        return {folds, detail::make_purged_fold{{}, rows, folds, horizon, embargo}};
    }

    /// @brief As split, for labels that look ahead differently far; `horizon` is not used.
    /// @param last_row  For each row the last one that its label knows of, itself or a later one.
    /// @throws argument_error  also if one lies before its row or is no row
    template <indexed_range Last>
    [[nodiscard]] indexed_view<detail::make_purged_fold> split_spans(const Last& last_row) const {
        const std::size_t rows = element_count(last_row);
        check_folds(rows);
        std::vector<std::size_t> last(rows);
        for (std::size_t i = 0; i < rows; ++i) {
            const auto value = element(last_row, i);
            const bool fits = std::cmp_greater_equal(value, i) && std::cmp_less(value, rows);
            if (!fits) [[unlikely]] {
                check(false,
                      "purged_k_fold: the last row of row " + to_text(i) + " must be from " + to_text(i) + " to " + to_text(rows - 1),
                      value);
            }
            last[i] = static_cast<std::size_t>(value);
        }
        return {folds,
                detail::make_purged_fold{std::make_shared<const std::vector<std::size_t>>(std::move(last)), rows, folds, 0, embargo}};
    }

private:
    void check_folds(std::size_t rows) const {
        check(folds >= 2, "purged_k_fold: folds must be >= 2", folds);
        if (folds > rows) {
            throw argument_error("purged_k_fold: folds = " + to_text(folds) + " is greater than the number of rows " + to_text(rows),
                                 to_text(folds));
        }
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_PURGED_K_FOLD_HPP
