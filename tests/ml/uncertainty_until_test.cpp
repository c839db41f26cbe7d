// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/batch_inference_with_uncertainty.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"
#include "golden/quantiles.hpp"
#include "sample_finder.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <xrayon/exec/pool.hpp>
#include <xrayon/random/normal.hpp>

using namespace xrayon;
using ml::batch_inference_with_uncertainty;

namespace {

/// Batch b spreads by b: some are known sooner than others.
double spread(double batch, stream& draws) { return draw_normal(draws, 10, batch); }
const std::vector<double> batches{0, 0.5, 1, 2, 4, 100};

} // namespace

TEST_CASE("uncertainty: a batch ends at the first of 32, 64, ... samples where its interval is narrow enough", "[ml][uncertainty][until]") {
    const ml::uncertainty_options until{.samples = 1000, .until = {{.half_width = 0.2, .level = 0.9}}};
    const auto got = batch_inference_with_uncertainty(batches, spread, until);
    for (std::size_t b = 0; b < batches.size(); ++b) {
        INFO("batch " << b << ": " << got[b].samples << " samples");
        // What it says is what was asked; it ended where it could first, and equals a call for so many samples.
        const auto reach = [&](std::size_t samples) {
            const auto plain = batch_inference_with_uncertainty(std::vector{batches[b]}, spread, {.samples = samples, .keys = {b}})[0];
            const auto [lower, upper] = plain.interval(0.9);
            return std::pair(plain, (upper - lower) / 2);
        };
        std::size_t expected = 32;
        while (expected < 1000 && !(reach(expected).second <= 0.2)) {
            expected = std::min<std::size_t>(2 * expected, 1000);
        }
        REQUIRE(got[b].samples == expected);
        REQUIRE(got[b].precise == (reach(expected).second <= 0.2));
        REQUIRE(got[b].mean == reach(expected).first.mean);
        REQUIRE(got[b].stddev == reach(expected).first.stddev);
        REQUIRE(got[b].count == expected);
    }
    REQUIRE(got[0].samples == 32);
    REQUIRE((got[3].samples > 64 && got[3].samples < 1000));
    REQUIRE(got[5].samples == 1000);
    REQUIRE(!got[5].precise);
}

TEST_CASE("uncertainty: when a batch ends does not depend on threads", "[ml][uncertainty][until]") {
    const auto array = [](double batch, stream& draws) { return xt::xtensor<double, 1>{draw_normal(draws, 0, batch), draw_normal(draws, 0, 1)}; };
    const auto run = [&](std::size_t grain) {
        return batch_inference_with_uncertainty(
            batches, array, {.samples = 3000, .quantiles = {0.9}, .until = {{.half_width = 0.1}}, .grain = grain});
    };
    const auto expected = pool(1).install([&] { return run(1); });
    REQUIRE(expected[1].samples > 32);
    REQUIRE(expected[1].samples < expected[3].samples);
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::size_t grain : {1u, 16u, 5000u}) {
            const test::random_delays delays(threads + grain, 64);
            const auto got = workers.install([&] { return run(grain); });
            for (std::size_t b = 0; b < batches.size(); ++b) {
                REQUIRE(got[b].samples == expected[b].samples);
                REQUIRE(got[b].precise == expected[b].precise);
                REQUIRE(got[b].mean == expected[b].mean);
                REQUIRE(got[b].stddev == expected[b].stddev);
                REQUIRE(got[b].quantiles == expected[b].quantiles);
            }
        }
    }
}

TEST_CASE("uncertainty: a mean that is no number is never known; few samples are drawn whole", "[ml][uncertainty][until]") {
    const auto nan = [](double batch, stream& draws) { return batch == 0 ? std::numeric_limits<double>::quiet_NaN() : spread(0, draws); };
    const ml::uncertainty_options options{.samples = 100, .until = {{.half_width = 1}}};
    const auto got = batch_inference_with_uncertainty(batches, nan, options);
    REQUIRE(got[0].samples == 100);
    REQUIRE(!got[0].precise);
    REQUIRE(got[1].samples == 32);
    REQUIRE(batch_inference_with_uncertainty(batches, spread, {.samples = 5, .until = {{.half_width = 100}}})[1].samples == 5);
    const auto one = batch_inference_with_uncertainty(batches, spread, {.samples = 1, .until = {{.half_width = 100}}});
    REQUIRE(!one[0].precise);  // one sample says nothing of spread
}

TEST_CASE("uncertainty: quantiles are NumPy's, bit for bit", "[ml][uncertainty][quantiles][U11]") {
    const std::vector<double> probabilities(std::begin(golden::quantile_probabilities), std::end(golden::quantile_probabilities));
    for (const auto& [n, values] : golden::quantile_cases) {
        const test::sample_finder finder(42, 1, n);
        const auto value = [&](std::size_t sample) { return static_cast<double>((sample * 7919) % 1009) / 64 - 3; };
        const auto number = [&](int, stream& s) { return value(finder.sample(s)); };
        // 11 elements, so that there are two blocks of columns; the table's in the first and in the last.
        const auto array = [&](int, stream& s) {
            std::vector<double> out(11, 1.0);
            out.front() = out.back() = value(finder.sample(s));
            return out;
        };
        for (const std::size_t threads : test::thread_counts) {
            const pool workers(threads);
            const ml::uncertainty_options options{.samples = n, .quantiles = probabilities};
            const auto numbers = workers.install([&] { return batch_inference_with_uncertainty(std::vector{0}, number, options); });
            const auto arrays = workers.install([&] { return batch_inference_with_uncertainty(std::vector{0}, array, options); });
            INFO("n = " << n << ", threads " << threads);
            for (std::size_t k = 0; k < probabilities.size(); ++k) {
                REQUIRE(numbers[0].quantiles[k] == values[k]);
                REQUIRE(arrays[0].quantiles[k](0) == values[k]);
                REQUIRE(arrays[0].quantiles[k](10) == values[k]);
                REQUIRE(arrays[0].quantiles[k](5) == 1);
            }
        }
    }
}

TEST_CASE("uncertainty: the quantiles at 0 and 1 are the smallest and the largest sample, infinities too", "[ml][uncertainty][quantiles][U11]") {
    const double infinity = std::numeric_limits<double>::infinity();
    const test::sample_finder finder(42, 1, 6);
    const double samples[] = {3, -infinity, 7, 7, 0.5, infinity};
    const auto got = batch_inference_with_uncertainty(std::vector{0}, [&](int, stream& s) { return samples[finder.sample(s)]; },
                                                      {.samples = 6, .quantiles = {1, 0, 0.4}});
    REQUIRE(got[0].quantiles == std::vector{infinity, -infinity, 3.0});
}
