// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SOURCE_RANGE_HPP
#define XRAYON_PAR_SOURCE_RANGE_HPP

#include <cstddef>
#include <type_traits>
#include <utility>

#include <xrayon/core/concepts.hpp>
#include <xrayon/core/ranges.hpp>
#include <xrayon/par/detail/flow.hpp>

namespace xrayon {

/// A range whose elements may be written to: reached by index in constant time.
template <class Range>
concept mutable_indexed_range = !disable_indexed_range<std::remove_cvref_t<Range>> && std::ranges::random_access_range<Range>
                                && std::ranges::sized_range<Range>;

namespace detail {

/// Reads element i of a range through its first iterator; through a pointer where there is one.
template <class Range>
auto range_reader(Range& range) {
    if constexpr (std::ranges::contiguous_range<Range>) {
        return [first = std::ranges::data(range)](std::size_t i) -> decltype(auto) { return first[i]; };
    } else {
        return [first = std::ranges::begin(range)](std::size_t i) -> decltype(auto) {
            return first[static_cast<std::ranges::range_difference_t<Range>>(i)];
        };
    }
}

/// Elements of a range that somebody else keeps alive; `Range` is const unless they may be written to.
template <class Range>
class borrowed_range {
public:
    explicit borrowed_range(Range& range) : range_(&range) {}
    [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(std::ranges::size(*range_)); }
    [[nodiscard]] auto open() const { return range_reader(*range_); }
    /// Where the elements lie next to each other, in memory.
    [[nodiscard]] auto data() const
        requires std::ranges::contiguous_range<Range>
    {
        return std::ranges::data(*range_);
    }

private:
    Range* range_;
};

template <class Range>
    requires std::ranges::contiguous_range<Range>
inline constexpr bool is_plain_source<borrowed_range<Range>> = true;

/// True of a range that holds its elements: where it is const, so are they. Views, range-v3's among them, hold what is somebody else's.
template <class Range>
inline constexpr bool holds_elements = false;
template <class Range>
    requires std::ranges::range<Range> && std::ranges::range<const Range> && (!std::ranges::view<Range>)
inline constexpr bool holds_elements<Range> =
    std::is_lvalue_reference_v<std::ranges::range_reference_t<Range>> && !std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<Range>>>
    && std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<const Range>>>;

/// Elements of a range that was handed over. Those of a container are moved out of it, each once; a view stays what it is.
template <class Range>
class owned_range {
public:
    explicit owned_range(Range&& range) : range_(std::move(range)) {}
    explicit owned_range(const Range& range) : range_(range) {}
    [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(std::ranges::size(range_)); }
    [[nodiscard]] auto open() const {
        if constexpr (holds_elements<Range>) {
            return [read = range_reader(range_)](std::size_t i) -> decltype(auto) { return std::move(read(i)); };
        } else {
            return range_reader(std::as_const(range_));
        }
    }

private:
    mutable Range range_;  // each element belongs to the one item that reads it
};

template <class T>
inline constexpr bool is_owned = !std::is_lvalue_reference_v<T>;

/// The source for what a user hands to `par`, `zip`, `chain` ...: an lvalue is borrowed, an rvalue taken over.
template <class Range>
auto source_of(Range&& range) {
    if constexpr (requires { std::forward<Range>(range).take_source(); }) {
        return std::forward<Range>(range).take_source();
    } else if constexpr (is_owned<Range>) {
        return owned_range<std::remove_cvref_t<Range>>(std::forward<Range>(range));
    } else {
        return borrowed_range<const std::remove_cvref_t<Range>>(range);
    }
}

template <class Range>
using source_of_t = decltype(source_of(std::declval<Range>()));

} // namespace detail

} // namespace xrayon

#endif // XRAYON_PAR_SOURCE_RANGE_HPP
