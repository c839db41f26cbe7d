// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_DETAIL_STREAM_WORDS_AVX2_HPP
#define XRAYON_RANDOM_DETAIL_STREAM_WORDS_AVX2_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <xrayon/random/detail/run_one.hpp>
#include <xrayon/random/stream_address.hpp>

// Philox4x32-10 over four blocks at a time, one to a 64-bit lane. Only the low halves of lanes are meant: the multiplication reads no
// more, and what the others collect never gets there. By hand, because what g++ makes of the plain loop with AVX2 is no quicker than
// without. In the compilers' own vector types: <immintrin.h> would cost everyone who includes us half a second.

#if XRAYON_X86

namespace xrayon::detail {

typedef std::uint64_t u64x4 __attribute__((vector_size(32)));
typedef int i32x8 __attribute__((vector_size(32)));

/// The products of the low halves.
[[gnu::always_inline, gnu::target("avx2")]] inline u64x4 multiply_low_halves(const u64x4& a, const u64x4& b) noexcept {
#if !defined(__clang__)
    return (u64x4)__builtin_ia32_pmuludq256((i32x8)a, (i32x8)b);
#else
    return (a & 0xffffffffu) * (b & 0xffffffffu);  // which clang knows to be the same instruction
#endif
}

/// Four blocks.
[[gnu::always_inline, gnu::target("avx2")]] inline void stream_words_in_lanes(const stream_address& address, std::uint64_t first_block,
                                                                              std::uint32_t* out) noexcept {
    const std::uint64_t high = address.nonce | static_cast<std::uint64_t>(block_use::numbers) << 62;
    const u64x4 multiplier0 = u64x4{} + PHILOX_M4x32_0;
    const u64x4 multiplier1 = u64x4{} + PHILOX_M4x32_1;
    u64x4 key0 = u64x4{} + address.key;
    u64x4 key1 = key0 >> 32;
    u64x4 word0 = u64x4{0, 1, 2, 3} + first_block;
    u64x4 word1 = word0 >> 32;
    u64x4 word2 = u64x4{} + high;
    u64x4 word3 = word2 >> 32;
    for (int round = 0; round < 10; ++round) {
        const u64x4 product0 = multiply_low_halves(word0, multiplier0);
        const u64x4 product1 = multiply_low_halves(word2, multiplier1);
        word0 = (product1 >> 32) ^ word1 ^ key0;
        word2 = (product0 >> 32) ^ word3 ^ key1;
        word1 = product1;
        word3 = product0;
        key0 += PHILOX_W32_0;
        key1 += PHILOX_W32_1;
    }
    const u64x4 first_half = (word0 & 0xffffffffu) | word1 << 32;
    const u64x4 second_half = (word2 & 0xffffffffu) | word3 << 32;
    const u64x4 blocks01 = __builtin_shufflevector(first_half, second_half, 0, 4, 1, 5);
    const u64x4 blocks23 = __builtin_shufflevector(first_half, second_half, 2, 6, 3, 7);
    std::memcpy(out, &blocks01, sizeof blocks01);
    std::memcpy(out + 8, &blocks23, sizeof blocks23);
}

[[gnu::noinline, gnu::target("avx2")]] inline void stream_words_16_avx2(const stream_address& address, std::uint64_t first_block,
                                                                        std::uint32_t* out) noexcept {
    stream_words_in_lanes(address, first_block, out);
}

[[gnu::noinline, gnu::target("avx2")]] inline void stream_words_avx2(const stream_address& address, std::uint64_t first_block,
                                                                     std::size_t blocks, std::uint32_t* out) noexcept {
    std::size_t done = 0;
    for (; blocks - done >= 4; done += 4) {
        stream_words_in_lanes(address, first_block + done, out + 4 * done);
    }
    if (done != blocks) {
        std::uint32_t rest[16];
        stream_words_in_lanes(address, first_block + done, rest);
        std::memcpy(out + 4 * done, rest, 16 * (blocks - done));
    }
}

} // namespace xrayon::detail

#endif // XRAYON_X86

#endif // XRAYON_RANDOM_DETAIL_STREAM_WORDS_AVX2_HPP
