// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_IO_CHECKSUM_HPP
#define XRAYON_IO_CHECKSUM_HPP

#include <array>
#include <cstdint>
#include <string_view>

#include <xrayon/core/config.hpp>

namespace xrayon {

/// @brief CRC-32 of ISO 3309 (that of gzip and PNG): a record of up to 4 GiB with one flipped bit, or with all changes within 32 bits of
/// each other, has another.
[[nodiscard]] constexpr std::uint32_t crc32(std::string_view bytes, std::uint32_t before = 0) noexcept {
    constexpr auto table = [] {
        std::array<std::uint32_t, 256> out{};
        for (std::uint32_t i = 0; i < 256; ++i) {
            std::uint32_t c = i;
            for (int bit = 0; bit < 8; ++bit) {
                c = (c & 1) != 0 ? 0xedb88320u ^ (c >> 1) : c >> 1;
            }
            out[i] = c;
        }
        return out;
    }();
    std::uint32_t c = ~before;
    for (const char byte : bytes) {
        c = table[(c ^ static_cast<unsigned char>(byte)) & 0xff] ^ (c >> 8);
    }
    return ~c;
}

} // namespace xrayon

#endif // XRAYON_IO_CHECKSUM_HPP
