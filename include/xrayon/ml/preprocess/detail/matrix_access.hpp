// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_DETAIL_MATRIX_ACCESS_HPP
#define XRAYON_ML_PREPROCESS_DETAIL_MATRIX_ACCESS_HPP

#include <concepts>
#include <cstddef>
#include <cstdlib>
#include <type_traits>

#include <xrayon/array/array_view.hpp>

// Matrices without their element type. The work on columns is written once, for doubles: rows of doubles or floats without gaps are read
// where they lie, and everything else (integers, columns, steps, reversed axes) goes through a small tile of doubles in the first-level cache.
// So all layouts are computed by the same code in the same order, and give the same bits.

namespace xrayon::ml::detail {

enum class element_kind {
    f64,
    f32,
    other_float,  ///< long double.
    integer,
};

template <class T>
[[nodiscard]] constexpr element_kind kind_of() noexcept {
    if constexpr (std::is_same_v<T, double>) {
        return element_kind::f64;
    } else if constexpr (std::is_same_v<T, float>) {
        return element_kind::f32;
    } else {
        return std::is_integral_v<T> ? element_kind::integer : element_kind::other_float;
    }
}

/// What a scaler reads.
template <class X>
concept scalable_element = std::is_arithmetic_v<X>;

/// Of tiles, in elements: 16 KiB of doubles.
inline constexpr std::size_t tile_size = 2048;

/// Rows and columns of one tile.
struct tile_shape {
    std::size_t rows;
    std::size_t columns;
};

struct matrix_layout {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::ptrdiff_t row_stride = 0;
    std::ptrdiff_t column_stride = 0;
    element_kind kind = element_kind::f64;

    /// Rows of doubles or floats without gaps inside them.
    [[nodiscard]] bool has_plain_rows() const noexcept {
        return (column_stride == 1 || columns <= 1) && (kind == element_kind::f64 || kind == element_kind::f32);
    }
    [[nodiscard]] bool is_floating() const noexcept { return kind != element_kind::integer; }
    /// Neighbours in memory are neighbours in a column.
    [[nodiscard]] bool by_columns() const noexcept { return std::abs(row_stride) < std::abs(column_stride); }
    /// A tile that uses whole cache lines. Its rows are a multiple of 32.
    [[nodiscard]] tile_shape tile() const noexcept { return by_columns() ? tile_shape{256, 8} : tile_shape{32, 64}; }
};

/// Part of a matrix: rows [row, row + rows) of columns [column, column + columns).
struct matrix_part {
    std::size_t row;
    std::size_t rows;
    std::size_t column;
    std::size_t columns;
};

/// Calls `move(element, tile element)` for a part, in the order of memory.
template <class T, class Number, class Move>
void each_of_tile(T* data, const matrix_layout& layout, const matrix_part& part, Number* tile, std::size_t tile_stride, const Move& move) {
    T* const first = data + static_cast<std::ptrdiff_t>(part.row) * layout.row_stride + static_cast<std::ptrdiff_t>(part.column) * layout.column_stride;
    if (layout.by_columns()) {
        for (std::size_t j = 0; j < part.columns; ++j) {
            T* const column = first + static_cast<std::ptrdiff_t>(j) * layout.column_stride;
            for (std::size_t i = 0; i < part.rows; ++i) {
                move(column[static_cast<std::ptrdiff_t>(i) * layout.row_stride], tile[i * tile_stride + j]);
            }
        }
    } else {
        for (std::size_t i = 0; i < part.rows; ++i) {
            T* const row = first + static_cast<std::ptrdiff_t>(i) * layout.row_stride;
            for (std::size_t j = 0; j < part.columns; ++j) {
                move(row[static_cast<std::ptrdiff_t>(j) * layout.column_stride], tile[i * tile_stride + j]);
            }
        }
    }
}

/// A matrix to read.
struct matrix_source : matrix_layout {
    const void* data = nullptr;
    /// Copies a part into a tile, as doubles; row i of it begins at `tile + i * tile_stride`.
    void (*load)(const matrix_source&, const matrix_part&, double* tile, std::size_t tile_stride) = nullptr;

    matrix_source() = default;
    template <scalable_element T>
    explicit matrix_source(const array_view<const T, 2>& x)
        : matrix_layout{x.shape(0), x.shape(1), x.stride(0), x.stride(1), kind_of<T>()}, data(x.data()) {
        load = [](const matrix_source& from, const matrix_part& part, double* tile, std::size_t tile_stride) {
            each_of_tile(static_cast<const T*>(from.data), from, part, tile, tile_stride,
                         [](const T& element, double& number) { number = static_cast<double>(element); });
        };
    }
    template <class T>
    [[nodiscard]] const T* row(std::size_t i) const noexcept {
        return static_cast<const T*>(data) + static_cast<std::ptrdiff_t>(i) * row_stride;
    }
};

/// A matrix to write.
struct matrix_target : matrix_layout {
    void* data = nullptr;
    void (*store)(const matrix_target&, const matrix_part&, const double* tile, std::size_t tile_stride) = nullptr;

    template <std::floating_point T>
    explicit matrix_target(const array_view<T, 2>& x)
        : matrix_layout{x.shape(0), x.shape(1), x.stride(0), x.stride(1), kind_of<T>()}, data(x.data()) {
        store = [](const matrix_target& to, const matrix_part& part, const double* tile, std::size_t tile_stride) {
            each_of_tile(static_cast<T*>(to.data), to, part, tile, tile_stride,
                         [](T& element, const double& number) { element = static_cast<T>(number); });
        };
    }
    template <class T>
    [[nodiscard]] T* row(std::size_t i) const noexcept {
        return static_cast<T*>(data) + static_cast<std::ptrdiff_t>(i) * row_stride;
    }
};

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_PREPROCESS_DETAIL_MATRIX_ACCESS_HPP
