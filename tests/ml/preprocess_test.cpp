// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/preprocess/preprocess.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <xrayon/array/axis_slices.hpp>
#include <xrayon/array/batches.hpp>
#include <xrayon/exec/pool.hpp>
#include <xrayon/exec/recycling_resource.hpp>
#include <xrayon/ml/preprocess/standard_scaler.hpp>
#include <xrayon/ml/preprocess/standardize_chunk.hpp>

using namespace xrayon;

namespace {

using matrix = xt::xtensor<double, 2>;

matrix table(std::size_t rows, std::size_t columns) {
    matrix x = matrix::from_shape({rows, columns});
    for (std::size_t i = 0; i < x.size(); ++i) {
        x.data()[i] = static_cast<double>(test::mix(i) >> 12) * 0x1p-50 - 1 + static_cast<double>(i % columns);
    }
    return x;
}

/// (x - mean) / deviation of each column, by definition.
matrix standardized(const array_view<const double, 2>& x, std::size_t ddof = 0) {
    matrix y = matrix::from_shape(x.shape());
    const auto n = static_cast<long double>(x.shape(0));
    for (std::size_t j = 0; j < x.shape(1); ++j) {
        long double mean = 0;
        for (std::size_t i = 0; i < x.shape(0); ++i) {
            mean += x(i, j) / n;
        }
        long double m2 = 0;
        for (std::size_t i = 0; i < x.shape(0); ++i) {
            m2 += (x(i, j) - mean) * (x(i, j) - mean);
        }
        for (std::size_t i = 0; i < x.shape(0); ++i) {
            y(i, j) = static_cast<double>((x(i, j) - mean) / std::sqrt(m2 / (n - static_cast<long double>(ddof))));
        }
    }
    return y;
}

template <class A, class B>
bool near(const A& first, const B& second) {
    const auto a = view_of(first);
    const auto b = view_of(second);
    bool all = a.shape() == b.shape();
    for (std::size_t i = 0; all && i < a.shape(0); ++i) {
        for (std::size_t j = 0; j < a.shape(1); ++j) {
            all = all && std::abs(a(i, j) - b(i, j)) < 1e-13;
        }
    }
    return all;
}

/// FNV-1a over the bits.
template <class T, class A>
std::uint64_t hash(const xt::xtensor_container<xt::uvector<T, A>, 2>& x, std::uint64_t before = 0xcbf29ce484222325u) {
    for (std::size_t i = 0; i < x.size(); ++i) {
        before = (before ^ std::bit_cast<std::uint64_t>(x.data()[i])) * 0x100000001b3u;
    }
    return before;
}

template <class Error, class Call>
std::optional<Error> caught(const Call& call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

struct bad_chunk : std::runtime_error {
    explicit bad_chunk(std::size_t index) : std::runtime_error("chunk " + std::to_string(index)) {}
};

} // namespace

TEST_CASE("preprocess: the function's results, in the order of the chunks, at every thread count and grain", "[ml][preprocess][determinism]") {
    const matrix x = table(1003, 7);
    std::optional<std::uint64_t> known;
    for (const std::size_t threads : test::thread_counts) {
        for (const std::optional<std::size_t> grain : {std::optional<std::size_t>{}, std::optional<std::size_t>{1}, std::optional<std::size_t>{3}}) {
            const test::random_delays delays(threads + grain.value_or(0));
            const auto z = pool(threads).install(
                [&] { return ml::preprocess(batches(x, 100), [](const auto& chunk) { return ml::standardize_chunk(chunk); }, {.grain = grain}); });
            REQUIRE(z.size() == 11);
            std::uint64_t all = 1;
            for (std::size_t c = 0; c < z.size(); ++c) {
                all = hash(z[c], all);
                if (!known) {
                    REQUIRE(near(z[c], standardized(element(batches(x, 100), c))));
                }
            }
            REQUIRE(all == known.value_or(all));
            known = all;
        }
    }
    REQUIRE(ml::preprocess(std::vector<int>{}, [](int c) { return c; }).empty());
    REQUIRE_THROWS_WITH(ml::preprocess(std::vector{1}, [](int c) { return c; }, {.grain = 0}), test::contains("preprocess: options.grain must be >= 1, got 0"));
}

TEST_CASE("preprocess: what the lowest failing chunk threw comes out", "[ml][preprocess][errors]") {
    const std::vector<std::size_t> chunks{0, 1, 2, 3, 4, 5, 6, 7};
    for (const std::size_t threads : test::thread_counts) {
        run_report report;
        pool(threads).install([&] {
            const auto f = [](std::size_t c) -> std::size_t { return c == 3 || c == 6 ? throw bad_chunk(c) : c; };
            REQUIRE(caught<bad_chunk>([&] { (void)ml::preprocess(chunks, f, {.run = {.report = &report}}); })->what() == std::string("chunk 3"));
        });
        REQUIRE(report.failed == 3);
        REQUIRE(report.path == "preprocess[3]");
    }
}

TEST_CASE("standardize_chunk: is standard_scaler fitted to that chunk, in every form", "[ml][preprocess][Z16][Z19]") {
    const matrix x = table(500, 6);
    const matrix expected = ml::standard_scaler().fit_transform(x);
    REQUIRE((ml::standardize_chunk(x) == expected));
    recycling_resource memory;
    REQUIRE((ml::standardize_chunk(x, memory) == expected));
    xt::xtensor<double, 2, xt::layout_type::column_major> other = x;
    REQUIRE((ml::standardize_chunk(other) == expected));
    ml::standardize_chunk_in_place(other);
    REQUIRE((other == expected));
    matrix out = matrix::from_shape(x.shape());
    ml::standardize_chunk_into(x, out);
    REQUIRE((out == expected));
    REQUIRE(near(out, standardized(view_of(x))));
    const matrix unbiased = ml::standardize_chunk(x, {.ddof = 1});
    REQUIRE(near(unbiased, standardized(view_of(x), 1)));
    REQUIRE_THROWS_WITH(ml::standardize_chunk(matrix(matrix::from_shape({0, 2}))),
                        "standardize_chunk: the number of rows must be > options.ddof (0), got 0");
    matrix holes = x;
    holes(4, 2) = std::numeric_limits<double>::infinity();
    REQUIRE_THROWS_WITH(ml::standardize_chunk_in_place(holes), "standardize_chunk_in_place: column 2 row 4 is inf");
    REQUIRE((xt::view(holes, 0) == xt::view(x, 0)));  // found before anything was written
    matrix folded = x;
    REQUIRE_THROWS_AS(ml::standardize_chunk_into(view_of(folded).slice(0, 100), view_of(folded).slice(50, 150)), argument_error);
}

TEST_CASE("standardize_chunk: statistics of a chunk are not those of all chunks", "[ml][preprocess][Z21]") {
    // Two chunks that lie apart: by their own means the distance is gone, by those of all it stays.
    matrix x = matrix::from_shape({8, 1});
    for (std::size_t i = 0; i < 8; ++i) {
        x(i, 0) = static_cast<double>(i % 4) + (i < 4 ? 0 : 100);
    }
    const auto own = ml::preprocess(batches(x, 4), [](const auto& chunk) { return ml::standardize_chunk(chunk); });
    REQUIRE((own[0] == own[1]));
    ml::standard_scaler scaler;
    scaler.fit(x);
    const auto global = ml::preprocess(batches(x, 4), [&](const auto& chunk) { return scaler.transform(chunk); });
    REQUIRE(global[0](0, 0) < -0.9);
    REQUIRE(global[1](0, 0) > 0.9);
}

TEST_CASE("preprocess_in_place: chunks are written, at every thread count and layout", "[ml][preprocess][determinism][Z16]") {
    const matrix before = table(600, 5);
    const auto expected = ml::preprocess(batches(before, 64), [](const auto& chunk) { return ml::standardize_chunk(chunk); });
    for (const std::size_t threads : test::thread_counts) {
        for (const bool transactional : {false, true}) {
            pool(threads).install([&] {
                matrix x = before;
                ml::preprocess_in_place(batches(x, 64), [](const auto& chunk) { ml::standardize_chunk_in_place(chunk); }, {.transactional = transactional});
                // Columns first, backwards: the same rows through a view with negative strides.
                xt::xtensor<double, 2, xt::layout_type::column_major> turned = xt::flip(before, 0);
                const array_view<double, 2> view(turned.data() + 599, {600, 5}, {-1, 600});
                ml::preprocess_in_place(batches(view, 64), [](const auto& chunk) { ml::standardize_chunk_in_place(chunk); }, {.transactional = transactional});
                for (std::size_t i = 0; i < 600; ++i) {
                    for (std::size_t j = 0; j < 5; ++j) {
                        REQUIRE((x(i, j) == expected[i / 64](i % 64, j) && view(i, j) == x(i, j)));
                    }
                }
                std::vector<matrix> list(9, before);
                ml::preprocess_in_place(list, [](matrix& chunk) { chunk += 1; }, {.transactional = transactional});
                REQUIRE((list[8] == before + 1));
            });
        }
    }
}

TEST_CASE("preprocess_in_place: after an error, what was finished is known, or nothing was written", "[ml][preprocess][errors][Z15]") {
    const matrix before = table(80, 3);
    const auto f = [&](const array_view<double, 2>& chunk) {
        const double first = chunk(0, 0);
        chunk.fill(-1);
        if (first == before(30, 0) || first == before(60, 0)) {
            throw bad_chunk(first == before(30, 0) ? 3 : 6);
        }
    };
    for (const std::size_t threads : test::thread_counts) {
        pool(threads).install([&] {
            matrix x = before;
            run_report report;
            REQUIRE(caught<bad_chunk>([&] { ml::preprocess_in_place(batches(x, 10), f, {.run = {.report = &report}}); })->what() == std::string("chunk 3"));
            REQUIRE(report.failed == 3);
            REQUIRE(!report.completed.empty());
            REQUIRE(report.completed.front() == index_block{0, 3});
            for (const index_block& block : report.completed) {
                for (std::size_t c = block.begin; c < block.end; ++c) {
                    REQUIRE(c != 3);
                    REQUIRE(x(10 * c, 0) == -1);
                }
            }
            matrix y = before;
            REQUIRE_THROWS_AS(ml::preprocess_in_place(batches(y, 10), f, {.transactional = true}), bad_chunk);
            REQUIRE((y == before));
            std::vector<matrix> list(8, before);
            std::atomic<int> calls{0};
            const auto on_list = [&](matrix& chunk) {
                chunk.fill(7);
                if (++calls == 4) {
                    throw bad_chunk(0);
                }
            };
            REQUIRE_THROWS_AS(ml::preprocess_in_place(list, on_list, {.transactional = true}), bad_chunk);
            for (const matrix& each : list) {
                REQUIRE((each == before));
            }
        });
    }
}

TEST_CASE("preprocess_in_place: chunks that overlap are refused before anything runs", "[ml][preprocess][errors][Z17][Z18]") {
    matrix x = table(100, 6);
    const matrix before = x;
    std::atomic<int> calls{0};
    const auto f = [&](const auto&) { ++calls; };
    const auto all = view_of(x);
    using views = std::vector<array_view<double, 2>>;
    const auto refused = [&](auto chunks, const std::string& which) {
        const auto error = caught<argument_error>([&] { ml::preprocess_in_place(chunks, f); });
        REQUIRE(error);
        REQUIRE(error->what() == "preprocess_in_place: chunks " + which + " overlap");
        REQUIRE(error->value() == which);
        REQUIRE_THROWS_AS(ml::preprocess_in_place(chunks, f, {.transactional = true}), argument_error);
    };
    refused(views{all.slice(0, 10), all.slice(10, 20), all.slice(20, 30), all.slice(30, 40), all.slice(40, 50), all.slice(25, 26)}, "2 and 5");
    refused(views{all.slice(50, 60), all.slice(59, 70), all.slice(0, 100)}, "0 and 1");
    refused(views{all.slice<1>(0, 2), all.slice<1>(2, 4), all.slice<1>(3, 6)}, "1 and 2");
    std::vector<double> cells(10);
    const array_view<double, 1> line(cells.data(), {10});
    refused(std::vector<array_view<double, 1>>{line.slice(0, 5), line.slice(5, 10), line.slice(9, 10)}, "1 and 2");
    struct pick {
        std::vector<xt::xarray<double>>* from = nullptr;
        xt::xarray<double>& operator()(std::size_t i) const { return (*from)[i % 3]; }
    };
    std::vector<xt::xarray<double>> owners(3, xt::xarray<double>(before));
    refused(indexed_view(4, pick{&owners}), "0 and 3");
    REQUIRE(calls == 0);
    REQUIRE((x == before));

    // Blocks of columns interleave in memory and share nothing.
    ml::preprocess_in_place(views{all.slice<1>(0, 2), all.slice<1>(2, 3), all.slice<1>(3, 6), all.slice(0, 0)}, f);
    ml::preprocess_in_place(axis_slices(x, 1), f);
    ml::preprocess_in_place(batches(x, 7), f);
    ml::preprocess_in_place(owners, f);
    REQUIRE(calls == 4 + 6 + 15 + 3);
}

namespace {

// A list whose chunks cannot be written to is refused by the compiler, when the function wants to write.
constexpr auto writes = [](matrix&) {};
template <class Chunks>
concept can_write = requires(Chunks& chunks) { ml::preprocess_in_place(chunks, writes); };
static_assert(can_write<std::vector<matrix>> && !can_write<const std::vector<matrix>>);

} // namespace
