// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_ML_NETWORK_SUPPORT_HPP
#define XRAYON_TESTS_ML_NETWORK_SUPPORT_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include <xrayon/array/xtensor.hpp>
#include <xrayon/random/normal.hpp>
#include <xrayon/random/stream.hpp>

#include "../support/delays.hpp"

namespace xrayon::test {

template <class Real>
xt::xtensor<Real, 2> normal_matrix(std::size_t rows, std::size_t columns, std::uint64_t seed) {
    auto out = xt::xtensor<Real, 2>::from_shape({rows, columns});
    fill_normal(stream(seed), std::span<Real>(out.data(), out.size()));
    return out;
}

inline std::vector<int> cyclic_labels(std::size_t rows, int classes) {
    std::vector<int> out(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        out[i] = static_cast<int>((i * 7 + i / 3) % static_cast<std::size_t>(classes));
    }
    return out;
}

/// How many of `count` numbers differ in at least one bit.
template <class Real>
std::size_t differing(const Real* a, const Real* b, std::size_t count) {
    std::size_t out = 0;
    for (std::size_t i = 0; i < count; ++i) {
        out += std::memcmp(a + i, b + i, sizeof(Real)) != 0;
    }
    return out;
}

/// Of all bits of some matrices.
template <class Matrix>
std::uint64_t hash_of(const std::vector<Matrix>& all) {
    using real = typename Matrix::value_type;
    using word = std::conditional_t<sizeof(real) == 8, std::uint64_t, std::uint32_t>;
    std::uint64_t hash = 0;
    for (const Matrix& each : all) {
        for (const real value : each) {
            hash = mix(hash ^ std::bit_cast<word>(value));
        }
    }
    return hash;
}

} // namespace xrayon::test

#endif // XRAYON_TESTS_ML_NETWORK_SUPPORT_HPP
