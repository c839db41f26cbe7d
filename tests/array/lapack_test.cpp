// SPDX-License-Identifier: Apache-2.0
#include <xrayon/array/lapack.hpp>

#include "../support/catch.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <xrayon/array/xtensor.hpp>

using namespace xrayon;

namespace {

template <class Real>
using matrix = xt::xtensor<Real, 2>;

template <class Real>
array_view<Real, 2> whole(matrix<Real>& a) {
    return view_of<2>(a);
}

template <class Real>
void check_all(Real most) {
    // A = L L^T with L = [[2, 0, 0], [6, 1, 0], [-8, 5, 3]] (the usual example); x = A^-1 b by hand for b = A (1, 2, 3).
    matrix<Real> a{{4, 12, -16}, {12, 37, -43}, {-16, -43, 98}};
    matrix<Real> b{{-20, -43, 192}, {4, 12, -16}};
    const cholesky<Real> factor(whole(a));
    REQUIRE(factor.positive_definite());
    REQUIRE(factor.reciprocal_condition() > 0);
    REQUIRE(factor.reciprocal_condition() < 1e-2);
    factor.solve_rows(whole(b));
    const matrix<Real> expected{{1, 2, 3}, {1, 0, 0}};
    for (std::size_t i = 0; i < 6; ++i) {
        REQUIRE(std::abs(b.data()[i] - expected.data()[i]) < most);
    }
    matrix<Real> indefinite{{1, 2}, {2, 1}};
    const cholesky<Real> none(whole(indefinite));
    REQUIRE_FALSE(none.positive_definite());
    REQUIRE(none.reciprocal_condition() == 0);
    matrix<Real> row{{1, 2}};
    REQUIRE_THROWS_WITH(none.solve_rows(whole(row)), "cholesky.solve_rows: A must be positive definite");
    matrix<Real> identity{{1, 0}, {0, 1}};
    REQUIRE(cholesky<Real>(whole(identity)).reciprocal_condition() == 1);

    matrix<Real> s{{2, 1}, {1, 2}};  // 1 with (1, -1), 3 with (1, 1)
    const std::vector<Real> values = symmetric_eigen(whole(s));
    REQUIRE(std::abs(values[0] - 1) < most);
    REQUIRE(std::abs(values[1] - 3) < most);
    REQUIRE(std::abs(s(0, 0) + s(0, 1)) < most);
    REQUIRE(std::abs(s(1, 0) - s(1, 1)) < most);
    REQUIRE(std::abs(s(1, 0) * s(1, 0) + s(1, 1) * s(1, 1) - 1) < most);

    // A line through (0, 1), (1, 3), (2, 5), and the shortest x where a column stands twice.
    const matrix<Real> line{{1, 0}, {1, 1}, {1, 2}};
    const matrix<Real> heights{{1}, {3}, {5}};
    const auto found = least_squares<Real>(array_view<const Real, 2>(view_of<2>(line)), array_view<const Real, 2>(view_of<2>(heights)));
    REQUIRE(found.rank == 2);
    REQUIRE(std::abs(found.x[0] - 1) < most);
    REQUIRE(std::abs(found.x[1] - 2) < most);
    const matrix<Real> twice{{1, 1}, {2, 2}};
    const matrix<Real> right{{2, 4}, {4, 8}};
    const auto shortest =
        least_squares<Real>(array_view<const Real, 2>(view_of<2>(twice)), array_view<const Real, 2>(view_of<2>(right)), Real(1e-5));
    REQUIRE(shortest.rank == 1);
    for (const std::size_t i : {0u, 2u}) {
        REQUIRE(std::abs(shortest.x[i] - 1) < most);
        REQUIRE(std::abs(shortest.x[i + 1] - 2) < most);
    }
    // More columns than rows: (3, 4) is the shortest x with 3 a + 4 b = 25.
    const matrix<Real> flat{{3, 4}};
    const matrix<Real> one{{25}};
    const auto under = least_squares<Real>(array_view<const Real, 2>(view_of<2>(flat)), array_view<const Real, 2>(view_of<2>(one)));
    REQUIRE(std::abs(under.x[0] - 3) < most * 10);
    REQUIRE(std::abs(under.x[1] - 4) < most * 10);
}

} // namespace

TEST_CASE("lapack: systems worked by hand, double and float", "[array]") {
    check_all<double>(1e-12);
    check_all<float>(1e-4f);
}

TEST_CASE("lapack: nothing, and what is wrong", "[array][errors]") {
    auto empty = matrix<double>::from_shape({0, 0});
    REQUIRE(cholesky<double>(whole(empty)).positive_definite());
    REQUIRE(symmetric_eigen(whole(empty)).empty());
    matrix<double> flat{{1, 2}};
    REQUIRE_THROWS_AS(symmetric_eigen(whole(flat)), shape_error);
    matrix<double> wide{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
    REQUIRE_THROWS_WITH(symmetric_eigen(whole(wide).slice<1>(0, 2).slice(0, 2)), "symmetric_eigen: A must be contiguous");
    wide(1, 1) = std::numeric_limits<double>::quiet_NaN();
    REQUIRE_THROWS_WITH(symmetric_eigen(whole(wide)), "symmetric_eigen: A must be finite, got nan");
    REQUIRE_FALSE(cholesky<double>(whole(wide)).positive_definite());
    const matrix<double> a{{1}, {2}};
    const matrix<double> b{{1}};
    REQUIRE_THROWS_AS((least_squares<double>(array_view<const double, 2>(view_of<2>(a)), array_view<const double, 2>(view_of<2>(b)))),
                      shape_error);
}
