// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SINK_COLLECT_HPP
#define XRAYON_PAR_SINK_COLLECT_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/build_results.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/fold_leaves.hpp>
#include <xrayon/par/results.hpp>

namespace xrayon::detail {

/// Of a flow that gives one item for each item: each is built where it stays.
template <class Flow>
auto collect_indexed(const Flow& flow) {
    using value = stored_t<typename Flow::item>;
    const auto open = [&flow] {
        return [read = flow.source.open()](std::size_t i, value* where) mutable { ::new (static_cast<void*>(where)) value(read(i)); };
    };
    const std::size_t n = flow.source.size();
    return build_results<value>(n, n, std::identity{}, open, flow.options_of("collect"), "collect");
}

struct nothing_kept {};

/// Of any other: each block of items keeps what came out of it, then all is moved to where it stays, in order.
template <class Flow>
auto collect_blocks(const Flow& flow) {
    using value = stored_t<typename Flow::item>;
    const std::size_t n = flow.source.size();
    const std::size_t block = std::max(std::clamp<std::size_t>(n / 256, 1, 4096), n >> 20);
    std::vector<std::vector<value>> kept(n / block + (n % block != 0));
    const auto leaf = [&](std::size_t begin, std::size_t end, const auto&... cursor) {
        if constexpr (sizeof...(cursor) != 0) {
            std::vector<value>& mine = kept[begin / block];
            auto read = flow.source.open();
            auto take = flow.stage.open([&mine](std::size_t count, auto&& x) {
                mine.emplace_back(std::forward<decltype(x)>(x));
                return count + 1;
            });
            (cursor.in_parts(begin, end, [&](std::size_t first, std::size_t last, std::size_t& at) {
                std::size_t count = 0;
                for (std::size_t i = first; i < last; ++i) {
                    at = i;
                    count = take(count, read(i));
                }
            }), ...);
        }
        return nothing_kept{};
    };
    const auto join = [](nothing_kept, nothing_kept) { return nothing_kept{}; };
    const loop_options options = flow.options_of("collect");
    static_cast<void>(fold_leaves<nothing_kept>(n, block, leaf, join, options, "collect"));
    std::vector<std::size_t> bounds(kept.size() + 1);
    for (std::size_t b = 0; b < kept.size(); ++b) {
        bounds[b + 1] = bounds[b] + kept[b].size();
    }
    const auto move_block = [&] {
        return [&kept](std::size_t b, value* where) {
            std::uninitialized_move(kept[b].begin(), kept[b].end(), where);
            std::vector<value>().swap(kept[b]);
        };
    };
    return build_results<value>(kept.size(), bounds.back(), [&](std::size_t b) { return bounds[b]; }, move_block, loop_options{.name = options.name}, "collect");
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_SINK_COLLECT_HPP
