// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_STREAM_ADDRESS_HPP
#define XRAYON_RANDOM_STREAM_ADDRESS_HPP

#include <cstdint>

#include <xrayon/random/philox.hpp>

namespace xrayon {

/// Which stream: 126 bits. Streams of the same address draw the same numbers.
struct stream_address {
    std::uint64_t key = 0;
    std::uint64_t nonce = 0;  ///< Below 2^62.

    friend bool operator==(const stream_address&, const stream_address&) = default;
};

namespace detail {

/// What a block of a stream is for. It stands in the two highest bits of the counter, above the nonce, so that no block serves two ends.
enum class block_use : std::uint64_t {
    numbers = 0,  ///< Draws; the index is the block of the stream.
    child = 1,    ///< The address of the child with this key.
    name = 2,     ///< A piece of a name on the way to a named child.
    retry = 3,    ///< The address of the stream that goes on where the number at this word was rejected.
};

/// The counter is, from the low end, 64 bits of index, 62 of nonce, 2 of use.
[[gnu::always_inline]] [[nodiscard]] inline philox_counter stream_block(const stream_address& address, block_use use,
                                                                        std::uint64_t index) noexcept {
    const std::uint64_t high = address.nonce | static_cast<std::uint64_t>(use) << 62;
    return philox_4x32_10({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), static_cast<std::uint32_t>(high),
                           static_cast<std::uint32_t>(high >> 32)},
                          {static_cast<std::uint32_t>(address.key), static_cast<std::uint32_t>(address.key >> 32)});
}

[[nodiscard]] inline stream_address derived_address(const stream_address& from, block_use use, std::uint64_t index) noexcept {
    const philox_counter block = stream_block(from, use, index);
    return {block[0] | std::uint64_t{block[1]} << 32, (block[2] | std::uint64_t{block[3]} << 32) & ~(std::uint64_t{3} << 62)};
}

} // namespace detail
} // namespace xrayon

#endif // XRAYON_RANDOM_STREAM_ADDRESS_HPP
