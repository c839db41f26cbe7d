// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_EXPONENTIAL_HPP
#define XRAYON_RANDOM_EXPONENTIAL_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <xrayon/core/check.hpp>
#include <xrayon/core/ranges.hpp>
#include <xrayon/random/detail/bulk.hpp>
#include <xrayon/random/detail/run_one.hpp>
#include <xrayon/random/detail/natural_log.hpp>
#include <xrayon/random/detail/stream_words.hpp>
#include <xrayon/random/stream.hpp>
#include <xrayon/random/uniform.hpp>

namespace xrayon {

namespace detail {

inline void check_rate(std::string_view function, double rate) {
    if (!(rate > 0 && std::isfinite(rate))) [[unlikely]] {
        fail_check(std::string(function) + ": rate must be finite and > 0", rate);
    }
}

struct one_exponential {
    [[gnu::always_inline]] static double run(std::uint64_t word, double rate) noexcept {
        return negative_log(to_double((word >> 11) + 1) * 0x1p-53) / rate;
    }
};

template <class Real>
struct exponential_kernel {
    [[gnu::always_inline]] static void run(const std::uint32_t* words, std::size_t count, double rate, Real* out) noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            out[i] = static_cast<Real>(one_exponential::run(word_64(words + 2 * i), rate));
        }
    }
};

template <class Real>
void fill_exponential(instruction_set set, const stream_address& address, std::uint64_t first, double rate, Real* out, std::size_t count) {
    for_each_stretch(set, address, first, 2 * count, [&](const std::uint32_t* words, std::size_t size, std::uint64_t done) {
        run_at<exponential_kernel<Real>>(set, words, size / 2, rate, out + done / 2);
    });
}

} // namespace detail

/// @brief An exponentially distributed number >= 0 with mean 1 / rate: `-ln(u) / rate`, u a multiple of 2^-53 in (0, 1].
///
/// Within 3 units in the last place; at most 36.74 / rate, which for a rate below 2.05e-307 may be infinity. Takes two words of the stream.
/// Same bits everywhere: the logarithm is our own.
/// @throws argument_error  unless rate is finite and > 0.
[[nodiscard]] inline double draw_exponential(stream_ref source, double rate = 1) {
    detail::check_rate("draw_exponential", rate);
    return detail::run_one<detail::one_exponential>(source.get().next_u64(), rate);
}

/// @brief Fills a contiguous range of double with the numbers that as many calls of draw_exponential would give; of float, with those
/// rounded: to infinity where there is no such float, which needs a rate below 1.09e-37.
///
/// @throws argument_error  as draw_exponential; or if the stream has not as many numbers left.
template <detail::number_output Out>
    requires detail::real<std::ranges::range_value_t<Out>>
void fill_exponential(stream_ref source, Out&& out, double rate = 1) {
    detail::check_rate("fill_exponential", rate);
    const std::size_t count = std::ranges::size(out);
    const std::uint64_t first = detail::take_words(source.get(), "fill_exponential", 2, count);
    detail::fill_exponential(best_instruction_set(), source.get().address(), first, rate, std::ranges::data(out), count);
}

/// @brief Numbers `offset ...` of those that fill_exponential would write from where the stream stands; the stream stays there.
template <detail::number_output Out>
    requires detail::real<std::ranges::range_value_t<Out>>
void fill_exponential_at(const stream& source, std::uint64_t offset, Out&& out, double rate = 1) {
    detail::check_rate("fill_exponential_at", rate);
    const std::size_t count = std::ranges::size(out);
    const std::uint64_t first = detail::first_word(source, "fill_exponential_at", 2, offset, count);
    detail::fill_exponential(best_instruction_set(), source.address(), first, rate, std::ranges::data(out), count);
}

} // namespace xrayon

#endif // XRAYON_RANDOM_EXPONENTIAL_HPP
