// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ARRAY_ASSIGN_HPP
#define XRAYON_ARRAY_ASSIGN_HPP

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xrayon/array/array_view.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/core/shape.hpp>

namespace xrayon {

namespace detail {

template <class Slot>
inline constexpr std::size_t slot_rank = 0;
template <class T, std::size_t N>
    requires(!std::is_const_v<T>)
inline constexpr std::size_t slot_rank<array_view<T, N>> = N;

/// Memory with elements of the slot's own type: copied.
template <class Slot, class Value>
concept elements_for = requires(Slot slot, std::remove_reference_t<Value>& value) { slot.assign_from(view_of<slot_rank<Slot>>(value)); };

/// An xtensor expression whose elements convert: assigned by xtensor.
template <class Slot, class Value>
concept expression_for =
    xtensor_expression<Value> && std::convertible_to<typename std::remove_cvref_t<Value>::value_type, typename Slot::value_type>;

} // namespace detail

/// `value` can be put into `slot`: a reference takes what its type takes; a mutable array_view takes arrays of its rank: views and
/// vectors of its own element type, xtensor containers and lazy expressions also of one that converts to it.
template <class Slot, class Value>
concept array_assignable =
    (std::is_lvalue_reference_v<Slot> && detail::slot_rank<std::remove_cvref_t<Slot>> == 0 && std::is_assignable_v<Slot, Value>)
    || (detail::slot_rank<std::remove_cvref_t<Slot>> != 0
        && (detail::expression_for<std::remove_cvref_t<Slot>, Value> || detail::elements_for<std::remove_cvref_t<Slot>, Value>));

/// @brief Writes `value` into `slot`.
/// @throws shape_error  `<op>: the result has shape (..), its slot has (..)` if they differ in rank or extent, before anything is
///                      written: nothing is ever broadcast.
template <class Slot, class Value>
    requires array_assignable<Slot, Value>
void assign_array(std::string_view op, Slot&& slot, Value&& value) {
    constexpr std::size_t rank = detail::slot_rank<std::remove_cvref_t<Slot>>;
    if constexpr (rank == 0) {
        slot = std::forward<Value>(value);
    } else {
        if constexpr (xtensor_expression<Value>) {
            check_same_shape(op, "the result", value.shape(), "its slot", slot.shape());
        }
        if constexpr (detail::elements_for<std::remove_cvref_t<Slot>, Value>) {
            const auto source = view_of<rank>(value);
            check_same_shape(op, "the result", source.shape(), "its slot", slot.shape());
            slot.assign_from(source);
        } else if (slot.is_contiguous()) {
            xt::noalias(as_contiguous_xtensor(slot)) = value;
        } else {
            as_xtensor(slot) = value;
        }
    }
}

} // namespace xrayon

#endif // XRAYON_ARRAY_ASSIGN_HPP
