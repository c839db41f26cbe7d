// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_SORT_RADIX_BLOCK_HPP
#define XRAYON_PAR_DETAIL_SORT_RADIX_BLOCK_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include <xrayon/core/config.hpp>

// A stable sort of values by unsigned keys, on one thread, in memory that should fit into its cache. No user's code runs in here, nothing is
// thrown, and values are copied as they are.

namespace xrayon::detail {

template <class T, class Key>
using key_of_t = std::remove_cvref_t<std::invoke_result_t<const Key&, const T&>>;

/// Sorts `from[0, n)` by insertion into `to`, which is the same memory or apart. Gives up after about `budget` moves: false, and `to` then
/// has every value, in an order from which a stable sort gets to the same end.
template <class T, class Key>
bool insert_all(const T* from, T* to, std::size_t n, std::size_t budget, const Key& key) noexcept {
    if (n == 0) {
        return true;
    }
    to[0] = from[0];
    auto last = key(to[0]);  // the greatest so far
    for (std::size_t i = 1; i < n; ++i) {
        const T x = from[i];
        const auto k = key(x);
        if (k >= last) {
            to[i] = x;
            last = k;
            continue;
        }
        std::size_t j = i;
        do {
            to[j] = to[j - 1];
            --j;
        } while (j > 0 && k < key(to[j - 1]));
        to[j] = x;
        const std::size_t moves = i - j;
        if (moves > budget) [[unlikely]] {
            if (from != to) {
                std::copy(from + i + 1, from + n, to + i + 1);
            }
            return false;
        }
        budget -= moves;
    }
    return true;
}

/// What one look at all keys tells.
template <class Key>
struct key_survey {
    Key low;
    Key high;
    std::size_t descents = 0;  ///< Keys that are lower than the one before.
};

template <class T, class Key>
key_survey<key_of_t<T, Key>> survey_keys(const T* values, std::size_t n, const Key& key) noexcept {
    auto before = key(values[0]);
    key_survey<key_of_t<T, Key>> seen{before, before};
    for (std::size_t i = 1; i < n; ++i) {
        const auto k = key(values[i]);
        seen.descents += k < before;
        before = k;
        seen.low = std::min(seen.low, k);
        seen.high = std::max(seen.high, k);
    }
    return seen;
}

/// How often each digit occurs, turned into where its values begin.
inline void begin_of_digits(std::uint32_t* count, std::size_t digits) noexcept {
    std::uint32_t sum = 0;
    for (std::size_t d = 0; d < digits; ++d) {
        sum += std::exchange(count[d], sum);
    }
}

inline constexpr int widest_digit = 11;

/// Sorts `values[0, n)` by `head`, a number of up to 2 `width` bits; stable. A function of its own, as its counters need 16 KiB of stack.
template <class T, class Head>
XRAYON_NOINLINE void sort_by_two_digits(T* values, T* other, std::size_t n, int width, const Head& head) noexcept {
    const std::size_t digits = std::size_t{1} << width;
    std::array<std::uint32_t, std::size_t{1} << widest_digit> lower;
    std::array<std::uint32_t, std::size_t{1} << widest_digit> upper;
    std::fill_n(lower.begin(), digits, 0u);
    std::fill_n(upper.begin(), digits, 0u);
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t h = head(values[i]);
        ++lower[h & (digits - 1)];
        ++upper[h >> width];
    }
    begin_of_digits(lower.data(), digits);
    begin_of_digits(upper.data(), digits);
    for (std::size_t i = 0; i < n; ++i) {
        const T x = values[i];
        other[lower[head(x) & (digits - 1)]++] = x;
    }
    for (std::size_t i = 0; i < n; ++i) {
        const T x = other[i];
        values[upper[head(x) >> width]++] = x;
    }
}

/// Fewer than this are best sorted by insertion.
inline constexpr std::size_t insert_up_to = 24;

/// Sorts `from[0, n)`; the result is in `to`, which is `from` or `other`, and what the other one then holds means nothing.
///
/// Keys that differ by chance are told apart by log2(n) bits and a few more behind the first that differs at all. So those are sorted by
/// radix, in two digits. Values whose keys are equal so far are then next to each other, few if keys are spread evenly, and insertion puts
/// them in order. Where that would move many (one far value stretches the range of all others), they are sorted in the same way again, by
/// the bits in which they differ. Keys of 64 bits go round at most seven times, as each round settles nine bits or more.
template <class T, class Key>
void radix_sort_block(T* from, T* other, T* to, std::size_t n, const Key& key) noexcept {
    using unsigned_key = key_of_t<T, Key>;
    if (n <= insert_up_to) {
        static_cast<void>(insert_all(from, to, n, n * n, key));
        return;
    }
    if (n > std::numeric_limits<std::uint32_t>::max()) [[unlikely]] {  // more than counters hold
        const std::size_t half = n / 2;
        radix_sort_block(from, other, from, half, key);
        radix_sort_block(from + half, other + half, from + half, n - half, key);
        std::merge(from, from + half, from + half, from + n, other, [&](const T& a, const T& b) { return key(a) < key(b); });
        if (to != other) {
            std::copy(other, other + n, to);
        }
        return;
    }
    const key_survey<unsigned_key> seen = survey_keys(from, n, key);
    if (seen.descents == n - 1) {
        if (to == from) {
            std::reverse(from, from + n);
        } else {
            std::reverse_copy(from, from + n, to);
        }
        return;
    }
    // Where hardly anything is out of order, insertion may be all that is needed; if not, it has cost little.
    if (seen.descents <= n / 32) {
        if (insert_all(from, to, n, n, key)) {
            return;
        }
    }
    const unsigned_key low = seen.low;
    const int bits = static_cast<int>(std::bit_width(static_cast<unsigned_key>(seen.high - low)));
    const int kept = std::min({bits, static_cast<int>(std::bit_width(n)) + 4, 2 * widest_digit});
    const int shift = bits - kept;
    const auto head = [&](const T& x) { return static_cast<std::size_t>(std::uint64_t{static_cast<unsigned_key>(key(x) - low)} >> shift); };
    sort_by_two_digits(from, other, n, (kept + 1) / 2, head);
    if (shift == 0) {
        if (to != from) {
            std::copy(from, from + n, to);
        }
        return;
    }
    if (insert_all(from, to, n, 2 * n, key)) {
        return;
    }
    T* const rest = to == from ? other : from;
    for (std::size_t begin = 0; begin < n;) {
        const std::size_t first = head(to[begin]);
        std::size_t end = begin + 1;
        while (end < n && head(to[end]) == first) {
            ++end;
        }
        radix_sort_block(to + begin, rest + begin, to + begin, end - begin, key);
        begin = end;
    }
}

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_SORT_RADIX_BLOCK_HPP
