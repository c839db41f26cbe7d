// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_VALIDATION_DETAIL_FOLD_LIST_HPP
#define XRAYON_ML_VALIDATION_DETAIL_FOLD_LIST_HPP

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/ml/split/fold.hpp>

namespace xrayon::ml::detail {

/// A range of folds: what a splitter's split gives, or folds of one's own.
template <class Range>
concept fold_range = indexed_range<Range> && std::same_as<std::remove_cvref_t<element_t<Range>>, fold>;

template <class S>
inline constexpr bool splits_by_groups = requires {
    requires S::splits_by_groups;
};
template <class S>
inline constexpr bool splits_by_labels = requires {
    requires S::splits_by_labels;
};

template <class S, class Y>
concept splits_rows = !splits_by_groups<S> && ((splits_by_labels<S> && requires(const S& s, const Y& y) {
                                                   { s.split(y) } -> fold_range;
                                               }) || (!splits_by_labels<S> && requires(const S& s, std::size_t n) {
                                                   { s.split(n) } -> fold_range;
                                               }));

/// What cross-validation takes for folds. A splitter by groups gives them first: `group_k_fold{.folds = 5}.split(groups)`.
template <class S, class Y>
concept gives_folds = fold_range<S> || splits_rows<S, Y>;

/// The folds of n rows with labels y. Those that are not the library's are checked.
/// @throws argument_error  "cross_validate: fold 2: row 7 is in train and test", and what the splitter throws
template <class S, indexed_range Y>
    requires gives_folds<S, Y>
[[nodiscard]] decltype(auto) folds_of(std::string_view op, const S& splitter, const Y& y) {
    if constexpr (fold_range<S>) {
        (void)op;
        return (splitter);
    } else if constexpr (splits_by_labels<S>) {
        return splitter.split(y);
    } else {
        return splitter.split(element_count(y));
    }
}

/// @returns  whether no row comes twice in it
/// @throws argument_error  if a fold has no row to learn from or to test, a row that is none of n, or one in both
inline bool check_fold(std::string_view op, std::size_t number, const fold& f, std::size_t rows) {
    const auto start = [&] { return std::string(op) + ": fold " + to_text(number) + ": "; };
    if (f.train.empty() || f.test.empty()) [[unlikely]] {
        throw argument_error(start() + (f.train.empty() ? "empty training set" : "empty test set"), "0");
    }
    bool once = true;
    std::vector<char> seen(rows);
    for (const bool train : {true, false}) {
        const char mark = train ? 1 : 2;
        for (const std::size_t row : train ? f.train : f.test) {
            if (row >= rows) [[unlikely]] {
                throw argument_error(start() + "row " + to_text(row) + " of " + to_text(rows), to_text(row));
            }
            if (!train && seen[row] == 1) [[unlikely]] {
                throw argument_error(start() + "row " + to_text(row) + " is in train and test", to_text(row));
            }
            once = once && seen[row] == 0;
            seen[row] = mark;
        }
    }
    return once;
}

/// What is known of a list of folds once all were looked at.
struct fold_survey {
    std::size_t count = 0;
    std::size_t shortest_train = 0;
    /// Every row that a fold does not test it learns from once, and no row is tested twice: so a training set is all the others' test
    /// sets, and the rows that are never tested.
    bool complementary = true;
    std::vector<std::size_t> never_tested;
    bool tested_once = true;  ///< Each row by exactly one fold.
};

/// Looks at all folds, and checks them.
template <fold_range Folds>
[[nodiscard]] fold_survey survey_folds(std::string_view op, const Folds& folds, std::size_t rows) {
    fold_survey out;
    out.count = element_count(folds);
    if (out.count < 1) {
        check(false, std::string(op) + ": the number of folds must be >= 1", out.count);
    }
    std::vector<bool> tested(rows);
    for (std::size_t i = 0; i < out.count; ++i) {
        const fold& f = element(folds, i);
        const bool once = check_fold(op, i, f, rows);
        out.shortest_train = i == 0 || f.train.size() < out.shortest_train ? f.train.size() : out.shortest_train;
        out.complementary = out.complementary && once && f.train.size() + f.test.size() == rows;
        for (const std::size_t row : f.test) {
            out.complementary = out.complementary && !tested[row];
            out.tested_once = out.tested_once && !tested[row];
            tested[row] = true;
        }
    }
    for (std::size_t row = 0; row < rows; ++row) {
        if (!tested[row]) {
            out.never_tested.push_back(row);
        }
    }
    out.tested_once = out.tested_once && out.never_tested.empty();
    return out;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_VALIDATION_DETAIL_FOLD_LIST_HPP
