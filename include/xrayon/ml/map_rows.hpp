// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_MAP_ROWS_HPP
#define XRAYON_ML_MAP_ROWS_HPP

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <xrayon/array/aliasing.hpp>
#include <xrayon/array/array_view.hpp>
#include <xrayon/array/assign.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/shape.hpp>
#include <xrayon/core/stored.hpp>
#include <xrayon/exec/run_options.hpp>
#include <xrayon/ml/detail/late_rows.hpp>
#include <xrayon/par/index.hpp>

namespace xrayon::ml {

struct map_rows_options {
    std::optional<std::size_t> grain = {};  ///< Rows per claim, >= 1. Unset: found while running.
    run_options run = {};
};

namespace detail {

/// A range of samples, or an array whose rows are the samples.
template <class X>
concept sample_source = indexed_range<X> || requires(const X& x) {
    rows(x);
};

template <class X>
constexpr auto sample_type() {
    if constexpr (indexed_range<X>) {
        return std::type_identity<element_t<X>>{};
    } else {
        return std::type_identity<element_t<decltype(rows(std::declval<const X&>()))>>{};
    }
}
template <sample_source X>
using sample_t = typename decltype(sample_type<X>())::type;

template <class X>
[[nodiscard]] std::size_t sample_count(const X& x) {
    if constexpr (indexed_range<X>) {
        return element_count(x);
    } else {
        return view_of(x).shape(0);
    }
}
template <class X>
[[nodiscard]] decltype(auto) sample(const X& x, std::size_t i) {
    if constexpr (indexed_range<X>) {
        return element(x, i);
    } else {
        return view_of(x)[i];
    }
}

/// What can be a row of a result: a number, or an array of numbers whose rank is known.
template <class T>
concept row_value =
    std::is_arithmetic_v<T> ||(viewable<const T&>&& std::is_arithmetic_v<typename decltype(view_of(std::declval<const T&>()))::value_type>);

template <class T>
constexpr auto array_of_rows() {
    if constexpr (std::is_arithmetic_v<T>) {
        return std::type_identity<xt::xtensor<T, 1, xt::layout_type::row_major>>{};
    } else {
        using view = decltype(view_of(std::declval<const T&>()));
        return std::type_identity<xt::xtensor<typename view::value_type, view::rank + 1, xt::layout_type::row_major>>{};
    }
}
template <row_value T>
using array_of_rows_t = typename decltype(array_of_rows<T>())::type;

/// Rows 0 ... n - 1 of an array: `row(i)` gives row i. `say(i)` names it in messages of `op`.
template <class Row, class Say, class Value = stored_t<std::invoke_result_t<const Row&, std::size_t>>>
[[nodiscard]] array_of_rows_t<Value> gather_rows(std::size_t n, const Row& row, const Say& say, const std::string& op,
                                                 const loop_options& loop) {
    using array = array_of_rows_t<Value>;
    late_rows<array> gathered(n);
    for_each_index(
        n,
        [&](std::size_t i) {
            const Value value(std::invoke(row, i));
            if constexpr (std::is_arithmetic_v<Value>) {
                *gathered.place(i, i, {}) = value;
            } else {
                const auto from = view_of(value);
                if (auto* const to = gathered.place(i, i, from.shape())) {
                    array_view<typename array::value_type, decltype(from)::rank>(to, from.shape()).assign_from(from);
                }
            }
        },
        loop);
    if (const auto odd = gathered.odd()) [[unlikely]] {
        throw shape_error(op + ": " + say(odd->item) + " gave " + shape_text(odd->got) + ", " + say(0) + " gave " + shape_text(odd->first),
                          odd->got, odd->first);
    }
    auto out = std::move(gathered).take();
    return out ? *std::move(out) : array::from_shape(typename array::shape_type{});
}

} // namespace detail

/// A function of a sample whose result can be a row; several threads may call it at once.
template <class F, class X>
concept row_function = detail::sample_source<X> && std::regular_invocable<const F&, detail::sample_t<X>> && storable<std::invoke_result_t<
    const F&, detail::sample_t<X>>> && detail::row_value<stored_t<std::invoke_result_t<const F&, detail::sample_t<X>>>>;

/// @brief `f(x)` for each row of X, or each sample of a range, as the rows of one array: features of samples.
///
/// @param x  A matrix (or an array of more axes), n rows along axis 0; or an indexed_range of n samples of any kind. Only read.
/// @param f  `f(row)`, called exactly once for each, as const, from several threads: gives an array of numbers, the same shape for each row,
///           or a number. Lazy results are evaluated inside their task.
/// @returns  An xt::xtensor with n rows: of rank 2 where f gives vectors, of rank 1 where it gives numbers. Without rows: all extents 0.
/// @throws shape_error  `map_rows: row 3 gave (4,), row 0 gave (5,)`, naming the first row unlike row 0, when all have been computed.
/// @throws argument_error  if options.grain is 0.
/// @throws ...             what the lowest failing row threw, unchanged.
///
/// Same at every thread count: every bit, and the exception.
/// **Cost.** n calls, each result copied once to its place; about 20 ns a row.
/// @see map_rows_into, batch_inference
template <class X, row_function<X> F>
[[nodiscard]] auto map_rows(const X& x, const F& f, const map_rows_options& options = {}) {
    return detail::gather_rows(
        detail::sample_count(x),
        [&](std::size_t i) { return stored_t<std::invoke_result_t<const F&, detail::sample_t<X>>>(std::invoke(f, detail::sample(x, i))); },
        [](std::size_t i) { return "row " + to_text(i); }, "map_rows", {.grain = options.grain, .run = options.run, .name = "map_rows"});
}

/// @brief As map_rows, into an array that exists: row i of `out` becomes `f(row i)`, and nothing is allocated.
///
/// @param f    `f(row, out_row)` writes into the row; or `f(row)`, whose result must have the row's shape and be assignable to it.
/// @param out  A mutable array_view, or an xtensor container, adaptor or view, of two axes or more, n rows. May be X itself where
///             `f(row)` reads only its own row and gives a value that is computed before it is written.
/// @throws shape_error     unless out has n rows, before anything runs; from the lowest row whose result has another shape than its
///                         place: `map_rows_into: row 3: the result has shape (4,), its slot has (5,)`. Rows that had finished are written.
/// @throws argument_error  if options.grain is 0, or rows of out overlap each other.
template <class X, class F, class Out>
    requires detail::sample_source<X> && requires(Out& out) {
        rows(out);
    } &&(
        std::invocable<
            const F&, detail::sample_t<X>,
            element_t<decltype(rows(
                std::declval<
                    Out&>()))>> || (std::regular_invocable<const F&, detail::sample_t<X>> && array_assignable<element_t<decltype(rows(std::declval<Out&>()))>, std::invoke_result_t<const F&, detail::sample_t<X>>>)) void map_rows_into(const X&
                                                                                                                                                                                                                                             x,
                                                                                                                                                                                                                                         const F&
                                                                                                                                                                                                                                             f,
                                                                                                                                                                                                                                         Out&&
                                                                                                                                                                                                                                             out,
                                                                                                                                                                                                                                         const map_rows_options&
                                                                                                                                                                                                                                             options =
                                                                                                                                                                                                                                                 {}) {
        const std::size_t n = detail::sample_count(x);
        const auto slots = rows(out);
        check_shapes(slots.size() == n, "map_rows_into", "out", view_of(out).shape(), "the rows", std::array{n});
        check(elements_lie_apart(slots), "map_rows_into: rows of out must not overlap each other");
        using slot = element_t<decltype(rows(std::declval<Out&>()))>;
        for_each_index(
            n,
            [&](std::size_t i) {
                if constexpr (std::invocable<const F&, detail::sample_t<X>, slot>) {
                    std::invoke(f, detail::sample(x, i), slots[i]);
                } else {
                    const stored_t<std::invoke_result_t<const F&, detail::sample_t<X>>> value(std::invoke(f, detail::sample(x, i)));
                    try {
                        assign_array("map_rows_into", slots[i], value);
                    } catch (const shape_error& error) {
                        throw shape_error("map_rows_into: row " + to_text(i) + std::string(error.what()).substr(13), error.lhs(),
                                          error.rhs());
                    }
                }
            },
            {.grain = options.grain, .run = options.run, .name = "map_rows_into"});
    }

} // namespace xrayon::ml

#endif // XRAYON_ML_MAP_ROWS_HPP
