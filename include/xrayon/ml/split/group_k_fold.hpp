// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_GROUP_K_FOLD_HPP
#define XRAYON_ML_SPLIT_GROUP_K_FOLD_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/ml/split/detail/assigned_fold.hpp>
#include <xrayon/ml/split/detail/label_codes.hpp>
#include <xrayon/ml/split/detail/numpy_order.hpp>
#include <xrayon/ml/split/fold.hpp>

namespace xrayon::ml {

/// @brief Cuts n rows into k folds so that no group has rows in two of them, with nearly equal numbers of rows.
///
/// Groups are dealt by size, the largest first, each to the fold that has the fewest rows. The indices are those of scikit-learn 1.2's
/// `GroupKFold(folds)` on numpy 1.24, also where groups of one size are dealt in the order that numpy's sort leaves them in.
struct group_k_fold {
    std::size_t folds = 5;  ///< k, at least 2 and at most the number of groups.

    static constexpr bool splits_by_groups = true;

    /// @param groups  The group of each of the n rows: integers, strings, anything with == and <.
    /// @throws argument_error  if folds < 2, or there are fewer groups than folds
    /// **Cost.** O(n log n), then O(n) for each fold that is looked at.
    template <indexed_range Groups>
    [[nodiscard]] indexed_view<detail::make_assigned_fold> split(const Groups& groups) const {
        check(folds >= 2, "group_k_fold: folds must be >= 2", folds);
        const detail::label_codes codes = detail::encode_labels("group_k_fold", "groups", groups);
        if (folds > codes.size()) {
            throw argument_error("group_k_fold: " + to_text(codes.size()) + " groups, folds = " + to_text(folds), to_text(folds));
        }
        const std::vector<std::int64_t> sizes(codes.counts.begin(), codes.counts.end());
        const std::vector<std::size_t> ascending = detail::numpy_order(sizes);
        std::vector<std::size_t> rows_of_fold(folds);
        std::vector<std::size_t> fold_of_group(codes.size());
        for (std::size_t i = ascending.size(); i-- > 0;) {
            const std::size_t group = ascending[i];
            const auto lightest =
                static_cast<std::size_t>(std::min_element(rows_of_fold.begin(), rows_of_fold.end()) - rows_of_fold.begin());
            rows_of_fold[lightest] += codes.counts[group];
            fold_of_group[group] = lightest;
        }
        std::vector<std::size_t> fold_of_row(codes.rows());
        for (std::size_t row = 0; row < codes.rows(); ++row) {
            fold_of_row[row] = fold_of_group[codes.of_row[row]];
        }
        return {folds, detail::assigned_to(std::move(fold_of_row))};
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_GROUP_K_FOLD_HPP
