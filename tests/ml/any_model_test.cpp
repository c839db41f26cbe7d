// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/ensemble/any_model.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/ml/ensemble/ensemble_predict.hpp>
#include <xrayon/ml/ensemble/row_wise.hpp>

using namespace xrayon;
using ml::any_model;

namespace {

using matrix = xt::xtensor<double, 2>;
using rows_view = array_view<const double, 2>;

matrix twice(const rows_view& x) { return matrix(2 * as_xtensor(x)); }

/// Neither copyable nor default-constructible.
struct move_only {
    std::unique_ptr<double> factor;
    auto operator()(const rows_view& x) const { return xt::xtensor<float, 2>(*factor * as_xtensor(x)); }
};

} // namespace

TEST_CASE("any_model: holds models of all kinds, and copies share one", "[ml][any_model]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    matrix x = matrix::from_shape({700, 2});
    for (std::size_t i = 0; i < x.size(); ++i) {
        x.data()[i] = static_cast<double>(i);
    }
    std::vector<any_model<>> models;
    models.emplace_back(twice);
    models.emplace_back(move_only{std::make_unique<double>(4)});
    models.emplace_back(std::function<matrix(const rows_view&)>(twice));
    models.emplace_back([](const rows_view& rows) { return 3 * as_xtensor(rows); });  // a lazy expression
    const std::vector<any_model<>> copies = models;
    pool(threads).install([&] {
        for (const std::size_t tile : {0u, 64u}) {
            const auto y = ml::ensemble_predict(x, copies, ml::ensemble::mean{}, {.tile_rows = tile});
            STATIC_REQUIRE(std::same_as<decltype(y), const xt::xarray<double, xt::layout_type::row_major>>);
            REQUIRE((y == xt::xarray<double>(2.75 * x)));
        }
    });
    REQUIRE((models[1](view_of(x)) == xt::xarray<double>(4 * x)));
    REQUIRE(models[0]);
    REQUIRE(!any_model<>());
}

TEST_CASE("any_model: remembers whether its model is row-wise; vectors and numbers", "[ml][any_model]") {
    REQUIRE(!any_model<>(twice).row_wise());
    REQUIRE(any_model<>(ml::row_wise(twice)).row_wise());
    REQUIRE(any_model<>(any_model<>(ml::row_wise(twice))).row_wise());
    REQUIRE(!any_model<>().row_wise());

    const matrix x(std::array<std::size_t, 2>{5, 2}, 1.0);
    const any_model<> column([](const rows_view& rows) { return std::vector<int>(rows.shape(0), 7); });
    REQUIRE((column(view_of(x)) == xt::xarray<double>{7, 7, 7, 7, 7}));
    const any_model<float, int> number([](int n) { return n + 0.5; });
    REQUIRE(number(2)(0) == 2.5F);
    REQUIRE(number(2).dimension() == 0);
    // The rank is looked at when the model has answered.
    const std::vector<any_model<>> unlike{column, twice};
    REQUIRE_THROWS_WITH(ml::ensemble_predict(x, unlike), "ensemble_predict: model 1 gave (5, 2), model 0 gave (5,)");
    REQUIRE_THROWS_WITH(ml::ensemble_predict(x, std::vector{column}, ml::ensemble::soft_vote{}),
                        "ensemble_predict: probabilities must be (rows, classes), model 0 gave (5,)");
    const std::vector<any_model<>> shares{[](const rows_view& rows) { return matrix(std::array<std::size_t, 2>{rows.shape(0), 2}, 0.5); }};
    REQUIRE((ml::ensemble_predict(x, shares, ml::ensemble::soft_vote{}) == xt::xtensor<int, 1>{0, 0, 0, 0, 0}));
}
