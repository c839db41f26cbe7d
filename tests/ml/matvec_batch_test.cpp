// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/models/matvec_batch.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <xrayon/array/rows.hpp>
#include <xrayon/exec/pool.hpp>

using namespace xrayon;

namespace {

template <class Real>
xt::xtensor<Real, 2> numbers(std::size_t rows, std::size_t columns, int from) {
    auto x = xt::xtensor<Real, 2>::from_shape({rows, columns});
    for (std::size_t i = 0; i < x.size(); ++i) {
        x.data()[i] = static_cast<Real>((static_cast<int>(i) * 7 + from) % 23 - 11);  // small integers: products and sums are exact
    }
    return x;
}

template <class Real>
void same_as_loops(std::size_t n) {
    const auto m = numbers<Real>(9, 13, 1);
    const auto v = numbers<Real>(n, 13, 5);
    auto expected = xt::xtensor<Real, 2>::from_shape({n, 9});
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t r = 0; r < 9; ++r) {
            Real sum = 0;
            for (std::size_t k = 0; k < 13; ++k) {
                sum += m(r, k) * v(i, k);
            }
            expected(i, r) = sum;
        }
    }
    REQUIRE((ml::matvec_batch(m, v) == expected));
    REQUIRE((ml::matvec_batch(m, rows(v), {.grain = 1}) == expected));  // a range of vectors
    std::vector<xt::xtensor<Real, 1>> apart;
    for (std::size_t i = 0; i < n; ++i) {
        apart.emplace_back(xt::view(v, i, xt::all()));
    }
    const xt::xtensor<Real, 2, xt::layout_type::column_major> turned = m;
    REQUIRE((ml::matvec_batch(turned, apart) == expected));
    auto out = xt::xtensor<Real, 2>::from_shape({n, 9});
    ml::matvec_batch_into(m, v, out);
    REQUIRE((out == expected));
    out.fill(0);
    ml::matvec_batch_into(m, apart, view_of(out));
    REQUIRE((out == expected));
}

} // namespace

TEST_CASE("matvec_batch: row i is M v_i, for batches of one tile and of several, at every thread count", "[ml][matvec_batch]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const std::size_t n = GENERATE(0u, 1u, 100u, 700u);
    pool(threads).install([&] {
        same_as_loops<double>(n);
        same_as_loops<float>(n);
    });
}

TEST_CASE("matvec_batch: one result at every thread count where sums round", "[ml][matvec_batch]") {
    auto m = numbers<double>(30, 50, 3);
    auto v = numbers<double>(900, 50, 2);
    m /= 7;
    v /= 3;
    const auto expected = pool(1).install([&] { return ml::matvec_batch(m, v); });
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    for (const std::size_t grain : {1u, 2u, 100u}) {
        REQUIRE((pool(threads).install([&] { return ml::matvec_batch(m, v, {.grain = grain}); }) == expected));
        REQUIRE((pool(threads).install([&] { return ml::matvec_batch(m, rows(v), {.grain = grain}); }) == expected));
    }
}

TEST_CASE("matvec_batch: says which vector does not fit", "[ml][matvec_batch][errors]") {
    const auto m = numbers<double>(5, 6, 1);
    std::vector<xt::xtensor<double, 1>> vectors(4, xt::xtensor<double, 1>::from_shape({6}));
    vectors[3] = xt::xtensor<double, 1>::from_shape({4});
    REQUIRE_THROWS_AS(ml::matvec_batch(m, vectors), shape_error);
    REQUIRE_THROWS_WITH(ml::matvec_batch(m, vectors), "matvec_batch: vector 3 has shape (4,), M has (5, 6)");
    REQUIRE_THROWS_WITH(ml::matvec_batch(m, numbers<double>(7, 5, 1)), "matvec_batch: V has shape (7, 5), M has (5, 6)");
    auto v = numbers<double>(7, 6, 1);
    auto out = numbers<double>(7, 6, 1);
    REQUIRE_THROWS_WITH(ml::matvec_batch_into(m, v, out), "matvec_batch_into: out has shape (7, 6), the result has (7, 5)");
    REQUIRE_THROWS_AS(ml::matvec_batch_into(m, v, view_of(v).slice<1>(0, 5)), argument_error);
    REQUIRE_THROWS_WITH(ml::matvec_batch_into(m, v, view_of(v).slice<1>(0, 5)), "matvec_batch_into: out must not overlap M or the vectors");
    REQUIRE_THROWS_WITH(ml::matvec_batch_into(m, rows(v), view_of(v).slice<1>(0, 5)),
                        "matvec_batch_into: out must not overlap M or the vectors");
    REQUIRE_THROWS_WITH(ml::matvec_batch(m, v, {.grain = 0}), "matvec_batch: options.grain must be >= 1, got 0");
}
