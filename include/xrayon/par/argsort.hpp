// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_ARGSORT_HPP
#define XRAYON_PAR_ARGSORT_HPP

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include <xrayon/core/concepts.hpp>
#include <xrayon/core/ranges.hpp>
#include <xrayon/par/detail/sort/sort_values.hpp>
#include <xrayon/par/results.hpp>
#include <xrayon/par/sort.hpp>

namespace xrayon {

namespace detail {

/// The indices of `range` in the order of its elements by `less`, written to `out[0, n)`.
template <class Range, class Less>
void argsort_to(const Range& range, std::size_t* out, const Less& less, const sort_steps& steps) {
    using value = std::ranges::range_value_t<const Range>;
    const std::size_t n = element_count(range);
    if constexpr (has_key<Less, value>) {
        sort_indices_by_key(
            out, n, [&](std::size_t i) { return key_for_t<Less, value>{}(static_cast<value>(element(range, i))); }, steps);
    } else {
        const auto before = [&](std::size_t i, std::size_t j) {
            const auto& a = element(range, i);
            const auto& b = element(range, j);
            return comes_before<Less, value>(less, a, b);
        };
        sort_indices_by_less(out, n, before, steps);
    }
}

} // namespace detail

/// @brief The order that would sort a range: indices i such that `range[i[0]]`, `range[i[1]]` ... ascend.
///
/// @param range  Any indexed range, only read; elements that are computed are computed for each comparison.
/// @param less   As for par_sort_by; natural_less (NaN last, -0.0 equals 0.0) unless given.
/// @returns      n indices, each once; those of equal elements ascend (numpy: kind="stable"). The same at every thread count and grain.
/// @throws       what a comparison throws, the same at every thread count
///
/// **Cost.** That of par_sort on pairs of a number and an index, or on indices.
template <indexed_range Range, class Less = natural_less>
    requires sort_order<Less, std::ranges::range_value_t<const Range>>
[[nodiscard]] results<std::size_t> argsort(const Range& range, const Less& less = {}, const loop_options& options = {}) {
    const std::size_t n = element_count(range);
    detail::raw_results<std::size_t> memory(n);
    if (n == 1) {
        memory.data()[0] = 0;
    }
    detail::sort_call(
        n > 1, [&](const detail::sort_steps& steps) { detail::argsort_to(range, memory.data(), less, steps); }, options, "argsort");
    return results<std::size_t>(memory);
}

/// argsort in natural order.
template <indexed_range Range>
    requires sort_order<natural_less, std::ranges::range_value_t<const Range>>
[[nodiscard]] results<std::size_t> argsort(const Range& range, const loop_options& options) {
    return argsort(range, natural_less{}, options);
}

} // namespace xrayon

#endif // XRAYON_PAR_ARGSORT_HPP
