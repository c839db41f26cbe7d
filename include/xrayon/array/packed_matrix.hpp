// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_PACKED_MATRIX_HPP
#define XRAYON_ARRAY_PACKED_MATRIX_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/detail/overlap.hpp>
#include <xrayon/array/detail/packed_gemm_blocks.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/instruction_set.hpp>
#include <xrayon/core/shape.hpp>

namespace xrayon {

namespace detail {

/// What is viewed with two axes as elements of type Real.
template <class X, class Real>
concept matrix_of = viewable_as<X, 2> && requires(X&& x) {
    requires std::same_as<typename decltype(view_of<2>(std::forward<X>(x)))::value_type, Real>;
};
template <class X, class Real>
concept mutable_matrix_of = viewable_as<X, 2> && requires(X&& x) {
    requires std::same_as<typename decltype(view_of<2>(std::forward<X>(x)))::element_type, Real>;
};

} // namespace detail

/// @brief A k x n matrix W in the order in which packed_gemm reads it: packed once, multiplied often.
///
/// It owns its values, padded with zeros to whole cache lines along a row, and none of what it was made from. A value like any other:
/// copied with its contents; one that was moved from is 0 x 0. Many threads may multiply by one at the same time.
///
/// **Cost.** k n copies; memory k x (n rounded up to a multiple of 8 doubles or 16 floats).
template <std::floating_point Real>
    requires(std::same_as<Real, float> || std::same_as<Real, double>)
class packed_matrix {
public:
    /// 0 x 0.
    packed_matrix() = default;
    /// @param w  k x n, any strides; only read.
    explicit packed_matrix(const array_view<const Real, 2>& w) { assign(w); }
    /// @param w  What view_of takes: an array_view, an xtensor container, adaptor or view.
    template <class W>
        requires(!std::same_as<W, packed_matrix> && detail::matrix_of<const W&, Real>)
    explicit packed_matrix(const W& w) : packed_matrix(array_view<const Real, 2>(view_of<2>(w))) {}

    packed_matrix(const packed_matrix&) = default;
    packed_matrix& operator=(const packed_matrix&) = default;
    packed_matrix(packed_matrix&& other) noexcept
        : lines_(std::move(other.lines_)), rows_(std::exchange(other.rows_, 0)), columns_(std::exchange(other.columns_, 0)) {}
    packed_matrix& operator=(packed_matrix&& other) noexcept {
        if (this != &other) {
            lines_ = std::move(other.lines_);
            rows_ = std::exchange(other.rows_, 0);
            columns_ = std::exchange(other.columns_, 0);
        }
        return *this;
    }
    ~packed_matrix() = default;

    /// Packs another matrix, of any shape; into the memory that is there, where it is enough.
    /// @throws argument_error  if w has more elements than memory can have; std::bad_alloc. It is as it was then.
    void assign(const array_view<const Real, 2>& w);

    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
    [[nodiscard]] std::size_t columns() const noexcept { return columns_; }

    /// Element (i, j) of W, i < rows() and j < columns().
    [[nodiscard]] Real operator()(std::size_t i, std::size_t j) const noexcept {
        return data()[(j / width() * rows_ + i) * width() + j % width()];
    }
    /// Strips of width() columns, each strip row by row: element (i, j) is data()[(j / width() * rows() + i) * width() + j % width()].
    [[nodiscard]] const Real* data() const noexcept { return reinterpret_cast<const Real*>(lines_.data()); }
    [[nodiscard]] static constexpr std::size_t width() noexcept { return detail::strip_columns<Real>; }

private:
    struct alignas(64) line {
        Real values[detail::strip_columns<Real>] = {};
    };

    std::vector<line> lines_;
    std::size_t rows_ = 0;
    std::size_t columns_ = 0;
};

template <class W>
    requires(detail::matrix_of<const W&, double>)
packed_matrix(const W&) -> packed_matrix<double>;
template <class W>
    requires(detail::matrix_of<const W&, float>)
packed_matrix(const W&) -> packed_matrix<float>;

/// What packed_gemm does beside multiplying.
template <std::floating_point Real>
struct packed_gemm_options {
    const Real* bias = nullptr;  ///< n values: where the sum of column j begins. Null: 0.
    bool relu = false;           ///< What would be below 0 becomes 0. -0.0 and NaN stay.
    Real scale = 1;              ///< Multiplies the finished sum (with its bias), before relu.
    bool add_to_y = false;       ///< The sums begin with what y holds. Not with a bias.
};

namespace detail {

template <class Real>
void check_packed_gemm(const array_view<const Real, 2>& x, const packed_matrix<Real>& w, const array_view<Real, 2>& y,
                       const packed_gemm_options<Real>& options) {
    const std::size_t w_shape[] = {w.rows(), w.columns()};
    check_shapes(x.shape(1) == w.rows(), "packed_gemm: the columns of X must match the rows of W", "X", x.shape(), "W", w_shape);
    check_shapes(x.shape(0) == y.shape(0), "packed_gemm: the rows of X must match the rows of Y", "X", x.shape(), "Y", y.shape());
    check_shapes(w.columns() == y.shape(1), "packed_gemm: the columns of W must match the columns of Y", "W", w_shape, "Y", y.shape());
    check(options.bias == nullptr || !options.add_to_y, "packed_gemm: options.bias and options.add_to_y must not be used together");
    if (!elements_are_distinct(y)) [[unlikely]] {
        check(false, "packed_gemm: every index of Y must be an element of its own, got strides " + strides_text(y.strides()));
    }
    check(!overlap(y, x), "packed_gemm: Y must not overlap X");
    if (options.bias != nullptr) {
        check(!overlap(y, array_view<const Real, 2>(options.bias, {1, w.columns()})), "packed_gemm: Y must not overlap options.bias");
    }
}

/// packed_gemm with the kernels for `set`, which this machine must run.
template <class Real>
void packed_gemm_with(xrayon::instruction_set set, const array_view<const Real, 2>& x, const packed_matrix<Real>& w,
                      const array_view<Real, 2>& y, const packed_gemm_options<Real>& options) {
    check_packed_gemm(x, w, y, options);
    if (!y.empty()) {
        multiply_blocks<Real>(kernels_for<Real>(set), {x, w.data(), y, options.bias, options.add_to_y, options.relu, options.scale});
    }
}

} // namespace detail

/// @brief Y := X W, or relu(scale (bias + X W)): a row of Y is the same bits whichever rows stand beside it.
///
/// @param x        m x k, what view_of takes, of any strides; quickest where rows or columns lie along memory, so a transpose is
///                 quick too (X^T D of a gradient, with D packed). Only read.
/// @param w        k x n.
/// @param y        m x n, mutable, any strides; quickest where rows lie along memory. Overwritten. Shares no element with x or the bias.
/// @param options  Bias, scale, ReLU.
/// @throws shape_error     `packed_gemm: ...: X has shape (3, 4), W has (5, 6)`.
/// @throws argument_error  if y overlaps x or the bias, or two indices of y name one element. Nothing was written then.
///
/// **The bits.** `y[i][j] = fma(x[i][k-1], w[k-1][j], ... fma(x[i][1], w[1][j], fma(x[i][0], w[0][j], b)))` in ascending k, where b is
/// bias[j], or +0.0 without one, or what y[i][j] held with `add_to_y`; every fma rounds once. Then `* scale` unless it is 1; then,
/// with `relu`, 0 if that is below 0. So the bits are a function of row i, W and the bias: not of the number of rows, of i, of the
/// other rows, of threads, of how rows are cut into calls, of strides, of the compiler, of the processor and its vectors. Where several
/// NaNs meet, or infinities cancel, the result is a NaN; which NaN is not said.
///
/// **Threads.** It runs on the calling thread. To share a product, cut the rows; 64 to 256 in a piece are enough, and the bits are those
/// of one call:
/// @code
/// auto pieces = xrayon::row_blocks(x.shape(0), 128);
/// xrayon::for_each_index(pieces.size(), [&](std::size_t i) {
///     const auto [begin, end] = pieces[i];
///     xrayon::packed_gemm(x.slice(begin, end), w, y.slice(begin, end), {.bias = bias, .relu = true});
/// });
/// @endcode
/// Where there are few rows and many columns, keep W as several packed matrices of some columns each. A sum over rows (X^T D) may be
/// cut too, in order: `add_to_y` goes on with the chains, and the bits are those of one product.
///
/// **Cost.** m k n multiply-adds, on AVX-512 or AVX2 where the machine has them, whatever the compiler was told: about the speed of
/// OpenBLAS (docs/design/packed_gemm.md). Elsewhere std::fma, which may be a call for each. No allocation; 27 KiB of stack.
template <class X, class Real, class Y>
    requires(detail::matrix_of<const X&, Real> && detail::mutable_matrix_of<Y, Real>)
void packed_gemm(const X& x, const packed_matrix<Real>& w, Y&& y, const packed_gemm_options<std::type_identity_t<Real>>& options = {}) {
    detail::packed_gemm_with<Real>(xrayon::best_instruction_set(), view_of<2>(x), w, view_of<2>(std::forward<Y>(y)), options);
}

template <std::floating_point Real>
    requires(std::same_as<Real, float> || std::same_as<Real, double>)
void packed_matrix<Real>::assign(const array_view<const Real, 2>& w) {
    const std::size_t k = w.shape(0);
    const std::size_t n = w.shape(1);
    const std::size_t strips = n / width() + (n % width() != 0);
    if (k != 0 && strips > std::numeric_limits<std::size_t>::max() / 2 / sizeof(line) / k) [[unlikely]] {
        check(false, "packed_matrix: W must have no more elements than memory", shape_text(w.shape()));
    }
    lines_.resize(strips * k);
    rows_ = k;
    columns_ = n;
    if (w.empty()) {
        return;
    }
    // Some rows at a time: whole columns of strips would touch a page for every row.
    constexpr std::size_t rows_at_once = 64;
    const std::ptrdiff_t down = w.stride(0);
    const std::ptrdiff_t across = w.stride(1);
    for (std::size_t first = 0; first < k; first += rows_at_once) {
        const auto rows = static_cast<std::ptrdiff_t>(std::min(rows_at_once, k - first));
        for (std::size_t s = 0; s < strips; ++s) {
            const std::size_t columns = std::min(width(), n - s * width());
            const Real* const in = w.data() + static_cast<std::ptrdiff_t>(first) * down + static_cast<std::ptrdiff_t>(s * width()) * across;
            line* const out = lines_.data() + s * k + first;
            if (across == 1 && columns == width()) {
                for (std::ptrdiff_t i = 0; i < rows; ++i) {
                    std::copy_n(in + i * down, width(), out[i].values);
                }
                continue;
            }
            for (std::size_t j = 0; j < columns; ++j) {  // the columns of a transpose lie along memory
                const Real* const column = in + static_cast<std::ptrdiff_t>(j) * across;
                for (std::ptrdiff_t i = 0; i < rows; ++i) {
                    out[i].values[j] = column[i * down];
                }
            }
            for (std::ptrdiff_t i = 0; i < rows; ++i) {
                std::fill(out[i].values + columns, out[i].values + width(), Real(0));
            }
        }
    }
}

} // namespace xrayon

#endif // XRAYON_ARRAY_PACKED_MATRIX_HPP
