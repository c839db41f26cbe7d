// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_FOLD_HPP
#define XRAYON_ML_SPLIT_FOLD_HPP

#include <cstddef>
#include <vector>

#include <xrayon/core/config.hpp>

namespace xrayon::ml {

/// One way to cut the rows of a data set in two: indices to learn from, and indices to be judged by. A splitter's `split(rows)`
/// gives an indexed_range of folds; those of the library compute each fold when it is asked for, the same one each time, so that k
/// folds of n rows never stand in memory together. A std::vector<fold> is such a range too.
struct fold {
    std::vector<std::size_t> train;
    std::vector<std::size_t> test;

    friend bool operator==(const fold&, const fold&) = default;
};

} // namespace xrayon::ml

#endif // XRAYON_ML_SPLIT_FOLD_HPP
