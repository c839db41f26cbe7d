// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_DETAIL_STREAM_WORDS_HPP
#define XRAYON_RANDOM_DETAIL_STREAM_WORDS_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <xrayon/random/detail/run_one.hpp>
#include <xrayon/random/detail/stream_words_avx2.hpp>
#include <xrayon/random/stream_address.hpp>

namespace xrayon::detail {

/// The words of blocks `first_block ...` of a stream, four to a block.
struct stream_words_kernel {
    [[gnu::always_inline]] static void run(stream_address address, std::uint64_t first_block, std::size_t blocks, std::uint32_t* out) {
        for (std::size_t i = 0; i < blocks; ++i) {
            const philox_counter block = stream_block(address, block_use::numbers, first_block + i);
            out[4 * i] = block[0];
            out[4 * i + 1] = block[1];
            out[4 * i + 2] = block[2];
            out[4 * i + 3] = block[3];
        }
    }
};

/// The same, with what `set` has for it.
inline void stream_words(instruction_set set, const stream_address& address, std::uint64_t first_block, std::size_t blocks,
                         std::uint32_t* out) noexcept {
#if XRAYON_X86
    if (set == instruction_set::avx2) {
        return stream_words_avx2(address, first_block, blocks, out);
    }
#endif
    run_at<stream_words_kernel>(set, address, first_block, blocks, out);
}

/// Four blocks, for a stream's buffer.
inline void stream_words_16(const stream_address& address, std::uint64_t first_block, std::uint32_t* out) noexcept {
#if XRAYON_X86
    if (__builtin_cpu_supports("avx2")) {
        return stream_words_16_avx2(address, first_block, out);
    }
#endif
    stream_words_kernel::run(address, first_block, 4, out);
}

/// The 64-bit word at `words`: the first 32 bits are the low ones.
[[gnu::always_inline]] [[nodiscard]] inline std::uint64_t word_64(const std::uint32_t* words) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        std::uint64_t word = 0;
        std::memcpy(&word, words, sizeof word);
        return word;
    } else {
        return words[0] | std::uint64_t{words[1]} << 32;
    }
}

} // namespace xrayon::detail

#endif // XRAYON_RANDOM_DETAIL_STREAM_WORDS_HPP
