// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SOURCE_IOTA_HPP
#define XRAYON_PAR_SOURCE_IOTA_HPP

#include <concepts>
#include <cstddef>
#include <type_traits>

#include <xrayon/core/check.hpp>
#include <xrayon/core/indexed_view.hpp>

namespace xrayon {

namespace detail {

template <std::integral Integer>
struct count_from {
    Integer first = 0;
    constexpr Integer operator()(std::size_t i) const noexcept {
        return static_cast<Integer>(static_cast<std::size_t>(first) + i);  // modulo 2^64, and then modulo what Integer holds
    }
};

} // namespace detail

/// The integers first, first + 1, ..., last - 1. @throws argument_error if last < first
template <std::integral Integer>
    requires(!std::same_as<Integer, bool>)
[[nodiscard]] auto iota(Integer first, std::type_identity_t<Integer> last) {
    check(first <= last, "iota: last must be >= first", last);
    return indexed_view(static_cast<std::size_t>(last) - static_cast<std::size_t>(first), detail::count_from<Integer>{first});
}

/// The integers 0, 1, ..., n - 1. @throws argument_error if n is negative
template <std::integral Integer>
    requires(!std::same_as<Integer, bool>)
[[nodiscard]] auto iota(Integer n) {
    return iota(Integer{0}, n);
}

} // namespace xrayon

#endif // XRAYON_PAR_SOURCE_IOTA_HPP
