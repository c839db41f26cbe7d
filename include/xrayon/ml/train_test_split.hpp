// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_TRAIN_TEST_SPLIT_HPP
#define XRAYON_ML_TRAIN_TEST_SPLIT_HPP

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

#include <xrayon/core/concepts.hpp>
#include <xrayon/ml/split/detail/count_train_test.hpp>
#include <xrayon/ml/split/detail/mt19937.hpp>
#include <xrayon/ml/split/fold.hpp>
#include <xrayon/ml/split/split_size.hpp>
#include <xrayon/ml/split/stratified_shuffle_split.hpp>

namespace xrayon::ml {

struct train_test_split_options {
    std::optional<split_size> test_size = {};   ///< Unset: the rows that `train_size` leaves; 0.25 if that is unset too.
    std::optional<split_size> train_size = {};  ///< Unset: the rows that the test set leaves.
    bool shuffle = true;                        ///< false: the training set stands first, the test set follows, in order.
    std::uint32_t seed = 0;                     ///< Used with `shuffle` only.
};

/// @brief Cuts n rows into a training set and a test set.
///
/// @param rows     n, at least 2.
/// @param options  Sizes as fractions or as numbers of rows, whether to shuffle, the seed.
/// @returns        Two lists of indices without a common one; with `shuffle` in the order drawn, not ascending.
/// @throws argument_error  if a fraction is not in (0, 1), a number of rows not in [1, n - 1], the two together are more than n, or
///                         the training set would be empty.
///
/// The indices are those of scikit-learn 1.2's `train_test_split(arange(n), test_size=..., random_state=seed)`; they depend on
/// `rows` and `options` and on nothing else.
///
/// **Cost.** O(n).
///
/// **Example.**
/// @code
/// auto [train, test] = xrayon::ml::train_test_split(n, {.test_size = 0.2, .seed = 42});
/// @endcode
[[nodiscard]] inline fold train_test_split(std::size_t rows, const train_test_split_options& options = {}) {
    const auto [train, test] = detail::count_train_test("train_test_split", "rows", rows, options.test_size, options.train_size, 0.25);
    std::vector<std::size_t> order;
    std::size_t test_begin = 0;
    std::size_t train_begin = test;
    if (options.shuffle) {
        order = detail::permutation(rows, options.seed);
    } else {
        order.resize(rows);
        std::iota(order.begin(), order.end(), std::size_t{0});
        test_begin = train;
        train_begin = 0;
    }
    const auto slice = [&order](std::size_t begin, std::size_t count) {
        const auto first = order.begin() + static_cast<std::ptrdiff_t>(begin);
        return std::vector<std::size_t>(first, first + static_cast<std::ptrdiff_t>(count));
    };
    return {slice(train_begin, train), slice(test_begin, test)};
}

struct stratified_train_test_split_options {
    std::optional<split_size> test_size = {};   ///< Unset: the rows that `train_size` leaves; 0.25 if that is unset too.
    std::optional<split_size> train_size = {};  ///< Unset: the rows that the test set leaves.
    std::uint32_t seed = 0;
};

/// @brief As train_test_split, with the classes of y in nearly equal shares in both sets: scikit-learn's `train_test_split(...,
/// stratify=y)`.
/// @param y  n labels: integers, strings, anything with == and <.
/// @throws argument_error  as train_test_split; if a class has one row only; if either set has fewer rows than there are classes
template <indexed_range Labels>
[[nodiscard]] fold stratified_train_test_split(const Labels& y, const stratified_train_test_split_options& options = {}) {
    return detail::stratified_cuts("stratified_train_test_split", y, 1, options.test_size, options.train_size, 0.25, options.seed)(0);
}

} // namespace xrayon::ml

#endif // XRAYON_ML_TRAIN_TEST_SPLIT_HPP
