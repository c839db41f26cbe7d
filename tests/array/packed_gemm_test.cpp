// SPDX-License-Identifier: Apache-2.0
#include <xrayon/array/packed_matrix.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
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
            case kind::plain: strides = {n, 1}; break;
            case kind::transposed: strides = {1, m}; break;
            case kind::sliced: strides = {n + 5, 1}, offset = 3; break;
            case kind::stepped: strides = {3 * n + 1, 3}, offset = 1; break;
            case kind::reversed_rows: strides = {-(n + 1), 1}, offset = (n + 1) * m; break;
            case kind::reversed: strides = {-n, -1}, offset = m * n; break;
            case kind::repeated_row: strides = {0, 1}; break;
            case kind::repeated_column: strides = {1, 0}; break;
        }
        memory.resize(3 * (rows + 2) * (columns + 6));
        for (T& v : memory) {
            v = from.value<T>();
        }
    }
    array_view<T, 2> view() { return {memory.data() + offset, shape, strides}; }
    array_view<const T, 2> view() const { return {memory.data() + offset, shape, strides}; }
};

template <class T>
struct finish {
    const T* bias = nullptr;
    bool relu = false;
    T scale = 1;
    bool add_to_y = false;
};

/// The definition, one element after the other.
template <class T>
void define(const array_view<const T, 2>& x, const array_view<const T, 2>& w, const array_view<T, 2>& y, const packed_gemm_options<T>& options) {
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
                     + std::to_string(n) + ", kinds " + std::to_string(static_cast<int>(of_x)) + " " + std::to_string(static_cast<int>(of_w))
                     + " " + std::to_string(static_cast<int>(of_y)) + ", start " + std::to_string(start) + "; ";
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

/// How many results of `batch` rows from `offset` on are not those of the whole.
template <class T>
std::size_t differing(instruction_set set, const array_view<const T, 2>& x, const packed_matrix<T>& w, const std::vector<T>& whole,
                      std::size_t offset, std::size_t batch, const packed_gemm_options<T>& options) {
    const std::size_t n = w.columns();
    std::vector<T> y(batch * n, T(-1));
    detail::packed_gemm_with<T>(set, x.slice(offset, offset + batch), w, array_view<T, 2>(y.data(), {batch, n}), options);
    std::size_t count = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
        count += std::memcmp(&y[i], &whole[offset * n + i], sizeof(T)) != 0;
    }
    return count;
}

template <class T>
struct invariance {
    numbers from{3};
    operand<T> x, w, bias;
    packed_matrix<T> packed;
    packed_gemm_options<T> options;
    std::vector<T> whole;

    invariance(std::size_t m, std::size_t k, std::size_t n)
        : x(kind::plain, m, k, from), w(kind::plain, k, n, from), bias(kind::plain, 1, n, from), packed(w.view()), whole(m * n) {
        options.bias = bias.memory.data();
        options.relu = true;
        define<T>(std::as_const(x).view(), std::as_const(w).view(), array_view<T, 2>(whole.data(), {m, n}), options);
    }
};

} // namespace

TEST_CASE("packed_gemm: is the chain of std::fma in ascending k, bit for bit, in every clone, for every small shape and layout", "[array][packed_gemm]") {
    SECTION("double") { compare_small_sizes<double>(); }
    SECTION("float") { compare_small_sizes<float>(); }
}

TEST_CASE("packed_gemm: blocks of k and of columns do not show", "[array][packed_gemm]") {
    SECTION("double") { compare_block_sizes<double>(); }
    SECTION("float") { compare_block_sizes<float>(); }
}
