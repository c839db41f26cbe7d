// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_FIRST_FILTER_HPP
#define XRAYON_PAR_DETAIL_FIRST_FILTER_HPP

#include <concepts>
#include <cstddef>
#include <exception>
#include <type_traits>

#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/give.hpp>
#include <xrayon/par/detail/leaf_cursor.hpp>
#include <xrayon/par/stage/filter.hpp>
#include <xrayon/par/stage/map.hpp>

// A filter that nobody can foresee costs a mispredicted branch for every second item, 20 times what the rest of it costs. clang computes both ways
// and selects, where it may; g++ does not with floating point, because what is left out could trap. So there the filter of a part of a leaf is
// evaluated first, and writes down what it keeps, without a branch; then come the stages behind it, for what was kept. Each function is
// called for the same items, once each, and what is thrown is what the lowest item throws.

namespace xrayon::detail {

template <class Stage>
inline constexpr bool begins_with_filter = false;
template <class Predicate>
inline constexpr bool begins_with_filter<filter_stage<no_stage, Predicate>> = true;
template <class Before, class Predicate>
inline constexpr bool begins_with_filter<filter_stage<Before, Predicate>> = begins_with_filter<Before>;
template <class Before, class Function>
inline constexpr bool begins_with_filter<map_stage<Before, Function>> = begins_with_filter<Before>;

/// The stage that is the first filter.
template <class Stage>
const auto& first_filter(const Stage& stage) noexcept {
    if constexpr (std::same_as<std::remove_cvref_t<decltype(stage.before())>, no_stage>) {
        return stage;
    } else {
        return first_filter(stage.before());
    }
}

/// Whether a flow's first filter is to be evaluated apart. Items must be numbers, made for the call or, in memory, read again.
template <class Flow>
consteval bool filters_apart() {
#if defined(__GNUC__) && !defined(__clang__)
    using item = source_item_t<decltype(Flow::source)>;
    return begins_with_filter<decltype(Flow::stage)> && std::is_arithmetic_v<std::remove_cvref_t<item>>
           && (is_plain_source<decltype(Flow::source)> || !std::is_reference_v<item>);
#else
    return false;
#endif
}

/// Calls `take(i, kept)` in order for each item of [first, last), at most leaf_cursor::part of them, that the first filter keeps.
template <class Flow, class Read, class Take>
void each_kept(const Flow& flow, const leaf_cursor& cursor, Read& read, std::size_t first, std::size_t last, Take&& take) {
    using item = source_item_t<decltype(Flow::source)>;
    constexpr bool again = is_plain_source<decltype(Flow::source)>;
    const auto& keeps = first_filter(flow.stage).predicate();
    std::remove_cvref_t<item> values[again ? 1 : leaf_cursor::part];
    unsigned char places[leaf_cursor::part];
    static_assert(leaf_cursor::part <= 256);
    std::size_t kept = 0;
    std::size_t i = first;
    std::exception_ptr failed;
    try {
        for (; i < last; ++i) {
            cursor.at(i);
            item x = read(i);
            if constexpr (!again) {
                values[kept] = x;
            }
            places[kept] = static_cast<unsigned char>(i - first);
            kept += static_cast<bool>(give(keeps, std::as_const(x))) ? 1U : 0U;
        }
    } catch (...) {
        failed = std::current_exception();  // what was kept before comes first, and may fail too
    }
    for (std::size_t k = 0; k < kept; ++k) {
        const std::size_t at = first + places[k];
        cursor.at(at);
        if constexpr (again) {
            item x = read(at);
            take(at, kept_item<item>{static_cast<item&&>(x)});
        } else {
            take(at, kept_item<item>{static_cast<item&&>(values[k])});
        }
    }
    if (failed) [[unlikely]] {
        cursor.at(i);
        std::rethrow_exception(std::move(failed));
    }
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_FIRST_FILTER_HPP
