// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_LEAVE_GROUPS_OUT_HPP
#define XRAYON_ML_SPLIT_LEAVE_GROUPS_OUT_HPP

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/ml/split/detail/assigned_fold.hpp>
#include <xrayon/ml/split/detail/combinations.hpp>
#include <xrayon/ml/split/detail/label_codes.hpp>
#include <xrayon/ml/split/fold.hpp>

namespace xrayon::ml {

namespace detail {

struct make_leave_groups_out {
    std::shared_ptr<const label_codes> groups = {};
    std::size_t p = 0;

    [[nodiscard]] fold operator()(std::size_t i) const {
        const std::vector<std::size_t> tested = combination(groups->size(), p, i);
        fold out;
        for (std::size_t row = 0; row < groups->rows(); ++row) {
            (std::binary_search(tested.begin(), tested.end(), groups->of_row[row]) ? out.test : out.train).push_back(row);
        }
        return out;
    }
};

} // namespace detail

/// @brief Each group is the test set once, in ascending order of the groups. scikit-learn's `LeaveOneGroupOut()`.
struct leave_one_group_out {
    static constexpr bool splits_by_groups = true;

    /// @param groups  The group of each of the n rows: integers, strings, anything with == and <.
    /// @throws argument_error  if there are fewer than 2 groups
    /// **Cost.** O(n log n), then O(n) for each fold that is looked at.
    template <indexed_range Groups>
    [[nodiscard]] indexed_view<detail::make_assigned_fold> split(const Groups& groups) const {
        detail::label_codes codes = detail::encode_labels("leave_one_group_out", "groups", groups);
        check(codes.size() >= 2, "leave_one_group_out: the number of groups must be >= 2", codes.size());
        const std::size_t count = codes.size();
        return {count, detail::assigned_to(std::move(codes.of_row))};
    }
};

/// @brief Every set of p groups is the test set once, in lexicographic order of the groups. scikit-learn's `LeavePGroupsOut(p)`.
struct leave_p_groups_out {
    std::size_t p = 2;  ///< At least 1, less than the number of groups.

    static constexpr bool splits_by_groups = true;

    /// @throws argument_error  unless 1 <= p < the number of groups; if there are 2^64 folds or more
    /// **Cost.** O(n log n), then O(n log p) for each fold that is looked at.
    template <indexed_range Groups>
    [[nodiscard]] indexed_view<detail::make_leave_groups_out> split(const Groups& groups) const {
        check(p >= 1, "leave_p_groups_out: p must be >= 1", p);
        auto codes = std::make_shared<const detail::label_codes>(detail::encode_labels("leave_p_groups_out", "groups", groups));
        check(p < codes->size(), "leave_p_groups_out: p must be less than the number of groups " + to_text(codes->size()), p);
        const std::optional<std::size_t> count = detail::combination_count(codes->size(), p);
        check(count.has_value(), "leave_p_groups_out: the number of folds must be below 2^64; p of " + to_text(codes->size()) + " groups",
              p);
        return {*count, detail::make_leave_groups_out{std::move(codes), p}};
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_LEAVE_GROUPS_OUT_HPP
