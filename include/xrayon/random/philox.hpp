// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_RANDOM_PHILOX_HPP
#define XRAYON_RANDOM_PHILOX_HPP

#include <array>
#include <cstdint>

// The one door to Random123. Its SSE part serves other generators (AES) and would bring all of the compiler's intrinsics along: half a
// second for every file that includes us. Whoever needs that part includes Random123 first.
#if !defined(R123_USE_SSE)
#define R123_USE_SSE 0
#endif
#include <Random123/philox.h>

#include <xrayon/core/config.hpp>

namespace xrayon {

using philox_counter = std::array<std::uint32_t, 4>;
using philox_key = std::array<std::uint32_t, 2>;

// Random123 lets a macro replace them.
static_assert(PHILOX_M4x32_0 == 0xD2511F53u && PHILOX_M4x32_1 == 0xCD9E8D57u && PHILOX_W32_0 == 0x9E3779B9u && PHILOX_W32_1 == 0xBB67AE85u,
              "xrayon: Random123's Philox constants were redefined: every random number would be another one");

/// @brief Philox4x32-10: 128 random bits as a function of a 128-bit counter and a 64-bit key.
///
/// For a fixed key it is a bijection of the counters: different counters give different blocks. Ten rounds pass TestU01's BigCrush,
/// also over keys and over single bits of the counter. Integers only, so the same everywhere.
/// Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
[[gnu::always_inline]] [[nodiscard]] inline philox_counter philox_4x32_10(const philox_counter& counter, const philox_key& key) noexcept {
    const philox4x32_ctr_t in = {{counter[0], counter[1], counter[2], counter[3]}};
    const philox4x32_key_t by = {{key[0], key[1]}};
    const philox4x32_ctr_t out = philox4x32_R(10, in, by);
    return {out.v[0], out.v[1], out.v[2], out.v[3]};
}

} // namespace xrayon

#endif // XRAYON_RANDOM_PHILOX_HPP
