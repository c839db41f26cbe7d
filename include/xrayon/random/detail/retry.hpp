// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_DETAIL_RETRY_HPP
#define XRAYON_RANDOM_DETAIL_RETRY_HPP

#include <cstdint>

#include <xrayon/random/stream.hpp>
#include <xrayon/random/stream_address.hpp>

namespace xrayon::detail {

/// Where the number at this word of a stream takes more bits from, should its own not be enough. A stream apart for each word, so that
/// rejecting moves no other number.
[[nodiscard]] inline stream retry_stream(const stream_address& address, std::uint64_t word) {
    return stream(derived_address(address, block_use::retry, word));
}

} // namespace xrayon::detail

#endif // XRAYON_RANDOM_DETAIL_RETRY_HPP
