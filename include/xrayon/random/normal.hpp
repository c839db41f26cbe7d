// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_NORMAL_HPP
#define XRAYON_RANDOM_NORMAL_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <xrayon/core/check.hpp>
#include <xrayon/core/ranges.hpp>
#include <xrayon/random/detail/bulk.hpp>
#include <xrayon/random/detail/run_one.hpp>
#include <xrayon/random/detail/normal_curve.hpp>
#include <xrayon/random/detail/stream_words.hpp>
#include <xrayon/random/stream.hpp>

namespace xrayon {

namespace detail {

inline void check_normal(std::string_view function, double mean, double stddev) {
    if (!(std::isfinite(mean) && stddev >= 0 && std::isfinite(stddev))) [[unlikely]] {
        check(std::isfinite(mean), std::string(function) + ": mean must be finite", mean);
        fail_check(std::string(function) + ": stddev must be finite and >= 0", stddev);
    }
}

struct one_normal {
    [[gnu::always_inline]] static double run(std::uint64_t word, double mean, double stddev) noexcept {
        const double z = is_normal_tail(word) ? normal_tail(word) : normal_centre(word);
        return std::fma(z, stddev, mean);
    }
};

template <class Real>
struct normal_kernel {
    [[gnu::always_inline]] static void run(const std::uint32_t* words, std::size_t count, double mean, double stddev, Real* out) noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            out[i] = static_cast<Real>(std::fma(normal_centre(word_64(words + 2 * i)), stddev, mean));
        }
        for (std::size_t i = 0; i < count; ++i) {  // apart, so that the loop above is without branches
            const std::uint64_t word = word_64(words + 2 * i);
            if (is_normal_tail(word)) [[unlikely]] {
                out[i] = static_cast<Real>(std::fma(normal_tail(word), stddev, mean));
            }
        }
    }
};

template <class Real>
void fill_normal(instruction_set set, const stream_address& address, std::uint64_t first, double mean, double stddev, Real* out,
                 std::size_t count) {
    for_each_stretch(set, address, first, 2 * count, [&](const std::uint32_t* words, std::size_t size, std::uint64_t done) {
        run_at<normal_kernel<Real>>(set, words, size / 2, mean, stddev, out + done / 2);
    });
}

} // namespace detail

/// @brief A normally distributed number: `mean + stddev z`, rounded once.
///
/// z is the quantile function at one of 2^53 equally likely points, symmetric about 0, within 4 units in the last place; |z| < 8.3.
/// Takes two words of the stream. Same bits everywhere: no function of the C library but sqrt, which is exact.
/// @throws argument_error  unless mean and stddev are finite and stddev >= 0.
[[nodiscard]] inline double draw_normal(stream_ref source, double mean = 0, double stddev = 1) {
    detail::check_normal("draw_normal", mean, stddev);
    return detail::run_one<detail::one_normal>(source.get().next_u64(), mean, stddev);
}

/// @brief Fills a contiguous range of double with the numbers that as many calls of draw_normal would give; of float, with those rounded.
///
/// @throws argument_error  as draw_normal; or if the stream has not as many numbers left.
/// **Cost.** About 4 ns a number on one core of 2023; no memory.
template <detail::number_output Out>
    requires detail::real<std::ranges::range_value_t<Out>>
void fill_normal(stream_ref source, Out&& out, double mean = 0, double stddev = 1) {
    detail::check_normal("fill_normal", mean, stddev);
    const std::size_t count = std::ranges::size(out);
    const std::uint64_t first = detail::take_words(source.get(), "fill_normal", 2, count);
    detail::fill_normal(best_instruction_set(), source.get().address(), first, mean, stddev, std::ranges::data(out), count);
}

/// @brief Numbers `offset ...` of those that fill_normal would write from where the stream stands; the stream stays there.
///
/// So a long fill can be cut into any pieces, for any threads: the bits are those of one fill.
template <detail::number_output Out>
    requires detail::real<std::ranges::range_value_t<Out>>
void fill_normal_at(const stream& source, std::uint64_t offset, Out&& out, double mean = 0, double stddev = 1) {
    detail::check_normal("fill_normal_at", mean, stddev);
    const std::size_t count = std::ranges::size(out);
    const std::uint64_t first = detail::first_word(source, "fill_normal_at", 2, offset, count);
    detail::fill_normal(best_instruction_set(), source.address(), first, mean, stddev, std::ranges::data(out), count);
}

} // namespace xrayon

#endif // XRAYON_RANDOM_NORMAL_HPP
