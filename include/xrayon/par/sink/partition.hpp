// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_SINK_PARTITION_HPP
#define XRAYON_PAR_SINK_PARTITION_HPP

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/stored.hpp>
#include <xrayon/par/detail/build_results.hpp>
#include <xrayon/par/detail/flow.hpp>
#include <xrayon/par/results.hpp>

namespace xrayon::detail {

/// The elements of kept pairs as a pair of results.
template <class Pair>
auto split_pairs(results<Pair>&& pairs, const loop_options& options, std::string_view name) {
    const auto column = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
        using value = stored_t<std::tuple_element_t<I, Pair>>;
        const auto build = [&pairs] {
            return [data = pairs.data()](std::size_t i, value* where) { ::new (static_cast<void*>(where)) value(std::get<I>(std::move(data[i]))); };
        };
        return build_results<value>(pairs.size(), pairs.size(), std::identity{}, build, loop_options{.name = options.name}, name);
    };
    auto first = column(std::integral_constant<std::size_t, 0>{});
    auto second = column(std::integral_constant<std::size_t, 1>{});
    return std::pair(std::move(first), std::move(second));
}

/// The values for which their flag is set, and the others, both in order.
template <class Value>
auto split_flagged(results<std::pair<bool, Value>>&& all, const loop_options& options, std::string_view name) {
    // Where each block of items begins in either result.
    constexpr std::size_t block = 4096;
    const std::size_t blocks = all.size() / block + (all.size() % block != 0);
    std::vector<std::size_t> bounds(blocks + 1);
    for (std::size_t i = 0; i < all.size(); ++i) {
        bounds[i / block + 1] += all[i].first ? 1 : 0;
    }
    for (std::size_t b = 0; b < blocks; ++b) {
        bounds[b + 1] += bounds[b];
    }
    const auto side = [&](bool wanted) {
        const auto bound = [&](std::size_t b) { return wanted ? bounds[b] : std::min(all.size(), b * block) - bounds[b]; };
        const auto build = [&] {
            return [&](std::size_t b, Value* where) {
                Value* const begin = where;
                try {
                    for (std::size_t i = b * block; i < std::min(all.size(), (b + 1) * block); ++i) {
                        if (all[i].first == wanted) {
                            ::new (static_cast<void*>(where)) Value(std::move(all[i].second));
                            ++where;
                        }
                    }
                } catch (...) {
                    std::destroy(begin, where);
                    throw;
                }
            };
        };
        return build_results<Value>(blocks, bound(blocks), bound, build, loop_options{.name = options.name}, name);
    };
    auto kept = side(true);
    auto others = side(false);
    return std::pair(std::move(kept), std::move(others));
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_SINK_PARTITION_HPP
