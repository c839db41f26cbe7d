// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SINK_SUM_HPP
#define XRAYON_PAR_SINK_SUM_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <new>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xrayon/core/stored.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/tick_clock.hpp>
#include <xrayon/par/detail/build_results.hpp>
#include <xrayon/par/detail/call_history.hpp>
#include <xrayon/par/detail/first_filter.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/fold_leaves.hpp>
#include <xrayon/par/detail/leaf_cursor.hpp>
#include <xrayon/par/results.hpp>
#include <xrayon/par/source/range.hpp>

namespace xrayon {

/// Items of a leaf of `sum` and `product` over numbers.
inline constexpr std::size_t sum_leaf = 1024;
/// Running sums within such a leaf: item i of it goes to sum i mod 8. In the end they are joined as ((0+4)+(2+6)) + ((1+5)+(3+7)).
inline constexpr std::size_t sum_lanes = 8;

namespace detail {

/// join_numbers by leaves that are each evaluated by one thread.
template <class Value, class Flow, class Join>
Value join_in_leaves(const Flow& flow, Value none, const Join& join, std::string_view name) {
    const auto step = [&join](Value acc, auto&& x) -> Value { return static_cast<Value>(join(acc, static_cast<Value>(x))); };
    const auto leaf = [&](std::size_t begin, std::size_t end, const leaf_cursor& cursor) -> Value {
        std::array<Value, sum_lanes> lanes;
        lanes.fill(none);
        auto read = flow.source.open();
        auto take = flow.stage.open(step);
        cursor.in_parts(begin, end, [&](std::size_t first, std::size_t last) {
            if constexpr (filters_apart<Flow>()) {
                each_kept(flow, cursor, read, first, last, [&](std::size_t i, auto&& x) {
                    Value& lane = lanes[(i - begin) % sum_lanes];
                    lane = take(lane, std::forward<decltype(x)>(x));
                });
                return;
            }
            std::size_t i = first;
            if ((first - begin) % sum_lanes == 0) {
                auto fast = lanes;  // never indexed by a variable, so that it stays in registers
                for (; last - i >= sum_lanes; i += sum_lanes) {
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
                    for (std::size_t lane = 0; lane < sum_lanes; ++lane) {
                        cursor.at(i + lane);
                        fast[lane] = take(fast[lane], read(i + lane));
                    }
                }
                lanes = fast;
            }
            for (; i < last; ++i) {
                cursor.at(i);
                Value& lane = lanes[(i - begin) % sum_lanes];
                lane = take(lane, read(i));
            }
        });
        const auto pair = [&](std::size_t a, std::size_t b) { return static_cast<Value>(join(lanes[a], lanes[b])); };
        return static_cast<Value>(join(static_cast<Value>(join(pair(0, 4), pair(2, 6))), static_cast<Value>(join(pair(1, 5), pair(3, 7)))));
    };
    const auto combine = [&join](Value left, Value right) { return static_cast<Value>(join(left, right)); };
    return fold_leaves<Value>(flow.source.size(), sum_leaf, leaf, [none] { return none; }, combine, flow.run_options(), name);
}

/// What the calls from one place have cost, for numbers that may be dear.
template <class Flow>
inline constinit call_history numbers_history = {};

/// The numbers of a flow joined by `join`, which is + or *, beginning with `none`. The lanes are what lets a compiler use vector registers:
/// it may not reorder a sum of floating point by itself.
///
/// A leaf is what one thread takes, and numbers may be dear: ten models that are scored are one leaf. So a call of few leaves whose items are
/// not known to be cheap has the numbers made one by one, by all threads, and then joins them in the same order.
template <class Value, class Flow, class Join>
Value join_numbers(const Flow& flow, Value none, const Join& join, std::string_view name) {
    if constexpr (Flow::indexed && !is_plain_source<decltype(Flow::source)>) {
        const std::size_t n = flow.source.size();
        const std::size_t threads = current_num_threads();
        if (threads > 1 && n > 1 && n / sum_leaf < 4 * threads) {
            call_history& history = numbers_history<Flow>;
            const auto begin = tick_clock::now();
            const auto end_of_call = [&](Value total) {
                history.note(tick_clock::now() - begin, threads, n);
                return total;
            };
            if (history.share_at_once()) {
                const auto open = [&flow] {
                    return [read = flow.source.open()](std::size_t i, Value* where) mutable { ::new (static_cast<void*>(where)) Value(static_cast<Value>(read(i))); };
                };
                const results<Value> values = build_results<Value>(n, n, std::identity{}, open, flow.run_options(), name);
                using kept = borrowed_range<const results<Value>>;
                return end_of_call(join_in_leaves<Value>(detail::flow<kept, no_stage>{kept(values), {}, {}}, none, join, name));
            }
            return end_of_call(join_in_leaves<Value>(flow, none, join, name));
        }
    }
    return join_in_leaves<Value>(flow, none, join, name);
}

} // namespace detail

} // namespace xrayon

#endif // XRAYON_PAR_SINK_SUM_HPP
