// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SEARCH_AXIS_HPP
#define XRAYON_ML_SEARCH_AXIS_HPP

#include <charconv>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>

namespace xrayon::ml {

namespace detail {

/// A parameter's value as tables show it.
template <class V>
[[nodiscard]] std::string parameter_text(const V& value) {
    if constexpr (std::is_enum_v<V>) {
        return to_text(static_cast<long long>(value));
    } else if constexpr (std::is_arithmetic_v<V>) {
        return to_text(value);
    } else if constexpr (std::convertible_to<const V&, std::string_view>) {
        return std::string(std::string_view(value));
    } else if constexpr (indexed_range<V>) {
        std::string out = "[";
        for (std::size_t i = 0; i < element_count(value); ++i) {
            out += (i == 0 ? "" : " ") + parameter_text(element(value, i));
        }
        return out + "]";
    } else {
        static_assert(
            requires {
                { to_text(value) } -> std::convertible_to<std::string>;
            },
            "a parameter needs a text: give its type a function to_text");
        return to_text(value);
    }
}

} // namespace detail

/// One parameter of a struct and the values it may take.
template <class P, class V>
struct parameter_axis {
    std::string name;  ///< As tables and messages show it.
    V P::*member;
    std::vector<V> values;
};

/// `axis("alpha", &ridge_options::alpha, {0.1, 1.0, 10.0})`
template <class P, class V>
[[nodiscard]] parameter_axis<P, V> axis(std::string name, V P::*member, std::initializer_list<std::type_identity_t<V>> values) {
    return {std::move(name), member, std::vector<V>(values)};
}
/// The values as any range.
template <class P, class V, indexed_range Values>
[[nodiscard]] parameter_axis<P, V> axis(std::string name, V P::*member, const Values& values) {
    parameter_axis<P, V> out{std::move(name), member, {}};
    for (std::size_t i = 0; i < element_count(values); ++i) {
        out.values.push_back(static_cast<V>(element(values, i)));
    }
    return out;
}

} // namespace xrayon::ml

#endif // XRAYON_ML_SEARCH_AXIS_HPP
