// SPDX-License-Identifier: Apache-2.0
// Results of 64 MiB and more are written past the caches: the same bits, whatever alignment, strides and columns they have, and the same errors.
#include <xrayon/ml/preprocess/standard_scaler.hpp>

#include "../support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/preprocess/min_max_scaler.hpp>

using namespace xrayon;

namespace {

template <class T>
constexpr std::size_t cells_of_large = (std::size_t{65} << 20) / sizeof(T);

/// Uneven numbers, the same in float and double.
template <class T>
std::vector<T> numbers(std::size_t count) {
    std::vector<T> out(count);
    std::uint64_t state = 1;
    for (T& x : out) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        x = static_cast<T>(static_cast<double>(state >> 44) - 500'000.0);
    }
    return out;
}

/// The rows one thousand at a time, in place: never past the caches.
template <class Scaler, class T>
void require_rows_of(const Scaler& scaler, const array_view<const T, 2>& x, const array_view<T, 2>& got) {
    std::vector<T> copy(1000 * x.shape(1));
    for (std::size_t row = 0; row < x.shape(0); row += 1000) {
        const std::size_t rows = std::min<std::size_t>(1000, x.shape(0) - row);
        const array_view<T, 2> some(copy.data(), {rows, x.shape(1)});
        some.assign_from(x.slice(row, row + rows));
        scaler.transform_in_place(some);
        INFO("rows from " << row);
        REQUIRE(std::memcmp(copy.data(), &got(row, 0), rows * x.shape(1) * sizeof(T)) == 0);
    }
}

/// X of `columns` columns, its rows in ascending or descending order, to a result that begins `offset` numbers into its memory.
template <class Scaler, class T>
void check_large(std::size_t columns, std::size_t offset, bool backwards, std::size_t gap = 0) {
    const std::size_t rows = cells_of_large<T> / columns + 1;
    const std::size_t width = columns + gap;
    const std::vector<T> cells = numbers<T>(rows * width);
    const auto step = static_cast<std::ptrdiff_t>(width);
    const array_view<const T, 2> x(backwards ? cells.data() + (rows - 1) * width : cells.data(), {rows, columns}, {backwards ? -step : step, 1});
    Scaler scaler;
    scaler.fit(x.slice(0, 1000));
    std::vector<T> memory(rows * columns + offset + 1, T(-1));
    const array_view<T, 2> out(memory.data() + offset, {rows, columns});
    pool(3).install([&] { scaler.transform_into(x, out); });
    INFO(columns << " columns, offset " << offset);
    require_rows_of(scaler, x, out);
    REQUIRE(memory.back() == T(-1));
    REQUIRE((offset == 0 || memory[offset - 1] == T(-1)));
}

} // namespace

TEST_CASE("scalers: large results have the bits of small ones", "[ml][preprocess][scalers]") {
    check_large<ml::standard_scaler, double>(7, 1, false);
    check_large<ml::standard_scaler, double>(64, 0, true);
    check_large<ml::standard_scaler, float>(5, 3, false);
    check_large<ml::standard_scaler, double>(63, 0, false, 2);  // cannot be: a row of three begins at an odd address
    check_large<ml::min_max_scaler, float>(600, 0, false);
    check_large<ml::min_max_scaler, double>(1, 1, false);
}

TEST_CASE("scalers: a cell of a large matrix that is refused is named", "[ml][preprocess][scalers][errors]") {
    const std::size_t rows = cells_of_large<double> / 8;
    std::vector<double> cells = numbers<double>(8 * rows);
    const array_view<const double, 2> x(cells.data(), {rows, 8});
    ml::standard_scaler scaler;
    scaler.fit(x.slice(0, 1000));
    std::vector<double> memory(8 * rows);
    const array_view<double, 2> out(memory.data(), {rows, 8});
    cells[8 * 700'001 + 3] = std::numeric_limits<double>::infinity();
    cells[8 * 700'001 + 4] = -std::numeric_limits<double>::infinity();
    cells[8 * 900'001 + 2] = std::numeric_limits<double>::infinity();
    cells[8 * 600'000 + 5] = std::numeric_limits<double>::quiet_NaN();  // passes through by default
    REQUIRE_THROWS_WITH(pool(3).install([&] { scaler.transform_into(x, out); }), "standard_scaler.transform_into: column 3 row 700001 is inf");
    REQUIRE(std::isnan(out(600'000, 5)));
}
