// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ML_ENSEMBLE_DETAIL_SORTING_NETWORK_HPP
#define XRAYON_ML_ENSEMBLE_DETAIL_SORTING_NETWORK_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace xrayon::ml::detail {

/// The lower value goes to `low`, the higher one to `high`; low < high.
struct exchange {
    std::uint16_t low;
    std::uint16_t high;
};

/// @brief Exchanges that sort `count` values: Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2, Algorithm M), which
/// takes any count; 19 exchanges for 8, 63 for 16 (the fewest known: 19, 60).
///
/// Only what ends at [first, last) is asked for: exchanges that nothing there depends on are left out.
[[nodiscard]] inline std::vector<exchange> sorting_network(std::size_t count, std::size_t first, std::size_t last) {
    std::vector<exchange> all;
    if (count < 2) {
        return all;
    }
    const std::size_t top = std::bit_ceil(count) / 2;
    for (std::size_t p = top; p > 0; p /= 2) {
        std::size_t q = top;
        std::size_t r = 0;
        std::size_t d = p;
        while (true) {
            for (std::size_t i = 0; i + d < count; ++i) {
                if ((i & p) == r) {
                    all.push_back({static_cast<std::uint16_t>(i), static_cast<std::uint16_t>(i + d)});
                }
            }
            if (q == p) {
                break;
            }
            d = q - p;
            q /= 2;
            r = p;
        }
    }
    std::vector<char> wanted(count, 0);
    for (std::size_t i = first; i < last; ++i) {
        wanted[i] = 1;
    }
    std::vector<exchange> kept;
    for (std::size_t k = all.size(); k-- > 0;) {
        if (wanted[all[k].low] != 0 || wanted[all[k].high] != 0) {
            wanted[all[k].low] = wanted[all[k].high] = 1;
            kept.push_back(all[k]);
        }
    }
    return {kept.rbegin(), kept.rend()};
}

} // namespace xrayon::ml::detail

#endif // XRAYON_ML_ENSEMBLE_DETAIL_SORTING_NETWORK_HPP
