// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_PACKED_GRAM_HPP
#define XRAYON_ARRAY_PACKED_GRAM_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/detail/packed_gemm_blocks.hpp>
#include <xrayon/array/packed_matrix.hpp>
#include <xrayon/core/instruction_set.hpp>
#include <xrayon/core/shape.hpp>

namespace xrayon {

/// @brief Y := X^T X, or Y += X^T X: symmetric, half of the work of a product.
///
/// @param x         m x d, what view_of takes, of any strides. Only read.
/// @param y         d x d, mutable; both halves are written. Shares no element with x. With `add_to_y` it is symmetric before.
/// @param memory    Overwritten with x packed: m x d. Kept by who calls often, so that nothing is allocated.
/// @param add_to_y  The sums begin with what y holds.
/// @throws shape_error     if y is not d x d
/// @throws argument_error  if y overlaps x, or two indices of y name one element
///
/// **The bits.** Those of packed_gemm(x^T, x): element (i, j) is a chain of fused multiply-adds over the rows of x in order. So they do not
/// depend on threads, strides, the compiler or the processor, and pieces of rows that are added one after the other give the bits of the
/// whole.
/// **Cost.** m d (d + 64) / 2 multiply-adds on the calling thread, and a copy of x.
template <class X, class Y, class Real>
    requires(detail::matrix_of<const X&, Real>&& detail::mutable_matrix_of<Y, Real>)
void packed_gram(const X& x, Y&& y, packed_matrix<Real>& memory, bool add_to_y = false) {
    const array_view<const Real, 2> rows = view_of<2>(x);
    const array_view<Real, 2> out = view_of<2>(std::forward<Y>(y));
    const std::size_t d = rows.shape(1);
    check_shapes(out.shape(0) == d && out.shape(1) == d, "packed_gram: Y must be square, of the columns of X", "X", rows.shape(), "Y",
                 out.shape());
    check(detail::elements_are_distinct(out), "packed_gram: every index of Y must be an element of its own");
    check(!detail::overlap(out, rows), "packed_gram: Y must not overlap X");
    memory.assign(rows);
    const auto& kernels = detail::kernels_for<Real>(best_instruction_set());
    constexpr std::size_t panel = 64;
    for (std::size_t first = 0; first < d; first += panel) {
        const std::size_t last = std::min(d, first + panel);
        const detail::gemm_task<Real> task{rows.template slice<1>(first, last).transposed(),
                                           memory.data() + first * memory.rows(),
                                           out.slice(first, last).template slice<1>(first, d),
                                           nullptr,
                                           add_to_y,
                                           false,
                                           Real(1)};
        if (!task.y.empty()) {
            detail::multiply_blocks<Real>(kernels, task);
        }
    }
    for (std::size_t i = panel; i < d; ++i) {
        const std::size_t known = i / panel * panel;
        for (std::size_t j = 0; j < known; ++j) {
            out(i, j) = out(j, i);
        }
    }
}

} // namespace xrayon

#endif // XRAYON_ARRAY_PACKED_GRAM_HPP
