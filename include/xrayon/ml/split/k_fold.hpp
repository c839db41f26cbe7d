// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_K_FOLD_HPP
#define XRAYON_ML_SPLIT_K_FOLD_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/ml/split/detail/mt19937.hpp>
#include <xrayon/ml/split/fold.hpp>

namespace xrayon::ml {

/// Which folds hold the n % k rows that are over when k folds get n / k rows each.
enum class remainder_rule {
    spread,  ///< The first n % k folds hold one row more: scikit-learn's rule.
    last,    ///< The last fold holds all of them: the rule of slicing n / k rows at a time.
};

namespace detail {

/// Fold `i` of k_fold; cheap to copy.
struct make_k_fold {
    std::shared_ptr<const std::vector<std::size_t>> order = {};  // of the shuffled rows; none: as they stand
    std::size_t rows = 0;
    std::size_t folds = 1;
    remainder_rule rest = remainder_rule::spread;

    [[nodiscard]] std::size_t begin_of(std::size_t i) const noexcept {
        const std::size_t each = rows / folds;
        if (rest == remainder_rule::last) {
            return i == folds ? rows : i * each;
        }
        return i * each + std::min(i, rows % folds);
    }

    [[nodiscard]] fold operator()(std::size_t i) const {
        const std::size_t begin = begin_of(i);
        const std::size_t end = begin_of(i + 1);
        fold out;
        out.test.reserve(end - begin);
        out.train.reserve(rows - (end - begin));
        if (!order) {
            for (std::size_t row = 0; row != rows; ++row) {
                (row >= begin && row < end ? out.test : out.train).push_back(row);
            }
            return out;
        }
        std::vector<bool> tested(rows);  // of this call alone
        for (std::size_t k = begin; k != end; ++k) {
            tested[(*order)[k]] = true;
        }
        for (std::size_t row = 0; row != rows; ++row) {
            (tested[row] ? out.test : out.train).push_back(row);
        }
        return out;
    }
};

} // namespace detail

/// @brief Cuts n rows into k folds of nearly equal size; each is the test set once, the other rows are its training set.
///
/// Without `shuffle` fold i holds a block of neighbouring rows. With it the rows are shuffled first; indices within a fold
/// ascend all the same. Every row is in exactly one test set.
///
/// The indices are those of scikit-learn 1.2's `KFold(folds, shuffle=shuffle, random_state=seed)`: a shuffle by numpy's
/// RandomState(seed), which is MT19937 with masked rejection. They depend on n and on the members, on nothing else.
///
/// **Example.**
/// @code
/// for (const auto& [train, test] : xrayon::ml::k_fold{.folds = 10, .shuffle = true, .seed = 42}.split(n)) { ... }
/// @endcode
struct k_fold {
    std::size_t folds = 5;  ///< k, at least 2 and at most n; n of them is leave-one-out.
    bool shuffle = false;
    std::uint32_t seed = 0;  ///< Used with `shuffle` only.
    remainder_rule rest = remainder_rule::spread;

    /// @param rows  n.
    /// @returns     The k folds, an indexed_range of fold: each is computed when it is asked for, from any thread, the same every time.
    /// @throws argument_error  if `folds` is less than 2 or more than n.
    ///
    /// **Cost.** O(n) with `shuffle`, else O(1); then O(n) work and memory for each fold that is looked at.
    [[nodiscard]] indexed_view<detail::make_k_fold> split(std::size_t rows) const;
};

namespace detail {

/// With another engine than that of `splitter.seed`.
[[nodiscard]] inline indexed_view<make_k_fold> make_folds(const k_fold& splitter, std::size_t rows, mt19937& random) {
    check(splitter.folds >= 2, "k_fold: folds must be >= 2", splitter.folds);
    if (splitter.folds > rows) {
        throw argument_error("k_fold: folds = " + to_text(splitter.folds) + " is greater than the number of rows " + to_text(rows),
                             to_text(splitter.folds));
    }
    auto order = splitter.shuffle ? std::make_shared<const std::vector<std::size_t>>(permutation(rows, random)) : nullptr;
    return {splitter.folds, make_k_fold{std::move(order), rows, splitter.folds, splitter.rest}};
}

} // namespace detail

inline indexed_view<detail::make_k_fold> k_fold::split(std::size_t rows) const {
    detail::mt19937 random(seed);
    return detail::make_folds(*this, rows, random);
}

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_K_FOLD_HPP
