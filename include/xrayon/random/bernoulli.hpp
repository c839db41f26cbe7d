// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_BERNOULLI_HPP
#define XRAYON_RANDOM_BERNOULLI_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include <xrayon/core/check.hpp>
#include <xrayon/core/ranges.hpp>
#include <xrayon/random/detail/bulk.hpp>
#include <xrayon/random/detail/run_one.hpp>
#include <xrayon/random/detail/retry.hpp>
#include <xrayon/random/stream.hpp>

namespace xrayon {

namespace detail {

/// p as `whole + part / 2^64`, in units of 2^-32: a word below `whole` is a hit; one equal to it needs 64 more bits to tell.
struct bernoulli_threshold {
    std::uint64_t whole;  ///< 0 ... 2^32
    std::uint64_t part;
};

[[nodiscard]] inline bernoulli_threshold checked_threshold(std::string_view function, double p) {
    if (!(p >= 0 && p <= 1)) [[unlikely]] {
        fail_check(std::string(function) + ": p must be in [0, 1]", p);
    }
    const double scaled = p * 0x1p32;
    const auto whole = static_cast<std::uint64_t>(scaled);
    const double rest = scaled - static_cast<double>(whole);  // exact, as the products are
    return {whole, static_cast<std::uint64_t>(rest * 0x1p64)};
}

/// Where the word itself does not tell.
XRAYON_COLD inline bool bernoulli_tie(const bernoulli_threshold& threshold, const stream_address& address, std::uint64_t word) {
    return threshold.part != 0 && retry_stream(address, word).next_u64() < threshold.part;
}

template <class Number>
struct bernoulli_kernel {
    /// @param ties  Is raised by the number of words that do not tell; 0 is written for those.
    [[gnu::always_inline]] static void run(const std::uint32_t* words, std::size_t count, std::uint32_t whole, Number* out,
                                           std::uint32_t* ties) noexcept {
        std::uint32_t equal = 0;
        for (std::size_t i = 0; i < count; ++i) {
            out[i] = static_cast<Number>(words[i] < whole);
            equal += words[i] == whole;
        }
        *ties += equal;
    }
};

template <class Number>
void fill_bernoulli(instruction_set set, const stream_address& address, std::uint64_t first, const bernoulli_threshold& threshold,
                    Number* out, std::size_t count) {
    if (threshold.whole == std::uint64_t{1} << 32) {
        std::fill_n(out, count, static_cast<Number>(1));
        return;
    }
    const auto whole = static_cast<std::uint32_t>(threshold.whole);
    for_each_stretch(set, address, first, count, [&](const std::uint32_t* words, std::size_t size, std::uint64_t done) {
        std::uint32_t ties = 0;
        run_at<bernoulli_kernel<Number>>(set, words, size, whole, out + done, &ties);
        for (std::size_t i = 0; ties != 0; ++i) {
            if (words[i] == whole) {
                out[done + i] = static_cast<Number>(bernoulli_tie(threshold, address, first + done + i));
                --ties;
            }
        }
    });
}

} // namespace detail

/// @brief True with probability p, exactly (to 2^-96).
///
/// Takes one word of the stream. Same answer everywhere. For p <= q and the same position, a hit for p is a hit for q, except where the
/// first 32 bits of p and q are equal.
/// @throws argument_error  unless 0 <= p <= 1.
[[nodiscard]] inline bool draw_bernoulli(stream_ref source, double p) {
    const auto threshold = detail::checked_threshold("draw_bernoulli", p);
    stream& from = source.get();
    const std::uint32_t word = from.next_u32();
    if (word == threshold.whole) [[unlikely]] {
        return detail::bernoulli_tie(threshold, from.address(), from.position() - 1);
    }
    return word < threshold.whole;
}

/// @brief Fills a contiguous range with 1 (true) with probability p and 0 (false) otherwise, as that many calls of draw_bernoulli would.
///
/// @param out  Of any arithmetic type: bool, std::uint8_t, float masks, ...
/// @throws argument_error  unless 0 <= p <= 1; or if the stream has not as many numbers left.
template <detail::number_output Out>
    requires std::is_arithmetic_v<std::ranges::range_value_t<Out>>
void fill_bernoulli(stream_ref source, Out&& out, double p) {
    const auto threshold = detail::checked_threshold("fill_bernoulli", p);
    const std::size_t count = std::ranges::size(out);
    const std::uint64_t first = detail::take_words(source.get(), "fill_bernoulli", 1, count);
    detail::fill_bernoulli(best_instruction_set(), source.get().address(), first, threshold, std::ranges::data(out), count);
}

/// @brief Numbers `offset ...` of those that fill_bernoulli would write from where the stream stands; the stream stays there.
template <detail::number_output Out>
    requires std::is_arithmetic_v<std::ranges::range_value_t<Out>>
void fill_bernoulli_at(const stream& source, std::uint64_t offset, Out&& out, double p) {
    const auto threshold = detail::checked_threshold("fill_bernoulli_at", p);
    const std::size_t count = std::ranges::size(out);
    const std::uint64_t first = detail::first_word(source, "fill_bernoulli_at", 1, offset, count);
    detail::fill_bernoulli(best_instruction_set(), source.address(), first, threshold, std::ranges::data(out), count);
}

} // namespace xrayon

#endif // XRAYON_RANDOM_BERNOULLI_HPP
