// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_NAN_POLICY_HPP
#define XRAYON_ML_PREPROCESS_NAN_POLICY_HPP

#include <xrayon/core/config.hpp>

namespace xrayon::ml {

/// What a scaler makes of NaN cells. Integers have none.
enum class nan_policy {
    propagate,  ///< A column with a NaN has NaN statistics, and comes out as NaN all through.
    raise,      ///< argument_error that names the first one, in row order: "column 3 row 7 is NaN". Also when transforming.
    omit,       ///< Statistics are those of the other cells (scikit-learn's way); the cell itself stays NaN.
};

} // namespace xrayon::ml

#endif // XRAYON_ML_PREPROCESS_NAN_POLICY_HPP
