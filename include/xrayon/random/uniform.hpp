// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_UNIFORM_HPP
#define XRAYON_RANDOM_UNIFORM_HPP

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include <xrayon/core/check.hpp>
#include <xrayon/core/ranges.hpp>
#include <xrayon/random/detail/bulk.hpp>
#include <xrayon/random/detail/run_one.hpp>
#include <xrayon/random/detail/stream_words.hpp>
#include <xrayon/random/stream.hpp>

namespace xrayon {

namespace detail {

/// How many words a number takes.
template <class Real>
inline constexpr std::uint64_t uniform_words = sizeof(Real) == 8 ? 2 : 1;

/// 53 bits as a double, in operations that every vector unit has (the halves are put behind the leading bits of 2^52 and 2^84).
[[gnu::always_inline]] [[nodiscard]] inline double to_double(std::uint64_t bits) noexcept {
    const auto low = std::bit_cast<double>((bits & 0xffffffffu) | 0x4330000000000000u);
    const auto high = std::bit_cast<double>(bits >> 32 | 0x4530000000000000u);
    return (high - 0x1.00000001p84) + low;
}

template <class Real>
[[gnu::always_inline]] [[nodiscard]] inline double unit_interval(const std::uint32_t* words) noexcept {
    if constexpr (sizeof(Real) == 8) {
        return to_double(word_64(words) >> 11) * 0x1p-53;
    } else {
        return static_cast<double>(static_cast<std::int32_t>(*words >> 8)) * 0x1p-24;
    }
}

/// [lo, hi), ready to be drawn from.
template <class Real>
struct uniform_bounds {
    double lo;
    double width;
    Real hi;
    Real last;  ///< The largest value below hi, or lo where there is none.
};

template <class Real>
XRAYON_COLD [[noreturn]] void refuse_uniform(std::string_view function, Real lo, Real hi) {
    const std::string name(function);
    check(std::isfinite(lo), name + ": lo must be finite", lo);
    check(std::isfinite(hi), name + ": hi must be finite", hi);
    check(lo <= hi, name + ": lo must be <= hi = " + to_text(hi), lo);
    fail_check(name + ": hi - lo must be finite", static_cast<double>(hi) - static_cast<double>(lo));
}

template <class Real>
[[nodiscard]] uniform_bounds<Real> checked_bounds(std::string_view function, Real lo, Real hi) {
    const double width = static_cast<double>(hi) - static_cast<double>(lo);
    if (!(width >= 0 && std::isfinite(width))) [[unlikely]] {
        refuse_uniform(function, lo, hi);
    }
    return {static_cast<double>(lo), width, hi, lo == hi ? lo : std::nextafter(hi, lo)};
}

template <class Real>
[[gnu::always_inline]] [[nodiscard]] inline Real in_bounds(double unit, const uniform_bounds<Real>& bounds) noexcept {
    const auto value = static_cast<Real>(std::fma(unit, bounds.width, bounds.lo));
    return value < bounds.hi ? value : bounds.last;  // rounding can reach hi
}

template <class Real>
struct uniform_kernel {
    [[gnu::always_inline]] static void run(const std::uint32_t* words, std::size_t count, uniform_bounds<Real> bounds, Real* out) noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            out[i] = in_bounds(unit_interval<Real>(words + uniform_words<Real> * i), bounds);
        }
    }
};

struct one_uniform {
    [[gnu::always_inline]] static double run(double unit, double lo, double width) noexcept { return std::fma(unit, width, lo); }
};

template <class Real>
void fill_uniform(instruction_set set, const stream_address& address, std::uint64_t first, uniform_bounds<Real> bounds, Real* out,
                  std::size_t count) {
    constexpr std::uint64_t each = uniform_words<Real>;
    for_each_stretch(set, address, first, each * count, [&](const std::uint32_t* words, std::size_t size, std::uint64_t done) {
        run_at<uniform_kernel<Real>>(set, words, size / each, bounds, out + done / each);
    });
}

} // namespace detail

/// @brief A number from [0, 1): a multiple of 2^-53 (double) or 2^-24 (float), each equally likely.
///
/// Takes two words of the stream (double) or one (float). Same bits everywhere.
template <detail::real Real = double>
[[nodiscard]] Real draw_uniform(stream_ref source) {
    if constexpr (sizeof(Real) == 8) {
        return static_cast<double>(static_cast<std::int64_t>(source.get().next_u64() >> 11)) * 0x1p-53;
    } else {
        return static_cast<float>(static_cast<std::int32_t>(source.get().next_u32() >> 8)) * 0x1p-24F;
    }
}

/// @brief A number from [lo, hi): `lo + u (hi - lo)` for u as above, and never hi. lo where lo == hi.
///
/// Computed as double: hi - lo is rounded, then one fused multiply-add; for float that is rounded once more, to float.
/// @throws argument_error  unless both are finite, lo <= hi, and hi - lo is finite.
template <detail::real Real = double>
[[nodiscard]] Real draw_uniform(stream_ref source, std::type_identity_t<Real> lo, std::type_identity_t<Real> hi) {
    const double width = static_cast<double>(hi) - static_cast<double>(lo);
    if (!(width >= 0 && std::isfinite(width))) [[unlikely]] {
        detail::refuse_uniform("draw_uniform", lo, hi);
    }
    const auto unit = static_cast<double>(draw_uniform<Real>(source));
    const auto value = static_cast<Real>(detail::run_one<detail::one_uniform>(unit, static_cast<double>(lo), width));
    if (value < hi) [[likely]] {
        return value;
    }
    return lo == hi ? lo : std::nextafter(hi, lo);
}

/// @brief Fills a contiguous range of float or double with the numbers that as many calls of draw_uniform would give.
///
/// @throws argument_error  as draw_uniform; or if the stream has not as many numbers left.
/// **Cost.** About 2.5 ns a double and 1.5 ns a float on one core of 2023; no memory.
template <detail::number_output Out>
    requires detail::real<std::ranges::range_value_t<Out>>
void fill_uniform(stream_ref source, Out&& out, std::ranges::range_value_t<Out> lo = 0, std::ranges::range_value_t<Out> hi = 1) {
    using real = std::ranges::range_value_t<Out>;
    const auto bounds = detail::checked_bounds<real>("fill_uniform", lo, hi);
    const std::size_t count = std::ranges::size(out);
    const std::uint64_t first = detail::take_words(source.get(), "fill_uniform", detail::uniform_words<real>, count);
    detail::fill_uniform(best_instruction_set(), source.get().address(), first, bounds, std::ranges::data(out), count);
}

/// @brief Numbers `offset ...` of those that fill_uniform would write from where the stream stands; the stream stays there.
///
/// So a long fill can be cut into any pieces, for any threads: the bits are those of one fill.
template <detail::number_output Out>
    requires detail::real<std::ranges::range_value_t<Out>>
void fill_uniform_at(const stream& source, std::uint64_t offset, Out&& out, std::ranges::range_value_t<Out> lo = 0,
                     std::ranges::range_value_t<Out> hi = 1) {
    using real = std::ranges::range_value_t<Out>;
    const auto bounds = detail::checked_bounds<real>("fill_uniform_at", lo, hi);
    const std::size_t count = std::ranges::size(out);
    const std::uint64_t first = detail::first_word(source, "fill_uniform_at", detail::uniform_words<real>, offset, count);
    detail::fill_uniform(best_instruction_set(), source.address(), first, bounds, std::ranges::data(out), count);
}

} // namespace xrayon

#endif // XRAYON_RANDOM_UNIFORM_HPP
