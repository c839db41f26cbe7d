// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_LEAVE_P_OUT_HPP
#define XRAYON_ML_SPLIT_LEAVE_P_OUT_HPP

#include <cstddef>
#include <optional>
#include <string>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/ml/split/detail/combinations.hpp>
#include <xrayon/ml/split/fold.hpp>

namespace xrayon::ml {

namespace detail {

struct make_leave_p_out {
    std::size_t rows = 0;
    std::size_t p = 0;

    [[nodiscard]] fold operator()(std::size_t i) const {
        fold out;
        out.test = combination(rows, p, i);
        out.train.reserve(rows - p);
        for (std::size_t row = 0, k = 0; row < rows; ++row) {
            if (k < p && out.test[k] == row) {
                ++k;
            } else {
                out.train.push_back(row);
            }
        }
        return out;
    }
};

} // namespace detail

/// @brief Every set of p rows is the test set once, in lexicographic order: n! / (p! (n - p)!) folds. scikit-learn's `LeavePOut(p)`.
struct leave_p_out {
    std::size_t p = 2;  ///< At least 1, less than n.

    /// @throws argument_error  unless 1 <= p < n; if there are 2^64 folds or more
    /// **Cost.** O(n p) for each fold that is looked at.
    [[nodiscard]] indexed_view<detail::make_leave_p_out> split(std::size_t rows) const {
        check(p >= 1, "leave_p_out: p must be >= 1", p);
        check(p < rows, "leave_p_out: p must be less than the number of rows " + to_text(rows), p);
        const std::optional<std::size_t> count = detail::combination_count(rows, p);
        check(count.has_value(), "leave_p_out: the number of folds must be below 2^64; p of " + to_text(rows) + " rows", p);
        return {*count, detail::make_leave_p_out{rows, p}};
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_LEAVE_P_OUT_HPP
