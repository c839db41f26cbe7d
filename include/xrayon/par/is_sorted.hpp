// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_IS_SORTED_HPP
#define XRAYON_PAR_IS_SORTED_HPP

#include <cstddef>
#include <optional>

#include <xrayon/core/concepts.hpp>
#include <xrayon/core/ranges.hpp>
#include <xrayon/par/detail/first_hit.hpp>
#include <xrayon/par/sort.hpp>

namespace xrayon {

/// @brief The lowest index whose element comes before the one in front of it; nothing where the range is sorted.
/// @param less  As for par_sort_by. Elements behind the answer need not be compared.
/// @throws      what the lowest comparison up to the answer throws
template <indexed_range Range, class Less = natural_less>
    requires sort_order<Less, std::ranges::range_value_t<const Range>>
[[nodiscard]] std::optional<std::size_t> par_first_unsorted(const Range& range, const Less& less = {}, const loop_options& options = {}) {
    const std::size_t n = element_count(range);
    const auto make_probe = [&] {
        return [&](std::size_t i) -> std::optional<std::size_t> {
            const auto& a = element(range, i);
            const auto& b = element(range, i + 1);
            return detail::comes_before<Less, std::ranges::range_value_t<const Range>>(less, b, a) ? std::optional(i + 1) : std::nullopt;
        };
    };
    return detail::first_hit<std::size_t>(n < 2 ? 0 : n - 1, make_probe, options, "par_first_unsorted");
}

/// True if no element comes before the one in front of it by `less`; natural_less, by which NaNs are last, unless given.
template <indexed_range Range, class Less = natural_less>
    requires sort_order<Less, std::ranges::range_value_t<const Range>>
[[nodiscard]] bool par_is_sorted(const Range& range, const Less& less = {}, const loop_options& options = {}) {
    loop_options named = options;
    if (named.name.empty()) {
        named.name = "par_is_sorted";
    }
    return !par_first_unsorted(range, less, named).has_value();
}

} // namespace xrayon

#endif // XRAYON_PAR_IS_SORTED_HPP
