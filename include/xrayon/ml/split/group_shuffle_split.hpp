// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_GROUP_SHUFFLE_SPLIT_HPP
#define XRAYON_ML_SPLIT_GROUP_SHUFFLE_SPLIT_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/ml/split/detail/count_train_test.hpp>
#include <xrayon/ml/split/detail/label_codes.hpp>
#include <xrayon/ml/split/detail/mt19937.hpp>
#include <xrayon/ml/split/fold.hpp>
#include <xrayon/ml/split/shuffle_split.hpp>
#include <xrayon/ml/split/split_size.hpp>

namespace xrayon::ml {

namespace detail {

struct make_group_shuffle_split {
    std::shared_ptr<const label_codes> groups = {};
    make_shuffle_split of_groups = {};

    [[nodiscard]] fold operator()(std::size_t i) const {
        const fold chosen = of_groups(i);
        enum : char { unused, train, test };
        std::vector<char> use(groups->size(), unused);
        for (const std::size_t group : chosen.train) {
            use[group] = train;
        }
        for (const std::size_t group : chosen.test) {
            use[group] = test;
        }
        fold out;
        for (std::size_t row = 0; row < groups->rows(); ++row) {
            const char is = use[groups->of_row[row]];
            if (is != unused) {
                (is == test ? out.test : out.train).push_back(row);
            }
        }
        return out;
    }
};

} // namespace detail

/// @brief Random cuts of the groups in two; sizes count groups. The indices, ascending, are those of scikit-learn 1.2's
/// `GroupShuffleSplit(splits, test_size=..., train_size=..., random_state=seed)`.
struct group_shuffle_split {
    std::size_t splits = 5;                     ///< How many cuts, at least 1.
    std::optional<split_size> test_size = {};   ///< Of the groups. Unset: those that `train_size` leaves; 0.2 if that is unset too.
    std::optional<split_size> train_size = {};  ///< Of the groups. Unset: those that the test set leaves.
    std::uint32_t seed = 0;

    static constexpr bool splits_by_groups = true;

    /// @param groups  The group of each of the n rows: integers, strings, anything with == and <.
    /// @throws argument_error  if splits is 0; for sizes as train_test_split
    template <indexed_range Groups>
    [[nodiscard]] indexed_view<detail::make_group_shuffle_split> split(const Groups& groups) const {
        check(splits >= 1, "group_shuffle_split: splits must be >= 1", splits);
        auto codes = std::make_shared<const detail::label_codes>(detail::encode_labels("group_shuffle_split", "groups", groups));
        const auto counts = detail::count_train_test("group_shuffle_split", "groups", codes->size(), test_size, train_size, 0.2);
        detail::make_shuffle_split of_groups{detail::states_of_permutations(codes->size(), splits, seed), codes->size(), counts};
        return {splits, detail::make_group_shuffle_split{std::move(codes), std::move(of_groups)}};
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_GROUP_SHUFFLE_SPLIT_HPP
