// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SINK_COLLECT_HPP
#define XRAYON_PAR_SINK_COLLECT_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/build_results.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/detail/fold_leaves.hpp>
#include <xrayon/par/detail/fold_until.hpp>
#include <xrayon/par/detail/give.hpp>
#include <xrayon/par/results.hpp>
#include <xrayon/par/stage/filter.hpp>

namespace xrayon::detail {

/// Of a flow that gives one item for each item: each is built where it stays.
template <class Flow>
auto collect_indexed(const Flow& flow, std::string_view name) {
    using value = stored_t<typename Flow::item>;
    const auto open = [&flow] {
        return [read = flow.source.open()](std::size_t i, value* where) mutable { ::new (static_cast<void*>(where)) value(read(i)); };
    };
    const std::size_t n = flow.source.size();
    return build_results<value>(n, n, std::identity{}, open, flow.run_options(), name);
}

/// Items of the source per block. Blocks are small where items are few, which may be dear, and no more than a million.
constexpr std::size_t block_length(std::size_t n) noexcept { return std::max(std::clamp<std::size_t>(n / 256, 1, 4096), n >> 20); }

/// What comes out of any other: `put(kept, item)` for each item into the `Kept` of its block of the source, in order.
template <class Kept, class Flow, class Put>
std::vector<Kept> keep_blocks(const Flow& flow, const Put& put, std::string_view name) {
    const std::size_t n = flow.source.size();
    const std::size_t block = block_length(n);
    std::vector<Kept> kept(n / block + (n % block != 0));
    const auto leaf = [&](std::size_t begin, std::size_t end, const leaf_cursor& cursor) {
        Kept& mine = kept[begin / block];
        auto read = flow.source.open();
        auto take = flow.stage.open([&](no_fold, auto&& x) {
            put(mine, std::forward<decltype(x)>(x));
            return no_fold{};
        });
        cursor.each(begin, end, [&](std::size_t i) { take(no_fold{}, read(i)); });
    };
    each_leaf(n, block, leaf, flow.run_options(), name);
    return kept;
}

/// keep_blocks up to where `put(kept, item, stop)` ends it by calling `stop(found)`; what it has put by then is kept.
template <class Kept, class Found, class Flow, class Put>
std::vector<Kept> keep_blocks_until(const Flow& flow, const Put& put, std::optional<Found>& found, std::string_view name) {
    const std::size_t n = flow.source.size();
    const std::size_t block = block_length(n);
    std::vector<Kept> kept(n / block + (n % block != 0));
    std::optional<std::pair<std::size_t, Found>> last;
    const auto leaf = [&](std::size_t begin, std::size_t end, const leaf_cursor& cursor, const call_end<std::pair<std::size_t, Found>>& stop) {
        Kept& mine = kept[begin / block];
        const auto stop_here = [&stop, number = begin / block](Found what) { stop({number, std::move(what)}); };
        auto read = flow.source.open();
        auto take = flow.stage.open([&](no_fold, auto&& x) {
            put(mine, std::forward<decltype(x)>(x), stop_here);
            return no_fold{};
        });
        cursor.each(begin, end, [&](std::size_t i) { take(no_fold{}, read(i)); });
        return no_fold{};
    };
    const auto nothing = [] { return no_fold{}; };
    static_cast<void>(fold_until<no_fold>(n, block, leaf, nothing, [](no_fold, no_fold, const auto&) { return no_fold{}; }, last, flow.run_options(), name));
    if (last) {
        kept.resize(last->first + 1);
        found.emplace(std::move(last->second));
    }
    return kept;
}

/// The values of `list_of(kept[0])`, then those of `list_of(kept[1])` ..., moved to one place.
template <class Value, class Kept, class ListOf>
results<Value> join_blocks(std::vector<Kept>& kept, const ListOf& list_of, std::string_view name) {
    std::vector<std::size_t> bounds(kept.size() + 1);
    for (std::size_t b = 0; b < kept.size(); ++b) {
        bounds[b + 1] = bounds[b] + list_of(kept[b]).size();
    }
    const auto move_block = [&] {
        return [&](std::size_t b, Value* where) {
            std::vector<Value>& list = list_of(kept[b]);
            std::uninitialized_move(list.begin(), list.end(), where);
            std::vector<Value>().swap(list);
        };
    };
    return build_results<Value>(kept.size(), bounds.back(), [&](std::size_t b) { return bounds[b]; }, move_block, loop_options{}, name);
}

template <class Flow>
auto collect_blocks(const Flow& flow, std::string_view name) {
    using value = stored_t<typename Flow::item>;
    auto kept = keep_blocks<std::vector<value>>(
        flow, [](std::vector<value>& list, auto&& x) { list.emplace_back(std::forward<decltype(x)>(x)); }, name);
    return join_blocks<value>(kept, std::identity{}, name);
}

template <class Stage>
inline constexpr bool is_filter = false;
template <class Predicate>
inline constexpr bool is_filter<filter_stage<no_stage, Predicate>> = true;

/// A filter right behind elements of memory that are cheap to copy: the first pass notes in a bit each what is kept, the second copies it
/// without a branch for each item, which at random outcomes costs several nanoseconds in mispredictions.
template <class Flow>
inline constexpr bool is_bit_collectable =
    is_filter<decltype(Flow::stage)> && is_plain_source<decltype(Flow::source)>
    && std::is_trivially_copyable_v<std::remove_cvref_t<typename Flow::item>>
    && std::is_trivially_default_constructible_v<std::remove_cvref_t<typename Flow::item>> && sizeof(std::remove_cvref_t<typename Flow::item>) <= 16;

/// Below that the general way is as good.
inline constexpr std::size_t bit_collect_from = 16'384;

template <class Flow>
auto collect_by_bits(const Flow& flow, std::string_view name) {
    using value = stored_t<typename Flow::item>;
    constexpr std::size_t word = 64;
    const std::size_t n = flow.source.size();
    const std::size_t block = std::max(word, std::bit_floor(std::min<std::size_t>(n / 256, 4096)));  // no word belongs to two blocks
    std::vector<std::uint64_t> bits(n / word + (n % word != 0));
    std::vector<std::size_t> bounds(n / block + (n % block != 0) + 1);
    const auto leaf = [&](std::size_t begin, std::size_t end, const leaf_cursor& cursor) {
        auto read = flow.source.open();
        const auto& keeps = flow.stage.predicate();
        std::size_t count = 0;
        cursor.in_parts(begin, end, [&](std::size_t first, std::size_t last) {
            while (first < last) {
                const std::size_t stop = std::min(last, (first / word + 1) * word);
                std::uint64_t mask = 0;
                for (std::size_t i = first; i < stop; ++i) {
                    cursor.at(i);
                    mask |= static_cast<std::uint64_t>(static_cast<bool>(give(keeps, std::as_const(read(i))))) << (i % word);
                }
                bits[first / word] |= mask;
                count += static_cast<std::size_t>(std::popcount(mask));
                first = stop;
            }
        });
        bounds[begin / block + 1] = count;
    };
    each_leaf(n, block, leaf, flow.run_options(), name);
    for (std::size_t b = 1; b < bounds.size(); ++b) {
        bounds[b] += bounds[b - 1];
    }
    const auto copy_block = [&] {
        return [&, read = flow.source.open()](std::size_t b, value* where) mutable {
            const std::size_t end = std::min(n, (b + 1) * block);
            for (std::size_t begin = b * block; begin < end; begin += word) {
                const std::uint64_t mask = bits[begin / word];
                std::array<value, word> kept;
                std::size_t count = 0;
                const std::size_t length = std::min(word, end - begin);
                for (std::size_t i = 0; i < length; ++i) {
                    kept[count] = read(begin + i);
                    count += (mask >> i) & 1u;
                }
                if (count != 0) {  // else there may be no memory at all to point at
                    std::memcpy(static_cast<void*>(where), kept.data(), count * sizeof(value));
                    where += count;
                }
            }
        };
    };
    return build_results<value>(bounds.size() - 1, bounds.back(), [&](std::size_t b) { return bounds[b]; }, copy_block, loop_options{}, name);
}

template <class Flow>
auto collect(const Flow& flow, std::string_view name) {
    if constexpr (Flow::indexed) {
        return collect_indexed(flow, name);
    } else if constexpr (is_bit_collectable<Flow>) {
        return flow.source.size() < bit_collect_from ? collect_blocks(flow, name) : collect_by_bits(flow, name);
    } else {
        return collect_blocks(flow, name);
    }
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_SINK_COLLECT_HPP
