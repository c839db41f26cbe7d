// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_CORE_INDEX_BLOCK_HPP
#define XRAYON_CORE_INDEX_BLOCK_HPP

#include <cstddef>

#include <xrayon/core/config.hpp>

namespace xrayon {

/// The indices [begin, end).
struct index_block {
    std::size_t begin = 0;
    std::size_t end = 0;

    [[nodiscard]] constexpr std::size_t size() const noexcept { return end - begin; }
    friend constexpr bool operator==(const index_block&, const index_block&) = default;
};

} // namespace xrayon

#endif // XRAYON_CORE_INDEX_BLOCK_HPP
