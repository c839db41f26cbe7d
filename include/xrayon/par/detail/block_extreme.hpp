// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_BLOCK_EXTREME_HPP
#define XRAYON_PAR_DETAIL_BLOCK_EXTREME_HPP

#include <concepts>
#include <cstddef>
#include <initializer_list>

#include <xrayon/core/config.hpp>

namespace xrayon::detail {

/// The extreme of `count` >= 1 numbers one by one, as natural_less orders them: the first of the smallest, or the last of the greatest, NaN
/// being greater than all others.
template <bool Greatest, class Number>
Number extreme_in_order(const Number* values, std::size_t count) noexcept {
    const auto less = [](Number a, Number b) {
        if constexpr (std::floating_point<Number>) {
            return a < b || (b != b && a == a);
        } else {
            return a < b;
        }
    };
    Number best = values[0];
    for (std::size_t i = 1; i < count; ++i) {
        best = (Greatest ? !less(values[i], best) : less(values[i], best)) ? values[i] : best;
    }
    return best;
}

/// The same, several at a time. The order in which numbers meet is not that of the definition, and shows in two cases only, which are looked at
/// once more: zeros of both signs are equal, and NaN loses against everything in a comparison.
template <bool Greatest, class Number>
Number block_extreme(const Number* values, std::size_t count) noexcept {
    if constexpr (!std::floating_point<Number> || sizeof(Number) > 8) {
        return extreme_in_order<Greatest>(values, count);
    } else {
        // Vectors of the language, because a compiler makes no vector instruction of a comparison that could trap. Of 16 bytes, which every
        // processor has.
        typedef Number vector [[gnu::vector_size(16)]];
        constexpr std::size_t width = 16 / sizeof(Number);
        constexpr std::size_t step = 4 * width;
        if (count < 2 * step) {
            return extreme_in_order<Greatest>(values, count);
        }
        struct four {  // names, because g++ -O2 keeps an array in memory
            vector a, b, c, d;
        };
        four best;
        __builtin_memcpy(&best, values, sizeof best);
        auto unordered = (best.a != best.a) | (best.b != best.b) | (best.c != best.c) | (best.d != best.d);
        std::size_t i = step;
        for (; count - i >= step; i += step) {
            four next;
            __builtin_memcpy(&next, values + i, sizeof next);
            unordered |= (next.a != next.a) | (next.b != next.b) | (next.c != next.c) | (next.d != next.d);
            best.a = (Greatest ? best.a < next.a : next.a < best.a) ? next.a : best.a;
            best.b = (Greatest ? best.b < next.b : next.b < best.b) ? next.b : best.b;
            best.c = (Greatest ? best.c < next.c : next.c < best.c) ? next.c : best.c;
            best.d = (Greatest ? best.d < next.d : next.d < best.d) ? next.d : best.d;
        }
        Number result = values[0];
        bool nan = false;
        const auto meet = [&result](Number x) { result = (Greatest ? result < x : x < result) ? x : result; };
        for (std::size_t lane = 0; lane < width; ++lane) {
            nan = nan || unordered[lane] != 0;
            for (const Number x : {best.a[lane], best.b[lane], best.c[lane], best.d[lane]}) {
                meet(x);
            }
        }
        for (; i < count; ++i) {
            nan = nan || values[i] != values[i];
            meet(values[i]);
        }
        return nan || result == 0 ? extreme_in_order<Greatest>(values, count) : result;
    }
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_BLOCK_EXTREME_HPP
