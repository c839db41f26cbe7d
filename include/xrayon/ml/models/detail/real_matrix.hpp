// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_REAL_MATRIX_HPP
#define XRAYON_ML_MODELS_DETAIL_REAL_MATRIX_HPP

#include <concepts>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/ml/models/detail/training_rows.hpp>

namespace xrayon::ml::detail {

/// What a fitted model of Real reads: rows of its own number type.
template <class X, class Real>
concept real_matrix = numeric_matrix<X> && std::same_as<matrix_element_t<X>, Real>;

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_REAL_MATRIX_HPP
