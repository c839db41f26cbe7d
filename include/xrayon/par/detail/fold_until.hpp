// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_FOLD_UNTIL_HPP
#define XRAYON_PAR_DETAIL_FOLD_UNTIL_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include <xrayon/exec/blas_guard.hpp>
#include <xrayon/par/detail/call_end.hpp>
#include <xrayon/par/detail/fold_leaves.hpp>
#include <xrayon/par/detail/guarded_call.hpp>
#include <xrayon/par/detail/leaf_cursor.hpp>
#include <xrayon/par/detail/tree_fold.hpp>
#include <xrayon/par/loop_options.hpp>

namespace xrayon::detail {

/// fold_leaves whose leaves and merges may end it: `leaf(begin, end, cursor, stop)` and `combine(left, right, stop)` call `stop(found)`.
/// The value if none does; else `found` is what the lowest of them said.
template <class Value, class Found, class Leaf, class Empty, class Combine>
[[nodiscard]] std::optional<Value> fold_until(std::size_t n, std::size_t leaf_size, const Leaf& leaf, const Empty& empty, const Combine& combine,
                                              std::optional<Found>& found, const loop_options& options, std::string_view name) {
    guarded_call call(n, options, name);
    check_foldable(call, n);
    const call_end<Found> stop(call.outcome(), found);
    const auto leaf_of = [&](std::size_t begin, std::size_t end, const leaf_cursor& cursor) -> Value { return leaf(begin, end, cursor, stop); };
    const auto combine_both = [&](Value left, Value right) -> Value { return combine(std::move(left), std::move(right), stop); };
    tree_fold<Value, decltype(leaf_of), decltype(combine_both)> work(n, std::min(leaf_size, std::max<std::size_t>(n, 1)), leaf_of, combine_both);
    call.run(work);
    call.outcome().forget_above_hit();
    call.outcome().report();
    if (!call.outcome().searched() || (n != 0 && !found && !work.complete())) {
        call.outcome().raise();
    }
    if (found) {
        return std::nullopt;
    }
    if (n == 0) {
        const blas_guard blas;
        return empty();
    }
    return work.take();
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_FOLD_UNTIL_HPP
