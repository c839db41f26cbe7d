// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_STRATIFIED_SHUFFLE_SPLIT_HPP
#define XRAYON_ML_SPLIT_STRATIFIED_SHUFFLE_SPLIT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
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

/// How many of each class come into a draw of `draws` rows, near the mode of the multivariate hypergeometric distribution: shares are
/// rounded down, and what is missing goes to the largest remainders, among equal ones by lot (scikit-learn's _approximate_mode).
[[nodiscard]] inline std::vector<std::size_t> approximate_mode(const std::vector<std::size_t>& counts, std::size_t draws, mt19937& random) {
    const auto all = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
    std::vector<std::size_t> out(counts.size());
    std::vector<double> remainder(counts.size());
    std::size_t missing = draws;
    for (std::size_t c = 0; c < counts.size(); ++c) {
        const double exact = static_cast<double>(counts[c]) / all * static_cast<double>(draws);
        const double floored = std::floor(exact);
        remainder[c] = exact - floored;
        out[c] = static_cast<std::size_t>(floored);
        missing -= out[c];
    }
    std::vector<double> values = remainder;
    std::sort(values.begin(), values.end(), std::greater<>());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    for (std::size_t v = 0; v < values.size() && missing > 0; ++v) {
        std::vector<std::size_t> level;
        for (std::size_t c = 0; c < counts.size(); ++c) {
            if (remainder[c] == values[v]) {
                level.push_back(c);
            }
        }
        const std::size_t more = std::min(level.size(), missing);
        const std::vector<std::size_t> lot = permutation(level.size(), random);
        for (std::size_t i = 0; i < more; ++i) {
            ++out[level[lot[i]]];
        }
        missing -= more;
    }
    return out;
}

struct make_stratified_shuffle_split {
    engine_states before = {};
    std::shared_ptr<const std::vector<std::vector<std::size_t>>> rows_of_class = {};
    train_test_counts counts = {};

    [[nodiscard]] fold operator()(std::size_t i) const {
        mt19937 random = (*before)[i];
        return draw(random);
    }

    [[nodiscard]] fold draw(mt19937& random) const {
        const std::size_t classes = rows_of_class->size();
        std::vector<std::size_t> left(classes);
        for (std::size_t c = 0; c < classes; ++c) {
            left[c] = (*rows_of_class)[c].size();
        }
        const std::vector<std::size_t> train = approximate_mode(left, counts.train, random);
        for (std::size_t c = 0; c < classes; ++c) {
            left[c] -= train[c];
        }
        const std::vector<std::size_t> test = approximate_mode(left, counts.test, random);
        fold out;
        for (std::size_t c = 0; c < classes; ++c) {
            const std::vector<std::size_t>& rows = (*rows_of_class)[c];
            const std::vector<std::size_t> order = permutation(rows.size(), random);
            for (std::size_t k = 0; k < train[c] + test[c]; ++k) {
                (k < train[c] ? out.train : out.test).push_back(rows[order[k]]);
            }
        }
        shuffle(out.train, random);
        shuffle(out.test, random);
        return out;
    }
};

/// @param op  Who asks, for the messages.
template <indexed_range Labels>
[[nodiscard]] make_stratified_shuffle_split stratified_cuts(const std::string& op, const Labels& y, std::size_t splits,
                                                            const std::optional<split_size>& test_size,
                                                            const std::optional<split_size>& train_size, double default_test_size,
                                                            std::uint32_t seed) {
    check(splits >= 1, op + ": splits must be >= 1", splits);
    const auto counts = count_train_test(op, "rows", element_count(y), test_size, train_size, default_test_size);
    const label_codes classes = encode_labels(op, "y", y);
    for (std::size_t c = 0; c < classes.size(); ++c) {
        if (classes.counts[c] < 2) [[unlikely]] {
            check(false, op + ": class " + to_text(c) + " (in ascending order) must have at least 2 rows", classes.counts[c]);
        }
    }
    check(counts.train >= classes.size(), op + ": the training rows must be at least as many as the classes, " + to_text(classes.size()),
          counts.train);
    check(counts.test >= classes.size(), op + ": the test rows must be at least as many as the classes, " + to_text(classes.size()),
          counts.test);
    std::vector<std::vector<std::size_t>> rows_of_class(classes.size());
    for (std::size_t row = 0; row < classes.rows(); ++row) {
        rows_of_class[classes.of_row[row]].push_back(row);
    }
    make_stratified_shuffle_split out{{}, std::make_shared<const std::vector<std::vector<std::size_t>>>(std::move(rows_of_class)), counts};
    std::vector<mt19937> states;
    mt19937 random(seed);
    for (std::size_t i = 0; i < splits; ++i) {
        states.push_back(random);
        if (i + 1 < splits) {
            (void)out.draw(random);
        }
    }
    out.before = std::make_shared<const std::vector<mt19937>>(std::move(states));
    return out;
}

} // namespace detail

/// @brief Random cuts of n rows in two that hold the classes in nearly equal shares.
///
/// The indices, in the order drawn, are those of scikit-learn 1.2's `StratifiedShuffleSplit(splits, test_size=..., train_size=...,
/// random_state=seed)`.
struct stratified_shuffle_split {
    std::size_t splits = 10;                    ///< How many cuts, at least 1.
    std::optional<split_size> test_size = {};   ///< Unset: the rows that `train_size` leaves; 0.1 if that is unset too.
    std::optional<split_size> train_size = {};  ///< Unset: the rows that the test set leaves.
    std::uint32_t seed = 0;

    static constexpr bool splits_by_labels = true;

    /// @param y  n labels: integers, strings, anything with == and <.
    /// @throws argument_error  if splits is 0; for sizes as train_test_split; if a class has one row only; if either part has fewer rows
    ///                         than there
    ///                         are classes
    /// **Cost.** O(n log n + splits x n), then O(n) for each cut that is looked at.
    template <indexed_range Labels>
    [[nodiscard]] indexed_view<detail::make_stratified_shuffle_split> split(const Labels& y) const {
        return {splits, detail::stratified_cuts("stratified_shuffle_split", y, splits, test_size, train_size, 0.1, seed)};
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_STRATIFIED_SHUFFLE_SPLIT_HPP
