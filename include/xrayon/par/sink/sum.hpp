// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SINK_SUM_HPP
#define XRAYON_PAR_SINK_SUM_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/fold_leaves.hpp>
#include <xrayon/par/detail/leaf_cursor.hpp>

namespace xrayon {

/// Items of a leaf of `sum` and `product` over numbers.
inline constexpr std::size_t sum_leaf = 1024;
/// Running sums within such a leaf: item i of it goes to sum i mod 8. In the end they are joined as ((0+4)+(2+6)) + ((1+5)+(3+7)).
inline constexpr std::size_t sum_lanes = 8;

namespace detail {

/// The numbers of a flow joined by `join`, which is + or *, beginning with `none`. The lanes are what lets a compiler use vector registers:
/// it may not reorder a sum of floating point by itself.
template <class Value, class Flow, class Join>
Value join_numbers(const Flow& flow, Value none, const Join& join, std::string_view name) {
    const auto step = [&join](Value acc, auto&& x) -> Value { return static_cast<Value>(join(acc, static_cast<Value>(x))); };
    const auto leaf = [&](std::size_t begin, std::size_t end, const leaf_cursor& cursor) -> Value {
        std::array<Value, sum_lanes> lanes;
        lanes.fill(none);
        auto read = flow.source.open();
        auto take = flow.stage.open(step);
        cursor.in_parts(begin, end, [&](std::size_t first, std::size_t last) {
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

} // namespace detail

} // namespace xrayon

#endif // XRAYON_PAR_SINK_SUM_HPP
