// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_SAMPLE_FINDER_HPP
#define XRAYON_TESTS_ML_SAMPLE_FINDER_HPP

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include <xrayon/random/stream.hpp>

namespace xrayon::test {

/// Tells a model which sample it is asked for, by the address of its stream: the definition of `stream(seed) / key / sample`, read backwards.
class sample_finder {
public:
    sample_finder(std::uint64_t seed, std::size_t keys, std::size_t samples) {
        for (std::size_t key = 0; key < keys; ++key) {
            for (std::size_t sample = 0; sample < samples; ++sample) {
                const stream_address address = (stream(seed) / key / sample).address();
                places_.emplace(std::pair(address.key, address.nonce), std::pair(key, sample));
            }
        }
    }
    [[nodiscard]] std::size_t key(const stream& draws) const { return place(draws).first; }
    [[nodiscard]] std::size_t sample(const stream& draws) const { return place(draws).second; }

private:
    [[nodiscard]] const std::pair<std::size_t, std::size_t>& place(const stream& draws) const {
        return places_.at(std::pair(draws.address().key, draws.address().nonce));
    }
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::pair<std::size_t, std::size_t>> places_;
};

} // namespace xrayon::test

#endif // XRAYON_TESTS_ML_SAMPLE_FINDER_HPP
