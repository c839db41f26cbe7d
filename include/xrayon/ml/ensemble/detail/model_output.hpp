// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_DETAIL_MODEL_OUTPUT_HPP
#define XRAYON_ML_ENSEMBLE_DETAIL_MODEL_OUTPUT_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/stored.hpp>

// What models give: a number, or an array of numbers of any layout. All of them are read the same way, block by block in row-major order,
// as the type that the aggregation computes in.

namespace xrayon::ml::detail {

template <class T>
concept prediction_element = std::integral<T> || std::same_as<T, float> || std::same_as<T, double>;

template <class T>
concept scalar_prediction = prediction_element<T>;

template <class T>
concept view_prediction =
    !scalar_prediction<T> && viewable<const T&> && prediction_element<typename decltype(view_of(std::declval<const T&>()))::value_type>;

/// An array whose rank is only known while running, in row-major order by type.
template <class T>
concept dynamic_prediction =
    !view_prediction<
        T> && xtensor_expression<T> && prediction_element<typename T::value_type> && T::static_layout == xt::layout_type::row_major
    && std::same_as<T, stored_t<T>> && requires(const T& x) {
    { x.data() } -> std::same_as<const typename T::value_type*>;
};

/// How a model's result is kept has to be one of these.
template <class T>
concept prediction = scalar_prediction<T> || view_prediction<T> || dynamic_prediction<T>;

template <prediction T>
constexpr auto prediction_element_of() {
    if constexpr (scalar_prediction<T>) {
        return std::type_identity<T>{};
    } else if constexpr (view_prediction<T>) {
        return std::type_identity<typename decltype(view_of(std::declval<const T&>()))::value_type>{};
    } else {
        return std::type_identity<std::remove_cv_t<typename T::value_type>>{};
    }
}
template <prediction T>
using prediction_element_t = typename decltype(prediction_element_of<T>())::type;

/// -1 where only the object knows.
template <prediction T>
constexpr std::ptrdiff_t prediction_rank_of() {
    if constexpr (scalar_prediction<T>) {
        return 0;
    } else if constexpr (view_prediction<T>) {
        return static_cast<std::ptrdiff_t>(decltype(view_of(std::declval<const T&>()))::rank);
    } else {
        return -1;
    }
}

using prediction_shape = std::vector<std::size_t>;

template <prediction T>
[[nodiscard]] prediction_shape shape_of_prediction(const T& kept) {
    if constexpr (scalar_prediction<T>) {
        return {};
    } else if constexpr (view_prediction<T>) {
        const auto view = view_of(kept);
        return prediction_shape(view.shape().begin(), view.shape().end());
    } else {
        return prediction_shape(kept.shape().begin(), kept.shape().end());
    }
}

[[nodiscard]] inline std::size_t element_count_of(const prediction_shape& shape) noexcept {
    std::size_t count = 1;
    for (const std::size_t extent : shape) {
        count *= extent;
    }
    return count;
}

/// A prediction as `Value`s. Refers to what keeps it.
template <class Value>
struct prediction_source {
    const void* kept = nullptr;
    const Value* direct = nullptr;  ///< All of them, where they lie in memory as they are read; else null.
    void (*read)(const void* kept, std::size_t begin, std::size_t count, Value* to) = nullptr;

    /// Values [begin, begin + count), copied to `buffer` only where need be.
    [[nodiscard]] const Value* values(std::size_t begin, std::size_t count, Value* buffer) const {
        if (direct != nullptr) {
            return direct + begin;
        }
        read(kept, begin, count, buffer);
        return buffer;
    }
};

template <class Value, prediction T>
void read_prediction(const void* kept, std::size_t begin, std::size_t count, Value* to) {
    const T& from = *static_cast<const T*>(kept);
    if constexpr (scalar_prediction<T>) {
        std::fill_n(to, count, static_cast<Value>(from));
    } else if constexpr (view_prediction<T>) {
        const auto all = elements(view_of(from));
        for (std::size_t i = 0; i < count; ++i) {
            to[i] = static_cast<Value>(element(all, begin + i));
        }
    } else {
        std::transform(from.data() + begin, from.data() + begin + count, to, [](const auto& x) { return static_cast<Value>(x); });
    }
}

template <class Value, prediction T>
[[nodiscard]] prediction_source<Value> source_of(const T& kept) {
    prediction_source<Value> source{&kept, nullptr, &read_prediction<Value, T>};
    if constexpr (std::same_as<prediction_element_t<T>, Value>) {
        if constexpr (scalar_prediction<T>) {
            source.direct = &kept;
        } else if constexpr (view_prediction<T>) {
            const auto view = view_of(kept);
            source.direct = view.is_contiguous() ? view.data() : nullptr;
        } else {
            source.direct = kept.data();
        }
    }
    return source;
}

/// The type that elements of A and B convert to: of two integers of different signs, std::int64_t, unless one has 64 bits without a
/// sign; that one, and any other number, becomes a double beside a floating type. void where there is none.
template <class A, class B>
constexpr auto promoted() {
    if constexpr (std::same_as<A, B>) {
        return std::type_identity<A>{};
    } else if constexpr (std::floating_point<A> || std::floating_point<B>) {
        return std::type_identity<double>{};
    } else if constexpr (std::is_signed_v<A> == std::is_signed_v<B>) {
        return std::type_identity<std::common_type_t<A, B>>{};
    } else if constexpr (sizeof(A) < 8 || std::is_signed_v<A>) {
        if constexpr (sizeof(B) < 8 || std::is_signed_v<B>) {
            return std::type_identity<std::int64_t>{};
        } else {
            return std::type_identity<void>{};
        }
    } else {
        return std::type_identity<void>{};
    }
}

template <class... T>
struct promotion;
template <class A>
struct promotion<A> {
    using type = A;
};
template <class A, class B, class... More>
struct promotion<A, B, More...> : promotion<typename decltype(promoted<A, B>())::type, More...> {};
template <class B, class... More>
struct promotion<void, B, More...> {
    using type = void;
};
template <class... T>
using promotion_t = typename promotion<T...>::type;

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_ENSEMBLE_DETAIL_MODEL_OUTPUT_HPP
