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

} // namespace detail

/// `value` can be put into `slot`: a reference takes what its type takes; a mutable array_view takes arrays of its rank
/// (views, vectors, xtensor containers and lazy expressions).
template <class Slot, class Value>
concept array_assignable =
    (std::is_lvalue_reference_v<Slot> && detail::slot_rank<std::remove_cvref_t<Slot>> == 0 && std::assignable_from<Slot, Value>)
    || (detail::slot_rank<std::remove_cvref_t<Slot>> != 0
        && (xtensor_expression<Value> || viewable_as<std::remove_reference_t<Value>&, detail::slot_rank<std::remove_cvref_t<Slot>>>));

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
        if constexpr (viewable_as<std::remove_reference_t<Value>&, rank>) {
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
