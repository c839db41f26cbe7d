// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/batch_inference.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <xrayon/array/batches.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/par/index.hpp>

// What is known to break when threads share it: a lazy xtensor view fills a cache at its first read, and a std::vector<bool> packs
// neighbours into one word. The first cannot reach a task, the second is never what results are kept in.

using namespace xrayon;
using ml::batch_inference;

namespace {

using matrix = xt::xtensor<double, 2>;

double cell(std::size_t i, std::size_t j) { return static_cast<double>(1000 * i + j); }

matrix numbered(std::size_t rows, std::size_t columns) {
    matrix x = matrix::from_shape({rows, columns});
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            x(i, j) = cell(i, j);
        }
    }
    return x;
}

// A lazy view, a lazy expression and rows of either are no range of batches: only the array_view that the caller makes is.
using lazy_column = decltype(xt::view(std::declval<matrix&>(), xt::all(), 0));
static_assert(!indexed_range<lazy_column>);
static_assert(!indexed_range<decltype(2.0 * std::declval<matrix&>())>);
static_assert(std::is_trivially_copyable_v<decltype(view_of(std::declval<lazy_column>()))>);

void views_read_first_by_many_threads(int rounds) {
    const matrix x = numbered(40, 24);
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (int round = 0; round < rounds; ++round) {
            const test::random_delays delays(static_cast<std::uint64_t>(round), 4);
            // A fresh view each time: the first reads are what races.
            const auto every_other = xt::view(x, xt::range(0, 40, 2), xt::range(3, 21));
            std::atomic<std::size_t> wrong{0};
            workers.install([&] {
                for_each_index(
                    200,
                    [&, shared = view_of(every_other)](std::size_t k) {
                        const std::size_t i = k % 20;
                        for (std::size_t j = 0; j < 18; ++j) {
                            wrong += shared(i, j) != cell(2 * i, j + 3);
                        }
                    },
                    {.grain = 1});
                const auto sums = batch_inference(
                    rows(every_other),
                    [](const array_view<const double, 1>& row) {
                        double sum = 0;
                        for (const double v : row) {
                            sum += v;
                        }
                        return sum;
                    },
                    {.grain = 1});
                for (std::size_t i = 0; i < 20; ++i) {
                    wrong += sums[i] != 18 * (1000.0 * static_cast<double>(2 * i)) + (3 + 20) * 9;
                }
                const auto firsts = batch_inference(
                    batches(every_other, 3), [](const array_view<const double, 2>& batch) { return as_xtensor(batch)(0, 5); }, {.grain = 1});
                for (std::size_t b = 0; b < firsts.size(); ++b) {
                    wrong += firsts[b] != cell(6 * b, 8);
                }
            });
            REQUIRE(wrong == 0);
        }
    }
}

} // namespace

TEST_CASE("sharing: views of one array read for the first time by many threads give its values", "[faults][F9]") {
    views_read_first_by_many_threads(20);
}
TEST_CASE("sharing: views of one array read for the first time by many threads give its values, many times", "[.soak][faults][F9]") {
    views_read_first_by_many_threads(2000);
}

TEST_CASE("sharing: bools written at neighbouring indices are all there", "[faults][F9]") {
    const std::size_t n = 20'000;
    std::vector<std::size_t> source(n);
    for (std::size_t i = 0; i < n; ++i) {
        source[i] = i;
    }
    const auto expected = [](std::size_t i) { return (i * 7 + i / 3) % 5 < 2; };
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (int round = 0; round < 10; ++round) {
            const auto got = workers.install([&] { return batch_inference(source, expected, {.grain = 1}); });
            static_assert(std::is_same_v<decltype(got), const results<bool>>);
            static_assert(std::is_same_v<decltype(got.data()), const bool*>, "one byte each");
            std::size_t wrong = 0;
            for (std::size_t i = 0; i < n; ++i) {
                wrong += got[i] != expected(i);
            }
            REQUIRE(wrong == 0);
        }
    }
    // A vector of bits is no list of slots.
    using bits = std::vector<bool>;
    static_assert(!ml::batch_predictor_into<decltype(expected), std::size_t, element_t<bits>>);
}
