// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_DIFFERENTIAL_PRELUDE_HPP
#define XRAYON_TESTS_DIFFERENTIAL_PRELUDE_HPP

#include <algorithm>
#include <atomic>
#include <bit>
#include <charconv>
#include <cmath>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <xrayon/par/chunks.hpp>
#include <xrayon/par/join.hpp>
#include <xrayon/par/sequence.hpp>
#include <xrayon/par/sort.hpp>
#include <xrayon/par/split.hpp>

// What the generated pipelines call: the same functions as in prelude.rs, to the bit. Integers wrap; floating point is either *exact*
// (multiples of 1/4 below 2^11, so that any order of a sum gives the same bits) or *rough* (never summed).

namespace xrayon::differential {

using word = std::uint64_t;

/// splitmix64's finaliser (Steele, Lea and Flood: "Fast splittable pseudorandom number generators", 2014).
constexpr word scramble(word z) noexcept {
    z += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

template <class T>
concept number = std::is_arithmetic_v<T>;
template <class T>
concept couple = requires { requires std::tuple_size<T>::value == 2; } && !std::ranges::range<T>;
template <class T>
concept list = std::ranges::range<T>;

/// The same value without references or views in it.
template <class T>
auto plain(const T& x) {
    if constexpr (number<T>) {
        return x;
    } else if constexpr (list<T>) {
        std::vector<decltype(plain(*std::ranges::begin(x)))> all;
        for (const auto& each : x) {
            all.push_back(plain(each));
        }
        return all;
    } else if constexpr (requires { x.first; }) {
        return std::pair(plain(x.first), plain(x.second));
    } else {
        return std::tuple(plain(std::get<0>(x)), plain(std::get<1>(x)));
    }
}

/// A number that stands for all of a value.
template <class T>
word bits(const T& x) {
    if constexpr (std::floating_point<T>) {
        return std::isnan(x) ? 0x7ff8000000000000U : std::bit_cast<word>(x);
    } else if constexpr (number<T>) {
        return static_cast<word>(x);
    } else if constexpr (list<T>) {
        word all = 7;
        for (const auto& each : x) {
            all = scramble(all * 31 + bits(each));
        }
        return all;
    } else {
        static_assert(couple<T>);
        return scramble(scramble(bits(std::get<0>(x))) * 3 + bits(std::get<1>(x)));
    }
}

/// An integer as a number of type T.
template <class T>
T number_of(word z) {
    if constexpr (std::floating_point<T>) {
        return (static_cast<double>(z % 8192) - 4096) / 4;
    } else {
        return static_cast<T>(z);
    }
}

// --- values --------------------------------------------------------------------------------------------------------------------------

/// n numbers; for two seeds of three few different ones.
template <class T>
std::vector<T> data(std::size_t n, word seed) {
    std::vector<T> all(n);
    for (std::size_t i = 0; i < n; ++i) {
        const word z = scramble(seed + i);
        all[i] = number_of<T>(seed % 3 == 0 || std::floating_point<T> ? z : seed % 3 == 1 ? z % 16 - (std::signed_integral<T> ? 8 : 0) : z % 1000);
    }
    return all;
}

/// Floating point of any kind: for one seed of four NaN among it, and zeros of both signs.
inline std::vector<double> rough_data(std::size_t n, word seed) {
    std::vector<double> all(n);
    for (std::size_t i = 0; i < n; ++i) {
        const word z = scramble(seed + i);
        all[i] = z % 16 == 1 && seed % 4 == 0 ? std::nan("") : z % 16 == 2 ? 0.0 : z % 16 == 3 ? -0.0 : static_cast<double>(z >> 11) * 0x1p-53 - 0.5;
    }
    return all;
}

/// Another value of the same type. `rough` numbers are never told from exact ones by type: both are kept by the same arithmetic below.
template <class T>
auto mix(const T& x, word k) {
    if constexpr (std::floating_point<T>) {
        return number_of<T>(scramble(bits(x) + k));
    } else if constexpr (number<T>) {
        const word z = static_cast<word>(x) * 6364136223846793005U + k;
        return static_cast<T>(k % 2 == 0 ? z : (z >> 40) % 64);
    } else if constexpr (list<T>) {
        auto all = plain(x);
        for (auto& each : all) {
            each = mix(each, k);
        }
        return all;
    } else if constexpr (requires { x.first; }) {
        return std::pair(mix(x.first, k), mix(x.second, k));
    } else {
        return std::tuple(mix(std::get<0>(x), k), mix(std::get<1>(x), k));
    }
}

template <class T, class X>
T to(const X& x, word k) {
    return number_of<T>(scramble(bits(x) ^ k) >> (k % 2 == 0 ? 0 : 56));
}

/// IEEE 754 operations only, each rounded once.
template <class X>
double to_rough(const X& x, word k) {
    const double y = number_of<double>(bits(x));
    return std::sqrt(std::abs(y * 1.7 + static_cast<double>(k % 100))) / 3.0;
}

/// True for none, few, some or all values, as the highest bits of k say.
template <class T>
bool holds(const T& x, word k) {
    const word z = scramble(bits(x) + k);
    const word level = k >> 60;
    switch (level) {
        case 0:
            return false;
        case 1:
            return z % 4096 == 0;
        case 2:
            return z % 256 == 0;
        case 15:
            return true;
        default:
            return z % 16 < level;
    }
}

/// One of few keys, so that there are ties.
template <class T>
std::int64_t key(const T& x, word k) {
    return static_cast<std::int64_t>(scramble(bits(x) + k) % (1 + (k >> 32) % 7));
}

template <class T>
word factor(const T& x) {
    return scramble(bits(x)) | (word{1} << 32);
}

template <class T>
auto maybe(const T& x, word k) {
    return holds(x, k) ? std::optional(mix(x, k)) : std::nullopt;
}

/// Nothing for a few or no values.
template <class T>
std::optional<word> mostly(const T& x, word k) {
    return k % 2 == 0 || scramble(bits(x) + k) % 512 != 0 ? std::optional(factor(x)) : std::nullopt;
}

/// The value as it is, or a number in its place.
template <class T>
auto sorted_out(const T& x, word k) {
    using either = std::variant<decltype(plain(x)), word>;
    return holds(x, k) ? either(std::in_place_index<0>, plain(x)) : either(std::in_place_index<1>, factor(x));
}

/// Up to three values for one.
template <class T>
auto spread(const T& x, word k) {
    std::vector<decltype(mix(x, k))> all;
    for (word i = 0; i < scramble(bits(x) + k) % 4; ++i) {
        all.push_back(mix(x, k + i));
    }
    return all;
}

/// Small enough to be summed without overflow.
inline std::int64_t small(std::int64_t x) { return x % 1'000'000; }
/// 1 or -1.
inline std::int64_t sign(std::int64_t x) { return x < 0 ? -1 : 1; }

/// An associative operation that does not commute, identity `compose_identity`: maps m x + c after each other, modulo 2^32.
constexpr word compose_identity = word{1} << 32;
constexpr word compose(word a, word b) noexcept {
    const auto high = [](word x) { return static_cast<std::uint32_t>(x >> 32); };
    const auto low = [](word x) { return static_cast<std::uint32_t>(x); };
    return (static_cast<word>(high(a) * high(b)) << 32) | static_cast<std::uint32_t>(low(a) * high(b) + low(b));
}
/// A parallel call in an item.
template <class T>
word nested(const T& x, word k) {
    const word first = bits(x);
    return par(iota(std::size_t{0}, static_cast<std::size_t>(first % 40))).map([=](std::size_t i) { return scramble(first + k + i); }).sum();
}

/// The one item that fails.
template <class T>
auto trip(std::size_t i, const T& x, std::size_t at) {
    if (i == at) {
        throw std::runtime_error("item " + std::to_string(i) + " failed");
    }
    return plain(x);
}

/// The same list, shortened, with another value in it, or unchanged.
template <class T>
void tweak(std::vector<T>& all, word k) {
    const std::size_t n = all.size();
    if (n > 0 && k % 4 == 1) {
        all.resize(n - 1 - (k >> 8) % std::min<std::size_t>(n, 3));
    } else if (n > 0 && k % 4 >= 2) {
        auto& each = all[(k >> 8) % n];
        each = mix(each, k);
    }
}

// --- parameters ----------------------------------------------------------------------------------------------------------------------

/// A number of items, sometimes more than there are.
inline std::size_t count_of(word k, std::size_t n) { return static_cast<std::size_t>(k % 8 == 0 ? 0 : (k >> 3) % (n + 3)); }
/// A length of chunks or a step: small, or up to n + 1.
inline std::size_t length_of(word k, std::size_t n) { return static_cast<std::size_t>(1 + (k >> 3) % (k % 4 == 0 ? n + 1 : 9)); }
/// The size of a second source: n, or something up to n + 4.
inline std::size_t other_size(word k, std::size_t n) { return static_cast<std::size_t>(k % 3 == 0 ? n : (k >> 3) % (n + 5)); }

// --- what is printed -------------------------------------------------------------------------------------------------------------------

template <class T>
std::string show(const T& x);

inline std::string show_hex(word z) {
    char text[20];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(z));
    return text;
}

template <class T>
std::string show_order(T x) {
    return x < 0 ? "less" : x > 0 ? "greater" : x == 0 ? "equal" : "unordered";
}

template <class T>
std::string show(const T& x) {
    if constexpr (std::same_as<T, bool>) {
        return x ? "true" : "false";
    } else if constexpr (std::floating_point<T>) {
        return "f" + show_hex(bits(x));
    } else if constexpr (number<T>) {
        return std::to_string(x);
    } else if constexpr (requires { x.has_value(); }) {
        return x.has_value() ? "some " + show(*x) : std::string("none");
    } else if constexpr (requires { x < 0; x == 0; }) {
        return show_order(x);
    } else if constexpr (list<T>) {
        std::string text = "[" + std::to_string(std::ranges::size(x)) + ", " + show_hex(bits(x)) + ":";
        std::size_t shown = 0;
        for (const auto& each : x) {
            if (++shown > 3) {
                break;
            }
            text += " " + show(each);
        }
        return text + "]";
    } else {
        return "(" + show(std::get<0>(x)) + ", " + show(std::get<1>(x)) + ")";
    }
}

/// One generated pipeline: parameters, and how the sink runs.
using shape = std::string (*)(std::size_t n, const word* p, const loop_options& how);

} // namespace xrayon::differential

#endif // XRAYON_TESTS_DIFFERENTIAL_PRELUDE_HPP
