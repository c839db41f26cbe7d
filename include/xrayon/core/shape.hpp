// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_SHAPE_HPP
#define XRAYON_CORE_SHAPE_HPP

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

#include <xrayon/core/check.hpp>
#include <xrayon/core/error.hpp>

namespace xrayon {

/// A shape as the messages show it: "(3, 4)", "(5,)", "()".
template <class Shape>
[[nodiscard]] std::string shape_text(const Shape& shape) {
    std::string out = "(";
    std::size_t count = 0;
    for (const auto extent : shape) {
        out += (count++ ? ", " : "") + to_text(static_cast<std::size_t>(extent));
    }
    return out + (count == 1 ? ",)" : ")");
}

namespace detail {

template <class Lhs, class Rhs>
XRAYON_COLD [[noreturn]] void fail_shape(std::string_view op, std::string_view lhs_name, const Lhs& lhs, std::string_view rhs_name,
                                         const Rhs& rhs) {
    throw shape_error(std::string(op) + ": " + std::string(lhs_name) + " has shape " + shape_text(lhs) + ", " + std::string(rhs_name)
                          + " has " + shape_text(rhs),
                      shape_error::shape(std::begin(lhs), std::end(lhs)), shape_error::shape(std::begin(rhs), std::end(rhs)));
}

} // namespace detail

/// Throws shape_error `<op>: <lhs_name> has shape (..), <rhs_name> has (..)` unless `holds`.
template <class Lhs, class Rhs>
void check_shapes(bool holds, std::string_view op, std::string_view lhs_name, const Lhs& lhs, std::string_view rhs_name, const Rhs& rhs) {
    if (!holds) [[unlikely]] {
        detail::fail_shape(op, lhs_name, lhs, rhs_name, rhs);
    }
}

/// As check_shapes, with the rule "equal in rank and every extent": nothing is ever broadcast.
template <class Lhs, class Rhs>
void check_same_shape(std::string_view op, std::string_view lhs_name, const Lhs& lhs, std::string_view rhs_name, const Rhs& rhs) {
    bool same = std::size(lhs) == std::size(rhs);
    auto right = std::begin(rhs);
    for (auto left = std::begin(lhs); same && left != std::end(lhs); ++left, ++right) {
        same = static_cast<std::size_t>(*left) == static_cast<std::size_t>(*right);
    }
    check_shapes(same, op, lhs_name, lhs, rhs_name, rhs);
}

} // namespace xrayon

#endif // XRAYON_CORE_SHAPE_HPP
