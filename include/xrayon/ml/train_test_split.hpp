// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_TRAIN_TEST_SPLIT_HPP
#define XRAYON_ML_TRAIN_TEST_SPLIT_HPP

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/ml/split/detail/mt19937.hpp>
#include <xrayon/ml/split/fold.hpp>

namespace xrayon::ml {

/// A share of the rows, told by its type: a floating-point number is a fraction, an integer a number of rows. So 1.0 and 1 differ.
class split_size {
public:
    template <std::floating_point Real>
    constexpr split_size(Real fraction) noexcept : fraction_(static_cast<double>(fraction)), is_fraction_(true) {}

    /// Throws argument_error if the number is negative.
    template <std::integral Int>
        requires(!std::same_as<Int, bool>)
    split_size(Int count) : count_(static_cast<std::size_t>(count)), is_fraction_(false) {
        if constexpr (std::signed_integral<Int>) {
            check(count >= 0, "split_size: a number of rows must be >= 0", static_cast<long long>(count));
        }
    }

    [[nodiscard]] constexpr bool is_fraction() const noexcept { return is_fraction_; }
    [[nodiscard]] constexpr double fraction() const noexcept { return fraction_; }  ///< Of a fraction.
    [[nodiscard]] constexpr std::size_t count() const noexcept { return count_; }   ///< Of a number of rows.

private:
    double fraction_ = 0.0;
    std::size_t count_ = 0;
    bool is_fraction_;
};

struct train_test_split_options {
    std::optional<split_size> test_size = {};   ///< Unset: the rows that `train_size` leaves; 0.25 if that is unset too.
    std::optional<split_size> train_size = {};  ///< Unset: the rows that the test set leaves.
    bool shuffle = true;                        ///< false: the training set stands first, the test set follows, in order.
    std::uint32_t seed = 0;                     ///< Used with `shuffle` only.
};

namespace detail {

struct train_test_counts {
    std::size_t train;
    std::size_t test;
};

/// The rules of scikit-learn's _validate_shuffle_split: of a fraction the test set takes the ceiling, the training set the floor,
/// in double precision; together they may leave rows out but not use one twice.
[[nodiscard]] inline train_test_counts count_train_test(std::size_t rows, const train_test_split_options& options) {
    check(rows >= 2, "train_test_split: the number of rows must be >= 2", rows);
    const auto check_size = [rows](const std::optional<split_size>& size, const std::string& name) {
        if (!size) {
            return;
        }
        if (size->is_fraction()) {
            check(size->fraction() > 0.0 && size->fraction() < 1.0, "train_test_split: " + name + " as a fraction must be in (0, 1)",
                  size->fraction());
        } else {
            check(size->count() >= 1 && size->count() < rows,
                  "train_test_split: " + name + " as a number of rows must be from 1 to " + to_text(rows - 1), size->count());
        }
    };
    const std::optional<split_size> test = options.test_size || options.train_size ? options.test_size : split_size(0.25);
    const std::optional<split_size>& train = options.train_size;
    check_size(test, "test_size");
    check_size(train, "train_size");
    if (test && train && test->is_fraction() && train->is_fraction()) {
        const double sum = train->fraction() + test->fraction();
        check(sum <= 1.0, "train_test_split: test_size + train_size must be <= 1", sum);
    }

    const auto all = static_cast<double>(rows);
    train_test_counts out{};
    if (test) {
        out.test = test->is_fraction() ? static_cast<std::size_t>(std::ceil(test->fraction() * all)) : test->count();
    }
    if (train) {
        out.train = train->is_fraction() ? static_cast<std::size_t>(std::floor(train->fraction() * all)) : train->count();
    }
    if (!train) {
        out.train = rows - out.test;
    } else if (!test) {
        out.test = rows - out.train;
    }
    check(out.train + out.test <= rows, "train_test_split: test and training rows together must be <= " + to_text(rows),
          out.train + out.test);
    check(out.train >= 1, "train_test_split: the number of training rows must be >= 1", out.train);
    return out;
}

} // namespace detail

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
    const auto [train, test] = detail::count_train_test(rows, options);
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

} // namespace xrayon::ml

#endif // XRAYON_ML_TRAIN_TEST_SPLIT_HPP
