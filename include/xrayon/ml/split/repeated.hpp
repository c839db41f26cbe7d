// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_REPEATED_HPP
#define XRAYON_ML_SPLIT_REPEATED_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/indexed_view.hpp>
#include <xrayon/ml/split/detail/label_codes.hpp>
#include <xrayon/ml/split/detail/mt19937.hpp>
#include <xrayon/ml/split/fold.hpp>
#include <xrayon/ml/split/k_fold.hpp>
#include <xrayon/ml/split/stratified_k_fold.hpp>

namespace xrayon::ml {

namespace detail {

/// Fold i of a splitter that is asked again and again with one engine. Input: the number of rows, or codes of labels.
template <class Splitter, class Input>
struct make_repeated_fold {
    std::shared_ptr<const std::vector<mt19937>> before = {};  // each repeat
    std::shared_ptr<const Input> input = {};
    Splitter splitter = {};

    [[nodiscard]] fold operator()(std::size_t i) const {
        mt19937 random = (*before)[i / splitter.folds];
        return make_folds(splitter, *input, random)[i % splitter.folds];
    }
};

template <class Splitter, class Input>
[[nodiscard]] indexed_view<make_repeated_fold<Splitter, Input>> repeat_folds(Splitter splitter, Input input, std::size_t repeats,
                                                                             std::uint32_t seed) {
    check(repeats >= 1, "repeated: repeats must be >= 1", repeats);
    splitter.shuffle = true;
    std::vector<mt19937> before;
    mt19937 random(seed);
    for (std::size_t i = 0; i < repeats; ++i) {
        before.push_back(random);
        (void)make_folds(splitter, input, random);
    }
    return {repeats * splitter.folds, make_repeated_fold<Splitter, Input>{std::make_shared<const std::vector<mt19937>>(std::move(before)),
                                                                          std::make_shared<const Input>(std::move(input)), splitter}};
}

} // namespace detail

/// @brief A shuffled splitter, several times over: repeats x k folds, each repeat shuffled anew. Of k_fold and stratified_k_fold.
///
/// The indices are those of scikit-learn 1.2's `RepeatedKFold` and `RepeatedStratifiedKFold` with `n_repeats=repeats, random_state=seed`.
///
/// **Example.**
/// @code
/// auto folds = xrayon::ml::repeated<xrayon::ml::k_fold>{.splitter = {.folds = 5}, .repeats = 10, .seed = 1}.split(n);
/// @endcode
template <class Splitter>
    requires std::same_as<Splitter, k_fold> || std::same_as<Splitter, stratified_k_fold>
struct repeated {
    Splitter splitter = {};    ///< Its `shuffle` and `seed` are not used.
    std::size_t repeats = 10;  ///< At least 1.
    std::uint32_t seed = 0;

    static constexpr bool splits_by_labels = std::same_as<Splitter, stratified_k_fold>;

    /// @throws argument_error  if repeats is 0; what the splitter throws
    /// **Cost.** O(repeats x n), then O(n) for each fold that is looked at. Memory: 2.5 kB a repeat.
    [[nodiscard]] auto split(std::size_t rows) const requires std::same_as<Splitter, k_fold> {
        return detail::repeat_folds(splitter, rows, repeats, seed);
    }
    template <indexed_range Labels>
        requires std::same_as<Splitter, stratified_k_fold>
    [[nodiscard]] auto split(const Labels& y) const {
        return detail::repeat_folds(splitter, detail::encode_labels("stratified_k_fold", "y", y), repeats, seed);
    }
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_REPEATED_HPP
