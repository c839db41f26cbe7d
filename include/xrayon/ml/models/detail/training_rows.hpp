// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MODELS_DETAIL_TRAINING_ROWS_HPP
#define XRAYON_ML_MODELS_DETAIL_TRAINING_ROWS_HPP

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/shape.hpp>

namespace xrayon::ml::detail {

/// What the closed-form models read: a view of numbers with two axes.
template <class X>
concept numeric_matrix = viewable_as<const X&, 2> && requires(const X& x) {
    requires std::floating_point<typename decltype(view_of<2>(x))::value_type>;
};

template <class X>
using matrix_element_t = typename decltype(view_of<2>(std::declval<const X&>()))::value_type;

template <class X>
[[nodiscard]] auto matrix_view(const X& x) {
    return array_view<const matrix_element_t<X>, 2>(view_of<2>(x));
}

/// "ridge.fit: X row 3 column 2 is nan"
template <class T>
void check_finite_rows(std::string_view op, const array_view<const T, 2>& x) {
    for (std::size_t i = 0; i < x.shape(0); ++i) {
        // One test for a row: sums of finite numbers may overflow, so only a row that looks wrong is looked through.
        T sum = 0;
        for (std::size_t j = 0; j < x.shape(1); ++j) {
            sum += x(i, j) * T(0);
        }
        if (sum == T(0)) [[likely]] {
            continue;
        }
        for (std::size_t j = 0; j < x.shape(1); ++j) {
            if (!std::isfinite(x(i, j))) {
                check(false, std::string(op) + ": X must be finite; row " + to_text(i) + " column " + to_text(j), x(i, j));
            }
        }
    }
}

template <class T>
concept character =
    std::same_as<T, char> || std::same_as<T, wchar_t> || std::same_as<T, char8_t> || std::same_as<T, char16_t> || std::same_as<T, char32_t>;
/// Whole numbers that are meant to be numbers.
template <class T>
concept whole_number = std::integral<T> && !std::same_as<T, bool> && !character<T>;

/// The labels of y, or an error.
template <indexed_range Y>
[[nodiscard]] int label_at(std::string_view op, const Y& y, std::size_t i) {
    static_assert(std::integral<std::remove_cvref_t<element_t<Y>>>, "labels are integers; encode others first (label_encoder)");
    const auto label = +element(y, i);  // of bool and characters, which in_range does not take, + makes integers
    if (!std::in_range<int>(label)) [[unlikely]] {
        check(false, std::string(op) + ": labels must fit in int; row " + to_text(i), label);
    }
    return static_cast<int>(label);
}

/// What fit asks of its arguments.
template <class T, indexed_range Y>
void check_training_rows(std::string_view op, const array_view<const T, 2>& x, const Y& y) {
    check_shapes(x.shape(0) == element_count(y), op, "X", x.shape(), "y", std::array{element_count(y)});
    check(x.shape(0) >= 1, std::string(op) + ": X must have at least 1 row", x.shape(0));
}

/// What predict asks of its argument.
template <class T>
void check_query_rows(std::string_view op, const array_view<const T, 2>& x, bool fitted, std::size_t columns) {
    check(fitted, std::string(op) + ": call fit first");
    check_shapes(x.shape(1) == columns, op, "X", x.shape(), "the fitted model", std::array{columns});
}

/// Weights of rows as numbers; none: an empty list.
template <class Weights>
[[nodiscard]] std::vector<double> checked_row_weights(std::string_view op, std::size_t rows, const Weights& weights) {
    check_shapes(element_count(weights) == rows, op, "weights", std::array{element_count(weights)}, "the rows", std::array{rows});
    std::vector<double> out(rows);
    double sum = 0;
    for (std::size_t i = 0; i < rows; ++i) {
        out[i] = static_cast<double>(element(weights, i));
        if (!(std::isfinite(out[i]) && out[i] >= 0)) [[unlikely]] {
            check(false, std::string(op) + ": weights must be finite and >= 0", out[i]);
        }
        sum += out[i];
    }
    check(sum > 0 && std::isfinite(sum), std::string(op) + ": the sum of weights must be > 0 and finite", sum);
    return out;
}

/// Rows of a leaf of the sums that models learn from: a tile of them and its copy stay in the second-level cache.
inline constexpr std::size_t training_leaf = 256;

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_MODELS_DETAIL_TRAINING_ROWS_HPP
