// SPDX-License-Identifier: Apache-2.0
#include <xrayon/array/packed_gram.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"

#include <cmath>
#include <cstddef>

#include <xrayon/array/xtensor.hpp>

using namespace xrayon;

namespace {

template <class Real>
xt::xtensor<Real, 2> numbers(std::size_t m, std::size_t d) {
    auto out = xt::xtensor<Real, 2>::from_shape({m, d});
    for (std::size_t i = 0; i < out.size(); ++i) {
        out.data()[i] = static_cast<Real>(std::ldexp(static_cast<double>(test::mix(i + 1) >> 11), -53) - 0.5);
    }
    return out;
}

template <class Real>
void check_gram(std::size_t m, std::size_t d) {
    CAPTURE(m, d);
    const auto x = numbers<Real>(m, d);
    auto expected = xt::xtensor<Real, 2>::from_shape({d, d});
    auto got = xt::xtensor<Real, 2>::from_shape({d, d});
    packed_gemm(view_of(x).transposed(), packed_matrix<Real>(x), expected);
    packed_matrix<Real> memory;
    packed_gram(x, got, memory);
    REQUIRE((got == expected));
    // Pieces that are added are the whole, bit for bit.
    auto pieces = xt::xtensor<Real, 2>::from_shape({d, d});
    pieces.fill(Real(0));
    const std::size_t cut = m / 3;
    packed_gram(view_of(x).slice(0, cut), pieces, memory, true);
    packed_gram(view_of(x).slice(cut, m), pieces, memory, true);
    REQUIRE((pieces == expected));
}

} // namespace

TEST_CASE("packed_gram: the bits of packed_gemm, with half of the work", "[array]") {
    for (const std::size_t d : {1u, 7u, 63u, 64u, 65u, 129u, 200u}) {
        for (const std::size_t m : {1u, 5u, 300u}) {
            check_gram<double>(m, d);
            check_gram<float>(m, d);
        }
    }
    auto none = xt::xtensor<double, 2>::from_shape({0, 0});
    packed_matrix<double> memory;
    packed_gram(xt::xtensor<double, 2>::from_shape({3, 0}), none, memory);
    auto zero = numbers<double>(2, 2);
    packed_gram(xt::xtensor<double, 2>::from_shape({0, 2}), zero, memory);
    REQUIRE((zero == xt::zeros<double>({2, 2})));
}

TEST_CASE("packed_gram: any strides, and errors before anything is written", "[array][errors]") {
    const auto x = numbers<double>(20, 6);
    packed_matrix<double> memory;
    auto expected = xt::xtensor<double, 2>::from_shape({3, 3});
    auto got = xt::xtensor<double, 2>::from_shape({3, 3});
    const xt::xtensor<double, 2> some = xt::view(x, xt::all(), xt::range(0, 6, 2));
    packed_gram(some, expected, memory);
    packed_gram(xt::view(x, xt::all(), xt::range(0, 6, 2)), got, memory);
    REQUIRE((got == expected));
    auto wrong = xt::xtensor<double, 2>::from_shape({3, 2});
    REQUIRE_THROWS_WITH(packed_gram(some, wrong, memory), test::contains("packed_gram: Y must be square, of the columns of X"));
    auto square = numbers<double>(4, 4);
    const auto before = square;
    REQUIRE_THROWS_WITH(packed_gram(view_of(square), view_of(square), memory), "packed_gram: Y must not overlap X");
    REQUIRE((square == before));
}
