// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/batch_inference.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/array/batches.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/exec/pool.hpp>

using namespace xrayon;
using ml::batch_inference_into;

namespace {

using matrix = xt::xtensor<double, 2>;
using vector = xt::xtensor<double, 1>;
using batch_view = array_view<const double, 2>;
using row_slot = array_view<double, 1>;

matrix table(std::size_t rows, std::size_t columns) {
    matrix x = matrix::from_shape({rows, columns});
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            x(i, j) = 1.0 / static_cast<double>(3 * i + 7 * j + 1);
        }
    }
    return x;
}

/// Sums of the columns of a batch: written into a slot, or returned.
void sums_into(const batch_view& batch, const row_slot& slot) {
    slot.fill(0.0);
    for (std::size_t i = 0; i < batch.shape(0); ++i) {
        for (std::size_t j = 0; j < batch.shape(1); ++j) {
            slot(j) += batch(i, j);
        }
    }
}
std::vector<double> sums_of(const batch_view& batch) {
    std::vector<double> sums(batch.shape(1));
    sums_into(batch, view_of(sums));
    return sums;
}

matrix expected_sums(const matrix& x, std::size_t rows_per_batch) {
    const auto parts = batches(x, rows_per_batch);
    matrix y = matrix::from_shape({parts.size(), x.shape(1)});
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::vector<double> sums = sums_of(parts[i]);
        std::copy(sums.begin(), sums.end(), &y(i, 0));
    }
    return y;
}

constexpr double untouched = -77.0;
matrix blank(std::size_t rows, std::size_t columns) { return xt::ones<double>({rows, columns}) * untouched; }

template <class Batches, class Model, class Slots>
concept can_infer_into = requires(const Batches& batches, const Model& model, const Slots& slots) {
    batch_inference_into(batches, model, slots);
};

struct with_slot {
    void operator()(int, double& slot) const { slot = 1.0; }
};
struct with_result {
    double operator()(int) const { return 1.0; }
};
struct without_result {
    void operator()(int) const {}
};
struct mutating {
    double operator()(int) { return 1.0; }
};
struct vector_result {
    vector operator()(int) const { return vector::from_shape({3}); }
};
using mutable_rows = decltype(rows(std::declval<matrix&>()));
using const_rows = decltype(rows(std::declval<const matrix&>()));

static_assert(can_infer_into<std::vector<int>, with_slot, std::span<double>>);
static_assert(can_infer_into<std::vector<int>, with_result, std::span<double>>);
static_assert(can_infer_into<std::vector<int>, vector_result, mutable_rows>);
static_assert(!can_infer_into<std::vector<int>, without_result, std::span<double>>);
static_assert(!can_infer_into<std::vector<int>, mutating, std::span<double>>);
static_assert(!can_infer_into<std::vector<int>, with_result, std::span<const double>>, "slots that cannot be written");
static_assert(!can_infer_into<std::vector<int>, with_result, std::vector<double>>, "a const vector has const elements: pass a span");
static_assert(!can_infer_into<std::vector<int>, vector_result, const_rows>);
static_assert(!can_infer_into<std::vector<int>, with_result, mutable_rows>, "a number does not fill a row");
static_assert(!can_infer_into<std::vector<int>, vector_result, std::span<double>>);
static_assert(!can_infer_into<std::vector<int>, vector_result, matrix>, "a matrix is no list of slots: say rows(Y)");

} // namespace

TEST_CASE("batch_inference_into: one row per batch, every bit the same at every thread count and grain", "[ml][batch_inference_into]") {
    const matrix x = table(37 * 16 - 5, 6);
    const auto parts = batches(x, 16);
    const matrix expected = expected_sums(x, 16);
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::optional<std::size_t> grain : {std::optional<std::size_t>{}, std::optional<std::size_t>{1},
                                                       std::optional<std::size_t>{5}, std::optional<std::size_t>{1000}}) {
            const test::random_delays delays(threads);
            INFO("threads = " << threads << ", grain = " << (grain ? *grain : 0));
            matrix filled = blank(37, 6);
            workers.install([&] { batch_inference_into(parts, sums_into, rows(filled), {.grain = grain}); });
            REQUIRE((filled == expected));
            matrix copied = blank(37, 6);
            workers.install([&] { batch_inference_into(parts, sums_of, rows(copied), {.grain = grain}); });
            REQUIRE((copied == expected));
        }
    }
}

TEST_CASE("batch_inference_into: one row per row, in slots that are batches themselves", "[ml][batch_inference_into]") {
    const matrix x = table(103, 4);  // the last batch has 3 rows
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    matrix expected = x;
    for (double& value : expected) {
        value = 3.0 * value - 1.0;
    }
    const auto check_values = [&](const auto& model) {
        matrix y = blank(103, 4);
        workers.install([&] { batch_inference_into(batches(x, 10), model, batches(y, 10)); });
        REQUIRE((y == expected));
    };
    check_values([](const batch_view& batch, const array_view<double, 2>& slot) {
        xt::noalias(as_contiguous_xtensor(slot)) = 3.0 * as_xtensor(batch) - 1.0;
    });
    check_values([](const batch_view& batch) { return 3.0 * as_xtensor(batch) - 1.0; });                      // lazy
    check_values([](const batch_view& batch) { return matrix(3.0 * as_xtensor(batch) - 1.0); });              // a container
    check_values([](const batch_view& batch) { return xt::xarray<double>(3.0 * as_xtensor(batch) - 1.0); });  // rank known while running
}

TEST_CASE("batch_inference_into: slots of any layout; what lies between them stays as it was", "[ml][batch_inference_into]") {
    const matrix x = table(12 * 8, 5);
    const matrix expected = expected_sums(x, 8);
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    const auto fill = [&](const auto& model, const auto& slots) {
        workers.install([&] { batch_inference_into(batches(x, 8), model, slots); });
    };

    const auto check_layouts = [&](const auto& model) {
        xt::xtensor<double, 2, xt::layout_type::column_major> columns = blank(12, 5);
        fill(model, rows(columns));
        REQUIRE((columns == expected));

        // Rows 1, 3, 5 ... and columns 2 to 6 of a larger array.
        matrix large = blank(25, 9);
        fill(model, rows(xt::view(large, xt::range(1, 25, 2), xt::range(2, 7))));
        matrix inside = blank(25, 9);
        for (std::size_t i = 0; i < 12; ++i) {
            for (std::size_t j = 0; j < 5; ++j) {
                inside(2 * i + 1, j + 2) = expected(i, j);
            }
        }
        REQUIRE((large == inside));

        // Last row first.
        matrix reversed = blank(12, 5);
        fill(model, rows(xt::view(reversed, xt::range(11, xt::placeholders::_, -1), xt::all())));
        for (std::size_t i = 0; i < 12; ++i) {
            REQUIRE(reversed(11 - i, 3) == expected(i, 3));
        }
    };
    check_layouts(sums_into);
    check_layouts(sums_of);
    check_layouts([](const batch_view& batch) {
        const std::vector<double> sums = sums_of(batch);
        return 1.0 * vector(xt::adapt(sums));  // lazy
    });
}

TEST_CASE("batch_inference_into: slots of a span hold numbers or whole objects", "[ml][batch_inference_into]") {
    const std::vector<int> source{1, 2, 3, 4};
    std::vector<double> numbers(4);
    batch_inference_into(
        source, [](int i) { return 0.5 * i; }, std::span<double>(numbers));
    REQUIRE(numbers == std::vector{0.5, 1.0, 1.5, 2.0});
    std::vector<std::string> texts(4);
    batch_inference_into(
        source, [](int i) { return std::string(static_cast<std::size_t>(i), 'x'); }, std::span<std::string>(texts));
    REQUIRE(texts == std::vector<std::string>{"x", "xx", "xxx", "xxxx"});
    std::vector<vector> arrays(4);
    batch_inference_into(
        source, [](int i) { return vector(xt::ones<double>({i})); }, std::span<vector>(arrays));
    REQUIRE(arrays[3].shape(0) == 4);

    vector y = vector::from_shape({4});
    batch_inference_into(
        source, [](int i) { return 0.25 * i; }, view_of(y));  // an array of one axis: its elements
    REQUIRE(y(3) == 1.0);
}

TEST_CASE("batch_inference_into: a model that can do both is given the slot; what it returns then is dropped",
          "[ml][batch_inference_into]") {
    struct both {
        double operator()(int) const { return 1.0; }
        int operator()(int, double& slot) const {
            slot = 2.0;
            return 3;
        }
    };
    std::vector<double> out(3);
    batch_inference_into(std::vector{0, 0, 0}, both{}, std::span<double>(out));
    REQUIRE(out == std::vector{2.0, 2.0, 2.0});
}

TEST_CASE("batch_inference_into: as many slots as batches, or nothing runs", "[ml][batch_inference_into][errors][B33][B27]") {
    std::atomic<int> calls{0};
    const auto count = [&](int) { return static_cast<double>(++calls); };
    std::vector<double> out(4, untouched);
    const std::vector<int> source{1, 2, 3};
    REQUIRE_THROWS_WITH(batch_inference_into(source, count, std::span<double>(out)),
                        "batch_inference_into: slots has shape (4,), batches has (3,)");
    REQUIRE_THROWS_WITH(batch_inference_into(source, count, std::span<double>(out).first(2)),
                        "batch_inference_into: slots has shape (2,), batches has (3,)");
    try {
        batch_inference_into(source, count, std::span<double>(out));
    } catch (const shape_error& error) {
        CHECK(error.lhs() == shape_error::shape{4});
        CHECK(error.rhs() == shape_error::shape{3});
    }
    REQUIRE_THROWS_WITH(batch_inference_into(source, count, std::span<double>(out).first(3), {.grain = 0}),
                        "batch_inference_into: options.grain must be >= 1, got 0");
    REQUIRE(calls == 0);
    REQUIRE(out == std::vector(4, untouched));
    batch_inference_into(std::vector<int>{}, count, std::span<double>{});
    REQUIRE(calls == 0);
}

TEST_CASE("batch_inference_into: nothing is ever broadcast; the error has both shapes", "[ml][batch_inference_into][errors]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    std::vector<int> source(20);
    for (std::size_t i = 0; i < source.size(); ++i) {
        source[i] = static_cast<int>(i);
    }
    // From batch 6 on, results have another shape than their slots, whatever kind of array they are.
    const auto ends_with = [&](const auto& model, const std::string& text) {
        const test::random_delays delays(threads, 2);
        matrix y = blank(20, 4);
        run_report report;
        std::string got;
        try {
            workers.install([&] { batch_inference_into(source, model, rows(y), {.grain = 1, .run = {.report = &report}}); });
        } catch (const shape_error& error) {
            got = error.what();
        }
        REQUIRE(got == text);
        REQUIRE(report.failed == 6u);
        REQUIRE(y(5, 3) == 5.0);
        for (std::size_t j = 0; j < 4; ++j) {
            REQUIRE(y(6, j) == untouched);
        }
    };
    ends_with([](int i) { return std::vector<double>(i < 6 ? 4 : 3, i); },
              "batch_inference_into: the result has shape (3,), its slot has (4,)");
    ends_with([](int i) { return vector(xt::ones<double>({i < 6 ? 4 : 1}) * i); },
              "batch_inference_into: the result has shape (1,), its slot has (4,)");
    ends_with([](int i) { return xt::ones<double>({i < 6 ? 4 : 5}) * static_cast<double>(i); },
              "batch_inference_into: the result has shape (5,), its slot has (4,)");
    const auto filled = [](const std::vector<std::size_t>& shape, double value) {
        auto array = xt::xarray<double>::from_shape(shape);
        array.fill(value);
        return array;
    };
    ends_with(
        [&](int i) {
            return filled(i < 6 ? std::vector<std::size_t>{4} : std::vector<std::size_t>{1, 4}, i);
        },
        "batch_inference_into: the result has shape (1, 4), its slot has (4,)");
    ends_with([&](int i) { return filled(i < 6 ? std::vector<std::size_t>{4} : std::vector<std::size_t>{}, i); },
              "batch_inference_into: the result has shape (), its slot has (4,)");
    // A rank that can never fit is still the same error.
    matrix y = blank(20, 4);
    REQUIRE_THROWS_WITH(batch_inference_into(
                            source,
                            [](int) {
                                return matrix::from_shape({1, 4});
                            },
                            rows(y)),
                        "batch_inference_into: the result has shape (1, 4), its slot has (4,)");
    REQUIRE((y == blank(20, 4)));
}

TEST_CASE("batch_inference_into: after a failure the report lists the finished slots", "[ml][batch_inference_into][errors][B36]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    std::vector<int> source(60);
    for (std::size_t i = 0; i < source.size(); ++i) {
        source[i] = static_cast<int>(i);
    }
    const auto model = [](int i) {
        if (i == 25 || i == 26 || i == 48) {
            throw std::runtime_error("batch " + std::to_string(i));
        }
        return static_cast<double>(i);
    };
    for (const on_error mode : {on_error::rethrow, on_error::wrap, on_error::collect}) {
        const test::random_delays delays(threads, 3);
        std::vector<double> out(60, untouched);
        run_report report;
        REQUIRE_THROWS(workers.install(
            [&] { batch_inference_into(source, model, std::span<double>(out), {.grain = 2, .run = {.error = mode, .report = &report}}); }));
        REQUIRE(report.failed == 25u);
        std::vector<bool> finished(60, false);
        std::size_t count = 0;
        for (const index_block& block : report.completed) {
            for (std::size_t i = block.begin; i < block.end; ++i) {
                finished[i] = true;
                ++count;
            }
        }
        REQUIRE(count == report.done);
        REQUIRE(report.completed.front() == index_block{0, 25});
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < out.size(); ++i) {
            wrong += out[i] != (finished[i] ? static_cast<double>(i) : untouched);
        }
        REQUIRE(wrong == 0);
        REQUIRE(((mode == on_error::collect) == (count == 57)));
    }
}

TEST_CASE("batch_inference_into: stopped before the start it writes nothing", "[ml][batch_inference_into][errors][B25]") {
    std::stop_source stop;
    stop.request_stop();
    std::vector<double> out(3, untouched);
    REQUIRE_THROWS_WITH(
        batch_inference_into(std::vector{1, 2, 3}, with_result{}, std::span<double>(out), {.run = {.stop = stop.get_token()}}),
        "batch_inference_into: stop requested, 0 of 3 done");
    REQUIRE(out == std::vector(3, untouched));
}
