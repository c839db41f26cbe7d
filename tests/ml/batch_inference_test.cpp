// SPDX-License-Identifier: Apache-2.0
#include <xrayon/ml/batch_inference.hpp>

#include "../support/catch.hpp"
#include "../support/delays.hpp"
#include "../support/thread_counts.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <list>
#include <memory>
#include <new>
#include <optional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <xrayon/array/batches.hpp>
#include <xrayon/array/rows.hpp>
#include <xrayon/array/xtensor.hpp>
#include <xrayon/exec/pool.hpp>

using namespace xrayon;
using ml::batch_inference;

namespace {

using matrix = xt::xtensor<double, 2>;
using vector = xt::xtensor<double, 1>;

/// Values whose sums are not exact, so that another order of summation shows.
matrix table(std::size_t rows, std::size_t columns) {
    matrix x = matrix::from_shape({rows, columns});
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            x(i, j) = 1.0 / static_cast<double>(3 * i + 7 * j + 1);
        }
    }
    return x;
}

/// Sum of each column of a batch.
std::vector<double> column_sums(const array_view<const double, 2>& batch) {
    std::vector<double> sums(batch.shape(1), 0.0);
    for (std::size_t i = 0; i < batch.shape(0); ++i) {
        for (std::size_t j = 0; j < batch.shape(1); ++j) {
            sums[j] += batch(i, j);
        }
    }
    return sums;
}

/// Only a catch of this very type finds it.
struct bad_batch {
    std::size_t index;
};
class odd_batch : public std::runtime_error {
public:
    explicit odd_batch(std::size_t index) : std::runtime_error("batch " + std::to_string(index) + " is odd"), index_(index) {}
    std::size_t index() const noexcept { return index_; }

private:
    std::size_t index_;
};

/// Throws odd_batch for 5, 11 and 20.
int refusing(int batch) {
    if (batch == 5 || batch == 11 || batch == 20) {
        throw odd_batch(static_cast<std::size_t>(batch));
    }
    return batch;
}

/// Counts the living. Neither copyable nor default-constructible.
struct tracked {
    static inline std::atomic<int> alive{0};
    static inline std::atomic<int> made{0};
    explicit tracked(int v) : value(v) {
        ++alive;
        ++made;
    }
    tracked(tracked&& other) noexcept : value(other.value) { ++alive; }
    tracked& operator=(tracked&&) = delete;
    ~tracked() { --alive; }
    int value;
};

struct alignas(64) cache_line {
    double value;
};

std::vector<int> numbers(int n) {
    std::vector<int> out(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) {
        out[static_cast<std::size_t>(i)] = i;
    }
    return out;
}

/// By exception type and text, what a call ended with.
template <class Error, class Call>
std::optional<Error> caught(const Call& call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

/// A batch that knows how many of its kind live on this thread.
struct mortal {
    static inline thread_local int living = 0;
    explicit mortal(int v) : value(v) { ++living; }
    mortal(const mortal& other) : value(other.value) { ++living; }
    mortal& operator=(const mortal&) = default;
    ~mortal() { --living; }
    int value;
};
/// A lazy result: it refers to its batch, and reads it when it is turned into what is kept.
struct unevaluated {
    const mortal* batch;
};
struct evaluated {
    explicit evaluated(const unevaluated& lazy) : value(mortal::living > 0 ? lazy.batch->value : -1) {}
    int value;
};

} // namespace

template <>
struct xrayon::stored<unevaluated> {
    using type = evaluated;
};

namespace {

// What is taken and what is refused.
template <class Batches, class Model>
concept can_infer = requires(const Batches& batches, const Model& model) {
    batch_inference(batches, model);
};

struct const_model {
    double operator()(int batch) const { return batch; }
};
struct mutating_model {
    double operator()(int batch) { return batch; }
};
struct void_model {
    void operator()(int) const {}
};
struct throwing_destructor {
    ~throwing_destructor() noexcept(false) {}
};
struct model_of_throwing_destructors {
    throwing_destructor operator()(int) const { return {}; }
};
struct matrix_model {
    double operator()(const matrix& batch) const { return batch(0, 0); }
};

static_assert(ml::batch_predictor<const_model, int>);
static_assert(!ml::batch_predictor<mutating_model, int>);
static_assert(!ml::batch_predictor<void_model, int>);
static_assert(!ml::batch_predictor<model_of_throwing_destructors, int>);
static_assert(!ml::batch_predictor<const_model, std::string>);

static_assert(can_infer<std::vector<int>, const_model>);
static_assert(can_infer<std::array<int, 3>, const_model>);
static_assert(can_infer<std::span<const int>, const_model>);
static_assert(can_infer<std::vector<matrix>, matrix_model>);
static_assert(!can_infer<std::vector<int>, mutating_model>);
static_assert(!can_infer<std::vector<int>, void_model>);
static_assert(!can_infer<std::vector<int>, matrix_model>);
static_assert(!can_infer<std::list<int>, const_model>, "no constant-time access");
static_assert(!can_infer<matrix, matrix_model>, "a matrix is no list of batches: say batches(X, n) or rows(X)");
static_assert(!can_infer<decltype(xt::view(std::declval<matrix&>(), xt::all(), 0)), const_model>, "a lazy view is a race when shared");

} // namespace

TEST_CASE("batch_inference: the values of a plain loop, in order, at every thread count and grain", "[ml][batch_inference][B28]") {
    const matrix x = table(37 * 16 - 5, 6);  // the last batch is shorter
    const auto parts = batches(x, 16);
    REQUIRE(parts.size() == 37);
    std::vector<std::vector<double>> expected;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        expected.push_back(column_sums(parts[i]));
    }
    for (const std::size_t threads : test::thread_counts) {
        const pool workers(threads);
        for (const std::optional<std::size_t> grain :
             {std::optional<std::size_t>{}, std::optional<std::size_t>{1}, std::optional<std::size_t>{3}, std::optional<std::size_t>{37},
              std::optional<std::size_t>{SIZE_MAX}}) {
            const test::random_delays delays(threads);
            INFO("threads = " << threads << ", grain = " << (grain ? *grain : 0));
            const auto got = workers.install([&] { return batch_inference(parts, column_sums, {.grain = grain}); });
            REQUIRE(std::ranges::equal(got, expected));  // == on doubles that are no NaN and no zero: the same bits
        }
    }
}

TEST_CASE("batch_inference: takes any indexed range of batches", "[ml][batch_inference]") {
    const auto twice = [](int batch) { return 2 * batch; };
    const std::vector<int> expected{0, 2, 4, 6};
    REQUIRE(batch_inference(numbers(4), twice).to_vector() == expected);
    REQUIRE(batch_inference(std::array{0, 1, 2, 3}, twice).to_vector() == expected);
    REQUIRE(batch_inference(std::views::iota(0, 4), twice).to_vector() == expected);
    const std::vector<int> source = numbers(4);
    REQUIRE(batch_inference(std::span<const int>(source), twice).to_vector() == expected);

    const matrix x = table(10, 3);
    const auto first = [](const array_view<const double, 1>& row) { return row(0); };
    const auto got = batch_inference(rows(x), first);
    REQUIRE(got.size() == 10);
    for (std::size_t i = 0; i < 10; ++i) {
        REQUIRE(got[i] == x(i, 0));
    }
    auto sizes = batch_inference(row_blocks(10, 4), [](const index_block& block) { return block.size(); });
    REQUIRE(std::move(sizes).to_vector() == std::vector<std::size_t>{4, 4, 2});
}

TEST_CASE("batch_inference: results may be ragged, move-only, bools, over-aligned or references", "[ml][batch_inference][B3][B15]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    const std::vector<int> source = numbers(500);
    workers.install([&] {
        const auto ragged = batch_inference(source, [](int i) { return std::vector<int>(static_cast<std::size_t>(i % 7), i); });
        const auto owned = batch_inference(source, [](int i) { return std::make_unique<int>(3 * i); });
        // Written by several threads at neighbouring indices: bools are bytes, not bits.
        const auto flags = batch_inference(source, [](int i) { return i % 3 == 0; }, {.grain = 1});
        const auto aligned = batch_inference(source, [](int i) { return cache_line{0.5 * i}; });
        const auto copies = batch_inference(source, [](const int& i) -> const int& { return i; });
        static_assert(std::same_as<decltype(flags), const results<bool>>);
        static_assert(std::same_as<decltype(copies), const results<int>>, "a reference is kept as its value");
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < source.size(); ++i) {
            const int number = source[i];
            wrong += ragged[i] != std::vector<int>(i % 7, number);
            wrong += *owned[i] != 3 * number;
            wrong += flags[i] != (number % 3 == 0);
            wrong += aligned[i].value != 0.5 * number || reinterpret_cast<std::uintptr_t>(&aligned[i]) % 64 != 0;
            wrong += copies[i] != number;
        }
        REQUIRE(wrong == 0);
    });
}

TEST_CASE("batch_inference: a lazy xtensor result is evaluated in its task, so it may refer to the batch",
          "[ml][batch_inference][xtensor][B19]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    std::vector<matrix> stored;
    for (std::size_t i = 0; i < 40; ++i) {
        stored.push_back(table(i % 5 + 1, 4) + static_cast<double>(i));
    }
    const auto check_values = [&](const auto& got) {
        static_assert(std::same_as<typename std::remove_cvref_t<decltype(got)>::value_type, matrix>);
        REQUIRE(got.size() == stored.size());
        for (std::size_t b = 0; b < stored.size(); ++b) {
            matrix expected = stored[b];
            for (double& value : expected) {
                value = value * 2.0 + 1.0;
            }
            REQUIRE((got[b] == expected));
        }
    };
    const auto lazy = [](const matrix& batch) { return batch * 2.0 + 1.0; };
    static_assert(!std::same_as<std::invoke_result_t<decltype(lazy), const matrix&>, matrix>);

    check_values(workers.install([&] { return batch_inference(stored, lazy); }));
    // A range that makes its batches when asked: the expression refers to a temporary.
    const auto made =
        std::views::iota(std::size_t{0}, stored.size()) | std::views::transform([&](std::size_t i) { return matrix(stored[i]); });
    check_values(workers.install([&] { return batch_inference(made, lazy); }));
    // An array_view is such a temporary too, and as_xtensor(batch) a local of the model.
    const matrix x = table(40 * 3, 4);
    const auto doubled = workers.install(
        [&] { return batch_inference(batches(x, 3), [](const array_view<const double, 2>& batch) { return 2.0 * as_xtensor(batch); }); });
    REQUIRE(doubled.size() == 40);
    for (std::size_t i = 0; i < 120; ++i) {
        REQUIRE(doubled[i / 3](i % 3, 1) == 2.0 * x(i, 1));
    }
    // A view of the batch: rank 1, kept as a container.
    const auto last_rows = workers.install([&] {
        return batch_inference(
            stored, [](const matrix& batch) { return xt::view(batch, static_cast<std::ptrdiff_t>(batch.shape(0)) - 1, xt::all()); });
    });
    static_assert(std::same_as<std::remove_cvref_t<decltype(last_rows)>, results<vector>>);
    for (std::size_t b = 0; b < stored.size(); ++b) {
        REQUIRE(last_rows[b](2) == stored[b](stored[b].shape(0) - 1, 2));
    }
}

TEST_CASE("batch_inference: a batch that the range made outlives the evaluation of its lazy result", "[ml][batch_inference][B19]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const auto made = std::views::iota(0, 100) | std::views::transform([](int i) { return mortal(i); });
    const auto got =
        pool(threads).install([&] { return batch_inference(made, [](const mortal& batch) { return unevaluated{&batch}; }, {.grain = 3}); });
    static_assert(std::same_as<std::remove_cvref_t<decltype(got)>, results<evaluated>>);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        wrong += got[i].value != static_cast<int>(i);
    }
    REQUIRE(wrong == 0);
}

TEST_CASE("batch_inference: no batches, no call; one batch runs on the caller", "[ml][batch_inference][B1][B2]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    std::atomic<int> calls{0};
    const auto count = [&](int) { return ++calls; };
    REQUIRE(workers.install([&] { return batch_inference(std::vector<int>{}, count); }).empty());
    REQUIRE(calls == 0);
    const matrix none = matrix::from_shape({0, 3});
    REQUIRE(workers.install([&] { return batch_inference(batches(none, 8), column_sums); }).empty());

    const auto where = workers.install([&] { return batch_inference(std::vector{7}, [](int) { return std::this_thread::get_id(); }); });
    REQUIRE(where.size() == 1);
    REQUIRE(where[0] == std::this_thread::get_id());
}

TEST_CASE("batch_inference: the lowest failing batch's exception comes out as it is", "[ml][batch_inference][errors][B6][B9][B10]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    const std::vector<int> source = numbers(37);
    for (std::uint64_t round = 0; round < 20; ++round) {
        const test::random_delays delays(round, 2);
        run_report report;
        const auto error = caught<odd_batch>(
            [&] { return workers.install([&] { return batch_inference(source, refusing, {.grain = 1, .run = {.report = &report}}); }); });
        REQUIRE(error);
        REQUIRE(error->index() == 5);
        REQUIRE(std::string(error->what()) == "batch 5 is odd");
        REQUIRE(report.failed == 5u);
        REQUIRE(report.path == "batch_inference[5]");
        REQUIRE(report.total == 37);
        REQUIRE(report.completed.front() == index_block{0, 5});
    }
    // Types that are no std::exception keep theirs as well.
    const auto throws = [&](const auto& what) {
        return [&] { return workers.install([&] { return batch_inference(source, [&](int i) { return i < 30 ? i : throw what; }); }); };
    };
    REQUIRE(caught<bad_batch>(throws(bad_batch{30}))->index == 30);
    REQUIRE(caught<int>(throws(42)) == 42);
    REQUIRE_THROWS_AS(throws(std::bad_alloc())(), std::bad_alloc);
    REQUIRE(workers.install([&] { return batch_inference(source, const_model{}); }).size() == 37);
}

TEST_CASE("batch_inference: a batch that throws leaves no result behind", "[ml][batch_inference][errors][B14]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    tracked::made = 0;
    for (const on_error mode : {on_error::rethrow, on_error::wrap, on_error::collect}) {
        REQUIRE_THROWS(workers.install([&] {
            return batch_inference(numbers(37), [](int i) { return tracked(refusing(i)); }, {.grain = 1, .run = {.error = mode}});
        }));
        REQUIRE(tracked::alive == 0);
    }
    REQUIRE(tracked::made >= 2 * 5 + 34);
    {
        const auto got = workers.install([&] { return batch_inference(numbers(37), [](int i) { return tracked(i); }); });
        REQUIRE(tracked::alive == 37);
        REQUIRE(got[36].value == 36);
    }
    REQUIRE(tracked::alive == 0);
}

TEST_CASE("batch_inference: on_error::wrap tells index, count and path, and nests the original", "[ml][batch_inference][errors][B6]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    const std::vector<int> source = numbers(37);
    const auto infer = [&](const run_options& run) {
        return workers.install([&] { return batch_inference(source, refusing, {.run = run}); });
    };

    const auto wrapped = caught<task_error>([&] { return infer({.error = on_error::wrap}); });
    REQUIRE(wrapped);
    REQUIRE(std::string(wrapped->what()) == "batch_inference: item 5 of 37 failed: batch 5 is odd");
    REQUIRE(wrapped->index() == 5);
    REQUIRE(wrapped->count() == 37);
    REQUIRE(wrapped->path() == "batch_inference[5]");
    REQUIRE_THROWS_AS(wrapped->rethrow_nested(), odd_batch);

    const auto labelled = caught<task_error>([&] { return infer({.label = "digits", .error = on_error::wrap}); });
    REQUIRE(std::string(labelled->what()) == "digits: item 5 of 37 failed: batch 5 is odd");
    REQUIRE(labelled->path() == "digits[5]");

    // In another call, the path says where.
    run_report report;
    REQUIRE_THROWS_AS(workers.install([&] {
        for_each_index(3,
                       [&](std::size_t i) {
                           if (i == 2) {
                               (void)batch_inference(source, refusing, {.run = {.report = &report}});
                           }
                       },
                       {.run = {.label = "outer"}});
    }),
                      odd_batch);
    REQUIRE(report.path == "outer[2] > batch_inference[5]");
}

TEST_CASE("batch_inference: on_error::collect runs every batch and keeps every error", "[ml][batch_inference][errors][B8]") {
    const std::size_t threads = GENERATE(from_range(test::thread_counts));
    const pool workers(threads);
    std::atomic<int> calls{0};
    run_report report;
    const auto error = caught<task_errors>([&] {
        return workers.install([&] {
            return batch_inference(numbers(37),
                                   [&](int i) {
                                       ++calls;
                                       return refusing(i);
                                   },
                                   {.run = {.error = on_error::collect, .report = &report}});
        });
    });
    REQUIRE(calls == 37);
    REQUIRE(error);
    REQUIRE(std::string(error->what()) == "batch_inference: 3 of 37 items failed, item 5 first: batch 5 is odd");
    REQUIRE(error->errors().size() == 3);
    std::vector<std::size_t> failed;
    for (const item_error& item : error->errors()) {
        failed.push_back(item.index);
        const auto original = caught<odd_batch>([&] { std::rethrow_exception(item.error); });
        REQUIRE(original);
        REQUIRE(original->index() == item.index);
    }
    REQUIRE(failed == std::vector<std::size_t>{5, 11, 20});
    REQUIRE(report.done == 34);
    REQUIRE(report.completed == std::vector<index_block>{{0, 5}, {6, 11}, {12, 20}, {21, 37}});
}

TEST_CASE("batch_inference: stopped before the start it calls nothing; with nothing to do it ends well",
          "[ml][batch_inference][errors][B25]") {
    std::stop_source stop;
    stop.request_stop();
    std::atomic<int> calls{0};
    const ml::batch_inference_options options{.run = {.stop = stop.get_token()}};
    const auto error = caught<cancelled>([&] {
        return batch_inference(
            numbers(37), [&](int) { return ++calls; }, options);
    });
    REQUIRE(error);
    REQUIRE(std::string(error->what()) == "batch_inference: stop requested, 0 of 37 done");
    REQUIRE(error->reason() == cancel_reason::stop_requested);
    REQUIRE(error->total() == 37);
    REQUIRE(calls == 0);
    REQUIRE(batch_inference(
                std::vector<int>{}, [](int i) { return i; }, options)
                .empty());
}

TEST_CASE("batch_inference: says which argument is wrong, before any call", "[ml][batch_inference][errors][B27]") {
    std::atomic<int> calls{0};
    const auto count = [&](int) { return ++calls; };
    REQUIRE_THROWS_WITH(batch_inference(numbers(3), count, {.grain = 0}), "batch_inference: options.grain must be >= 1, got 0");
    REQUIRE_THROWS_AS(batch_inference(numbers(3), count, {.grain = 0}), argument_error);
    REQUIRE_THROWS_WITH(batch_inference(numbers(0), count, {.grain = 0}), "batch_inference: options.grain must be >= 1, got 0");
    REQUIRE_THROWS_WITH(batch_inference(numbers(3), count, {.grain = 0, .run = {.label = "digits"}}),
                        "digits: options.grain must be >= 1, got 0");
    REQUIRE(calls == 0);
}
