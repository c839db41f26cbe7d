// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_SORT_SORT_KEY_HPP
#define XRAYON_PAR_DETAIL_SORT_SORT_KEY_HPP

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <type_traits>

#include <xrayon/core/ranges.hpp>
#include <xrayon/par/sink/extreme.hpp>

// Numbers as unsigned integers of the same width whose order is theirs.

namespace xrayon::detail {

/// What has such keys.
template <class T>
concept key_sortable = (std::integral<T> && sizeof(T) <= 8)
                       || (std::floating_point<T> && std::numeric_limits<T>::is_iec559 && (sizeof(T) == 4 || sizeof(T) == 8));

template <std::size_t Bytes>
using unsigned_of =
    std::conditional_t<Bytes == 1, std::uint8_t,
                       std::conditional_t<Bytes == 2, std::uint16_t, std::conditional_t<Bytes == 4, std::uint32_t, std::uint64_t>>>;

/// Different values have different keys. Of floating point: numbers ascending, -0.0 before 0.0, then NaNs: those without a sign by their
/// bits, then those with one by their bits downwards.
struct total_key {
    template <key_sortable T>
    constexpr auto operator()(T x) const noexcept {
        using key = unsigned_of<sizeof(T)>;
        constexpr key sign = static_cast<key>(key{1} << (8 * sizeof(T) - 1));
        if constexpr (std::floating_point<T>) {
            // As Herf ("Radix tricks", 2001) has it, turned by so much that -infinity comes first: then NaNs with a sign come last of all.
            constexpr key first = static_cast<key>(~std::bit_cast<key>(-std::numeric_limits<T>::infinity()));
            const key bits = std::bit_cast<key>(x);
            const key negative = static_cast<key>(0 - (bits >> (8 * sizeof(T) - 1)));
            return static_cast<key>((bits ^ (negative | sign)) - first);
        } else if constexpr (std::same_as<T, bool>) {
            return static_cast<key>(x);
        } else if constexpr (std::signed_integral<T>) {
            return static_cast<key>(static_cast<key>(x) ^ sign);
        } else {
            return static_cast<key>(x);
        }
    }
};

/// What natural_less takes to be equal has equal keys: -0.0 and 0.0, and all NaNs.
struct natural_key {
    template <key_sortable T>
    constexpr auto operator()(T x) const noexcept {
        if constexpr (std::floating_point<T>) {
            using key = unsigned_of<sizeof(T)>;
            constexpr key zero = total_key{}(T{0});
            const key total = total_key{}(x);
            const key number = total == zero - 1 ? zero : total;  // -0.0 comes right before 0.0
            return total > total_key{}(std::numeric_limits<T>::infinity()) ? std::numeric_limits<key>::max() : number;
        } else {
            return total_key{}(x);
        }
    }
};

/// The other way round.
template <class Key>
struct reversed_key {
    template <key_sortable T>
    constexpr auto operator()(T x) const noexcept {
        return static_cast<unsigned_of<sizeof(T)>>(~Key{}(x));
    }
};

struct no_key {};

/// The key whose order is that of `Less` over T, no_key where there is none. Std::less of floating point is no order where there are NaNs;
/// here it is natural_less, and std::greater natural_less the other way round.
template <class Less, class T>
struct key_for {
    using type = no_key;
};
template <class Less, key_sortable T>
    requires std::same_as<Less, natural_less> || std::same_as<Less, std::less<>> || std::same_as<Less, std::less<T>> || std::same_as<
        Less, std::ranges::less>
struct key_for<Less, T> {
    using type = natural_key;
};
template <class Less, key_sortable T>
    requires std::same_as<Less, std::greater<>> || std::same_as<Less, std::greater<T>> || std::same_as<Less, std::ranges::greater>
struct key_for<Less, T> {
    using type = reversed_key<natural_key>;
};

template <class Less, class T>
using key_for_t = typename key_for<Less, T>::type;
template <class Less, class T>
inline constexpr bool has_key = !std::same_as<key_for_t<Less, T>, no_key>;

/// A key and where it came from: what argsort moves about.
template <std::unsigned_integral Key>
struct keyed_index {
    Key key;
    std::size_t index;
};

struct key_of_index {
    template <class Key>
    constexpr Key operator()(const keyed_index<Key>& x) const noexcept {
        return x.key;
    }
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_SORT_SORT_KEY_HPP
