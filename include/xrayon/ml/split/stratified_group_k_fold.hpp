// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_STRATIFIED_GROUP_K_FOLD_HPP
#define XRAYON_ML_SPLIT_STRATIFIED_GROUP_K_FOLD_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/ml/split/detail/assigned_fold.hpp>
#include <xrayon/ml/split/detail/label_codes.hpp>
#include <xrayon/ml/split/detail/mt19937.hpp>
#include <xrayon/ml/split/detail/numpy_sum.hpp>
#include <xrayon/ml/split/fold.hpp>
#include <xrayon/ml/split/stratified_k_fold.hpp>

namespace xrayon::ml {

namespace detail {

/// Rows of each class, for groups or for folds.
struct class_table {
    class_table(std::size_t rows, std::size_t columns) : classes(columns), counts(rows, std::vector<double>(columns)) {}
    std::size_t classes;
    std::vector<std::vector<double>> counts;
};

/// The mean over classes of how unevenly the folds share them: numpy.mean(numpy.std(counts / class_counts, axis=0)).
[[nodiscard]] inline double unevenness(const class_table& folds, const std::vector<std::size_t>& class_counts) {
    const std::size_t k = folds.counts.size();
    std::vector<double> spread(folds.classes);
    std::vector<double> share(k);
    for (std::size_t c = 0; c < folds.classes; ++c) {
        for (std::size_t fold = 0; fold < k; ++fold) {
            share[fold] = folds.counts[fold][c] / static_cast<double>(class_counts[c]);
        }
        // Along this axis numpy adds one after the other.
        const double mean = std::accumulate(share.begin(), share.end(), 0.0) / static_cast<double>(k);
        double squares = 0;
        for (const double value : share) {
            const double off = value - mean;
            const double square = off * off;
            squares += square;
        }
        spread[c] = std::sqrt(squares / static_cast<double>(k));
    }
    return numpy_sum(spread) / static_cast<double>(folds.classes);
}

/// numpy.isclose(a, b)
[[nodiscard]] inline bool is_close(double a, double b) noexcept { return std::isfinite(b) && std::abs(a - b) <= 1e-8 + 1e-5 * std::abs(b); }

/// Where a group does least harm; of folds that are level the one with the fewest rows, then the first.
[[nodiscard]] inline std::size_t best_fold(class_table& folds, const std::vector<double>& group,
                                           const std::vector<std::size_t>& class_counts) {
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    double fewest = std::numeric_limits<double>::infinity();
    for (std::size_t fold = 0; fold < folds.counts.size(); ++fold) {
        std::vector<double>& counts = folds.counts[fold];
        std::transform(counts.begin(), counts.end(), group.begin(), counts.begin(), std::plus<>());
        const double uneven = unevenness(folds, class_counts);
        std::transform(counts.begin(), counts.end(), group.begin(), counts.begin(), std::minus<>());
        const double rows = std::accumulate(counts.begin(), counts.end(), 0.0);
        if (uneven < least || (is_close(uneven, least) && rows < fewest)) {
            least = uneven;
            fewest = rows;
            best = fold;
        }
    }
    return best;
}

} // namespace detail

/// @brief Cuts n rows into k folds so that no group has rows in two of them and each holds the classes in shares as equal as that allows.
///
/// Greedy: groups with the most uneven classes first, each to the fold where the shares then differ least. The indices are those of
/// scikit-learn 1.2's `StratifiedGroupKFold(folds, shuffle=shuffle, random_state=seed)`, whose `shuffle` exchanges what is known of groups
/// among them: folds are then as random as one likes, and stratified by other groups' classes.
struct stratified_group_k_fold {
    std::size_t folds = 5;  ///< k, at least 2 and at most the number of groups.
    bool shuffle = false;
    std::uint32_t seed = 0;            ///< Used with `shuffle` only.
    bool allow_small_classes = false;  ///< As in stratified_k_fold.

    static constexpr bool splits_by_labels = true;
    static constexpr bool splits_by_groups = true;

    /// @param y       n labels: integers, strings, anything with == and <.
    /// @param groups  The group of each row.
    /// @throws shape_error     if there are not as many groups as labels
    /// @throws argument_error  as stratified_k_fold and group_k_fold
    /// **Cost.** O(n log n + groups x k^2 x classes), then O(n) for each fold that is looked at.
    template <indexed_range Labels, indexed_range Groups>
    [[nodiscard]] indexed_view<detail::make_assigned_fold> split(const Labels& y, const Groups& groups) const {
        check_same_shape("stratified_group_k_fold", "y", std::array{element_count(y)}, "groups", std::array{element_count(groups)});
        const detail::label_codes classes = detail::encode_labels("stratified_group_k_fold", "y", y);
        const detail::label_codes codes = detail::encode_labels("stratified_group_k_fold", "groups", groups);
        detail::check_strata("stratified_group_k_fold", folds, classes, allow_small_classes);
        if (folds > codes.size()) {
            throw argument_error("stratified_group_k_fold: " + to_text(codes.size()) + " groups, folds = " + to_text(folds),
                                 to_text(folds));
        }
        detail::class_table of_group(codes.size(), classes.size());
        for (std::size_t row = 0; row < codes.rows(); ++row) {
            ++of_group.counts[codes.of_row[row]][classes.of_row[row]];
        }
        if (shuffle) {
            detail::mt19937 random(seed);
            detail::shuffle(of_group.counts, random);
        }
        std::vector<double> unevenness(codes.size());
        for (std::size_t group = 0; group < codes.size(); ++group) {
            std::vector<double> counts = of_group.counts[group];
            unevenness[group] = detail::numpy_std(counts);
        }
        std::vector<std::size_t> order(codes.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return unevenness[a] > unevenness[b]; });
        detail::class_table of_fold(folds, classes.size());
        std::vector<std::size_t> fold_of_group(codes.size());
        for (const std::size_t group : order) {
            const std::vector<double>& counts = of_group.counts[group];
            const std::size_t best = detail::best_fold(of_fold, counts, classes.counts);
            std::transform(counts.begin(), counts.end(), of_fold.counts[best].begin(), of_fold.counts[best].begin(), std::plus<>());
            fold_of_group[group] = best;
        }
        std::vector<std::size_t> fold_of_row(codes.rows());
        for (std::size_t row = 0; row < codes.rows(); ++row) {
            fold_of_row[row] = fold_of_group[codes.of_row[row]];
        }
        return {folds, detail::assigned_to(std::move(fold_of_row))};
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_STRATIFIED_GROUP_K_FOLD_HPP
