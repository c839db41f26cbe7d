// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_INTEGER_HPP
#define XRAYON_RANDOM_INTEGER_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include <xrayon/core/check.hpp>
#include <xrayon/core/config.hpp>
#include <xrayon/core/ranges.hpp>
#include <xrayon/random/detail/bulk.hpp>
#include <xrayon/random/detail/run_one.hpp>
#include <xrayon/random/detail/retry.hpp>
#include <xrayon/random/detail/stream_words.hpp>
#include <xrayon/random/stream.hpp>

namespace xrayon {

namespace detail {

template <class T>
concept whole_number = std::integral<T> && !std::same_as<T, bool> && sizeof(T) <= 8;

/// high * 2^64 + low = a * b
struct product_128 {
    std::uint64_t high;
    std::uint64_t low;
};
[[nodiscard]] constexpr product_128 multiply(std::uint64_t a, std::uint64_t b) noexcept {
#if defined(__SIZEOF_INT128__)
    __extension__ using wide = unsigned __int128;
    const wide product = static_cast<wide>(a) * b;
    return {static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
#else
    const std::uint64_t low = (a & 0xffffffffu) * (b & 0xffffffffu);
    const std::uint64_t middle = (a >> 32) * (b & 0xffffffffu) + (low >> 32);
    const std::uint64_t other = (a & 0xffffffffu) * (b >> 32) + (middle & 0xffffffffu);
    return {(a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32), a * b};
#endif
}

// Lemire: "Fast random integer generation in an interval", ACM TOMACS 29 (2019) 1. A word times `count`, the high half: of the 2^32 (or
// 2^64) words, those whose low half is below 2^32 mod count come once too often and are rejected.

/// The rest of below_32, seldom needed.
XRAYON_COLD inline std::uint64_t below_32_checked(std::uint64_t product, std::uint64_t count, const stream_address& address,
                                                  std::uint64_t position) {
    const std::uint64_t surplus = (std::uint64_t{1} << 32) % count;
    if (static_cast<std::uint32_t>(product) < surplus) {
        stream more = retry_stream(address, position);
        do {
            product = more.next_u32() * count;
        } while (static_cast<std::uint32_t>(product) < surplus);
    }
    return product >> 32;
}

/// Below `count`, 1 ... 2^32, from the word at `position`.
[[nodiscard]] inline std::uint64_t below_32(std::uint32_t word, std::uint64_t count, const stream_address& address,
                                            std::uint64_t position) {
    const std::uint64_t product = word * count;
    if (static_cast<std::uint32_t>(product) < static_cast<std::uint32_t>(count)) [[unlikely]] {
        return below_32_checked(product, count, address, position);
    }
    return product >> 32;
}

/// The rest of below_64.
[[gnu::noinline]] inline std::uint64_t below_64_checked(product_128 product, std::uint64_t count, const stream_address& address,
                                                        std::uint64_t position) {
    const std::uint64_t surplus = (0 - count) % count;
    if (product.low < surplus) {
        stream more = retry_stream(address, position);
        do {
            product = multiply(more.next_u64(), count);
        } while (product.low < surplus);
    }
    return product.high;
}

/// Below `count`, where 0 stands for 2^64, from the words at `position`.
[[nodiscard]] inline std::uint64_t below_64(std::uint64_t word, std::uint64_t count, const stream_address& address,
                                            std::uint64_t position) {
    if (count == 0) {
        return word;
    }
    const product_128 product = multiply(word, count);
    return product.low < count ? below_64_checked(product, count, address, position) : product.high;
}

/// hi - lo, without overflow.
template <class Integer>
[[nodiscard]] constexpr std::uint64_t distance(Integer lo, Integer hi) noexcept {
    return static_cast<std::uint64_t>(hi) - static_cast<std::uint64_t>(lo);
}

inline constexpr std::uint64_t largest_narrow = 0xffffffffu;  ///< The largest hi - lo that one word serves.

template <class Integer>
XRAYON_COLD [[noreturn]] void refuse_integers(std::string_view function, Integer lo, Integer hi) {
    fail_check(std::string(function) + ": lo must be <= hi = " + to_text(hi), lo);
}

template <class Integer>
void check_integers(std::string_view function, Integer lo, Integer hi) {
    if (!(lo <= hi)) [[unlikely]] {
        refuse_integers(function, lo, hi);
    }
}

template <class Integer>
void fill_integers(instruction_set set, const stream_address& address, std::uint64_t first, Integer lo, Integer hi, Integer* out,
                   std::size_t count) {
    const std::uint64_t range = distance(lo, hi);
    const auto from_lo = [lo](std::uint64_t value) { return static_cast<Integer>(static_cast<std::uint64_t>(lo) + value); };
    if (range <= largest_narrow) {
        for_each_stretch(set, address, first, count, [&](const std::uint32_t* words, std::size_t size, std::uint64_t done) {
            for (std::size_t i = 0; i < size; ++i) {
                out[done + i] = from_lo(below_32(words[i], range + 1, address, first + done + i));
            }
        });
    } else {
        for_each_stretch(set, address, first, 2 * count, [&](const std::uint32_t* words, std::size_t size, std::uint64_t done) {
            for (std::size_t i = 0; i < size; i += 2) {
                out[(done + i) / 2] = from_lo(below_64(word_64(words + i), range + 1, address, first + done + i));
            }
        });
    }
}

/// Words that each number of that range takes.
[[nodiscard]] constexpr std::uint64_t integer_words(std::uint64_t range) noexcept { return range <= largest_narrow ? 1 : 2; }

} // namespace detail

/// @brief A whole number from [lo, hi], both included, each equally likely: without any bias.
///
/// Takes one word of the stream where hi - lo < 2^32, else two, also where a word is rejected (the number then takes more bits from a
/// stream of its own). Same number everywhere. Any integer type but bool.
/// @throws argument_error  unless lo <= hi.
template <detail::whole_number Integer>
[[nodiscard]] Integer draw_integer(stream_ref source, Integer lo, std::type_identity_t<Integer> hi) {
    detail::check_integers("draw_integer", lo, hi);
    const std::uint64_t range = detail::distance(lo, hi);
    stream& from = source.get();
    if (sizeof(Integer) <= 4 || range <= detail::largest_narrow) {
        const std::uint32_t word = from.next_u32();
        const std::uint64_t value = detail::below_32(word, range + 1, from.address(), from.position() - 1);
        return static_cast<Integer>(static_cast<std::uint64_t>(lo) + value);
    }
    const std::uint64_t word = from.next_u64();
    const std::uint64_t value = detail::below_64(word, range + 1, from.address(), from.position() - 2);
    return static_cast<Integer>(static_cast<std::uint64_t>(lo) + value);
}

/// @brief Fills a contiguous range of whole numbers with those that as many calls of draw_integer would give.
///
/// @throws argument_error  unless lo <= hi; or if the stream has not as many numbers left.
template <detail::number_output Out>
    requires detail::whole_number<std::ranges::range_value_t<Out>>
void fill_integers(stream_ref source, Out&& out, std::ranges::range_value_t<Out> lo, std::ranges::range_value_t<Out> hi) {
    detail::check_integers("fill_integers", lo, hi);
    const std::size_t count = std::ranges::size(out);
    const std::uint64_t words = detail::integer_words(detail::distance(lo, hi));
    const std::uint64_t first = detail::take_words(source.get(), "fill_integers", words, count);
    detail::fill_integers(best_instruction_set(), source.get().address(), first, lo, hi, std::ranges::data(out), count);
}

/// @brief Numbers `offset ...` of those that fill_integers would write from where the stream stands; the stream stays there.
template <detail::number_output Out>
    requires detail::whole_number<std::ranges::range_value_t<Out>>
void fill_integers_at(const stream& source, std::uint64_t offset, Out&& out, std::ranges::range_value_t<Out> lo,
                      std::ranges::range_value_t<Out> hi) {
    detail::check_integers("fill_integers_at", lo, hi);
    const std::size_t count = std::ranges::size(out);
    const std::uint64_t words = detail::integer_words(detail::distance(lo, hi));
    const std::uint64_t first = detail::first_word(source, "fill_integers_at", words, offset, count);
    detail::fill_integers(best_instruction_set(), source.address(), first, lo, hi, std::ranges::data(out), count);
}

} // namespace xrayon

#endif // XRAYON_RANDOM_INTEGER_HPP
