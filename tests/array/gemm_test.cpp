// SPDX-License-Identifier: Apache-2.0
#include <xrayon/array/blas.hpp>

#include "../support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace xrayon;

namespace {

enum class kind { plain, transposed, row_range, column_range, stepped_rows, stepped_columns, reversed_rows, reversed, repeated_row };
constexpr kind output_kinds[] = {kind::plain,        kind::transposed,      kind::row_range,     kind::column_range,
                                 kind::stepped_rows, kind::stepped_columns, kind::reversed_rows, kind::reversed};
constexpr kind input_kinds[] = {kind::plain,           kind::transposed,    kind::row_range, kind::column_range, kind::stepped_rows,
                                kind::stepped_columns, kind::reversed_rows, kind::reversed,  kind::repeated_row};

/// A rows x columns view of the given kind into a larger block of memory.
template <class T>
struct operand {
    std::vector<T> memory;
    std::ptrdiff_t offset = 0;
    std::array<std::size_t, 2> shape;
    std::array<std::ptrdiff_t, 2> strides;

    operand(kind k, std::size_t rows, std::size_t columns) : shape{rows, columns} {
        const auto m = static_cast<std::ptrdiff_t>(rows);
        const auto n = static_cast<std::ptrdiff_t>(columns);
        switch (k) {
            case kind::plain: strides = {n, 1}; break;
            case kind::transposed: strides = {1, m}; break;
            case kind::row_range: strides = {n, 1}, offset = 2 * n; break;
            case kind::column_range: strides = {n + 5, 1}, offset = 3; break;
            case kind::stepped_rows: strides = {2 * n, 1}, offset = n; break;
            case kind::stepped_columns: strides = {3 * n + 1, 3}, offset = 1; break;
            case kind::reversed_rows: strides = {-(n + 1), 1}, offset = (n + 1) * m; break;
            case kind::reversed: strides = {-n, -1}, offset = m * n; break;
            case kind::repeated_row: strides = {0, 1}; break;
        }
        memory.assign(3 * (rows + 3) * (columns + 5), T(77));
    }

    array_view<T, 2> view() { return {memory.data() + offset, shape, strides}; }
};

/// Small integers: every sum and product below is exact in float.
struct integers {
    std::uint32_t state = 12345;
    int operator()() {
        state = state * 1664525u + 1013904223u;
        return static_cast<int>(state >> 16) % 5 - 2;
    }
};

template <class T>
void fill_with(const array_view<T, 2>& view, integers& next) {
    for (std::size_t i = 0; i < view.shape(0); ++i) {
        for (std::size_t j = 0; j < view.shape(1); ++j) {
            view(i, j) = static_cast<T>(next());
        }
    }
}

/// The definition.
template <class T>
void plain_gemm(T alpha, const array_view<T, 2>& a, const array_view<T, 2>& b, T beta, const array_view<T, 2>& c) {
    for (std::size_t i = 0; i < c.shape(0); ++i) {
        for (std::size_t j = 0; j < c.shape(1); ++j) {
            T sum = 0;
            for (std::size_t p = 0; p < a.shape(1); ++p) {
                sum += a(i, p) * b(p, j);
            }
            c(i, j) = alpha * sum + (beta == T(0) ? T(0) : beta * c(i, j));
        }
    }
}

constexpr std::size_t extents[] = {0, 1, 2, 3, 5, 8};
constexpr int alphas[] = {1, -2, 0};
constexpr int betas[] = {0, 1, -3};

template <class T>
const T quiet_nan = std::numeric_limits<T>::quiet_NaN();

template <class A, class B, class C>
concept can_multiply = requires(const A& a, const B& b, C&& c) { gemm(1, a, b, 0, std::forward<C>(c)); };

} // namespace

using matrix = xt::xtensor<double, 2>;
using float_matrix = xt::xtensor<float, 2>;
static_assert(can_multiply<matrix, matrix, matrix&>);
static_assert(can_multiply<array_view<double, 2>, array_view<const double, 2>, array_view<double, 2>>);
static_assert(can_multiply<xt::xarray<float>, float_matrix, float_matrix&>);
static_assert(!can_multiply<matrix, matrix, matrix>);                        // the result would die
static_assert(!can_multiply<matrix, matrix, const matrix&>);                 // not mutable
static_assert(!can_multiply<matrix, matrix, array_view<const double, 2>>);   // nor this
static_assert(!can_multiply<matrix, float_matrix, matrix&>);                 // mixed types
static_assert(!can_multiply<xt::xtensor<int, 2>, xt::xtensor<int, 2>, xt::xtensor<int, 2>&>);
static_assert(!can_multiply<matrix, xt::xtensor<double, 1>, matrix&>);
static_assert(!can_multiply<decltype(std::declval<matrix&>() + 1.0), matrix, matrix&>); // evaluate it first

TEMPLATE_TEST_CASE("gemm: is the definition for every small shape, layout and scalar, and writes nothing else", "[array][gemm]", float,
                   double) {
    using T = TestType;
    integers next;
    std::size_t runs = 0, wrong = 0, input_written = 0;
    for (const std::size_t m : extents) {
        for (const std::size_t n : extents) {
            for (const std::size_t k : extents) {
                for (const kind of_a : input_kinds) {
                    for (const kind of_b : input_kinds) {
                        operand<T> a(of_a, m, k), b(of_b, k, n);
                        fill_with(a.view(), next);
                        fill_with(b.view(), next);
                        const auto a_before = a.memory, b_before = b.memory;
                        for (const kind of_c : output_kinds) {
                            const T alpha = static_cast<T>(alphas[runs % 3]);
                            const T beta = static_cast<T>(betas[runs / 3 % 3]);
                            operand<T> c(of_c, m, n);
                            fill_with(c.view(), next);
                            operand<T> expected = c;
                            if (beta == T(0)) {
                                c.view().fill(quiet_nan<T>);
                            }
                            plain_gemm(alpha, a.view(), b.view(), beta, expected.view());
                            gemm(alpha, a.view(), b.view(), beta, c.view());
                            wrong += c.memory != expected.memory; // the guards around the view are part of it
                            ++runs;
                        }
                        input_written += a.memory != a_before || b.memory != b_before;
                    }
                }
            }
        }
    }
    REQUIRE(runs == 216 * 9 * 9 * 8);
    REQUIRE(wrong == 0);
    REQUIRE(input_written == 0);
}

TEMPLATE_TEST_CASE("gemv: is the definition for every small shape, layout, stride and scalar", "[array][gemv]", float, double) {
    using T = TestType;
    integers next;
    std::size_t wrong = 0, runs = 0;
    for (const std::size_t m : extents) {
        for (const std::size_t n : extents) {
            for (const kind of_a : input_kinds) {
                operand<T> a(of_a, m, n);
                fill_with(a.view(), next);
                for (const std::ptrdiff_t step_x : {1, 3, -1, -2, 0}) {
                    for (const std::ptrdiff_t step_y : {1, 4, -1, -3}) {
                        const T alpha = static_cast<T>(alphas[runs % 3]);
                        const T beta = static_cast<T>(betas[runs / 3 % 3]);
                        std::vector<T> x(40), y(80, T(77));
                        const array_view<T, 1> in(x.data() + (step_x < 0 ? 30 : 5), {n}, {step_x});
                        const array_view<T, 1> out(y.data() + (step_y < 0 ? 60 : 5), {m}, {step_y});
                        for (T& value : in) {
                            value = static_cast<T>(next());
                        }
                        for (T& value : out) {
                            value = static_cast<T>(next());
                        }
                        std::vector<T> expected = y;
                        for (std::size_t i = 0; i < m; ++i) {
                            T sum = 0;
                            for (std::size_t j = 0; j < n; ++j) {
                                sum += a.view()(i, j) * in[j];
                            }
                            T& cell = expected[static_cast<std::size_t>(&out[i] - y.data())];
                            cell = alpha * sum + beta * cell;
                        }
                        if (beta == T(0)) {
                            out.fill(quiet_nan<T>);
                        }
                        gemv(alpha, a.view(), in, beta, out);
                        wrong += y != expected;
                        ++runs;
                    }
                }
            }
        }
    }
    REQUIRE(runs == 36 * 9 * 20);
    REQUIRE(wrong == 0);
}

TEST_CASE("gemm: alpha 0 and no columns read neither A nor B, beta 0 does not read C", "[array][gemm]") {
    const matrix poison = xt::ones<double>({2, 2}) * quiet_nan<double>;
    matrix c = {{1, 2}, {3, 4}};
    gemm(0.0, poison, poison, 2.0, c);
    REQUIRE((c == matrix{{2, 4}, {6, 8}}));
    const matrix no_columns(std::array<std::size_t, 2>{2, 0}), no_rows(std::array<std::size_t, 2>{0, 2});
    gemm(1.0, no_columns, no_rows, 1.0, c);
    REQUIRE((c == matrix{{2, 4}, {6, 8}}));
    c.fill(quiet_nan<double>);
    gemm(1.0, no_columns, no_rows, 0.0, c);
    REQUIRE((c == xt::zeros<double>({2, 2})));
    xt::xtensor<double, 1> x = {quiet_nan<double>, 1}, y = {5, 6};
    gemv(0.0, poison, x, 3.0, y);
    REQUIRE((y == xt::xtensor<double, 1>{15, 18}));
}

TEST_CASE("gemm: takes xtensor containers, xarrays, views of them and vectors", "[array][gemm]") {
    const matrix a = {{1, 2, 3}, {4, 5, 6}};
    const xt::xarray<double> b = {{1, 0}, {0, 1}, {2, 2}};
    const matrix product = {{7, 8}, {16, 17}};
    matrix c = xt::zeros<double>({2, 2});
    gemm(1, a, b, 0, c);
    REQUIRE((c == product));

    xt::xarray<double> wide = xt::zeros<double>({2, 5});
    gemm(1, a, b, 0, xt::view(wide, xt::all(), xt::range(1, 3)));
    REQUIRE((wide == xt::xarray<double>{{0, 7, 8, 0, 0}, {0, 16, 17, 0, 0}}));

    // A times its transpose, the rows a view: xt::linalg::dot gives this the wrong shape.
    matrix gram(std::array<std::size_t, 2>{1, 2});
    gemm(1, xt::view(a, xt::range(0, 1), xt::all()), xt::transpose(a), 0, gram);
    REQUIRE((gram == matrix{{14, 32}}));

    xt::xtensor_fixed<double, xt::xshape<2, 2>> small = xt::zeros<double>({2, 2});
    gemm(1, a, b, 0, small);
    REQUIRE((small == product));

    std::vector<double> x{1, 1, 1}, y(2);
    gemv(1, a, x, 0, y);
    REQUIRE(y == std::vector<double>{6, 15});
    gemv(1, xt::transpose(a), xt::col(a, 0), 0, x);
    REQUIRE(x == std::vector<double>{17, 22, 27});
}

TEST_CASE("gemm: shapes that do not fit are shown, and nothing is written", "[array][gemm][errors]") {
    const matrix a = xt::ones<double>({3, 4});
    const matrix b = xt::ones<double>({5, 6});
    const matrix fits = xt::ones<double>({4, 6});
    matrix c = xt::zeros<double>({3, 6});
    matrix tall = xt::zeros<double>({4, 6}), narrow = xt::zeros<double>({3, 5});
    REQUIRE_THROWS_AS(gemm(1, a, b, 0, c), shape_error);
    REQUIRE_THROWS_WITH(gemm(1, a, b, 0, c), "gemm: the columns of A must match the rows of B: A has shape (3, 4), B has (5, 6)");
    REQUIRE_THROWS_WITH(gemm(1, a, fits, 0, tall), "gemm: the rows of A must match the rows of C: A has shape (3, 4), C has (4, 6)");
    REQUIRE_THROWS_WITH(gemm(1, a, fits, 0, narrow),
                        "gemm: the columns of B must match the columns of C: B has shape (4, 6), C has (3, 5)");
    REQUIRE((tall == xt::zeros<double>({4, 6})));
    xt::xarray<double> cube = xt::ones<double>({1, 3, 4});
    REQUIRE_THROWS_WITH(gemm(1, cube, fits, 0, c), "view_of: X must have rank 2, got shape (1, 3, 4)");

    std::vector<double> three(3), four(4);
    REQUIRE_THROWS_AS(gemv(1, a, three, 0, four), shape_error);
    REQUIRE_THROWS_WITH(gemv(1, a, three, 0, four), "gemv: the columns of A must match the elements of x: A has shape (3, 4), x has (3,)");
    std::vector<double> other(4);
    REQUIRE_THROWS_WITH(gemv(1, a, four, 0, other), "gemv: the rows of A must match the elements of y: A has shape (3, 4), y has (4,)");
}

TEST_CASE("gemm: an extent beyond int is refused before any element is read", "[array][gemm][errors]") {
    double one = 1;
    const std::size_t huge = std::size_t{1} << 31;
    const array_view<double, 2> column(&one, {huge, 1}, {0, 0}), row(&one, {1, huge}, {0, 0}), cell(&one, {1, 1});
    REQUIRE_THROWS_AS(gemm(1, column, cell, 0, column), argument_error);
    REQUIRE_THROWS_WITH(gemm(1, column, cell, 0, column), "gemm: every extent of A must be <= 2147483647, got (2147483648, 1)");
    REQUIRE_THROWS_WITH(gemm(1, cell, row, 0, row), "gemm: every extent of B must be <= 2147483647, got (1, 2147483648)");
    const array_view<double, 1> x(&one, {huge}, {0}), y(&one, {1});
    REQUIRE_THROWS_WITH(gemv(1, row, x, 0, y), "gemv: every extent of A must be <= 2147483647, got (1, 2147483648)");
    REQUIRE(one == 1);
}

TEST_CASE("gemm: strides beyond int go through a copy", "[array][gemm]") {
    // Only the decision: so wide a matrix does not fit a test.
    double one = 1;
    const std::ptrdiff_t most = std::numeric_limits<int>::max();
    REQUIRE(detail::row_major_stride(array_view<double, 2>(&one, {2, 3}, {most, 1})) == most);
    REQUIRE(detail::row_major_stride(array_view<double, 2>(&one, {2, 3}, {most + 1, 1})) == 0);
    REQUIRE(detail::row_major_stride(array_view<double, 2>(&one, {1, 3}, {most + 1, 1})) == 3);
    REQUIRE(detail::row_major_stride(array_view<double, 2>(&one, {2, 3}, {2, 1})) == 0); // rows that overlap
    REQUIRE(detail::row_major_stride(array_view<double, 2>(&one, {0, 0}, {0, 0})) == 1); // BLAS wants at least 1
}

TEST_CASE("gemm: rows, columns, transposes, ranges and stepped rows are not copied", "[array][gemm]") {
    for (const kind k : {kind::plain, kind::transposed, kind::row_range, kind::column_range, kind::stepped_rows}) {
        operand<double> a(k, 4, 3);
        REQUIRE_FALSE(detail::blas_operand<double>(a.view()).copied());
        REQUIRE(detail::blas_operand<double>(a.view()).column_major == (k == kind::transposed));
    }
    for (const kind k : {kind::stepped_columns, kind::reversed_rows, kind::reversed, kind::repeated_row}) {
        operand<double> a(k, 4, 3);
        REQUIRE(detail::blas_operand<double>(a.view()).copied());
    }
    double cells[6] = {};
    REQUIRE_FALSE(detail::blas_vector<double>(array_view<double, 1>(cells + 5, {3}, {-2})).copied());
    REQUIRE(detail::blas_vector<double>(array_view<double, 1>(cells, {3}, {0})).copied());
}

TEST_CASE("gemm: C may not overlap A or B, but may lie beside them in one matrix", "[array][gemm][errors]") {
    matrix x = xt::ones<double>({6, 6});
    const auto whole = view_of(x);
    const auto block = [&](std::size_t i, std::size_t j) { return whole.slice(i, i + 3).slice<1>(j, j + 3); };
    REQUIRE_THROWS_AS(gemm(1, x, x, 0, x), argument_error);
    REQUIRE_THROWS_WITH(gemm(1, x, x, 0, x), "gemm: C must not overlap A or B");
    REQUIRE_THROWS_WITH(gemm(1, block(0, 0), block(3, 0), 0, block(2, 2)), "gemm: C must not overlap A or B"); // one cell of A
    REQUIRE_THROWS_WITH(gemm(1, block(0, 0), block(3, 0), 0, block(1, 0).transposed()), "gemm: C must not overlap A or B");
    REQUIRE((x == xt::ones<double>({6, 6})));

    gemm(1, block(0, 0), block(3, 0), 0, block(0, 3)); // columns beside A
    gemm(2, block(0, 0), block(0, 0).transposed(), 0, block(3, 3));
    REQUIRE((xt::view(x, xt::range(0, 3), xt::range(3, 6)) == xt::ones<double>({3, 3}) * 3));
    REQUIRE((xt::view(x, xt::range(3, 6), xt::range(3, 6)) == xt::ones<double>({3, 3}) * 6));
    REQUIRE((xt::view(x, xt::all(), xt::range(0, 3)) == xt::ones<double>({6, 3})));
    gemm(1, whole.slice(2, 3), whole.slice<1>(4, 4), 0, whole.slice(2, 3).slice<1>(4, 4)); // no element, no overlap

    REQUIRE_THROWS_WITH(gemv(1, x, xt::row(x, 0), 0, xt::row(x, 1)), "gemv: y must not overlap A or x");
    std::vector<double> v(6, 1);
    REQUIRE_THROWS_WITH(gemv(1, x, v, 0, v), "gemv: y must not overlap A or x");
    // The two halves of one matrix's columns, reversed: beside each other all the same.
    const array_view<double, 2> left(&x(5, 2), {6, 3}, {-6, -1}), right(&x(5, 5), {6, 3}, {-6, -1});
    REQUIRE_FALSE(detail::overlap(left, right));
    REQUIRE(detail::overlap(left, block(2, 2)));
    REQUIRE_FALSE(detail::overlap(left, block(2, 3)));
    const array_view<double, 2> even(&x(0, 0), {6, 3}, {6, 2}), odd(&x(0, 1), {6, 3}, {6, 2});
    REQUIRE_FALSE(detail::overlap(even, odd)); // interleaved within a row
    REQUIRE(detail::overlap(even, whole.slice<1>(1, 4)));
    REQUIRE(detail::overlap(even, array_view<double, 2>(&x(0, 1), {6, 2}, {6, 3}))); // columns 0, 2, 4 and 1, 4
}

TEST_CASE("gemm: overlap agrees with a search over all elements for every pair of blocks", "[array][gemm]") {
    // 3-row and 2-row blocks with unit inner stride at every offset in a 7 x 7 matrix, and the second one transposed.
    std::vector<double> memory(49);
    const auto addresses = [](const array_view<double, 2>& view) {
        std::vector<const double*> out;
        for (std::size_t i = 0; i < view.shape(0); ++i) {
            for (std::size_t j = 0; j < view.shape(1); ++j) {
                out.push_back(&view(i, j));
            }
        }
        return out;
    };
    const array_view<double, 2> all(memory.data(), {7, 7});
    const auto a = all.slice(2, 5).slice<1>(3, 5);
    std::size_t wrong = 0, found = 0;
    for (std::size_t i = 0; i + 2 <= 7; ++i) {
        for (std::size_t j = 0; j + 3 <= 7; ++j) {
            const auto block = all.slice(i, i + 2).slice<1>(j, j + 3);
            for (const auto& b : {block, block.transposed()}) {
                bool expected = false;
                for (const double* p : addresses(a)) {
                    for (const double* q : addresses(b)) {
                        expected = expected || p == q;
                    }
                }
                found += expected;
                wrong += detail::overlap(a, b) != expected || detail::overlap(b, a) != expected;
            }
        }
    }
    REQUIRE(wrong == 0);
    REQUIRE(found > 0);
    REQUIRE(found < 60);
}

TEST_CASE("gemm: an output whose indices share elements is refused", "[array][gemm][errors]") {
    const matrix a = xt::ones<double>({2, 2});
    std::vector<double> memory(9, 4);
    const array_view<double, 2> repeated(memory.data(), {2, 2}, {0, 1}), sliding(memory.data(), {2, 2}, {1, 1});
    REQUIRE_THROWS_AS(gemm(1, a, a, 0, repeated), argument_error);
    REQUIRE_THROWS_WITH(gemm(1, a, a, 0, repeated), "gemm: every index of C must be an element of its own, got strides (0, 1)");
    REQUIRE_THROWS_WITH(gemm(1, a, a, 0, sliding), "gemm: every index of C must be an element of its own, got strides (1, 1)");
    std::vector<double> x(2, 1);
    const array_view<double, 1> y(memory.data(), {2}, {0});
    REQUIRE_THROWS_WITH(gemv(1, a, x, 0, y), "gemv: every index of y must be an element of its own, got strides (0,)");
    REQUIRE(memory == std::vector<double>(9, 4));
}
