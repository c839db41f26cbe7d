// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_STRATIFIED_K_FOLD_HPP
#define XRAYON_ML_SPLIT_STRATIFIED_K_FOLD_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/ml/split/detail/assigned_fold.hpp>
#include <xrayon/ml/split/detail/label_codes.hpp>
#include <xrayon/ml/split/detail/mt19937.hpp>
#include <xrayon/ml/split/fold.hpp>

namespace xrayon::ml {

namespace detail {

/// What stratified splitters ask of the classes. K members or more in each, unless small ones may be.
inline void check_strata(const std::string& op, std::size_t folds, const label_codes& classes, bool allow_small_classes) {
    check(folds >= 2, op + ": folds must be >= 2", folds);
    check(classes.size() >= 2, op + ": the number of classes must be >= 2", classes.size());
    const std::size_t largest = *std::max_element(classes.counts.begin(), classes.counts.end());
    if (folds > largest) {
        throw argument_error(op + ": folds = " + to_text(folds) + " is greater than the number of rows of every class", to_text(folds));
    }
    for (std::size_t c = 0; c < classes.size() && !allow_small_classes; ++c) {
        if (classes.counts[c] < folds) {
            throw argument_error(op + ": class " + to_text(c) + " (in ascending order) has " + to_text(classes.counts[c])
                                     + " rows, folds = " + to_text(folds) + " (allow_small_classes takes it)",
                                 to_text(classes.counts[c]));
        }
    }
}

} // namespace detail

/// @brief Cuts n rows into k folds that hold the classes in nearly equal shares; each is the test set once.
///
/// Each class is dealt over the folds in blocks, in the order of its rows; with `shuffle` in random order. Indices within a fold ascend.
///
/// The indices are those of scikit-learn 1.2's `StratifiedKFold(folds, shuffle=shuffle, random_state=seed)`. They depend on which labels
/// are equal and in what order they stand, not on the labels themselves.
///
/// **Example.**
/// @code
/// for (const auto& [train, test] : xrayon::ml::stratified_k_fold{.folds = 5}.split(y)) { ... }
/// @endcode
struct stratified_k_fold {
    std::size_t folds = 5;  ///< k, at least 2.
    bool shuffle = false;
    std::uint32_t seed = 0;            ///< Used with `shuffle` only.
    bool allow_small_classes = false;  ///< Classes with fewer than k rows: some folds have none of them. scikit-learn warns of it.

    static constexpr bool splits_by_labels = true;

    /// @param y  n labels: integers, strings, anything with == and <; NaN is refused.
    /// @returns  k folds, an indexed_range of fold, each computed when it is asked for.
    /// @throws argument_error  if folds < 2; if there is one class only; if a class has fewer than k rows and may not, or all have.
    /// **Cost.** O(n log n), then O(n) for each fold that is looked at.
    template <indexed_range Labels>
    [[nodiscard]] indexed_view<detail::make_assigned_fold> split(const Labels& y) const;
};

namespace detail {

/// With another engine than that of `splitter.seed`.
[[nodiscard]] inline indexed_view<make_assigned_fold> make_folds(const stratified_k_fold& splitter, const label_codes& classes,
                                                                 mt19937& random) {
    check_strata("stratified_k_fold", splitter.folds, classes, splitter.allow_small_classes);
    const std::size_t k = splitter.folds;
    // Classes in the order in which they first appear.
    std::vector<std::size_t> order(classes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return classes.first_row[a] < classes.first_row[b]; });
    // All rows, class by class, are dealt round: that says how many of a class a fold gets, and then it gets a block of them.
    std::vector<std::vector<std::size_t>> folds_of_class(classes.size());
    std::size_t dealt = 0;
    for (const std::size_t c : order) {
        std::vector<std::size_t> share(k);
        for (std::size_t i = 0; i < classes.counts[c]; ++i) {
            ++share[dealt++ % k];
        }
        for (std::size_t fold = 0; fold < k; ++fold) {
            folds_of_class[c].insert(folds_of_class[c].end(), share[fold], fold);
        }
        if (splitter.shuffle) {
            shuffle(folds_of_class[c], random);
        }
    }
    std::vector<std::size_t> fold_of_row(classes.rows());
    std::vector<std::size_t> next(classes.size());
    for (std::size_t row = 0; row < classes.rows(); ++row) {
        const std::size_t c = classes.of_row[row];
        fold_of_row[row] = folds_of_class[c][next[c]++];
    }
    return {k, assigned_to(std::move(fold_of_row))};
}

} // namespace detail

template <indexed_range Labels>
[[nodiscard]] indexed_view<detail::make_assigned_fold> stratified_k_fold::split(const Labels& y) const {
    detail::mt19937 random(seed);
    return detail::make_folds(*this, detail::encode_labels("stratified_k_fold", "y", y), random);
}

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_STRATIFIED_K_FOLD_HPP
