// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_BLAS_HPP
#define XRAYON_ARRAY_BLAS_HPP

// The only door to BLAS. xtensor-blas brings its own copy of <cblas.h>, whose enumerations clash with the original in one
// translation unit; where it is installed we take its copy, so that both can be used together.
#if __has_include(<xflens/cxxblas/drivers/cblas.h>) && !defined(CBLAS_H)
#include <xflens/cxxblas/drivers/cblas.h>
#else
#include <cblas.h>
#endif

#include <concepts>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <utility>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/detail/blas_operand.hpp>
#include <xrayon/array/detail/overlap.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/shape.hpp>

namespace xrayon {

/// The element types that gemm and gemv know.
template <class T>
concept blas_scalar = std::same_as<T, float> || std::same_as<T, double>;

namespace detail {

inline void cblas_gemm(CBLAS_ORDER order, CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, double alpha, const double* a,
                       int lda, const double* b, int ldb, double beta, double* c, int ldc) {
    cblas_dgemm(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
inline void cblas_gemm(CBLAS_ORDER order, CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha, const float* a,
                       int lda, const float* b, int ldb, float beta, float* c, int ldc) {
    cblas_sgemm(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
inline void cblas_gemv(CBLAS_ORDER order, int m, int n, double alpha, const double* a, int lda, const double* x, int incx, double beta,
                       double* y, int incy) {
    cblas_dgemv(order, CblasNoTrans, m, n, alpha, a, lda, x, incx, beta, y, incy);
}
inline void cblas_gemv(CBLAS_ORDER order, int m, int n, float alpha, const float* a, int lda, const float* x, int incx, float beta,
                       float* y, int incy) {
    cblas_sgemv(order, CblasNoTrans, m, n, alpha, a, lda, x, incx, beta, y, incy);
}

template <class T, std::size_t N>
[[nodiscard]] array_view<T, 2> as_matrix(const array_view<T, N>& view) {
    if constexpr (N == 2) {
        return view;
    } else {
        return {view.data(), {view.shape(0), 1}, {view.stride(0), 0}};
    }
}

/// The packaged BLAS counts in int.
template <std::size_t N, class T>
void check_blas_extents(const char* op, const char* name, const array_view<T, N>& view) {
    for (const std::size_t extent : view.shape()) {
        if (extent > blas_limit) [[unlikely]] {
            check(false, std::string(op) + ": every extent of " + name + " must be <= " + to_text(blas_limit), shape_text(view.shape()));
        }
    }
}

template <class T, std::size_t N, class... Input>
void check_blas_output(const char* op, const char* name, const array_view<T, N>& out, const char* in_names, const Input&... in) {
    if (!elements_are_distinct(as_matrix(out))) [[unlikely]] {
        check(false, std::string(op) + ": every index of " + name + " must be an element of its own, got strides "
                         + strides_text(out.strides()));
    }
    if ((overlap(as_matrix(out), as_matrix(in)) || ...)) [[unlikely]] {
        check(false, std::string(op) + ": " + name + " must not overlap " + in_names);
    }
}

/// c := beta c, where 0 overwrites.
template <class T, std::size_t N>
void scale(T beta, const array_view<T, N>& c) {
    if (beta == T(0)) {
        c.fill(T(0));
    } else if (beta != T(1)) {
        for (std::size_t i = 0; i < c.shape(0); ++i) {
            if constexpr (N == 1) {
                c[i] *= beta;
            } else {
                scale(beta, c[i]);
            }
        }
    }
}

template <class T>
void gemm_views(T alpha, const array_view<const T, 2>& a, const array_view<const T, 2>& b, T beta, const array_view<T, 2>& c) {
    check_shapes(a.shape(1) == b.shape(0), "gemm: the columns of A must match the rows of B", "A", a.shape(), "B", b.shape());
    check_shapes(a.shape(0) == c.shape(0), "gemm: the rows of A must match the rows of C", "A", a.shape(), "C", c.shape());
    check_shapes(b.shape(1) == c.shape(1), "gemm: the columns of B must match the columns of C", "B", b.shape(), "C", c.shape());
    check_blas_extents("gemm", "A", a);
    check_blas_extents("gemm", "B", b);
    check_blas_output("gemm", "C", c, "A or B", a, b);
    if (c.empty()) {
        return;
    }
    if (a.shape(1) == 0 || alpha == T(0)) {
        scale(beta, c);
        return;
    }
    const blas_operand<const T> left(a);
    const blas_operand<const T> right(b);
    blas_operand<T> out(c, beta != T(0));
    // The order is C's; an operand in the other order is its own transpose.
    const auto flag = [&](bool column_major) { return column_major == out.column_major ? CblasNoTrans : CblasTrans; };
    cblas_gemm(out.column_major ? CblasColMajor : CblasRowMajor, flag(left.column_major), flag(right.column_major),
               static_cast<int>(c.shape(0)), static_cast<int>(c.shape(1)), static_cast<int>(a.shape(1)), alpha, left.data, left.stride,
               right.data, right.stride, beta, out.data, out.stride);
    out.copy_back(c);
}

template <class T>
void gemv_views(T alpha, const array_view<const T, 2>& a, const array_view<const T, 1>& x, T beta, const array_view<T, 1>& y) {
    check_shapes(a.shape(1) == x.shape(0), "gemv: the columns of A must match the elements of x", "A", a.shape(), "x", x.shape());
    check_shapes(a.shape(0) == y.shape(0), "gemv: the rows of A must match the elements of y", "A", a.shape(), "y", y.shape());
    check_blas_extents("gemv", "A", a);
    check_blas_output("gemv", "y", y, "A or x", a, x);
    if (y.empty()) {
        return;
    }
    if (x.empty() || alpha == T(0)) {
        scale(beta, y);
        return;
    }
    const blas_operand<const T> matrix(a);
    const blas_vector<const T> in(x);
    blas_vector<T> out(y, beta != T(0));
    if (beta == T(0)) {
        // BLAS says that y need not be set then. OpenBLAS kernels have multiplied it by 0 all the same, which keeps a NaN
        // (OpenMathLib/OpenBLAS issue 929, pull request 2534).
        array_view<T, 1>(out.data, {y.shape(0)}, {std::abs(static_cast<std::ptrdiff_t>(out.stride))}).fill(T(0));
    }
    cblas_gemv(matrix.column_major ? CblasColMajor : CblasRowMajor, static_cast<int>(a.shape(0)), static_cast<int>(a.shape(1)), alpha,
               matrix.data, matrix.stride, in.data, in.stride, beta, out.data, out.stride);
    out.copy_back(y);
}

/// The element type of what is viewed with rank N.
template <class X, std::size_t N>
using viewed_t = typename decltype(view_of<N>(std::declval<X>()))::element_type;

template <class X, class T, std::size_t N>
concept blas_input = viewable_as<X, N> && std::same_as<std::remove_const_t<viewed_t<X, N>>, T>;

template <class X, std::size_t N>
concept blas_output = viewable_as<X, N> && blas_scalar<viewed_t<X, N>>;

} // namespace detail

/// @brief C := alpha A B + beta C, by BLAS.
///
/// @param alpha, beta  Scalars of the elements' type. With beta == 0, C is overwritten, whatever it held (also NaN); with alpha == 0 or
///                     no columns in A, neither A nor B is read.
/// @param a            m x k, an array_view or an xtensor container, adaptor or view (see view_of; xarray too). Only read.
/// @param b            k x n, likewise.
/// @param c            m x n, mutable, float or double as A and B. Shares no element with A or B.
/// @throws shape_error     `gemm: ...: A has shape (3, 4), B has (5, 6)`, naming the extents that must agree.
/// @throws argument_error  if C overlaps A or B, if two indices of C name one element, or if an extent is beyond the int of
///                         the packaged BLAS. Nothing was written then. Views that interleave within a row with steps of their
///                         own (every second and every third column) count as overlapping.
///
/// **Layouts.** Any. An operand with one axis of stride 1 and the other stepping over it (rows, columns, transposes, row and column
/// ranges, stepped rows) goes to BLAS as it is; any other (stepped columns, reversed) is copied to contiguous memory, a C back.
///
/// **Reproducible.** BLAS promises bits for one problem: the same shapes, layouts, library, processor and number of BLAS
/// threads. OpenBLAS picks its kernel by shape and treats the last rows of a block apart, so a row's result may depend on how
/// many rows are in the batch and where it stands among them. Parallel calls of this library hold BLAS at one thread.
///
/// **Cost.** 2 m n k operations on the calling thread, and the copies above.
template <class A, class B, detail::blas_output<2> C, class T = detail::viewed_t<C, 2>>
    requires detail::blas_input<const A&, T, 2> && detail::blas_input<const B&, T, 2>
void gemm(std::type_identity_t<T> alpha, const A& a, const B& b, std::type_identity_t<T> beta, C&& c) {
    detail::gemm_views<T>(alpha, view_of<2>(a), view_of<2>(b), beta, view_of<2>(std::forward<C>(c)));
}

/// @brief y := alpha A x + beta y, by BLAS. As gemm in all: A is m x n, x has n elements, y m.
///
/// x and y may have any stride: also a row or a column of a matrix. @see gemm
template <class A, class X, detail::blas_output<1> Y, class T = detail::viewed_t<Y, 1>>
    requires detail::blas_input<const A&, T, 2> && detail::blas_input<const X&, T, 1>
void gemv(std::type_identity_t<T> alpha, const A& a, const X& x, std::type_identity_t<T> beta, Y&& y) {
    detail::gemv_views<T>(alpha, view_of<2>(a), view_of<1>(x), beta, view_of<1>(std::forward<Y>(y)));
}

} // namespace xrayon

#endif // XRAYON_ARRAY_BLAS_HPP
