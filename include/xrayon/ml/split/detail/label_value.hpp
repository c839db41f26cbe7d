// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_DETAIL_LABEL_VALUE_HPP
#define XRAYON_ML_SPLIT_DETAIL_LABEL_VALUE_HPP

#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xrayon/core/error.hpp>

// How labels are compared. Numbers by value, whatever their types: -1 is less than 1u. Text by its characters, also where a label is a
// pointer to it.

namespace xrayon::ml::detail {

/// C strings: a label is what they point at, not where.
template <class T>
concept text_pointer = std::same_as < std::decay_t<T>,
const char* > || std::same_as<std::decay_t<T>, char*>;

/// What is compared where an element of type T is a label.
template <class T>
using label_value_t = std::conditional_t<text_pointer<T>, std::string_view, std::remove_cvref_t<T>>;

/// The label itself, or the text that it points at. @throws argument_error  for a null pointer
template <class T>
[[nodiscard]] constexpr decltype(auto) label_value(const T& label) {
    if constexpr (text_pointer<T>) {
        const char* const text = label;
        if (text == nullptr) [[unlikely]] {
            throw argument_error("labels: a label that is text must not be a null pointer");
        }
        return std::string_view(text);
    } else {
        return (label);
    }
}

template <class T>
concept text_label = std::convertible_to<const T&, std::string_view>;

/// Whether the usual conversions would make a negative number a large one.
template <class A, class B>
concept loses_signs = std::integral<A> && std::integral<B> &&(
    std::signed_integral<A> || std::signed_integral<B>)&&std::unsigned_integral<std::common_type_t<A, B>>;

template <class A, class B>
[[nodiscard]] consteval auto common_label() {
    if constexpr (loses_signs<A, B>) {
        return std::type_identity<std::int64_t>{};
    } else if constexpr (text_label<
                             A> && text_label<B> && !std::same_as<A, B> && (std::same_as<A, std::string> || std::same_as<B, std::string>)) {
        return std::type_identity<std::string>{};
    } else if constexpr (requires { typename std::common_type_t<A, B>; }) {
        return std::type_identity<std::common_type_t<A, B>>{};
    }
}
/// The type that labels of two types have in common: of numbers one that keeps their signs, of text an owner if one of them is.
template <class A, class B>
using common_label_t = typename decltype(common_label<A, B>())::type;

/// Whether `value` can be told as a Label: not an unsigned number beyond 2^63 - 1 where labels have signs.
template <class Label, class Value>
[[nodiscard]] constexpr bool fits_label(const Value& value) noexcept {
    if constexpr (std::signed_integral<Label> && std::unsigned_integral<Value> && sizeof(Value) >= sizeof(Label)) {
        return value <= static_cast<Value>(std::numeric_limits<Label>::max());
    } else {
        return true;
    }
}

/// A label as one of type Label; text as a view of it. May refer to `value`.
template <class Label, class Value>
[[nodiscard]] constexpr decltype(auto) as_label(const Value& value) {
    if constexpr (std::same_as<Label, Value>) {
        return (value);
    } else if constexpr (text_label<Label> && text_label<std::decay_t<Value>>) {
        return std::string_view(label_value(value));
    } else {
        return static_cast<Label>(value);
    }
}

/// Whether two labels are the same one.
template <class A, class B>
[[nodiscard]] constexpr bool equal_labels(const A& a, const B& b) {
    if constexpr (std::integral<A> && std::integral<B>) {
        return std::cmp_equal(+a, +b);  // of bool and characters, which it does not take, + makes integers
    } else if constexpr (std::is_arithmetic_v<A> && std::is_arithmetic_v<B>) {
        using both = std::common_type_t<A, B>;
        return static_cast<both>(a) == static_cast<both>(b);
    } else if constexpr (text_pointer<A> && text_pointer<B>) {
        return label_value(a) == label_value(b);
    } else {
        return static_cast<bool>(a == b);
    }
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_SPLIT_DETAIL_LABEL_VALUE_HPP
