// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_VALIDATION_DETAIL_FOLD_SUMS_HPP
#define XRAYON_ML_VALIDATION_DETAIL_FOLD_SUMS_HPP

#include <cstddef>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include <xrayon/core/concepts.hpp>
#include <xrayon/exec/scratch.hpp>
#include <xrayon/ml/estimator.hpp>
#include <xrayon/ml/validation/detail/fold_list.hpp>
#include <xrayon/ml/validation/detail/fold_rows.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml::detail {

/// Rows that are gathered at a time where a fold's do not lie together.
inline constexpr std::size_t gathered_leaf = 1024;

/// The sums over some rows, in parallel over pieces of them.
template <class E, class T, class L>
[[nodiscard]] typename E::statistics_type sum_rows(const E& estimator, const labelled_view<T, L>& data, std::span<const std::size_t> rows,
                                                   scratch<row_buffer<T, L>>& buffers, const loop_options& options) {
    row_buffer<T, L> none;
    if (rows.back() - rows.front() + 1 == rows.size()) {
        const labelled_view<T, L> block = none.take(data, rows);
        return estimator.statistics(block.x, block.y);
    }
    return fold_index(
        rows.size(), gathered_leaf,
        [&](std::size_t begin, std::size_t end) {
            const auto buffer = buffers.borrow();
            const labelled_view<T, L> piece = buffer->take(data, rows.subspan(begin, end - begin));
            return estimator.statistics(piece.x, piece.y);
        },
        [](typename E::statistics_type left, const typename E::statistics_type& right) {
            E::merge(left, right);
            return left;
        },
        options);
}

/// @brief The sums over the training rows of each fold, for complementary folds: each row is read once.
///
/// The training set of fold f is what is never tested, the test sets before f and those behind it: a running sum from the front and one
/// from the back, merged. Nothing is subtracted, so nothing is lost to cancellation.
template <class E, class T, class L, class Folds>
[[nodiscard]] std::vector<typename E::statistics_type> training_sums(const E& estimator, const labelled_view<T, L>& data,
                                                                     const Folds& folds, const fold_survey& survey,
                                                                     const loop_options& options) {
    using sums = typename E::statistics_type;
    scratch<row_buffer<T, L>> buffers;
    auto mapped = map_index(
        survey.count,
        [&](std::size_t f) { return sum_rows(estimator, data, fold(element(folds, f)).test, buffers, {.name = options.name}); }, options);
    std::vector<sums> of_fold(std::make_move_iterator(mapped.begin()), std::make_move_iterator(mapped.end()));
    std::vector<sums> out;
    out.reserve(survey.count);
    // From the front: out[f] is all before f.
    bool any = !survey.never_tested.empty();
    sums front{};
    if (any) {
        front = sum_rows(estimator, data, survey.never_tested, buffers, {.name = options.name});
    }
    for (std::size_t f = 0; f < survey.count; ++f) {
        out.push_back(front);
        if (any) {
            E::merge(front, of_fold[f]);
        } else {
            front = of_fold[f];
            any = true;
        }
    }
    // From the back: all behind f is merged into it.
    for (std::size_t f = survey.count; f-- > 0;) {
        if (f + 1 == survey.count) {
            continue;
        }
        if (f == 0 && survey.never_tested.empty()) {
            out[0] = of_fold[1];
        } else {
            E::merge(out[f], of_fold[f + 1]);
        }
        if (f > 0) {
            E::merge(of_fold[f], of_fold[f + 1]);
        }
    }
    return out;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_VALIDATION_DETAIL_FOLD_SUMS_HPP
