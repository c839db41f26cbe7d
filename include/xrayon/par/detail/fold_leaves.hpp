// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_FOLD_LEAVES_HPP
#define XRAYON_PAR_DETAIL_FOLD_LEAVES_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <xrayon/core/check.hpp>
#include <xrayon/exec/blas_guard.hpp>
#include <xrayon/par/detail/guarded_call.hpp>
#include <xrayon/par/detail/tree_fold.hpp>
#include <xrayon/par/loop_options.hpp>

namespace xrayon::detail {

/// @throws argument_error  if the canonical tree over n leaves would not fit.
inline void check_foldable(const guarded_call& call, std::size_t n) {
    if (n > (std::size_t{1} << 62)) [[unlikely]] {
        check(false, std::string(call.name()) + ": n must be at most 2^62", n);
    }
}

/// fold_index (par/index.hpp) for a leaf that is also told a leaf_cursor: `leaf(begin, end, cursor)`, and `empty()` where n is 0.
template <class Value, class Leaf, class Empty, class Combine>
[[nodiscard]] Value fold_leaves(std::size_t n, std::size_t leaf_size, const Leaf& leaf, const Empty& empty, const Combine& combine,
                                const loop_options& options, std::string_view name) {
    guarded_call call(n, options, name);
    check_foldable(call, n);
    const auto merge = [&combine](Value&& left, Value&& right) -> Value { return std::invoke(combine, std::move(left), std::move(right)); };
    tree_fold<Value, Leaf, decltype(merge)> work(n, std::min(leaf_size, std::max<std::size_t>(n, 1)), leaf, merge);
    call.run(work);
    call.outcome().report();
    if (!call.outcome().succeeded() || (n != 0 && !work.complete())) [[unlikely]] {
        call.outcome().raise();
    }
    if (n == 0) {
        const blas_guard blas;
        return empty();
    }
    return work.take();
}

/// What the leaves of a fold that is done for its effects give.
struct no_fold {};

/// `leaf(begin, end, cursor)` for the leaves of [0, n), nothing combined.
template <class Leaf>
void each_leaf(std::size_t n, std::size_t leaf_size, const Leaf& leaf, const loop_options& options, std::string_view name) {
    const auto effect = [&leaf](std::size_t begin, std::size_t end, const leaf_cursor& cursor) {
        leaf(begin, end, cursor);
        return no_fold{};
    };
    const auto nothing = [] { return no_fold{}; };
    static_cast<void>(fold_leaves<no_fold>(n, leaf_size, effect, nothing, [](no_fold, no_fold) { return no_fold{}; }, options, name));
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_FOLD_LEAVES_HPP
