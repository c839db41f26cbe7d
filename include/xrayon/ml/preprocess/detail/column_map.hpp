// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_PREPROCESS_DETAIL_COLUMN_MAP_HPP
#define XRAYON_ML_PREPROCESS_DETAIL_COLUMN_MAP_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <vector>

#include <xrayon/core/config.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/preprocess/detail/cells.hpp>
#include <xrayon/ml/preprocess/detail/matrix_access.hpp>
#include <xrayon/ml/preprocess/detail/streamed_map.hpp>
#include <xrayon/ml/preprocess/detail/wide_kernel.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml::detail {

/// What is done to the cells of each column: y = ((x * before - centre) * factor + offset) * after, kept between lowest and highest.
/// `before` and `after` are powers of two, and 1 unless numbers are so large or small that a step between would overflow or vanish.
/// Where all columns have before = after = 1 and offset = 0 and no bounds, it is (x - centre) * factor, and computed as that.
struct column_map {
    std::vector<double> centre;
    std::vector<double> factor;
    std::vector<double> before;
    std::vector<double> offset;
    std::vector<double> after;
    double lowest = -std::numeric_limits<double>::infinity();
    double highest = std::numeric_limits<double>::infinity();
    bool plain = true;
    std::size_t columns = 0;
    std::size_t repeats = 1;  ///< How often the columns stand in the vectors: narrow rows without gaps are done several at a time.

    explicit column_map(std::size_t count = 0) : columns(count), repeats(repeats_of(count)) {
        for (std::vector<double>* each : {&centre, &offset}) {
            each->assign(count * repeats, 0.0);
        }
        for (std::vector<double>* each : {&factor, &before, &after}) {
            each->assign(count * repeats, 1.0);
        }
    }
    /// So many that about 64 cells, and a multiple of streamed_lanes, are done at a time.
    [[nodiscard]] static std::size_t repeats_of(std::size_t count) noexcept {
        if (count == 0 || count > 512) {
            return 1;
        }
        const std::size_t step = streamed_lanes / std::gcd(count, streamed_lanes);
        return std::max<std::size_t>(1, 64 / count / step) * step;
    }
    struct column {
        double centre = 0;
        double factor = 1;
        double before = 1;
        double offset = 0;
        double after = 1;
    };
    void set(std::size_t j, const column& what) {
        for (std::size_t k = j; k < columns * repeats; k += columns) {
            centre[k] = what.centre;
            factor[k] = what.factor;
            before[k] = what.before;
            offset[k] = what.offset;
            after[k] = what.after;
        }
        plain = plain && what.before == 1 && what.offset == 0 && what.after == 1;
    }
    void bound(double low, double high) {
        lowest = low;
        highest = high;
        plain = false;
    }
    /// From column j on, for a kernel.
    struct pointers {
        const double* centre;
        const double* factor;
        const double* before;
        const double* offset;
        const double* after;
        double lowest;
        double highest;
    };
    [[nodiscard]] pointers from(std::size_t j) const noexcept {
        return {centre.data() + j, factor.data() + j, before.data() + j, offset.data() + j, after.data() + j, lowest, highest};
    }
};

/// A number mantissa * 2^exponent, for spreads beyond a double's range.
struct spread {
    double mantissa = 1;
    int exponent = 0;

    [[nodiscard]] double value() const noexcept { return std::ldexp(mantissa, exponent); }
    /// Of 0: less than of anything else.
    [[nodiscard]] int magnitude() const noexcept {
        return mantissa == 0 ? std::numeric_limits<int>::min() : std::ilogb(mantissa) + exponent;
    }
};

/// (x - centre) / width * gain + offset: what takes a column of that centre and width to the scaler's form.
[[nodiscard]] inline column_map::column towards(double centre, const spread& width, double gain, double offset) {
    constexpr int safe = 1000;
    if (!std::isfinite(width.mantissa) || width.mantissa == 0 || !std::isfinite(centre)
        || (std::abs(width.magnitude()) < safe && std::abs(centre) < 0x1p1021)) {
        return {centre, gain / width.value(), 1, offset, 1};
    }
    const int power = std::clamp(width.magnitude(), -1020, 1020);
    return {std::ldexp(centre, -power), gain / std::ldexp(width.mantissa, width.exponent - power), std::ldexp(1.0, -power), offset, 1};
}

/// The way back: (y - offset) * width / gain + centre.
[[nodiscard]] inline column_map::column away(double centre, const spread& width, double gain, double offset) {
    const bool large = std::isfinite(width.mantissa) && (width.magnitude() >= 1000 || std::abs(centre) >= 0x1p1021);
    const int power = large ? 4 : 0;
    return {offset, std::ldexp(width.mantissa, width.exponent - power) / gain, 1, std::ldexp(centre, -power), std::ldexp(1.0, power)};
}

template <class T>
struct centre_and_scale_kernel {
    XRAYON_PREPROCESS_INLINE static void run(const T* x, std::ptrdiff_t x_stride, T* y, std::ptrdiff_t y_stride, std::size_t rows,
                                             std::size_t columns, const double* XRAYON_PREPROCESS_RESTRICT centre,
                                             const double* XRAYON_PREPROCESS_RESTRICT factor) {
        for (std::size_t i = 0; i < rows; ++i) {
            const T* const from = x + static_cast<std::ptrdiff_t>(i) * x_stride;
            T* const to = y + static_cast<std::ptrdiff_t>(i) * y_stride;
            XRAYON_PREPROCESS_APART
            for (std::size_t j = 0; j < columns; ++j) {
                to[j] = static_cast<T>((static_cast<double>(from[j]) - centre[j]) * factor[j]);
            }
        }
    }
};

template <class T>
struct map_columns_kernel {
    XRAYON_PREPROCESS_INLINE static void run(const T* x, std::ptrdiff_t x_stride, T* y, std::ptrdiff_t y_stride, std::size_t rows,
                                             std::size_t columns, column_map::pointers map) {
        const double* const XRAYON_PREPROCESS_RESTRICT centre = map.centre;
        const double* const XRAYON_PREPROCESS_RESTRICT factor = map.factor;
        const double* const XRAYON_PREPROCESS_RESTRICT before = map.before;
        const double* const XRAYON_PREPROCESS_RESTRICT offset = map.offset;
        const double* const XRAYON_PREPROCESS_RESTRICT after = map.after;
        const double lowest = map.lowest;
        const double highest = map.highest;
        for (std::size_t i = 0; i < rows; ++i) {
            const T* const from = x + static_cast<std::ptrdiff_t>(i) * x_stride;
            T* const to = y + static_cast<std::ptrdiff_t>(i) * y_stride;
            XRAYON_PREPROCESS_APART
            for (std::size_t j = 0; j < columns; ++j) {
                double value = fused(static_cast<double>(from[j]) * before[j] - centre[j], factor[j], offset[j]) * after[j];
                value = value < lowest ? lowest : value;  // NaN stays
                value = value > highest ? highest : value;
                to[j] = static_cast<T>(value);
            }
        }
    }
};

/// The map on rows without gaps inside them; x may be y.
template <class T>
void map_plain_rows(const column_map& map, const T* x, std::ptrdiff_t x_stride, T* y, std::ptrdiff_t y_stride, std::size_t rows) {
    const auto run = [&](std::size_t first, std::size_t count, std::size_t repeats) {
        const auto stride = [&](std::ptrdiff_t each) { return each * static_cast<std::ptrdiff_t>(repeats); };
        const T* const from = x + static_cast<std::ptrdiff_t>(first) * x_stride;
        T* const to = y + static_cast<std::ptrdiff_t>(first) * y_stride;
        if (map.plain) {
            run_wide<centre_and_scale_kernel<T>>(from, stride(x_stride), to, stride(y_stride), count, map.columns * repeats,
                                                 map.centre.data(), map.factor.data());
        } else {
            run_wide<map_columns_kernel<T>>(from, stride(x_stride), to, stride(y_stride), count, map.columns * repeats, map.from(0));
        }
    };
    const auto gapless = static_cast<std::ptrdiff_t>(map.columns);
    const std::size_t repeats = x_stride == gapless && y_stride == gapless ? map.repeats : 1;
    const std::size_t whole = rows / repeats;
    run(0, whole, repeats);
    if (whole * repeats != rows) {
        run(whole * repeats, rows - whole * repeats, 1);
    }
}

template <class T>
struct streamed_centre_and_scale_kernel {
    XRAYON_PREPROCESS_INLINE static void run(const T* x, std::ptrdiff_t x_stride, T* y, std::size_t rows, std::size_t columns,
                                             const double* centre, const double* factor, bool* finite) {
        stream_rows(x, x_stride, y, rows, columns, finite, [=](double cell, std::size_t j) { return (cell - centre[j]) * factor[j]; });
    }
};

template <class T>
struct streamed_map_kernel {
    XRAYON_PREPROCESS_INLINE static void run(const T* x, std::ptrdiff_t x_stride, T* y, std::size_t rows, std::size_t columns,
                                             column_map::pointers map, bool* finite) {
        stream_rows(x, x_stride, y, rows, columns, finite, [=](double cell, std::size_t j) {
            double value = fused(cell * map.before[j] - map.centre[j], map.factor[j], map.offset[j]) * map.after[j];
            value = value < map.lowest ? map.lowest : value;
            return value > map.highest ? map.highest : value;
        });
    }
};

template <class T>
[[nodiscard]] bool is_stream_address(const T* address) noexcept {
    return reinterpret_cast<std::uintptr_t>(address) % 16 == 0;
}

/// The map on such rows, a multiple of `repeats`, past the caches. False if a cell of x is NaN or infinite.
template <class T>
[[nodiscard]] bool stream_plain_rows(const column_map& map, const T* x, std::ptrdiff_t x_stride, T* y, std::size_t rows,
                                     std::size_t repeats) {
    bool finite = true;
    const std::ptrdiff_t stride = x_stride * static_cast<std::ptrdiff_t>(repeats);
    if (map.plain) {
        run_wide<streamed_centre_and_scale_kernel<T>>(x, stride, y, rows / repeats, map.columns * repeats, map.centre.data(),
                                                      map.factor.data(), &finite);
    } else {
        run_wide<streamed_map_kernel<T>>(x, stride, y, rows / repeats, map.columns * repeats, map.from(0), &finite);
    }
    return finite;
}

/// Rows [begin, end) of plain rows of one type: large results past the caches, but for rows whose address does not allow it.
template <class T>
void map_plain_range(const column_map& map, const matrix_source& x, const matrix_target& y, std::size_t begin, std::size_t end,
                     const cell_rules& rules, bool check) {
    const std::size_t step = std::max<std::size_t>(1, tile_size / std::max<std::size_t>(1, map.columns));
    const auto map_ordinary = [&](std::size_t first, std::size_t last) {
        for (std::size_t row = first; row < last; row += step) {
            const std::size_t rows = std::min(step, last - row);
            if (check) {
                check_plain_cells(x.row<T>(row), x.row_stride, {row, rows, 0, map.columns}, rules);
            }
            map_plain_rows(map, x.row<T>(row), x.row_stride, y.row<T>(row), y.row_stride, rows);
        }
    };
    std::size_t first = end;  // of the rows that are streamed, and behind the last one
    std::size_t last = end;
    const auto gapless = static_cast<std::ptrdiff_t>(map.columns);
    const std::size_t repeats = x.row_stride == gapless ? map.repeats : 1;
    if (can_stream && x.data != y.data && y.row_stride == gapless && y.rows >= streamed_size / sizeof(T) / map.columns
        && map.columns * repeats % streamed_lanes == 0) {
        for (first = begin; first < std::min(end, begin + 4) && !is_stream_address(y.row<T>(first)); ++first) {}
        first = first < end && is_stream_address(y.row<T>(first)) ? first : end;
        last = first + (end - first) / repeats * repeats;
    }
    map_ordinary(begin, first);
    const stream_end at_end(first < last);
    const std::size_t groups = std::max<std::size_t>(1, step / repeats);
    for (std::size_t row = first; row < last; row += groups * repeats) {
        const std::size_t rows = std::min(groups * repeats, last - row);
        if (!stream_plain_rows(map, x.row<T>(row), x.row_stride, y.row<T>(row), rows, repeats) && check) {
            check_plain_cells(x.row<T>(row), x.row_stride, {row, rows, 0, map.columns}, rules);
        }
    }
    map_ordinary(last, end);
}

/// Rows [begin, end) from x to y; but for a streamed one, a tile is checked before any cell of it is written.
template <class = when_called>
void map_rows(const column_map& map, const matrix_source& x, const matrix_target& y, std::size_t begin, std::size_t end,
              const cell_rules& rules) {
    const bool check = rules.refuses_any() && x.is_floating();
    if (x.has_plain_rows() && y.has_plain_rows() && x.kind == y.kind) {
        if (x.kind == element_kind::f64) {
            map_plain_range<double>(map, x, y, begin, end, rules, check);
        } else {
            map_plain_range<float>(map, x, y, begin, end, rules, check);
        }
        return;
    }
    // Another layout: by tiles. The rows of a tile are checked in all columns first, so that the first refused cell in row order is found.
    double tile[tile_size];
    const tile_shape shape = x.has_plain_rows() ? y.tile() : x.tile();
    const auto each_tile = [&](std::size_t row, std::size_t rows, const auto& visit) {
        for (std::size_t j = 0; j < map.columns; j += shape.columns) {
            const matrix_part part{row, rows, j, std::min(shape.columns, map.columns - j)};
            x.load(x, part, tile, shape.columns);
            visit(part);
        }
    };
    const auto stride = static_cast<std::ptrdiff_t>(shape.columns);
    for (std::size_t row = begin; row < end; row += shape.rows) {
        const std::size_t rows = std::min(shape.rows, end - row);
        if (check) {
            bool all = true;
            each_tile(row, rows, [&](const matrix_part& part) {
                bool part_all = true;
                run_wide<all_finite_kernel<double>>(static_cast<const double*>(tile), stride, part.rows, part.columns, &part_all);
                all = all && part_all;
            });
            for (std::size_t i = row; !all && i < row + rows; ++i) {
                for (std::size_t j = 0; j < map.columns; ++j) {
                    double cell = 0;
                    x.load(x, {i, 1, j, 1}, &cell, 1);
                    if (rules.refuses(cell)) {
                        fail_cell(rules, i, j, cell);
                    }
                }
            }
        }
        each_tile(row, rows, [&](const matrix_part& part) {
            if (map.plain) {
                run_wide<centre_and_scale_kernel<double>>(static_cast<const double*>(tile), stride, static_cast<double*>(tile), stride,
                                                          part.rows, part.columns, map.centre.data() + part.column,
                                                          map.factor.data() + part.column);
            } else {
                run_wide<map_columns_kernel<double>>(static_cast<const double*>(tile), stride, static_cast<double*>(tile), stride,
                                                     part.rows, part.columns, map.from(part.column));
            }
            y.store(y, part, tile, shape.columns);
        });
    }
}

/// Rows of one task: about 128 KiB, so that tasks are neither trivial nor few. No bit depends on it.
[[nodiscard]] inline std::size_t rows_per_task(std::size_t columns) noexcept {
    constexpr std::size_t cells = std::size_t{1} << 14;
    return std::max<std::size_t>(16, cells / std::max<std::size_t>(1, columns));
}

/// Where a pass over the rows begins.
enum class row_order {
    ascending,
    descending,  ///< For a pass behind another one: the last rows are still in a cache. Only where no cell can be refused.
};

/// The map on all rows of x; y has its shape, and is x or lies apart from it.
template <class = when_called>
void map_columns(const column_map& map, const matrix_source& x, const matrix_target& y, const cell_rules& rules, const run_options& run,
                 row_order order = row_order::ascending) {
    if (map.columns == 0) {
        return;
    }
    const std::size_t step = x.by_columns() ? std::max<std::size_t>(256, rows_per_task(map.columns)) : rows_per_task(map.columns);
    const std::size_t tasks = (x.rows + step - 1) / step;
    const auto task = [&](std::size_t k) {
        const std::size_t block = order == row_order::ascending ? k : tasks - 1 - k;
        map_rows(map, x, y, block * step, std::min(x.rows, (block + 1) * step), rules);
    };
    for_each_index(tasks, task, {.run = run, .name = rules.op});
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_PREPROCESS_DETAIL_COLUMN_MAP_HPP
