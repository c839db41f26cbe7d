// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/batch_inference_with_uncertainty.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"
#include "sample_finder.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <xrayon/array/batches.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/random/normal.hpp>
#include <xrayon/random/uniform.hpp>

using namespace xrayon;
using ml::batch_inference_with_uncertainty;

namespace {

using matrix = xt::xtensor<double, 2>;
using vector = xt::xtensor<double, 1>;

matrix table(std::size_t rows, std::size_t columns) {
    matrix x = matrix::from_shape({rows, columns});
    for (std::size_t i = 0; i < x.size(); ++i) {
        x.data()[i] = 1.0 / static_cast<double>(3 * i + 1);
    }
    return x;
}

/// Noise on every element of a batch.
struct noisy {
    matrix operator()(const array_view<const double, 2>& batch, stream& draws) const {
        matrix out = matrix::from_shape(batch.shape());
        for (std::size_t i = 0; i < batch.shape(0); ++i) {
            for (std::size_t j = 0; j < batch.shape(1); ++j) {
                out(i, j) = batch(i, j) * draw_normal(draws, 1e6, 1);
            }
        }
        return out;
    }
};

/// All bits of a result, in one line each for mean, deviation and counts.
template <class Results>
std::vector<std::uint64_t> bits(const Results& results) {
    std::vector<std::uint64_t> out;
    for (const auto& each : results) {
        for (std::size_t i = 0; i < ml::detail::size_of(each.mean); ++i) {
            out.push_back(std::bit_cast<std::uint64_t>(ml::detail::data_of(each.mean)[i]));
            out.push_back(std::bit_cast<std::uint64_t>(ml::detail::data_of(each.stddev)[i]));
        }
        out.push_back(each.samples);
        for (const auto& q : each.quantiles) {
            for (std::size_t i = 0; i < ml::detail::size_of(q); ++i) {
                out.push_back(std::bit_cast<std::uint64_t>(ml::detail::data_of(q)[i]));
            }
        }
    }
    return out;
}

// What is taken and what is refused.
template <class Model>
concept taken = requires(const std::vector<matrix>& batches, const Model& model) {
    batch_inference_with_uncertainty(batches, model);
};
struct without_stream {
    double operator()(const matrix&) const { return 0; }
};
struct mutating {
    double operator()(const matrix&, stream&) { return 0; }
};
struct of_text {
    std::string operator()(const matrix&, stream&) const { return {}; }
};
struct of_nothing {
    void operator()(const matrix&, stream&) const {}
};
struct by_value {
    float operator()(const matrix&, stream) const { return 0; }
};
struct by_const_reference {
    bool operator()(const matrix&, const stream&) const { return false; }
};
struct by_ref {
    std::vector<int> operator()(const matrix&, stream_ref) const { return {}; }
};
static_assert(taken<by_value> && taken<by_const_reference> && taken<by_ref>);
static_assert(!taken<without_stream> && !taken<mutating> && !taken<of_text> && !taken<of_nothing>);
template <class Batches>
concept batches_taken = requires(const Batches& batches) { batch_inference_with_uncertainty(batches, by_value{}); };
static_assert(!batches_taken<std::list<matrix>> && !batches_taken<matrix>);

} // namespace

TEST_CASE("uncertainty: mean and deviation of a plain loop in two passes", "[ml][uncertainty]") {
    const matrix x = table(11, 3);
    const auto parts = batches(x, 4);
    const std::size_t samples = GENERATE(1u, 2u, 7u, 64u, 1000u);
    const std::size_t ddof = GENERATE(0u, 1u);
    if (samples <= ddof) {
        return;
    }
    const auto got = batch_inference_with_uncertainty(parts, noisy{}, {.samples = samples, .seed = 5, .ddof = ddof});
    static_assert(std::is_same_v<decltype(got), const results<ml::uncertainty<matrix>>>);
    REQUIRE(got.size() == 3);
    for (std::size_t b = 0; b < 3; ++b) {
        std::vector<matrix> drawn;
        for (std::size_t s = 0; s < samples; ++s) {
            stream draws = stream(5) / b / s;
            drawn.push_back(noisy{}(parts[b], draws));
        }
        REQUIRE(got[b].samples == samples);
        REQUIRE(got[b].mean.shape() == drawn[0].shape());
        for (std::size_t i = 0; i < drawn[0].size(); ++i) {
            long double sum = 0;
            for (const matrix& m : drawn) {
                sum += static_cast<long double>(m.data()[i]);
            }
            const long double mean = sum / static_cast<long double>(samples);
            long double squares = 0;
            for (const matrix& m : drawn) {
                squares += (static_cast<long double>(m.data()[i]) - mean) * (static_cast<long double>(m.data()[i]) - mean);
            }
            const auto stddev = static_cast<double>(std::sqrt(squares / static_cast<long double>(samples - ddof)));
            REQUIRE(std::abs(got[b].mean.data()[i] - static_cast<double>(mean)) <= 2.3e-16 * static_cast<double>(mean));
            // 1e6 times its deviation lies the mean from 0.
            REQUIRE(std::abs(got[b].stddev.data()[i] - stddev) <= 1e-13 * stddev);
            REQUIRE(got[b].count.data()[i] == samples);
        }
    }
}

TEST_CASE("uncertainty: the same bits at every thread count and grain, few batches or many", "[ml][uncertainty][U12]") {
    const matrix x = table(23, 4);
    for (const std::size_t rows : {1u, 5u, 23u}) {
        const auto parts = batches(x, rows);
        const auto run = [&](std::optional<std::size_t> grain, ml::nan_policy nan) {
            return bits(batch_inference_with_uncertainty(parts, noisy{}, {.samples = 75, .nan = nan, .quantiles = {0.05, 0.5}, .grain = grain}));
        };
        const auto expected = pool(1).install([&] { return run({}, ml::nan_policy::propagate); });
        for (const std::size_t threads : test::thread_counts) {
            const pool workers(threads);
            for (const std::size_t grain : {0u, 1u, 3u, 16u, 1000u}) {
                const test::random_delays delays(threads + grain, 16);
                INFO("rows " << rows << ", threads " << threads << ", grain " << grain);
                const auto asked = grain == 0 ? std::optional<std::size_t>{} : grain;
                REQUIRE(workers.install([&] { return run(asked, ml::nan_policy::propagate); }) == expected);
                // Where nothing is omitted, a policy of omission changes nothing.
                REQUIRE(workers.install([&] { return run(asked, ml::nan_policy::omit); }) == expected);
            }
        }
    }
}

TEST_CASE("uncertainty: streams are addressed by seed, name, key and sample", "[ml][uncertainty][U12][U13]") {
    const std::vector<int> ids{7, 3, 11, 0, 5};
    const auto model = [](int id, stream& draws) { return id + draw_uniform(draws); };
    const auto run = [&](const std::vector<int>& batches, const ml::uncertainty_options& options) {
        return batch_inference_with_uncertainty(batches, model, options);
    };
    const auto by_key = run(ids, {.samples = 50, .keys = {7, 3, 11, 0, 5}});
    const auto permuted = run({11, 5, 0, 7, 3}, {.samples = 50, .keys = {11, 5, 0, 7, 3}});
    const std::size_t to[] = {2, 4, 3, 0, 1};
    for (std::size_t i = 0; i < 5; ++i) {
        REQUIRE(permuted[i].mean == by_key[to[i]].mean);
        REQUIRE(permuted[i].stddev == by_key[to[i]].stddev);
    }
    // By default the index is the key, and one seed is one set of samples.
    REQUIRE(bits(run(ids, {.samples = 50})) == bits(run(ids, {.samples = 50, .keys = {0, 1, 2, 3, 4}})));
    REQUIRE(bits(run(ids, {.samples = 50})) == bits(run(ids, {.samples = 50, .seed = 42})));
    REQUIRE(bits(run(ids, {.samples = 50})) != bits(run(ids, {.samples = 50, .seed = 43})));
    REQUIRE(bits(run(ids, {.samples = 50})) != bits(run(ids, {.samples = 50, .stream = "validation"})));
    // Batches of one key share their numbers.
    const auto shared = run({1, 1}, {.samples = 50, .keys = {9, 9}});
    REQUIRE(shared[0].mean == shared[1].mean);
    // And the definition itself.
    const auto first = run({0}, {.samples = 1, .seed = 3, .stream = "a", .keys = {8}});
    stream draws = stream(3) / "a" / 8 / 0;
    REQUIRE(first[0].mean == draw_uniform(draws));
}

TEST_CASE("uncertainty: no two samples share numbers", "[ml][uncertainty][U14]") {
    // 128-bit blocks of 40 batches x 100 samples; by chance two of a million are equal once in 1e27 runs.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks(40 * 100 * 250);
    const test::sample_finder finder(42, 40, 100);
    const auto model = [&](std::size_t, stream& draws) {
        const std::size_t at = (finder.key(draws) * 100 + finder.sample(draws)) * 250;
        for (std::size_t i = 0; i < 250; ++i) {
            const std::uint64_t low = draws.next_u64();
            blocks[at + i] = {low, draws.next_u64()};
        }
        return 0;
    };
    (void)batch_inference_with_uncertainty(std::vector<std::size_t>(40), model);
    std::sort(blocks.begin(), blocks.end());
    REQUIRE(std::adjacent_find(blocks.begin(), blocks.end()) == blocks.end());
}

TEST_CASE("uncertainty: one sample, and samples near 1e9", "[ml][uncertainty][U2][U9]") {
    const std::vector<int> one{1};
    const auto first = batch_inference_with_uncertainty(one, [](int, stream& s) { return draw_uniform(s); }, {.samples = 1})[0];
    stream draws = stream(42) / 0 / 0;
    REQUIRE(first.mean == draw_uniform(draws));
    REQUIRE(first.stddev == 0);
    REQUIRE(std::isnan(first.standard_error()));
    REQUIRE(std::isnan(first.interval(0.9).lower));

    const test::sample_finder finder(42, 1, 300);
    const auto near = [&](int, stream& s) { return vector{1e9 + static_cast<double>(finder.sample(s) % 3), 5}; };
    const auto got = batch_inference_with_uncertainty(one, near, {.samples = 300})[0];
    REQUIRE(got.mean(0) == 1e9 + 1);
    REQUIRE(std::abs(got.stddev(0) / std::sqrt(2.0 / 3) - 1) < 1e-12);
    REQUIRE(got.stddev(1) == 0);
}

TEST_CASE("uncertainty: standard error and interval are those of the mean", "[ml][uncertainty][U10]") {
    // Samples 0 ... 9: mean 4.5, deviation sqrt(55 / 6), t of 9 degrees for 95 % 2.262157162798205 (core/golden/student_t.hpp).
    const test::sample_finder finder(42, 1, 10);
    const auto index = [&](int, stream& s) { return finder.sample(s); };
    const double error = std::sqrt(55.0 / 6 / 10);
    for (const std::size_t ddof : {0u, 1u, 3u}) {
        const auto got = batch_inference_with_uncertainty(std::vector{1}, index, {.samples = 10, .ddof = ddof})[0];
        REQUIRE(got.mean == 4.5);
        REQUIRE(got.stddev == test::approx(std::sqrt(82.5 / static_cast<double>(10 - ddof))).epsilon(1e-15));
        REQUIRE(got.standard_error() == test::approx(error).epsilon(1e-15));
        REQUIRE(got.interval(0.95).lower == test::approx(4.5 - 2.262157162798205 * error).epsilon(1e-14));
        REQUIRE(got.interval(0.95).upper == test::approx(4.5 + 2.262157162798205 * error).epsilon(1e-14));
    }
    const auto got = batch_inference_with_uncertainty(std::vector{1}, index, {.samples = 10})[0];
    std::ostringstream text;
    text << got;
    REQUIRE(text.str() == "10 samples: 4.5 +- 2.87228");
    REQUIRE_THROWS_WITH(got.interval(95), "interval: level must be inside (0, 1), got 95");
    for (const double level : {0.0, 1.0, -0.1, std::nan("")}) {
        REQUIRE_THROWS_AS(got.interval(level), argument_error);
    }
}

TEST_CASE("uncertainty: no batches, no call", "[ml][uncertainty]") {
    std::atomic<int> calls{0};
    REQUIRE(batch_inference_with_uncertainty(std::vector<int>{}, [&](int, stream&) { return ++calls; }).empty());
    REQUIRE(calls == 0);
}

TEST_CASE("uncertainty: a nested call gives the same bits", "[ml][uncertainty]") {
    const auto inner = [] {
        return bits(batch_inference_with_uncertainty(std::vector{1, 2, 3}, [](int b, stream& s) { return b * draw_uniform(s); }, {.samples = 40}));
    };
    const auto expected = inner();
    for (const std::size_t threads : test::thread_counts) {
        const auto same = pool(threads).install([&] { return map_index(10, [&](std::size_t) { return inner() == expected; }, {.grain = 1}); });
        REQUIRE(std::count(same.begin(), same.end(), true) == 10);
    }
}
