// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_SPLIT_MIX_64_HPP
#define XRAYON_ANALYZE_DETAIL_SPLIT_MIX_64_HPP

#include <cstdint>

#include <xrayon/core/config.hpp>

namespace xrayon::analyze::detail {

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014), the mixer of variant 13.
/// Enough for resampling a few dozen times; integers only, so the same everywhere.
class split_mix_64 {
public:
    explicit constexpr split_mix_64(std::uint64_t seed) noexcept : state_(seed) {}

    constexpr std::uint64_t operator()() noexcept {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }

    /// A whole number below `bound` >= 1, each equally likely: multiply, shift, and reject the few that would come up too
    /// often (Lemire: "Fast random integer generation in an interval", ACM TOMACS 29 (2019) 1).
    constexpr std::uint32_t below(std::uint32_t bound) noexcept {
        std::uint64_t product = (operator()() >> 32) * bound;
        if (static_cast<std::uint32_t>(product) < bound) {
            const std::uint32_t reject = (0u - bound) % bound;
            while (static_cast<std::uint32_t>(product) < reject) {
                product = (operator()() >> 32) * bound;
            }
        }
        return static_cast<std::uint32_t>(product >> 32);
    }

private:
    std::uint64_t state_;
};

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_SPLIT_MIX_64_HPP
