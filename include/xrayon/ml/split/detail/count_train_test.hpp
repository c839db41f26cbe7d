// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_DETAIL_COUNT_TRAIN_TEST_HPP
#define XRAYON_ML_SPLIT_DETAIL_COUNT_TRAIN_TEST_HPP

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <xrayon/core/check.hpp>
#include <xrayon/ml/split/split_size.hpp>

namespace xrayon::ml::detail {

struct train_test_counts {
    std::size_t train;
    std::size_t test;
};

/// The rules of scikit-learn's _validate_shuffle_split: of a fraction the test set takes the ceiling, the training set the floor,
/// in double precision; together they may leave rows out but not use one twice. `what` is what is counted: "rows", "groups".
[[nodiscard]] inline train_test_counts count_train_test(std::string_view op, std::string_view what, std::size_t rows,
                                                        const std::optional<split_size>& test_size,
                                                        const std::optional<split_size>& train_size, double default_test_size) {
    const std::string name(op);
    const std::string items(what);
    check(rows >= 2, name + ": the number of " + items + " must be >= 2", rows);
    const auto check_size = [&](const std::optional<split_size>& size, const std::string& member) {
        if (!size) {
            return;
        }
        if (size->is_fraction()) {
            check(size->fraction() > 0.0 && size->fraction() < 1.0, name + ": " + member + " as a fraction must be in (0, 1)",
                  size->fraction());
        } else {
            check(size->count() >= 1 && size->count() < rows,
                  name + ": " + member + " as a number of " + items + " must be from 1 to " + to_text(rows - 1), size->count());
        }
    };
    const std::optional<split_size> test = test_size || train_size ? test_size : split_size(default_test_size);
    const std::optional<split_size>& train = train_size;
    check_size(test, "test_size");
    check_size(train, "train_size");
    if (test && train && test->is_fraction() && train->is_fraction()) {
        const double sum = train->fraction() + test->fraction();
        check(sum <= 1.0, name + ": test_size + train_size must be <= 1", sum);
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
    check(out.train + out.test <= rows, name + ": test and training " + items + " together must be <= " + to_text(rows),
          out.train + out.test);
    check(out.train >= 1, name + ": the number of training " + items + " must be >= 1", out.train);
    return out;
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_SPLIT_DETAIL_COUNT_TRAIN_TEST_HPP
