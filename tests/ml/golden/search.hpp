// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_GOLDEN_SEARCH_HPP
#define XRAYON_TESTS_ML_GOLDEN_SEARCH_HPP

// Written by make_search.py with scikit-learn 1.2.1 and numpy 1.24.2. Do not edit.

#include <cstddef>

namespace golden {

/// GridSearchCV(RidgeClassifier(), {"alpha": ...}, cv=StratifiedKFold(5)) on breast cancer.
struct search_row {
    double alpha, mean, stddev;
    std::size_t rank;
};

inline constexpr search_row search_rows[] = {
    {9.999999999999999e-05, 0.9578326346840551, 0.006498769042725348, 2},
    {0.001, 0.9578326346840551, 0.006498769042725348, 2},
    {0.01, 0.9578481602235678, 0.011574287103357818, 1},
    {0.09999999999999999, 0.9561092997981678, 0.017497331246480098, 4},
    {1.0, 0.9543549138332557, 0.02026561702654365, 5},
    {10.0, 0.9490917559385188, 0.021723852841536613, 6},
    {100.0, 0.9420586865393572, 0.019618323850518385, 8},
    {1000.0, 0.943828598043782, 0.02513261177711421, 7},
    {10000.0, 0.9297624592454587, 0.0298033507102597, 9},
};

inline constexpr std::size_t search_best = 2;

} // namespace golden

#endif // XRAYON_TESTS_ML_GOLDEN_SEARCH_HPP
