// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/determinism_check.hpp>

#include "../support/catch.hpp"
#include "../support/thread_counts.hpp"
#include "sample_finder.hpp"

#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <random>
#include <ranges>
#include <span>
#include <vector>

#include <xrayon/array/rows.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/random/uniform.hpp>

using namespace xrayon;
using ml::batch_inference_with_uncertainty;

namespace {

using matrix = xt::xtensor<double, 2>;

const matrix weights{{1, 2, 3}, {4, 5, 6}};

/// What each model below gives for a sample, as a matrix: weights * (1 + u).
matrix plain(double batch, stream& draws) { return batch * (weights + draw_uniform(draws)); }

template <class Uncertainty>
void same_as_plain(const Uncertainty& got, double scale = 1) {
    const auto expected = batch_inference_with_uncertainty(std::vector{2.0}, plain, {.samples = 20})[0];
    REQUIRE(got.mean.size() == 6);
    for (std::size_t i = 0; i < 6; ++i) {
        REQUIRE(got.mean.data()[i] == test::approx(scale * expected.mean.data()[i]).epsilon(1e-6));
        REQUIRE(got.stddev.data()[i] == test::approx(scale * expected.stddev.data()[i]).epsilon(1e-5));
    }
}

/// Both forms that save work: the product is shared, the sample is written in place.
template <class T>
struct two_step {
    std::atomic<int>* prepared;
    struct product {
        matrix of;
    };
    product prepare(double batch) const {
        ++*prepared;
        return {batch * weights};
    }
    std::array<std::size_t, 2> sample_shape(const product& from) const { return {from.of.shape(0), from.of.shape(1)}; }
    void operator()(const product& from, stream& draws, const array_view<T, 2>& out) const {
        const double u = draw_uniform(draws);
        for (std::size_t i = 0; i < 6; ++i) {
            out.data()[i] = static_cast<T>(from.of.data()[i] + 2 * u);
        }
    }
};

} // namespace

TEST_CASE("uncertainty: samples may be containers, lazy expressions, vectors or views of any layout", "[ml][uncertainty][models]") {
    const std::vector<double> two{2.0};
    const ml::uncertainty_options options{.samples = 20};
    const auto run = [&](const auto& model) { return batch_inference_with_uncertainty(two, model, options)[0]; };

    // The expression refers to what outlives it, and holds its numbers.
    const auto lazy = run([](double batch, stream& s) { return double(batch) * (weights + draw_uniform(s)); });
    static_assert(std::is_same_v<decltype(lazy.mean), matrix>);
    REQUIRE(lazy.mean(1, 2) > lazy.mean(1, 1));
    same_as_plain(lazy);

    const auto dynamic = run([](double batch, stream& s) { return xt::xarray<double>(plain(batch, s)); });
    static_assert(std::is_same_v<decltype(dynamic.mean), xt::xarray<double>>);
    REQUIRE(dynamic.mean.dimension() == 2);
    same_as_plain(dynamic);

    const auto columns = run([](double batch, stream& s) { return xt::xtensor<float, 2, xt::layout_type::column_major>(plain(batch, s)); });
    static_assert(std::is_same_v<decltype(columns.mean), matrix>, "always row-major, and double");
    same_as_plain(columns);

    const auto list = run([](double batch, stream& s) {
        const matrix m = plain(batch, s);
        return std::vector<float>(m.begin(), m.end());
    });
    static_assert(std::is_same_v<decltype(list.mean), xt::xtensor<double, 1>>);
    same_as_plain(list);

    // A view of memory that the sample does not own, transposed twice so that it has strides.
    static thread_local matrix kept;
    const auto view = run([](double batch, stream& s) {
        kept = xt::transpose(plain(batch, s));
        return view_of(std::as_const(kept)).transposed();
    });
    same_as_plain(view);

    const auto rank_0 = run([](double batch, stream& s) { return xt::xtensor<double, 0>(batch + draw_uniform(s)); });
    const auto number = run([](double batch, stream& s) { return batch + draw_uniform(s); });
    REQUIRE(rank_0.mean() == number.mean);
    const auto share = run([](double, stream& s) { return draw_uniform(s) < 0.5; });
    REQUIRE((share.mean > 0.1 && share.mean < 0.9));
    const auto nothing = run([](double, stream&) { return std::vector<double>{}; });
    REQUIRE(nothing.mean.size() == 0);
    REQUIRE(nothing.interval(0.9).lower.size() == 0);
}

TEST_CASE("uncertainty: what a model prepares is shared by the samples of its batch, and samples are written in place", "[ml][uncertainty][models]") {
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        std::atomic<int> prepared{0};
        const auto doubles = workers.install(
            [&] { return batch_inference_with_uncertainty(std::vector{2.0, 2.0}, two_step<double>{&prepared}, {.samples = 20, .keys = {0, 0}}); });
        REQUIRE(prepared == 2);
        same_as_plain(doubles[0]);
        REQUIRE((doubles[0].mean == doubles[1].mean));
        const auto floats = workers.install([&] { return batch_inference_with_uncertainty(std::vector{2.0}, two_step<float>{&prepared}, {.samples = 20}); });
        same_as_plain(floats[0]);
    }
}

TEST_CASE("uncertainty: batches may be borrowed, made when asked for, or lazy views", "[ml][uncertainty][models]") {
    const matrix x = weights;
    const ml::uncertainty_options options{.samples = 30, .grain = 1};
    const auto sum = [](const auto& row, stream& s) { return row(0) + row(2) * draw_uniform(s); };
    const auto expected = batch_inference_with_uncertainty(rows(x), sum, options);
    const auto made = std::views::iota(std::size_t{0}, std::size_t{2});
    // Many samples at once read one batch: a lazy view is evaluated before they do.
    const auto lazy = made | std::views::transform([&](std::size_t i) { return xt::view(x, i, xt::all()); });
    const auto fresh = made | std::views::transform([&](std::size_t i) { return xt::xtensor<double, 1>(xt::view(x, i, xt::all())); });
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        const auto from_lazy = workers.install([&] { return batch_inference_with_uncertainty(lazy, sum, options); });
        const auto from_fresh = workers.install([&] { return batch_inference_with_uncertainty(fresh, sum, options); });
        for (std::size_t i = 0; i < 2; ++i) {
            REQUIRE(from_lazy[i].mean == expected[i].mean);
            REQUIRE(from_fresh[i].mean == expected[i].mean);
        }
    }
}

TEST_CASE("determinism_check: finds what a model draws from elsewhere", "[ml][uncertainty][determinism_check][U16]") {
    const auto honest = [](double batch, stream& s) { return batch * draw_uniform(s); };
    const auto good = ml::determinism_check(honest, 2.0, {.samples = 20});
    REQUIRE(good);
    REQUIRE(good.text() == "reproducible in 20 samples");
    REQUIRE(ml::determinism_check(plain, 2.0));
    std::atomic<int> prepared{0};
    REQUIRE(ml::determinism_check(two_step<double>{&prepared}, 2.0));
    REQUIRE(prepared == 2);

    const test::sample_finder finder(42, 1, 20);
    std::mt19937 own(1);
    const auto dishonest = [&](double, stream& s) { return finder.sample(s) < 4 ? draw_uniform(s) : static_cast<double>(own()); };
    const auto bad = ml::determinism_check(dishonest, 1.0, {.samples = 20});
    REQUIRE(!bad);
    REQUIRE(bad.differs_at == 4u);
    REQUIRE(bad.text() == "not reproducible at sample 4");

    // A value, or a shape, that changes from call to call; NaN is equal to NaN.
    int calls = 0;
    const auto ragged = [&](double, stream&) { return std::vector<double>(static_cast<std::size_t>(++calls), 1.0); };
    REQUIRE(ml::determinism_check(ragged, 1.0).differs_at == 0u);
    REQUIRE(ml::determinism_check([](double, stream&) { return std::nan(""); }, 1.0));
    REQUIRE_THROWS_WITH(ml::determinism_check(honest, 1.0, {.samples = 0}), "determinism_check: samples must be >= 1, got 0");
}
