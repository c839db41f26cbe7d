// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_LAPACK_HPP
#define XRAYON_ARRAY_LAPACK_HPP

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/shape.hpp>

namespace xrayon {

namespace detail {

// Under names of our own, so that they do not meet the declarations of whichever LAPACK header a program includes.
extern "C" {
void xrayon_dpotrf(const char*, const int*, double*, const int*, int*) __asm__("dpotrf_");
void xrayon_spotrf(const char*, const int*, float*, const int*, int*) __asm__("spotrf_");
void xrayon_dpotrs(const char*, const int*, const int*, const double*, const int*, double*, const int*, int*) __asm__("dpotrs_");
void xrayon_spotrs(const char*, const int*, const int*, const float*, const int*, float*, const int*, int*) __asm__("spotrs_");
void xrayon_dpocon(const char*, const int*, const double*, const int*, const double*, double*, double*, int*, int*) __asm__("dpocon_");
void xrayon_spocon(const char*, const int*, const float*, const int*, const float*, float*, float*, int*, int*) __asm__("spocon_");
void xrayon_dsyevd(const char*, const char*, const int*, double*, const int*, double*, double*, const int*, int*, const int*,
                   int*) __asm__("dsyevd_");
void xrayon_ssyevd(const char*, const char*, const int*, float*, const int*, float*, float*, const int*, int*, const int*,
                   int*) __asm__("ssyevd_");
void xrayon_dgelsd(const int*, const int*, const int*, double*, const int*, double*, const int*, double*, const double*, int*, double*,
                   const int*, int*, int*) __asm__("dgelsd_");
void xrayon_sgelsd(const int*, const int*, const int*, float*, const int*, float*, const int*, float*, const float*, int*, float*,
                   const int*, int*, int*) __asm__("sgelsd_");
}

/// The routines for one element type.
template <class Real>
struct lapack;
template <>
struct lapack<double> {
    static constexpr auto potrf = xrayon_dpotrf;
    static constexpr auto potrs = xrayon_dpotrs;
    static constexpr auto pocon = xrayon_dpocon;
    static constexpr auto syevd = xrayon_dsyevd;
    static constexpr auto gelsd = xrayon_dgelsd;
};
template <>
struct lapack<float> {
    static constexpr auto potrf = xrayon_spotrf;
    static constexpr auto potrs = xrayon_spotrs;
    static constexpr auto pocon = xrayon_spocon;
    static constexpr auto syevd = xrayon_ssyevd;
    static constexpr auto gelsd = xrayon_sgelsd;
};

/// The packaged LAPACK counts in int.
[[nodiscard]] inline int lapack_count(const char* op, std::size_t count) {
    constexpr std::size_t most = std::numeric_limits<int>::max();
    check(count <= most, std::string(op) + ": every extent must be <= " + to_text(most), count);
    return static_cast<int>(count);
}

template <class T>
void check_square(const char* op, const array_view<T, 2>& a) {
    check_shapes(a.shape(0) == a.shape(1), op, "A", a.shape(), "its transpose", a.transposed().shape());
    check(a.is_contiguous(), std::string(op) + ": A must be contiguous");
}

} // namespace detail

// Factorisations by LAPACK, in place, on the calling thread; link LAPACK (OpenBLAS has it) where you use them. Bits depend on the library
// and the processor, and with OpenBLAS on its number of threads: hold a blas_guard, as every parallel call does. Element types: float and
// double.

/// @brief Cholesky's factor of a symmetric positive definite matrix, and solutions with it.
template <std::floating_point Real>
class cholesky {
public:
    /// Factors A (d x d, contiguous, symmetric; overwritten), which must outlive this object.
    /// @throws shape_error, argument_error  if A is not square or not contiguous
    explicit cholesky(const array_view<Real, 2>& a) : a_(a), n_(detail::lapack_count("cholesky", a.shape(0))) {
        detail::check_square("cholesky", a);
        for (std::size_t i = 0; i < a.shape(0); ++i) {
            Real column = 0;
            for (std::size_t j = 0; j < a.shape(1); ++j) {
                column += std::abs(a(i, j));
            }
            norm_ = column > norm_ || column != column ? column : norm_;
        }
        int info = 0;
        if (n_ > 0) {
            detail::lapack<Real>::potrf("U", &n_, a_.data(), &n_, &info);
        }
        positive_ = info == 0;
        for (std::size_t i = 0; i < a.shape(0); ++i) {
            positive_ = positive_ && std::isfinite(a(i, i));  // OpenBLAS factors NaN without a word
        }
    }

    /// False where A is not positive definite, as far as rounding can tell: then there is nothing to solve with.
    [[nodiscard]] bool positive_definite() const noexcept { return positive_; }

    /// An estimate of 1 / (|A| |A^-1|) in the 1-norm; 0 where A is not positive definite.
    [[nodiscard]] Real reciprocal_condition() const {
        if (!positive_ || n_ == 0) {
            return positive_ ? Real(1) : Real(0);
        }
        std::vector<Real> work(3 * a_.shape(0));
        std::vector<int> counts(a_.shape(0));
        Real out = 0;
        int info = 0;
        detail::lapack<Real>::pocon("U", &n_, a_.data(), &n_, &norm_, &out, work.data(), counts.data(), &info);
        return out;
    }

    /// b := A^-1 b for each *row* of b (m x d, contiguous).
    void solve_rows(const array_view<Real, 2>& b) const {
        check(positive_, "cholesky.solve_rows: A must be positive definite");
        check_shapes(b.shape(1) == a_.shape(0), "cholesky.solve_rows", "b", b.shape(), "A", a_.shape());
        check(b.is_contiguous(), "cholesky.solve_rows: b must be contiguous");
        const int m = detail::lapack_count("cholesky.solve_rows", b.shape(0));
        int info = 0;
        if (!b.empty()) {
            detail::lapack<Real>::potrs("U", &n_, &m, a_.data(), &n_, b.data(), &n_, &info);
        }
    }

private:
    array_view<Real, 2> a_;
    int n_;
    Real norm_ = 0;
    bool positive_ = false;
};

/// @brief Eigenvalues, ascending, and eigenvectors of a symmetric matrix.
/// @param a  d x d, contiguous, symmetric. Overwritten: *row* i becomes the unit eigenvector of value i. Its sign is LAPACK's choice.
/// @throws shape_error, argument_error  if a is not square or not contiguous, or holds NaN or infinities
/// @throws std::runtime_error  if the iteration does not end, which has not been seen
/// **Cost.** O(d^3); memory 2 d^2.
template <std::floating_point Real>
[[nodiscard]] std::vector<Real> symmetric_eigen(const array_view<Real, 2>& a) {
    detail::check_square("symmetric_eigen", a);
    for (const Real value : a.span()) {
        check(std::isfinite(value), "symmetric_eigen: A must be finite", value);
    }
    const int n = detail::lapack_count("symmetric_eigen", a.shape(0));
    std::vector<Real> values(a.shape(0));
    if (n == 0) {
        return values;
    }
    Real size = 0;
    int count = 0;
    int info = 0;
    const int ask = -1;
    detail::lapack<Real>::syevd("V", "U", &n, a.data(), &n, values.data(), &size, &ask, &count, &ask, &info);
    std::vector<Real> work(static_cast<std::size_t>(size));
    std::vector<int> counts(static_cast<std::size_t>(count));
    const int work_size = static_cast<int>(size);
    detail::lapack<Real>::syevd("V", "U", &n, a.data(), &n, values.data(), work.data(), &work_size, counts.data(), &count, &info);
    if (info != 0) {
        throw std::runtime_error("symmetric_eigen: the iteration did not converge");
    }
    return values;
}

/// What least_squares has found.
template <std::floating_point Real>
struct least_squares_solution {
    std::vector<Real> x;         ///< d x t, row-major.
    std::size_t rank = 0;        ///< Singular values above the threshold.
    std::vector<Real> singular;  ///< Of A, descending.
};

/// @brief The shortest x among those with the least |A x - b|, by the singular values of A.
/// @param a                 m x d, any strides; only read.
/// @param b                 m x t, any strides; only read.
/// @param smallest_singular Singular values below this share of the greatest count as 0.
/// @throws shape_error     if a and b differ in rows; argument_error for NaN and infinities
/// @throws std::runtime_error  if the iteration does not end, which has not been seen
/// **Cost.** O(m d^2); memory of A and b once more.
template <std::floating_point Real>
[[nodiscard]] least_squares_solution<Real> least_squares(const array_view<const Real, 2>& a, const array_view<const Real, 2>& b,
                                                         Real smallest_singular = std::numeric_limits<Real>::epsilon()) {
    check_shapes(a.shape(0) == b.shape(0), "least_squares", "A", a.shape(), "b", b.shape());
    const std::size_t m = a.shape(0);
    const std::size_t d = a.shape(1);
    const std::size_t t = b.shape(1);
    least_squares_solution<Real> out;
    out.x.assign(d * t, Real(0));
    if (m == 0 || d == 0 || t == 0) {
        return out;
    }
    const std::size_t tall = m > d ? m : d;
    std::vector<Real> columns(m * d);
    std::vector<Real> right(tall * t);
    const auto copy = [&](const array_view<const Real, 2>& from, Real* to, std::size_t step) {
        for (std::size_t i = 0; i < m; ++i) {
            for (std::size_t j = 0; j < from.shape(1); ++j) {
                check(std::isfinite(from(i, j)), "least_squares: A and b must be finite", from(i, j));
                to[j * step + i] = from(i, j);
            }
        }
    };
    copy(a, columns.data(), m);
    copy(b, right.data(), tall);
    const int rows = detail::lapack_count("least_squares", m);
    const int count = detail::lapack_count("least_squares", d);
    const int sides = detail::lapack_count("least_squares", t);
    const int step = detail::lapack_count("least_squares", tall);
    out.singular.assign(m < d ? m : d, Real(0));
    int rank = 0;
    int info = 0;
    Real size = 0;
    int counts_size = 0;
    const int ask = -1;
    detail::lapack<Real>::gelsd(&rows, &count, &sides, columns.data(), &rows, right.data(), &step, out.singular.data(), &smallest_singular,
                                &rank, &size, &ask, &counts_size, &info);
    std::vector<Real> work(static_cast<std::size_t>(size));
    std::vector<int> counts(static_cast<std::size_t>(counts_size));
    const int work_size = static_cast<int>(size);
    detail::lapack<Real>::gelsd(&rows, &count, &sides, columns.data(), &rows, right.data(), &step, out.singular.data(), &smallest_singular,
                                &rank, work.data(), &work_size, counts.data(), &info);
    if (info != 0) {
        throw std::runtime_error("least_squares: the iteration did not converge");
    }
    for (std::size_t i = 0; i < d; ++i) {
        for (std::size_t j = 0; j < t; ++j) {
            out.x[i * t + j] = right[j * tall + i];
        }
    }
    out.rank = static_cast<std::size_t>(rank);
    return out;
}

} // namespace xrayon

#endif // XRAYON_ARRAY_LAPACK_HPP
