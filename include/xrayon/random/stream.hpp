// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_STREAM_HPP
#define XRAYON_RANDOM_STREAM_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include <xrayon/core/check.hpp>
#include <xrayon/random/detail/stream_words.hpp>
#include <xrayon/random/stream_address.hpp>

namespace xrayon {

/// What a seed and a key of a path may be: whole numbers >= 0 of any type but bool and the character types. The value counts, not the type.
template <class T>
concept stream_key = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t>
                     && !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

/// @brief A source of random numbers, addressed by a path: `stream(seed) / item / sample`.
///
/// A value of 88 bytes without anything shared behind it. The numbers are a function of seed, path and position, so a task that makes its
/// own stream from what it works on draws the same numbers whichever thread runs it and whatever ran before.
///
/// **Path.** `s / key` is a child: a stream of its own, as many levels deep as you like. A key is a number (`s / 7`) or a name
/// (`s / "dropout"`). `s / 1 / 2`, `s / 2 / 1`, `s / 12` and `s / "1"` are four streams. A child depends on the path alone and not on how
/// many numbers were drawn from its parent before; nor do children take any from it.
///
/// **Position.** Drawing moves on. A copy starts where the original stands, and both then draw the same numbers: give each task a child,
/// not a copy.
///
/// **Independence.** A path is walked by Philox4x32-10: the child's address of 126 bits (64 of key, 62 of the counter) is a block of the
/// parent that is never drawn from. Streams under one key never share a block. Two different paths get the same address with a
/// probability of about 2^-126: among n streams there is an equal pair with probability n^2 / 2^127, for a billion streams 6e-21.
///
/// **Length.** 2^64 - 16 words of 32 bits, `capacity`. A draw past it throws argument_error.
///
/// Models std::uniform_random_bit_generator: std::shuffle and the standard distributions accept it. Theirs differ between standard
/// libraries; ours (draw_uniform, draw_normal, ... ) do not.
class stream {
public:
    using result_type = std::uint64_t;

    /// Words of 32 bits in each stream.
    static constexpr std::uint64_t capacity = ~std::uint64_t{15};

    /// @throws argument_error  if the seed is negative.
    template <stream_key Seed>
    explicit stream(Seed seed) : stream(detail::derived_address(origin, detail::block_use::child, checked("stream: the seed", seed))) {}

    /// The stream with that address, at its start.
    explicit stream(const stream_address& address) noexcept : address_{address.key, address.nonce & ~(std::uint64_t{3} << 62)} {}

    /// The child with that key.
    /// @throws argument_error  if the key is negative.
    template <stream_key Key>
    [[nodiscard]] friend stream operator/(const stream& parent, Key key) {
        return stream(detail::derived_address(parent.address_, detail::block_use::child, checked("stream: a key", key)));
    }

    /// The child with that name: any bytes, also none.
    [[nodiscard]] friend stream operator/(const stream& parent, std::string_view name) {
        // The length first: no name's way then begins with the whole way of another.
        stream_address address = detail::derived_address(parent.address_, detail::block_use::name, name.size());
        for (std::size_t at = 0; at < name.size(); at += 8) {
            std::uint64_t piece = 0;
            for (std::size_t i = 0; i < std::min<std::size_t>(8, name.size() - at); ++i) {
                piece |= std::uint64_t{static_cast<unsigned char>(name[at + i])} << (8 * i);
            }
            address = detail::derived_address(address, detail::block_use::name, piece);
        }
        return stream(address);
    }

    /// 32 random bits.
    std::uint32_t next_u32() {
        if (position_ % buffer_words == 0) {
            refill();
        }
        return buffer_[position_++ % buffer_words];
    }

    /// 64 random bits: two words. Starts at an even word, leaving one out if need be.
    std::uint64_t next_u64() {
        position_ += position_ % 2;
        if (position_ % buffer_words == 0) {
            refill();
        }
        const std::uint64_t word = detail::word_64(buffer_ + position_ % buffer_words);
        position_ += 2;
        return word;
    }

    result_type operator()() { return next_u64(); }
    static constexpr result_type min() noexcept { return 0; }
    static constexpr result_type max() noexcept { return std::numeric_limits<result_type>::max(); }

    /// Words of 32 bits drawn or left out so far.
    [[nodiscard]] std::uint64_t position() const noexcept { return position_; }

    /// Goes to that word, forwards or backwards, in constant time.
    /// @throws argument_error  if it is past the end (`capacity`).
    void seek(std::uint64_t position) {
        check(position <= capacity, "stream::seek: position must be <= 18446744073709551600", position);
        position_ = position;
        if (position_ % buffer_words != 0) {
            fill_buffer();
        }
    }

    /// Leaves out `count` draws of 64 bits, in constant time.
    /// @throws argument_error  if fewer are left.
    void discard(std::uint64_t count) {
        const std::uint64_t from = position_ + position_ % 2;
        check(count <= (capacity - from) / 2, "stream::discard: not so many numbers are left", count);
        seek(from + 2 * count);
    }

    [[nodiscard]] const stream_address& address() const noexcept { return address_; }

    /// Same path and same position, but for a chance of 2^-126 per pair of paths.
    friend bool operator==(const stream& a, const stream& b) noexcept { return a.address_ == b.address_ && a.position_ == b.position_; }

private:
    static constexpr std::size_t buffer_words = 16;
    /// Where the seeds are children of: the first digits of pi.
    static constexpr stream_address origin{0x243f6a8885a308d3u, 0x13198a2e03707344u};

    template <class Key>
    static std::uint64_t checked(std::string_view what, Key key) {
        if constexpr (std::is_signed_v<Key>) {
            if (key < 0) [[unlikely]] {
                detail::fail_check(std::string(what) + " must be >= 0", key);
            }
        }
        return static_cast<std::uint64_t>(key);
    }

    void refill() {
        check(position_ < capacity, "stream: all numbers are drawn", position_);
        fill_buffer();
    }

    /// Makes the words around position_ ready. They are, whenever position_ is not a multiple of buffer_words.
    void fill_buffer() noexcept {
        detail::stream_words_16(address_, position_ / buffer_words * (buffer_words / 4), buffer_);
    }

    stream_address address_;
    std::uint64_t position_ = 0;
    std::uint32_t buffer_[buffer_words] = {};
};

/// An argument that numbers are drawn from: a stream, or a temporary one, as in `draw_normal(root / item)`.
class stream_ref {
public:
    stream_ref(stream& source) noexcept : source_(&source) {}
    stream_ref(stream&& source) noexcept : source_(&source) {}

    [[nodiscard]] stream& get() const noexcept { return *source_; }

private:
    stream* source_;
};

} // namespace xrayon

#endif // XRAYON_RANDOM_STREAM_HPP
