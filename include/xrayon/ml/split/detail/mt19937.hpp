// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_SPLIT_DETAIL_MT19937_HPP
#define XRAYON_ML_SPLIT_DETAIL_MT19937_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <xrayon/core/config.hpp>

// The random numbers of numpy.random.RandomState(seed), which are frozen (NEP 19), so that a seeded splitter gives the indices
// that scikit-learn gives. Splitting is the one place of the library where numbers come from a sequential engine.

namespace xrayon::ml::detail {

/// MT19937 of M. Matsumoto and T. Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random number
/// generator", ACM TOMACS 8 (1998) 3-30, with the seeding of their revision of 2002 (init_genrand).
class mt19937 {
public:
    explicit mt19937(std::uint32_t seed) noexcept {
        state_[0] = seed;
        for (std::uint32_t i = 1; i != length; ++i) {
            state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
        }
    }

    /// The next 32 bits.
    std::uint32_t operator()() noexcept {
        if (next_ == length) {
            renew();
        }
        std::uint32_t y = state_[next_++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680u;
        y ^= (y << 15) & 0xefc60000u;
        return y ^ (y >> 18);
    }

    /// Uniform in [0, most]: as many low bits as `most` has, drawn again while they exceed it (numpy's random_interval).
    std::uint64_t up_to(std::uint64_t most) noexcept {
        if (most == 0) {
            return 0;
        }
        const std::uint64_t mask = ~std::uint64_t{0} >> std::countl_zero(most);
        std::uint64_t value = 0;
        do {
            value = (*this)();
            if (most > 0xffffffffu) {
                value = value << 32 | (*this)();
            }
            value &= mask;
        } while (value > most);
        return value;
    }

private:
    static constexpr std::size_t length = 624, shift = 397;

    void renew() noexcept {
        for (std::size_t i = 0; i != length; ++i) {
            const std::uint32_t y = (state_[i] & 0x80000000u) | (state_[(i + 1) % length] & 0x7fffffffu);
            state_[i] = state_[(i + shift) % length] ^ (y >> 1) ^ ((y & 1u) != 0 ? 0x9908b0dfu : 0u);
        }
        next_ = 0;
    }

    std::array<std::uint32_t, length> state_;
    std::size_t next_ = length;
};

/// RandomState.shuffle of a list: from the end, each against one at or before it.
template <class T>
void shuffle(std::vector<T>& items, mt19937& random) {
    for (std::size_t i = items.size(); i-- > 1;) {
        std::swap(items[i], items[random.up_to(i)]);
    }
}

/// 0, 1, ..., n - 1 in the order of RandomState.permutation(n), which is also that of shuffle(arange(n)).
[[nodiscard]] inline std::vector<std::size_t> permutation(std::size_t n, mt19937& random) {
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    shuffle(order, random);
    return order;
}
[[nodiscard]] inline std::vector<std::size_t> permutation(std::size_t n, std::uint32_t seed) {
    mt19937 random(seed);
    return permutation(n, random);
}

/// Draws what a permutation of n draws.
inline void skip_permutation(std::size_t n, mt19937& random) noexcept {
    for (std::size_t i = n; i-- > 1;) {
        random.up_to(i);
    }
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_SPLIT_DETAIL_MT19937_HPP
