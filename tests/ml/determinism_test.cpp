// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/batch_inference.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include <xrayon/array/batches.hpp>
#include <xrayon/array/blas.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

using namespace xrayon;

namespace {

using matrix = xt::xtensor<double, 2>;

matrix random_matrix(std::size_t rows, std::size_t columns, std::uint64_t seed) {
    matrix out = matrix::from_shape({rows, columns});
    for (std::size_t i = 0; i < out.size(); ++i) {
        out.data()[i] = std::ldexp(static_cast<double>(test::mix(seed + i) >> 11), -53) - 0.5;
    }
    return out;
}

/// One layer and a squashing function, through BLAS: what changes its bits with the thread count of BLAS if nobody holds that.
matrix forward(const array_view<const double, 2>& batch, const matrix& weights) {
    matrix out = matrix::from_shape({batch.shape(0), weights.shape(1)});
    gemm(1.0, batch, view_of(weights), 0.0, view_of(out));
    for (double& x : out) {
        x = std::tanh(x);
    }
    return out;
}

std::uint64_t hash_of(const matrix& values, std::uint64_t hash) {
    for (const double x : values) {
        hash = test::mix(hash ^ std::bit_cast<std::uint64_t>(x));
    }
    return hash;
}

void one_hash(const auto& thread_counts, std::uint64_t repeats) {
    const std::size_t rows_per_batch = 48;
    const matrix x = random_matrix(1500, 96, 1);
    const matrix weights = random_matrix(96, 40, 2);
    // The plain loop, with BLAS held at one thread as a program would that wants the same bits twice.
    std::uint64_t expected = 0;
    {
        const blas_guard one_thread;
        for (const auto& batch : batches(x, rows_per_batch)) {
            expected = hash_of(forward(batch, weights), expected);
        }
    }
    const std::size_t n = batches(x, rows_per_batch).size();
    for (const std::size_t threads : thread_counts) {
        const pool workers(threads);
        for (const std::optional<std::size_t> grain : {std::optional<std::size_t>{}, std::optional<std::size_t>{1}, std::optional<std::size_t>{3},
                                                       std::optional<std::size_t>{n}}) {
            for (std::uint64_t repeat = 0; repeat < repeats; ++repeat) {
                const test::random_delays delays(repeat, 4);
                std::uint64_t hash = 0;
                std::uint64_t hash_into = 0;
                workers.install([&] {
                    for (const matrix& y : ml::batch_inference(
                             batches(x, rows_per_batch), [&](const auto& batch) { return forward(batch, weights); }, {.grain = grain})) {
                        hash = hash_of(y, hash);
                    }
                    matrix out = matrix::from_shape({x.shape(0), weights.shape(1)});
                    ml::batch_inference_into(
                        batches(x, rows_per_batch), [&](const auto& batch) { return forward(batch, weights); }, batches(out, rows_per_batch),
                        {.grain = grain});
                    hash_into = hash_of(out, 0);
                });
                INFO("threads = " << threads << ", grain = " << (grain ? *grain : 0) << ", repeat " << repeat);
                REQUIRE(hash == expected);
                REQUIRE(hash_into == expected);
            }
        }
    }
}

} // namespace

TEST_CASE("determinism: one hash for batch inference over thread counts, grains and delays", "[ml][determinism]") {
    one_hash(test::thread_counts, 20);
}
TEST_CASE("determinism: one hash for batch inference in two hundred repeats, up to 64 threads", "[.soak][ml][determinism]") {
    one_hash(test::soak_thread_counts, 200);
}
