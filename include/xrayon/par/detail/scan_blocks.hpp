// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_SCAN_BLOCKS_HPP
#define XRAYON_PAR_DETAIL_SCAN_BLOCKS_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/concepts.hpp>
#include <xrayon/par/detail/build_results.hpp>
#include <xrayon/par/detail/sort/sort_call.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/par/loop_options.hpp>
#include <xrayon/par/results.hpp>

namespace xrayon::detail {

inline constexpr std::size_t scan_leaf = 1024;

/// Where results go that have a place already.
template <class Element>
struct assign_to {
    Element* data;
    template <class T>
    void operator()(std::size_t i, const T& result) const {
        data[i] = result;
    }
};
template <class Element>
assign_to(Element*) -> assign_to<Element>;

inline std::size_t scan_leaves(std::size_t n) noexcept { return n / scan_leaf + (n % scan_leaf != 0); }

/// What goes into each of the leaves [first, last): `start`, then that `op` the totals of the leaves before; `start` is then what goes into
/// leaf `last`, if there is one. Without a start the very first leaf has none.
template <class T, class Range, class Op>
std::vector<std::optional<T>> scan_carries(const Range& range, std::size_t first, std::size_t last, std::optional<T>& start, const Op& op,
                                           const loop_options& inner) {
    const auto total_of = [&](std::size_t leaf) {
        const std::size_t begin = (first + leaf) * scan_leaf;
        T total(element(range, begin));
        for (std::size_t i = begin + 1; i < begin + scan_leaf; ++i) {
            total = std::invoke(op, std::as_const(total), element(range, i));
        }
        return total;
    };
    const bool ends = last == scan_leaves(element_count(range));  // then the total of the last one is not needed
    results<T> totals = map_index(last - first - (ends ? 1 : 0), total_of, inner);
    std::vector<std::optional<T>> carries;
    carries.reserve(totals.size() + 1);
    carries.push_back(std::move(start));
    for (T& total : totals) {
        if (carries.back()) {
            carries.emplace_back(std::invoke(op, std::as_const(*carries.back()), std::as_const(total)));
        } else {
            carries.emplace_back(std::move(total));
        }
    }
    if (!ends) {
        start = std::move(carries.back());
        carries.pop_back();
    }
    return carries;
}

/// The results of one leaf: `put(i, result)` for each element i of it.
template <class T, bool Inclusive, class Range, class Op, class Put>
void scan_one_leaf(const Range& range, std::size_t leaf, std::optional<T>& carry, const Op& op, const Put& put) {
    std::size_t i = leaf * scan_leaf;
    const std::size_t end = std::min(element_count(range), i + scan_leaf);
    if (!carry) {  // the first element is a result as it is, and put there already
        carry.emplace(element(range, i++));
    }
    T running(*std::move(carry));  // a local, which stays in a register whatever is written to
    for (; i < end; ++i) {
        if constexpr (Inclusive) {
            running = std::invoke(op, std::as_const(running), element(range, i));
            put(i, std::as_const(running));
        } else if (i + 1 < end) {
            T next = std::invoke(op, std::as_const(running), element(range, i));
            put(i, std::as_const(running));
            running = std::move(next);
        } else {
            put(i, std::as_const(running));
        }
    }
}

/// `put(i, result)` for all elements. A million elements after the other (a plain processor's last cache holds them): what their totals were
/// made of need not be read from memory again for their results.
template <class T, bool Inclusive, class Range, class Op, class Put>
void scan_in_blocks(const Range& range, std::optional<T> start, const Op& op, const Put& put, const loop_options& options,
                    std::string_view name) {
    constexpr std::size_t group = 1024;
    const loop_options inner{.grain = options.grain, .name = name};
    const std::size_t leaves = scan_leaves(element_count(range));
    const auto body = [&](const sort_steps& steps) {
        std::optional<T> into(start);
        for (std::size_t first = 0; first < leaves; first += group) {
            auto carries = scan_carries<T>(range, first, std::min(leaves, first + group), into, op, inner);
            steps.each(carries.size(), [&](std::size_t leaf) { scan_one_leaf<T, Inclusive>(range, first + leaf, carries[leaf], op, put); });
        }
    };
    sort_call(leaves != 0, body, options, name);
}

template <class T, class Op>
void scan_in_place(T* data, std::size_t n, const Op& op, const loop_options& options, std::string_view name) {
    scan_in_blocks<T, true>(std::span<const T>(data, n), std::optional<T>(), op, assign_to{data}, options, name);
}

/// Values that have to be constructed, and destroyed if an item fails.
template <class T, bool Inclusive, class Range, class Op>
results<T> scan_building(const Range& range, const std::optional<T>& start, const Op& op, const loop_options& options,
                         std::string_view name) {
    const loop_options inner{.grain = options.grain, .name = name};
    const std::size_t n = element_count(range);
    results<T> out;
    const auto body = [&](const sort_steps&) {
        std::optional<T> into(start);
        auto carries = scan_carries<T>(range, 0, scan_leaves(n), into, op, inner);
        const auto bound = [n](std::size_t leaf) { return std::min(n, leaf * scan_leaf); };
        const auto make_build = [&] {
            return [&](std::size_t leaf, T* where) {
                std::size_t made = 0;
                try {
                    scan_one_leaf<T, Inclusive>(range, leaf, carries[leaf], op, [&](std::size_t, const T& result) {
                        ::new (static_cast<void*>(where + made)) T(result);
                        ++made;
                    });
                } catch (...) {
                    std::destroy_n(where, made);
                    throw;
                }
            };
        };
        out = build_results<T>(carries.size(), n, bound, make_build, inner, name);
    };
    sort_call(n != 0, body, options, name);
    return out;
}

template <class T, bool Inclusive, class Range, class Op>
results<T> scan_to_results(const Range& range, std::optional<T> start, const Op& op, const loop_options& options, std::string_view name) {
    if constexpr (std::is_trivially_copyable_v<T> && std::is_trivially_default_constructible_v<T>) {
        raw_results<T> memory(element_count(range));
        scan_in_blocks<T, Inclusive>(range, std::move(start), op, assign_to{memory.data()}, options, name);
        return results<T>(memory);
    } else {
        return scan_building<T, Inclusive>(range, start, op, options, name);
    }
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_SCAN_BLOCKS_HPP
