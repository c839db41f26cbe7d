// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_LEAVE_ONE_OUT_HPP
#define XRAYON_ML_SPLIT_LEAVE_ONE_OUT_HPP

#include <cstddef>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/ml/split/fold.hpp>

namespace xrayon::ml {

namespace detail {

struct make_leave_one_out {
    std::size_t rows = 0;

    [[nodiscard]] fold operator()(std::size_t i) const {
        fold out;
        out.test = {i};
        out.train.reserve(rows - 1);
        for (std::size_t row = 0; row < rows; ++row) {
            if (row != i) {
                out.train.push_back(row);
            }
        }
        return out;
    }
};

} // namespace detail

/// @brief Each row is the test set once: n folds. scikit-learn's `LeaveOneOut()`.
struct leave_one_out {
    /// @throws argument_error  if there are fewer than 2 rows
    /// **Cost.** O(n) for each fold that is looked at.
    [[nodiscard]] indexed_view<detail::make_leave_one_out> split(std::size_t rows) const {
        check(rows >= 2, "leave_one_out: the number of rows must be >= 2", rows);
        return {rows, detail::make_leave_one_out{rows}};
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_LEAVE_ONE_OUT_HPP
