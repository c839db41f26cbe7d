// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_DETAIL_PACKED_GEMM_BLOCKS_HPP
#define XRAYON_ARRAY_DETAIL_PACKED_GEMM_BLOCKS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/detail/packed_gemm_kernels.hpp>

// The loops around the kernels. A block of w stays in the second-level cache while all rows of x pass over it, a few at a time; those few
// stay in the first-level cache while the kernels go along the block. (Goto and van de Geijn, Anatomy of high-performance matrix
// multiplication, 2008, with the roles of the factors exchanged, because here w is packed and x is new.) So each value of w comes
// from memory once per call, and x needs no memory but for a few rows on the stack, and that only where they do not lie along memory.

namespace xrayon::detail {

/// How deep a block is: eight rows of x are 24 KiB.
template <class Real>
inline constexpr std::size_t gemm_block_k = 3072 / sizeof(Real);
/// How wide: with that depth, 288 KiB. A multiple of the strips that kernels take.
inline constexpr std::size_t gemm_block_strips = 12;

/// What is multiplied: strips of w as packed_matrix keeps them, and where it all begins and ends.
template <class Real>
struct gemm_task {
    array_view<const Real, 2> x;
    const Real* w = nullptr;
    array_view<Real, 2> y;
    const Real* bias = nullptr;
    bool add_to_y = false;
    bool relu = false;
    Real scale = 1;
};

/// How many values of x_rows belong to one k.
inline constexpr std::size_t gemm_copied_rows = 8;

/// `Rows` values of each k, which lie side by side. A constant number of them: as a call of memmove, they took as long as the products.
template <std::size_t Rows, class Real>
void copy_columns(const Real* in, std::ptrdiff_t step, std::size_t k, Real* out) {
    for (std::size_t i = 0; i < k; ++i) {
        std::memcpy(out + i * gemm_copied_rows, in + static_cast<std::ptrdiff_t>(i) * step, Rows * sizeof(Real));
    }
}

/// Rows [first, first + rows) and columns [k0, k0 + k) of x, one k after the other.
template <class Real>
void copy_rows(const array_view<const Real, 2>& x, std::size_t first, std::size_t rows, std::size_t k0, std::size_t k, Real* out) {
    const std::ptrdiff_t row_stride = x.stride(0);
    const std::ptrdiff_t k_stride = x.stride(1);
    const Real* const in = x.data() + static_cast<std::ptrdiff_t>(first) * row_stride + static_cast<std::ptrdiff_t>(k0) * k_stride;
    if (row_stride == 1 && rows == 8) {
        copy_columns<8>(in, k_stride, k, out);
    } else if (row_stride == 1 && rows == 6) {
        copy_columns<6>(in, k_stride, k, out);
    } else {
        for (std::size_t r = 0; r < rows; ++r) {
            const Real* const row = in + static_cast<std::ptrdiff_t>(r) * row_stride;
            for (std::size_t i = 0; i < k; ++i) {
                out[i * gemm_copied_rows + r] = row[static_cast<std::ptrdiff_t>(i) * k_stride];
            }
        }
    }
}

/// A tile of y, which does not lie along memory or ends within a strip, to a full one and back.
template <class Real>
void copy_tile(const Real* in, const std::array<std::ptrdiff_t, 2>& in_step, Real* out, const std::array<std::ptrdiff_t, 2>& out_step,
               std::size_t rows, std::size_t columns) {
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(rows); ++i) {
        for (std::ptrdiff_t j = 0; j < static_cast<std::ptrdiff_t>(columns); ++j) {
            out[i * out_step[0] + j * out_step[1]] = in[i * in_step[0] + j * in_step[1]];
        }
    }
}

/// Begins to fetch rows [first, first + rows) of x, of columns [k0, k0 + k) `from` to `to` of `parts` parts: they are what comes next, and the loads of
/// a kernel would each wait for them.
template <class Real>
void fetch_rows(const array_view<const Real, 2>& x, std::size_t first, std::size_t rows, std::size_t k0, std::size_t k, std::size_t from,
                std::size_t to, std::size_t parts) {
#if defined(__GNUC__)
    constexpr std::size_t line = 64 / sizeof(Real);
    const std::size_t begin = k0 + k * from / parts;
    const std::size_t end = k0 + k * to / parts;
    const bool along_rows = x.stride(1) == 1;
    const std::size_t step = along_rows ? line : 1;
    const std::size_t row_step = !along_rows && x.stride(0) == 1 ? line : 1;
    for (std::size_t i = first; i < first + rows; i += row_step) {
        const Real* const row = x.data() + static_cast<std::ptrdiff_t>(i) * x.stride(0);
        for (std::size_t j = begin; j < end; j += step) {
            __builtin_prefetch(row + static_cast<std::ptrdiff_t>(j) * x.stride(1));
        }
    }
#endif
}

/// y := x w in k-ordered chains. x has columns, y has elements; all shapes fit.
template <class Real>
void multiply_blocks(const gemm_kernels<Real>& kernels, const gemm_task<Real>& task) {
    constexpr std::size_t width = strip_columns<Real>;
    constexpr std::size_t most_columns = 6 * width;
    const std::size_t m = task.y.shape(0);
    const std::size_t n = task.y.shape(1);
    const std::size_t depth = task.x.shape(1);
    const std::size_t strips = (n + width - 1) / width;
    // Blocks of about equal depth.
    const std::size_t k_blocks = std::max<std::size_t>(1, (depth + gemm_block_k<Real> - 1) / gemm_block_k<Real>);
    const std::size_t block_k = (depth + k_blocks - 1) / k_blocks;
    const bool y_along_memory = task.y.stride(1) == 1;
    const bool x_along_memory = task.x.stride(1) == 1;

    alignas(64) Real x_rows[gemm_copied_rows * gemm_block_k<Real>];
    alignas(64) Real y_tile[gemm_copied_rows * most_columns] = {};
    constexpr std::array<std::ptrdiff_t, 2> held = {most_columns, 1};
    alignas(64) Real start[most_columns] = {};

    const bool finishes = task.relu || task.scale != Real(1);
    gemm_tile<Real> tile;
    tile.scale = task.scale;
    tile.relu = task.relu;
    tile.w_strip = static_cast<std::ptrdiff_t>(depth * width);
    for (std::size_t s0 = 0; s0 < strips; s0 += gemm_block_strips) {
        const std::size_t s_end = std::min(strips, s0 + gemm_block_strips);
        for (std::size_t block = 0; block < k_blocks; ++block) {
            const std::size_t k0 = std::min(block * block_k, depth);
            const bool first_block = block == 0 && !task.add_to_y;
            tile.k = std::min(block_k, depth - k0);
            tile.last = finishes && block + 1 == k_blocks;
            for (std::size_t i = 0; i < m; i += tile.rows) {
                tile.rows = std::min(kernels.kinds[0].rows, m - i);
                const auto& kind = kernels.holding(tile.rows);
                if (depth == 0) {
                    tile.x = nullptr;  // and no sums of pointers: there may be no x
                } else if (x_along_memory) {
                    tile.x = task.x.data() + static_cast<std::ptrdiff_t>(i) * task.x.stride(0) + static_cast<std::ptrdiff_t>(k0);
                    tile.x_row = task.x.stride(0);
                    tile.x_k = 1;
                } else {
                    copy_rows(task.x, i, tile.rows, k0, tile.k, x_rows);
                    tile.x = x_rows;
                    tile.x_row = 1;
                    tile.x_k = gemm_copied_rows;
                }
                const std::size_t next = depth == 0 ? m : i + tile.rows;
                for (std::size_t s = s0; s < s_end;) {
                    // Four are two and two, not three and one: the fewer sums, the longer the processor waits for each.
                    const std::size_t left = s_end - s;
                    const std::size_t count = left == 4 && kind.strips == 3 ? 2 : std::min(left, kind.strips);
                    const std::size_t j = s * width;
                    const std::size_t columns = std::min(count * width, n - j);
                    Real* const to = task.y.data() + static_cast<std::ptrdiff_t>(i) * task.y.stride(0)
                                     + static_cast<std::ptrdiff_t>(j) * task.y.stride(1);
                    const bool in_place = y_along_memory && columns == count * width;
                    tile.w = task.w + (s * depth + k0) * width;
                    tile.to = in_place ? to : y_tile;
                    tile.to_row = in_place ? task.y.stride(0) : static_cast<std::ptrdiff_t>(most_columns);
                    if (first_block) {
                        tile.from = start;
                        tile.from_row = 0;
                        if (task.bias != nullptr) {
                            std::copy_n(task.bias + j, columns, start);
                        }
                    } else {
                        tile.from = tile.to;
                        tile.from_row = tile.to_row;
                        if (!in_place) {
                            copy_tile<Real>(to, task.y.strides(), y_tile, held, tile.rows, columns);
                        }
                    }
                    if (next < m) {
                        fetch_rows(task.x, next, std::min(tile.rows, m - next), k0, tile.k, s - s0, s - s0 + count, s_end - s0);
                    }
                    kind.of[count - 1](tile);
                    if (!in_place) {
                        copy_tile<Real>(y_tile, held, to, task.y.strides(), tile.rows, columns);
                    }
                    s += count;
                }
            }
        }
    }
}

} // namespace xrayon::detail

#endif // XRAYON_ARRAY_DETAIL_PACKED_GEMM_BLOCKS_HPP
