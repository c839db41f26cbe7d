// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_DETAIL_ASSIGNED_FOLD_HPP
#define XRAYON_ML_SPLIT_DETAIL_ASSIGNED_FOLD_HPP

#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

#include <xrayon/ml/split/fold.hpp>

namespace xrayon::ml::detail {

/// Rows that no fold tests.
inline constexpr std::size_t never_tested = std::numeric_limits<std::size_t>::max();

/// Fold `i` tests the rows that were given to it and learns from all others; cheap to copy.
struct make_assigned_fold {
    std::shared_ptr<const std::vector<std::size_t>> fold_of_row = {};

    [[nodiscard]] fold operator()(std::size_t i) const {
        fold out;
        for (std::size_t row = 0; row < fold_of_row->size(); ++row) {
            ((*fold_of_row)[row] == i ? out.test : out.train).push_back(row);
        }
        return out;
    }
};

[[nodiscard]] inline make_assigned_fold assigned_to(std::vector<std::size_t> fold_of_row) {
    return {std::make_shared<const std::vector<std::size_t>>(std::move(fold_of_row))};
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_SPLIT_DETAIL_ASSIGNED_FOLD_HPP
