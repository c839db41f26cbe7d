// SPDX-License-Identifier: Apache-2.0
#include <xrayon/array/packed_matrix.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/batches.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

using namespace xrayon;

namespace {

std::vector<instruction_set> clones() {
    std::vector<instruction_set> sets;
    for (const auto set : {instruction_set::portable, instruction_set::avx2, instruction_set::avx512}) {
        if (runs(set)) {
            sets.push_back(set);
        }
    }
    return sets;
}

/// Numbers of many magnitudes, so that the order of a sum shows in its last bits; now and then a zero of either sign, or a denormal.
struct numbers {
    std::uint64_t state = 1;
    std::uint64_t next() {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return state >> 33;
    }
    std::size_t below(std::size_t limit) { return static_cast<std::size_t>(next()) % limit; }
    template <class T>
    T value() {
        const auto kind = below(50);
        if (kind < 3) {
            return kind == 0 ? T(0) : kind == 1 ? -T(0) : std::numeric_limits<T>::denorm_min() * static_cast<T>(below(1000));
        }
        const auto fraction = static_cast<T>(static_cast<double>(next()) / 1073741824.0 - 1.0);
        return std::ldexp(fraction, static_cast<int>(below(12)) - 6);
    }
};

enum class kind { plain, transposed, sliced, stepped, reversed_rows, reversed, repeated_row, repeated_column };
constexpr kind input_kinds[] = {kind::plain,         kind::transposed, kind::sliced,       kind::stepped,
                                kind::reversed_rows, kind::reversed,   kind::repeated_row, kind::repeated_column};
constexpr kind output_kinds[] = {kind::plain, kind::transposed, kind::sliced, kind::stepped, kind::reversed_rows, kind::reversed};

/// A rows x columns view of some kind into a larger block of memory.
template <class T>
struct operand {
    std::vector<T> memory;
    std::ptrdiff_t offset = 0;
    std::array<std::size_t, 2> shape;
    std::array<std::ptrdiff_t, 2> strides = {};

    operand(kind of, std::size_t rows, std::size_t columns, numbers& from) : shape{rows, columns} {
        const auto m = static_cast<std::ptrdiff_t>(rows);
        const auto n = static_cast<std::ptrdiff_t>(columns);
        switch (of) {
            case kind::plain:
                strides = {n, 1};
                break;
            case kind::transposed:
                strides = {1, m};
                break;
            case kind::sliced:
                strides = {n + 5, 1}, offset = 3;
                break;
            case kind::stepped:
                strides = {3 * n + 1, 3}, offset = 1;
                break;
            case kind::reversed_rows:
                strides = {-(n + 1), 1}, offset = (n + 1) * m;
                break;
            case kind::reversed:
                strides = {-n, -1}, offset = m * n;
                break;
            case kind::repeated_row:
                strides = {0, 1};
                break;
            case kind::repeated_column:
                strides = {1, 0};
                break;
        }
        memory.resize(3 * (rows + 2) * (columns + 6));
        for (T& v : memory) {
            v = from.value<T>();
        }
    }
    array_view<T, 2> view() { return {memory.data() + offset, shape, strides}; }
    array_view<const T, 2> view() const { return {memory.data() + offset, shape, strides}; }
};

/// The definition, one element after the other.
template <class T>
void define(const array_view<const T, 2>& x, const array_view<const T, 2>& w, const array_view<T, 2>& y,
            const packed_gemm_options<T>& options) {
    for (std::size_t i = 0; i < y.shape(0); ++i) {
        for (std::size_t j = 0; j < y.shape(1); ++j) {
            T sum = options.add_to_y ? y(i, j) : options.bias != nullptr ? options.bias[j] : T(0);
            for (std::size_t k = 0; k < x.shape(1); ++k) {
                sum = std::fma(x(i, k), w(k, j), sum);
            }
            sum *= options.scale;
            y(i, j) = options.relu && sum < T(0) ? T(0) : sum;
        }
    }
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

/// What is wrong with one product, all of it drawn; empty if nothing is.
template <class T>
std::string compare(std::size_t m, std::size_t k, std::size_t n, numbers& from) {
    const kind of_x = input_kinds[from.below(std::size(input_kinds))];
    const kind of_w = input_kinds[from.below(std::size(input_kinds))];
    const kind of_y = output_kinds[from.below(std::size(output_kinds))];
    const operand<T> x(of_x, m, k, from), w(of_w, k, n, from), y(of_y, m, n, from), bias(kind::plain, 1, n, from);
    packed_gemm_options<T> options;
    const std::size_t start = from.below(3);
    options.bias = start == 1 ? bias.memory.data() : nullptr;
    options.add_to_y = start == 2;
    options.relu = from.below(2) == 1;
    options.scale = from.below(2) == 1 ? T(0.3) : T(1);

    operand<T> expected = y;
    define<T>(x.view(), w.view(), expected.view(), options);
    const packed_matrix<T> packed(w.view());
    std::string wrong;
    for (const instruction_set set : clones()) {
        operand<T> got = y;
        detail::packed_gemm_with<T>(set, x.view(), packed, got.view(), options);
        if (!same_bits(got.memory, expected.memory)) {  // what lies around y too
            wrong += "clone " + std::to_string(static_cast<int>(set)) + ", " + std::to_string(m) + " x " + std::to_string(k) + " x "
                     + std::to_string(n) + ", kinds " + std::to_string(static_cast<int>(of_x)) + " "
                     + std::to_string(static_cast<int>(of_w)) + " " + std::to_string(static_cast<int>(of_y)) + ", start "
                     + std::to_string(start) + "; ";
        }
    }
    return wrong;
}

template <class T>
void compare_small_sizes() {
    constexpr std::size_t sizes[] = {0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100};
    constexpr std::size_t count = std::size(sizes);
    numbers from;
    std::string wrong;
    // Every pair of sizes in every two places comes up: the third follows from the two by a Latin square.
    for (std::size_t a = 0; a < count; ++a) {
        for (std::size_t b = 0; b < count; ++b) {
            wrong += compare<T>(sizes[a], sizes[b], sizes[(a + b) % count], from);
        }
    }
    REQUIRE(wrong == "");
}

/// Rows of blocks: products whose depth and width are those of the blocks, one less, one more, several.
template <class T>
void compare_block_sizes() {
    constexpr std::size_t depth = detail::gemm_block_k<T>;
    constexpr std::size_t width = detail::gemm_block_strips * detail::strip_columns<T>;
    numbers from{7};
    std::string wrong;
    for (const std::size_t k : {depth - 1, depth, depth + 1, 3 * depth + 5}) {
        wrong += compare<T>(13, k, 21, from) + compare<T>(9, k, 8 * detail::strip_columns<T>, from);
    }
    for (const std::size_t n : {width - 1, width, width + 1, 2 * width + 3 * detail::strip_columns<T>}) {
        wrong += compare<T>(9, 11, n, from) + compare<T>(1, 3, n, from);
    }
    wrong += compare<T>(8, depth + 3, width + 1, from);
    REQUIRE(wrong == "");
}

/// A product by the definition, whose pieces are then computed in other ways.
template <class T>
struct whole_product {
    numbers from{3};
    operand<T> x, w, bias;
    packed_matrix<T> packed;
    packed_gemm_options<T> options;
    std::vector<T> y;

    whole_product(std::size_t m, std::size_t k, std::size_t n)
        : x(kind::sliced, m, k, from), w(kind::plain, k, n, from), bias(kind::plain, 1, n, from), packed(view_of_w()), y(m * n) {
        options.bias = bias.memory.data();
        options.relu = true;
        define<T>(view_of_x(), view_of_w(), {y.data(), {m, n}}, options);
    }
    array_view<const T, 2> view_of_x() const { return x.view(); }
    array_view<const T, 2> view_of_w() const { return w.view(); }

    /// How many results of `batch` rows from `offset` on are not those of the whole.
    std::size_t differing(instruction_set set, std::size_t offset, std::size_t batch) const {
        const std::size_t n = packed.columns();
        std::vector<T> got(batch * n, T(-1));
        detail::packed_gemm_with<T>(set, view_of_x().slice(offset, offset + batch), packed, {got.data(), {batch, n}}, options);
        std::size_t count = 0;
        for (std::size_t i = 0; i < got.size(); ++i) {
            count += std::memcmp(&got[i], &y[offset * n + i], sizeof(T)) != 0;
        }
        return count;
    }
};

template <class T>
void compare_batches() {
    const whole_product<T> whole(70, 37, 29);
    for (const instruction_set set : clones()) {
        std::size_t differing = 0;
        for (const std::size_t batch : {1u, 2u, 3u, 5u, 8u, 13u, 33u, 64u, 70u}) {
            for (std::size_t offset = 0; offset + batch <= 70; ++offset) {
                differing += whole.differing(set, offset, batch);
            }
        }
        REQUIRE(differing == 0);
    }
}

template <class T>
void compare_all_batches() {
    constexpr std::size_t most = 257;
    const whole_product<T> whole(most, 37, 29);
    const pool workers(64);
    for (const instruction_set set : clones()) {
        const auto differing = workers.install([&] {
            return map_index(most, [&](std::size_t i) {
                std::size_t count = 0;
                for (std::size_t offset = 0; offset + i + 1 <= most; ++offset) {
                    count += whole.differing(set, offset, i + 1);
                }
                return count;
            });
        });
        for (std::size_t i = 0; i < most; ++i) {
            REQUIRE(differing[i] == 0);
        }
    }
}

template <class X, class W, class Y>
concept can_multiply = requires(const X& x, const W& w, Y&& y) {
    packed_gemm(x, w, std::forward<Y>(y));
};

using matrix = xt::xtensor<double, 2>;
using view = array_view<double, 2>;
using const_view = array_view<const double, 2>;

} // namespace

static_assert(can_multiply<matrix, packed_matrix<double>, matrix&>);
static_assert(can_multiply<view, packed_matrix<double>, view>);
static_assert(can_multiply<const_view, packed_matrix<double>, view>);
static_assert(can_multiply<xt::xarray<float>, packed_matrix<float>, xt::xtensor<float, 2>&>);
static_assert(!can_multiply<matrix, packed_matrix<double>, const matrix&>);  // not mutable
static_assert(!can_multiply<matrix, packed_matrix<double>, const_view>);     // nor this
static_assert(!can_multiply<matrix, packed_matrix<double>, matrix>);         // the result would die
static_assert(!can_multiply<matrix, packed_matrix<float>, matrix&>);         // mixed types
static_assert(!can_multiply<xt::xtensor<double, 1>, packed_matrix<double>, matrix&>);
static_assert(std::is_constructible_v<packed_matrix<double>, const matrix&>);
static_assert(!std::is_constructible_v<packed_matrix<double>, const xt::xtensor<float, 2>&>);
static_assert(!std::is_convertible_v<const matrix&, packed_matrix<double>>);

TEST_CASE("packed_gemm: is the chain of std::fma in ascending k, bit for bit, in every clone, for every small shape and layout",
          "[array][packed_gemm]") {
    SECTION("double") { compare_small_sizes<double>(); }
    SECTION("float") { compare_small_sizes<float>(); }
}

TEST_CASE("packed_gemm: blocks of k and of columns do not show", "[array][packed_gemm]") {
    SECTION("double") { compare_block_sizes<double>(); }
    SECTION("float") { compare_block_sizes<float>(); }
}

TEST_CASE("packed_gemm: a row is the same bits in every batch and at every place in it", "[array][packed_gemm][determinism]") {
    SECTION("double") { compare_batches<double>(); }
    SECTION("float") { compare_batches<float>(); }
}

TEST_CASE("packed_gemm: 64 threads, every batch size to 257 at every offset: not one bit differs", "[.soak][soak][array][packed_gemm]") {
    SECTION("double") { compare_all_batches<double>(); }
    SECTION("float") { compare_all_batches<float>(); }
}

TEST_CASE("packed_gemm: rows shared among threads are those of one call", "[array][packed_gemm][determinism]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const std::size_t tile = GENERATE(1u, 7u, 64u, 1000u);
    const whole_product<double> whole(133, 21, 18);
    std::vector<double> y(whole.y.size());
    const view out(y.data(), {133, 18});
    const auto tiles = row_blocks(133, tile);
    pool(threads).install([&] {
        for_each_index(tiles.size(), [&](std::size_t i) {
            const auto [begin, end] = tiles[i];
            packed_gemm(whole.view_of_x().slice(begin, end), whole.packed, out.slice(begin, end), whole.options);
        });
    });
    REQUIRE(same_bits(y, whole.y));
}

TEST_CASE("packed_gemm: a sum that is cut along k and goes on with add_to_y is that of one call", "[array][packed_gemm]") {
    whole_product<double> whole(10, 100, 12);
    std::vector<double> y(10 * 12);
    const view out(y.data(), {10, 12});
    for (const auto& [begin, end] : {std::pair{0u, 33u}, std::pair{33u, 34u}, std::pair{34u, 100u}}) {
        const packed_matrix<double> part(whole.view_of_w().slice(begin, end));
        const auto x = whole.view_of_x().slice<1>(begin, end);
        packed_gemm(x, part, out, {.bias = begin == 0 ? whole.options.bias : nullptr, .relu = end == 100, .add_to_y = begin != 0});
    }
    REQUIRE(same_bits(y, whole.y));
}

TEST_CASE("packed_gemm: takes xtensor, also transposed", "[array][packed_gemm]") {
    const matrix x = {{1, 2, 3}, {4, 5, 6}};
    const matrix w = {{1, 0}, {0, 1}, {2, -3}};
    matrix y = xt::zeros<double>({2, 2});
    packed_gemm(x, packed_matrix(w), y);
    REQUIRE((y == matrix{{7, -7}, {16, -13}}));
    packed_gemm(x, packed_matrix(w), y, {.relu = true, .scale = 0.5});
    REQUIRE((y == matrix{{3.5, 0}, {8, 0}}));
    // X^T D, the gradient of the weights of a layer
    matrix gradient = xt::zeros<double>({3, 2});
    packed_gemm(view_of<2>(x).transposed(), packed_matrix(y), gradient);
    REQUIRE((gradient == matrix{{35.5, 0}, {47, 0}, {58.5, 0}}));
}

TEST_CASE("packed_gemm: nothing to add up leaves the bias, or 0", "[array][packed_gemm]") {
    const packed_matrix<double> w(const_view(nullptr, {0, 3}));
    REQUIRE(w.rows() == 0);
    REQUIRE(w.columns() == 3);
    const std::vector<double> bias = {1, -2, -0.0};
    std::vector<double> y(6, 9);
    const view out(y.data(), {2, 3});
    const const_view x(nullptr, {2, 0});
    packed_gemm(x, w, out);
    REQUIRE(same_bits(y, {0, 0, 0, 0, 0, 0}));
    packed_gemm(x, w, out, {.bias = bias.data()});
    REQUIRE(same_bits(y, {1, -2, -0.0, 1, -2, -0.0}));
    packed_gemm(x, w, out, {.relu = true, .scale = 2, .add_to_y = true});
    REQUIRE(same_bits(y, {2, 0, -0.0, 2, 0, -0.0}));
    // no rows; no columns
    packed_gemm(const_view(nullptr, {0, 0}), w, view(nullptr, {0, 3}));
    packed_gemm(const_view(y.data(), {2, 3}), packed_matrix<double>(const_view(y.data(), {3, 0})), view(nullptr, {2, 0}));
}

TEST_CASE("packed_gemm: begins at +0, keeps -0 of a bias, NaN and infinities", "[array][packed_gemm]") {
    constexpr double inf = std::numeric_limits<double>::infinity();
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    for (const instruction_set set : clones()) {
        const auto one = [&](double x, double w, packed_gemm_options<double> options = {}) {
            double y = 9;
            detail::packed_gemm_with<double>(set, const_view(&x, {1, 1}), packed_matrix<double>(const_view(&w, {1, 1})), view(&y, {1, 1}),
                                             options);
            return y;
        };
        const double minus_zero = -0.0;
        REQUIRE(same_bits<double>({one(-0.0, 1), one(0, -1)}, {0.0, 0.0}));
        REQUIRE(same_bits<double>({one(0, -1, {.bias = &minus_zero}), one(0, -1, {.bias = &minus_zero, .relu = true})}, {-0.0, -0.0}));
        REQUIRE(one(inf, 2) == inf);
        REQUIRE(one(inf, -2) == -inf);
        REQUIRE(one(inf, -2, {.relu = true}) == 0);
        REQUIRE(std::isnan(one(inf, 0)));
        REQUIRE(std::isnan(one(nan, 0, {.relu = true})));
        REQUIRE(std::isnan(one(1, nan)));
        REQUIRE(one(1e300, 1e300) == inf);
    }
    // A NaN stays in its row.
    for (const instruction_set set : clones()) {
        std::vector<double> x(9 * 4, 1.0), w(4 * 3, 1.0), y(9 * 3);
        x[5 * 4 + 2] = nan;
        detail::packed_gemm_with<double>(set, const_view(x.data(), {9, 4}), packed_matrix<double>(const_view(w.data(), {4, 3})),
                                         view(y.data(), {9, 3}), {});
        for (std::size_t i = 0; i < y.size(); ++i) {
            REQUIRE((i / 3 == 5 ? std::isnan(y[i]) : y[i] == 4));
        }
    }
}

TEST_CASE("packed_gemm: says which shapes do not fit, and writes nothing", "[array][packed_gemm][errors]") {
    std::vector<double> x(12, 1), y(20, 7);
    const packed_matrix<double> w(const_view(x.data(), {4, 3}));
    const auto multiply = [&](std::array<std::size_t, 2> of_x, std::array<std::size_t, 2> of_y) {
        packed_gemm(const_view(x.data(), of_x), w, view(y.data(), of_y));
    };
    REQUIRE_THROWS_AS(multiply({2, 3}, {2, 3}), shape_error);
    REQUIRE_THROWS_WITH(multiply({2, 3}, {2, 3}),
                        "packed_gemm: the columns of X must match the rows of W: X has shape (2, 3), W has (4, 3)");
    REQUIRE_THROWS_WITH(multiply({2, 4}, {3, 3}), "packed_gemm: the rows of X must match the rows of Y: X has shape (2, 4), Y has (3, 3)");
    REQUIRE_THROWS_WITH(multiply({2, 4}, {2, 4}),
                        "packed_gemm: the columns of W must match the columns of Y: W has shape (4, 3), Y has (2, 4)");
    REQUIRE(same_bits(y, std::vector<double>(20, 7)));
}

TEST_CASE("packed_gemm: refuses a result that shares elements with x, the bias or itself", "[array][packed_gemm][errors]") {
    std::vector<double> memory(40, 1);
    const packed_matrix<double> w(const_view(memory.data(), {4, 4}));
    const const_view x(memory.data(), {2, 4});
    const view apart(memory.data() + 8, {2, 4});
    REQUIRE_THROWS_AS(packed_gemm(x, w, view(memory.data() + 7, {2, 4})), argument_error);
    REQUIRE_THROWS_WITH(packed_gemm(x, w, view(memory.data() + 7, {2, 4})), "packed_gemm: Y must not overlap X");
    REQUIRE_THROWS_WITH(packed_gemm(x, w, view(memory.data() + 8, {2, 4}, {0, 1})),
                        "packed_gemm: every index of Y must be an element of its own, got strides (0, 1)");
    REQUIRE_THROWS_WITH(packed_gemm(x, w, apart, {.bias = memory.data() + 15}), "packed_gemm: Y must not overlap options.bias");
    REQUIRE_THROWS_WITH(packed_gemm(x, w, apart, {.bias = memory.data() + 20, .add_to_y = true}),
                        "packed_gemm: options.bias and options.add_to_y must not be used together");
    REQUIRE(same_bits(memory, std::vector<double>(40, 1)));
    packed_gemm(x, w, apart, {.bias = memory.data() + 16});
    REQUIRE(memory[8] == 5);
}

TEST_CASE("packed_matrix: is a value, and packs again without allocating", "[array][packed_matrix]") {
    numbers from;
    const operand<double> large(kind::plain, 20, 30, from), small(kind::transposed, 7, 9, from);
    const auto values = [](const packed_matrix<double>& w) {
        std::vector<double> all;
        for (std::size_t i = 0; i < w.rows(); ++i) {
            for (std::size_t j = 0; j < w.columns(); ++j) {
                all.push_back(w.data()[(j / w.width() * w.rows() + i) * w.width() + j % w.width()]);
            }
        }
        return all;
    };
    const auto elements = [](const const_view& w) {
        std::vector<double> all;
        for (std::size_t i = 0; i < w.shape(0); ++i) {
            for (const double v : w[i]) {
                all.push_back(v);
            }
        }
        return all;
    };
    packed_matrix<double> w;
    REQUIRE(w.rows() == 0);
    REQUIRE(w.columns() == 0);
    w.assign(large.view());
    REQUIRE(w.rows() == 20);
    REQUIRE(w.columns() == 30);
    REQUIRE(same_bits(values(w), elements(large.view())));
    REQUIRE(reinterpret_cast<std::uintptr_t>(w.data()) % 64 == 0);
    REQUIRE(w(0, 0) == large.view()(0, 0));
    REQUIRE(w(w.rows() - 1, w.columns() - 1) == large.view()(w.rows() - 1, w.columns() - 1));
    REQUIRE(w(1, w.width() + 1) == large.view()(1, w.width() + 1));

    const packed_matrix<double> copy = w;
    const double* const memory = w.data();
    w.assign(small.view());
    REQUIRE(same_bits(values(w), elements(small.view())));
    w.assign(large.view());
    REQUIRE(w.data() == memory);
    REQUIRE(same_bits(values(copy), elements(large.view())));

    packed_matrix<double> taken = std::move(w);
    REQUIRE(taken.data() == memory);
    REQUIRE(w.rows() == 0);
    REQUIRE(w.columns() == 0);
    w = std::move(taken);
    REQUIRE(w.columns() == 30);
    REQUIRE(taken.columns() == 0);

    packed_matrix<double>& itself = w;
    w = std::move(itself);
    REQUIRE(w.columns() == 30);
    REQUIRE(same_bits(values(w), elements(large.view())));

    const double one = 1;
    const std::size_t huge = std::size_t{1} << 40;
    REQUIRE_THROWS_AS(w.assign({&one, {huge, huge}, {0, 0}}), argument_error);
    REQUIRE_THROWS_WITH(w.assign({&one, {huge, huge}, {0, 0}}),
                        "packed_matrix: W must have no more elements than memory, got (1099511627776, 1099511627776)");
    REQUIRE(same_bits(values(w), elements(large.view())));
}
