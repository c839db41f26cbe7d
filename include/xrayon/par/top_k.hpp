// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_TOP_K_HPP
#define XRAYON_PAR_TOP_K_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/check.hpp>
#include <xrayon/core/concepts.hpp>
#include <xrayon/core/ranges.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/detail/sort/sort_call.hpp>
#include <xrayon/par/detail/sort/sort_values.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/par/results.hpp>
#include <xrayon/par/sort.hpp>

namespace xrayon {

/// What top_k gives: k elements, the greatest first, and where they stand in the range.
template <class T>
struct top_k_result {
    results<T> values;
    results<std::size_t> indices;

    friend bool operator==(const top_k_result&, const top_k_result&) = default;
};

namespace detail {

/// Keeps the first `k` by `first(i, j)`, an order of indices without ties, of those that it is shown. The last one of them is on top of a heap:
/// most candidates cost one comparison.
template <class First>
class best_indices {
public:
    best_indices(std::size_t k, const First& first) : k_(k), first_(first) { heap_.reserve(k); }

    /// Shows it [begin, end) in order, as `index(i)`.
    template <class Index>
    void show(std::size_t begin, std::size_t end, const Index& index) {
        for (; begin < end && heap_.size() < k_; ++begin) {
            heap_.push_back(index(begin));
            std::push_heap(heap_.begin(), heap_.end(), std::cref(first_));
        }
        for (; begin < end; ++begin) {
            const std::size_t i = index(begin);
            if (first_(i, heap_.front())) {
                std::pop_heap(heap_.begin(), heap_.end(), std::cref(first_));
                heap_.back() = i;
                std::push_heap(heap_.begin(), heap_.end(), std::cref(first_));
            }
        }
    }

    /// In any order.
    [[nodiscard]] std::vector<std::size_t> take() && { return std::move(heap_); }

private:
    std::size_t k_;
    const First& first_;
    std::vector<std::size_t> heap_;
};

/// The `k` indices of [0, n) that come first, in order. Blocks choose theirs in parallel, of which the best are chosen then.
template <class First>
std::vector<std::size_t> choose_first(std::size_t n, std::size_t k, const First& first, const sort_steps& steps) {
    // The first of each block are dear, as all of them are kept. Which block an element is in does not enter the result.
    const std::size_t block = std::max({std::size_t{32'768}, 64 * k, n / (8 * current_num_threads())});
    const std::size_t blocks = n / block + (n % block != 0);
    std::vector<std::vector<std::size_t>> chosen(blocks);
    steps.each(blocks, [&](std::size_t b) {
        best_indices<First> best(std::min(k, block), first);
        best.show(b * block, std::min(n, (b + 1) * block), std::identity{});
        chosen[b] = std::move(best).take();
    });
    best_indices<First> best(k, first);
    for (const std::vector<std::size_t>& each : chosen) {
        best.show(0, each.size(), [&](std::size_t i) { return each[i]; });
    }
    std::vector<std::size_t> indices = std::move(best).take();
    sort_memory<std::size_t> memory(k);
    merge_sort_block(indices.data(), memory.data(), k, first);
    return indices;
}

} // namespace detail

/// @brief The `k` greatest elements of a range, the greatest first, and their indices; of equal elements the one that stands first comes first.
///
/// @param range  Any indexed range, only read. An element that is computed is computed for each comparison.
/// @param k      0 to the number of elements.
/// @param less   As for par_sort_by; natural_less unless given, by which NaN is greater than every number, as in numpy and PyTorch. For the
///               k least, give std::greater<>{}.
/// @returns      The same at every thread count and grain: what a stable sort, the greatest first, begins with.
/// @throws argument_error  if there are not `k` elements
/// @throws ...             what a comparison throws, the same at every thread count
///
/// **Cost.** About n comparisons where k is small, in parallel; that of argsort where k is more than an eighth of n.
template <indexed_range Range, class Less = natural_less>
    requires sort_order<Less, std::ranges::range_value_t<const Range>>
[[nodiscard]] auto top_k(const Range& range, std::size_t k, const Less& less = {}, const loop_options& options = {})
    -> top_k_result<stored_t<std::ranges::range_value_t<const Range>>> {
    using value = stored_t<std::ranges::range_value_t<const Range>>;
    const std::size_t n = element_count(range);
    if (k > n) [[unlikely]] {
        check(false, "top_k: k must be at most the number of elements (" + to_text(n) + ")", k);
    }
    const auto first = [&](std::size_t i, std::size_t j) {
        const auto& a = element(range, i);
        const auto& b = element(range, j);
        if (detail::comes_before<Less, value>(less, b, a)) {
            return true;
        }
        return i < j && !detail::comes_before<Less, value>(less, a, b);
    };
    std::vector<std::size_t> chosen;
    const auto body = [&](const detail::sort_steps& steps) {
        if (k <= n / 8) {
            chosen = detail::choose_first(n, k, first, steps);
        } else {
            chosen.resize(n);
            if constexpr (detail::has_key<Less, value>) {
                using falling = detail::reversed_key<detail::key_for_t<Less, value>>;
                detail::sort_indices_by_key(
                    chosen.data(), n, [&](std::size_t i) { return falling{}(static_cast<value>(element(range, i))); }, steps);
            } else {
                const auto falling = [&](std::size_t i, std::size_t j) {
                    const auto& a = element(range, i);
                    const auto& b = element(range, j);
                    return detail::comes_before<Less, value>(less, b, a);
                };
                detail::sort_indices_by_less(chosen.data(), n, falling, steps);
            }
        }
    };
    detail::sort_call(k != 0, body, options, "top_k");
    const loop_options inner{.name = "top_k"};
    return {map_index(
                k, [&](std::size_t i) -> decltype(auto) { return element(range, chosen[i]); }, inner),
            map_index(
                k, [&](std::size_t i) { return chosen[i]; }, inner)};
}

/// top_k in natural order.
template <indexed_range Range>
    requires sort_order<natural_less, std::ranges::range_value_t<const Range>>
[[nodiscard]] auto top_k(const Range& range, std::size_t k, const loop_options& options) {
    return top_k(range, k, natural_less{}, options);
}

} // namespace xrayon

#endif // XRAYON_PAR_TOP_K_HPP
