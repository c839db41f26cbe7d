// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_MATVEC_BATCH_HPP
#define XRAYON_ML_MODELS_MATVEC_BATCH_HPP

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xrayon/array/aliasing.hpp>
#include <xrayon/array/array_view.hpp>
#include <xrayon/array/batches.hpp>
#include <xrayon/array/blas.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/par/index.hpp>

// Beside the models, and not in array/: it shares its work between threads, which array/ cannot, and needs a BLAS, which among the headers
// of ml only those of ml/models may.

namespace xrayon::ml {

struct matvec_batch_options {
    std::optional<std::size_t> grain = {};  ///< Tiles of 256 vectors per claim, >= 1. Unset: found while running.
    run_options run = {};
};

namespace detail {

template <class X, std::size_t N>
constexpr auto matvec_element() {
    if constexpr (viewable_as<const X&, N>) {
        return std::type_identity<typename decltype(view_of<N>(std::declval<const X&>()))::value_type>{};
    } else {
        return std::type_identity<void>{};
    }
}
/// The element type of what has N axes; void of anything else.
template <class X, std::size_t N>
using matvec_element_t = typename decltype(matvec_element<std::remove_cvref_t<X>, N>())::type;

template <class Vectors>
constexpr auto vector_element() {
    if constexpr (indexed_range<Vectors>) {
        return std::type_identity<matvec_element_t<element_t<Vectors>, 1>>{};
    } else {
        return std::type_identity<matvec_element_t<Vectors, 2>>{};
    }
}

/// A matrix whose rows are vectors of T, or a range of such vectors.
template <class Vectors, class T>
concept vector_batch = std::same_as<typename decltype(vector_element<Vectors>())::type, T>;

/// Vectors that go through one multiplication: few enough that they and their results stay in the second-level cache.
inline constexpr std::size_t matvec_tile = 256;

/// Number and length of the vectors; every one must have as many elements as the matrix has columns.
template <class T, class Vectors>
[[nodiscard]] std::size_t checked_vectors(std::string_view op, const array_view<const T, 2>& matrix, const Vectors& vectors) {
    if constexpr (indexed_range<Vectors>) {
        const std::size_t n = element_count(vectors);
        for (std::size_t i = 0; i < n; ++i) {
            const auto& vector = element(vectors, i);
            const auto shape = view_of<1>(vector).shape();
            if (shape[0] != matrix.shape(1)) [[unlikely]] {
                check_shapes(false, op, "vector " + to_text(i), shape, "M", matrix.shape());
            }
        }
        return n;
    } else {
        const auto rows = view_of<2>(vectors);
        check_shapes(rows.shape(1) == matrix.shape(1), op, "V", rows.shape(), "M", matrix.shape());
        return rows.shape(0);
    }
}

template <class T, class Vectors>
void multiply_vectors(const array_view<const T, 2>& matrix, const Vectors& vectors, const array_view<T, 2>& out, const loop_options& loop) {
    const std::size_t n = out.shape(0);
    const auto tile = [&](std::size_t i) {
        const std::size_t begin = i * matvec_tile;
        const std::size_t end = std::min(n, begin + matvec_tile);
        if constexpr (indexed_range<Vectors>) {
            auto gathered = xt::xtensor<T, 2, xt::layout_type::row_major>::from_shape({end - begin, matrix.shape(1)});
            for (std::size_t j = begin; j < end; ++j) {
                const auto& vector = element(vectors, j);
                view_of(gathered)[j - begin].assign_from(view_of<1>(vector));
            }
            gemm(T(1), gathered, matrix.transposed(), T(0), out.slice(begin, end));
        } else {
            gemm(T(1), array_view<const T, 2>(view_of<2>(vectors)).slice(begin, end), matrix.transposed(), T(0), out.slice(begin, end));
        }
    };
    for_each_index(n / matvec_tile + (n % matvec_tile != 0), tile, loop);
}

} // namespace detail

/// A matrix for BLAS: anything of two axes that view_of takes, of float or double.
template <class Matrix>
concept blas_matrix = blas_scalar<detail::matvec_element_t<Matrix, 2>>;

/// @brief M v for many vectors v at once: one matrix multiplication, in tiles of 256 vectors, instead of many products that each read M.
///
/// @param matrix   m x k, float or double, any layout (xarray too).
/// @param vectors  n vectors of k elements of the same type: a matrix with one in each row, or an indexed_range of arrays of one axis
///                 (std::vector<xt::xtensor<double, 1>>, rows(X)). Only read.
/// @returns        An xt::xtensor, n x m: row i is M v_i.
/// @throws shape_error     `matvec_batch: vector 3 has shape (4,), M has (5, 6)`, before anything is computed.
/// @throws argument_error  if options.grain is 0, or an extent is beyond what BLAS counts.
///
/// Same at every thread count: every bit, because tiles depend on n alone. A vector's result may differ in its last bits from that of the
/// same vector at another place of another batch, as BLAS rounds by place.
/// **Cost.** 2 n m k operations; a range of vectors is copied, one tile at a time.
/// @see matvec_batch_into, gemm
template <blas_matrix Matrix, detail::vector_batch<detail::matvec_element_t<Matrix, 2>> Vectors>
[[nodiscard]] auto matvec_batch(const Matrix& matrix, const Vectors& vectors, const matvec_batch_options& options = {}) {
    using real = detail::matvec_element_t<Matrix, 2>;
    const array_view<const real, 2> m = view_of<2>(matrix);
    const std::size_t n = detail::checked_vectors("matvec_batch", m, vectors);
    auto out = xt::xtensor<real, 2, xt::layout_type::row_major>::from_shape({n, m.shape(0)});
    detail::multiply_vectors<real>(m, vectors, view_of(out), {.grain = options.grain, .run = options.run, .name = "matvec_batch"});
    return out;
}

/// @brief As matvec_batch, into an array that exists.
/// @param out  Mutable, n x m, of the same element type; shares no element with M or the vectors, and has no two indices of one element.
/// @throws shape_error  `matvec_batch_into: out has shape (3, 4), the result has (3, 5)`
template <blas_matrix Matrix, detail::vector_batch<detail::matvec_element_t<Matrix, 2>> Vectors, viewable_as<2> Out>
void matvec_batch_into(const Matrix& matrix, const Vectors& vectors, Out&& out, const matvec_batch_options& options = {}) {
    using real = detail::matvec_element_t<Matrix, 2>;
    const array_view<const real, 2> m = view_of<2>(matrix);
    const array_view<real, 2> to = view_of<2>(out);
    const std::size_t n = detail::checked_vectors("matvec_batch_into", m, vectors);
    check_same_shape("matvec_batch_into", "out", to.shape(), "the result", std::array{n, m.shape(0)});
    const auto slots = batches(to, std::size_t{1});
    check(elements_lie_apart(slots), "matvec_batch_into: every index of out must be an element of its own");
    bool apart = !shared_bytes(slots, batches(m, std::size_t{1}));
    if constexpr (indexed_range<Vectors>) {
        for (std::size_t i = 0; i < n && apart; ++i) {
            const auto& vector = element(vectors, i);
            apart = !shared_bytes(slots, view_of<1>(vector));
        }
    } else {
        apart = apart && !shared_bytes(slots, batches(view_of<2>(vectors), std::size_t{1}));
    }
    check(apart, "matvec_batch_into: out must not overlap M or the vectors");
    detail::multiply_vectors<real>(m, vectors, to, {.grain = options.grain, .run = options.run, .name = "matvec_batch_into"});
}

} // namespace xrayon::ml

#endif // XRAYON_ML_MODELS_MATVEC_BATCH_HPP
