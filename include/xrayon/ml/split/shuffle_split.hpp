// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_SHUFFLE_SPLIT_HPP
#define XRAYON_ML_SPLIT_SHUFFLE_SPLIT_HPP

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
#include <xrayon/ml/split/detail/mt19937.hpp>
#include <xrayon/ml/split/fold.hpp>
#include <xrayon/ml/split/split_size.hpp>

namespace xrayon::ml {

namespace detail {

/// The engine as it stood before each draw, so that a fold can be drawn again at any time; shared by copies.
using engine_states = std::shared_ptr<const std::vector<mt19937>>;

/// The states before each of `count` draws of a permutation of n.
[[nodiscard]] inline engine_states states_of_permutations(std::size_t n, std::size_t count, std::uint32_t seed) {
    std::vector<mt19937> states;
    mt19937 random(seed);
    for (std::size_t i = 0; i < count; ++i) {
        states.push_back(random);
        if (i + 1 < count) {
            skip_permutation(n, random);
        }
    }
    return std::make_shared<const std::vector<mt19937>>(std::move(states));
}

struct make_shuffle_split {
    engine_states before = {};
    std::size_t rows = 0;
    train_test_counts counts = {};

    [[nodiscard]] fold operator()(std::size_t i) const {
        mt19937 random = (*before)[i];
        std::vector<std::size_t> order = permutation(rows, random);
        const auto test_end = order.begin() + static_cast<std::ptrdiff_t>(counts.test);
        fold out;
        out.train.assign(test_end, test_end + static_cast<std::ptrdiff_t>(counts.train));
        order.resize(counts.test);
        out.test = std::move(order);
        return out;
    }
};

} // namespace detail

/// @brief Random cuts of n rows in two, each drawn afresh: a row may be tested several times, or never.
///
/// The indices, in the order drawn, are those of scikit-learn 1.2's `ShuffleSplit(splits, test_size=..., train_size=...,
/// random_state=seed)`.
struct shuffle_split {
    std::size_t splits = 10;                    ///< How many cuts, at least 1.
    std::optional<split_size> test_size = {};   ///< Unset: the rows that `train_size` leaves; 0.1 if that is unset too.
    std::optional<split_size> train_size = {};  ///< Unset: the rows that the test set leaves.
    std::uint32_t seed = 0;

    /// @throws argument_error  if splits is 0; for sizes as train_test_split
    /// **Cost.** O(splits x n) random numbers; then O(n) for each cut that is looked at. Memory: 2.5 kB a cut.
    [[nodiscard]] indexed_view<detail::make_shuffle_split> split(std::size_t rows) const {
        check(splits >= 1, "shuffle_split: splits must be >= 1", splits);
        const auto counts = detail::count_train_test("shuffle_split", "rows", rows, test_size, train_size, 0.1);
        return {splits, detail::make_shuffle_split{detail::states_of_permutations(rows, splits, seed), rows, counts}};
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_SHUFFLE_SPLIT_HPP
