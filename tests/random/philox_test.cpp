// SPDX-License-Identifier: Apache-2.0
#include <xrayon/random/philox.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <xrayon/random/detail/stream_words.hpp>

#include "../support/catch.hpp"
#include "statistics.hpp"

using namespace xrayon;

TEST_CASE("Philox gives the published vectors", "[random][philox]") {
    // tests/kat_vectors of Random123: philox4x32 10
    const std::uint32_t ones = 0xffffffff;
    REQUIRE(philox_4x32_10({0, 0, 0, 0}, {0, 0}) == philox_counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    REQUIRE(philox_4x32_10({ones, ones, ones, ones}, {ones, ones}) == philox_counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    REQUIRE(philox_4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0})
            == philox_counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("every instruction set computes the blocks that Random123 computes one by one", "[random][philox]") {
    const stream_address address{0xfedcba9876543210, 0x3123456789abcdef};
    for (const std::uint64_t first : {std::uint64_t{0}, (std::uint64_t{1} << 32) - 5, (std::uint64_t{1} << 62) - 40}) {
        for (const std::size_t blocks : {0u, 1u, 2u, 3u, 4u, 5u, 7u, 8u, 9u, 15u, 16u, 17u, 31u, 33u}) {
            std::vector<std::uint32_t> expected;
            for (std::size_t i = 0; i < blocks; ++i) {
                for (const std::uint32_t word : detail::stream_block(address, detail::block_use::numbers, first + i)) {
                    expected.push_back(word);
                }
            }
            for (const auto set : test::instruction_sets()) {
                std::vector<std::uint32_t> got(4 * blocks + 1, 77);
                detail::stream_words(set, address, first, blocks, got.data());
                CAPTURE(static_cast<int>(set), first, blocks);
                REQUIRE(got.back() == 77);  // nothing behind the end
                got.pop_back();
                REQUIRE(got == expected);
            }
        }
        std::uint32_t buffer[17] = {};
        detail::stream_words_16(address, first, buffer);
        for (std::size_t i = 0; i < 16; ++i) {
            REQUIRE(buffer[i] == detail::stream_block(address, detail::block_use::numbers, first + i / 4)[i % 4]);
        }
        REQUIRE(buffer[16] == 0);
    }
}
