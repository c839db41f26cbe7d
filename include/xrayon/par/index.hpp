// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_INDEX_HPP
#define XRAYON_PAR_INDEX_HPP

#include <concepts>
#include <cstddef>
#include <functional>
#include <new>
#include <type_traits>
#include <utility>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/build_results.hpp>
#include <xrayon/par/detail/fold_leaves.hpp>
#include <xrayon/par/detail/leaf_cursor.hpp>
#include <xrayon/par/detail/run_each.hpp>
#include <xrayon/par/loop_options.hpp>
#include <xrayon/par/results.hpp>

// The guarded core: every split of work in the library is made here. What all three functions promise:
//
// Same at every thread count: the result, bit for bit, and the exception.
// Errors: the exception of the lowest failing item, unchanged (options.run.error says otherwise); items above it are
//   cancelled, items below it run to their end. argument_error if options.grain is 0; environment_error if this is the first
//   use of the library and XRAYON_NUM_THREADS cannot be read, resource_error if its threads cannot be had; cancelled if the stop token, the deadline or an outer call ends it.
// Nesting: a call inside an item uses the same threads; a thread that waits never starts an unrelated item, so locks and
//   scratch held across a call are safe.
// Cost: where items have been cheap so far, up to about 5 us of work runs on the calling thread alone and the rest is shared;
//   where they have been dear (5 us or more each), or at the first call from a place, all is shared at once.

namespace xrayon {

/// A function of an index that several threads may call at once.
template <class F>
concept index_callable = std::invocable<const F&, std::size_t>;

/// An index function whose results can be kept.
template <class F>
concept index_map = index_callable<F> && storable<std::invoke_result_t<const F&, std::size_t>>;

/// @brief Calls `f(i)` for every i in [0, n), in parallel; each at most once, each exactly once if it returns.
/// @param f  Called from several threads at once, as const. What it returns is dropped.
/// **Cost.** No allocation unless work is shared.
template <index_callable F>
void for_each_index(std::size_t n, const F& f, const loop_options& options = {}) {
    detail::run_each(n, [&f](std::size_t i) { static_cast<void>(std::invoke(f, i)); }, options, "for_each_index");
}

/// @brief The results of `f(0) ... f(n - 1)`, in that order.
/// @param f  Called from several threads at once, as const. A lazy result is evaluated inside its task (core/stored.hpp).
/// @returns  n values; nothing is returned, and every value built is destroyed, if an item throws.
/// @throws std::bad_alloc before any call of `f` if the results do not fit in memory
/// **Cost.** One allocation of n results, each built in place by the thread that computed it.
template <index_map F>
[[nodiscard]] auto map_index(std::size_t n, const F& f, const loop_options& options = {})
    -> results<stored_t<std::invoke_result_t<const F&, std::size_t>>> {
    using value = stored_t<std::invoke_result_t<const F&, std::size_t>>;
    const auto open = [&f] { return [&f](std::size_t i, value* where) { ::new (static_cast<void*>(where)) value(std::invoke(f, i)); }; };
    return detail::build_results<value>(n, n, std::identity{}, open, options, "map_index");
}

/// A function of a leaf `[begin, end)` that gives a partial result.
template <class Leaf>
concept leaf_function = std::invocable<const Leaf&, std::size_t, std::size_t>
                        && storable<std::invoke_result_t<const Leaf&, std::size_t, std::size_t>>;

/// @brief Combines `leaf(0, L), leaf(L, 2 L), ...` over [0, n) along the canonical tree (core/canonical_tree.hpp).
///
/// @param n         Items.
/// @param leaf_size L >= 1: items per leaf, the last one may have fewer. Only n and L enter the bits; options.grain and the
///                  thread count do not. A leaf is the least that a thread claims, and what run.report says of a leaf that
///                  throws is its first item.
/// @param leaf      `leaf(begin, end)` gives the partial result of a leaf, as const from several threads at once.
/// @param combine   `combine(left, right)` gives that of two neighbours; both are rvalues. It need not be associative.
/// @returns         The fold of all items; `leaf(0, 0)` if n is 0.
/// @throws          What the lowest failing leaf threw, or the merge that comes first after it.
/// **Cost.** At most threads x (2 + log2(n / L)) partial results are alive at any time, however many leaves there are.
template <leaf_function Leaf, class Combine, class Value = stored_t<std::invoke_result_t<const Leaf&, std::size_t, std::size_t>>>
    requires std::is_invocable_r_v<Value, const Combine&, Value, Value>
[[nodiscard]] Value fold_index(std::size_t n, std::size_t leaf_size, const Leaf& leaf, const Combine& combine, const loop_options& options = {}) {
    check(leaf_size >= 1, "fold_index: leaf_size must be >= 1", leaf_size);
    const auto leaf_at = [&leaf](std::size_t begin, std::size_t end, const detail::leaf_cursor&) -> Value {
        return Value(std::invoke(leaf, begin, end));
    };
    const auto empty = [&leaf]() -> Value { return Value(std::invoke(leaf, std::size_t{0}, std::size_t{0})); };
    return detail::fold_leaves<Value>(n, leaf_size, leaf_at, empty, combine, options, "fold_index");
}

} // namespace xrayon

#endif // XRAYON_PAR_INDEX_HPP
