// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_GRADIENT_DETAIL_CALL_ON_BATCH_HPP
#define XRAYON_ML_GRADIENT_DETAIL_CALL_ON_BATCH_HPP

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xrayon/array/array_view.hpp>
#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/core/stored.hpp>

// A user's function of a batch: `f(batch)`, or `f(X, y)` where a batch is a pair or a tuple, with more arguments behind or before.

namespace xrayon::ml::detail {

template <class Batch>
concept tuple_like = requires { std::tuple_size<std::remove_cvref_t<Batch>>::value; requires std::tuple_size_v<std::remove_cvref_t<Batch>> >= 1; };

template <class F, class Batch, class Indices, class... Rest>
struct takes_parts : std::false_type {};
template <class F, class Batch, std::size_t... I, class... Rest>
    requires std::invocable<const F&, decltype(std::get<I>(std::declval<Batch>()))..., Rest...>
struct takes_parts<F, Batch, std::index_sequence<I...>, Rest...> : std::true_type {
    using result = std::invoke_result_t<const F&, decltype(std::get<I>(std::declval<Batch>()))..., Rest...>;
};
template <class Batch>
struct parts_of : std::type_identity<std::index_sequence<>> {};
template <tuple_like Batch>
struct parts_of<Batch> : std::type_identity<std::make_index_sequence<std::tuple_size_v<std::remove_cvref_t<Batch>>>> {};

template <class F, class Batch, class... Rest>
concept takes_whole = std::invocable<const F&, Batch, Rest...>;
template <class F, class Batch, class... Rest>
concept takes_apart = !takes_whole<F, Batch, Rest...> && tuple_like<Batch> && takes_parts<F, Batch, typename parts_of<Batch>::type, Rest...>::value;

template <class F, class Batch, class... Rest>
struct batch_result {};
template <class F, class Batch, class... Rest>
    requires takes_whole<F, Batch, Rest...>
struct batch_result<F, Batch, Rest...> {
    using type = std::invoke_result_t<const F&, Batch, Rest...>;
};
template <class F, class Batch, class... Rest>
    requires takes_apart<F, Batch, Rest...>
struct batch_result<F, Batch, Rest...> {
    using type = typename takes_parts<F, Batch, typename parts_of<Batch>::type, Rest...>::result;
};

/// How many rows a part of a batch has, where that can be asked.
template <class Part>
[[nodiscard]] std::optional<std::size_t> rows_in(const Part& part) {
    if constexpr (requires { part.shape().begin(); part.shape().size(); }) {
        const auto& shape = part.shape();
        return shape.size() == 0 ? std::nullopt : std::optional<std::size_t>(static_cast<std::size_t>(*shape.begin()));
    } else if constexpr (requires { { part.size() } -> std::convertible_to<std::size_t>; part.begin(); }) {
        return static_cast<std::size_t>(part.size());
    } else {
        return std::nullopt;
    }
}

[[nodiscard]] inline std::string part_name(std::size_t part) { return part == 0 ? "X" : part == 1 ? "y" : "part " + to_text(part); }

/// @throws shape_error  `<op>: batch 4: X has 10 rows, y has 9`
template <class Batch>
void check_rows(std::string_view op, std::size_t index, const Batch& batch) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        const std::optional<std::size_t> rows[] = {rows_in(std::get<I>(batch))...};
        for (std::size_t part = 1; part < sizeof...(I); ++part) {
            if (rows[0] && rows[part] && *rows[0] != *rows[part]) [[unlikely]] {
                throw shape_error(std::string(op) + ": batch " + to_text(index) + ": X has " + to_text(*rows[0]) + " rows, " + part_name(part)
                                      + " has " + to_text(*rows[part]),
                                  {*rows[0]}, {*rows[part]});
            }
        }
    }(typename parts_of<Batch>::type{});
}

/// Batches that cost nothing to look at: they are there already, or views.
template <class Part>
inline constexpr bool is_at_hand = std::is_lvalue_reference_v<Part>;
template <class T, std::size_t N>
inline constexpr bool is_at_hand<array_view<T, N>> = true;
template <class Batch>
inline constexpr bool parts_at_hand = std::is_lvalue_reference_v<Batch>;
template <class... Parts>
inline constexpr bool parts_at_hand<std::tuple<Parts...>> = (is_at_hand<Parts> && ...);
template <class A, class B>
inline constexpr bool parts_at_hand<std::pair<A, B>> = is_at_hand<A> && is_at_hand<B>;

/// The rows of all batches that f takes apart, before anything runs, where looking costs nothing; call_on_batch looks at the others.
template <class F, class... Rest, class Batches>
void check_all_rows(std::string_view op, const Batches& batches) {
    using batch = element_t<Batches>;
    if constexpr (takes_apart<F, batch, Rest...> && parts_at_hand<batch>) {
        for (std::size_t i = 0; i < element_count(batches); ++i) {
            check_rows(op, i, element(batches, i));
        }
    }
}

/// `f(batch i, rest...)`, as a Value where there is one: made in the expression that made the batch, which a lazy result may refer to.
template <class Value, class F, class Batches, class... Rest>
Value call_on_batch(std::string_view op, const F& f, const Batches& batches, std::size_t i, Rest&... rest) {
    using batch = element_t<Batches>;
    if constexpr (takes_whole<F, batch, Rest&...>) {
        return Value(std::invoke(f, element(batches, i), rest...));
    } else {
        auto&& whole = element(batches, i);
        if constexpr (!parts_at_hand<batch>) {
            check_rows(op, i, whole);
        }
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return Value(std::invoke(f, std::get<I>(static_cast<batch&&>(whole))..., rest...));
        }(typename parts_of<batch>::type{});
    }
}

} // namespace xrayon::ml::detail

namespace xrayon::ml {

/// What f gives for a batch: `f(batch, rest...)`; or `f(X, y, rest...)`, if a batch is a pair or tuple and f does not take it whole.
template <class F, class Batch, class... Rest>
using batch_result_t = typename detail::batch_result<F, Batch, Rest...>::type;

} // namespace xrayon::ml

#endif // XRAYON_ML_GRADIENT_DETAIL_CALL_ON_BATCH_HPP
